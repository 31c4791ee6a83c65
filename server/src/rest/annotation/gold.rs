//! Gold items: those whose right answer is known.

use super::all_of;
use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    annotation::answer::{Answer, Judgement},
    id::{ItemId, ProjectId, TaskId},
};
use serde::Deserialize;
use std::collections::BTreeMap;
use store::{
    PgPool,
    access::authorise,
    annotation::{content, gold, tasks},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(set_gold, remove_gold))
}

/// What is right.
#[derive(Deserialize, ToSchema)]
struct RightAnswers {
    /// By the question's name; those of all required questions.
    answers: BTreeMap<String, Answer>,
}

/// Make an item a gold item: its answer is known, and it measures how well people do.
#[utoipa::path(put, path = "/projects/{project}/annotation-tasks/{task}/items/{item}/gold", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ("item" = ItemId, Path)), request_body = RightAnswers, responses((status = NO_CONTENT)))]
async fn set_gold(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task, item)): Path<(ProjectId, TaskId, ItemId)>,
    Json(right): Json<RightAnswers>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    let found = tasks::get(&db, project, task).await?.ok_or_else(Problem::not_found)?;
    let contents = content::of_items(&db, task, &[item]).await?;
    let shown = contents.get(&item).ok_or_else(Problem::not_found)?;
    let judgement = Judgement { answers: right.answers, ..Judgement::default() };
    all_of("answers", found.design.check(shown, &judgement))?;
    change(&db, &caller, (project, task, item), Some(&judgement.answers)).await
}

/// Make a gold item an ordinary one again.
#[utoipa::path(delete, path = "/projects/{project}/annotation-tasks/{task}/items/{item}/gold", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ("item" = ItemId, Path)), responses((status = NO_CONTENT)))]
async fn remove_gold(
    State(db): State<PgPool>,
    caller: Caller,
    Path(place): Path<(ProjectId, TaskId, ItemId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, place.0, Action::EditDatasets).await?;
    change(&db, &caller, place, None).await
}

async fn change(
    db: &PgPool,
    caller: &Caller,
    (project, task, item): (ProjectId, TaskId, ItemId),
    answers: Option<&BTreeMap<String, Answer>>,
) -> Result<StatusCode, Problem> {
    if gold::set_gold(db, project, task, item, answers, caller.user_id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
