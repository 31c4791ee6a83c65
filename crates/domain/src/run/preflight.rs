//! What was found out about a run before it waits for a device: the trainer measures it, pages and the REST API show
//! it. Every result is data; sentences are made where they are read.

use super::{Failure, FailureKind, RunProblem, SplitAudit};
use serde::{Deserialize, Serialize};

/// The report of a preflight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preflight {
    /// One of each step, in order.
    pub checks: Vec<PreflightCheck>,
    /// What training and validation samples are in tokens.
    pub audit: Vec<SplitAudit>,
    pub longest: Option<LongestBatch>,
    pub overfit: Option<Overfit>,
    pub checkpoint: Option<CheckpointRoundTrip>,
    /// Absent in reports older than this measurement.
    #[serde(default)]
    pub pace: Option<Pace>,
    pub room: Option<Room>,
    /// Of the whole preflight.
    pub elapsed_ms: u64,
}

impl Preflight {
    /// Why the run must not be queued; `None` when it may.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.checks.iter().find_map(|check| match &check.verdict {
            Verdict::Problem { kind, problem } => Some(Failure::of_preflight(check.step, *kind, problem.clone())),
            _ => None,
        })
    }

    /// Whether there is something that a person should look at, though the run may begin.
    #[must_use]
    pub fn warns(&self) -> bool {
        self.checks.iter().any(|check| check.verdict == Verdict::Warning)
    }
}

/// What a run's page shows of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PreflightSummary {
    pub has_failed: bool,
    /// Whether there is something that a person should look at.
    pub warns: bool,
    /// Of the training samples: tokens, and those of them that carry loss. `None` when they were not looked at.
    pub tokens: Option<[u64; 2]>,
    /// All optimizer steps.
    pub train_seconds: Option<f64>,
    /// Of the whole process, the longest batch among them.
    pub peak_memory_bytes: Option<u64>,
}

impl PreflightSummary {
    /// Share of the training tokens that carry loss, in [0, 1].
    #[must_use]
    pub fn learnt_share(&self) -> Option<f64> {
        self.tokens.map(|[all, learnt]| learnt as f64 / all.max(1) as f64)
    }
}

impl Failure {
    /// That a preflight found `problem`, which is of this kind.
    #[must_use]
    pub fn of_preflight(step: PreflightStep, kind: FailureKind, problem: RunProblem) -> Self {
        Self::new(FailureKind::Preflight, RunProblem::Preflight { step, kind, problem: Box::new(problem) })
    }

    /// The kind that decides the advice: of a preflight's failure, that of what it found.
    #[must_use]
    pub fn advice_kind(&self) -> FailureKind {
        match &self.problem {
            RunProblem::Preflight { kind, .. } => *kind,
            _ => self.kind,
        }
    }
}

/// What is tried before a run is queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PreflightStep {
    /// Recipe, model and data are read and fitted together, as a run does it.
    SetUp,
    /// Every sample is tokenized and its loss mask looked at.
    Audit,
    /// Forward and backward pass of the longest samples.
    LongestBatch,
    /// A few optimizer steps on one micro-batch.
    Overfit,
    /// A checkpoint is written and read back.
    Checkpoint,
    /// A few validation and test samples are answered.
    Evaluation,
    /// Disk and memory against what the run will need.
    Room,
}

impl PreflightStep {
    pub const ALL: [Self; 7] =
        [Self::SetUp, Self::Audit, Self::LongestBatch, Self::Overfit, Self::Checkpoint, Self::Evaluation, Self::Room];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::Audit => "audit",
            Self::LongestBatch => "longest_batch",
            Self::Overfit => "overfit",
            Self::Checkpoint => "checkpoint",
            Self::Evaluation => "evaluation",
            Self::Room => "room",
        }
    }
}

/// How a step of the preflight went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreflightCheck {
    pub step: PreflightStep,
    pub verdict: Verdict,
    pub elapsed_ms: u64,
}

/// What came of a step. The figures stand in the report's section of that step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    /// Worth a look; the run may begin.
    Warning,
    /// The run would fail, or learn nothing.
    Problem {
        kind: FailureKind,
        problem: RunProblem,
    },
    /// An earlier problem left nothing to try.
    Skipped,
}

