//! Guidelines of annotation tasks: their history, a new revision, and the items that a changed rule touches.

use super::check_guideline;
use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    annotation::view::Guideline,
    id::{ItemId, ProjectId, TaskId},
    page::MAX_LIMIT,
};
use serde::Deserialize;
use store::{
    PgPool,
    access::authorise,
    annotation::{
        blind, guidelines,
        items::{self, Sees},
    },
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_guidelines, revise_guideline)).routes(routes!(list_touched_items))
}

/// All guidelines that a task has had, newest first, with how many judgements each revision touches: 0 for
/// annotators, who judge blind, until the task is closed.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/guidelines", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), responses((status = OK, body = [Guideline])))]
async fn list_guidelines(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
) -> Result<Json<Vec<Guideline>>, Problem> {
    let role = authorise(&db, &caller, project, Action::Read).await?;
    let sees = items::sees(&db, project, task, caller.user_id, role).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(blind::guidelines(guidelines::history(&db, project, task).await?, sees)))
}

/// The text of a guideline.
#[derive(Deserialize, ToSchema)]
struct GuidelineText {
    /// Markdown.
    text: String,
}

/// Give a task another guideline. The answer says which labels that touches, and how many judgements say one of them.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/guidelines", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), request_body = GuidelineText, responses((status = CREATED, body = Guideline)))]
async fn revise_guideline(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Json(new): Json<GuidelineText>,
) -> Result<(StatusCode, Json<Guideline>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    check_guideline(&new.text)?;
    let made = guidelines::revise(&db, project, task, &new.text, caller.user_id).await?;
    made.map(|made| (StatusCode::CREATED, Json(made))).ok_or_else(Problem::not_found)
}

/// Items with judgements that a revision touches: made under an earlier one, of a label whose rule it changed. At most 500.
/// Until the task is closed annotators, who judge blind, get none.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/guidelines/{revision}/touched", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ("revision" = i32, Path)), responses((status = OK, body = [ItemId])))]
async fn list_touched_items(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task, revision)): Path<(ProjectId, TaskId, i32)>,
) -> Result<Json<Vec<ItemId>>, Problem> {
    let role = authorise(&db, &caller, project, Action::Read).await?;
    let sees = items::sees(&db, project, task, caller.user_id, role).await?.ok_or_else(Problem::not_found)?;
    if sees != Sees::All {
        return Err(Problem::forbidden());
    }
    Ok(Json(guidelines::touched_items(&db, project, task, revision, MAX_LIMIT).await?))
}
