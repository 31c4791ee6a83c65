//! The project's suites.

use super::{
    api::{SuiteList, list_suites},
    rows, targets, text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        format::{Time, integer},
        frame::PageHeader,
        load::{load, refuse},
        notice::Empty,
    },
};
use domain::{access::Action, id::ProjectId, lang::Lang, suite::SuiteSummary};
use leptos::prelude::*;

/// `/p/:project/suites`
#[component]
pub fn SuiteListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    let new = role::may(Action::Launch)
        .then(|| view! { <a class="button button-primary" href=routes::new_suite(project)>{text::new(l)}</a> });
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>{new}</PageHeader>
        {load(list_suites(project), move |list| body(project, list, l))}
    }
    .into_any()
}

fn body(project: ProjectId, list: SuiteList, l: Lang) -> AnyView {
    if list.suites.is_empty() {
        return view! { <Empty title=text::none(l) hint=text::none_hint(l)/> }.into_any();
    }
    let alarms = rows::alarms(project, &list.alarms, l);
    let standings = (!list.targets.is_empty()).then(|| {
        view! {
            <section class="card">
                <h2>{text::targets(l)}</h2>
                {targets::list(project, &list.targets, l)}
            </section>
        }
    });
    let suites = list.suites.into_iter().map(|suite| row(project, suite, l)).collect_view();
    view! {
        {alarms}
        <div class="table-wrap">
            <table class="table table-cards">
                <thead>
                    <tr>
                        <th scope="col">{text::name(l)}</th>
                        <th scope="col" class="num">{text::version(l)}</th>
                        <th scope="col" class="num">{text::evaluations(l)}</th>
                        <th scope="col" class="num">{text::candidates(l)}</th>
                        <th scope="col" class="num">{text::alarms(l)}</th>
                        <th scope="col"></th>
                    </tr>
                </thead>
                <tbody>{suites}</tbody>
            </table>
        </div>
        {standings}
    }
    .into_any()
}

fn row(project: ProjectId, suite: SuiteSummary, l: Lang) -> impl IntoView {
    let automatic = suite.automatic.then(|| view! { " "<span class="badge badge-quiet">{text::automatic(l)}</span> });
    let count = |n: u32| integer(n.into());
    view! {
        <tr>
            <th scope="row"><a href=routes::suite(project, suite.id) dir="auto">{suite.name}</a>{automatic}</th>
            <td class="num" data-label=text::version(l)>{count(suite.version)}</td>
            <td class="num" data-label=text::evaluations(l)>{count(suite.evaluations)}</td>
            <td class="num" data-label=text::candidates(l)>{count(suite.candidates)}</td>
            <td class="num" data-label=text::alarms(l)>{count(suite.alarms)}</td>
            <td class="muted"><Time at=suite.created_at/></td>
        </tr>
    }
}
