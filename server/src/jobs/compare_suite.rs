//! Compares the results of a suite with those of its baseline, and base models' with the best one's. Each comparison is kept by itself.

use crate::jobs::{JobContext, JobError};
use domain::{
    job::{Gone, JobFailure},
    suite::SuiteDetail,
};
use serde::Serialize;
use store::suites::{self, ask::CompareSuite, comparisons, table};

/// What was made.
#[derive(Debug, Serialize)]
pub struct SuiteCompared {
    /// Pairs of results.
    compared: usize,
}

/// The handler.
pub async fn compare_suite(context: JobContext, request: CompareSuite) -> Result<SuiteCompared, JobError> {
    let suite = suites::get(&context.db, context.project, request.suite_id, Some(request.version)).await?;
    let suite = suite.ok_or(JobFailure::Gone { what: Gone::Suite })?;
    Ok(SuiteCompared { compared: compare(&context, &suite).await? })
}

/// Makes the comparisons that are missing; how many.
pub(super) async fn compare(context: &JobContext, suite: &SuiteDetail) -> Result<usize, JobError> {
    let pairs = table::uncompared(&context.db, context.project, suite).await?;
    for (done, pair) in pairs.iter().enumerate() {
        context.progress("comparing_candidates", done as u64, pairs.len() as u64).await?;
        comparisons::make(&context.db, *pair).await?;
    }
    Ok(pairs.len())
}
