//! The list: what broke again, who is named, counts by status as tabs, filters, the cases, and what to do with them.

use super::{
    add::AddCorrections,
    api::{BadCaseList, ChangeBadCases, list_bad_cases},
    bulk,
    filters::{form, misread, query, query_string, rest_query, tabs},
    text,
};
use crate::{
    role, routes,
    text::lang,
    ui::{
        form::PostForm,
        format::{Time, excerpt, last_paragraph},
        frame::PageHeader,
        load::load,
        notice::Empty,
        pager::{Place, pager},
    },
};
use domain::{
    access::Action,
    badcase::{
        BadCaseStatus,
        regression::Alarm,
        view::{BadCaseQuery, BadCaseSummary, CaseMention},
    },
    id::ProjectId,
    lang::Lang,
    page::{DEFAULT_LIMIT, Page},
};
use leptos::prelude::*;

/// `/p/:project/bad-cases`
#[component]
pub fn BadCaseListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    let query = query();
    let export = format!("/api/v1/projects/{project}/bad-cases{}&format=", rest_query(&query));
    let may_add = role::may(Action::Annotate);
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            {may_add.then(|| view! { <a class="button button-primary" href=routes::new_bad_case(project)>{text::by_hand(l)}</a> })}
            <a class="button" href=format!("{export}csv")>{text::export_csv(l)}</a>
            <a class="button" href=format!("{export}json")>{text::export_json(l)}</a>
        </PageHeader>
        {pages(project, l)}
        {misread()}
        {load(list_bad_cases(project, query.clone()), move |list| body(project, query, list))}
    }
    .into_any()
}

/// The way to the pages around this one.
pub(super) fn pages(project: ProjectId, l: Lang) -> impl IntoView + use<> {
    let links = [
        (routes::clusters(project), text::clusters(l)),
        (routes::trends(project), text::trends(l)),
        (routes::regressions(project), text::regressions(l)),
        (routes::causes(project), text::causes(l)),
    ];
    let links = links.map(|(href, name)| view! { <a class="button button-small" href=href>{name}</a> });
    view! { <nav class="actions" aria-label=text::more_pages(l)>{links.collect_view()}</nav> }
}

fn body(project: ProjectId, query: BadCaseQuery, list: BadCaseList) -> AnyView {
    let l = lang();
    let head = view! {
        {alarms(project, &list.alarms, l)}
        {mentions(project, &list.mentions, l)}
    };
    if list.counts.total() == 0 && !query.is_filtered() {
        return view! { {head} <Empty title=text::none_title(l) hint=text::none_hint(l)/> }.into_any();
    }
    let total = query.status.map_or(list.counts.total(), |s| list.counts.of(s)).unsigned_abs();
    let corrected: Vec<_> = list.page.items.iter().filter(|b| b.status == BadCaseStatus::Corrected).cloned().collect();
    let (tabs, filters) = (tabs(&query, &list.counts, l), form(&query, &list, l));
    view! {
        {head}
        {tabs}
        {filters}
        {table(project, &query, list, total, l)}
        {role::may(Action::EditDatasets).then(|| view! { <AddCorrections project cases=corrected/> })}
    }
    .into_any()
}

/// What a run had mended and a later one has not.
pub(super) fn alarms(project: ProjectId, alarms: &[Alarm], l: Lang) -> impl IntoView + use<> {
    let lines = alarms.iter().map(|a| {
        let prompt = clip(last_paragraph(&a.prompt), l);
        let words = text::alarm_words(l, a.fixed_in, a.broken_in);
        view! { <li><a href=routes::bad_case(project, a.bad_case_id)><bdi>{prompt}</bdi></a>": "{words}</li> }
    });
    let lines = lines.collect_view();
    (!lines.is_empty()).then(|| {
        view! { <section class="notice notice-bad" id="alarms"><strong>{text::alarms(l)}</strong><ul>{lines}</ul></section> }
    })
}

/// Comments that name the reader; a fold once all of them are read.
fn mentions(project: ProjectId, mentions: &[CaseMention], l: Lang) -> impl IntoView + use<> {
    let unread = mentions.iter().filter(|m| !m.seen).count();
    let lines = mentions.iter().map(|m| {
        let who = m.comment.author.clone().unwrap_or_else(|| text::somebody(l).to_owned());
        let at = m.comment.created_at;
        let is_new =
            (!m.seen).then(|| view! { <span class="badge badge-warn">{text::mention_new(l)}</span>" " });
        view! {
            <li>
                {is_new}
                <bdi>{text::mention_by(l, who)}</bdi>" "
                <a href=format!("{}#talk", routes::bad_case(project, m.bad_case_id)) dir="auto">{excerpt(&m.comment.body)}</a>
                " "<span class="muted"><Time at/></span>
            </li>
        }
    });
    let lines = lines.collect_view();
    (!lines.is_empty()).then(|| {
        let badge = (unread > 0).then(|| view! { " "<span class="badge badge-warn">{unread}</span> });
        view! {
            <details class="fold card mentions" id="mentions" open={unread > 0}>
                <summary>{text::mentions(l)}{badge}</summary>
                <ul class="comments">{lines}</ul>
            </details>
        }
    })
}

