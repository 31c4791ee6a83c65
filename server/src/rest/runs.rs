//! Training runs: launch, follow, cancel, and take home what they made.

mod events;
mod files;
mod measured;
mod repetition;

use crate::{
    rest::{Json, Path, Problem, Query, auth::Caller, paging::PageQuery},
    state::AppState,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use domain::{
    access::Action,
    id::{ModelId, ProjectId, RunId, VersionId},
    page::Page,
    recipe::Recipe,
    run::{Ancestry, RunDetail, RunFilter, RunSort, RunStatus, RunSummary},
};
use serde::Deserialize;
use store::{
    PgPool,
    access::authorise,
    runs::{Launch, LaunchError},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_runs, launch_run))
        .routes(routes!(get_run))
        .routes(routes!(cancel_run))
        .routes(routes!(clone_run))
        .merge(measured::routes())
        .merge(repetition::routes())
        .merge(files::routes())
        .merge(events::routes())
}

/// A run of the project.
async fn find(db: &PgPool, caller: &Caller, project: ProjectId, run: RunId) -> Result<RunDetail, Problem> {
    authorise(db, caller, project, Action::Read).await?;
    store::runs::get(db, project, run).await?.ok_or_else(Problem::not_found)
}

/// Which runs, in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RunQuery {
    /// One status; all when absent.
    status: Option<RunStatus>,
    /// Part of a run's, model's or dataset's name, or the run's number.
    #[serde(default)]
    search: String,
    #[serde(default)]
    #[param(inline)]
    sort: RunSort,
}

/// A project's runs.
#[utoipa::path(get, path = "/projects/{project}/runs", tag = "runs", params(("project" = ProjectId, Path), RunQuery, PageQuery), responses((status = OK, body = Page<RunSummary>)))]
async fn list_runs(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(query): Query<RunQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<RunSummary>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let filter = RunFilter {
        statuses: query.status.into_iter().collect(),
        search: query.search,
        sort: query.sort,
        cursor: page.after()?,
        limit: page.limit(),
    };
    Ok(Json(store::runs::list(&db, project, &filter).await?))
}

/// What to run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LaunchRequest {
    model_id: ModelId,
    version_id: VersionId,
    /// Named after model and data when absent.
    #[serde(default)]
    name: String,
    /// Every field has a default.
    #[serde(default)]
    recipe: Recipe,
    /// A run of the same model and method whose adapter is trained on; a fresh one when absent.
    #[serde(default)]
    continues: Option<RunId>,
    /// Whether the run is tried out before it is queued.
    #[serde(default = "yes")]
    preflight: bool,
    /// Why it is to run though training has seen validation or test samples; only owners can say so, and it stays on the run.
    leak_override: Option<String>,
    /// Dataset versions of this project that training must not have seen, beside the project's benchmarks: all their samples
    /// count as held out.
    #[serde(default)]
    benchmarks: Vec<VersionId>,
}

fn yes() -> bool {
    true
}

/// What a clone changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CloneRequest {
    #[serde(default)]
    name: String,
    /// The original's when absent.
    recipe: Option<Recipe>,
    /// Whether the run is tried out before it is queued.
    #[serde(default = "yes")]
    preflight: bool,
    /// Why it is to run though training has seen validation or test samples; only owners can say so, and it stays on the run.
    leak_override: Option<String>,
}

/// Launch a run.
///
/// It is tried out first (status `checking`) and then queued, or fails with what was found; `"preflight": false` queues
/// it at once, and it fails when it is begun if training has seen validation, test or benchmark samples. `GET …/preflight` gives the report.
///
/// Send an `Idempotency-Key` header to launch at most once, however often the request is
/// repeated: a repetition answers 200 with the first one's run instead of 201.
#[utoipa::path(post, path = "/projects/{project}/runs", tag = "runs", params(("project" = ProjectId, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = LaunchRequest, responses((status = CREATED, body = RunDetail), (status = OK, body = RunDetail)))]
async fn launch_run(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    headers: HeaderMap,
    Json(request): Json<LaunchRequest>,
) -> Result<(StatusCode, Json<RunDetail>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let launch = Launch {
        project,
        by: caller.user_id,
        name: request.name,
        model: request.model_id,
        version: request.version_id,
        recipe: request.recipe,
        ancestry: Ancestry { continues: request.continues, ..Ancestry::default() },
        preflight: request.preflight,
        leak_reason: request.leak_override,
        benchmarks: request.benchmarks,
        idempotency_key: idempotency_key(&headers)?,
    };
    if launch.leak_reason.is_some() {
        authorise(&db, &caller, project, Action::Administer).await?;
    }
    start(&db, &caller, launch).await
}

