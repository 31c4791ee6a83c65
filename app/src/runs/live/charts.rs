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
const CHARTS: [&[&str]; 7] = [
    &[series::TRAIN_LOSS, series::VALIDATION_LOSS],
    &[series::REWARD_ACCURACY, series::VALIDATION_REWARD_ACCURACY],
    &[series::CHOSEN_REWARD, series::REJECTED_REWARD, series::REWARD_MARGIN],
    &[series::LEARNING_RATE],
    &[series::GRADIENT_NORM],
    &[series::TOKENS_PER_SECOND],
    &[series::MEMORY_MIB],
];

fn title(l: Lang, chart: usize) -> &'static str {
    match chart {
        0 => text::loss_chart(l),
        1 => text::accuracy_chart(l),
        2 => text::rewards_chart(l),
        3 => text::learning_rate_chart(l),
        4 => text::gradient_chart(l),
        5 => text::speed_chart(l),
        _ => text::memory_chart(l),
    }
}

/// Whether only runs that learn preferences have this chart.
fn is_of_preferences(chart: usize) -> bool {
    matches!(chart, 1 | 2)
}

/// The curves of every chart.
#[derive(Clone, Copy)]
pub(super) struct Board {
    curves: [RwSignal<Vec<Curve>>; CHARTS.len()],
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
            series::TRAIN_LOSS | series::REWARD_ACCURACY => text::training(l),
            series::VALIDATION_LOSS | series::VALIDATION_REWARD_ACCURACY => text::validation(l),
            series::CHOSEN_REWARD => text::chosen(l),
            series::REJECTED_REWARD => text::rejected(l),
            series::REWARD_MARGIN => text::margin(l),
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
        let is_empty =
            move || is_of_preferences(i) && board.curves[i].with(|all| all.iter().all(|c| c.points.is_empty()));
        view! { <div class=class hidden=is_empty><Chart title=title(l, i) curves=board.curves[i] csv/></div> }
    };
    view! { <div class="charts">{(0..CHARTS.len()).map(chart).collect_view()}</div> }
}
