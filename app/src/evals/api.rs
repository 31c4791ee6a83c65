//! Server functions of the evaluation page.

use crate::error::AppError;
use domain::{
    eval::view::{Difference, Evaluation, PredictionQuery, PredictionRow},
    id::{ProjectId, RunId},
    page::Page,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {crate::api, domain::{access::Action, eval::{Subject, view::differences}}};

/// Both evaluations of a run and how they differ.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunEvaluation {
    pub run_number: i32,
    pub run_name: String,
    pub base: Option<Evaluation>,
    pub tuned: Option<Evaluation>,
    pub differences: Vec<Difference>,
}

/// A run's evaluation.
#[server]
pub async fn get_evaluation(project: ProjectId, run: RunId) -> Result<RunEvaluation, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let found = store::runs::get(&db, project, run).await?.ok_or(AppError::NotFound)?;
    let mut evals = store::evals::of_runs(&db, project, &[run]).await?;
    let mut take = |subject| evals.iter().position(|e| e.subject == subject).map(|i| evals.swap_remove(i));
    let (base, tuned) = (take(Subject::Base), take(Subject::Tuned));
    let differences = match (&base, &tuned) {
        (Some(b), Some(t)) => {
            let (before, after) = (store::evals::scores(&db, b.id).await?, store::evals::scores(&db, t.id).await?);
            differences((&b.metrics, &before), (&t.metrics, &after))
        }
        _ => Vec::new(),
    };
    Ok(RunEvaluation { run_number: found.summary.number, run_name: found.summary.name, base, tuned, differences })
}

/// A page of a run's predictions.
#[server]
pub async fn list_predictions(project: ProjectId, run: RunId, query: PredictionQuery) -> Result<Page<PredictionRow>, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    Ok(store::evals::predictions(&db, project, run, &query).await?)
}
