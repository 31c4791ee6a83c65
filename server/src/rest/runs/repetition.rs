//! Running again to the same bits: the repetition of a run, how the two compare, and what a run was made of.

use super::{find, idempotency_key, start};
use crate::{
    rest::{Json, Path, Problem, auth::Caller, export::attachment},
    state::AppState,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::{
    access::Action,
    id::{ProjectId, RunId},
    run::{Repetition, RunDetail},
};
use store::{PgPool, access::authorise, runs::Launch};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(repeat_run)).routes(routes!(run_repetition)).routes(routes!(run_manifest))
}

/// Repeat a run.
///
/// Launches another run of the same recipe, model and data. When both have succeeded,
/// `GET …/repetition` of the new one says whether it gave the same bits.
#[utoipa::path(post, path = "/projects/{project}/runs/{run}/repeat", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path), ("Idempotency-Key" = Option<String>, Header)), responses((status = CREATED, body = RunDetail), (status = OK, body = RunDetail)))]
async fn repeat_run(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<RunDetail>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let original = find(&db, &caller, project, run).await?;
    let launch =
        Launch { idempotency_key: idempotency_key(&headers)?, ..Launch::again(project, caller.user_id, original) };
    start(&db, &caller, launch).await
}

/// How a run compares with the one that it repeats.
///
/// 404 for a run that repeats none; without `differences` before both have succeeded.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/repetition", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path)), responses((status = OK, body = Repetition)))]
async fn run_repetition(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
) -> Result<Json<Repetition>, Problem> {
    let found = find(&db, &caller, project, run).await?;
    store::runs::repetition(&db, &found).await?.map(Json).ok_or_else(Problem::not_found)
}

/// What decided the bits of a run's result: hashes of model, data and tokenizer, versions, machine, recipe.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/manifest.json", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path)), responses((status = OK, content_type = "application/json", body = Object)))]
async fn run_manifest(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
) -> Result<Response, Problem> {
    let found = find(&db, &caller, project, run).await?;
    let manifest = store::runs::manifest(&db, project, run).await?;
    let manifest = manifest.ok_or_else(|| Problem::conflict("the run has no manifest: it has not succeeded"))?;
    let name = format!("run-{}-manifest.json", found.summary.number);
    Ok(attachment(&name, "application/json", Body::from(format!("{manifest:#}"))))
}
