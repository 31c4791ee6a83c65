//! Curves of many runs over each other.

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
    downsample::Cell,
    id::ProjectId,
    overlay::{Ask, Axis, COLUMNS, Columns, MAX_METRIC, MAX_RUNS, Named, Overlay},
};
use serde::{Deserialize, Serialize};
use store::{PgPool, access::authorise};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(overlay_runs))
}

/// Which curves, and which part of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OverlayQuery {
    /// Ids of up to 50 runs, trained here or tracked, separated by commas.
    runs: String,
    /// A series such as `train_loss` (`loss` for short), or a metric of tracked runs. `train_loss` when absent.
    #[serde(default)]
    metric: String,
    #[serde(default)]
    #[param(inline)]
    x: Axis,
    /// Part of the axis shown; all of it when absent.
    from: Option<f64>,
    to: Option<f64>,
    /// Weight of the past in a moving average, 0–0.999; none when absent.
    #[serde(default)]
    smooth: f64,
    /// Columns of pixels, 1–30000 divided by the number of runs; 600 when absent.
    width: Option<u32>,
}

impl OverlayQuery {
    fn ask(self) -> Result<Ask, Problem> {
        let runs: Result<Vec<Uuid>, _> = self.runs.split(',').filter(|id| !id.is_empty()).map(str::parse).collect();
        let mut runs = runs
            .ok()
            .filter(|runs| (1..=MAX_RUNS).contains(&runs.len()))
            .ok_or_else(|| Problem::invalid("runs", format!("name 1 to {MAX_RUNS} runs by id, separated by commas")))?;
        let mut seen = std::collections::BTreeSet::new();
        runs.retain(|run| seen.insert(*run));
        if !(0.0..=0.999).contains(&self.smooth) {
            return Err(Problem::invalid("smooth", "must be between 0 and 0.999"));
        }
        if self.metric.chars().count() > MAX_METRIC {
            return Err(Problem::invalid("metric", format!("at most {MAX_METRIC} characters")));
        }
        for (name, end) in [("from", self.from), ("to", self.to)] {
            if end.is_some_and(|x| !x.is_finite()) {
                return Err(Problem::invalid(name, "must be a number"));
            }
        }
        Ok(Ask {
            runs,
            metric: if self.metric.is_empty() { "train_loss".to_owned() } else { self.metric },
            axis: self.x,
            from: self.from,
            to: self.to,
            smooth: self.smooth,
            columns: self.width.unwrap_or(COLUMNS),
        })
    }
}

/// Curves over each other.
///
/// Of each column of pixels come back the first, the smallest, the largest and the last value, so nothing that stands out is
/// lost; `points`, `columns` and `most` say how many values that stands for. Values that are no numbers are counted as gaps.
/// Runs that the project does not have are left out. With `format` as one file, a line for each run and column.
#[utoipa::path(get, path = "/projects/{project}/overlay", tag = "runs", params(("project" = ProjectId, Path), OverlayQuery, ExportQuery), responses((status = OK, body = Overlay)))]
async fn overlay_runs(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(query): Query<OverlayQuery>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let ask = query.ask()?;
    let curves = store::overlay::of_runs(&db, project, &ask).await?;
    Ok(match export.format {
        None => Json(Overlay::of(curves, ask.smooth)).into_response(),
        Some(format) => export::items("overlay", format, export.formulas(), columns(curves)),
    })
}

/// A column of one run.
#[derive(Clone, Serialize)]
struct Column {
    run: String,
    id: Uuid,
    #[serde(flatten)]
    cell: Cell,
}

fn columns(curves: Vec<(Named, Columns)>) -> Vec<Column> {
    let of = |(named, found): (Named, Columns)| {
        found.cells.into_iter().map(move |cell| Column { run: named.name.clone(), id: named.id, cell })
    };
    curves.into_iter().flat_map(of).collect()
}

impl Record for Column {
    const COLUMNS: &'static [&'static str] =
        &["run", "id", "from", "to", "points", "first", "min", "max", "last", "mean"];

    fn cells(&self) -> Vec<String> {
        let Cell { first, low, high, last, mean, points } = self.cell;
        let numbers = [first.1, low.1, high.1, last.1, mean].map(|value| value.to_string());
        [self.run.clone(), self.id.to_string(), first.0.to_string(), last.0.to_string(), points.to_string()]
            .into_iter()
            .chain(numbers)
            .collect()
    }
}
