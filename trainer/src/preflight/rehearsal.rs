//! What a run does all the time, done once: the longest batch, steps on one batch, a checkpoint.

use crate::checkpoint;
use crate::data::masking::Encoded;
use crate::error::{Quantity, TrainError};
use crate::memory;
use crate::micro_batch::{Part, StepWork};
use crate::optim::{Optimizer, clip};
use crate::reference::score;
use crate::setup::Run;
use crate::train::check_number;
use domain::run::{CheckpointRoundTrip, LongestBatch, Overfit, Preflight, Verdict};
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Optimizer steps on one batch.
const STEPS: u32 = 8;
/// Fewer will do where steps are slow, but no fewer than this.
const LEAST_STEPS: u32 = 3;
/// How long steps may take before fewer will do.
const PATIENCE: Duration = Duration::from_secs(6);

/// Tokens of a training sample, of a pair's both sequences.
pub(super) fn tokens(run: &Run, place: usize) -> usize {
    let rejected = run.preferences.as_ref().map_or(0, |p| p.train.answers[place].ids.len());
    run.train[place].ids.len() + rejected
}

/// Places of the longest samples, as many as a micro-batch takes.
fn longest(run: &Run) -> Vec<usize> {
    let mut places: Vec<usize> = (0..run.train.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(tokens(run, *place)));
    places.truncate(run.job.micro_batch());
    places
}

/// Forward and backward pass over the samples at these places, one micro-batch, as an optimizer step takes them.
fn pass(run: &Run, places: &[usize], step: u32) -> Result<Part, TrainError> {
    let part = StepWork::for_places(run, step, places.to_vec()).compute(run, 0)?;
    check_number(Quantity::Loss, part.loss, step)?;
    Ok(part)
}

/// The longest samples forward and backward.
pub(super) fn longest_batch(run: &mut Run, report: &mut Preflight) -> Result<Verdict, TrainError> {
    let places = longest(run);
    refer(run, &places)?;
    let started = Instant::now();
    let part = pass(run, &places, 0)?;
    let gradient_norm = clip::global_norm(&part.gradients)?;
    check_number(Quantity::Gradient, gradient_norm, 0)?;
    let seconds = started.elapsed().as_secs_f64();
    let tokens_per_second = part.tokens as f64 / seconds;
    let all: usize = (0..run.train.len()).map(|place| tokens(run, place)).sum();
    let of_run =
        f64::from(run.total_steps) * run.job.recipe.effective_batch() as f64 * all as f64 / run.train.len() as f64;
    report.longest = Some(LongestBatch {
        samples: places.len() as u32,
        tokens: part.tokens as u32,
        seconds,
        loss: part.loss,
        gradient_norm,
        tokens_per_second,
        train_seconds: of_run / tokens_per_second,
        peak_memory_bytes: memory::peak_mib().map(|mib| (mib * 1_048_576.0) as u64),
    });
    Ok(Verdict::Ok)
}

/// Lets the model as it stands be the reference of the pairs at these places, where preferences are learnt.
fn refer(run: &mut Run, places: &[usize]) -> Result<(), TrainError> {
    let Some(preferences) = &mut run.preferences else { return Ok(()) };
    let answers = &preferences.train.answers;
    let of = |all: &[Encoded]| places.iter().map(|place| all[*place].clone()).collect::<Vec<_>>();
    let (chosen, rejected) = (of(&run.train), of(answers));
    let size = run.job.micro_batch.unwrap_or(run.job.recipe.batch.micro_batch) as usize;
    let go_on = &mut |_| Ok(ControlFlow::Continue(()));
    for (place, score) in places.iter().zip(score(&run.decoder, (&chosen, &rejected), size, go_on)?.unwrap_or_default())
    {
        preferences.train.references[*place] = score;
    }
    Ok(())
}

/// Mean loss per target, or pair, of the samples at these places, without dropout or noise.
fn plain_loss(run: &Run, places: &[usize], step: u32) -> Result<f64, TrainError> {
    let pass = run.training_set().pass(places, 1.0, &run.job.recipe, run.decoder.device())?;
    let losses = run.decoder.losses(&pass.batch.ids, &pass.batch.targets)?;
    let (sum, count) = pass.validation_loss(&losses);
    let loss = sum / count.max(1) as f64;
    check_number(Quantity::Loss, loss, step)?;
    Ok(loss)
}

