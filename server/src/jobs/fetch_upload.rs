//! Fetches a file from an address, as if it had been sent. What has come is kept for the next attempt.

use crate::{
    fetch::{Meter, address::Fetch, allowed, shown},
    jobs::{JobContext, JobError, register_model::reporting},
    partial::hash_of,
};
use domain::{id::UploadId, import::FetchUpload, job::FetchProblem};
use serde::Serialize;

/// Kind of this job in the queue.
pub const KIND: &str = "fetch_upload";

/// What the job made.
#[derive(Debug, Serialize)]
pub struct Fetched {
    pub upload_id: UploadId,
    pub file_name: String,
    pub size_bytes: u64,
}

/// The handler.
pub async fn fetch_upload(context: JobContext, request: FetchUpload) -> Result<Fetched, JobError> {
    let fail = |problem| JobError::from(domain::job::JobFailure::Fetch { problem });
    let url = allowed::parse(&request.url, &context.config.import_hosts).map_err(fail)?;
    let (file_name, staged) = (request.file_name(), format!("fetch-{}.part", context.job));
    let file = context.artifacts.staged(&staged);
    let meter = Meter::default();
    let fetch = Fetch {
        url: &url,
        hosts: &context.config.import_hosts,
        limit_bytes: context.config.max_upload_bytes,
        file: &file,
        meter: &meter,
    };
    let fetched = reporting(&context, &meter, fetch.run()).await;
    let tag = format!("fetch-{}.etag", context.job);
    if let Err(error) = fetched {
        // Nobody comes back to a job that has failed or was cancelled; a server that stops drops it before this.
        context.artifacts.forget_staged(&staged).await?;
        context.artifacts.forget_staged(&tag).await?;
        return Err(error);
    }
    let size_bytes = tokio::fs::metadata(&file).await?.len();
    if size_bytes == 0 {
        context.artifacts.forget_staged(&staged).await?;
        context.artifacts.forget_staged(&tag).await?;
        return Err(fail(FetchProblem::Empty { url: shown(url.as_str()) }));
    }
    context.progress("storing", 0, 0).await?;
    let sha256 = hash_of(&file).await?;
    context.artifacts.adopt(&file, &sha256, size_bytes).await?;
    context.artifacts.forget_staged(&tag).await?;
    let upload =
        store::uploads::create(&context.db, context.project, context.user, &file_name, &sha256, size_bytes).await?;
    Ok(Fetched { upload_id: upload.id, file_name, size_bytes })
}
