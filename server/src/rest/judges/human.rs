//! Models compared by people: a blind task over pairs of their answers, and the ranking that follows.

use crate::{
    rest::{
        Json, Path, Problem, Query,
        auth::Caller,
        export::{self, ExportQuery, Record},
    },
    state::AppState,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    access::Action,
    annotation::MAX_TITLE_CHARS,
    id::{HumanEvaluationId, JobId, ProjectId, TaskId},
    judge::{
        MAX_NAME_CHARS,
        ranking::Ranked,
        view::{
            HumanEvaluation, HumanEvaluationSummary, MAX_COMPARED, MAX_OVERLAP, MAX_PAIRS_PER_SAMPLE, MIN_COMPARED,
            NewHumanEvaluation,
        },
    },
};
use serde::Serialize;
use store::{
    PgPool,
    access::authorise,
    annotation::items::{self, Sees},
    judges::human,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_human_evaluations, create_human_evaluation))
        .routes(routes!(get_human_evaluation))
}

/// A project's comparisons by people, newest first.
#[utoipa::path(get, path = "/projects/{project}/human-evaluations", tag = "judges", params(("project" = ProjectId, Path)), responses((status = OK, body = [HumanEvaluationSummary])))]
async fn list_human_evaluations(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<HumanEvaluationSummary>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(human::list(&db, project).await?))
}

/// A comparison that was made, with its task and the job that makes the task's items.
#[derive(Serialize, ToSchema)]
struct HumanEvaluationMade {
    human_evaluation_id: HumanEvaluationId,
    task_id: TaskId,
    job_id: JobId,
}

/// Have people compare what several models answered to the same samples.
///
/// Makes an annotation task: each item shows two answers in an order that says nothing, and no names. The pairs join all
/// models, so that all can be ranked. Open the task once its items are made.
#[utoipa::path(post, path = "/projects/{project}/human-evaluations", tag = "judges", params(("project" = ProjectId, Path)), request_body = NewHumanEvaluation, responses((status = CREATED, body = HumanEvaluationMade)))]
async fn create_human_evaluation(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(new): Json<NewHumanEvaluation>,
) -> Result<(StatusCode, Json<HumanEvaluationMade>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    check(&new)?;
    let (human_evaluation_id, made) = human::create(&db, project, &new, caller.user_id).await?;
    let made = HumanEvaluationMade { human_evaluation_id, task_id: made.task_id, job_id: made.job_id };
    Ok((StatusCode::CREATED, Json(made)))
}

fn check(new: &NewHumanEvaluation) -> Result<(), Problem> {
    if !(1..=MAX_NAME_CHARS).contains(&new.name.trim().chars().count()) {
        return Err(Problem::invalid("name", format!("use 1 to {MAX_NAME_CHARS} characters")));
    }
    if new.question.chars().count() > MAX_TITLE_CHARS {
        return Err(Problem::invalid("question", format!("use at most {MAX_TITLE_CHARS} characters")));
    }
    if !(MIN_COMPARED..=MAX_COMPARED).contains(&new.eval_ids.len()) {
        return Err(Problem::invalid("eval_ids", format!("name {MIN_COMPARED} to {MAX_COMPARED} evaluations")));
    }
    if new.pairs_per_sample > MAX_PAIRS_PER_SAMPLE {
        return Err(Problem::invalid("pairs_per_sample", format!("use at most {MAX_PAIRS_PER_SAMPLE}")));
    }
    if new.overlap > MAX_OVERLAP {
        return Err(Problem::invalid("overlap", format!("use at most {MAX_OVERLAP}")));
    }
    Ok(())
}

/// One comparison with its ranking: Bradley-Terry strengths on Elo's scale with 95 % intervals, Elo's ratings, and for each
/// pair an exact test, adjusted by Holm's procedure. Whoever still judges sees no ranking. With `format` the ranking as a file.
#[utoipa::path(get, path = "/projects/{project}/human-evaluations/{evaluation}", tag = "judges", params(("project" = ProjectId, Path), ("evaluation" = HumanEvaluationId, Path), ExportQuery), responses((status = OK, body = HumanEvaluation)))]
async fn get_human_evaluation(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, evaluation)): Path<(ProjectId, HumanEvaluationId)>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let role = authorise(&db, &caller, project, Action::Read).await?;
    let task = human::task(&db, project, evaluation).await?.ok_or_else(Problem::not_found)?;
    let sees = items::sees(&db, project, task, caller.user_id, role).await?;
    let is_blind = sees != Some(Sees::All);
    let found = human::get(&db, project, evaluation, is_blind).await?.ok_or_else(Problem::not_found)?;
    let Some(format) = export.format else { return Ok(Json(found).into_response()) };
    let models = found.ranking.map(|ranking| ranking.models).unwrap_or_default();
    Ok(export::items(&format!("ranking-{evaluation}"), format, export.formulas(), models))
}

impl Record for Ranked {
    const COLUMNS: &'static [&'static str] = &["model", "strength", "low", "high", "elo", "wins", "losses", "ties"];
    fn cells(&self) -> Vec<String> {
        let number = |x: f64| format!("{x:.1}");
        vec![
            self.name.clone(),
            number(self.strength.value),
            number(self.strength.low),
            number(self.strength.high),
            number(self.elo),
            self.wins.to_string(),
            self.losses.to_string(),
            self.ties.to_string(),
        ]
    }
}
