//! The list of a project's reports.

use super::{api::list_reports, text};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        format::{Time, integer},
        frame::PageHeader,
        load::{load, refuse},
        notice::Empty,
        pager::{Place, pager},
    },
};
use domain::{
    access::Action,
    id::ProjectId,
    page::{DEFAULT_LIMIT, Page},
    report::view::ReportSummary,
};
use leptos::prelude::*;

/// `/p/:project/reports?cursor=`
#[component]
pub fn ReportListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            <a class="button" href=routes::digests(project)>{text::digests(l)}</a>
            {new_button(project)}
        </PageHeader>
        {load(list_reports(project, routes::query("cursor")), move |page| table(project, page))}
    }
    .into_any()
}

fn new_button(project: ProjectId) -> impl IntoView {
    let to = routes::new_report(project, &[]);
    role::may(Action::Launch).then(|| view! { <a class="button button-primary" href=to>{text::new_report(lang())}</a> })
}

fn table(project: ProjectId, page: Page<ReportSummary>) -> impl IntoView {
    let l = lang();
    if page.items.is_empty() {
        return view! { <Empty title=text::none_title(l) hint=text::none_hint(l)>{new_button(project)}</Empty> }
            .into_any();
    }
    let cursor = routes::query::<String>("cursor").unwrap_or_default();
    let place = Place { shown: page.items.len(), size: DEFAULT_LIMIT, total: None, next_cursor: page.next_cursor };
    let pages = pager(|c| format!("{}?cursor={c}", routes::reports(project)), "", &cursor, place);
    let rows = page.items.into_iter().map(|r| {
        let (status, class) = text::status(l, r.status);
        view! {
            <tr>
                <th scope="row"><a href=routes::report(project, r.id)>{format!("{} ", r.number)}<bdi>{r.title}</bdi></a></th>
                <td data-label=text::status_label(l)><span class=class>{status}</span></td>
                <td class="num" data-label=text::version_label(l)>{r.version}</td>
                <td class="num" data-label=text::runs_label(l)>{integer(r.runs.len() as u64)}</td>
                <td data-label=text::language_label(l) lang=r.lang.tag()>{r.lang.name()}</td>
                <td class="nowrap" data-label=text::updated_label(l)><Time at=r.updated_at/></td>
                <td data-label=text::by_label(l)><bdi>{r.created_by}</bdi></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead>
                    <tr>
                        <th scope="col">{text::name_label(l)}</th>
                        <th scope="col">{text::status_label(l)}</th>
                        <th scope="col" class="num">{text::version_label(l)}</th>
                        <th scope="col" class="num">{text::runs_label(l)}</th>
                        <th scope="col">{text::language_label(l)}</th>
                        <th scope="col">{text::updated_label(l)}</th>
                        <th scope="col">{text::by_label(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {pages}
    }
    .into_any()
}
