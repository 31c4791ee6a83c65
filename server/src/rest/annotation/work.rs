//! The work of annotators: what they are given next, drafts, judgements, skipping, undoing, and what they did.

use super::find;
use crate::{
    rest::{Json, Path, Problem, Query, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    annotation::{
        answer::Judgement,
        view::{Judged, Mine, Next, Submit, Submitted, Work},
    },
    id::{ItemId, ProjectId, TaskId},
    page::clamp_limit,
};
use serde::{Deserialize, Serialize};
use store::{
    PgPool,
    access::authorise,
    annotation::work::{self, SubmitError},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(take_items))
        .routes(routes!(save_draft))
        .routes(routes!(submit_judgement))
        .routes(routes!(skip_item))
        .routes(routes!(undo_judgement))
        .routes(routes!(give_items_back))
        .routes(routes!(ask_skipped_again))
        .routes(routes!(get_my_progress))
        .routes(routes!(list_my_judgements))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TakeQuery {
    /// Items at most, 1 to 5; 1 when absent.
    count: Option<u32>,
}

/// Be given items to judge: those you hold, then what reviewers sent back, then new ones. They are yours until their locks end.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/work", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), TakeQuery), responses((status = OK, body = Next)))]
async fn take_items(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Query(query): Query<TakeQuery>,
) -> Result<Json<Next>, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    let next = work::next(&db, project, task, caller.user_id, query.count.unwrap_or(1)).await?;
    if next == Next::NotAssigned {
        find(&db, project, task).await?;
    }
    Ok(Json(next))
}

/// What was entered so far.
#[derive(Deserialize, ToSchema)]
struct Draft {
    /// Of the save, counted up from 1: an earlier one that arrives late changes nothing.
    number: i64,
    judgement: Judgement,
}

/// Keep what you have entered for an item, and renew its lock. 409 where a later save is there, or the item is not yours;
/// 422 where it is too long.
#[utoipa::path(put, path = "/projects/{project}/annotation-tasks/{task}/items/{item}/draft", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ("item" = ItemId, Path)), request_body = Draft, responses((status = NO_CONTENT)))]
async fn save_draft(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task, item)): Path<(ProjectId, TaskId, ItemId)>,
    Json(draft): Json<Draft>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    let user = caller.user_id;
    if let Some(problem) = draft.judgement.draft_problem() {
        return Err(SubmitError::Answers(vec![problem]).into());
    }
    if work::save_draft(&db, project, task, item, user, draft.number, &draft.judgement).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    find(&db, project, task).await?;
    Err(Problem::conflict("a later save is there already, or the item is not in your hands"))
}

/// What became of a judgement.
#[derive(Serialize, ToSchema)]
struct Received {
    outcome: Submitted,
}

/// Judge an item. Choose `key` once for each judgement: sent again, it counts once. Another one takes the place of your earlier
/// one until somebody has decided on the item. 422 where the answers are none to what was asked.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/items/{item}/judgements", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ("item" = ItemId, Path)), request_body = Submit, responses((status = OK, body = Received)))]
async fn submit_judgement(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task, item)): Path<(ProjectId, TaskId, ItemId)>,
    Json(sent): Json<Submit>,
) -> Result<Json<Received>, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    let outcome = work::submit(&db, project, task, item, caller.user_id, &sent).await?;
    Ok(Json(Received { outcome }))
}

impl From<SubmitError> for Problem {
    fn from(e: SubmitError) -> Self {
        match e {
            SubmitError::Store(e) => e.into(),
            SubmitError::NotFound => Self::not_found(),
            SubmitError::Answers(problems) => {
                let whole = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, whole);
                problems.iter().fold(problem, |found, problem| found.and("answers", problem))
            }
        }
    }
}

/// Give an item back unjudged. You are not given it again unless you ask.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/items/{item}/skip", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ("item" = ItemId, Path)), responses((status = NO_CONTENT)))]
async fn skip_item(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task, item)): Path<(ProjectId, TaskId, ItemId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    if work::skip(&db, project, task, item, caller.user_id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// What you sent last, to be changed. It counts as it is until you send another in its place. 404 where there is nothing that
/// may still be changed.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/undo", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), responses((status = OK, body = Work)))]
async fn undo_judgement(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
) -> Result<Json<Work>, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    work::undo(&db, project, task, caller.user_id).await?.map(Json).ok_or_else(Problem::not_found)
}

/// How many items something concerned.
#[derive(Serialize, ToSchema)]
struct Concerned {
    items: u64,
}

/// Give back what you hold and have entered nothing for.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/give-back", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), responses((status = OK, body = Concerned)))]
async fn give_items_back(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
) -> Result<Json<Concerned>, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    find(&db, project, task).await?;
    Ok(Json(Concerned { items: work::give_back(&db, project, task, caller.user_id).await? }))
}

/// Be given again what you skipped.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/ask-skipped", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), responses((status = OK, body = Concerned)))]
async fn ask_skipped_again(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
) -> Result<Json<Concerned>, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    find(&db, project, task).await?;
    Ok(Json(Concerned { items: work::ask_skipped_again(&db, project, task, caller.user_id).await? }))
}

/// How far you are in a task.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/mine", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), responses((status = OK, body = Mine)))]
async fn get_my_progress(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
) -> Result<Json<Mine>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    find(&db, project, task).await?;
    Ok(Json(work::mine(&db, project, task, caller.user_id).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// Judgements at most, 1–500; 50 when absent.
    limit: Option<u32>,
}

/// What you said in a task, newest first, with what you have changed since.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/my-judgements", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), HistoryQuery), responses((status = OK, body = [Judged])))]
async fn list_my_judgements(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<Vec<Judged>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    find(&db, project, task).await?;
    Ok(Json(work::history(&db, project, task, caller.user_id, clamp_limit(query.limit)).await?))
}
