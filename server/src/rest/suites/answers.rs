//! What came of a suite: the table of candidates, base models side by side, history, answers, slices.

use super::{VersionQuery, find};
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
use dataprep::export::prompt_text;
use domain::{
    access::Action,
    eval::view::Outcome,
    id::{ProjectId, SuiteId, SuiteResultId},
    job::Job,
    page::{MAX_LIMIT, Page},
    suite::{
        BakeOff, HistoryPoint, SliceReport, SuiteDetail, SuitePrediction, SuitePredictionQuery, SuiteResult, SuiteTable,
    },
};
use serde::{Deserialize, Serialize};
use store::{
    PgPool,
    access::authorise,
    diffs::Asker,
    suites::{
        self,
        ask::{self, CompareSuite},
        slices::Cut,
    },
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_table))
        .routes(routes!(get_bake_off))
        .routes(routes!(get_history))
        .routes(routes!(get_result))
        .routes(routes!(list_answers))
        .routes(routes!(get_slices))
}

/// One figure of the table as a line of a file.
#[derive(Serialize)]
struct Figure {
    candidate: String,
    name: String,
    evaluation: String,
    metric: String,
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    signature: String,
    samples: u64,
    difference: Option<f64>,
    difference_low: Option<f64>,
    difference_high: Option<f64>,
    p_value: Option<f64>,
    adjusted_p_value: Option<f64>,
    /// Of a judge's figure: whether it counts, `counts`, or why not.
    judge: Option<&'static str>,
    result_id: SuiteResultId,
}

impl Record for Figure {
    const COLUMNS: &'static [&'static str] = &[
        "candidate",
        "name",
        "evaluation",
        "metric",
        "value",
        "low",
        "high",
        "signature",
        "samples",
        "difference",
        "difference_low",
        "difference_high",
        "p_value",
        "adjusted_p_value",
        "judge",
        "result_id",
    ];

    fn cells(&self) -> Vec<String> {
        let number = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
        vec![
            self.candidate.clone(),
            self.name.clone(),
            self.evaluation.clone(),
            self.metric.clone(),
            self.value.to_string(),
            number(self.low),
            number(self.high),
            self.signature.clone(),
            self.samples.to_string(),
            number(self.difference),
            number(self.difference_low),
            number(self.difference_high),
            number(self.p_value),
            number(self.adjusted_p_value),
            self.judge.unwrap_or_default().to_owned(),
            self.result_id.to_string(),
        ]
    }
}

fn figures(table: &SuiteTable) -> Vec<Figure> {
    let mut found = Vec::new();
    for row in &table.rows {
        for (cell, evaluation) in row.cells.iter().zip(&table.evaluations) {
            let Some(cell) = cell else { continue };
            for (metric, score) in &cell.scores {
                let difference = cell.difference(metric);
                found.push(Figure {
                    candidate: row.candidate.to_string(),
                    name: row.name.clone(),
                    evaluation: evaluation.key.clone(),
                    metric: metric.clone(),
                    value: score.value,
                    low: score.interval.map(|i| i.low),
                    high: score.interval.map(|i| i.high),
                    signature: score.signature.clone(),
                    samples: cell.samples,
                    difference: difference.map(|d| d.to - d.from),
                    difference_low: difference.and_then(|d| d.interval).map(|i| i.0),
                    difference_high: difference.and_then(|d| d.interval).map(|i| i.1),
                    p_value: difference.and_then(|d| d.p_value),
                    adjusted_p_value: row.adjusted_p_values.get(&format!("{}/{metric}", evaluation.key)).copied(),
                    judge: cell.judged.get(metric).map(|figure| figure.standing.as_str()),
                    result_id: cell.result_id,
                });
            }
        }
    }
    found
}

/// Somebody who asks again for what has failed, too: that they come back is all that tells it from the first time.
pub(super) fn asker(caller: &Caller, project: ProjectId) -> Asker {
    Asker { project, user: caller.user_id, again: true }
}

/// Has a job make the comparisons that are missing.
async fn ask_for(db: &PgPool, asker: Asker, suite: &SuiteDetail) -> Result<(), Problem> {
    let compare = CompareSuite { suite_id: suite.summary.id, version: suite.shown };
    ask::comparisons(db, asker, compare).await?;
    Ok(())
}

/// The table of a suite: the latest result of each candidate in each evaluation, gates judged, held against the main baseline.
///
/// While results are compared with the baseline's by a job, `pending` says how many are not yet; their candidates have no differences
/// until then. With `format` every figure comes as a line of one file, or 409 until all are compared.
#[utoipa::path(get, path = "/projects/{project}/suites/{suite}/table", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path), VersionQuery, ExportQuery), responses((status = OK, body = SuiteTable)))]
async fn get_table(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite)): Path<(ProjectId, SuiteId)>,
    Query(query): Query<VersionQuery>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let suite = find(&db, project, suite, query.version).await?;
    let mut table = suites::table::of_suite(&db, project, &suite).await?;
    suites::table::correct(&mut table);
    if table.pending > 0 {
        ask_for(&db, asker(&caller, project), &suite).await?;
    }
    Ok(match export.format {
        Some(_) if table.pending > 0 => {
            return Err(Problem::conflict("results are being compared with the baseline: ask again in a moment"));
        }
        Some(format) => {
            let name = format!("suite-{}-v{}", suite.summary.name, suite.shown);
            export::items(&name, format, export.formulas(), figures(&table))
        }
        None => Json(table).into_response(),
    })
}

