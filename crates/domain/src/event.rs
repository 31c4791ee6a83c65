//! What `trainer run` reports while it works: one JSON object per line on its event pipe and
//! in `events.jsonl`. The worker turns these into rows; the terminal into a progress bar.

use crate::{
    eval::{EvalMetrics, Subject},
    run::{FailureKind, RunProblem},
};
use serde::{Deserialize, Serialize};

/// One event of a run. Times are milliseconds since the attempt began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run is set up: what it will do.
    Started {
        total_steps: u32,
        /// First step of this attempt (0, or the checkpoint's step when resumed).
        resumed_from_step: u32,
        train_samples: u32,
        validation_samples: u32,
        trainable_parameters: u64,
        total_parameters: u64,
        device: String,
    },
    /// What the trainer is doing before or between steps.
    Phase { phase: Phase, done: u32, total: u32, elapsed_ms: u64 },
    /// One measured value. `key` is a [`series`] name.
    Point { key: String, step: u32, value: f64, elapsed_ms: u64 },
    /// A line for the log.
    Log { level: Level, message: String, elapsed_ms: u64 },
    /// What the model writes for one validation sample at this step.
    Preview { step: u32, index: u32, prompt: String, expected: String, output: String },
    /// A checkpoint stands complete and verified in this folder (relative to the out folder).
    Checkpoint { step: u32, folder: String, loss: f64 },
    /// The run has gone back to this step: what it measured later counts no more.
    Rewound { step: u32 },
    /// The gradients of this step overflowed f16, so nothing moved; the loss is multiplied by `loss_scale` from now on.
    /// `skipped` counts such steps of the run.
    Skipped { step: u32, loss_scale: f64, skipped: u32 },
    /// An evaluation has ended; predictions are in `file` (JSON lines of
    /// [`crate::eval::Prediction`], relative to the out folder).
    Evaluated { subject: Subject, metrics: EvalMetrics, file: String },
    /// The run is over and the adapter is written in this folder (relative to the out folder).
    Finished { steps: u32, adapter_folder: String, elapsed_ms: u64 },
    /// The run cannot go on.
    Failed {
        kind: FailureKind,
        /// In English, for whoever reads the file.
        message: String,
        /// The same as data, where it is more than words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<RunProblem>,
    },
}

/// Coarse stages of a trainer process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Loading,
    Tokenizing,
    /// Scoring the answers of all pairs with the model that the run starts from.
    Referencing,
    Training,
    Validating,
    EvaluatingBase,
    EvaluatingTuned,
    Saving,
    /// Before a run is queued: the loss masks of all samples are looked at; counts samples.
    Auditing,
    /// Before a run is queued: passes, steps and a checkpoint are tried; counts the steps of the preflight.
    Rehearsing,
    /// Before a run is queued: what other runs still need leaves too little memory; MiB left of MiB needed.
    WaitingForMemory,
    /// Scoring a file of samples, which is no run; counts lines.
    Scoring,
}

/// Severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Info,
    Warn,
    Error,
}

/// Names of the measured series. Units are part of the name.
pub mod series {
    pub const TRAIN_LOSS: &str = "train_loss";
    pub const VALIDATION_LOSS: &str = "validation_loss";
    pub const LEARNING_RATE: &str = "learning_rate";
    pub const GRADIENT_NORM: &str = "gradient_norm";
    pub const TOKENS_PER_SECOND: &str = "tokens_per_second";
    pub const MEMORY_MIB: &str = "memory_mib";
    pub const EPOCH: &str = "epoch";
    /// β · log π/π₀ of chosen answers, mean over the pairs of a step.
    pub const CHOSEN_REWARD: &str = "chosen_reward";
    /// The same of rejected answers.
    pub const REJECTED_REWARD: &str = "rejected_reward";
    /// Chosen less rejected reward.
    pub const REWARD_MARGIN: &str = "reward_margin";
    /// Share of the pairs of a step whose margin is above 0.
    pub const REWARD_ACCURACY: &str = "reward_accuracy";
    /// The same of the validation pairs.
    pub const VALIDATION_REWARD_ACCURACY: &str = "validation_reward_accuracy";
    /// What the loss is multiplied by, of runs in f16.
    pub const LOSS_SCALE: &str = "loss_scale";
    /// Training tokens so far.
    pub const TOKENS: &str = "tokens";
    pub const ALL: [&str; 14] = [
        TRAIN_LOSS,
        VALIDATION_LOSS,
        LEARNING_RATE,
        GRADIENT_NORM,
        TOKENS_PER_SECOND,
        MEMORY_MIB,
        EPOCH,
        CHOSEN_REWARD,
        REJECTED_REWARD,
        REWARD_MARGIN,
        REWARD_ACCURACY,
        VALIDATION_REWARD_ACCURACY,
        LOSS_SCALE,
        TOKENS,
    ];
}
