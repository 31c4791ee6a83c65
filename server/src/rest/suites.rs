//! Evaluation suites: make and edit them, run them on candidates, read what came of it.

mod answers;
mod seeds;
mod standings;

use crate::{
    rest::{Json, Path, Problem, Query, auth::Caller},
    state::AppState,
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use domain::{
    access::Action,
    id::{ProjectId, SuiteId},
    job::Job,
    suite::{Baseline, Candidate, RunSuite, SuiteDesign, SuiteDetail, SuiteError, SuiteSummary},
};
use serde::Deserialize;
use store::{PgPool, access::authorise, suites};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Longest name of a suite, and longest label of a baseline, in characters.
const MAX_NAME_CHARS: usize = 200;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_suites, create_suite))
        .routes(routes!(get_suite, update_suite, archive_suite))
        .routes(routes!(suite_toml))
        .routes(routes!(run_suite))
        .routes(routes!(pin_baseline, unpin_baseline))
        .merge(answers::routes())
        .merge(seeds::routes())
        .merge(standings::routes())
}

impl From<SuiteError> for Problem {
    fn from(e: SuiteError) -> Self {
        Self::invalid(e.field(), e)
    }
}

/// Which version of a suite.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct VersionQuery {
    /// The newest when absent.
    version: Option<u32>,
}

/// A suite of the project, or 404.
async fn find(db: &PgPool, project: ProjectId, suite: SuiteId, version: Option<u32>) -> Result<SuiteDetail, Problem> {
    suites::get(db, project, suite, version).await?.ok_or_else(Problem::not_found)
}

fn named(name: &str) -> Result<&str, Problem> {
    let name = name.trim();
    let is_good = (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if is_good { Ok(name) } else { Err(Problem::invalid("name", "expected 1 to 200 characters in one line")) }
}

/// Whether the design can be done with the project's data.
async fn check(db: &PgPool, project: ProjectId, suite: Option<SuiteId>, design: &SuiteDesign) -> Result<(), Problem> {
    design.check()?;
    if let Some(problem) = suites::judged::unusable(db, project, suite, design).await? {
        return Err(Problem::invalid("judges", problem));
    }
    match suites::without_data(db, project, design).await? {
        Some(key) => Err(Problem::invalid("version_id", format!("{key}: this project has no such dataset version"))),
        None => Ok(()),
    }
}

/// The project's suites.
#[utoipa::path(get, path = "/projects/{project}/suites", tag = "suites", params(("project" = ProjectId, Path)), responses((status = OK, body = Vec<SuiteSummary>)))]
async fn list_suites(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<SuiteSummary>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(suites::list(&db, project).await?))
}

/// A new suite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSuite {
    name: String,
    design: SuiteDesign,
    /// Whether every run of the project that succeeds takes it.
    #[serde(default)]
    automatic: bool,
}

/// Make a suite.
#[utoipa::path(post, path = "/projects/{project}/suites", tag = "suites", params(("project" = ProjectId, Path)), request_body = NewSuite, responses((status = CREATED, body = SuiteDetail)))]
async fn create_suite(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(new): Json<NewSuite>,
) -> Result<(StatusCode, Json<SuiteDetail>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let name = named(&new.name)?;
    check(&db, project, None, &new.design).await?;
    let id = suites::create(&db, project, name, &new.design, caller.user_id).await?;
    if new.automatic {
        suites::set(&db, project, id, name, true).await?;
    }
    Ok((StatusCode::CREATED, Json(find(&db, project, id, None).await?)))
}

/// A suite with the design of one of its versions.
#[utoipa::path(get, path = "/projects/{project}/suites/{suite}", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path), VersionQuery), responses((status = OK, body = SuiteDetail)))]
async fn get_suite(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite)): Path<(ProjectId, SuiteId)>,
    Query(query): Query<VersionQuery>,
) -> Result<Json<SuiteDetail>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(find(&db, project, suite, query.version).await?))
}

/// What to change of a suite; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SuiteEdit {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    automatic: Option<bool>,
    /// A design makes the suite's next version, unless it is that of the newest one.
    #[serde(default)]
    design: Option<SuiteDesign>,
    /// The newest version that you know: 409 where there is a later one.
    #[serde(default)]
    seen: Option<u32>,
}

/// Change a suite. Versions never change: a design makes the next one.
#[utoipa::path(patch, path = "/projects/{project}/suites/{suite}", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path)), request_body = SuiteEdit, responses((status = OK, body = SuiteDetail)))]
async fn update_suite(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite)): Path<(ProjectId, SuiteId)>,
    Json(edit): Json<SuiteEdit>,
) -> Result<Json<SuiteDetail>, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let now = find(&db, project, suite, None).await?;
    if let Some(design) = &edit.design {
        check(&db, project, Some(suite), design).await?;
        let seen = edit.seen.unwrap_or(now.summary.version);
        suites::save(&db, project, suite, seen, design, caller.user_id).await?;
    }
    let name = edit.name.as_deref().map(named).transpose()?.unwrap_or(&now.summary.name);
    suites::set(&db, project, suite, name, edit.automatic.unwrap_or(now.summary.automatic)).await?;
    Ok(Json(find(&db, project, suite, None).await?))
}

