//! Computes what groups of runs that differ only in their seed reached in a suite, group by group. The figures of each are kept by
//! themselves.

use crate::jobs::{JobContext, JobError};
use domain::job::{Gone, JobFailure};
use serde::Serialize;
use store::suites::{self, ask::SeedGroups, seeds};

/// What was made.
#[derive(Debug, Serialize)]
pub struct SeedsComputed {
    /// Figures of a group in an evaluation.
    computed: usize,
}

/// The handler.
pub async fn seed_figures(context: JobContext, request: SeedGroups) -> Result<SeedsComputed, JobError> {
    let suite = suites::get(&context.db, context.project, request.suite_id, Some(request.version)).await?;
    let suite = suite.ok_or(JobFailure::Gone { what: Gone::Suite })?;
    let missing = seeds::missing(&context.db, context.project, &suite, &request.runs, request.against).await?;
    for (done, wanted) in missing.iter().enumerate() {
        context.progress("comparing_candidates", done as u64, missing.len() as u64).await?;
        seeds::make(&context.db, wanted).await?;
    }
    Ok(SeedsComputed { computed: missing.len() })
}
