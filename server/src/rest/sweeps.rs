//! Sweeps: plan, preview, start, follow, cancel.

use crate::{
    rest::{
        Json, Path, Problem, Query,
        auth::Caller,
        export::{self, ExportQuery, Record},
        paging::PageQuery,
        runs::idempotency_key,
    },
    state::AppState,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use domain::{
    access::Action,
    id::{ModelId, ProjectId, SweepId, VersionId},
    page::Page,
    recipe::setting_text,
    sweep::{Forecast, SweepDetail, SweepPlan, SweepSummary, TrialRun},
};
use serde::Deserialize;
use store::{
    PgPool,
    access::authorise,
    sweeps::{CreateError, NewSweep},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_sweeps, create_sweep))
        .routes(routes!(preview_sweep))
        .routes(routes!(get_sweep))
        .routes(routes!(cancel_sweep))
        .routes(routes!(list_trials))
}

/// What to sweep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SweepRequest {
    model_id: ModelId,
    version_id: VersionId,
    /// Named after model, data and strategy when absent.
    #[serde(default)]
    name: String,
    plan: SweepPlan,
}

impl SweepRequest {
    fn new_sweep(self, project: ProjectId, caller: &Caller, idempotency_key: Option<String>) -> NewSweep {
        NewSweep {
            project,
            by: caller.user_id,
            name: self.name,
            model: self.model_id,
            version: self.version_id,
            plan: self.plan,
            idempotency_key,
        }
    }
}

/// A project's sweeps, newest first.
#[utoipa::path(get, path = "/projects/{project}/sweeps", tag = "sweeps", params(("project" = ProjectId, Path), PageQuery), responses((status = OK, body = Page<SweepSummary>)))]
async fn list_sweeps(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<SweepSummary>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(store::sweeps::list(&db, project, page.after()?, page.limit()).await?))
}

/// Start a sweep.
///
/// Its runs are ordinary runs that wait in the queue a few at a time. Send an `Idempotency-Key` header to
/// start at most one: a repetition answers 200 with the first one's sweep instead of 201.
#[utoipa::path(post, path = "/projects/{project}/sweeps", tag = "sweeps", params(("project" = ProjectId, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = SweepRequest, responses((status = CREATED, body = SweepDetail), (status = OK, body = SweepDetail)))]
async fn create_sweep(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    headers: HeaderMap,
    Json(request): Json<SweepRequest>,
) -> Result<(StatusCode, Json<SweepDetail>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let new = request.new_sweep(project, &caller, idempotency_key(&headers)?);
    let created = store::sweeps::create(&db, &new).await?;
    let status = if created.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(find(&db, project, created.id).await?.0)))
}

/// What a sweep would cost. Starts nothing.
#[utoipa::path(post, path = "/projects/{project}/sweeps/preview", tag = "sweeps", params(("project" = ProjectId, Path)), request_body = SweepRequest, responses((status = OK, body = Forecast)))]
async fn preview_sweep(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<SweepRequest>,
) -> Result<Json<Forecast>, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    Ok(Json(store::sweeps::preview(&db, &request.new_sweep(project, &caller, None)).await?.forecast))
}

async fn find(db: &PgPool, project: ProjectId, sweep: SweepId) -> Result<(SweepDetail, Vec<TrialRun>), Problem> {
    store::sweeps::get(db, project, sweep).await?.ok_or_else(Problem::not_found)
}

/// One sweep: its plan, how far it is, and what its runs say.
#[utoipa::path(get, path = "/projects/{project}/sweeps/{sweep}", tag = "sweeps", params(("project" = ProjectId, Path), ("sweep" = SweepId, Path)), responses((status = OK, body = SweepDetail)))]
async fn get_sweep(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, sweep)): Path<(ProjectId, SweepId)>,
) -> Result<Json<SweepDetail>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(find(&db, project, sweep).await?.0))
}

/// End a sweep and ask its open runs to stop.
///
/// A sweep that has ended answers 409.
#[utoipa::path(post, path = "/projects/{project}/sweeps/{sweep}/cancel", tag = "sweeps", params(("project" = ProjectId, Path), ("sweep" = SweepId, Path)), responses((status = ACCEPTED, body = SweepDetail)))]
async fn cancel_sweep(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, sweep)): Path<(ProjectId, SweepId)>,
) -> Result<(StatusCode, Json<SweepDetail>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let before = find(&db, project, sweep).await?.0;
    if !store::sweeps::cancel(&db, project, sweep, caller.user_id).await? {
        return Err(Problem::conflict(format!("the sweep is {} already", before.summary.status.as_str())));
    }
    Ok((StatusCode::ACCEPTED, Json(find(&db, project, sweep).await?.0)))
}

/// The runs of a sweep with their settings and the goal's value.
///
/// With `format` as one file; in CSV the settings stand in one column as `field=value; …`.
#[utoipa::path(get, path = "/projects/{project}/sweeps/{sweep}/trials", tag = "sweeps", params(("project" = ProjectId, Path), ("sweep" = SweepId, Path), ExportQuery), responses((status = OK, body = [TrialRun])))]
async fn list_trials(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, sweep)): Path<(ProjectId, SweepId)>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let runs = find(&db, project, sweep).await?.1;
    Ok(match export.format {
        None => Json(runs).into_response(),
        Some(format) => export::items("trials", format, export.formulas(), runs),
    })
}

impl Record for TrialRun {
    const COLUMNS: &'static [&'static str] =
        &["trial", "rung", "run", "status", "step", "total_steps", "objective", "elapsed_seconds", "settings"];

    fn cells(&self) -> Vec<String> {
        let settings = self.settings.iter().map(|s| format!("{}={}", s.field, setting_text(&s.value)));
        vec![
            self.trial.to_string(),
            self.rung.to_string(),
            self.run_number.to_string(),
            self.status.as_str().to_owned(),
            self.step.to_string(),
            self.total_steps.to_string(),
            self.goal.map(|x| x.to_string()).unwrap_or_default(),
            self.elapsed_seconds.to_string(),
            settings.collect::<Vec<_>>().join("; "),
        ]
    }
}

impl From<CreateError> for Problem {
    fn from(e: CreateError) -> Self {
        let errors = match e {
            CreateError::Store(e) => return e.into(),
            CreateError::Name => return Self::invalid("name", e),
            CreateError::Model => return Self::invalid("model_id", e),
            CreateError::Version => return Self::invalid("version_id", e),
            CreateError::Plan(errors) => errors,
        };
        let text: Vec<_> = errors.iter().map(ToString::to_string).collect();
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, text.join("; "));
        errors.into_iter().fold(problem, |problem, e| problem.and(&format!("plan.{}", e.field), e.problem))
    }
}
