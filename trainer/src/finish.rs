//! After the last step: the adapter's final files, the evaluation of base and tuned model, and
//! the summary.

use crate::error::TrainError;
use crate::event::Sink;
use crate::memory;
use crate::setup::{Run, device_name};
use domain::event::Event;
use serde::{Deserialize, Serialize};
use std::fs;

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
    pub best: Option<crate::checkpoint::Best>,
    /// Duration of the last attempt.
    pub elapsed_ms: u64,
    pub peak_memory_mib: Option<f64>,
}

/// Writes the adapter and the summary; emits `Finished`.
pub fn finish(run: &mut Run, sink: &mut Sink) -> Result<Summary, TrainError> {
    let folder = run.job.out.join(ADAPTER_FOLDER);
    fs::create_dir_all(&folder).map_err(|source| TrainError::Write { path: folder.clone(), source })?;
    run.adapter.save(&folder, &run.job.base_model_name())?;
    let summary = Summary {
        base_model: run.job.base_model_name(),
        device: device_name(&run.job.device),
        steps: run.step,
        tokens: run.tokens,
        train_samples: run.train.len() as u64,
        validation_samples: run.validation.len() as u64,
        trainable_parameters: run.adapter.parameters(),
        train_loss: run.train_loss,
        best: run.best,
        elapsed_ms: sink.elapsed_ms(),
        peak_memory_mib: memory::peak_mib(),
    };
    let path = run.job.out.join(SUMMARY_FILE);
    let text =
        serde_json::to_vec_pretty(&summary).map_err(|e| TrainError::Write { path: path.clone(), source: e.into() })?;
    fs::write(&path, text).map_err(|source| TrainError::Write { path, source })?;
    let adapter_folder = ADAPTER_FOLDER.to_owned();
    sink.emit(&Event::Finished { steps: run.step, adapter_folder, elapsed_ms: sink.elapsed_ms() })?;
    Ok(summary)
}
