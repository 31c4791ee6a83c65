//! What is shown of runs: a line of the list, the whole run, its live state, its points and
//! logs. The store fills these; pages, REST and the event stream send them as they are.

use super::{Cost, FailureKind, Prediction, RunProblem, RunStatus};
use crate::split::Override;
use crate::{
    diff::Piece,
    estimate::Estimate,
    event::{Level, Phase},
    forget::SawForgotten,
    id::{DatasetId, ModelId, RunId, VersionId},
    model::ModelCard,
    overfit::Fit,
    recipe::Recipe,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The headline metric of a run's test evaluation, for the base and the tuned model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Headline {
    /// For example `accuracy` (see [`crate::eval::EvalMetrics::headline`]).
    pub metric: String,
    pub base: Option<f64>,
    pub tuned: Option<f64>,
}

/// Why a queued run has not begun, or a launched one is not checked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum QueueReason {
    /// So many queued runs are older.
    RunsBefore { runs: u32 },
    /// It is the next, and every worker is busy.
    WaitsForSlot,
    /// It is the next, nobody is busy, and a worker should take it within seconds.
    JustQueued,
    /// It is the next, nobody is busy, and nobody has taken it for a while.
    NoWorker,
    /// Its input could not be had; it is tried again in so many seconds.
    PutOff { seconds: u32 },
}

/// How long a run may be first in an idle queue before we say that no worker is there.
pub const NO_WORKER_AFTER_SECONDS: i64 = 20;

impl QueueReason {
    /// The reason, from the queue's facts: older queued runs, whether any run is being worked
    /// on, and how long this one has waited.
    #[must_use]
    pub fn of(runs_before: u32, any_active: bool, waited_seconds: i64) -> Self {
        match (runs_before, any_active) {
            (1.., _) => Self::RunsBefore { runs: runs_before },
            (0, true) => Self::WaitsForSlot,
            (0, false) if waited_seconds < NO_WORKER_AFTER_SECONDS => Self::JustQueued,
            (0, false) => Self::NoWorker,
        }
    }
}

/// What the trainer is doing, with a count for an ETA outside training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhaseProgress {
    pub phase: Phase,
    pub done: u32,
    /// 0 when unknown.
    pub total: u32,
}

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    pub kind: FailureKind,
    /// The problem in English.
    pub message: String,
    pub problem: RunProblem,
}

impl Failure {
    #[must_use]
    pub fn new(kind: FailureKind, problem: RunProblem) -> Self {
        Self { kind, message: problem.to_string(), problem }
    }
}

/// The part of a run that changes while it lives; what the event stream sends as `state`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunState {
    pub status: RunStatus,
    /// Optimizer steps taken.
    pub step: u32,
    /// 0 before the trainer has begun.
    pub total_steps: u32,
    pub phase: Option<PhaseProgress>,
    /// 0 before the first claim.
    pub attempt: u32,
    pub max_attempts: u32,
    pub device: String,
    /// Present while the run waits.
    pub queue: Option<QueueReason>,
    pub cancel_requested: bool,
    pub failure: Option<Failure>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
    /// Seconds since the first attempt began, until now or the end.
    pub elapsed_seconds: u64,
    /// What its losses say; absent before the first validation.
    #[serde(default)]
    pub fit: Option<Fit>,
}

impl RunState {
    /// Share of the optimizer steps taken, in [0, 1].
    #[must_use]
    pub fn progress(&self) -> f64 {
        if self.total_steps == 0 { 0.0 } else { (f64::from(self.step) / f64::from(self.total_steps)).min(1.0) }
    }
}

/// A run as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunSummary {
    pub id: RunId,
    /// Counts up within the project.
    pub number: i32,
    pub name: String,
    pub model_id: ModelId,
    pub model_name: String,
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    pub version_id: VersionId,
    pub version_number: i32,
    /// Who launched it.
    pub created_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    pub state: RunState,
    /// Latest values.
    pub train_loss: Option<f64>,
    pub validation_loss: Option<f64>,
    pub headline: Option<Headline>,
    /// Whether it learnt from samples that were erased since.
    #[serde(default)]
    pub saw_erased: bool,
}

/// Which runs of a project to list, in which order, from where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Any of these; all when empty.
    pub statuses: Vec<RunStatus>,
    /// Part of a run's, model's or dataset's name, or the run's number.
    pub search: String,
    pub sort: RunSort,
    /// [`crate::page::Page::next_cursor`] of the page before.
    pub cursor: Option<RunCursor>,
    pub limit: u32,
}

/// Order of a run list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RunSort {
    #[default]
    Newest,
    /// The tuned model's headline metric, best first; runs without evaluation last.
    Score,
    /// Time between start and end, longest first.
    Duration,
}

impl RunSort {
    pub const ALL: [Self; 3] = [Self::Newest, Self::Score, Self::Duration];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Score => "score",
            Self::Duration => "duration",
        }
    }
}

impl std::str::FromStr for RunSort {
    type Err = super::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| super::UnknownStatus(s.to_owned()))
    }
}

