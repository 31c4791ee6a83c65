//! Background jobs: imports, model registration, the sample project. Training has its own
//! queue (see [`crate::run`]).

mod failure;

pub use failure::{FetchProblem, Gone, JobFailure};

use crate::id::{JobId, ProjectId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

impl JobStatus {
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl std::str::FromStr for JobStatus {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}

/// How far a job is. `done` and `total` share a unit, which `stage` implies (bytes, rows).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Progress {
    /// A short word such as `downloading` or `importing`.
    pub stage: String,
    pub done: u64,
    /// 0 when unknown.
    pub total: u64,
}

impl Progress {
    /// Whether `done` and `total` are bytes; otherwise they count rows or files.
    #[must_use]
    pub fn counts_bytes(&self) -> bool {
        matches!(self.stage.as_str(), "downloading" | "checking" | "importing" | "copying" | "unpacking")
    }
}

/// A job as the members of its project see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Job {
    pub id: JobId,
    pub project_id: ProjectId,
    /// For example `import_dataset`.
    pub kind: String,
    pub status: JobStatus,
    pub progress: Progress,
    /// What the job made; for example `{"version_id": "…"}`. Only after success.
    pub result: Option<serde_json::Value>,
    /// Why it failed, in English. Only after a failure.
    pub error: Option<String>,
    /// The same as data.
    pub failure: Option<JobFailure>,
    /// Somebody asked to cancel; the job ends at its next check.
    pub cancelling: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
}
