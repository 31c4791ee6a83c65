//! Server functions of the bad-case pages.

use crate::error::AppError;
use domain::{
    badcase::view::{BadCase, BadCaseCounts, BadCaseEdit, BadCaseQuery, BadCaseSummary},
    id::{BadCaseId, DatasetId, ProjectId},
    page::Page,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{api, routes, text::lang},
    domain::access::{Action, permits},
    store::{Stale, StoreError},
};

/// A page of bad cases and how many have each status.
#[server]
pub async fn list_bad_cases(
    project: ProjectId,
    query: BadCaseQuery,
) -> Result<(Page<BadCaseSummary>, BadCaseCounts), AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let page = store::badcases::list(&db, project, &query).await?;
    let counts = store::badcases::counts(&db, project, &query).await?;
    Ok((page, counts))
}

/// A bad case, its neighbours under the filter, and whether the caller may judge it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenBadCase {
    pub case: BadCase,
    pub previous: Option<BadCaseId>,
    pub next: Option<BadCaseId>,
    pub may_judge: bool,
}

/// One bad case.
#[server]
pub async fn get_bad_case(project: ProjectId, id: BadCaseId, query: BadCaseQuery) -> Result<OpenBadCase, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let case = store::badcases::get(&db, project, id).await?.ok_or(AppError::NotFound)?;
    let (previous, next) = store::badcases::neighbours(&db, project, id, &query).await?;
    let role = store::users::role(&db, caller.user_id, project).await?;
    Ok(OpenBadCase { case, previous, next, may_judge: permits(role, caller.scope, Action::Annotate) })
}

/// Stores a judgement and goes on to `then`, a path of this site.
#[server]
pub async fn judge_bad_case(
    project: ProjectId,
    id: BadCaseId,
    edit: BadCaseEdit,
    then: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    match store::badcases::edit(&db, project, id, &edit, caller.user_id).await {
        Ok(true) => leptos_axum::redirect(routes::safe_next(&then)),
        Ok(false) => return Err(AppError::NotFound),
        Err(StoreError::Stale(Stale::EditedMeanwhile)) => {
            return Err(AppError::Conflict(text::stale(lang()).to_owned()));
        }
        Err(e) => return Err(e.into()),
    }
    Ok(())
}

/// Makes the next version of a dataset from corrected bad cases.
#[server]
pub async fn add_corrections(
    project: ProjectId,
    dataset: DatasetId,
    #[server(default)] cases: Vec<BadCaseId>,
    #[server(default)] move_to_train: bool,
    #[server(default)] note: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    if cases.is_empty() {
        return Err(AppError::invalid("cases", text::need_cases(lang())));
    }
    let newest =
        store::versions::of_dataset(&db, project, dataset).await?.into_iter().next().ok_or(AppError::NotFound)?;
    let made =
        store::badcases::add_to_version(&db, project, newest.id, &cases, move_to_train, caller.user_id, note.trim())
            .await?
            .ok_or(AppError::NotFound)?;
    leptos_axum::redirect(&routes::version(project, made.dataset_id, made.number.cast_signed()));
    Ok(())
}
