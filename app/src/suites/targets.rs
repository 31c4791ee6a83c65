//! Targets: how the project stands to them, and setting one.

use super::{
    api::{RemoveTarget, SetTarget},
    rows, text,
};
use crate::{
    role, routes,
    ui::{field::Field, form::PostForm, metric},
    words,
};
use domain::{
    access::Action,
    id::ProjectId,
    lang::Lang,
    suite::{SuiteDetail, TargetStanding, TargetWay},
};
use leptos::prelude::*;

/// All of them, each with what it is judged by.
pub(super) fn list(project: ProjectId, targets: &[TargetStanding], l: Lang) -> AnyView {
    let may = role::may(Action::Launch);
    let items = targets.iter().map(|t| {
        let target = &t.target;
        let value = t.score.as_ref().map(|score| {
            let shown = metric::scored(&target.metric, score.value);
            let bounds = rows::interval(&target.metric, score);
            let result = t.result_id.map(|id| routes::suite_result(project, target.suite_id, id));
            let name = t.candidate_name.clone();
            view! { <a href=result>{shown}</a>" "<span class="muted nowrap">{bounds}</span>" "<span class="muted" dir="auto">{name}</span> }
        });
        let (suite, id) = (target.suite_id, target.id);
        let remove = may.then(|| {
            view! {
                <PostForm action={ServerAction::<RemoveTarget>::new()}>
                    <input type="hidden" name="project" value=project.to_string()/>
                    <input type="hidden" name="suite" value=suite.to_string()/>
                    <input type="hidden" name="target" value=id.to_string()/>
                    <button class="button button-small button-quiet" type="submit">{text::remove(l)}</button>
                </PostForm>
            }
        });
        view! {
            <li class="actions">
                <strong dir="auto">{words::suite_target(l, target)}</strong>
                <span class=words::standing_badge(t.standing)>{words::standing(l, t.standing)}</span>
                {value.map(|value| view! { <span>{value}</span> })}
                {remove}
            </li>
        }
    });
    view! { <ul class="facet">{items.collect_view()}</ul> }.into_any()
}

/// Those of a suite, with the form that sets one.
pub(super) fn card(
    project: ProjectId,
    suite: &SuiteDetail,
    targets: &[TargetStanding],
    l: Lang,
) -> impl IntoView + use<> {
    let shown = if targets.is_empty() {
        view! { <p class="muted">{text::targets_none(l)}</p> }.into_any()
    } else {
        list(project, targets, l)
    };
    let form = role::may(Action::Launch).then(|| form(project, suite, l));
    view! {
        <section class="card stack" id="targets">
            <h2>{text::targets(l)}</h2>
            <p class="muted">{text::targets_help(l)}</p>
            {shown}
            {form}
        </section>
    }
}

fn form(project: ProjectId, suite: &SuiteDetail, l: Lang) -> impl IntoView + use<> {
    let evaluations =
        suite.design.evaluations.iter().map(|e| view! { <option value=e.key.clone()>{e.key.clone()}</option> });
    let evaluations = evaluations.collect_view();
    let primary = suite.design.evaluations.first().map(|e| e.primary()).unwrap_or_default();
    let ways = TargetWay::ALL.map(|way| {
        let name = match way {
            TargetWay::AtLeast => text::at_least(l),
            TargetWay::AtMost => text::at_most(l),
        };
        view! { <option value=way.as_str()>{name}</option> }
    });
    let id = suite.summary.id;
    view! {
        <PostForm action={ServerAction::<SetTarget>::new()} class="filters">
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="suite" value=id.to_string()/>
            <Field id="evaluation" label=text::evaluations(l)>
                <select id="evaluation" name="evaluation">{evaluations}</select>
            </Field>
            <Field id="target-metric" label=text::target_metric(l) help=text::target_metric_help(l)>
                <input id="target-metric" name="metric" required value=primary aria-describedby="target-metric-help"/>
            </Field>
            <Field id="way" label=text::target_way(l)>
                <select id="way" name="way">{ways.collect_view()}</select>
            </Field>
            <Field id="limit" label=text::limit(l) help=text::limit_help(l)>
                <input id="limit" name="limit" inputmode="decimal" required aria-describedby="limit-help"/>
            </Field>
            <button class="button" type="submit">{text::set_target(l)}</button>
        </PostForm>
    }
}