/// A few steps on the run's first samples with its optimizer, at the rate that follows the warm-up.
pub(super) fn overfit(run: &mut Run, report: &mut Preflight) -> Result<Verdict, TrainError> {
    let mut places = run.order.window(0, run.job.micro_batch());
    places.sort_unstable();
    places.dedup();
    refer(run, &places)?;
    let settings = run.job.recipe.optimizer.clone();
    let started = Instant::now();
    let first_loss = plain_loss(run, &places, 0)?;
    let forward_seconds = started.elapsed().as_secs_f64();
    let (mut passes, mut updates) = (Vec::new(), Vec::new());
    let started = Instant::now();
    while run.step < STEPS && (run.step < LEAST_STEPS || started.elapsed() < PATIENCE) {
        let began = Instant::now();
        let gradients = pass(run, &places, run.step)?.gradients;
        passes.push(began.elapsed().as_secs_f64());
        let began = Instant::now();
        let norm = clip::global_norm(&gradients)?;
        check_number(Quantity::Gradient, norm, run.step)?;
        run.optimizer.step(&gradients, clip::factor(norm, settings.clip_norm), settings.learning_rate)?;
        updates.push(began.elapsed().as_secs_f64());
        run.step += 1;
    }
    let overfit = Overfit {
        samples: places.len() as u32,
        steps: run.step,
        learning_rate: settings.learning_rate,
        first_loss,
        last_loss: plain_loss(run, &places, run.step)?,
        seconds: started.elapsed().as_secs_f64(),
        tokens: places.iter().map(|place| tokens(run, *place) as u32).sum(),
        pass_seconds: median(passes),
        update_seconds: median(updates),
        forward_seconds,
    };
    report.overfit = Some(overfit);
    let Overfit { steps, learning_rate, last_loss, .. } = overfit;
    if overfit.rose() {
        return Err(TrainError::LossDidNotFall { steps, learning_rate, first_loss, last_loss });
    }
    Ok(if overfit.fell() { Verdict::Ok } else { Verdict::Warning })
}

/// The upper one of an even number.
fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(0.0)
}

/// Writes what has been trained so far, forgets it, reads it back and compares every bit.
pub(super) fn checkpoint(run: &mut Run, report: &mut Preflight) -> Result<Verdict, TrainError> {
    let before = digests(run)?;
    let started = Instant::now();
    let (out, base_model) = (run.job.out.clone(), run.job.base_model_name());
    checkpoint::save(&out, &run.state(), run.adapter.as_ref(), &base_model, &run.optimizer, &run.ledger)?;
    let write_seconds = started.elapsed().as_secs_f64();
    let folder = out.join(checkpoint::folder_name(run.step));
    let bytes = checkpoint::size(&folder).map_err(|source| TrainError::Read { path: folder, source })?;
    for parameter in run.adapter.parameters() {
        parameter.variable.set(&parameter.variable.zeros_like()?)?;
    }
    run.optimizer = Optimizer::new(&run.job.recipe.optimizer, run.adapter.parameters())?;
    let started = Instant::now();
    run.restore(checkpoint::of_step(&out, run.step)?)?;
    let read_seconds = started.elapsed().as_secs_f64();
    let after = digests(run)?;
    if let Some((tensor, _)) = before.iter().zip(&after).find_map(|(a, b)| (a != b).then_some(a)) {
        return Err(TrainError::CheckpointDiffers { tensor: tensor.clone() });
    }
    report.checkpoint = Some(CheckpointRoundTrip { bytes, write_seconds, read_seconds });
    Ok(Verdict::Ok)
}

/// A digest of every trained variable and every moment, by name.
fn digests(run: &Run) -> Result<Vec<(String, [u8; 32])>, TrainError> {
    let variables = run.adapter.variables().into_iter().map(|(name, v)| (name, v.as_detached_tensor()));
    let all = variables.chain(run.optimizer.state()?);
    all.map(|(name, tensor)| {
        let bytes = safetensors::serialize([(name.as_str(), &tensor)], None).map_err(candle_core::Error::wrap)?;
        Ok((name, Sha256::digest(bytes).into()))
    })
    .collect()
}
