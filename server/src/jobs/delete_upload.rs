//! Deletes an uploaded file, and its bytes where nothing else has the same ones. Done twice, it does nothing more.

use crate::jobs::{JobContext, JobError};
use domain::id::UploadId;
use serde::{Deserialize, Serialize};

/// Kind of this job in the queue.
pub const KIND: &str = "delete_upload";

/// Which file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteUpload {
    pub upload_id: UploadId,
    pub sha256: String,
}

/// What became of its bytes.
#[derive(Debug, Serialize)]
pub struct Deleted {
    /// False where another upload, a model or a report has the same ones.
    pub bytes: bool,
}

/// The handler.
pub async fn delete_upload(context: JobContext, request: DeleteUpload) -> Result<Deleted, JobError> {
    store::uploads::delete(&context.db, context.project, request.upload_id).await?;
    let is_free = store::artifacts::size_bytes(&context.db, &request.sha256).await?.is_none();
    if is_free {
        context.artifacts.remove(&request.sha256).await?;
    }
    Ok(Deleted { bytes: is_free })
}
