//! The charts of a run, fed by its tracks.

use super::{super::curves::Tracks, text};
use crate::{
    text::lang,
    ui::chart::{Chart, Curve},
};
use domain::{
    event::series,
    id::{ProjectId, RunId},
    lang::Lang,
};
use leptos::prelude::*;

/// The series of each chart; the first chart is the wide one.
const CHARTS: [&[&str]; 5] = [
    &[series::TRAIN_LOSS, series::VALIDATION_LOSS],
    &[series::LEARNING_RATE],
    &[series::GRADIENT_NORM],
    &[series::TOKENS_PER_SECOND],
    &[series::MEMORY_MIB],
];

fn title(l: Lang, chart: usize) -> &'static str {
    match chart {
        0 => text::loss_chart(l),
        1 => text::learning_rate_chart(l),
        2 => text::gradient_chart(l),
        3 => text::speed_chart(l),
        _ => text::memory_chart(l),
    }
}

/// The curves of every chart.
#[derive(Clone, Copy)]
pub(super) struct Board {
    curves: [RwSignal<Vec<Curve>>; 5],
    /// Rung whenever points have come.
    pub version: RwSignal<()>,
}

impl Board {
    pub(super) fn new(tracks: &Tracks) -> Self {
        Self { curves: std::array::from_fn(|i| RwSignal::new(curves(tracks, i))), version: RwSignal::new(()) }
    }

    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser gets more points"))]
    /// Shows the tracks after points of these series have come.
    pub(super) fn show(self, tracks: &Tracks, changed: &[&str]) {
        for (i, signal) in self.curves.into_iter().enumerate() {
            if CHARTS[i].iter().any(|k| changed.contains(k)) {
                signal.set(curves(tracks, i));
            }
        }
        self.version.set(());
    }
}

fn curves(tracks: &Tracks, chart: usize) -> Vec<Curve> {
    let l = lang();
    tracks.curves(CHARTS[chart], |key| {
        match key {
            series::TRAIN_LOSS => text::training(l),
            series::VALIDATION_LOSS => text::validation(l),
            _ => title(l, chart),
        }
        .to_owned()
    })
}

/// All charts.
#[component]
pub(super) fn Charts(board: Board, project: ProjectId, run: RunId) -> impl IntoView {
    let l = lang();
    let chart = move |i: usize| {
        let keys = CHARTS[i].join(",");
        let csv = format!("/api/v1/projects/{project}/runs/{run}/points.csv?keys={keys}");
        let class = if i == 0 { "card chart-wide" } else { "card" };
        view! { <div class=class><Chart title=title(l, i) curves=board.curves[i] csv/></div> }
    };
    view! { <div class="charts">{(0..CHARTS.len()).map(chart).collect_view()}</div> }
}
