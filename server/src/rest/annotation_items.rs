//! The items of an annotation task: listed, reviewed, adjudicated.

use crate::{
    rest::{Json, Path, Problem, Query, auth::Caller, paging::PageQuery},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    annotation::{
        ItemStatus, Verdict,
        answer::Judgement,
        review_view::ReviewDecided,
        view::{Decide, Item},
    },
    id::{ItemId, ProjectId, TaskId, UserId},
    page::Page,
};
use serde::Deserialize;
use store::{
    PgPool,
    access::authorise,
    annotation::{
        adjudication,
        items::{self, ItemFilter, Sees},
        reviews,
    },
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_annotation_items))
        .routes(routes!(get_annotation_item))
        .routes(routes!(list_annotation_reviews))
        .routes(routes!(review_annotation_item))
        .routes(routes!(list_my_annotation_reviews))
        .routes(routes!(list_annotation_adjudications))
        .routes(routes!(adjudicate_annotation_item))
}

/// What the caller sees of a task.
async fn sees(db: &PgPool, caller: &Caller, project: ProjectId, task: TaskId) -> Result<Sees, Problem> {
    let role = authorise(db, caller, project, Action::Read).await?;
    items::sees(db, project, task, caller.user_id, role).await?.ok_or_else(Problem::not_found)
}

/// Lets in reviewers of a task.
async fn reviewer(db: &PgPool, caller: &Caller, project: ProjectId, task: TaskId) -> Result<(), Problem> {
    let role = authorise(db, caller, project, Action::Annotate).await?;
    if items::sees(db, project, task, caller.user_id, role).await?.is_none() {
        return Err(Problem::not_found());
    }
    let may = reviews::may_review(db, project, task, caller.user_id, role).await?;
    if may { Ok(()) } else { Err(Problem::forbidden()) }
}

/// Which items to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ItemQuery {
    #[param(inline)]
    status: Option<ItemStatus>,
    /// Judged by this person.
    person: Option<UserId>,
    /// An option or label that somebody chose.
    value: Option<String>,
    /// Gold items alone, or the others.
    gold: Option<bool>,
    /// Text that some message contains, whatever its case.
    search: Option<String>,
}

/// A task's items by rank, with what was said of them. Until the task is closed annotators see their own judgements alone.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/items", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ItemQuery, PageQuery), responses((status = OK, body = Page<Item>)))]
async fn list_annotation_items(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Query(query): Query<ItemQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Item>>, Problem> {
    let sees = sees(&db, &caller, project, task).await?;
    let filter = ItemFilter {
        status: query.status,
        person: query.person,
        value: query.value,
        gold: query.gold,
        search: query.search,
    };
    let found = items::page(&db, project, task, &filter, sees, page.after()?, page.limit()).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}

/// One item of a task.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/items/{item}", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ("item" = ItemId, Path)), responses((status = OK, body = Item)))]
async fn get_annotation_item(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task, item)): Path<(ProjectId, TaskId, ItemId)>,
) -> Result<Json<Item>, Problem> {
    let sees = sees(&db, &caller, project, task).await?;
    items::get(&db, project, task, item, sees).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Where a queue goes on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AfterQuery {
    /// The rank of the last item seen.
    after: Option<u32>,
}

/// Items that wait for a reviewer, at most 20; for reviewers of the task alone.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/review", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), AfterQuery), responses((status = OK, body = [Item])))]
async fn list_annotation_reviews(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Query(query): Query<AfterQuery>,
) -> Result<Json<Vec<Item>>, Problem> {
    reviewer(&db, &caller, project, task).await?;
    let found = reviews::queue(&db, project, task, caller.user_id, query.after).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}

/// What you decided in a task as a reviewer or adjudicator, newest first.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/my-reviews", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), PageQuery), responses((status = OK, body = Page<ReviewDecided>)))]
async fn list_my_annotation_reviews(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ReviewDecided>>, Problem> {
    reviewer(&db, &caller, project, task).await?;
    let found = reviews::decided(&db, project, task, caller.user_id, page.after()?, page.limit()).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}

/// Accept a judgement, fix it, or give it back to its annotator with a reason.
///
/// 409 when the item does not wait for a reviewer any more.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/items/{item}/review", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ("item" = ItemId, Path)), request_body = Decide, responses((status = NO_CONTENT)))]
async fn review_annotation_item(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task, item)): Path<(ProjectId, TaskId, ItemId)>,
    Json(decide): Json<Decide>,
) -> Result<StatusCode, Problem> {
    reviewer(&db, &caller, project, task).await?;
    if decide.verdict == Verdict::Return && decide.reason.trim().is_empty() {
        return Err(Problem::invalid("reason", "say why it goes back"));
    }
    if decide.reason.chars().count() > domain::annotation::MAX_COMMENT_CHARS {
        return Err(Problem::invalid("reason", "too long"));
    }
    if let (Verdict::Fix, Some(fixed)) = (decide.verdict, &decide.fixed) {
        check(&db, project, task, item, fixed).await?;
    }
    let done = reviews::decide(&db, project, task, item, &decide, caller.user_id).await?;
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// Refuses a judgement that does not answer what is asked.
async fn check(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    judgement: &Judgement,
) -> Result<(), Problem> {
    let problems = adjudication::problems(db, project, task, item, judgement).await?.ok_or_else(Problem::not_found)?;
    let Some(first) = problems.first() else { return Ok(()) };
    let whole = Problem::invalid("answers", first);
    Err(problems.iter().skip(1).fold(whole, |all, problem| all.and("answers", problem)))
}

/// Items on which people differ, at most 20; for reviewers of the task alone.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/adjudication", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), AfterQuery), responses((status = OK, body = [Item])))]
async fn list_annotation_adjudications(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Query(query): Query<AfterQuery>,
) -> Result<Json<Vec<Item>>, Problem> {
    reviewer(&db, &caller, project, task).await?;
    let found = adjudication::waiting(&db, project, task, query.after).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}

/// Decide an item on which people differ.
///
/// 409 when it still wants judgements, or waits for a reviewer.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/items/{item}/adjudicate", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ("item" = ItemId, Path)), request_body = Judgement, responses((status = NO_CONTENT)))]
async fn adjudicate_annotation_item(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task, item)): Path<(ProjectId, TaskId, ItemId)>,
    Json(judgement): Json<Judgement>,
) -> Result<StatusCode, Problem> {
    reviewer(&db, &caller, project, task).await?;
    check(&db, project, task, item, &judgement).await?;
    let done = adjudication::adjudicate(&db, project, task, item, &judgement, caller.user_id).await?;
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}
