//! Background jobs: imports, registrations, the sample project.

use crate::{
    rest::{Json, Path, Problem, Query, auth::Caller, paging::PageQuery},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    id::{JobId, ProjectId},
    job::Job,
    page::Page,
};
use store::{PgPool, access::authorise};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_jobs)).routes(routes!(get_job)).routes(routes!(cancel_job))
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/projects/{project}/jobs", tag = "jobs", params(("project" = ProjectId, Path), PageQuery), responses((status = OK, body = Page<Job>)))]
async fn list_jobs(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Job>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let limit = page.limit();
    let mut items = store::jobs::list(&db, project, page.after()?, limit + 1).await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|job| job.id.to_string());
    Ok(Json(Page { items, next_cursor }))
}

/// One job, with its progress.
#[utoipa::path(get, path = "/projects/{project}/jobs/{job}", tag = "jobs", params(("project" = ProjectId, Path), ("job" = JobId, Path)), responses((status = OK, body = Job)))]
async fn get_job(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, job)): Path<(ProjectId, JobId)>,
) -> Result<Json<Job>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    store::jobs::get(&db, project, job).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Ask a job to stop.
///
/// A queued job ends at once, a running one at its next check. 409 when it is over already.
#[utoipa::path(post, path = "/projects/{project}/jobs/{job}/cancel", tag = "jobs", params(("project" = ProjectId, Path), ("job" = JobId, Path)), responses((status = ACCEPTED)))]
async fn cancel_job(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, job)): Path<(ProjectId, JobId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    store::jobs::get(&db, project, job).await?.ok_or_else(Problem::not_found)?;
    if store::jobs::request_cancel(&db, project, job).await? {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(Problem::conflict("the job is over already"))
    }
}
