//! Server functions of the comparison.

use crate::{error::AppError, ui::chart::Curve};
use domain::{
    compare::{Comparison, DataRow},
    id::{ProjectId, RunId},
    run::{Answers, RunSummary},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    crate::api,
    domain::{access::Action, run::RunFilter},
};

/// Recent runs to choose from.
#[cfg(feature = "ssr")]
const CHOICES: u32 = 100;

/// Everything the page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompareView {
    /// `None` while no run is chosen.
    pub comparison: Option<Comparison>,
    pub curves: Vec<Curve>,
    pub data: Vec<DataRow>,
    /// What they answered last to the same validation prompts.
    pub answers: Vec<Answers>,
    /// Recent runs, newest first.
    pub choices: Vec<RunSummary>,
}

/// The chosen runs side by side, with one series of each.
#[server]
pub async fn get_comparison(
    project: ProjectId,
    runs: Vec<RunId>,
    baseline: Option<RunId>,
    series: String,
) -> Result<CompareView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let filter = RunFilter { limit: CHOICES, ..RunFilter::default() };
    let choices = store::runs::list(&db, project, &filter).await?.items;
    let comparison =
        if runs.is_empty() { None } else { store::compare::of_runs(&db, project, &runs, baseline).await? };
    let (data, answers) = match &comparison {
        None => (Vec::new(), Vec::new()),
        Some(found) => {
            let ids: Vec<RunId> = found.runs.iter().map(|r| r.id).collect();
            let data = store::compare::data(&db, project, &ids, found.baseline).await?;
            (data, store::runs::last_answers(&db, project, &ids).await?)
        }
    };
    let curves = store::compare::curves(&db, project, &runs, &series).await?.into_iter().map(|(run, points)| {
        let points = points.iter().map(|p| (f64::from(p.step), p.value, p.elapsed_ms as f64 / 1000.0)).collect();
        Curve::new(format!("#{} {}", run.number, run.name), points)
    });
    Ok(CompareView { comparison, curves: curves.collect(), data, answers, choices })
}
