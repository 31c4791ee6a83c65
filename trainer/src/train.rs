//! The training loop.
//!
//! Every step takes `micro_batch · accumulation` samples, adds up the gradients of the weighted mean of the
//! recipe's objective over all their target tokens, or over all pairs, clips, and lets the optimizer move the adapter. In between it
//! looks at the validation split and writes checkpoints.

use crate::checkpoint::{self, Best};
use crate::data::batch::by_length;
use crate::data::masking::Encoded;
use crate::error::{Quantity, TrainError};
use crate::event::Sink;
use crate::loss_scale::LossScale;
use crate::memory;
use crate::micro_batch::{Part, StepWork};
use crate::ops::tape::plus;
use crate::optim::clip;
use crate::parallel::Turn;
use crate::preference::MeanRewards;
use crate::preview;
use crate::recovery::recover;
use crate::setup::Run;
use candle_core::{DType, Tensor};
use domain::event::{Event, Level, Phase, series};
use domain::recipe::FinalAdapter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Below this much free memory a run stops by itself, before the system kills something.
const RESERVE_MIB: u64 = 96;

/// How a run ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All steps are taken.
    Complete,
    /// Somebody asked it to stop; a checkpoint holds what is done.
    Stopped,
}

/// What one optimizer step measured.
struct Step {
    loss: f64,
    /// No number where the step was passed over, see [`crate::loss_scale`].
    gradient_norm: f64,
    learning_rate: f64,
    tokens_per_second: f64,
    /// Of a step over pairs.
    rewards: Option<MeanRewards>,
}

/// Takes steps until the recipe's are done, more would be in vain, or `stop` is set.
pub fn train(run: &mut Run, sink: &mut Sink, stop: &AtomicBool) -> Result<Ending, TrainError> {
    loop {
        match steps(run, sink, stop) {
            Err(error) => recover(run, sink, error)?,
            ending => return ending,
        }
    }
}

fn steps(run: &mut Run, sink: &mut Sink, stop: &AtomicBool) -> Result<Ending, TrainError> {
    let (validate_every, save_every) =
        (run.job.recipe.validation_interval(run.total_steps), run.job.recipe.checkpoint_interval(run.total_steps));
    if run.step == 0 && run.best.is_none() {
        let is_best = validate(run, sink, stop)?;
        if is_best || run.job.recipe.recovery.not_a_number_retries > 0 {
            save(run, sink)?;
        }
    }
    let mut saved = run.step;
    while run.step < run.total_steps && !run.patience.is_exhausted(&run.job.recipe.evaluation) {
        let Some(step) = take_step(run, stop)? else { break };
        run.step += 1;
        report(run, &step, sink)?;
        let mut last = run.step == run.total_steps;
        let is_best = if run.step.is_multiple_of(validate_every) || last { validate(run, sink, stop)? } else { false };
        last |= run.patience.is_exhausted(&run.job.recipe.evaluation);
        if run.step.is_multiple_of(save_every) || is_best || last {
            save(run, sink)?;
            saved = run.step;
        }
    }
    if run.step == run.total_steps {
        return Ok(Ending::Complete);
    }
    if run.patience.is_exhausted(&run.job.recipe.evaluation) {
        let in_vain = run.job.recipe.evaluation.patience;
        let text = format!("stopped early at step {}: {in_vain} validations in a row without a lower loss", run.step);
        sink.log(Level::Info, text)?;
        return Ok(Ending::Complete);
    }
    if saved != run.step {
        save(run, sink)?;
    }
    Ok(Ending::Stopped)
}

