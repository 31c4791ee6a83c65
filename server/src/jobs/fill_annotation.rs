//! The job that makes the items of an annotation task (see [`store::annotation::fill`]).

use crate::jobs::{JobContext, JobError};
use store::annotation::fill::{self, FillAnnotation};

/// The handler. Answers with the number of items made, 0 where they were there.
pub async fn fill_annotation(context: JobContext, request: FillAnnotation) -> Result<u64, JobError> {
    context.check()?;
    Ok(fill::fill(&context.db, request.task_id).await?)
}
