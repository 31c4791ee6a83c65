//! The list: counts by status as tabs, filters, the cases, and what to do with corrected ones.

use super::{add::AddCorrections, api::list_bad_cases, text};
use crate::{
    role, routes,
    text::lang,
    ui::{
        field::Field,
        frame::PageHeader,
        load::load,
        notice::{Empty, not_applied},
        pager::{Place, pager},
    },
};
use domain::{
    access::Action,
    badcase::{
        BadCaseStatus, Cause,
        view::{BadCaseCounts, BadCaseQuery, BadCaseSummary},
    },
    id::{BadCaseId, DatasetId, ProjectId, RunId},
    lang::Lang,
    page::{DEFAULT_LIMIT, Page},
};
use leptos::prelude::*;

/// The filter of this page's query.
pub(super) fn query() -> BadCaseQuery {
    BadCaseQuery {
        status: routes::query("status"),
        cause: routes::query("cause"),
        run: routes::query("run"),
        dataset: routes::query("dataset"),
        search: routes::query("q"),
        cursor: routes::query("cursor"),
        limit: None,
    }
}

/// The filter as a query string, with another status and without cursor.
pub(super) fn query_string(q: &BadCaseQuery, status: Option<BadCaseStatus>) -> String {
    let parts = [
        ("status", status.map(|s| s.as_str().to_owned())),
        ("cause", q.cause.map(|c| c.as_str().to_owned())),
        ("run", q.run.map(|r| r.to_string())),
        ("dataset", q.dataset.map(|d| d.to_string())),
        ("q", q.search.as_deref().map(routes::encode)),
    ];
    let parts: Vec<_> = parts.into_iter().filter_map(|(k, v)| v.map(|v| format!("{k}={v}"))).collect();
    format!("?{}", parts.join("&"))
}

/// `/p/:project/bad-cases`
#[component]
pub fn BadCaseListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    let query = query();
    let export = format!("/api/v1/projects/{project}/bad-cases{}&format=", query_string(&query, query.status));
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            <a class="button" href=format!("{export}csv")>{text::export_csv(l)}</a>
            <a class="button" href=format!("{export}json")>{text::export_json(l)}</a>
        </PageHeader>
        {not_applied([
            routes::misread::<BadCaseStatus>("status"),
            routes::misread::<Cause>("cause"),
            routes::misread::<RunId>("run"),
            routes::misread::<DatasetId>("dataset"),
            routes::misread::<BadCaseId>("cursor"),
        ])}
        {load(list_bad_cases(project, query.clone()), move |(page, counts)| body(project, query, page, counts))}
    }
    .into_any()
}

fn body(project: ProjectId, query: BadCaseQuery, page: Page<BadCaseSummary>, counts: BadCaseCounts) -> AnyView {
    let l = lang();
    let filtered = query.cause.is_some() || query.run.is_some() || query.search.is_some() || query.dataset.is_some();
    if counts.total() == 0 && !filtered {
        return view! { <Empty title=text::none_title(l) hint=text::none_hint(l)/> }.into_any();
    }
    let total = query.status.map_or(counts.total(), |s| counts.of(s)).unsigned_abs();
    let corrected: Vec<_> = page.items.iter().filter(|b| b.status == BadCaseStatus::Corrected).cloned().collect();
    view! {
        {tabs(&query, &counts, l)}
        {filters(query.clone(), l)}
        {table(project, &query, page, total, l)}
        {role::may(Action::EditDatasets).then(|| view! { <AddCorrections project cases=corrected/> })}
    }
    .into_any()
}

fn tabs(query: &BadCaseQuery, counts: &BadCaseCounts, l: Lang) -> impl IntoView + use<> {
    let all = std::iter::once((None, text::any(l), counts.total()));
    let each = BadCaseStatus::ALL.map(|s| (Some(s), text::status_name(l, s), counts.of(s)));
    let links = all.chain(each).map(|(status, name, n)| {
        let href = query_string(query, status);
        view! { <a href=href aria-current=(status == query.status).then_some("page")>{name}" "<span class="muted">{n}</span></a> }
    });
    view! { <nav class="tabs" aria-label=text::status(l)>{links.collect_view()}</nav> }
}

