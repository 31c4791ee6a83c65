//! Server functions of the evaluation page.

use crate::error::AppError;
use domain::{
    eval::view::{PredictionQuery, PredictionRow, RunEvaluation},
    id::{ProjectId, RunId},
    page::Page,
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use {crate::api, domain::access::Action};

/// A run's evaluation.
#[server]
pub async fn get_evaluation(project: ProjectId, run: RunId) -> Result<RunEvaluation, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    store::evals::of_run(&db, project, run).await?.ok_or(AppError::NotFound)
}

/// A page of a run's predictions.
#[server]
pub async fn list_predictions(
    project: ProjectId,
    run: RunId,
    query: PredictionQuery,
) -> Result<Page<PredictionRow>, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    Ok(store::evals::predictions(&db, project, run, &query).await?)
}
