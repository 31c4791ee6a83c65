//! Server functions of the cleaning page.

use super::form::StepsForm;
use crate::error::AppError;
use domain::{
    dataset::Version,
    id::{DatasetId, JobId, ProjectId},
    score::Scoring,
    steps::StepsReport,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    crate::{api, routes, text::lang},
    domain::{access::Action, id::UserId, job::JobStatus, score::ScoreVersion},
    store::PgPool,
};

/// What the page shows beside the recipe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CleaningView {
    pub version: Version,
    /// What the preview found, once it has ended.
    pub report: Option<StepsReport>,
    /// The job of the address has succeeded.
    pub is_over: bool,
    /// Which models have scored it, latest first.
    pub scorings: Vec<Scoring>,
    /// What can score it: the value of a form, its name, and whether it learnt from samples that were erased since.
    pub models: Vec<(String, String, bool)>,
}

/// A version to clean, and the preview that the address names.
#[server]
pub async fn get_cleaning(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    job: Option<JobId>,
) -> Result<CleaningView, AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let job = match job {
        Some(id) => store::jobs::get(&db, project, id).await?,
        None => None,
    };
    let done = job.filter(|job| job.status == JobStatus::Succeeded);
    let report = done.as_ref().filter(|job| job.kind == "preview_steps").and_then(|job| job.result.clone());
    let report: Option<StepsReport> = report.and_then(|result| serde_json::from_value(result).ok());
    let is_over = report.is_some() || done.is_some_and(|job| job.kind == "score_version");
    let scorings = store::scores::list(&db, project, version.id).await?;
    let models = store::scores::scorers(&db, project).await?;
    let models = models.into_iter().map(|known| {
        let value = known.run.map_or_else(|| known.model.to_string(), |run| format!("{}:{run}", known.model));
        (value, known.name, known.saw_erased)
    });
    Ok(CleaningView { version, is_over, report, scorings, models: models.collect() })
}

/// Tries the recipe out, then comes back with what it would do.
#[server]
pub async fn preview_steps(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    #[server(flatten)] form: StepsForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let (here, job) = start(&db, project, version, &form, ("preview_steps", caller.user_id)).await?;
    leptos_axum::redirect(&format!("{here}&job={job}"));
    Ok(())
}

/// Makes the next version.
#[server]
pub async fn apply_steps(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    #[server(flatten)] form: StepsForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let (here, job) = start(&db, project, version, &form, ("apply_steps", caller.user_id)).await?;
    leptos_axum::redirect(&format!("{here}&job={job}&made=1"));
    Ok(())
}

/// Scores the version with a model, `MODEL` or `MODEL:RUN` for a run's adapter, then comes back with the recipe.
#[server]
pub async fn start_scoring(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    model: String,
    #[server(default)] embed: bool,
    #[server(flatten)] form: StepsForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let known = store::scores::scorers(&db, project).await?;
    let chosen = known.into_iter().find(|known| match known.run {
        Some(run) => model == format!("{}:{run}", known.model),
        None => model == known.model.to_string(),
    });
    let scorer = chosen.ok_or_else(|| AppError::invalid("model", super::text::no_scorer(lang()).to_owned()))?;
    let request = ScoreVersion { version_id: version.id, model_id: scorer.model, run_id: scorer.run, embed };
    let job = store::jobs::enqueue(&db, project, "score_version", &request, caller.user_id).await?;
    let state = StepsForm::of_steps(&form.steps(lang())?).query();
    let here = routes::clean(project, version.dataset_id, version.number);
    leptos_axum::redirect(&format!("{here}?{state}&job={job}"));
    Ok(())
}

/// Queues a job of this kind for this person; the page's address with the recipe, and the job.
#[cfg(feature = "ssr")]
async fn start(
    db: &PgPool,
    project: ProjectId,
    version: Version,
    form: &StepsForm,
    (kind, by): (&str, UserId),
) -> Result<(String, JobId), AppError> {
    let recipe = form.recipe(lang())?;
    let request = serde_json::json!({ "version_id": version.id, "recipe": recipe });
    let job = store::jobs::enqueue(db, project, kind, &request, by).await?;
    let state = StepsForm::of_steps(&recipe.steps).query();
    let here = routes::clean(project, version.dataset_id, version.number);
    Ok((format!("{here}?{state}"), job))
}
