//! Why a run cannot go on, in words for its user, and of which kind: the kind decides whether a
//! restart can help and which advice is shown.

use crate::adapt::AdapterError;
use crate::convert::ConvertError;
use crate::data::masking::EncodeError;
use crate::eval::EvalError;
use crate::infer::InferError;
use crate::model::error::ModelError;
use crate::parallel::Failure;
use domain::recipe::RecipeTextError;
use domain::run::{FailureKind, RunProblem};
use std::io::ErrorKind;
use std::path::PathBuf;

/// What a run measures that must stay a finite number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    Loss,
    Gradient,
    ValidationLoss,
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Loss => "loss",
            Self::Gradient => "gradient norm",
            Self::ValidationLoss => "validation loss",
        })
    }
}

/// Everything that ends a run before its time.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error(transparent)]
    Recipe(#[from] RecipeTextError),
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{} line {line} is not a sample: {problem}", path.display())]
    Sample { path: PathBuf, line: usize, problem: String },
    #[error("failed to tokenize: {0}")]
    Encode(#[from] EncodeError),
    #[error("the {what} became {value} at step {step}")]
    NotANumber { what: Quantity, value: f64, step: u32 },
    #[error("only {available_mib} MiB of memory are left at step {step}")]
    MemoryLow { available_mib: u64, step: u32 },
    #[error("checkpoints need {needed_mib} MiB and checkpoints.budget_mib is {budget_mib}")]
    Budget { needed_mib: u64, budget_mib: u64 },
    #[error(
        "{steps} steps on one batch at the learning rate {learning_rate} did not lower its loss: {first_loss:.4} before, {last_loss:.4} after"
    )]
    LossDidNotFall { steps: u32, learning_rate: f64, first_loss: f64, last_loss: f64 },
    #[error("{tensor} of a checkpoint was read back other than it was written")]
    CheckpointDiffers { tensor: String },
    #[error("the checkpoint in {} is damaged: {problem}", path.display())]
    Checkpoint { path: PathBuf, problem: String },
    /// Without a word of its own the end of the process is all that is known.
    #[error("the process that computes on {device} {}", ending(failure.as_deref(), *signal, *code))]
    Follower { device: String, signal: Option<i32>, code: Option<i32>, failure: Option<Box<Failure>> },
    #[error("failed to compute: {0}")]
    Compute(#[from] candle_core::Error),
    #[error("failed to evaluate: {0}")]
    Evaluate(#[from] EvalError),
}

impl TrainError {
    /// The kind of failure, as the run's page names it.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Recipe(_) | Self::Invalid(_) | Self::Sample { .. } | Self::Encode(_) | Self::Budget { .. } => {
                FailureKind::InvalidInput
            }
            Self::Read { source, .. } => io_kind(source, FailureKind::InvalidInput),
            Self::Write { source, .. } => io_kind(source, FailureKind::Crashed),
            Self::Model(e) => model_kind(e),
            Self::Adapter(e) => match e {
                AdapterError::Read { source, .. } | AdapterError::Write { source, .. } => {
                    io_kind(source, FailureKind::Crashed)
                }
                AdapterError::Device(source) => compute_kind(source, FailureKind::Crashed),
                AdapterError::Model(e) => model_kind(e),
                AdapterError::Convert(e) => match e.as_ref() {
                    ConvertError::Model(e) => model_kind(e),
                    ConvertError::Tensor(source) => compute_kind(source, FailureKind::Crashed),
                    ConvertError::Exists(_) | ConvertError::NotGguf(_) | ConvertError::Tokenizer(_) => {
                        FailureKind::Crashed
                    }
                },
                AdapterError::Malformed { .. }
                | AdapterError::Misfit { .. }
                | AdapterError::OtherSettings { .. }
                | AdapterError::InitText(_) => FailureKind::InvalidInput,
            },
            Self::NotANumber { .. } => FailureKind::NotANumber,
            Self::LossDidNotFall { .. } => FailureKind::Preflight,
            Self::MemoryLow { .. } => FailureKind::OutOfMemory,
            Self::Compute(source) => compute_kind(source, FailureKind::Crashed),
            Self::Evaluate(EvalError::Infer(e) | EvalError::Sample { source: e, .. }) => match e {
                InferError::Compute(source) => compute_kind(source, FailureKind::Crashed),
                InferError::Template(_) | InferError::Tokenize(_) => FailureKind::InvalidInput,
            },
            // Only the system kills a follower while its leader lives, and for want of memory as a rule.
            Self::Follower { failure: Some(failure), .. } => failure.kind,
            Self::Follower { signal: Some(9), .. } => FailureKind::OutOfMemory,
            Self::Follower { .. } | Self::Checkpoint { .. } | Self::CheckpointDiffers { .. } | Self::Evaluate(_) => {
                FailureKind::Crashed
            }
        }
    }
}

fn ending(failure: Option<&Failure>, signal: Option<i32>, code: Option<i32>) -> String {
    match (failure, signal, code) {
        (Some(failure), ..) => format!("has failed: {}", failure.message),
        (None, Some(signal), _) => format!("has ended (signal {signal})"),
        (None, None, Some(code)) => format!("has ended (exit code {code})"),
        (None, None, None) => "has ended for an unknown reason".to_owned(),
    }
}

