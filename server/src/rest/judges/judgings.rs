//! Judgings: a judge asked about the answers of evaluations, what it said, and how far it agrees with people.

use crate::{
    rest::{
        Json, Path, Problem, Query,
        auth::Caller,
        export::{self, ExportQuery, Record},
        paging::PageQuery,
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
    id::{JobId, JudgingId, ProjectId},
    job::Job,
    judge::{
        answer::Said,
        calibration::Agreement,
        view::{Judging, JudgingSummary, NewCalibration, NewJudging, OpenedRuling, RulingRow},
    },
    page::{MAX_LIMIT, Page},
};
use serde::{Deserialize, Serialize};
use store::{
    PgPool,
    access::authorise,
    judges::{
        self, judgings,
        rulings::{self, RulingQuery},
    },
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_judgings, create_judging))
        .routes(routes!(get_judging, delete_judging))
        .routes(routes!(go_on_judging))
        .routes(routes!(calibrate_judge))
        .routes(routes!(list_rulings))
        .routes(routes!(open_rulings))
}

/// A project's judgings, newest first.
#[utoipa::path(get, path = "/projects/{project}/judgings", tag = "judges", params(("project" = ProjectId, Path)), responses((status = OK, body = [JudgingSummary])))]
async fn list_judgings(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<JudgingSummary>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(judgings::list(&db, project, None).await?))
}

/// A judging that was made, with the job that asks.
#[derive(Serialize, ToSchema)]
struct JudgingMade {
    judging_id: JudgingId,
    job_id: JobId,
}

/// Ask a judge about the answers of one evaluation (rubric) or of two (comparison).
///
/// A job asks, as often as the judge's version says, and comparisons in both orders: a winner that changes with the order is a
/// tie. Each answer is kept as it comes; a job that was stopped goes on where it was.
#[utoipa::path(post, path = "/projects/{project}/judgings", tag = "judges", params(("project" = ProjectId, Path)), request_body = NewJudging, responses((status = CREATED, body = JudgingMade)))]
async fn create_judging(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(new): Json<NewJudging>,
) -> Result<(StatusCode, Json<JudgingMade>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let made = judgings::create(&db, project, &new, caller.user_id).await?;
    Ok((StatusCode::CREATED, Json(JudgingMade { judging_id: made.judging_id, job_id: made.job_id })))
}

/// One judging with what it comes to so far: means with 95 % intervals, the judge's own noise, of comparisons win rate and
/// position bias, and the share of answers that were not understood.
#[utoipa::path(get, path = "/projects/{project}/judgings/{judging}", tag = "judges", params(("project" = ProjectId, Path), ("judging" = JudgingId, Path)), responses((status = OK, body = Judging)))]
async fn get_judging(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, judging)): Path<(ProjectId, JudgingId)>,
) -> Result<Json<Judging>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    judgings::get(&db, project, judging).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Delete a judging with what the judge said. 404 also while a job is at it; 409 where the judge was held against people with it.
#[utoipa::path(delete, path = "/projects/{project}/judgings/{judging}", tag = "judges", params(("project" = ProjectId, Path), ("judging" = JudgingId, Path)), responses((status = NO_CONTENT)))]
async fn delete_judging(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, judging)): Path<(ProjectId, JudgingId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    if judgings::delete(&db, project, judging).await? { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// Ask for what is missing after a job was stopped. 404 also where nothing is missing, or a job is at it.
#[utoipa::path(post, path = "/projects/{project}/judgings/{judging}/go-on", tag = "judges", params(("project" = ProjectId, Path), ("judging" = JudgingId, Path)), responses((status = ACCEPTED, body = Job)))]
async fn go_on_judging(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, judging)): Path<(ProjectId, JudgingId)>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let job = judgings::go_on(&db, project, judging, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    let job = store::jobs::get(&db, project, job).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Hold a judge against what people said of the same answers in an annotation task. The newest result of each criterion
/// decides whether the judge's version counts.
#[utoipa::path(post, path = "/projects/{project}/judgings/{judging}/calibrations", tag = "judges", params(("project" = ProjectId, Path), ("judging" = JudgingId, Path)), request_body = NewCalibration, responses((status = CREATED, body = Agreement)))]
async fn calibrate_judge(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, judging)): Path<(ProjectId, JudgingId)>,
    Json(new): Json<NewCalibration>,
) -> Result<(StatusCode, Json<Agreement>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let found = judges::calibrate(&db, project, judging, &new, caller.user_id).await?;
    Ok((StatusCode::CREATED, Json(found)))
}

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Unclear {
    /// Those answers alone that were not understood.
    #[serde(default)]
    unparsable: bool,
}

/// What the judge said, by sample: a page, or with `format` everything as one file.
#[utoipa::path(get, path = "/projects/{project}/judgings/{judging}/rulings", tag = "judges", params(("project" = ProjectId, Path), ("judging" = JudgingId, Path), Unclear, PageQuery, ExportQuery), responses((status = OK, body = Page<RulingRow>)))]
async fn list_rulings(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, judging)): Path<(ProjectId, JudgingId)>,
    Query(unclear): Query<Unclear>,
    Query(page): Query<PageQuery>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let query = RulingQuery { unparsable: unclear.unparsable, cursor: page.cursor.clone(), limit: page.limit };
    let first = rulings::page(&db, project, judging, &query).await?.ok_or_else(Problem::not_found)?;
    let Some(format) = export.format else { return Ok(Json(first).into_response()) };
    Ok(export::list(&format!("judging-{judging}"), format, export.formulas(), move |cursor| {
        let db = db.clone();
        let query = RulingQuery { unparsable: unclear.unparsable, cursor, limit: Some(MAX_LIMIT) };
        Box::pin(async move {
            let page = rulings::page(&db, project, judging, &query).await?;
            Ok(page.unwrap_or(Page { items: Vec::new(), next_cursor: None }))
        })
    }))
}

impl Record for RulingRow {
    const COLUMNS: &'static [&'static str] = &[
        "position",
        "sample_id",
        "repeat",
        "swapped",
        "said",
        "problem",
        "reason",
        "answer",
        "prompt_tokens",
        "answer_tokens",
    ];
    fn cells(&self) -> Vec<String> {
        let said = match &self.said {
            Some(Said::Scores { scores }) => {
                scores.iter().map(|(name, score)| format!("{name}={score}")).collect::<Vec<_>>().join("; ")
            }
            Some(Said::Choice { choice }) => choice.as_str().to_owned(),
            None => String::new(),
        };
        let count = |tokens: Option<u32>| tokens.map(|n| n.to_string()).unwrap_or_default();
        vec![
            self.position.to_string(),
            self.sample_id.to_string(),
            self.repeat.to_string(),
            self.swapped.to_string(),
            said,
            self.problem.as_ref().map(ToString::to_string).unwrap_or_default(),
            self.reason.clone(),
            self.answer.clone(),
            count(self.prompt_tokens),
            count(self.answer_tokens),
        ]
    }
}

/// All that a judge said of one sample, with what it had been sent. Empty where it has said nothing.
#[utoipa::path(get, path = "/projects/{project}/judgings/{judging}/rulings/{position}", tag = "judges", params(("project" = ProjectId, Path), ("judging" = JudgingId, Path), ("position" = u32, Path)), responses((status = OK, body = [OpenedRuling])))]
async fn open_rulings(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, judging, position)): Path<(ProjectId, JudgingId, u32)>,
) -> Result<Json<Vec<OpenedRuling>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(rulings::opened(&db, project, judging, position).await?))
}
