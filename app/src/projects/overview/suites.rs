//! What evaluation suites say on the overview: alarms, and how the project stands to its targets.

use super::text;
use crate::{routes, ui::metric, words};
use domain::{
    id::ProjectId,
    lang::Lang,
    overview::Overview,
    suite::{SuiteAlarm, TargetStanding},
};
use leptos::prelude::*;

/// Both, where there are any.
pub(super) fn cards(project: ProjectId, o: &Overview, l: Lang) -> impl IntoView + use<> {
    let alarms = o.alarms.iter().map(|a| alarm(project, a, l)).collect_view();
    let targets = o.targets.iter().map(|t| target(project, t, l)).collect_view();
    let alarms = (!o.alarms.is_empty()).then(|| {
        view! {
            <section class="notice notice-bad" id="suite-alarms">
                <h2>{text::alarms(l)}</h2>
                <ul class="findings">{alarms}</ul>
            </section>
        }
    });
    let targets = (!o.targets.is_empty()).then(|| {
        view! {
            <section class="card" id="targets">
                <h2>{text::targets(l)}</h2>
                <ul class="facet">{targets}</ul>
            </section>
        }
    });
    view! { {alarms} {targets} }
}

fn alarm(project: ProjectId, a: &SuiteAlarm, l: Lang) -> impl IntoView + use<> {
    let change = metric::scored_difference(&a.difference.metric, a.difference.to - a.difference.from);
    let what = format!("{} {change}", metric::name(l, &a.difference.metric));
    let words = text::alarm(l, &a.candidate_name, &a.baseline_name, &a.evaluation, what);
    view! { <li><a href=routes::suite(project, a.suite_id) dir="auto">{words}</a></li> }
}

fn target(project: ProjectId, t: &TargetStanding, l: Lang) -> impl IntoView + use<> {
    let class = words::standing_badge(t.standing);
    let value = t.score.as_ref().map(|score| metric::scored(&t.target.metric, score.value));
    view! {
        <li class="actions">
            <a href=routes::suite(project, t.target.suite_id) dir="auto">{words::suite_target(l, &t.target)}</a>
            <span>{value}</span>
            <span class=class>{words::standing(l, t.standing)}</span>
        </li>
    }
}
