//! The live part of a run's page: an island that follows the run's event stream. What the server
//! renders is a complete picture by itself.

mod charts;
mod journal;
mod stream;
mod text;

use super::{
    api::{CancelRun, RunView, Seen},
    curves::Tracks,
    state::{Badge, Bar, Now},
};
use crate::{
    text::lang,
    ui::{
        field::Confirm,
        format::{bytes, duration, number},
    },
};
use charts::{Board, Charts};
use domain::{
    event::series,
    id::{ProjectId, RunId},
    run::Preview,
};
use journal::{Line, Log, Previews};
use leptos::{prelude::*, server_fn::ServerFn};

/// What the island begins with.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Snapshot {
    pub project: ProjectId,
    pub run: RunId,
    pub state: Now,
    pub tracks: Tracks,
    pub logs: Vec<Line>,
    pub previews: Vec<Preview>,
    pub seen: Seen,
}

impl Snapshot {
    /// The changing parts of a run.
    #[must_use]
    pub fn of(project: ProjectId, view: &RunView) -> Self {
        Self {
            project,
            run: view.run.summary.id,
            state: Now::of(&view.run.summary.state),
            tracks: view.tracks.clone(),
            logs: view.logs.iter().map(Line::of).collect(),
            previews: view.previews.clone(),
            seen: view.seen,
        }
    }
}

/// The island's signals.
#[derive(Clone, Copy)]
struct Live {
    state: RwSignal<Now>,
    /// Counts on between messages.
    elapsed: RwSignal<u64>,
    tracks: StoredValue<Tracks>,
    board: Board,
    logs: RwSignal<Vec<Line>>,
    previews: RwSignal<Vec<Preview>>,
    is_connected: RwSignal<bool>,
}

/// Status, figures, curves, sample answers and log of a run, kept up to date.
#[island]
pub fn LiveRun(snapshot: Snapshot, may_cancel: bool) -> impl IntoView {
    let (project, run) = (snapshot.project, snapshot.run);
    let live = Live {
        elapsed: RwSignal::new(snapshot.state.elapsed_seconds),
        board: Board::new(&snapshot.tracks),
        tracks: StoredValue::new(snapshot.tracks),
        logs: RwSignal::new(snapshot.logs),
        previews: RwSignal::new(snapshot.previews),
        is_connected: RwSignal::new(true),
        state: RwSignal::new(snapshot.state),
    };
    stream::follow(live, project, run, snapshot.seen);
    view! {
        <div class="stack">
            <Status live project run may_cancel/>
            <Failed live/>
            <Figures live/>
            <Charts board=live.board project run/>
            <Previews previews=live.previews all=crate::routes::answers(project, run, None)/>
            <Log logs=live.logs/>
        </div>
    }
}

/// Badge, bar and the way to stop.
#[component]
fn Status(live: Live, project: ProjectId, run: RunId, may_cancel: bool) -> impl IntoView {
    let l = lang();
    let is_open = Memo::new(move |_| live.state.with(|s| !s.status.is_final()));
    let is_cancelling = Memo::new(move |_| live.state.with(|s| s.cancel_requested));
    let bar = move || {
        let left = live.state.with(|s| live.tracks.with_value(|t| t.seconds_left(s.total_steps)));
        view! { <Bar state=live.state.get() left/> }
    };
    view! {
        <section class="card run-now" aria-live="polite">
            <div class="card-title">
                <span>{move || view! { <Badge status=live.state.with(|s| s.status)/> }}</span>
                <span class="toolbar">
                    <span class="error" hidden=live.is_connected>{text::disconnected(l)}</span>
                    {move || is_open.get().then(|| view! {
                        <noscript><a class="button button-small" href="">{super::text::refresh(l)}</a></noscript>
                    })}
                    {move || (may_cancel && is_open.get() && !is_cancelling.get()).then(|| view! {
                        <Confirm label=text::cancel(l) question=text::cancel_question(l)>
                            <form method="post" action=CancelRun::url()>
                                <input type="hidden" name="project" value=project.to_string()/>
                                <input type="hidden" name="run" value=run.to_string()/>
                                <button type="submit" class="button button-danger">{text::cancel_now(l)}</button>
                            </form>
                        </Confirm>
                    })}
                </span>
            </div>
            {bar}
        </section>
    }
}

/// Why the run failed and what to do.
#[component]
fn Failed(live: Live) -> impl IntoView {
    let l = lang();
    move || {
        live.state.with(|s| s.failure.clone()).map(|failure| {
            let (title, advice) = super::text::failure(l, &failure);
            view! {
                <div class="notice notice-bad" role="alert">
                    <strong>{title}</strong>
                    <p class="run-failure">{crate::words::run_problem(l, &failure.problem)}</p>
                    <p>{advice}</p>
                </div>
            }
        })
    }
}

/// Time, speed, memory, device, attempt.
#[component]
fn Figures(live: Live) -> impl IntoView {
    let l = lang();
    let latest = move |key: &'static str| {
        live.board.version.track();
        live.tracks.with_value(|t| t.latest(key))
    };
    let dash = || "–".to_owned();
    let speed = move || latest(series::TOKENS_PER_SECOND).map_or_else(dash, |v| format!("{v:.0}"));
    let memory = move || latest(series::MEMORY_MIB).map_or_else(dash, |v| bytes((v * 1024.0 * 1024.0) as u64));
    let loss = move || latest(series::TRAIN_LOSS).map_or_else(dash, number);
    let validation = move || latest(series::VALIDATION_LOSS).map_or_else(dash, number);
    let device = move || live.state.with(|s| if s.device.is_empty() { dash() } else { s.device.clone() });
    let attempt = move || live.state.with(|s| text::attempt_of(l, s.attempt, s.max_attempts));
    view! {
        <div class="stats">
            <Stat label=text::elapsed(l) value=Signal::derive(move || duration(live.elapsed.get(), l))/>
            <Stat label=text::train_loss(l) value=Signal::derive(loss)/>
            <Stat label=text::validation_loss(l) value=Signal::derive(validation)/>
            <Stat label=text::speed(l) value=Signal::derive(speed)/>
            <Stat label=text::memory(l) value=Signal::derive(memory)/>
            <Stat label=text::device(l) value=Signal::derive(device)/>
            <Stat label=text::attempt(l) value=Signal::derive(attempt)/>
        </div>
    }
}

#[component]
fn Stat(label: &'static str, value: Signal<String>) -> impl IntoView {
    view! { <div class="stat"><span class="stat-value">{move || value.get()}</span><span class="stat-label">{label}</span></div> }
}