fn filters(query: BadCaseQuery, l: Lang) -> impl IntoView {
    let causes = Cause::ALL
        .map(|c| view! { <option value=c.as_str() selected=query.cause == Some(c)>{text::cause_name(l, c)}</option> });
    view! {
        <form class="filters" method="get">
            {query.status.map(|s| view! { <input type="hidden" name="status" value=s.as_str()/> })}
            {query.run.map(|r| view! { <input type="hidden" name="run" value=r.to_string()/> })}
            {query.dataset.map(|d| view! { <input type="hidden" name="dataset" value=d.to_string()/> })}
            <Field id="cause" label=text::cause(l)>
                <select id="cause" name="cause"><option value="">{text::any(l)}</option>{causes.collect_view()}</select>
            </Field>
            <Field id="q" label=text::search(l)>
                <input id="q" type="search" dir="auto" name="q" value=query.search placeholder=text::search_help(l)/>
            </Field>
            <button class="button" type="submit">{text::apply(l)}</button>
        </form>
    }
}

fn table(project: ProjectId, query: &BadCaseQuery, page: Page<BadCaseSummary>, total: u64, l: Lang) -> AnyView {
    if page.items.is_empty() {
        return view! { <p class="muted">{text::no_match(l)}</p> }.into_any();
    }
    let back = query_string(query, query.status);
    let place =
        Place { shown: page.items.len(), size: DEFAULT_LIMIT, total: Some(total), next_cursor: page.next_cursor };
    let address = |cursor: &str| if cursor.is_empty() { back.clone() } else { format!("{back}&cursor={cursor}") };
    let pages = pager(address, "", query.cursor.as_deref().unwrap_or_default(), place);
    let rows = page.items.into_iter().map(|b| row(project, &back, b, l)).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards bad-cases">
                <thead>
                    <tr>
                        <th scope="col">{text::prompt(l)}</th>
                        <th scope="col">{text::expected(l)}</th>
                        <th scope="col">{text::output(l)}</th>
                        <th scope="col">{text::status(l)}</th>
                        <th scope="col">{text::cause(l)}</th>
                        <th scope="col">{text::correction(l)}</th>
                        <th scope="col">{text::run(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {pages}
    }
    .into_any()
}

fn clip(text: &str, l: Lang) -> String {
    let line: String = text.trim().chars().take(120).collect();
    if line.is_empty() { text::empty(l).to_owned() } else { line }
}

fn row(project: ProjectId, back: &str, b: BadCaseSummary, l: Lang) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row" dir="auto"><a href=format!("{}{back}", routes::bad_case(project, b.id))>{clip(&b.prompt, l)}</a></th>
            {cell(text::expected(l), clip(&b.expected, l))}
            {cell(text::output(l), clip(&b.output, l))}
            <td data-label=text::status(l)><span><span class=text::status_class(b.status)>{text::status_name(l, b.status)}</span></span></td>
            <td data-label=text::cause(l)>{b.cause.map(|c| text::cause_name(l, c))}</td>
            {b.correction.map_or_else(|| view! { <td></td> }.into_any(), |c| cell(text::correction(l), clip(&c, l)).into_any())}
            <td class="prose" data-label=text::run(l)><a href=routes::run(project, b.run_id)>{format!("#{} ", b.run_number)}<bdi>{b.run_name}</bdi></a></td>
        </tr>
    }
}

/// A text as a cell that breaks it anywhere, under its column's name where rows are cards.
fn cell(label: &'static str, text: String) -> impl IntoView + use<> {
    view! { <td class="prose" data-label=label><span dir="auto">{text}</span></td> }
}