/// What a follower ended of.
fn follower_problem(failure: Option<&Failure>, signal: Option<i32>, code: Option<i32>) -> RunProblem {
    let words = String::new();
    match (failure, signal, code) {
        (Some(failure), ..) => {
            failure.problem.clone().unwrap_or_else(|| RunProblem::Said { text: failure.message.clone() })
        }
        (None, Some(9), _) => RunProblem::KilledForMemory,
        (None, Some(signal), _) => RunProblem::Signalled { signal, words },
        (None, None, Some(status)) => RunProblem::Exited { status, words },
        (None, None, None) => RunProblem::TrainerGone { words },
    }
}

fn model_kind(error: &ModelError) -> FailureKind {
    match error {
        ModelError::Read { source, .. } => io_kind(source, FailureKind::InvalidInput),
        ModelError::Write { source, .. } => io_kind(source, FailureKind::Crashed),
        ModelError::Device { source, .. } => compute_kind(source, FailureKind::InvalidInput),
        _ => FailureKind::InvalidInput,
    }
}

impl TrainError {
    /// The same as data, for a page in the reader's language; `None` where the words are all there is.
    #[must_use]
    pub fn problem(&self) -> Option<RunProblem> {
        Some(match self {
            Self::Model(e) => RunProblem::Model { problem: e.problem() },
            Self::Sample { path, line, problem } => {
                let split = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                RunProblem::Sample { split, line: *line as u64, detail: problem.clone() }
            }
            Self::NotANumber { what, step, .. } => match what {
                Quantity::Loss => RunProblem::LossNotFinite { step: *step },
                Quantity::Gradient => RunProblem::GradientNotFinite { step: *step },
                Quantity::ValidationLoss => RunProblem::ValidationLossNotFinite { step: *step },
            },
            Self::MemoryLow { available_mib, step } => {
                RunProblem::MemoryLow { available_mib: *available_mib, step: *step }
            }
            Self::LossDidNotFall { steps, learning_rate, first_loss, last_loss } => RunProblem::LossDidNotFall {
                steps: *steps,
                learning_rate: *learning_rate,
                first_loss: *first_loss,
                last_loss: *last_loss,
            },
            Self::CheckpointDiffers { tensor } => RunProblem::CheckpointDiffers { tensor: tensor.clone() },
            Self::Checkpoint { problem, .. } => RunProblem::Checkpoint { detail: problem.clone() },
            Self::Follower { device, signal, code, failure } => RunProblem::Follower {
                device: device.clone(),
                problem: Box::new(follower_problem(failure.as_deref(), *signal, *code)),
            },
            _ => return None,
        })
    }
}

/// What usually helps against this kind of failure.
#[must_use]
pub fn advice(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::OutOfMemory => {
            "lower batch.micro_batch (and raise batch.accumulation to match) or batch.max_length"
        }
        FailureKind::NotANumber => {
            "lower optimizer.learning_rate, lengthen the warm-up, or keep optimizer.clip_norm at 1"
        }
        FailureKind::Preflight => "lower optimizer.learning_rate, and look at what the samples teach",
        FailureKind::DiskFull => "free space on the disk of the output folder, then start again with --resume",
        FailureKind::InvalidInput => "correct the recipe, model or data named above",
        FailureKind::Crashed => "start again with --resume; if it fails at the same place, report it with events.jsonl",
    }
}

fn io_kind(source: &std::io::Error, otherwise: FailureKind) -> FailureKind {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => FailureKind::DiskFull,
        ErrorKind::OutOfMemory => FailureKind::OutOfMemory,
        _ => otherwise,
    }
}

/// GPU drivers report exhausted memory only in their error text.
fn compute_kind(source: &candle_core::Error, otherwise: FailureKind) -> FailureKind {
    let text = source.to_string().to_lowercase();
    let says = ["out of memory", "out_of_memory", "alloc_failed", "cannot allocate"];
    if says.iter().any(|s| text.contains(s)) { FailureKind::OutOfMemory } else { otherwise }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_kinds() {
        let full = || std::io::Error::from(ErrorKind::StorageFull);
        let write = TrainError::Write { path: "x".into(), source: full() };
        let adapter = TrainError::Adapter(AdapterError::Write { path: "x".into(), source: full() });
        let cuda =
            TrainError::Compute(candle_core::Error::Msg("DriverError(CUDA_ERROR_OUT_OF_MEMORY, ...)".to_owned()));
        assert_eq!(
            [write.kind(), adapter.kind(), cuda.kind()],
            [FailureKind::DiskFull, FailureKind::DiskFull, FailureKind::OutOfMemory]
        );
    }

    #[test]
    fn what_a_follower_ended_of_is_the_runs() {
        let of = |failure: Option<Failure>, signal, code| {
            let error = TrainError::Follower { device: "cpu".to_owned(), signal, code, failure: failure.map(Box::new) };
            let Some(RunProblem::Follower { problem, .. }) = error.problem() else { panic!("{error}") };
            (error.kind(), *problem)
        };
        let problem = RunProblem::AllocationFailed { mib: 7 };
        let failure = |problem| Failure { kind: FailureKind::OutOfMemory, message: "m".to_owned(), problem };
        let no_room = of(Some(failure(Some(problem.clone()))), None, Some(1));
        assert_eq!(no_room, (FailureKind::OutOfMemory, problem));
        let said = RunProblem::Said { text: "m".to_owned() };
        assert_eq!(of(Some(failure(None)), Some(6), None), (FailureKind::OutOfMemory, said));
        assert_eq!(of(None, Some(9), None), (FailureKind::OutOfMemory, RunProblem::KilledForMemory));
        let crashed = RunProblem::Exited { status: 3, words: String::new() };
        assert_eq!(of(None, None, Some(3)), (FailureKind::Crashed, crashed));
    }
}