/// Base models and endpoints before training: each against the best of them. While results are compared with the best one's by a job,
/// `pending` says how many are not yet; their evaluations have no differences until then.
#[utoipa::path(get, path = "/projects/{project}/suites/{suite}/bake-off", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path), VersionQuery), responses((status = OK, body = BakeOff)))]
async fn get_bake_off(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite)): Path<(ProjectId, SuiteId)>,
    Query(query): Query<VersionQuery>,
) -> Result<Json<BakeOff>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let suite = find(&db, project, suite, query.version).await?;
    let found = suites::table::bake_off(&db, project, &suite).await?;
    if found.pending > 0 {
        ask_for(&db, asker(&caller, project), &suite).await?;
    }
    Ok(Json(found))
}

/// All results of the evaluations of a version of the suite, in the metric that each is judged by, oldest first.
#[utoipa::path(get, path = "/projects/{project}/suites/{suite}/history", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path), VersionQuery), responses((status = OK, body = Vec<HistoryPoint>)))]
async fn get_history(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite)): Path<(ProjectId, SuiteId)>,
    Query(query): Query<VersionQuery>,
) -> Result<Json<Vec<HistoryPoint>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let suite = find(&db, project, suite, query.version).await?;
    Ok(Json(suites::history::of_suite(&db, project, &suite).await?))
}

/// A result, or 404.
async fn result(
    db: &PgPool,
    project: ProjectId,
    suite: SuiteId,
    result: SuiteResultId,
) -> Result<SuiteResult, Problem> {
    suites::results::get(db, project, suite, result).await?.ok_or_else(Problem::not_found)
}

/// What one evaluation of a candidate yielded.
#[utoipa::path(get, path = "/projects/{project}/suites/{suite}/results/{result}", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path), ("result" = SuiteResultId, Path)), responses((status = OK, body = SuiteResult)))]
async fn get_result(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite, id)): Path<(ProjectId, SuiteId, SuiteResultId)>,
) -> Result<Json<SuiteResult>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(result(&db, project, suite, id).await?))
}

/// Which answers to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AnswerFilter {
    /// `all`, `right` or `wrong`.
    #[serde(default)]
    #[param(inline)]
    outcome: Outcome,
    /// Part of the sample's text or of the answer.
    search: Option<String>,
    /// Expected label.
    label: Option<String>,
    /// A field of the data and the value that it must have, as `NAME:VALUE`.
    slice: Option<String>,
}

/// The answers of a result: wrong ones first, then by position. With `format` everything that matches comes as one file.
#[utoipa::path(get, path = "/projects/{project}/suites/{suite}/results/{result}/predictions", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path), ("result" = SuiteResultId, Path), AnswerFilter, PageQuery, ExportQuery), responses((status = OK, body = Page<SuitePrediction>)))]
async fn list_answers(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite, id)): Path<(ProjectId, SuiteId, SuiteResultId)>,
    Query(filter): Query<AnswerFilter>,
    Query(page): Query<PageQuery>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let found = result(&db, project, suite, id).await?;
    let slice = filter.slice.as_deref().filter(|s| !s.is_empty()).map(|slice| {
        let parts = slice.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
        parts.ok_or_else(|| Problem::invalid("slice", "expected NAME:VALUE"))
    });
    let query = SuitePredictionQuery {
        outcome: filter.outcome,
        search: filter.search.filter(|s| !s.is_empty()),
        label: filter.label.filter(|l| !l.is_empty()),
        slice: slice.transpose()?,
        cursor: page.cursor,
        limit: page.limit,
    };
    let Some(format) = export.format else {
        return Ok(Json(suites::predictions::page(&db, project, id, &query).await?).into_response());
    };
    let name = format!("{}-{}-predictions", found.evaluation, found.candidate_name);
    Ok(export::list(&name, format, export.formulas(), move |cursor| {
        let (db, query) = (db.clone(), SuitePredictionQuery { cursor, limit: Some(MAX_LIMIT), ..query.clone() });
        Box::pin(async move { suites::predictions::page(&db, project, id, &query).await })
    }))
}

impl Record for SuitePrediction {
    const COLUMNS: &'static [&'static str] =
        &["position", "sample_id", "prompt", "expected", "output", "correct", "latency_ms", "scores"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.position.to_string(),
            self.sample_id.to_string(),
            prompt_text(&self.sample),
            self.expected.clone(),
            self.output.clone(),
            self.correct.to_string(),
            self.scores.get("latency_ms").map(ToString::to_string).unwrap_or_default(),
            serde_json::to_string(&self.scores).unwrap_or_default(),
        ]
    }
}

/// In which metric, and by which fields.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SliceQuery {
    /// A metric that is a mean over samples; the first that there is when absent.
    metric: Option<String>,
}

/// A result cut by the fields of its samples and the slices that the suite names, and the parts of one and two fields on which the
/// candidate does worst. 409 where no metric of it can be cut.
///
/// What was not cut yet, or depends on something that has changed since, is cut by a job, which comes with 202: ask again when it is
/// over. Each person has 8 results cut at a time in a project: 409 for another one until then.
#[utoipa::path(get, path = "/projects/{project}/suites/{suite}/results/{result}/slices", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path), ("result" = SuiteResultId, Path), SliceQuery), responses((status = OK, body = SliceReport), (status = ACCEPTED, body = Job)))]
async fn get_slices(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite, id)): Path<(ProjectId, SuiteId, SuiteResultId)>,
    Query(query): Query<SliceQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let found = result(&db, project, suite, id).await?;
    let asker = asker(&caller, project);
    let cut = suites::slices::report_or_job(&db, asker, &found, query.metric.as_deref()).await?;
    match cut.ok_or_else(|| Problem::conflict("no metric of this result is a mean over samples"))? {
        Cut::Kept(report) => Ok(Json(report).into_response()),
        Cut::By(job) => Ok((StatusCode::ACCEPTED, Json(job)).into_response()),
    }
}
