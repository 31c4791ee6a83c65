//! Annotation tasks: listed, made, changed, opened and closed.

use super::{check_design, check_distribution, check_guideline, check_name, find};
use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    annotation::{
        TaskStatus,
        overlap::{MoreOverlap, OverlapRaised},
        view::{NewTask, Source, Task, TaskEdit, TaskMade, TaskSummary},
    },
    id::{ProjectId, TaskId, UserId},
    job::Job,
};
use serde::Deserialize;
use store::{
    PgPool,
    access::authorise,
    annotation::{
        blind,
        fill::{FillAnnotation, KIND},
        people, tasks,
    },
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Most evaluations whose answers are compared in one task.
const MAX_EVALUATIONS: usize = 10;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_annotation_tasks, create_annotation_task))
        .routes(routes!(get_annotation_task, edit_annotation_task))
        .routes(routes!(set_annotation_status))
        .routes(routes!(raise_annotation_overlap))
        .routes(routes!(fill_annotation_task))
        .routes(routes!(let_annotator_try_again))
}

/// A project's annotation tasks, newest first. Until a task is closed its annotators are told their own counts alone.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks", tag = "annotation", params(("project" = ProjectId, Path)), responses((status = OK, body = [TaskSummary])))]
async fn list_annotation_tasks(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<TaskSummary>>, Problem> {
    let role = authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(blind::as_seen(&db, caller.user_id, role, tasks::list(&db, project).await?).await?))
}

/// Make a task of a version's samples, or of what models answered in evaluations. A job makes its items; open it then.
///
/// A task of the test split is a look at it, and is on record with your name.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks", tag = "annotation", params(("project" = ProjectId, Path)), request_body = NewTask, responses((status = CREATED, body = TaskMade)))]
async fn create_annotation_task(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(new): Json<NewTask>,
) -> Result<(StatusCode, Json<TaskMade>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    check_name(&new.name)?;
    check_guideline(&new.guideline)?;
    check_design(&new.design)?;
    check_distribution(&new.distribution)?;
    match &new.source {
        Source::Version { splits, .. } if splits.is_empty() => {
            return Err(Problem::invalid("source.splits", "name at least one split"));
        }
        Source::Evaluations { eval_ids, .. } if !(1..=MAX_EVALUATIONS).contains(&eval_ids.len()) => {
            return Err(Problem::invalid("source.eval_ids", format!("name 1 to {MAX_EVALUATIONS} evaluations")));
        }
        Source::Version { .. } | Source::Evaluations { .. } => {}
    }
    Ok((StatusCode::CREATED, Json(tasks::create(&db, project, &new, caller.user_id).await?)))
}

/// One task whole: its questions, how it is shared out, its newest guideline and who works on it. Until it is closed its
/// annotators are told their own counts alone.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), responses((status = OK, body = Task)))]
async fn get_annotation_task(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
) -> Result<Json<Task>, Problem> {
    let role = authorise(&db, &caller, project, Action::Read).await?;
    let mut found = tasks::get(&db, project, task).await?.ok_or_else(Problem::not_found)?;
    let seen = blind::as_seen(&db, caller.user_id, role, vec![found.summary.clone()]).await?;
    if let Some(summary) = seen.into_iter().next() {
        found.summary = summary;
    }
    Ok(Json(found))
}

/// Change a task: whatever the body names. 409 when somebody else has changed it since `revision`, or when the task is no
/// draft any more and the change would ask other questions or make other items.
#[utoipa::path(patch, path = "/projects/{project}/annotation-tasks/{task}", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), request_body = TaskEdit, responses((status = OK, body = Task)))]
async fn edit_annotation_task(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Json(edit): Json<TaskEdit>,
) -> Result<Json<Task>, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    edit.name.as_deref().map_or(Ok(()), check_name)?;
    edit.design.as_ref().map_or(Ok(()), check_design)?;
    edit.distribution.as_ref().map_or(Ok(()), check_distribution)?;
    if !tasks::edit(&db, project, task, &edit, caller.user_id).await? {
        return Err(Problem::not_found());
    }
    tasks::get(&db, project, task).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Where a task is to go.
#[derive(Deserialize, ToSchema)]
struct StatusChange {
    status: TaskStatus,
}

/// Open, pause or close a task. 409 where it cannot go there, or is to be opened before its items are made.
#[utoipa::path(put, path = "/projects/{project}/annotation-tasks/{task}/status", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), request_body = StatusChange, responses((status = OK, body = Task)))]
async fn set_annotation_status(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Json(change): Json<StatusChange>,
) -> Result<Json<Task>, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    if !tasks::set_status(&db, project, task, change.status, caller.user_id).await? {
        return Err(Problem::not_found());
    }
    tasks::get(&db, project, task).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Have items of an open or paused task judged by more people, all of them or a drawn share. Items that have less than they want
/// then are open again; those on which somebody has decided stay as they are, unless `reopen` says otherwise. 409 where no more
/// are asked for than now: they cannot become fewer, since judgements that are there would count no more.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/overlap", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), request_body = MoreOverlap, responses((status = OK, body = OverlapRaised)))]
async fn raise_annotation_overlap(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Json(more): Json<MoreOverlap>,
) -> Result<Json<OverlapRaised>, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    if let Some(problem) = more.problems().first() {
        return Err(Problem::invalid(&problem.field, problem));
    }
    tasks::raise(&db, project, task, &more, caller.user_id).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Make a task's items after the job that every task gets has failed. Answers with a job.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/fill", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), responses((status = ACCEPTED, body = Job)))]
async fn fill_annotation_task(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    find(&db, project, task).await?;
    let request = FillAnnotation { task_id: task };
    let id = store::jobs::enqueue(&db, project, KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Let somebody try a task's qualification again, from its beginning.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/people/{user}/try-again", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), ("user" = UserId, Path)), responses((status = NO_CONTENT)))]
async fn let_annotator_try_again(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task, user)): Path<(ProjectId, TaskId, UserId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    if people::let_try_again(&db, project, task, user, caller.user_id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
