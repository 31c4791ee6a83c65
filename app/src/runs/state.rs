//! Where a run stands, as a badge and as a bar.

use super::text;
use crate::{
    text::lang,
    ui::format::{duration, integer},
    words::run_status_class,
};
use domain::{
    event::Phase,
    lang::Lang,
    run::{Failure, PhaseProgress, QueueReason, RunState, RunStatus},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What pages show of a [`RunState`], read from the same JSON. Times and the reason of waiting
/// stay words here: understanding them would make every browser load more code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Now {
    pub status: RunStatus,
    pub step: u32,
    pub total_steps: u32,
    pub phase: Option<PhaseProgress>,
    pub attempt: u32,
    pub max_attempts: u32,
    pub device: String,
    pub queue: Option<Waiting>,
    pub cancel_requested: bool,
    pub failure: Option<Failure>,
    pub started_at: Option<String>,
    pub elapsed_seconds: u64,
}

/// The words of a [`QueueReason`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    reason: String,
    #[serde(default)]
    runs: u32,
    #[serde(default)]
    seconds: u32,
}

impl Now {
    #[must_use]
    pub fn of(state: &RunState) -> Self {
        let waiting = |reason: &str, runs| Waiting { reason: reason.to_owned(), runs, seconds: 0 };
        Self {
            status: state.status,
            step: state.step,
            total_steps: state.total_steps,
            phase: state.phase,
            attempt: state.attempt,
            max_attempts: state.max_attempts,
            device: state.device.clone(),
            queue: state.queue.map(|reason| match reason {
                QueueReason::RunsBefore { runs } => waiting("runs_before", runs),
                QueueReason::WaitsForSlot => waiting("waits_for_slot", 0),
                QueueReason::JustQueued => waiting("just_queued", 0),
                QueueReason::NoWorker => waiting("no_worker", 0),
                QueueReason::PutOff { seconds } => Waiting { seconds, ..waiting("put_off", 0) },
            }),
            cancel_requested: state.cancel_requested,
            failure: state.failure.clone(),
            started_at: state.started_at.map(|at| at.to_string()),
            elapsed_seconds: state.elapsed_seconds,
        }
    }

    /// Share of the optimizer steps taken, in [0, 1].
    fn progress(&self) -> f64 {
        if self.total_steps == 0 { 0.0 } else { (f64::from(self.step) / f64::from(self.total_steps)).min(1.0) }
    }
}

impl Waiting {
    /// `None` for a word that only a newer server knows.
    fn reason(&self) -> Option<QueueReason> {
        Some(match self.reason.as_str() {
            "runs_before" => QueueReason::RunsBefore { runs: self.runs },
            "waits_for_slot" => QueueReason::WaitsForSlot,
            "just_queued" => QueueReason::JustQueued,
            "no_worker" => QueueReason::NoWorker,
            "put_off" => QueueReason::PutOff { seconds: self.seconds },
            _ => return None,
        })
    }
}

/// The status as a coloured word.
#[component]
pub(super) fn Badge(status: RunStatus) -> impl IntoView {
    let class = run_status_class(status);
    view! { <span class=class>{text::status_name(lang(), status)}</span> }
}

/// The bar of a run that is open: steps, or what the trainer does outside training; with the
/// reason while it waits. `left` are the seconds to go, where somebody knows better than the mean
/// pace so far.
#[component]
pub(super) fn Bar(state: Now, left: Option<u64>) -> impl IntoView {
    let l = lang();
    if let Some(waiting) = &state.queue {
        let queued = || text::status_name(l, state.status).to_owned();
        let words = waiting.reason().map_or_else(queued, |reason| text::queue_reason(l, reason));
        return view! { <p class="run-wait muted">{words}</p> }.into_any();
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
fn amount(l: Lang, state: &Now) -> (Option<f64>, String) {
    let trained = || text::step_of(l, integer(state.step.into()), integer(state.total_steps.into()));
    match (state.status, state.phase) {
        _ if state.cancel_requested && !state.status.is_final() => (None, text::cancelling(l).to_owned()),
        (RunStatus::Running, None) => (Some(state.progress()), trained()),
        (RunStatus::Running, Some(p)) if p.phase == Phase::Training => (Some(state.progress()), trained()),
        // Not how far it is, but how much there is of what it needs.
        (RunStatus::Checking, Some(p)) if p.phase == Phase::WaitingForMemory => {
            (None, text::waiting_for_memory(l, text::phase_name(l, p.phase), p.done, p.total))
        }
        (RunStatus::Checking | RunStatus::Claimed | RunStatus::Running | RunStatus::Evaluating, Some(p)) => {
            let share = (p.total > 0).then(|| f64::from(p.done) / f64::from(p.total));
            (share, text::phase_name(l, p.phase).to_owned())
        }
        (RunStatus::Checking | RunStatus::Claimed | RunStatus::Evaluating, None) => {
            (None, text::status_name(l, state.status).to_owned())
        }
        _ => (Some(state.progress()), trained()),
    }
}

/// Seconds to go at the mean pace of the run.
fn mean_left(state: &Now) -> Option<u64> {
    let (done, total) = (u64::from(state.step), u64::from(state.total_steps));
    (done > 0).then(|| state.elapsed_seconds * total.saturating_sub(done) / done)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_event_streams_state_is_understood() {
        let state = RunState {
            status: RunStatus::Queued,
            step: 3,
            total_steps: 10,
            phase: Some(PhaseProgress { phase: Phase::Validating, done: 1, total: 2 }),
            attempt: 1,
            max_attempts: 3,
            device: "cpu".to_owned(),
            queue: None,
            cancel_requested: false,
            failure: Some(Failure::new(domain::run::FailureKind::Crashed, domain::run::RunProblem::KilledForMemory)),
            started_at: Some(time::OffsetDateTime::UNIX_EPOCH),
            ended_at: None,
            elapsed_seconds: 5,
            fit: None,
        };
        let reasons = [
            QueueReason::RunsBefore { runs: 2 },
            QueueReason::WaitsForSlot,
            QueueReason::JustQueued,
            QueueReason::NoWorker,
            QueueReason::PutOff { seconds: 9 },
        ];
        for reason in reasons {
            let state = RunState { queue: Some(reason), ..state.clone() };
            let read: Now = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
            assert_eq!(read.queue.as_ref().and_then(Waiting::reason), Some(reason));
            assert_eq!(Now { started_at: None, ..read }, Now { started_at: None, ..Now::of(&state) });
        }
    }
}