/// Put a suite away, with its alarms and targets.
#[utoipa::path(delete, path = "/projects/{project}/suites/{suite}", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path)), responses((status = NO_CONTENT)))]
async fn archive_suite(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite)): Path<(ProjectId, SuiteId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    if suites::archive(&db, project, suite).await? { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// A version's design as TOML.
#[utoipa::path(get, path = "/projects/{project}/suites/{suite}/design.toml", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path), VersionQuery), responses((status = OK, content_type = "application/toml", body = String)))]
async fn suite_toml(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite)): Path<(ProjectId, SuiteId)>,
    Query(query): Query<VersionQuery>,
) -> Result<impl IntoResponse, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let design = find(&db, project, suite, query.version).await?.design;
    Ok(([(header::CONTENT_TYPE, "application/toml")], design.to_toml()))
}

/// What to run a suite on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SuiteRunRequest {
    candidate: Candidate,
    /// Of the suite; the newest when absent.
    #[serde(default)]
    version: Option<u32>,
    /// Whether to answer again what the candidate has answered before.
    #[serde(default)]
    again: bool,
}

/// Run a suite on a candidate: a run, a base model, or an endpoint of the server's settings.
///
/// Answers with a job. Evaluations that the candidate has a result of are not repeated, unless `again` is true; judges are then
/// asked for what they have not said of the answers yet, and whether they count is taken again.
#[utoipa::path(post, path = "/projects/{project}/suites/{suite}/runs", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path)), request_body = SuiteRunRequest, responses((status = ACCEPTED, body = Job)))]
async fn run_suite(
    State(state): State<AppState>,
    caller: Caller,
    Path((project, suite)): Path<(ProjectId, SuiteId)>,
    Json(request): Json<SuiteRunRequest>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let db = &state.db;
    authorise(db, &caller, project, Action::Launch).await?;
    let found = find(db, project, suite, request.version).await?;
    check_candidate(&state, project, &request.candidate).await?;
    let request =
        RunSuite { suite_id: suite, version: found.shown, candidate: request.candidate, again: request.again };
    let id = store::jobs::enqueue(db, project, suites::KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Whether the project, or the server, has this candidate.
async fn check_candidate(state: &AppState, project: ProjectId, candidate: &Candidate) -> Result<(), Problem> {
    let (is_known, problem) = match candidate {
        Candidate::Run { run_id } => {
            let run = store::runs::get(&state.db, project, *run_id).await?;
            (run.is_some_and(|run| !run.adapter.is_empty()), "choose a run of this project that has an adapter")
        }
        Candidate::Model { model_id } => {
            (store::models::get(&state.db, project, *model_id).await?.is_some(), "this project has no such model")
        }
        Candidate::Endpoint { name } => {
            (state.config.endpoints.iter().any(|e| e.name == *name), "the server's settings name no such endpoint")
        }
    };
    if is_known { Ok(()) } else { Err(Problem::invalid("candidate", problem)) }
}

/// Pin a candidate as a baseline, or change how it is called. The main one is what gates and alarms are judged by.
#[utoipa::path(put, path = "/projects/{project}/suites/{suite}/baselines", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path)), request_body = Baseline, responses((status = OK, body = SuiteDetail)))]
async fn pin_baseline(
    State(state): State<AppState>,
    caller: Caller,
    Path((project, suite)): Path<(ProjectId, SuiteId)>,
    Json(baseline): Json<Baseline>,
) -> Result<Json<SuiteDetail>, Problem> {
    let db = &state.db;
    authorise(db, &caller, project, Action::Launch).await?;
    find(db, project, suite, None).await?;
    check_candidate(&state, project, &baseline.candidate).await?;
    let label =
        named(&baseline.label).map_err(|_| Problem::invalid("label", "expected 1 to 200 characters in one line"))?;
    let baseline = Baseline { label: label.to_owned(), ..baseline.clone() };
    suites::baselines::pin(db, project, suite, &baseline, caller.user_id).await?;
    Ok(Json(find(db, project, suite, None).await?))
}

/// Which baseline.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BaselineQuery {
    /// `run:ID`, `model:ID` or `endpoint:NAME`.
    candidate: String,
}

/// Take a baseline's pin out.
#[utoipa::path(delete, path = "/projects/{project}/suites/{suite}/baselines", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path), BaselineQuery), responses((status = NO_CONTENT)))]
async fn unpin_baseline(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite)): Path<(ProjectId, SuiteId)>,
    Query(query): Query<BaselineQuery>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let candidate = query.candidate.parse::<Candidate>().map_err(|e| Problem::invalid("candidate", e))?;
    match suites::baselines::unpin(&db, project, suite, &candidate).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}
