//! Runs side by side.

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
    response::{IntoResponse, Response},
};
use domain::{
    access::Action,
    compare::{Comparison, MAX_RUNS, SERIES},
    id::{ProjectId, RunId},
    run::RunSummary,
};
use serde::{Deserialize, Serialize};
use store::{PgPool, access::authorise};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(compare_runs)).routes(routes!(compare_curves))
}

fn parse_runs(text: &str) -> Result<Vec<RunId>, Problem> {
    let runs: Result<Vec<RunId>, _> = text.split(',').filter(|id| !id.is_empty()).map(str::parse).collect();
    match runs {
        Ok(runs) if (1..=MAX_RUNS).contains(&runs.len()) => Ok(runs),
        _ => Err(Problem::invalid("runs", format!("name 1 to {MAX_RUNS} runs by id, separated by commas"))),
    }
}

/// Which runs to compare.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CompareQuery {
    /// Ids of up to 20 runs, separated by commas.
    runs: String,
    /// The run that differences start from; the first when absent.
    baseline: Option<RunId>,
}

/// Runs side by side: recipe differences, and the tuned models' test metrics.
///
/// The best values are marked; differences from the baseline have a 95 % interval (paired
/// bootstrap over the samples both were tested on). Runs that the project does not have are left
/// out. With `format` as one file, in CSV one line per run and value.
#[utoipa::path(get, path = "/projects/{project}/compare", tag = "evaluations", params(("project" = ProjectId, Path), CompareQuery, ExportQuery), responses((status = OK, body = Comparison)))]
async fn compare_runs(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(query): Query<CompareQuery>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let runs = parse_runs(&query.runs)?;
    let found = store::compare::of_runs(&db, project, &runs, query.baseline).await?.ok_or_else(Problem::not_found)?;
    Ok(match export.format {
        None => Json(found).into_response(),
        Some(format) => export::items("comparison", format, export.formulas(), values(&found)),
    })
}

/// One value of one run in a comparison.
#[derive(Clone, Serialize)]
struct Value {
    run: i32,
    run_name: String,
    model: String,
    dataset: String,
    version: i32,
    /// `recipe`, `making` (the manifest) or `metric`.
    kind: &'static str,
    name: String,
    value: String,
    is_best: Option<bool>,
    difference: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    p_value: Option<f64>,
    common_samples: Option<u32>,
}

impl Value {
    fn new(run: &RunSummary, kind: &'static str, name: &str, value: String) -> Self {
        Self {
            run: run.number,
            run_name: run.name.clone(),
            model: run.model_name.clone(),
            dataset: run.dataset_name.clone(),
            version: run.version_number,
            kind,
            name: name.to_owned(),
            value,
            is_best: None,
            difference: None,
            low: None,
            high: None,
            p_value: None,
            common_samples: None,
        }
    }
}

impl Record for Value {
    const COLUMNS: &'static [&'static str] = &[
        "run",
        "run_name",
        "model",
        "dataset",
        "version",
        "kind",
        "name",
        "value",
        "is_best",
        "difference",
        "low",
        "high",
        "p_value",
        "common_samples",
    ];

    fn cells(&self) -> Vec<String> {
        fn text<T: ToString>(value: Option<T>) -> String {
            value.map(|v| v.to_string()).unwrap_or_default()
        }
        vec![
            self.run.to_string(),
            self.run_name.clone(),
            self.model.clone(),
            self.dataset.clone(),
            self.version.to_string(),
            self.kind.to_owned(),
            self.name.clone(),
            self.value.clone(),
            text(self.is_best),
            text(self.difference),
            text(self.low),
            text(self.high),
            text(self.p_value),
            text(self.common_samples),
        ]
    }
}

/// The table of a comparison, value by value.
fn values(comparison: &Comparison) -> Vec<Value> {
    let mut out = Vec::new();
    for row in &comparison.fields {
        let pairs = comparison.runs.iter().zip(&row.values);
        out.extend(pairs.map(|(run, value)| Value::new(run, "recipe", &row.field, value.clone())));
    }
    for row in &comparison.making {
        let pairs = comparison.runs.iter().zip(&row.values);
        out.extend(pairs.map(|(run, value)| Value::new(run, "making", &row.field, value.clone())));
    }
    for row in &comparison.metrics {
        for (run, cell) in comparison.runs.iter().zip(&row.cells) {
            let Some(cell) = cell else { continue };
            let difference = cell.difference.as_ref();
            let interval = difference.and_then(|d| d.interval);
            out.push(Value {
                is_best: Some(cell.is_best),
                difference: difference.map(|d| d.to - d.from),
                low: interval.map(|i| i.0),
                high: interval.map(|i| i.1),
                p_value: difference.and_then(|d| d.p_value),
                common_samples: interval.map(|_| cell.common_samples),
                ..Value::new(run, "metric", &row.metric, cell.value.to_string())
            });
        }
    }
    out
}

/// Which curves.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CurveQuery {
    /// Ids of up to 20 runs, separated by commas.
    runs: String,
    /// `train_loss`, `validation_loss`, `learning_rate`, `gradient_norm` or `tokens_per_second`.
    series: String,
}

/// One value on the curve of a run.
#[derive(Serialize, ToSchema)]
struct CurvePoint {
    run: i32,
    step: u32,
    value: f64,
    /// Since the attempt began.
    elapsed_ms: u64,
}

impl Record for CurvePoint {
    const COLUMNS: &'static [&'static str] = &["run", "step", "value", "elapsed_ms"];

    fn cells(&self) -> Vec<String> {
        vec![self.run.to_string(), self.step.to_string(), self.value.to_string(), self.elapsed_ms.to_string()]
    }
}

/// One series of several runs, for curves laid over each other.
///
/// Long series are thinned out; spikes stay. The run's own points have every value.
#[utoipa::path(get, path = "/projects/{project}/compare/curves", tag = "evaluations", params(("project" = ProjectId, Path), CurveQuery, ExportQuery), responses((status = OK, body = [CurvePoint])))]
async fn compare_curves(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(query): Query<CurveQuery>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let runs = parse_runs(&query.runs)?;
    if !SERIES.contains(&query.series.as_str()) {
        return Err(Problem::invalid("series", format!("one of {}", SERIES.join(", "))));
    }
    let curves = store::compare::curves(&db, project, &runs, &query.series).await?;
    let points: Vec<CurvePoint> = curves
        .into_iter()
        .flat_map(|(run, points)| {
            let point = move |p: domain::run::Point| CurvePoint {
                run: run.number,
                step: p.step,
                value: p.value,
                elapsed_ms: p.elapsed_ms,
            };
            points.into_iter().map(point)
        })
        .collect();
    Ok(match export.format {
        None => Json(points).into_response(),
        Some(format) => export::items(&format!("{}-curves", query.series), format, export.formulas(), points),
    })
}