fn table(project: ProjectId, query: &BadCaseQuery, list: BadCaseList, total: u64, l: Lang) -> AnyView {
    let BadCaseList { page: Page { items, next_cursor }, choices, .. } = list;
    if items.is_empty() {
        return view! {
            <Empty title=text::no_match(l) hint=text::no_match_hint(l)>
                <a class="button" href=routes::bad_cases(project)>{text::clear_filters(l)}</a>
            </Empty>
        }
        .into_any();
    }
    let back = query_string(query, query.status);
    let place = Place { shown: items.len(), size: DEFAULT_LIMIT, total: Some(total), next_cursor };
    let address = |cursor: &str| if cursor.is_empty() { back.clone() } else { format!("{back}&cursor={cursor}") };
    let cursor = query.cursor.clone().unwrap_or_default();
    let here = format!("{}{}", routes::bad_cases(project), address(&cursor));
    let pages = pager(address, "", &cursor, place);
    let may = role::may(Action::Annotate);
    let rows = items.into_iter().map(|b| row(project, &back, b, may, l)).collect_view();
    let table = view! {
        <div class="table-wrap">
            <table class="table table-cards bad-cases">
                <thead>
                    <tr>
                        {may.then(|| view! { <th scope="col"><span class="visually-hidden">{text::tick(l)}</span></th> })}
                        <th scope="col">{text::prompt(l)}</th>
                        <th scope="col">{text::expected(l)}</th>
                        <th scope="col">{text::output(l)}</th>
                        <th scope="col">{text::status(l)}</th>
                        <th scope="col">{text::severity(l)}</th>
                        <th scope="col">{text::cause(l)}</th>
                        <th scope="col">{text::owner(l)}</th>
                        <th scope="col">{text::correction(l)}</th>
                        <th scope="col">{text::run(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    };
    if !may {
        return view! { {table} {pages} }.into_any();
    }
    view! {
        <PostForm action={ServerAction::<ChangeBadCases>::new()} id="cases">
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="then" value=here/>
            {table}
            {bulk::actions(&choices, l)}
        </PostForm>
        {pages}
    }
    .into_any()
}

/// A text short enough for a row.
pub(super) fn clip(text: &str, l: Lang) -> String {
    if text.trim().is_empty() { text::empty(l).to_owned() } else { excerpt(text) }
}

fn row(project: ProjectId, back: &str, b: BadCaseSummary, may: bool, l: Lang) -> impl IntoView + use<> {
    let tick = may.then(|| {
        view! { <td><input type="checkbox" name="ids[]" value=b.id.to_string() aria-label=text::tick(l)/></td> }
    });
    let severity = b.severity.map(|s| view! { <span class=text::severity_class(s)>{text::severity_name(l, s)}</span> });
    let cause = b.cause.map(|c| text::cause_name(l, c).to_owned()).unwrap_or_default();
    let cause = match b.cause_name {
        Some(own) => format!("{cause}: {own}"),
        None => cause,
    };
    let origin = match (b.run_id, b.run_number) {
        (Some(run), Some(number)) => view! {
            <a href=routes::run(project, run)>{format!("#{number} ")}<bdi>{b.run_name}</bdi></a>
        }
        .into_any(),
        _ => text::source_name(l, b.source).into_any(),
    };
    view! {
        <tr>
            {tick}
            <th scope="row" dir="auto"><a href=format!("{}{back}", routes::bad_case(project, b.id))>{clip(last_paragraph(&b.prompt), l)}</a></th>
            {cell(text::expected(l), clip(&b.expected, l))}
            {cell(text::output(l), clip(&b.output, l))}
            <td data-label=text::status(l)><span><span class=text::status_class(b.status)>{text::status_name(l, b.status)}</span></span></td>
            <td data-label=text::severity(l)>{severity.map(|s| view! { <span>{s}</span> })}</td>
            <td class="case-cause" data-label=text::cause(l)>{(!cause.is_empty()).then(|| view! { <span dir="auto">{cause}</span> })}</td>
            <td data-label=text::owner(l)>{b.owner.map(|name| view! { <bdi>{name}</bdi> })}</td>
            {b.correction.map_or_else(|| view! { <td></td> }.into_any(), |c| cell(text::correction(l), clip(&c, l)).into_any())}
            <td class="prose" data-label=text::run(l)>{origin}</td>
        </tr>
    }
}

/// A text as a cell that breaks it anywhere, under its column's name where rows are cards.
fn cell(label: &'static str, text: String) -> impl IntoView + use<> {
    view! { <td class="prose" data-label=label><span dir="auto">{text}</span></td> }
}
