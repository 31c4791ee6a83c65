//! What programs outside Lathe track here through MLflow's REST API: words, limits, and the
//! rules that need no database. The names are MLflow's.

pub mod cursor;
pub mod filter;
pub mod limits;
pub mod order;
pub mod view;

use serde::{Deserialize, Serialize};

/// Number of the experiment that runs go to when a client names none.
pub const DEFAULT_EXPERIMENT: i32 = 0;
/// Its name.
pub const DEFAULT_EXPERIMENT_NAME: &str = "Default";
/// The tag that repeats a run's name.
pub const NAME_TAG: &str = "mlflow.runName";
/// The tag that says what a run read its data for.
pub const CONTEXT_TAG: &str = "mlflow.data.context";

/// Where a tracked run stands, as the client says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TrackedStatus {
    Running,
    Scheduled,
    Finished,
    Failed,
    Killed,
}

impl TrackedStatus {
    pub const ALL: [Self; 5] = [Self::Running, Self::Scheduled, Self::Finished, Self::Failed, Self::Killed];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Scheduled => "SCHEDULED",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
        }
    }
}

impl std::str::FromStr for TrackedStatus {
    type Err = UnknownTrackedStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| UnknownTrackedStatus(s.to_owned()))
    }
}

/// A word that names no status.
#[derive(Debug, thiserror::Error)]
#[error("unknown status {0:?}")]
pub struct UnknownTrackedStatus(pub String);

/// Whether a logged model's files are all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModelStatus {
    #[serde(rename = "LOGGED_MODEL_PENDING")]
    Pending,
    #[serde(rename = "LOGGED_MODEL_READY")]
    Ready,
    #[serde(rename = "LOGGED_MODEL_UPLOAD_FAILED")]
    UploadFailed,
}

impl ModelStatus {
    pub const ALL: [Self; 3] = [Self::Pending, Self::Ready, Self::UploadFailed];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "LOGGED_MODEL_PENDING",
            Self::Ready => "LOGGED_MODEL_READY",
            Self::UploadFailed => "LOGGED_MODEL_UPLOAD_FAILED",
        }
    }
}

impl std::str::FromStr for ModelStatus {
    type Err = UnknownTrackedStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| UnknownTrackedStatus(s.to_owned()))
    }
}

/// Which experiments or runs a search is among.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Among {
    #[default]
    ActiveOnly,
    DeletedOnly,
    All,
}

/// One value of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    pub key: String,
    pub value: f64,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    pub step: i64,
}

/// One value in the history of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryPoint {
    pub step: i64,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    pub value: f64,
}

/// A key with its text: a parameter or a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    pub key: String,
    pub value: String,
}

/// Data that a run has read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    pub name: String,
    pub digest: String,
    pub source_type: String,
    pub source: String,
    pub schema: Option<String>,
    pub profile: Option<String>,
    pub tags: Vec<Pair>,
}
