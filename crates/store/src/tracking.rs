//! What programs outside track here: experiments, runs, and what those log, as MLflow has them.
//!
//! Sending the same again changes nothing: a value of a metric is all of its row's key, a
//! parameter is written once, a tag is what was last said.

pub mod cells;
pub mod experiments;
pub mod files;
pub mod inputs;
mod load;
pub mod log;
pub mod metrics;
pub mod models;
pub mod runs;
pub mod search;
#[cfg(test)]
mod tests;

use crate::StoreError;

/// Why something cannot be tracked.
#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    #[error("no experiment with id={0} exists")]
    NoExperiment(String),
    #[error("run with id={0} not found")]
    NoRun(String),
    #[error("the run {0} must be in the 'active' state. Current state is deleted")]
    RunDeleted(String),
    #[error("the experiment {0} must be in the 'active' state. Current state is deleted")]
    ExperimentDeleted(i32),
    #[error("experiment '{0}' already exists")]
    ExperimentTaken(String),
    #[error(
        "changing param values is not allowed. Param with key='{key}' was already logged with value='{old}' for the run. Attempted logging new value '{new}'"
    )]
    ParamChanged { key: String, old: String, new: String },
    #[error("logged model with ID '{0}' not found")]
    NoModel(String),
    #[error("no tag with name: {0}")]
    NoTag(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for TrackError {
    fn from(e: sqlx::Error) -> Self {
        Self::Store(e.into())
    }
}
