//! Judges and people: models that rate answers, what they said and whether it counts, and comparisons of models by people.

pub mod api;
mod form;
mod human;
mod judge;
mod judging;
mod list;
mod new;
mod new_human;
mod sample;
pub mod text;

pub use human::HumanEvaluationPage;
pub use judge::JudgePage;
pub use judging::JudgingPage;
pub use list::JudgeListPage;
pub use new::NewJudgePage;
pub use new_human::NewHumanEvaluationPage;
pub use sample::JudgedSamplePage;

use crate::words;
use domain::{
    agreement::Interval,
    judge::{Mode, calibration::Standing},
    lang::Lang,
    statistics::verdict::Verdict,
};
use leptos::prelude::*;

/// What a judge is asked, in words.
fn mode(l: Lang, mode: Mode) -> &'static str {
    match mode {
        Mode::Rubric => text::rubric(l),
        Mode::Pairwise => text::pairwise(l),
    }
}

/// Whether a judge's figures count, as a badge.
fn standing(l: Lang, standing: Standing) -> impl IntoView + use<> {
    let (words, class) = (words::judge_standing(l, standing), words::judge_badge(standing));
    view! { <span class=class>{words}</span> }
}

/// What may be said of two models, as a badge.
fn verdict(l: Lang, verdict: Verdict) -> impl IntoView + use<> {
    let (words, class) = match verdict {
        Verdict::Better => (text::better(l), "badge badge-good"),
        Verdict::Worse => (text::worse(l), "badge badge-bad"),
        Verdict::NoEvidence => (text::no_evidence(l), "badge badge-quiet"),
    };
    view! { <span class=class>{words}</span> }
}

/// An interval with three digits, as `0.612 (0.480 … 0.713)`.
fn with_interval(interval: Interval) -> String {
    format!("{:.3} ({:.3} … {:.3})", interval.value, interval.low, interval.high)
}

/// Options of a select, the chosen one marked.
fn options(all: impl IntoIterator<Item = (String, String)>, chosen: &str) -> AnyView {
    let chosen = chosen.to_owned();
    let option = move |(value, words): (String, String)| {
        view! { <option value=value.clone() selected=value == chosen>{words}</option> }
    };
    all.into_iter().map(option).collect_view().into_any()
}

/// A figure with its name below and a note.
fn stat(label: &'static str, value: String, note: String) -> impl IntoView + use<> {
    view! {
        <div class="stat">
            <span class="stat-note">{note}</span>
            <span class="stat-label">{label}</span>
            <span class="stat-value">{value}</span>
        </div>
    }
}
