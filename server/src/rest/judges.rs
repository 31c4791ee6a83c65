//! Judges: models that rate answers, their versions, and what a project asks of them.

mod human;
mod judgings;

use crate::{
    config::Config,
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    id::{EvalId, JudgeId, JudgeVersionId, ProjectId},
    judge::{
        JudgeSpec, MAX_HELP_CHARS, MAX_NAME_CHARS,
        calibration::Bar,
        view::{Judge, JudgeSummary, JudgingProblem, NewJudge, NewJudgeVersion},
    },
    paraphrase::Writer,
};
use serde::{Deserialize, Serialize};
use store::{
    PgPool,
    access::authorise,
    judges::{self, JudgingError, rulings},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_judges, create_judge))
        .routes(routes!(preview_judge))
        .routes(routes!(get_judge))
        .routes(routes!(add_judge_version))
        .routes(routes!(get_judge_bar, set_judge_bar))
        .merge(judgings::routes())
        .merge(human::routes())
}

impl From<JudgingError> for Problem {
    fn from(e: JudgingError) -> Self {
        match e {
            JudgingError::Store(e) => e.into(),
            JudgingError::Problem(problem) => Self::invalid(field(problem), problem),
        }
    }
}

/// The field that is wrong.
fn field(problem: JudgingProblem) -> &'static str {
    match problem {
        JudgingProblem::NoVersion => "version_id",
        JudgingProblem::NoEvaluation | JudgingProblem::Evaluations => "first",
        JudgingProblem::TooMany | JudgingProblem::Nothing => "samples",
        JudgingProblem::Task | JudgingProblem::NoLabels => "task_id",
        JudgingProblem::Question => "question",
        JudgingProblem::Criterion => "criterion",
    }
}

/// A project's judges by name. Figures of a judge whose `standing` is not `counts` belong in no verdict.
#[utoipa::path(get, path = "/projects/{project}/judges", tag = "judges", params(("project" = ProjectId, Path)), responses((status = OK, body = [JudgeSummary])))]
async fn list_judges(
    State(state): State<AppState>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<JudgeSummary>>, Problem> {
    authorise(&state.db, &caller, project, Action::Read).await?;
    Ok(Json(judges::list(&state.db, project, &state.config.asked_endpoints()).await?))
}

/// A judge that was made.
#[derive(Serialize, ToSchema)]
struct JudgeMade {
    judge_id: JudgeId,
}

/// Make a judge: an endpoint of the server's settings, or a model of the project, with what it is asked. 409 where the name is
/// taken.
///
/// A rubric rates one answer by criteria; a comparison says which of two is better, and is asked in both orders. Texts are
/// fenced off as data, and the shape of the answer is added to the template.
#[utoipa::path(post, path = "/projects/{project}/judges", tag = "judges", params(("project" = ProjectId, Path)), request_body = NewJudge, responses((status = CREATED, body = JudgeMade)))]
async fn create_judge(
    State(state): State<AppState>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(new): Json<NewJudge>,
) -> Result<(StatusCode, Json<JudgeMade>), Problem> {
    authorise(&state.db, &caller, project, Action::Launch).await?;
    if !(1..=MAX_NAME_CHARS).contains(&new.name.trim().chars().count()) {
        return Err(Problem::invalid("name", format!("use 1 to {MAX_NAME_CHARS} characters")));
    }
    check(&state, project, &new.spec, &new.note).await?;
    let judge_id = judges::create(&state.db, project, &new, caller.user_id).await?;
    Ok((StatusCode::CREATED, Json(JudgeMade { judge_id })))
}

async fn check(state: &AppState, project: ProjectId, spec: &JudgeSpec, note: &str) -> Result<(), Problem> {
    if note.chars().count() > MAX_HELP_CHARS {
        return Err(Problem::invalid("note", format!("use at most {MAX_HELP_CHARS} characters")));
    }
    let mut problems = spec.problems().into_iter();
    if let Some(first) = problems.next() {
        let found = Problem::invalid(first.field(), &first);
        return Err(problems.fold(found, |found, problem| found.and(problem.field(), &problem)));
    }
    check_writer(&state.db, &state.config, project, &spec.asked).await
}

/// That whoever is to be asked is there.
async fn check_writer(db: &PgPool, config: &Config, project: ProjectId, writer: &Writer) -> Result<(), Problem> {
    match writer {
        Writer::Endpoint { name } if config.endpoints.iter().all(|e| e.name != *name) => {
            Err(Problem::invalid("asked.name", "the server's settings name no such endpoint"))
        }
        Writer::Model { model_id, .. } if store::models::get(db, project, *model_id).await?.is_none() => {
            Err(Problem::invalid("asked.model_id", "the project has no such model"))
        }
        Writer::Endpoint { .. } | Writer::Model { .. } => Ok(()),
    }
}

/// One judge with all its versions and what each was held against. A calibration counts only for who was asked then: with another
/// model or address behind the endpoint's name a version's `standing` is `changed`.
#[utoipa::path(get, path = "/projects/{project}/judges/{judge}", tag = "judges", params(("project" = ProjectId, Path), ("judge" = JudgeId, Path)), responses((status = OK, body = Judge)))]
async fn get_judge(
    State(state): State<AppState>,
    caller: Caller,
    Path((project, judge)): Path<(ProjectId, JudgeId)>,
) -> Result<Json<Judge>, Problem> {
    authorise(&state.db, &caller, project, Action::Read).await?;
    let endpoints = state.config.asked_endpoints();
    judges::get(&state.db, project, judge, &endpoints).await?.map(Json).ok_or_else(Problem::not_found)
}

/// A version that was made.
#[derive(Serialize, ToSchema)]
struct JudgeVersionMade {
    version_id: JudgeVersionId,
}

/// Make another version of a judge. Earlier ones stay as they are; the new one has to be held against people itself.
#[utoipa::path(post, path = "/projects/{project}/judges/{judge}/versions", tag = "judges", params(("project" = ProjectId, Path), ("judge" = JudgeId, Path)), request_body = NewJudgeVersion, responses((status = CREATED, body = JudgeVersionMade)))]
async fn add_judge_version(
    State(state): State<AppState>,
    caller: Caller,
    Path((project, judge)): Path<(ProjectId, JudgeId)>,
    Json(new): Json<NewJudgeVersion>,
) -> Result<(StatusCode, Json<JudgeVersionMade>), Problem> {
    authorise(&state.db, &caller, project, Action::Launch).await?;
    check(&state, project, &new.spec, &new.note).await?;
    let made = judges::add_version(&state.db, project, judge, &new, caller.user_id).await?;
    let version_id = made.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::CREATED, Json(JudgeVersionMade { version_id })))
}