/// One optimizer step; `None` when `stop` was set before it was complete.
fn take_step(run: &mut Run, stop: &AtomicBool) -> Result<Option<Step>, TrainError> {
    let started = Instant::now();
    let work = StepWork::of(run, run.step);
    if let Some(followers) = &mut run.followers {
        let references = run.preferences.as_ref().map(|p| p.train.references.as_slice());
        followers.ask(&work, run.optimizer.parameters(), references)?;
    }
    let (mut loss, mut tokens, mut gradients) = (0f64, 0, Vec::new());
    let (mut losses, mut rewards) = (Vec::with_capacity(work.window.len()), Vec::new());
    for (i, places) in work.batches.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        check_memory(run.step)?;
        let Some(part) = part(run, &work, i, stop)? else { return Ok(None) };
        // Of a pair what counts is which answer is preferred, not how likely the chosen one is.
        let of_pairs = part.rewards.iter().map(|r| r.loss() as f32);
        let of_samples = if part.rewards.is_empty() { part.means } else { of_pairs.collect() };
        losses.extend(places.iter().copied().zip(of_samples));
        rewards.extend(part.rewards);
        loss += part.loss;
        check_number(Quantity::Loss, loss, run.step)?;
        accumulate(&mut gradients, part.gradients)?;
        tokens += part.tokens;
    }
    let recipe = &run.job.recipe;
    let gradient_norm = clip::global_norm(&gradients)?;
    let learning_rate = recipe.learning_rate_at(run.step, run.total_steps) * run.remedies.rate_factor;
    if !run.loss_scale.passes_over(gradient_norm, run.decoder.dtype()) {
        check_number(Quantity::Gradient, gradient_norm, run.step)?;
        run.optimizer.step(&gradients, clip::factor(gradient_norm, recipe.optimizer.clip_norm), learning_rate)?;
    }
    for (place, loss) in losses {
        let epoch = (run.step as usize * work.window.len() + place) / run.train.len();
        run.ledger.record(epoch, run.train[work.window[place]].line, loss);
    }
    run.tokens += tokens as u64;
    run.train_loss = loss;
    let tokens_per_second = tokens as f64 / started.elapsed().as_secs_f64();
    Ok(Some(Step { loss, gradient_norm, learning_rate, tokens_per_second, rewards: MeanRewards::of(&rewards) }))
}

/// A part of the step, from whoever computes it; `None` when `stop` was set before it was there.
fn part(run: &mut Run, work: &StepWork, i: usize, stop: &AtomicBool) -> Result<Option<Part>, TrainError> {
    if let Some(followers) = &mut run.followers {
        match followers.part(i, run.optimizer.parameters(), &run.job.device, stop)? {
            Turn::Own => {}
            Turn::Part(part) => return Ok(Some(part)),
            Turn::Stopped => return Ok(None),
        }
    }
    work.compute(run, i).map(Some)
}

/// Adds the gradients by every parameter.
fn accumulate(sums: &mut Vec<Tensor>, gradients: Vec<Tensor>) -> Result<(), TrainError> {
    if sums.is_empty() {
        *sums = gradients;
        return Ok(());
    }
    for (sum, g) in sums.iter_mut().zip(gradients) {
        *sum = plus(sum, &g)?;
    }
    Ok(())
}

pub(crate) fn check_number(what: Quantity, value: f64, step: u32) -> Result<(), TrainError> {
    if value.is_finite() { Ok(()) } else { Err(TrainError::NotANumber { what, value, step }) }
}

fn check_memory(step: u32) -> Result<(), TrainError> {
    match memory::available_mib() {
        Some(available_mib) if available_mib < RESERVE_MIB => Err(TrainError::MemoryLow { available_mib, step }),
        _ => Ok(()),
    }
}

