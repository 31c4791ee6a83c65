//! Deletes an uploaded file, and its bytes where nothing else has the same ones. Done twice, it does nothing more. While the
//! bytes go, nobody can store the same ones: they would go under the new name as well. That is a transaction which stays open
//! while a folder or bucket works, so it is for a short time only.

use crate::{
    artifacts::ArtifactError,
    jobs::{JobContext, JobError},
};
use domain::id::UploadId;
use serde::{Deserialize, Serialize};
use std::{future::Future, time::Duration};
use store::artifacts::Released;

/// Kind of this job in the queue.
pub const KIND: &str = "delete_upload";
/// Wait for whoever stored the same bytes lately and may be about to name them.
const PAUSE: Duration = Duration::from_secs(60);
/// How long bytes may take to go.
const PATIENCE: Duration = Duration::from_secs(30);

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
            in_time(PATIENCE, context.artifacts.remove(&request.sha256)).await?;
            unnamed.gone().await?;
            Ok(Deleted { bytes: true })
        }
    }
}

/// Waits for a removal; one that takes too long is tried again, however often, and until then everything is as it was.
async fn in_time(patience: Duration, removal: impl Future<Output = Result<(), ArtifactError>>) -> Result<(), JobError> {
    match tokio::time::timeout(patience, removal).await {
        Ok(removed) => Ok(removed?),
        Err(_) => Err(JobError::Later { pause: PAUSE, counts: false }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    #[tokio::test]
    async fn what_does_not_end_is_put_off() {
        let never = in_time(Duration::ZERO, pending()).await;
        assert!(matches!(never, Err(JobError::Later { counts: false, .. })), "{never:?}");
        assert!(in_time(Duration::ZERO, ready(Ok(()))).await.is_ok());
        let missing = in_time(PATIENCE, ready(Err(ArtifactError::Missing(String::new())))).await;
        assert!(matches!(missing, Err(JobError::Artifact(ArtifactError::Missing(_)))), "{missing:?}");
    }
}
