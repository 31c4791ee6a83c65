//! Server functions of the sweep pages.

use super::form::{Problems, SweepForm};
use crate::error::AppError;
use domain::{
    id::{ProjectId, RunId, SweepId},
    page::Page,
    run::LaunchChoices,
    sweep::{Forecast, SweepDetail, SweepSummary, TrialRun},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{api, routes, text::lang},
    domain::{access::Action, lang::Lang, page::DEFAULT_LIMIT},
    store::sweeps::{CreateError, NewSweep},
};

/// A page of the project's sweeps.
#[server]
pub async fn list_sweeps(project: ProjectId, after: Option<SweepId>) -> Result<Page<SweepSummary>, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    Ok(store::sweeps::list(&db, project, after, DEFAULT_LIMIT).await?)
}

/// A sweep with its runs.
#[server]
pub async fn get_sweep(project: ProjectId, sweep: SweepId) -> Result<(SweepDetail, Vec<TrialRun>), AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    store::sweeps::get(&db, project, sweep).await?.ok_or(AppError::NotFound)
}

/// What the page of a new sweep shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewView {
    pub choices: LaunchChoices,
    pub form: SweepForm,
    /// `None` until the form is filled in.
    pub forecast: Option<Forecast>,
    pub problems: Problems,
}

/// The form, begun from a run if one is given, with the forecast of what it says.
#[server]
pub async fn get_new_sweep(project: ProjectId, run: Option<RunId>, form: SweepForm) -> Result<NewView, AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let (l, mut form) = (lang(), form);
    if let Some(run) = run {
        let run = store::runs::get(&db, project, run).await?.ok_or(AppError::NotFound)?;
        form.suggest("recipe", || run.recipe.to_toml());
        form.suggest("model", || run.summary.model_id.to_string());
        form.suggest("version", || run.summary.version_id.to_string());
    }
    form.suggest("recipe", || domain::recipe::Recipe::default().to_toml());
    let choices = store::runs::choices(&db, project).await?;
    let (mut forecast, mut problems) = (None, Problems::new());
    if form.is_filled() {
        match new_sweep(&form, project, caller.user_id, String::new(), l) {
            Err(found) => problems = found,
            Ok(new) => match store::sweeps::preview(&db, &new).await {
                Ok(ready) => forecast = Some(ready.forecast),
                Err(error) => problems = refusals(error, l)?,
            },
        }
    }
    Ok(NewView { choices, form, forecast, problems })
}

#[cfg(feature = "ssr")]
fn new_sweep(
    form: &SweepForm,
    project: ProjectId,
    by: domain::id::UserId,
    key: String,
    l: Lang,
) -> Result<NewSweep, Problems> {
    let unknown = |field: &str, words: &str| vec![(field.to_owned(), words.to_owned())];
    Ok(NewSweep {
        project,
        by,
        name: form.get("name"),
        model: form.get("model").parse().map_err(|_| unknown("model", crate::runs::form::choose_model(l)))?,
        version: form.get("version").parse().map_err(|_| unknown("version", crate::runs::form::choose_version(l)))?,
        plan: form.plan(l)?,
        idempotency_key: (!key.is_empty()).then_some(key),
    })
}

#[cfg(feature = "ssr")]
fn refusals(error: CreateError, l: Lang) -> Result<Problems, AppError> {
    let one = |field: &str, words: &str| vec![(field.to_owned(), words.to_owned())];
    Ok(match error {
        CreateError::Name => one("name", crate::runs::form::bad_name(l)),
        CreateError::Model => one("model", crate::runs::form::choose_model(l)),
        CreateError::Version => one("version", crate::runs::form::choose_version(l)),
        CreateError::Plan(errors) => errors.iter().map(|e| (e.field.clone(), text::problem(l, e))).collect(),
        CreateError::Store(e) => return Err(e.into()),
    })
}

/// Starts a sweep and goes to its page.
#[server]
pub async fn start_sweep(project: ProjectId, key: String, form: SweepForm) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let first = |problems: Problems| match problems.into_iter().next() {
        Some((field, problem)) => AppError::Invalid { field, problem },
        None => AppError::Conflict(String::new()),
    };
    let new = new_sweep(&form, project, caller.user_id, key, l).map_err(first)?;
    match store::sweeps::create(&db, &new).await {
        Ok(created) => leptos_axum::redirect(&routes::sweep(project, created.id)),
        Err(error) => return Err(first(refusals(error, l)?)),
    }
    Ok(())
}

/// Ends a sweep and stops its open runs.
#[server]
pub async fn cancel_sweep(project: ProjectId, sweep: SweepId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    // A sweep that has ended meanwhile needs no stopping: its page shows how it ended.
    store::sweeps::cancel(&db, project, sweep, caller.user_id).await?;
    leptos_axum::redirect(&routes::sweep(project, sweep));
    Ok(())
}