fn report(run: &Run, step: &Step, sink: &mut Sink) -> Result<(), TrainError> {
    let seen = u64::from(run.step) * run.job.recipe.effective_batch();
    sink.point(series::TRAIN_LOSS, run.step, step.loss)?;
    sink.point(series::LEARNING_RATE, run.step, step.learning_rate)?;
    let LossScale { scale, skipped, .. } = run.loss_scale;
    if step.gradient_norm.is_finite() {
        sink.point(series::GRADIENT_NORM, run.step, step.gradient_norm)?;
    } else {
        sink.emit(&Event::Skipped { step: run.step, loss_scale: scale, skipped })?;
    }
    if run.decoder.dtype() == DType::F16 {
        sink.point(series::LOSS_SCALE, run.step, scale)?;
    }
    sink.point(series::TOKENS_PER_SECOND, run.step, step.tokens_per_second)?;
    sink.point(series::TOKENS, run.step, run.tokens as f64)?;
    sink.point(series::EPOCH, run.step, seen as f64 / run.train.len() as f64)?;
    if let Some(rewards) = step.rewards {
        sink.point(series::CHOSEN_REWARD, run.step, rewards.chosen)?;
        sink.point(series::REJECTED_REWARD, run.step, rewards.rejected)?;
        sink.point(series::REWARD_MARGIN, run.step, rewards.chosen - rewards.rejected)?;
        sink.point(series::REWARD_ACCURACY, run.step, rewards.accuracy)?;
    }
    memory::resident_mib().map_or(Ok(()), |mib| sink.point(series::MEMORY_MIB, run.step, mib))
}

/// Mean loss per target token, or per pair, over the validation samples, and previews. Whether the run must keep this step: it
/// is the best so far and the recipe wants the best.
fn validate(run: &mut Run, sink: &mut Sink, stop: &AtomicBool) -> Result<bool, TrainError> {
    if run.validation.is_empty() {
        sink.phase(Phase::Training, run.step, run.total_steps)?;
        return Ok(false);
    }
    let samples: Vec<&Encoded> = run.validation.iter().collect();
    let batches = by_length(&samples, run.job.micro_batch());
    let (mut sum, mut count, mut rewards) = (0f64, 0usize, Vec::new());
    for (done, places) in batches.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return Ok(false);
        }
        sink.phase(Phase::Validating, done as u32, batches.len() as u32)?;
        let pass = run.validation_set().pass(places, 1.0, &run.job.recipe, run.decoder.device())?;
        let losses = run.decoder.losses(&pass.batch.ids, &pass.batch.targets)?;
        let (part, of) = pass.validation_loss(&losses);
        (sum, count) = (sum + part, count + of);
        rewards.extend(pass.rewards(&losses));
    }
    let validation_loss = sum / count.max(1) as f64;
    check_number(Quantity::ValidationLoss, validation_loss, run.step)?;
    sink.point(series::VALIDATION_LOSS, run.step, validation_loss)?;
    if let Some(rewards) = MeanRewards::of(&rewards) {
        sink.point(series::VALIDATION_REWARD_ACCURACY, run.step, rewards.accuracy)?;
    }
    let is_best = run.best.is_none_or(|b| validation_loss < b.validation_loss);
    if is_best {
        run.best = Some(Best { step: run.step, validation_loss });
    }
    run.patience.observe(validation_loss, &run.job.recipe.evaluation);
    preview::write(run, sink)?;
    sink.phase(Phase::Training, run.step, run.total_steps)?;
    Ok(is_best && run.job.recipe.checkpoints.final_adapter == FinalAdapter::Best)
}

/// Writes a checkpoint of this step.
pub(crate) fn save(run: &Run, sink: &mut Sink) -> Result<(), TrainError> {
    sink.phase(Phase::Saving, run.step, run.total_steps)?;
    checkpoint::save(
        &run.job.out,
        &run.state(),
        run.adapter.as_ref(),
        &run.job.base_model_name(),
        &run.optimizer,
        &run.ledger,
    )?;
    let loss = run.best.filter(|b| b.step == run.step).map_or(run.train_loss, |b| b.validation_loss);
    // Before the first step there may be no loss yet, and JSON has no NaN.
    if !loss.is_finite() {
        return Ok(());
    }
    sink.emit(&Event::Checkpoint { step: run.step, folder: checkpoint::folder_name(run.step), loss })
}
