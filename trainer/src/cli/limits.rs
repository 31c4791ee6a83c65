//! Flags that bound a command on files it cannot trust.

use anyhow::{Context, Result};
use trainer::model::error::ModelError;

/// Limits of this process. A program that starts the trainer for somebody else sets them.
#[derive(Debug, clap::Args)]
pub(crate) struct Limits {
    /// End rather than hold more than this much memory.
    #[arg(long, value_name = "MIB")]
    max_memory_mib: Option<u64>,
    /// End rather than compute for longer than this, all cores together.
    #[arg(long, value_name = "SECONDS")]
    max_seconds: Option<u64>,
    /// Also say what is wrong with a model as a line of JSON on standard error.
    #[arg(long)]
    json_errors: bool,
}

impl Limits {
    /// Sets them.
    pub(crate) fn apply(&self) -> Result<()> {
        trainer::limits::limit_this_process(self.max_memory_mib, self.max_seconds)
            .context("failed to limit this process")
    }

    /// Passes a result on, and its error also as JSON if that was asked for.
    pub(crate) fn told<T>(&self, result: Result<T, ModelError>) -> Result<T> {
        if let (true, Err(error)) = (self.json_errors, &result) {
            eprintln!("{}", serde_json::to_string(&error.problem())?);
        }
        Ok(result?)
    }
}
