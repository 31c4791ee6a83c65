//! Server functions behind a job's progress.

use crate::error::AppError;
use domain::{
    id::{JobId, ProjectId},
    job::{JobStatus, Progress},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    crate::{api, text::lang, words},
    domain::access::Action,
};

/// What a page shows of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobView {
    pub status: JobStatus,
    pub progress: Progress,
    pub cancelling: bool,
    /// What the job made.
    pub result: Option<serde_json::Value>,
    /// Why it failed, in the reader's language: put into words here, so that the browser need not load
    /// every sentence.
    pub problem: Option<String>,
}

/// A job of a project.
#[server]
pub async fn find_job(project: ProjectId, job: JobId) -> Result<JobView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let job = store::jobs::get(&db, project, job).await?.ok_or(AppError::NotFound)?;
    Ok(JobView {
        status: job.status,
        progress: job.progress,
        cancelling: job.cancelling,
        result: job.result,
        problem: job.failure.map(|failure| words::job_failure(lang(), &failure)),
    })
}

/// Asks a job to stop. A job that is over stays as it is.
#[server]
pub async fn cancel_job(project: ProjectId, job: JobId) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    store::jobs::request_cancel(&db, project, job).await?;
    Ok(())
}
