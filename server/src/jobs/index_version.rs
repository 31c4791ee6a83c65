//! The job that makes a version's index, so that it can be explored (see [`store::explore`]). Where samples were erased, it
//! first counts what their erasure had no time for.

use crate::jobs::{JobContext, JobError};
use domain::job::{Gone, JobFailure};
use futures::TryStreamExt;
use store::explore::build::{Builder, IndexVersion};

/// Samples between two progress reports.
const REPORT_EVERY: u32 = 1000;

/// The handler. Answers with the number of samples indexed, 0 when the index was there.
pub async fn index_version(context: JobContext, request: IndexVersion) -> Result<u32, JobError> {
    let version = store::versions::get(&context.db, context.project, request.version_id).await?;
    let version = version.ok_or(JobFailure::Gone { what: Gone::Version })?;
    store::versions::recount(&context.db, version.id).await?;
    let Some(mut builder) = Builder::begin(&context.db, version.id).await? else { return Ok(0) };
    let mut rows = store::samples::stream_all(&context.db, version.id);
    let mut done = 0;
    while let Some(row) = rows.try_next().await? {
        builder.add(&row).await?;
        done += 1;
        if done % REPORT_EVERY == 0 {
            context.progress("indexing", u64::from(done), version.stats.samples).await?;
        }
    }
    context.check()?;
    builder.finish().await?;
    Ok(done)
}
