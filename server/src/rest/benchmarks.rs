//! The versions that every run of a project is held against: training must not have seen them.

use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    id::{ProjectId, VersionId},
    split::Benchmark,
};
use store::{PgPool, access::authorise};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_benchmarks)).routes(routes!(add_benchmark, remove_benchmark))
}

/// The project's benchmarks.
#[utoipa::path(get, path = "/projects/{project}/benchmarks", tag = "datasets", params(("project" = ProjectId, Path)), responses((status = OK, body = Vec<Benchmark>)))]
async fn list_benchmarks(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<Benchmark>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(store::benchmarks::list(&db, project).await?))
}

/// Make a dataset version a benchmark.
///
/// From now on a run fails before it trains if samples of this version, whatever their split, are in its training split in
/// some form; an owner can sign for that as for the run's own test samples.
#[utoipa::path(put, path = "/projects/{project}/benchmarks/{version}", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = NO_CONTENT)))]
async fn add_benchmark(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    match store::benchmarks::add(&db, project, version, caller.user_id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

/// Take a version out of the benchmarks. Owners alone may, since it opens the way to runs that have seen it.
#[utoipa::path(delete, path = "/projects/{project}/benchmarks/{version}", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = NO_CONTENT)))]
async fn remove_benchmark(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Administer).await?;
    match store::benchmarks::remove(&db, project, version, caller.user_id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}
