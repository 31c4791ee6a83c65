//! The list of sweeps.

use super::{api::list_sweeps, text};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        format::{Time, duration},
        frame::PageHeader,
        load::{load, refuse},
        metric,
        notice::Empty,
        pager::{Place, pager},
    },
};
use domain::{
    access::Action,
    id::{ProjectId, SweepId},
    page::{DEFAULT_LIMIT, Page},
    sweep::SweepSummary,
};
use leptos::prelude::*;

/// `/p/:project/sweeps?cursor=`
#[component]
pub fn SweepListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            {role::may(Action::Launch).then(|| view! { <a class="button button-primary" href=routes::new_sweep(project)>{text::new_sweep(l)}</a> })}
        </PageHeader>
        {load(list_sweeps(project, routes::query::<SweepId>("cursor")), move |page| table(project, page))}
    }
    .into_any()
}

fn table(project: ProjectId, page: Page<SweepSummary>) -> impl IntoView {
    let l = lang();
    if page.items.is_empty() {
        return view! { <Empty title=text::none_title(l) hint=text::none_hint(l)/> }.into_any();
    }
    let cursor = routes::query::<String>("cursor").unwrap_or_default();
    let place = Place { shown: page.items.len(), size: DEFAULT_LIMIT, total: None, next_cursor: page.next_cursor };
    let pages = pager(|c| format!("{}?cursor={c}", routes::sweeps(project)), "", &cursor, place);
    let rows = page.items.into_iter().map(|s| {
        let (status, class) = text::status_name(l, s.status);
        view! {
            <tr>
                <th scope="row"><a href=routes::sweep(project, s.id)><bdi>{s.name}</bdi></a></th>
                <td><span class=class>{status}</span></td>
                <td>{text::strategy_name(l, &s.strategy)}</td>
                <td>{metric::name(l, s.goal.as_str())}</td>
                <td class="num">{format!("{} / {}", s.ended_runs, s.planned_runs)}</td>
                <td class="num">{duration(s.used_seconds, l)}</td>
                <td class="nowrap"><Time at=s.created_at/><div class="muted">{s.created_by}</div></td>
            </tr>
        }
    });
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{text::name(l)}</th>
                        <th scope="col">{text::status(l)}</th>
                        <th scope="col">{text::strategy(l)}</th>
                        <th scope="col">{text::goal(l)}</th>
                        <th scope="col" class="num">{text::forecast_runs(l)}</th>
                        <th scope="col" class="num">{text::used(l)}</th>
                        <th scope="col">{text::started(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        {pages}
    }
    .into_any()
}
