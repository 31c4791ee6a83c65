//! Where a run stands, as a badge and as a bar.

use super::text;
use crate::{
    text::lang,
    ui::format::{duration, integer},
};
use domain::{
    lang::Lang,
    run::{RunState, RunStatus},
};
use leptos::prelude::*;

/// The status as a coloured word.
#[component]
pub(super) fn Badge(status: RunStatus) -> impl IntoView {
    let class = match status {
        RunStatus::Queued => "badge badge-quiet",
        RunStatus::Claimed | RunStatus::Running | RunStatus::Evaluating => "badge badge-busy",
        RunStatus::Succeeded => "badge badge-good",
        RunStatus::Failed => "badge badge-bad",
        RunStatus::Cancelled => "badge badge-warn",
    };
    view! { <span class=class>{text::status_name(lang(), status)}</span> }
}

/// The bar of a run that is open: steps, or what the trainer does outside training; with the
/// reason while it waits. `left` are the seconds to go, where somebody knows better than the mean
/// pace so far.
#[component]
pub(super) fn Bar(state: RunState, left: Option<u64>) -> impl IntoView {
    let l = lang();
    if let Some(reason) = state.queue {
        return view! { <p class="run-wait muted">{text::queue_reason(l, reason)}</p> }.into_any();
    }
    let (value, words) = amount(l, &state);
    let left = left.or_else(|| mean_left(&state)).filter(|_| state.status == RunStatus::Running);
    view! {
        <div class="progress">
            <progress max="1" value=value.map(|v| v.to_string()) aria-label=text::progress(l)></progress>
            <div class="progress-line">
                <span>{words}</span>
                <span>{left.map(|s| text::left(l, duration(s, l)))}</span>
            </div>
        </div>
    }
    .into_any()
}

/// Share done (`None`: unknown) and the same in words.
fn amount(l: Lang, state: &RunState) -> (Option<f64>, String) {
    let trained = || text::step_of(l, integer(state.step.into()), integer(state.total_steps.into()));
    match (state.status, state.phase) {
        _ if state.cancel_requested && !state.status.is_final() => (None, text::cancelling(l).to_owned()),
        (RunStatus::Running, None) => (Some(state.progress()), trained()),
        (RunStatus::Running, Some(p)) if p.phase == domain::event::Phase::Training => {
            (Some(state.progress()), trained())
        }
        (RunStatus::Claimed | RunStatus::Running | RunStatus::Evaluating, Some(p)) => {
            let share = (p.total > 0).then(|| f64::from(p.done) / f64::from(p.total));
            (share, text::phase_name(l, p.phase).to_owned())
        }
        (RunStatus::Claimed | RunStatus::Evaluating, None) => (None, text::status_name(l, state.status).to_owned()),
        _ => (Some(state.progress()), trained()),
    }
}

/// Seconds to go at the mean pace of the run.
fn mean_left(state: &RunState) -> Option<u64> {
    let (done, total) = (u64::from(state.step), u64::from(state.total_steps));
    (done > 0).then(|| state.elapsed_seconds * total.saturating_sub(done) / done)
}
