//! Server functions of the overlay.

use super::address::Chosen;
use crate::error::AppError;
use domain::{id::ProjectId, overlay::Overlay, run::RunSummary};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    crate::api,
    domain::{
        access::Action,
        id::RunId,
        overlay::{Ask, COLUMNS},
        run::RunFilter,
    },
};

/// Recent runs to choose from.
#[cfg(feature = "ssr")]
const CHOICES: u32 = 100;

/// What the page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OverlayView {
    pub overlay: Overlay,
    /// What the runs measured.
    pub metrics: Vec<String>,
    /// Recent runs, newest first.
    pub choices: Vec<RunSummary>,
}

/// The curves that the address asks for.
#[server]
pub async fn get_overlay(project: ProjectId, chosen: Chosen) -> Result<OverlayView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let runs: Vec<_> = chosen.runs.iter().filter_map(|id| Some(id.parse::<RunId>().ok()?.0)).collect();
    let metrics = store::overlay::metrics(&db, project, &runs).await?;
    let filter = RunFilter { limit: CHOICES, ..RunFilter::default() };
    let choices = store::runs::list(&db, project, &filter).await?.items;
    let ask = Ask {
        runs,
        metric: chosen.metric,
        axis: chosen.axis,
        from: chosen.from,
        to: chosen.to,
        smooth: chosen.smooth,
        columns: COLUMNS,
    };
    let curves = if ask.runs.is_empty() { Vec::new() } else { store::overlay::of_runs(&db, project, &ask).await? };
    Ok(OverlayView { overlay: Overlay::of(curves, ask.smooth), metrics, choices })
}
