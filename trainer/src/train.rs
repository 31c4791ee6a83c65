//! The training loop.
//!
//! Every step takes `micro_batch · accumulation` samples, adds up the gradients of the mean loss
//! over all their target tokens, clips, and moves the adapter with AdamW. In between it looks at
//! the validation split and writes checkpoints.

use crate::checkpoint::{self, Best, State};
use crate::data::batch::{Batch, by_length};
use crate::data::masking::Encoded;
use crate::data::order::dropout_seed;
use crate::error::TrainError;
use crate::event::Sink;
use crate::memory;
use crate::ops::tape::plus;
use crate::optim::clip;
use crate::preview;
use crate::setup::Run;
use candle_core::Tensor;
use candle_core::backprop::GradStore;
use domain::event::{Event, Phase, series};
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
    gradient_norm: f64,
    learning_rate: f64,
    tokens_per_second: f64,
}

/// Takes steps until the recipe's are done or `stop` is set.
pub fn train(run: &mut Run, sink: &mut Sink, stop: &AtomicBool) -> Result<Ending, TrainError> {
    let (validate_every, save_every) =
        (run.job.recipe.validation_interval(run.total_steps), run.job.recipe.checkpoint_interval(run.total_steps));
    if run.step == 0 {
        validate(run, sink, stop)?;
    }
    let mut saved = run.step;
    while run.step < run.total_steps {
        let Some(step) = take_step(run, stop)? else { break };
        run.step += 1;
        report(run, &step, sink)?;
        let last = run.step == run.total_steps;
        if run.step.is_multiple_of(validate_every) || last {
            validate(run, sink, stop)?;
        }
        if run.step.is_multiple_of(save_every) || last {
            save(run, sink)?;
            saved = run.step;
        }
    }
    if run.step == run.total_steps {
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
    let recipe = &run.job.recipe;
    let window = run.order.window(run.step, recipe.effective_batch() as usize);
    let samples: Vec<&Encoded> = window.into_iter().map(|i| &run.train[i]).collect();
    let targets: usize = samples.iter().map(|s| s.targets()).sum();
    let (mut loss, mut tokens, mut gradients) = (0f64, 0, Vec::new());
    for (i, samples) in by_length(&samples, recipe.batch.micro_batch as usize).into_iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        check_memory(run.step)?;
        let batch = Batch::new(&samples, run.decoder.device())?;
        let seed = dropout_seed(recipe.seed, run.step, i);
        let (part, store) = run.decoder.loss_and_gradients(&batch.ids, &batch.targets, targets as f64, seed)?;
        loss += f64::from(part);
        check_number("loss", loss, run.step)?;
        accumulate(&mut gradients, store, run)?;
        tokens += batch.tokens;
    }
    let gradient_norm = clip::global_norm(&gradients)?;
    check_number("gradient norm", gradient_norm, run.step)?;
    let learning_rate = recipe.learning_rate_at(run.step, run.total_steps);
    run.optimizer.step(&gradients, clip::factor(gradient_norm, recipe.optimizer.clip_norm), learning_rate)?;
    run.tokens += tokens as u64;
    run.train_loss = loss;
    let tokens_per_second = tokens as f64 / started.elapsed().as_secs_f64();
    Ok(Some(Step { loss, gradient_norm, learning_rate, tokens_per_second }))
}

/// Adds the gradient by every parameter.
fn accumulate(gradients: &mut Vec<Tensor>, mut store: GradStore, run: &Run) -> Result<(), TrainError> {
    for (i, (_, parameter)) in run.optimizer.parameters().iter().enumerate() {
        let g = store.remove(parameter).map_or_else(|| parameter.zeros_like(), Ok)?.detach();
        match gradients.get_mut(i) {
            Some(sum) => *sum = plus(sum, &g)?,
            None => gradients.push(g),
        }
    }
    Ok(())
}

fn check_number(what: &'static str, value: f64, step: u32) -> Result<(), TrainError> {
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
    sink.point(series::GRADIENT_NORM, run.step, step.gradient_norm)?;
    sink.point(series::TOKENS_PER_SECOND, run.step, step.tokens_per_second)?;
    sink.point(series::EPOCH, run.step, seen as f64 / run.train.len() as f64)?;
    memory::resident_mib().map_or(Ok(()), |mib| sink.point(series::MEMORY_MIB, run.step, mib))
}

/// Mean loss per target token over the validation samples, and previews.
fn validate(run: &mut Run, sink: &mut Sink, stop: &AtomicBool) -> Result<(), TrainError> {
    if run.validation.is_empty() {
        return sink.phase(Phase::Training, run.step, run.total_steps);
    }
    let samples: Vec<&Encoded> = run.validation.iter().collect();
    let batches = by_length(&samples, run.job.recipe.batch.micro_batch as usize);
    let (mut sum, mut count) = (0f64, 0usize);
    for (done, samples) in batches.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        sink.phase(Phase::Validating, done as u32, batches.len() as u32)?;
        let batch = Batch::new(samples, run.decoder.device())?;
        let losses = run.decoder.losses(&batch.ids, &batch.targets)?;
        sum += losses.iter().map(|x| f64::from(*x)).sum::<f64>();
        count += losses.len();
    }
    let validation_loss = sum / count.max(1) as f64;
    check_number("validation loss", validation_loss, run.step)?;
    sink.point(series::VALIDATION_LOSS, run.step, validation_loss)?;
    if run.best.is_none_or(|b| validation_loss < b.validation_loss) {
        run.best = Some(Best { step: run.step, validation_loss });
    }
    preview::write(run, sink)?;
    sink.phase(Phase::Training, run.step, run.total_steps)
}

fn save(run: &Run, sink: &mut Sink) -> Result<(), TrainError> {
    sink.phase(Phase::Saving, run.step, run.total_steps)?;
    let state = State {
        step: run.step,
        recipe: run.job.recipe.clone(),
        data_sha256: run.data_sha256.clone(),
        tokens: run.tokens,
        train_loss: run.train_loss,
        best: run.best,
    };
    checkpoint::save(&run.job.out, &state, &run.adapter, &run.job.base_model_name(), &run.optimizer)?;
    let loss = run.best.filter(|b| b.step == run.step).map_or(run.train_loss, |b| b.validation_loss);
    sink.emit(&Event::Checkpoint { step: run.step, folder: checkpoint::folder_name(run.step), loss })
}
