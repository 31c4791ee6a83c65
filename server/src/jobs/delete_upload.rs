//! Deletes an uploaded file, and its bytes where nothing else has the same ones. Done twice, it does nothing more. While the
//! bytes go, nobody can store the same ones: they would go under the new name as well.

use crate::jobs::{JobContext, JobError};
use domain::id::UploadId;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::artifacts::Released;

/// Kind of this job in the queue.
pub const KIND: &str = "delete_upload";
/// Wait for whoever stored the same bytes lately and may be about to name them.
const PAUSE: Duration = Duration::from_secs(60);

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
    match store::uploads::delete(&context.db, context.project, request.upload_id, &request.sha256).await? {
        Released::Needed => Ok(Deleted { bytes: false }),
        Released::Perhaps => Err(JobError::Later { pause: PAUSE, counts: false }),
        Released::Free(unnamed) => {
            context.artifacts.remove(&request.sha256).await?;
            unnamed.gone().await?;
            Ok(Deleted { bytes: true })
        }
    }
}
