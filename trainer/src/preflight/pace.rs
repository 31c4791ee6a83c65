//! How long the run will take: what it does over and over, timed once with its own model and samples, times how often it
//! does it. Answers nobody would see otherwise before the end of the training are tried on the way.

use super::rehearsal::tokens;
use crate::error::TrainError;
use crate::eval::{EvalOptions, evaluate, task};
use crate::finish::test_set;
use crate::preview;
use crate::setup::Run;
use domain::eval::Task;
use domain::run::{Overfit, Pace, Preflight, PreflightStep, Verdict};
use domain::sample::Sample;
use std::ops::ControlFlow;
use std::time::Instant;

/// Test samples that are answered: a batch of an evaluation.
const TESTED: usize = 8;
/// Tokens of an answer that are written; of longer ones the rest takes as long per token.
const WRITTEN: usize = 32;

/// Measures previews and evaluation, and adds up what the whole run takes.
pub(super) fn pace(run: &mut Run, report: &mut Preflight) -> Result<Verdict, TrainError> {
    let Some(overfit) = report.overfit else { return Ok(Verdict::Skipped) };
    let set_up = report.checks.iter().find(|check| check.step == PreflightStep::SetUp);
    let per_token = overfit.forward_seconds / f64::from(overfit.tokens.max(1));
    let references = run.preferences.as_ref().map_or(0, |_| training_tokens(run) + validation_tokens(run));
    report.pace = Some(Pace {
        set_up_seconds: set_up.map_or(0.0, |check| check.elapsed_ms as f64 / 1000.0) + references as f64 * per_token,
        train_seconds: train_seconds(run, &overfit),
        validation_seconds: validation_seconds(run, per_token)?,
        checkpoint_seconds: report.checkpoint.map_or(0.0, |c| c.write_seconds) * checkpoints(run),
        test_seconds: test_seconds(run)?,
    });
    Ok(Verdict::Ok)
}

fn training_tokens(run: &Run) -> usize {
    (0..run.train.len()).map(|place| tokens(run, place)).sum()
}

fn validation_tokens(run: &Run) -> usize {
    let rejected = run.preferences.iter().flat_map(|p| &p.validation.answers);
    run.validation.iter().chain(rejected).map(|sample| sample.ids.len()).sum()
}

/// All steps. The processes of a run on several devices take turns at the micro-batches of a step, and all wait for the
/// one with the most.
fn train_seconds(run: &Run, overfit: &Overfit) -> f64 {
    let batch = &run.job.recipe.batch;
    let micro_batches = (run.job.recipe.effective_batch() as usize).div_ceil(run.job.micro_batch());
    let rounds = micro_batches.div_ceil(run.job.devices.len().max(1));
    let mean = training_tokens(run) as f64 / run.train.len().max(1) as f64;
    let of_micro_batch = mean * run.job.micro_batch().min(batch.micro_batch as usize) as f64;
    let pass = of_micro_batch * overfit.pass_seconds / f64::from(overfit.tokens.max(1));
    f64::from(run.total_steps) * (rounds as f64 * pass + overfit.update_seconds)
}

/// All validations, the one before the first step among them.
fn validation_seconds(run: &Run, per_token: f64) -> Result<f64, TrainError> {
    if run.validation.is_empty() {
        return Ok(0.0);
    }
    let interval = run.job.recipe.validation_interval(run.total_steps);
    let times = run.total_steps.div_ceil(interval.max(1)) + 1;
    let count = (run.job.recipe.evaluation.previews as usize).min(run.validation_samples.len());
    let started = Instant::now();
    if count > 0 {
        preview::answers(run, count)?;
    }
    let previews = started.elapsed().as_secs_f64();
    Ok(f64::from(times) * (validation_tokens(run) as f64 * per_token + previews))
}

fn checkpoints(run: &Run) -> f64 {
    f64::from(run.total_steps.div_ceil(run.job.recipe.checkpoint_interval(run.total_steps).max(1)))
}

/// Base and tuned model on the test samples.
fn test_seconds(run: &Run) -> Result<f64, TrainError> {
    let all = test_set(run)?.samples;
    if all.is_empty() {
        return Ok(0.0);
    }
    let few: Vec<Sample> = all.iter().step_by(all.len().div_ceil(TESTED)).cloned().collect();
    let share = all.len() as f64 / few.len() as f64;
    let longest = run.job.recipe.evaluation.max_new_tokens as usize;
    if task(&all) != Task::Generation || longest <= 1 {
        return Ok(2.0 * share * answer(run, &few, longest)?.0);
    }
    let (first, _) = answer(run, &few, 1)?;
    let written = longest.min(WRITTEN);
    let (whole, outputs) = answer(run, &few, written)?;
    let length = |text: &str| run.tokenizer.encode(text).map_or(1, |ids| ids.len());
    let longest_output = outputs.iter().map(|o| length(o)).max().unwrap_or(1);
    // Answers that end by themselves are all there is to write.
    let of_base = if longest_output + 1 < written { longest_output } else { longest };
    let per_token = (whole - first).max(0.0) / (longest_output.min(written) - 1).max(1) as f64;
    // What the tuned model writes is as long as what it learns to write, if it learns anything.
    let of_tuned = few.iter().filter_map(Sample::answer).map(|a| length(a) + 1).max().unwrap_or(1).min(longest);
    Ok(share * (2.0 * first + per_token * (of_base + of_tuned - 2) as f64))
}

/// Seconds that the model takes to answer these samples, and its answers.
fn answer(run: &Run, samples: &[Sample], max_new_tokens: usize) -> Result<(f64, Vec<String>), TrainError> {
    let options = EvalOptions { labels: run.labels.clone(), max_new_tokens, ..EvalOptions::default() };
    let started = Instant::now();
    let (_, predictions) = evaluate(run.chat(), samples, &options, &mut |_| ControlFlow::Continue(()))?;
    Ok((started.elapsed().as_secs_f64(), predictions.into_iter().map(|p| p.output).collect()))
}
