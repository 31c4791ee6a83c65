//! Server functions of the tracked runs.

use crate::{error::AppError, ui::chart::Curve};
use domain::{
    id::{ProjectId, TrackedRunId},
    tracking::view::{Entry, Experiment, TrackedRun},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    crate::api,
    domain::{
        access::Action,
        page::DEFAULT_LIMIT,
        tracking::{MetricPoint, filter, limits::is_path},
    },
    store::tracking::{
        experiments, experiments::Search as ExperimentSearch, files, metrics, runs, search, search::Search,
    },
};

/// Experiments to choose from, at most.
#[cfg(feature = "ssr")]
const MOST_EXPERIMENTS: u32 = 500;
/// Metrics that are drawn, at most.
#[cfg(feature = "ssr")]
const MOST_CURVES: usize = 12;
/// Stretches of a curve of which the extremes are drawn.
#[cfg(feature = "ssr")]
const BUCKETS: u32 = 600;

/// What the address of the list asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrackedQuery {
    /// Number of an experiment; `None` for all.
    pub experiment: Option<i32>,
    /// As in MLflow.
    pub filter: String,
    /// Runs before this page; empty for the first one.
    pub cursor: String,
}

/// What the list shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackedList {
    pub experiments: Vec<Experiment>,
    pub runs: Vec<TrackedRun>,
    pub next_cursor: Option<String>,
    /// Whether the filter could be read.
    pub is_filter_good: bool,
    /// What scripts have as their tracking address.
    pub tracking_uri: String,
}

/// Tracked runs of a project, the last started first.
#[server]
pub async fn list_tracked_runs(project: ProjectId, query: TrackedQuery) -> Result<TrackedList, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let all = ExperimentSearch { limit: MOST_EXPERIMENTS, ..ExperimentSearch::default() };
    let (experiments, _) = experiments::search(&db, project, &all).await?;
    let conditions = filter::of_runs(&query.filter);
    let is_filter_good = conditions.is_ok();
    let offset: u32 = query.cursor.parse().unwrap_or_default();
    let search = Search {
        experiments: match query.experiment {
            Some(number) => vec![number],
            None => experiments.iter().map(|e| e.number).collect(),
        },
        conditions: conditions.unwrap_or_default(),
        limit: DEFAULT_LIMIT,
        offset,
        ..Search::default()
    };
    let (runs, has_more) = search::runs(&db, project, &search).await?;
    let next_cursor = has_more.then(|| offset.saturating_add(DEFAULT_LIMIT).to_string());
    let tracking_uri = format!("{}/mlflow/{project}", api::services()?.public_url);
    Ok(TrackedList { experiments, runs, next_cursor, is_filter_good, tracking_uri })
}

/// What the page of a run shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackedView {
    pub run: TrackedRun,
    /// Name of its experiment.
    pub experiment: String,
    pub curves: Vec<Curve>,
    /// What lies in the folder that the address names.
    pub files: Vec<Entry>,
}

/// One tracked run with its curves and the files of a folder.
#[server]
pub async fn get_tracked_run(project: ProjectId, run: TrackedRunId, folder: String) -> Result<TrackedView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let found = runs::get(&db, project, run).await?.ok_or(AppError::NotFound)?;
    let experiment = experiments::get(&db, project, found.experiment).await?.ok_or(AppError::NotFound)?;
    if !folder.is_empty() && !is_path(&folder) {
        return Err(AppError::NotFound);
    }
    let files = files::list(&db, project, run, &folder).await?;
    let mut curves = Vec::new();
    for metric in found.metrics.iter().take(MOST_CURVES) {
        let points = metrics::thinned(&db, project, run, &metric.key, BUCKETS).await?;
        curves.push(curve(&metric.key, &points, found.started_ms));
    }
    Ok(TrackedView { run: found, experiment: experiment.name, curves, files })
}

/// The curve of a metric. Scripts that name no step have all values at step 0: those stand side by side.
#[cfg(feature = "ssr")]
fn curve(name: &str, points: &[MetricPoint], started_ms: Option<i64>) -> Curve {
    let begin = started_ms.or(points.first().map(|p| p.timestamp_ms)).unwrap_or_default();
    let is_stepped = points.first().map(|p| p.step) != points.last().map(|p| p.step);
    let place = |index: usize, point: &MetricPoint| if is_stepped { point.step as f64 } else { index as f64 };
    let points = points.iter().enumerate();
    let points =
        points.map(|(i, p)| (place(i, p), p.value, p.timestamp_ms.saturating_sub(begin) as f64 / 1000.0)).collect();
    Curve::new(name, points)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn values_without_steps_stand_side_by_side() {
        let at = |step, ms| MetricPoint { key: "m".to_owned(), value: 1.0, timestamp_ms: ms, step };
        let places = |points: &[MetricPoint]| {
            curve("m", points, Some(1000)).points.iter().map(|p| (p.0, p.2)).collect::<Vec<_>>()
        };
        assert_eq!(places(&[at(0, 1000), at(0, 2000)]), [(0.0, 0.0), (1.0, 1.0)]);
        assert_eq!(places(&[at(5, 1000), at(9, 1500)]), [(5.0, 0.0), (9.0, 0.5)]);
    }
}