/// Launch a run like this one, with another recipe if given.
#[utoipa::path(post, path = "/projects/{project}/runs/{run}/clone", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = CloneRequest, responses((status = CREATED, body = RunDetail), (status = OK, body = RunDetail)))]
async fn clone_run(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
    headers: HeaderMap,
    Json(request): Json<CloneRequest>,
) -> Result<(StatusCode, Json<RunDetail>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let original = find(&db, &caller, project, run).await?;
    let name = if request.name.is_empty() { original.summary.name } else { request.name };
    let launch = Launch {
        project,
        by: caller.user_id,
        name,
        model: original.summary.model_id,
        version: original.summary.version_id,
        recipe: request.recipe.unwrap_or(original.recipe),
        ancestry: Ancestry { cloned_from: Some(run), continues: original.continues.map(|(id, _)| id), repeats: None },
        preflight: request.preflight,
        leak_reason: request.leak_override,
        benchmarks: store::benchmarks::chosen(&db, run).await?,
        idempotency_key: idempotency_key(&headers)?,
    };
    if launch.leak_reason.is_some() {
        authorise(&db, &caller, project, Action::Administer).await?;
    }
    start(&db, &caller, launch).await
}

async fn start(db: &PgPool, caller: &Caller, launch: Launch) -> Result<(StatusCode, Json<RunDetail>), Problem> {
    let launched = store::runs::launch(db, &launch).await?;
    let run = find(db, caller, launch.project, launched.id).await?;
    let status = if launched.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(run)))
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=200).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Problem::invalid("Idempotency-Key", "1 to 200 visible ASCII characters")),
    }
}

impl From<LaunchError> for Problem {
    fn from(e: LaunchError) -> Self {
        let fields = match e {
            LaunchError::Store(e) => return e.into(),
            LaunchError::Name => return Self::invalid("name", e),
            LaunchError::Model => return Self::invalid("model_id", e),
            LaunchError::Version => return Self::invalid("version_id", e),
            LaunchError::Continues => return Self::invalid("continues", e),
            LaunchError::Repeats => return Self::conflict(e.to_string()),
            LaunchError::Benchmarks => return Self::invalid("benchmarks", e),
            LaunchError::LeakReason => return Self::invalid("leak_override", e),
            LaunchError::Recipe(errors) => errors,
            LaunchError::Misfits(misfits) => misfits.into_iter().map(Into::into).collect(),
        };
        let text: Vec<_> = fields.iter().map(ToString::to_string).collect();
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, text.join("; "));
        fields.into_iter().fold(problem, |problem, e| problem.and(&format!("recipe.{}", e.field), e.problem))
    }
}

/// One run.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path)), responses((status = OK, body = RunDetail)))]
async fn get_run(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
) -> Result<Json<RunDetail>, Problem> {
    Ok(Json(find(&db, &caller, project, run).await?))
}

/// Ask a run to stop.
///
/// A checked or queued run is cancelled at once, a running one within a step; its last checkpoint stays. A
/// run that has ended answers 409.
#[utoipa::path(post, path = "/projects/{project}/runs/{run}/cancel", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path)), responses((status = ACCEPTED, body = RunDetail)))]
async fn cancel_run(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
) -> Result<(StatusCode, Json<RunDetail>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let before = find(&db, &caller, project, run).await?;
    if !store::runs::request_cancel(&db, project, run, caller.user_id).await? {
        return Err(Problem::conflict(format!("the run has {} already", before.summary.state.status.as_str())));
    }
    Ok((StatusCode::ACCEPTED, Json(find(&db, &caller, project, run).await?)))
}
