//! The server function of the overview.

use crate::error::AppError;
use domain::{id::ProjectId, overview::Overview};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use {crate::api, domain::access::Action};

/// The facts of a project.
#[server]
pub async fn project_overview(project: ProjectId) -> Result<Overview, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    Ok(store::overview::of_project(&db, project).await?)
}