/// Where a page of runs begins: behind the run with this sort value (its exact bits) and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunCursor {
    value_bits: u64,
    pub number: i32,
}

impl RunCursor {
    #[must_use]
    pub fn new(value: f64, number: i32) -> Self {
        Self { value_bits: value.to_bits(), number }
    }

    /// The sort value.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from_bits(self.value_bits)
    }
}

impl std::fmt::Display for RunCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}.{}", self.value_bits, self.number)
    }
}

impl std::str::FromStr for RunCursor {
    type Err = InvalidCursor;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (bits, number) = s.split_once('.').ok_or(InvalidCursor)?;
        let value_bits = u64::from_str_radix(bits, 16).map_err(|_| InvalidCursor)?;
        Ok(Self { value_bits, number: number.parse().map_err(|_| InvalidCursor)? })
    }
}

/// Text that is no cursor of a run list.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("this is not a cursor of a run list")]
pub struct InvalidCursor;

/// A file of the trained adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdapterFile {
    /// Relative to the adapter's folder.
    pub path: String,
    pub sha256: String,
    pub size_bytes: u64,
}

/// Everything about one run except its points, logs and previews.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunDetail {
    #[serde(flatten)]
    pub summary: RunSummary,
    pub recipe: Recipe,
    /// As predicted at launch.
    pub estimate: Option<Estimate>,
    /// Time, memory and disk as predicted now: from what the preflight measured, once it has.
    pub predicted: Option<Prediction>,
    /// Time, memory and disk of a run that has succeeded.
    pub actual: Option<Cost>,
    pub model: ModelCard,
    /// The run this one was cloned from, with its number.
    pub cloned_from: Option<(RunId, i32)>,
    /// The run that this one repeats, with its number.
    pub repeats: Option<(RunId, i32)>,
    /// The run whose adapter this one went on training, with its number.
    pub continues: Option<(RunId, i32)>,
    /// Runs that repeat this one, with their numbers.
    pub repetitions: Vec<(RunId, i32)>,
    /// The trainer's final facts.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub result: Option<serde_json::Value>,
    /// Empty until the run has succeeded.
    pub adapter: Vec<AdapterFile>,
    /// Whether an evaluation is stored.
    pub has_evaluation: bool,
    /// An owner's signature under a launch in spite of leaks.
    pub leak_override: Option<Override>,
    /// Rows of its data that were forgotten after it had seen them.
    #[serde(default)]
    pub forgotten: Vec<SawForgotten>,
}

/// One measured value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Point {
    /// Grows within a run: whoever has seen `seq` asks for what is larger.
    pub seq: i64,
    /// A [`crate::event::series`] name.
    pub key: String,
    pub attempt: u32,
    pub step: u32,
    pub value: f64,
    /// Since the attempt began.
    pub elapsed_ms: u64,
}

/// A line of a run's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLine {
    pub id: i64,
    pub attempt: u32,
    pub level: Level,
    pub message: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// What the model wrote for one validation sample at one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    pub step: u32,
    pub index: u32,
    pub prompt: String,
    pub expected: String,
    pub output: String,
}

/// What was answered to one validation prompt, at several steps or by several runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = PreviewAnswers))]
pub struct Answers {
    pub prompt: String,
    pub expected: String,
    /// `None` where the prompt was not asked.
    pub answers: Vec<Option<Answered>>,
}

/// One answer, word by word against the one that it is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = PreviewAnswer))]
pub struct Answered {
    pub step: u32,
    /// All of it is the same where there is nothing to compare with.
    pub pieces: Vec<Piece>,
    /// Equal to what was expected, but for space around it.
    pub is_right: bool,
    /// Equal to the one that it is compared with.
    pub is_same: bool,
}

/// A model and a dataset version that a run can be launched with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaunchChoices {
    pub models: Vec<ModelChoice>,
    pub versions: Vec<VersionChoice>,
    /// Floating-point operations per second that recent runs reached; `None` before the first.
    pub measured_flops: Option<f64>,
}

impl LaunchChoices {
    #[must_use]
    pub fn model(&self, id: ModelId) -> Option<&ModelChoice> {
        self.models.iter().find(|m| m.id == id)
    }

    #[must_use]
    pub fn version(&self, id: VersionId) -> Option<&VersionChoice> {
        self.versions.iter().find(|v| v.id == id)
    }
}

/// A base model to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelChoice {
    pub id: ModelId,
    pub name: String,
    pub card: ModelCard,
}

/// A dataset version to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionChoice {
    pub id: VersionId,
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    pub number: i32,
    pub stats: crate::dataset::VersionStats,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_says_why() {
        assert_eq!(QueueReason::of(2, true, 0), QueueReason::RunsBefore { runs: 2 });
        assert_eq!(QueueReason::of(0, true, 99), QueueReason::WaitsForSlot);
        assert_eq!(QueueReason::of(0, false, 1), QueueReason::JustQueued);
        assert_eq!(QueueReason::of(0, false, NO_WORKER_AFTER_SECONDS), QueueReason::NoWorker);
    }
}