/// The micro-batch of the longest samples, forward and backward.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LongestBatch {
    pub samples: u32,
    pub tokens: u32,
    pub seconds: f64,
    /// Mean per token that carries loss, in nats.
    pub loss: f64,
    pub gradient_norm: f64,
    pub tokens_per_second: f64,
    /// What all steps of the run take at this speed; validations come on top. [`Pace`] knows better: it is of ordinary
    /// batches.
    pub train_seconds: f64,
    /// Of the whole process, after the pass; `None` where the system does not say.
    pub peak_memory_bytes: Option<u64>,
}

/// Some steps on one micro-batch at a constant rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overfit {
    pub samples: u32,
    pub steps: u32,
    pub learning_rate: f64,
    /// Before the first step, without dropout.
    pub first_loss: f64,
    /// After the last step, without dropout.
    pub last_loss: f64,
    pub seconds: f64,
    /// Tokens of the batch. This and what follows is 0 in reports older than these measurements.
    #[serde(default)]
    pub tokens: u32,
    /// Forward and backward pass of the batch, the median.
    #[serde(default)]
    pub pass_seconds: f64,
    /// The optimizer's part of a step, the median.
    #[serde(default)]
    pub update_seconds: f64,
    /// A forward pass alone.
    #[serde(default)]
    pub forward_seconds: f64,
}

impl Overfit {
    #[must_use]
    pub fn fell(&self) -> bool {
        self.last_loss < self.first_loss
    }

    /// Whether the loss is clearly higher than before: by more than what a batch that is learnt already, or a rate
    /// that wants its warm-up, may show.
    #[must_use]
    pub fn rose(&self) -> bool {
        self.last_loss > 1.1 * self.first_loss + 0.01
    }
}

/// A checkpoint that was written and read back to the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckpointRoundTrip {
    pub bytes: u64,
    pub write_seconds: f64,
    pub read_seconds: f64,
}

/// What the run will take, at the speeds that were measured on this machine with its own model and samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pace {
    /// Reading model and data, tokenizing, and of pairs the reference's scores.
    pub set_up_seconds: f64,
    /// All optimizer steps.
    pub train_seconds: f64,
    /// All validations, with what the model writes for their previews.
    pub validation_seconds: f64,
    /// All checkpoints.
    pub checkpoint_seconds: f64,
    /// Base and tuned model on the test samples.
    pub test_seconds: f64,
}

impl Pace {
    /// From the beginning to the end.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.set_up_seconds + self.train_seconds + self.validation_seconds + self.checkpoint_seconds + self.test_seconds
    }
}

/// What the run needs and what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Room {
    /// For the checkpoints that stay, the one being written, and the result.
    pub disk: Supply,
    /// The peak of the trainer process.
    pub memory: Supply,
}

/// Bytes needed and there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Supply {
    pub needed_bytes: u64,
    /// `None` where the system does not say.
    pub free_bytes: Option<u64>,
    /// What other runs on this machine still need of what is free.
    pub reserved_bytes: u64,
}

impl Supply {
    /// Whether there is enough; unknown is enough.
    #[must_use]
    pub fn suffices(&self) -> bool {
        self.free_bytes.is_none_or(|free| self.needed_bytes <= free.saturating_sub(self.reserved_bytes))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn check(step: PreflightStep, verdict: Verdict) -> PreflightCheck {
        PreflightCheck { step, verdict, elapsed_ms: 1 }
    }

    #[test]
    fn the_first_problem_is_the_failure_and_decides_the_advice() {
        let problem = RunProblem::LossNotFinite { step: 0 };
        let found = Verdict::Problem { kind: FailureKind::NotANumber, problem };
        let mut report = Preflight { checks: vec![check(PreflightStep::SetUp, Verdict::Ok)], ..Preflight::default() };
        assert_eq!(report.failure(), None);
        report.checks.extend([check(PreflightStep::Audit, Verdict::Warning), check(PreflightStep::Overfit, found)]);
        let failure = report.failure().unwrap();
        assert!(report.warns());
        assert_eq!((failure.kind, failure.advice_kind()), (FailureKind::Preflight, FailureKind::NotANumber));
        let read: Failure = serde_json::from_str(&serde_json::to_string(&failure).unwrap()).unwrap();
        assert_eq!(read, failure);
    }

    #[test]
    fn what_others_need_is_not_free() {
        let supply = |free, reserved| Supply { needed_bytes: 10, free_bytes: free, reserved_bytes: reserved };
        assert!(supply(Some(15), 5).suffices() && supply(None, 99).suffices());
        assert!(!supply(Some(15), 6).suffices() && !supply(Some(15), 99).suffices());
    }
}
