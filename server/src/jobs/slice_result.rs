//! Cuts a result of a suite into parts, metric by metric. Each report is kept by itself.

use crate::jobs::{JobContext, JobError};
use domain::{
    job::{Gone, JobFailure},
    suite::SuiteResult,
};
use serde::Serialize;
use store::suites::{ask::SliceResult, results, slices};

/// What was made.
#[derive(Debug, Serialize)]
pub struct ResultCut {
    /// Metrics in which the result was cut.
    metrics: usize,
}

/// The handler.
pub async fn slice_result(context: JobContext, request: SliceResult) -> Result<ResultCut, JobError> {
    let result = results::get(&context.db, context.project, request.suite_id, request.result_id).await?;
    let result = result.ok_or(JobFailure::Gone { what: Gone::Suite })?;
    Ok(ResultCut { metrics: cut(&context, &result, usize::MAX).await? })
}

/// Makes the reports that are missing, so many at most, in the order in which they are shown; how many.
pub(super) async fn cut(context: &JobContext, result: &SuiteResult, most: usize) -> Result<usize, JobError> {
    let mut metrics = slices::missing(&context.db, context.project, result).await?;
    metrics.truncate(most);
    if metrics.is_empty() {
        return Ok(0);
    }
    context.progress("slicing", 0, metrics.len() as u64).await?;
    let parts = slices::read(&context.db, context.project, result).await?;
    for (done, metric) in metrics.iter().enumerate() {
        context.progress("slicing", done as u64, metrics.len() as u64).await?;
        parts.cut(&context.db, result, metric).await?;
    }
    Ok(metrics.len())
}
