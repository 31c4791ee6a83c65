//! Flags that bound a command on files it cannot trust.

use anyhow::{Context, Result};

/// Limits of this process. A program that starts the trainer for somebody else sets them.
#[derive(Debug, clap::Args)]
pub(crate) struct Limits {
    /// End rather than hold more than this much memory.
    #[arg(long, value_name = "MIB")]
    max_memory_mib: Option<u64>,
    /// End rather than compute for longer than this, all cores together.
    #[arg(long, value_name = "SECONDS")]
    max_seconds: Option<u64>,
}

impl Limits {
    /// Sets them.
    pub(crate) fn apply(&self) -> Result<()> {
        trainer::limits::limit_this_process(self.max_memory_mib, self.max_seconds)
            .context("failed to limit this process")
    }
}
