//! After the last step: the adapter's final files, the evaluation of base and tuned model, and
//! the summary.

use crate::checkpoint;
use crate::data::samples;
use crate::error::TrainError;
use crate::eval::{EvalError, EvalOptions, evaluate};
use crate::event::Sink;
use crate::memory;
use crate::setup::Run;
use crate::train::Ending;
use domain::eval::{EvalMetrics, Prediction, Subject};
use domain::event::{Event, Level, Phase};
use domain::recipe::FinalAdapter;
use domain::run::Learning;
use domain::sample::Sample;
use serde::{Deserialize, Serialize};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Folder of the final adapter in the out folder.
pub const ADAPTER_FOLDER: &str = "adapter";
/// Name of the summary in the out folder.
pub const SUMMARY_FILE: &str = "summary.json";

/// The run in numbers, as `summary.json` holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub base_model: String,
    pub device: String,
    pub steps: u32,
    pub tokens: u64,
    pub train_samples: u64,
    pub validation_samples: u64,
    pub trainable_parameters: u64,
    /// Loss of the last step.
    pub train_loss: f64,
    pub best: Option<checkpoint::Best>,
    /// Step whose adapter was handed over.
    #[serde(default)]
    pub adapter_step: u32,
    /// Whether the run ended before its last step because the validation loss no longer fell.
    #[serde(default)]
    pub stopped_early: bool,
    /// Duration of the last attempt.
    pub elapsed_ms: u64,
    pub peak_memory_mib: Option<f64>,
    /// Checkpoints that stay and the result.
    #[serde(default)]
    pub disk_bytes: u64,
    /// What was never learnt and what was forgotten of the training samples.
    #[serde(default)]
    pub learning: Learning,
    /// On the test split, when there is one.
    pub base: Option<EvalMetrics>,
    pub tuned: Option<EvalMetrics>,
}

/// Writes the adapter, evaluates base and tuned model on the test split, writes the summary and
/// emits `Finished`. `Stopped` when `stop` was set during the evaluation: then a resumed run
/// evaluates again.
pub fn finish(run: &mut Run, sink: &mut Sink, stop: &AtomicBool) -> Result<Ending, TrainError> {
    let adapter_step = take_best(run, sink)?;
    let folder = run.job.out.join(ADAPTER_FOLDER);
    fs::create_dir_all(&folder).map_err(|source| TrainError::Write { path: folder.clone(), source })?;
    run.adapter.save(&folder, &run.job.base_model_name())?;
    run.ledger.write(&run.job.out)?;
    let test = test_set(run)?;
    let (mut base, mut tuned) = (None, None);
    if !test.samples.is_empty() {
        run.adapter.detach_from(&mut run.decoder)?;
        let scored = score(run, Subject::Base, &test, sink, stop);
        run.adapter.attach_to(&mut run.decoder);
        base = scored?;
        tuned = if base.is_some() { score(run, Subject::Tuned, &test, sink, stop)? } else { None };
        if tuned.is_none() {
            return Ok(Ending::Stopped);
        }
    }
    let path = run.job.out.join(SUMMARY_FILE);
    let text = serde_json::to_vec_pretty(&summary(run, adapter_step, sink.elapsed_ms(), (base, tuned)));
    let written = text.map_err(std::io::Error::from).and_then(|t| fs::write(&path, t));
    written.map_err(|source| TrainError::Write { path, source })?;
    let adapter_folder = ADAPTER_FOLDER.to_owned();
    sink.emit(&Event::Finished { steps: run.step, adapter_folder, elapsed_ms: sink.elapsed_ms() })?;
    Ok(Ending::Complete)
}

/// Puts the best checkpoint's values into the adapter if the recipe wants that; the step the adapter is of.
fn take_best(run: &Run, sink: &mut Sink) -> Result<u32, TrainError> {
    match run.best {
        Some(best) if run.job.recipe.checkpoints.final_adapter == FinalAdapter::Best => {
            let checkpoint = checkpoint::of_step(&run.job.out, best.step)?;
            checkpoint.restore_adapter(run.adapter.as_ref())?;
            sink.log(Level::Info, format!("the adapter is the one of step {}, the best validated", best.step))?;
            Ok(best.step)
        }
        _ => Ok(run.step),
    }
}

/// The samples to test on, with their positions in the test file.
pub(crate) struct TestSet {
    positions: Vec<u32>,
    pub(crate) samples: Vec<Sample>,
}

pub(crate) fn test_set(run: &Run) -> Result<TestSet, TrainError> {
    let test = run.job.test.as_deref().map_or_else(|| Ok(Vec::new()), samples::read)?;
    let limit = run.job.recipe.evaluation.test_samples as usize;
    let (positions, samples) = samples::choose(test, limit).into_iter().unzip();
    Ok(TestSet { positions, samples })
}

/// Metrics of the model as it stands; writes its predictions. `None` when stopped.
fn score(
    run: &Run,
    subject: Subject,
    test: &TestSet,
    sink: &mut Sink,
    stop: &AtomicBool,
) -> Result<Option<EvalMetrics>, TrainError> {
    let phase = match subject {
        Subject::Base => Phase::EvaluatingBase,
        Subject::Tuned => Phase::EvaluatingTuned,
    };
    let options = EvalOptions {
        labels: run.labels.clone(),
        max_new_tokens: run.job.recipe.evaluation.max_new_tokens as usize,
        ..EvalOptions::default()
    };
    sink.phase(phase, 0, test.samples.len() as u32)?;
    let mut reported = Ok(());
    let scored = evaluate(run.chat(), &test.samples, &options, &mut |done| {
        reported = sink.phase(phase, done as u32, test.samples.len() as u32);
        if reported.is_err() || stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    reported?;
    let (metrics, mut predictions) = match scored {
        Err(EvalError::Stopped) => return Ok(None),
        other => other?,
    };
    for prediction in &mut predictions {
        prediction.index = test.positions[prediction.index as usize];
    }
    let file = format!("predictions-{}.jsonl", subject.as_str());
    write_lines(&run.job.out.join(&file), &predictions)?;
    sink.emit(&Event::Evaluated { subject, metrics: metrics.clone(), file })?;
    Ok(Some(metrics))
}

fn write_lines(path: &Path, predictions: &[Prediction]) -> Result<(), TrainError> {
    let mut text = Vec::new();
    let lines = predictions.iter().try_for_each(|p| serde_json::to_writer(&mut text, p).map(|()| text.push(b'\n')));
    let written = lines.map_err(std::io::Error::from).and_then(|()| fs::write(path, &text));
    written.map_err(|source| TrainError::Write { path: path.to_owned(), source })
}

fn summary(
    run: &Run,
    adapter_step: u32,
    elapsed_ms: u64,
    (base, tuned): (Option<EvalMetrics>, Option<EvalMetrics>),
) -> Summary {
    Summary {
        base_model: run.job.base_model_name(),
        device: run.job.devices.join("+"),
        steps: run.step,
        tokens: run.tokens,
        train_samples: run.train.len() as u64,
        validation_samples: run.validation.len() as u64,
        trainable_parameters: run.adapter.parameter_count(),
        train_loss: run.train_loss,
        best: run.best,
        adapter_step,
        stopped_early: run.step < run.total_steps,
        elapsed_ms,
        peak_memory_mib: memory::peak_mib(),
        disk_bytes: checkpoint::bytes_on_disk(&run.job.out)
            + checkpoint::folder_bytes(&run.job.out.join(ADAPTER_FOLDER)),
        learning: run.ledger.learning(),
        base,
        tuned,
    }
}
