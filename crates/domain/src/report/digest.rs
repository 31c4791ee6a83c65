//! What a week brought to a project.

use super::week::Week;
use crate::{
    badcase::Cause,
    id::{BadCaseId, DatasetId, ReportId, RunId, TaskId},
    run::RunStatus,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Entries that each list of a digest holds at most; counts are of all.
pub const LISTED: usize = 20;

/// A week of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Digest {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub week: Week,
    /// When it was made. A week that was not over then is told so far.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// Runs that ended in the week.
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// The latest of them.
    pub runs: Vec<DigestRun>,
    /// The best result of each dataset that was tested in the week.
    pub best: Vec<DigestBest>,
    /// Bad cases that were found in the week.
    pub bad_cases: Vec<DigestCause>,
    /// Samples of the regression set that an evaluation of the week failed and an earlier one had passed.
    pub regressions: u64,
    pub regressed: Vec<DigestRegression>,
    pub annotation: DigestAnnotation,
    /// Reports that wait for a decision, the longest first.
    pub waiting: Vec<DigestReport>,
}

/// A run that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DigestRun {
    pub run_id: RunId,
    pub number: i32,
    pub name: String,
    pub status: RunStatus,
}

/// The best result on a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DigestBest {
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    pub run_id: RunId,
    pub run_number: i32,
    pub metric: String,
    pub value: f64,
    /// The best by the same metric before the week.
    pub before: Option<f64>,
}

/// Bad cases of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DigestCause {
    /// `None` where nobody has said.
    pub cause: Option<Cause>,
    pub cases: u64,
}

/// A bad case that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DigestRegression {
    pub bad_case_id: BadCaseId,
    pub run_id: RunId,
    pub run_number: i32,
}

/// What people judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DigestAnnotation {
    pub judgements: u64,
    pub people: u64,
    /// Of the week before.
    pub judgements_before: u64,
    /// How well people agree on the tasks in which most was judged.
    pub agreement: Vec<DigestAgreement>,
}

/// How well people agree on a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DigestAgreement {
    pub task_id: TaskId,
    pub task: String,
    pub question: String,
    /// The word of what was measured, such as `alpha_nominal`.
    pub measure: String,
    pub value: f64,
}

/// A report that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DigestReport {
    pub report_id: ReportId,
    pub number: u32,
    pub title: String,
    #[serde(with = "time::serde::rfc3339")]
    pub submitted_at: OffsetDateTime,
}

impl Digest {
    /// Whether the week was over when it was made.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.made_at >= self.week.ends()
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.succeeded + self.failed + self.cancelled + self.annotation.judgements + self.regressions == 0
            && self.best.is_empty()
            && self.bad_cases.is_empty()
            && self.waiting.is_empty()
    }
}
