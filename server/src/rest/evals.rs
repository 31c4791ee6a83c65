//! Evaluations of runs, and the overview of a project.

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
    response::{IntoResponse, Response},
};
use dataprep::export::prompt_text;
use domain::{
    access::Action,
    eval::view::{Answer, Outcome, PredictionQuery, PredictionRow, RunEvaluation, SliceIs},
    id::{ProjectId, RunId},
    overview::Overview,
    page::{MAX_LIMIT, Page},
};
use serde::Deserialize;
use store::{PgPool, access::authorise};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_evaluation)).routes(routes!(list_predictions)).routes(routes!(get_overview))
}

/// A run's evaluation on the test split.
///
/// Base and tuned model, and how they differ: with a 95 % interval (paired bootstrap) for metrics
/// that are means over samples.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/evaluation", tag = "evaluations", params(("project" = ProjectId, Path), ("run" = RunId, Path)), responses((status = OK, body = RunEvaluation)))]
async fn get_evaluation(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
) -> Result<Json<RunEvaluation>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    store::evals::of_run(&db, project, run).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Which predictions to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PredictionFilter {
    #[serde(default)]
    #[param(inline)]
    outcome: Outcome,
    /// Part of the sample's text or of the tuned model's output.
    search: Option<String>,
    /// Expected label.
    label: Option<String>,
    /// What the tuned model answered, the whole of it; with `label`, a cell of the confusion matrix.
    predicted: Option<String>,
    /// A field of the data and its value, as `NAME:VALUE`; in the name, `%3A` is a colon.
    slice: Option<String>,
}

/// A run's test predictions: failing ones first, then by position.
///
/// With `format` everything that matches comes as one file.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/predictions", tag = "evaluations", params(("project" = ProjectId, Path), ("run" = RunId, Path), PredictionFilter, PageQuery, ExportQuery), responses((status = OK, body = Page<PredictionRow>)))]
async fn list_predictions(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
    Query(filter): Query<PredictionFilter>,
    Query(page): Query<PageQuery>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let run = store::runs::of_ids(&db, project, &[run]).await?.pop().ok_or_else(Problem::not_found)?;
    let slice = filter.slice.filter(|s| !s.is_empty()).map(|s| s.parse::<SliceIs>()).transpose();
    let query = PredictionQuery {
        outcome: filter.outcome,
        search: filter.search.filter(|s| !s.is_empty()),
        label: filter.label.filter(|l| !l.is_empty()),
        predicted: filter.predicted.filter(|p| !p.is_empty()),
        slice: slice.map_err(|error| Problem::invalid("slice", error))?,
        cursor: page.cursor,
        limit: page.limit,
    };
    let Some(format) = export.format else {
        return Ok(Json(store::evals::predictions(&db, project, run.id, &query).await?).into_response());
    };
    let name = format!("run-{}-predictions", run.number);
    Ok(export::list(&name, format, export.formulas(), move |cursor| {
        let (db, query) = (db.clone(), PredictionQuery { cursor, limit: Some(MAX_LIMIT), ..query.clone() });
        Box::pin(async move { store::evals::predictions(&db, project, run.id, &query).await })
    }))
}

/// The per-sample scores that have a column.
const SCORES: [&str; 4] = ["label_probability", "rouge_l", "bleu", "negative_log_likelihood"];

impl Record for PredictionRow {
    const COLUMNS: &'static [&'static str] = &[
        "position",
        "sample_id",
        "prompt",
        "expected",
        "base_output",
        "base_correct",
        "base_label_probability",
        "base_rouge_l",
        "base_bleu",
        "base_negative_log_likelihood",
        "tuned_output",
        "tuned_correct",
        "tuned_label_probability",
        "tuned_rouge_l",
        "tuned_bleu",
        "tuned_negative_log_likelihood",
        "bad_case_id",
    ];

    fn cells(&self) -> Vec<String> {
        let mut cells = vec![
            self.position.to_string(),
            self.sample_id.to_string(),
            prompt_text(&self.sample),
            self.expected.clone(),
        ];
        cells.extend(answer_cells(self.base.as_ref()));
        cells.extend(answer_cells(Some(&self.tuned)));
        cells.push(self.bad_case_id.map(|id| id.to_string()).unwrap_or_default());
        cells
    }
}

/// Output, whether it is right, and the scores; empty cells without an answer.
fn answer_cells(answer: Option<&Answer>) -> Vec<String> {
    let Some(answer) = answer else { return vec![String::new(); 2 + SCORES.len()] };
    let scores = SCORES.map(|name| answer.scores.get(name).map(ToString::to_string).unwrap_or_default());
    [answer.output.clone(), answer.correct.to_string()].into_iter().chain(scores).collect()
}

/// A project at a glance: counts, the best run per dataset, bad cases, the latest activity.
#[utoipa::path(get, path = "/projects/{project}/overview", tag = "projects", params(("project" = ProjectId, Path)), responses((status = OK, body = Overview)))]
async fn get_overview(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Overview>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(store::overview::of_project(&db, project).await?))
}
