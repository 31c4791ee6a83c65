//! Tracked experiments and runs as they are shown.

use super::{Input, MetricPoint, ModelStatus, Pair, TrackedStatus};
use crate::id::{LoggedModelId, TrackedRunId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A named group of tracked runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experiment {
    /// Counted from 0 within the project: the id that clients know.
    pub number: i32,
    pub name: String,
    pub tags: Vec<Pair>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub is_deleted: bool,
}

/// A run that a program outside tracks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackedRun {
    pub id: TrackedRunId,
    /// Number of its experiment.
    pub experiment: i32,
    pub name: String,
    /// Whom the client names.
    pub user_name: String,
    pub status: TrackedStatus,
    /// Milliseconds since 1970.
    pub started_ms: Option<i64>,
    pub ended_ms: Option<i64>,
    pub is_deleted: bool,
    /// The newest value of each metric, by key.
    pub metrics: Vec<MetricPoint>,
    pub params: Vec<Pair>,
    pub tags: Vec<Pair>,
    pub inputs: Vec<Input>,
}

/// A model that a tracked run has logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedModel {
    pub id: LoggedModelId,
    pub run: TrackedRunId,
    /// Number of the run's experiment.
    pub experiment: i32,
    pub name: String,
    /// What kind of model the client calls it; may be empty.
    pub model_type: String,
    pub status: ModelStatus,
    pub params: Vec<Pair>,
    pub tags: Vec<Pair>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// A file or a folder among a run's artifacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name in the folder that was listed.
    pub name: String,
    pub is_folder: bool,
    /// Of a file.
    pub size_bytes: Option<u64>,
}
