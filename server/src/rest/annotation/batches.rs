//! Batches of a task: how far each is, opening and closing them, whose they are and until when.

use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::extract::State;
use domain::{
    access::Action,
    annotation::batch::{Batch, BatchEdit, MAX_NAME_CHARS},
    id::{ProjectId, TaskId},
};
use store::{
    PgPool,
    access::authorise,
    annotation::{batches, blind, items},
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_annotation_batches)).routes(routes!(edit_annotation_batch))
}

/// The batches of a task in their order, with how far each is. A task that is not cut has one. Until the task
/// is closed annotators, who judge blind, are not told how far others are.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/batches", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), responses((status = OK, body = [Batch])))]
async fn list_annotation_batches(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
) -> Result<Json<Vec<Batch>>, Problem> {
    let role = authorise(&db, &caller, project, Action::Read).await?;
    let sees = items::sees(&db, project, task, caller.user_id, role).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(blind::batches(batches::of_task(&db, project, task).await?, sees)))
}

/// Change a batch: whatever the body names. Open or close it, name it, give it to a group, set its deadline.
#[utoipa::path(patch, path = "/projects/{project}/annotation-tasks/{task}/batches/{batch}", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ("batch" = u32, Path)), request_body = BatchEdit, responses((status = OK, body = Batch)))]
async fn edit_annotation_batch(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task, batch)): Path<(ProjectId, TaskId, u32)>,
    Json(edit): Json<BatchEdit>,
) -> Result<Json<Batch>, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    if edit.name.as_deref().is_some_and(|name| name.trim().chars().count() > MAX_NAME_CHARS) {
        return Err(Problem::invalid("name", format!("use at most {MAX_NAME_CHARS} characters")));
    }
    if !batches::edit(&db, project, task, batch, &edit, caller.user_id).await? {
        return Err(Problem::not_found());
    }
    let all = batches::of_task(&db, project, task).await?;
    all.into_iter().find(|found| found.number == batch).map(Json).ok_or_else(Problem::not_found)
}
