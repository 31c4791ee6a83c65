//! The server function behind the sample project's button.

use crate::error::AppError;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use {
    crate::{api, routes, text::lang},
    domain::model::SampleProject,
};

/// Makes a project and starts the job that fills it with a model and a dataset.
#[server]
pub async fn create_sample_project() -> Result<(), AppError> {
    let caller = api::caller()?;
    if caller.scope.is_some() {
        return Err(AppError::Forbidden);
    }
    let db = api::services()?.db;
    let l = lang();
    let project_id = store::projects::create(&db, caller.user_id, super::sample_name(l), super::sample_lead(l)).await?;
    let payload = SampleProject { project_id, model_upload: None, dataset_upload: None };
    let job = store::jobs::enqueue(&db, project_id, "sample_project", &payload, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?job={job}", routes::project(project_id)));
    Ok(())
}
