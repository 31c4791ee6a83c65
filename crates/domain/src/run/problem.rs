//! What exactly a run failed of, beside the kind that decides the advice: a closed set that is
//! stored as data, so that pages say it in the reader's language. `Display` is the English of the
//! REST API and of logs.

use super::{FailureKind, PreflightStep};
use crate::{job::JobFailure, model::ModelProblem};
use serde::{Deserialize, Serialize};

/// What a run failed of. `detail` is what a library or the system said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum RunProblem {
    #[error("{problem}")]
    Model { problem: ModelProblem },
    #[error("the loss became infinite or no number at step {step}")]
    LossNotFinite { step: u32 },
    #[error("the gradient became infinite or no number at step {step}")]
    GradientNotFinite { step: u32 },
    #[error("the validation loss became infinite or no number at step {step}")]
    ValidationLossNotFinite { step: u32 },
    #[error("only {available_mib} MiB of memory are left at step {step}")]
    MemoryLow { available_mib: u64, step: u32 },
    #[error("the machine ran out of memory and the system ended the trainer")]
    KilledForMemory,
    #[error("{mib} MiB of memory could not be had")]
    AllocationFailed { mib: u64 },
    /// Of a run on several devices.
    #[error("the process that computes on {device} has failed: {problem}")]
    Follower {
        device: String,
        #[cfg_attr(feature = "openapi", schema(no_recursion))]
        problem: Box<RunProblem>,
    },
    #[error("sample {line} of the {split} split cannot be used: {detail}")]
    Sample { split: String, line: u64, detail: String },
    #[error("the checkpoint is damaged: {detail}")]
    Checkpoint { detail: String },
    #[error("the run's input was not prepared: {detail}")]
    NotPrepared { detail: String },
    #[error("failed to start the trainer {program}: {detail}")]
    NotStarted { program: String, detail: String },
    #[error("the trainer ended with code {status}{}", said(words))]
    Exited { status: i32, words: String },
    #[error("the trainer was ended by signal {signal}{}", said(words))]
    Signalled { signal: i32, words: String },
    #[error("the trainer is gone{}", said(words))]
    TrainerGone { words: String },
    #[error("the worker vanished during this run, in every attempt")]
    WorkerVanished,
    #[error("the adapter is trained but was not stored: {detail}")]
    NotStored { detail: String },
    /// What the preflight found in this step; `kind` decides the advice.
    #[error("the preflight found: {problem}")]
    Preflight {
        step: PreflightStep,
        kind: FailureKind,
        #[cfg_attr(feature = "openapi", schema(no_recursion))]
        problem: Box<RunProblem>,
    },
    #[error(
        "{steps} steps on one batch at the learning rate {learning_rate} did not lower its loss: {first_loss:.4} before, {last_loss:.4} after"
    )]
    LossDidNotFall { steps: u32, learning_rate: f64, first_loss: f64, last_loss: f64 },
    #[error("{tensor} of a checkpoint was read back other than it was written")]
    CheckpointDiffers { tensor: String },
    #[error(
        "the run needs {needed_mib} MiB of disk for checkpoints and result; {free_mib} MiB are free, of which other runs still need {reserved_mib}"
    )]
    TooLittleDisk { needed_mib: u64, free_mib: u64, reserved_mib: u64 },
    #[error(
        "the run needs {needed_mib} MiB of memory; {free_mib} MiB are free, of which other runs still need {reserved_mib}"
    )]
    TooLittleMemory { needed_mib: u64, free_mib: u64, reserved_mib: u64 },
    #[error("the server was interrupted during the preflight, several times")]
    PreflightInterrupted,
    #[error("the server failed to read or write a file during the preflight: {detail}")]
    PreflightDisk { detail: String },
    #[error("the server made a mistake during the preflight: {detail}")]
    PreflightMistake { detail: String },
    #[error(
        "{samples} validation and test samples are in training in some form, through {train} training samples: make a version without those, or have an owner sign for it"
    )]
    Leaks { samples: u64, train: u64 },
    #[error(
        "{samples} samples of the benchmark {benchmark:?} are in training in some form, through {train} training samples: make a version without those, or have an owner sign for it"
    )]
    BenchmarkLeaks { benchmark: String, samples: u64, train: u64 },
    #[error(
        "the preflight did not end within {minutes} minutes: nothing is known to be wrong with the run, but it would be slow; lower batch.max_length or batch.micro_batch, or launch without a preflight"
    )]
    PreflightTooLong { minutes: u64 },
    /// In the trainer's own words, or written when failures were plain texts.
    #[error("{text}")]
    Said { text: String },
}

impl RunProblem {
    /// That training has seen what the run would be measured with, however that was found.
    #[must_use]
    pub fn is_leak(&self) -> bool {
        match self {
            Self::Preflight { problem, .. } => problem.is_leak(),
            Self::Leaks { .. } | Self::BenchmarkLeaks { .. } => true,
            _ => false,
        }
    }

    /// That the background job which was to try a run out failed by itself.
    #[must_use]
    pub fn of_preflight_job(failure: JobFailure) -> Self {
        match failure {
            JobFailure::Interrupted => Self::PreflightInterrupted,
            JobFailure::Disk { detail } => Self::PreflightDisk { detail },
            JobFailure::Internal { detail } => Self::PreflightMistake { detail },
            // Such a job reads no file of a user and fetches nothing, so it fails of nothing else.
            other => Self::PreflightMistake { detail: other.to_string() },
        }
    }
}

/// The last words of a trainer, if it had any.
fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("; it said:\n{words}") }
}
