//! What follows from suites: alarms, and how the project stands to its targets.

use super::find;
use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    id::{ProjectId, SuiteAlarmId, SuiteId, TargetId},
    suite::{FIGURES, NewTarget, SuiteAlarm, TargetStanding},
};
use store::{PgPool, access::authorise, suites};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_alarms))
        .routes(routes!(dismiss_alarm))
        .routes(routes!(list_targets, set_target))
        .routes(routes!(remove_target))
}

/// Candidates that are worse than their suite's baseline, with evidence after correction over the suite, newest first.
#[utoipa::path(get, path = "/projects/{project}/suite-alarms", tag = "suites", params(("project" = ProjectId, Path)), responses((status = OK, body = Vec<SuiteAlarm>)))]
async fn list_alarms(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<SuiteAlarm>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(suites::alarms::open(&db, project, None).await?))
}

/// Put an alarm away.
#[utoipa::path(delete, path = "/projects/{project}/suites/{suite}/alarms/{alarm}", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path), ("alarm" = SuiteAlarmId, Path)), responses((status = NO_CONTENT)))]
async fn dismiss_alarm(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite, alarm)): Path<(ProjectId, SuiteId, SuiteAlarmId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    match suites::alarms::dismiss(&db, project, suite, alarm, caller.user_id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

/// The project's targets, and how it stands to them: by the run that was evaluated last.
#[utoipa::path(get, path = "/projects/{project}/targets", tag = "suites", params(("project" = ProjectId, Path)), responses((status = OK, body = Vec<TargetStanding>)))]
async fn list_targets(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<TargetStanding>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(suites::targets::standings(&db, project, None).await?))
}

/// Set a target. One with the same suite, evaluation, metric and way is moved.
#[utoipa::path(post, path = "/projects/{project}/targets", tag = "suites", params(("project" = ProjectId, Path)), request_body = NewTarget, responses((status = OK, body = Vec<TargetStanding>)))]
async fn set_target(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(new): Json<NewTarget>,
) -> Result<Json<Vec<TargetStanding>>, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let suite = find(&db, project, new.suite_id, None).await?;
    let evaluation = suite.design.evaluation(&new.evaluation);
    let evaluation = evaluation.ok_or_else(|| Problem::invalid("evaluation", "the suite has no such evaluation"))?;
    if !evaluation.measured().contains(&new.metric) && !FIGURES.contains(&new.metric.as_str()) {
        return Err(Problem::invalid("metric", "the evaluation does not measure it"));
    }
    if !new.limit.is_finite() {
        return Err(Problem::invalid("limit", "expected a number"));
    }
    match suites::targets::set(&db, project, &new, caller.user_id).await? {
        Some(_) => Ok(Json(suites::targets::standings(&db, project, None).await?)),
        None => Err(Problem::conflict(format!("a project has at most {} targets", suites::targets::MOST))),
    }
}

/// Take a target away.
#[utoipa::path(delete, path = "/projects/{project}/targets/{target}", tag = "suites", params(("project" = ProjectId, Path), ("target" = TargetId, Path)), responses((status = NO_CONTENT)))]
async fn remove_target(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, target)): Path<(ProjectId, TargetId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    match suites::targets::remove(&db, project, target).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}
