//! What a run measured and wrote: points, log lines, sample answers.

use crate::{
    rest::{
        Json, Path, Problem, Query,
        auth::Caller,
        export::{self, ExportQuery, Format, Record},
    },
    state::AppState,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    event::series,
    id::{ProjectId, RunId},
    overfit::FitHistory,
    run::{LearntSamples, LogLine, Point, Preflight, Preview},
};
use serde::Deserialize;
use store::PgPool;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Ranges of steps of a thinned-out series when the caller names none.
const BUCKETS: u32 = 1000;
/// More than any run has steps: every point.
const ALL: u32 = u32::MAX;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(run_points))
        .routes(routes!(run_points_csv))
        .routes(routes!(run_logs))
        .routes(routes!(run_previews))
        .routes(routes!(run_fit))
        .routes(routes!(run_learning))
        .routes(routes!(run_preflight))
}

/// Which points.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PointQuery {
    /// Names of series, separated by commas; all when absent.
    #[serde(default)]
    keys: String,
    /// Thin each series out to about twice so many points, keeping every range's smallest and
    /// largest value. In JSON 1000 when absent; in CSV every point.
    buckets: Option<u32>,
}

impl PointQuery {
    async fn points(&self, db: &PgPool, run: RunId, buckets: u32) -> Result<Vec<Point>, Problem> {
        let wanted: Vec<&str> = self.keys.split(',').map(str::trim).filter(|k| !k.is_empty()).collect();
        if let Some(unknown) = wanted.iter().find(|k| !series::ALL.contains(k)) {
            return Err(Problem::invalid("keys", format!("{unknown:?} is none of {}", series::ALL.join(", "))));
        }
        let mut points = Vec::new();
        for key in series::ALL.into_iter().filter(|k| wanted.is_empty() || wanted.contains(k)) {
            points.append(&mut store::points::downsampled(db, run, key, self.buckets.unwrap_or(buckets)).await?);
        }
        Ok(points)
    }
}

impl Record for Point {
    const COLUMNS: &'static [&'static str] = &["series", "attempt", "step", "value", "elapsed_ms"];
    fn cells(&self) -> Vec<String> {
        vec![
            self.key.clone(),
            self.attempt.to_string(),
            self.step.to_string(),
            self.value.to_string(),
            self.elapsed_ms.to_string(),
        ]
    }
}

/// The curves of a run.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/points", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path), PointQuery), responses((status = OK, body = [Point])))]
async fn run_points(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
    Query(query): Query<PointQuery>,
) -> Result<Json<Vec<Point>>, Problem> {
    super::find(&db, &caller, project, run).await?;
    Ok(Json(query.points(&db, run, BUCKETS).await?))
}

/// The curves of a run as a CSV file.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/points.csv", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path), PointQuery, ExportQuery), responses((status = OK, content_type = "text/csv", body = String)))]
async fn run_points_csv(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
    Query(query): Query<PointQuery>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let found = super::find(&db, &caller, project, run).await?;
    let points = query.points(&db, run, ALL).await?;
    let name = format!("run-{}-points", found.summary.number);
    Ok(export::items(&name, Format::Csv, export.formulas(), points).into_response())
}

/// Which log lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LogQuery {
    /// Only lines after this one.
    #[serde(default)]
    after: i64,
    /// The latest so many, 1–5000; 500 when absent.
    limit: Option<u32>,
}

/// The log of a run, oldest line first.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/logs", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path), LogQuery), responses((status = OK, body = [LogLine])))]
async fn run_logs(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
    Query(query): Query<LogQuery>,
) -> Result<Json<Vec<LogLine>>, Problem> {
    super::find(&db, &caller, project, run).await?;
    let limit = query.limit.unwrap_or(500).clamp(1, 5000);
    Ok(Json(store::runs::logs_since(&db, run, query.after, limit).await?))
}

/// What the model wrote for a few validation samples as training went on, latest step first.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/previews", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path)), responses((status = OK, body = [Preview])))]
async fn run_previews(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
) -> Result<Json<Vec<Preview>>, Problem> {
    super::find(&db, &caller, project, run).await?;
    Ok(Json(store::runs::previews(&db, run, -1).await?))
}

/// The overfit watch: what the run's losses say, on which figures, what to do, and each validation that changed it. 404 before the
/// first validation.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/fit", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path)), responses((status = OK, body = FitHistory)))]
async fn run_fit(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
) -> Result<Json<FitHistory>, Problem> {
    super::find(&db, &caller, project, run).await?;
    store::fits::history(&db, project, run).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Which training samples a run never learnt, and which it forgot again. 404 before training has ended.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/learning", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path)), responses((status = OK, body = LearntSamples)))]
async fn run_learning(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
) -> Result<Json<LearntSamples>, Problem> {
    let run = super::find(&db, &caller, project, run).await?;
    store::runs::learnt(&db, &run).await?.map(Json).ok_or_else(Problem::not_found)
}

/// What was found when the run was tried out: each step, the audit of tokens and loss masks with examples, measured
/// figures. 404 before that, and of a run that was queued without.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/preflight", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path)), responses((status = OK, body = Preflight)))]
async fn run_preflight(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
) -> Result<Json<Preflight>, Problem> {
    super::find(&db, &caller, project, run).await?;
    store::preflights::report(&db, project, run).await?.map(Json).ok_or_else(Problem::not_found)
}
