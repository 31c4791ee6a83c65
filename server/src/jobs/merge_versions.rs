//! Mixes several versions into a new dataset. All of it is one transaction of the database.

use crate::jobs::{JobContext, JobError};
use domain::{
    dataset::Merge,
    import::ImportProblem,
    job::{Gone, JobFailure},
};
use store::versions::import::Made;

/// Kind of this job in the queue.
pub const KIND: &str = "merge_versions";

/// The handler: makes the dataset and says which.
pub async fn merge_versions(context: JobContext, merge: Merge) -> Result<Made, JobError> {
    if !merge.is_usable() {
        return Err(ImportProblem::BadMerge.into());
    }
    context.progress("merging", 0, 0).await?;
    let made = store::versions::merge::create(&context.db, context.project, &merge, context.user).await?;
    made.ok_or_else(|| JobFailure::Gone { what: Gone::Version }.into())
}
