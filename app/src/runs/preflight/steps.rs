//! The steps of a preflight: how each went, with its figures.

use super::text;
use crate::ui::format::{bytes, duration, integer, number, percent};
use domain::{
    lang::Lang,
    run::{Overfit, Pace, Preflight, PreflightCheck, PreflightStep, Supply, Verdict},
};
use leptos::prelude::*;

/// The verdict on all of it, as a badge.
pub(super) fn overall(l: Lang, has_failed: bool, warns: bool) -> impl IntoView + use<> {
    let (class, words) = match (has_failed, warns) {
        (true, _) => ("badge badge-bad", text::problem(l)),
        (false, true) => ("badge badge-warn", text::passed_with_warnings(l)),
        (false, false) => ("badge badge-good", text::passed(l)),
    };
    view! { <span class=class>{words}</span> }
}

/// A table of all steps.
pub(super) fn section(l: Lang, report: &Preflight) -> impl IntoView + use<> {
    let rows = report.checks.iter().map(|check| row(l, check, report)).collect_view();
    let total = text::took(l, seconds(report.elapsed_ms as f64 / 1000.0));
    view! {
        <section class="card">
            <div class="card-title">
                <h2>{text::steps(l)}</h2>
                <span>{overall(l, report.failure().is_some(), report.warns())} " " <span class="muted">{total}</span></span>
            </div>
            <dl class="preflight-steps">{rows}</dl>
        </section>
    }
}

fn row(l: Lang, check: &PreflightCheck, report: &Preflight) -> impl IntoView + use<> {
    let (class, word) = match check.verdict {
        Verdict::Ok => ("badge badge-good", text::ok(l)),
        Verdict::Warning => ("badge badge-warn", text::warning(l)),
        Verdict::Problem { .. } => ("badge badge-bad", text::problem(l)),
        Verdict::Skipped => ("badge badge-quiet", text::skipped(l)),
    };
    let problem = match &check.verdict {
        Verdict::Problem { kind, problem } => {
            let (words, advice) = (crate::words::run_problem(l, problem), super::run_text::of_kind(l, *kind).1);
            Some(view! { <p class="error">{words}</p> <p>{advice}</p> })
        }
        _ => None,
    };
    let figures = figures(l, check.step, report).into_iter().map(|line| view! { <p>{line}</p> }).collect_view();
    view! {
        <div>
            <dt>{text::step_name(l, check.step)}</dt>
            <dd class="preflight-verdict"><span class=class>{word}</span></dd>
            <dd>{figures}{problem}</dd>
        </div>
    }
}

/// What a step measured, a line each.
fn figures(l: Lang, step: PreflightStep, report: &Preflight) -> Vec<String> {
    match step {
        PreflightStep::SetUp => Vec::new(),
        PreflightStep::Audit => report
            .audit
            .iter()
            .map(|a| {
                let (used, all) = (integer(a.used.into()), integer(a.samples.into()));
                text::audited(l, text::split_name(l, a.split), used, all, percent(a.learnt_share()))
            })
            .collect(),
        PreflightStep::LongestBatch => report
            .longest
            .iter()
            .flat_map(|b| {
                let (samples, tokens) = (integer(b.samples.into()), integer(b.tokens.into()));
                let speed = integer(b.tokens_per_second.round() as u64);
                let memory = b.peak_memory_bytes.map(|peak| text::peak(l, bytes(peak)));
                [Some(text::longest(l, samples, tokens, seconds(b.seconds), speed)), memory]
            })
            .flatten()
            .collect(),
        PreflightStep::Overfit => report.overfit.iter().flat_map(|o| overfit(l, o)).collect(),
        PreflightStep::Checkpoint => report
            .checkpoint
            .iter()
            .map(|c| text::checkpoint(l, bytes(c.bytes), seconds(c.write_seconds), seconds(c.read_seconds)))
            .collect(),
        PreflightStep::Evaluation => report.pace.iter().map(|pace| whole(l, pace)).collect(),
        PreflightStep::Room => report
            .room
            .iter()
            .flat_map(|room| [supply(l, text::disk(l), room.disk), supply(l, text::memory(l), room.memory)])
            .collect(),
    }
}

/// What the whole run will take, in parts.
fn whole(l: Lang, pace: &Pace) -> String {
    let of = |s: f64| duration(s.round() as u64, l);
    let [train, validation, test] = [pace.train_seconds, pace.validation_seconds, pace.test_seconds].map(of);
    text::whole_run(l, of(pace.seconds()), train, validation, test)
}

fn overfit(l: Lang, o: &Overfit) -> Vec<String> {
    let line = text::overfit(l, integer(o.steps.into()), o.learning_rate, number(o.first_loss), number(o.last_loss));
    let tiny = (!o.fell()).then(|| text::did_not_fall(l).to_owned());
    [Some(line), tiny].into_iter().flatten().collect()
}

fn supply(l: Lang, what: &str, s: Supply) -> String {
    let needed = bytes(s.needed_bytes);
    match (s.free_bytes, s.reserved_bytes) {
        (None, _) => text::needs(l, what, needed),
        (Some(free), 0) => text::needs_of(l, what, needed, bytes(free)),
        (Some(free), reserved) => text::needs_of_shared(l, what, needed, bytes(free), bytes(reserved)),
    }
}

fn seconds(s: f64) -> String {
    if s < 10.0 { format!("{s:.2} s") } else { format!("{s:.0} s") }
}
