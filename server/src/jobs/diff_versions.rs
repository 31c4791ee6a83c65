//! Compares two large versions. What differs is kept with the versions; pages are read from it (see [`store::diffs`]).

use crate::jobs::{JobContext, JobError};
use domain::{
    diff::DiffCounts,
    job::{Gone, JobFailure},
};
use store::diffs::DiffVersions;

/// The handler. All of it is one transaction of the database. Answers with how many samples outside of the test split
/// differ.
pub async fn diff_versions(context: JobContext, request: DiffVersions) -> Result<DiffCounts, JobError> {
    for id in [request.from_id, request.to_id] {
        let version = store::versions::get(&context.db, context.project, id).await?;
        version.ok_or(JobFailure::Gone { what: Gone::Version })?;
    }
    context.progress("comparing", 0, 0).await?;
    Ok(store::diffs::make(&context.db, request).await?)
}