/// What a judge would be asked about the first sample of an evaluation, or of two.
#[derive(Deserialize, ToSchema)]
struct JudgePreview {
    spec: JudgeSpec,
    first: EvalId,
    #[serde(default)]
    second: Option<EvalId>,
}

/// A question as the judge would get it.
#[derive(Serialize, ToSchema)]
struct JudgePrompt {
    prompt: String,
}

/// See what a judge would be sent, before it is made.
#[utoipa::path(post, path = "/projects/{project}/judges/preview", tag = "judges", params(("project" = ProjectId, Path)), request_body = JudgePreview, responses((status = OK, body = JudgePrompt)))]
async fn preview_judge(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(asked): Json<JudgePreview>,
) -> Result<Json<JudgePrompt>, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    if let Some(problem) = asked.spec.problems().first() {
        return Err(Problem::invalid(problem.field(), problem));
    }
    let question = rulings::example(&db, project, asked.first, asked.second).await?;
    let question = question.ok_or_else(Problem::not_found)?;
    Ok(Json(JudgePrompt { prompt: question.prompt(&asked.spec) }))
}

/// What a project asks of its judges: the κ with people that they must reach before they count.
#[utoipa::path(get, path = "/projects/{project}/judge-bar", tag = "judges", params(("project" = ProjectId, Path)), responses((status = OK, body = Bar)))]
async fn get_judge_bar(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Bar>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(judges::bar(&db, project).await?))
}

/// Set it. It holds for all judges at once, also for those that were held against people before.
#[utoipa::path(put, path = "/projects/{project}/judge-bar", tag = "judges", params(("project" = ProjectId, Path)), request_body = Bar, responses((status = OK, body = Bar)))]
async fn set_judge_bar(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(bar): Json<Bar>,
) -> Result<Json<Bar>, Problem> {
    authorise(&db, &caller, project, Action::Administer).await?;
    if !bar.is_valid() {
        return Err(Problem::invalid("kappa", "use a number from 0 to 1"));
    }
    judges::set_bar(&db, project, &bar, caller.user_id).await?;
    Ok(Json(bar))
}
