//! How the evaluations went over time, as SVGs that the server draws; colours are classes of the style sheet.

use super::text;
use crate::{
    routes,
    ui::{
        format::{rfc3339, utc},
        metric,
    },
};
use domain::{
    id::{ProjectId, SuiteId},
    lang::Lang,
    suite::{Candidate, EvaluationDesign, HistoryPoint},
};
use leptos::prelude::*;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 140.0;
const LEFT: f64 = 64.0;
const SIDE: f64 = 14.0;
const TOP: f64 = 14.0;

/// One drawing an evaluation.
pub(super) fn card(
    (project, suite): (ProjectId, SuiteId),
    evaluations: &[EvaluationDesign],
    points: &[HistoryPoint],
    baseline: Option<&Candidate>,
    l: Lang,
) -> Option<AnyView> {
    if points.is_empty() {
        return None;
    }
    let drawings = evaluations.iter().filter_map(|evaluation| {
        let own: Vec<&HistoryPoint> = points.iter().filter(|p| p.evaluation == evaluation.key).collect();
        (!own.is_empty()).then(|| drawing((project, suite), &evaluation.key, &own, baseline, l))
    });
    let drawings = drawings.collect_view();
    Some(
        view! {
            <section class="card stack" id="history">
                <h2>{text::history(l)}</h2>
                <p class="help">{text::history_help(l)}</p>
                {drawings}
            </section>
        }
        .into_any(),
    )
}

fn drawing(
    (project, suite): (ProjectId, SuiteId),
    key: &str,
    points: &[&HistoryPoint],
    baseline: Option<&Candidate>,
    l: Lang,
) -> impl IntoView + use<> {
    let name = points[0].metric.clone();
    let (low, high) = range(points);
    let y = move |value: f64| HEIGHT - SIDE - (value - low) / (high - low) * (HEIGHT - SIDE - TOP);
    let step = (WIDTH - LEFT - SIDE) / (points.len().max(2) - 1) as f64;
    let dots = points.iter().enumerate().map(|(i, point)| {
        let x = LEFT + step * i as f64;
        let (value, when) = (point.score.value, utc(&rfc3339(point.created_at)));
        let title = format!("{} · {} · {when}", point.candidate_name, metric::scored(&name, value));
        let bar = point.score.interval.map(|interval| {
            view! { <line class="suite-bar" x1=x x2=x y1=y(interval.low) y2=y(interval.high)></line> }
        });
        view! {
            <a href=routes::suite_result(project, suite, point.result_id)>
                {bar}
                <circle class="suite-dot" cx=x cy=y(value) r="4"><title>{title}</title></circle>
            </a>
        }
    });
    let dots = dots.collect_view();
    let main = points.iter().rev().find(|point| Some(&point.candidate) == baseline).map(|point| {
        let at = y(point.score.value);
        view! { <line class="suite-baseline" x1=LEFT x2=WIDTH - SIDE y1=at y2=at></line> }
    });
    let marks = [low, high].map(|value| {
        view! { <text class="bar-name" x=LEFT - 8.0 y=y(value) + 4.0 text-anchor="end">{metric::scored(&name, value)}</text> }
    });
    let label = format!("{key}: {}", metric::name(l, &name));
    view! {
        <figure class="bars">
            <figcaption dir="auto">{label.clone()}</figcaption>
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label>{marks.collect_view()}{main}{dots}</svg>
        </figure>
    }
}

/// Lowest and highest that is drawn, never the same.
fn range(points: &[&HistoryPoint]) -> (f64, f64) {
    let values = points.iter().flat_map(|p| {
        let interval = p.score.interval.map(|i| [i.low, i.high]);
        [p.score.value].into_iter().chain(interval.into_iter().flatten())
    });
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if high > low { (low, high) } else { (low - 0.5, low + 0.5) }
}
