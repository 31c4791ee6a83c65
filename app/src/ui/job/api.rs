//! Server functions behind a job's progress.

use crate::error::AppError;
use domain::{
    id::{JobId, ProjectId},
    job::Job,
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use {crate::api, domain::access::Action};

/// A job of a project.
#[server]
pub async fn find_job(project: ProjectId, job: JobId) -> Result<Job, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    store::jobs::get(&db, project, job).await?.ok_or(AppError::NotFound)
}

/// Asks a job to stop. A job that is over stays as it is.
#[server]
pub async fn cancel_job(project: ProjectId, job: JobId) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    store::jobs::request_cancel(&db, project, job).await?;
    Ok(())
}
