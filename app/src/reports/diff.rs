//! What differs between two versions of a report: words and numbers, line by line, as they read.

use super::{
    api::{DiffView, get_report_diff},
    compose,
    document::{Document, Part, Span},
    text,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{field::Field, frame::PageHeader, load::load},
};
use domain::{
    id::{ProjectId, ReportId},
    report::{
        changes::{Change, changes},
        view::ReportDetail,
    },
};
use leptos::prelude::*;

/// `/p/:project/reports/:report/diff?from=&to=`
#[component]
pub fn ReportDiffPage() -> impl IntoView {
    let asked: Result<(ProjectId, ReportId), AppError> =
        (|| Ok((routes::param("project")?, routes::param("report")?)))();
    let (from, to) = (routes::query("from"), routes::query("to"));
    let data = async move {
        let (project, report) = asked?;
        Ok::<_, AppError>((project, get_report_diff(project, report, from, to).await?))
    };
    load(data, |(project, view)| page(project, view))
}

fn page(project: ProjectId, view: DiffView) -> impl IntoView {
    let l = lang();
    let DiffView { detail, from, to } = view;
    let numbers = (from.head.number, to.head.number);
    let (address, title) =
        (routes::report_version(project, detail.summary.id, numbers.1), detail.summary.title.clone());
    let old = lines(&compose::document(project, &from));
    let new = lines(&compose::document(project, &to));
    view! {
        <PageHeader title=text::diff_title(l, numbers.0, numbers.1) lead=text::diff_lead(l)>
            <a class="button" href=address>{title}</a>
        </PageHeader>
        {choose(&detail, numbers)}
        {shown(&old, &new)}
    }
}

fn choose(detail: &ReportDetail, (from, to): (u32, u32)) -> impl IntoView + use<> {
    let l = lang();
    let numbers: Vec<u32> = detail.versions.iter().map(|head| head.number).collect();
    let options = |chosen: u32| {
        let option = |n: &u32| view! { <option value=n.to_string() selected=*n == chosen>{n.to_string()}</option> };
        numbers.iter().map(option).collect_view()
    };
    let (from, to) = (options(from), options(to));
    view! {
        <form class="filters" method="get">
            <Field id="from" label=text::diff_from(l)><select id="from" name="from">{from}</select></Field>
            <Field id="to" label=text::diff_to(l)><select id="to" name="to">{to}</select></Field>
            <button class="button" type="submit">{text::diff_show(l)}</button>
        </form>
    }
}

/// The lines that changed, below the headings that they stand under.
fn shown(old: &[String], new: &[String]) -> AnyView {
    let found = changes(old, new);
    if found.iter().all(|change| matches!(change, Change::Kept(_))) {
        return view! { <p class="muted">{text::diff_none(lang())}</p> }.into_any();
    }
    let mut heading = None;
    let mut out: Vec<AnyView> = Vec::new();
    for change in found {
        match change {
            Change::Kept(line) if line.starts_with(HEADING) => heading = Some(line.to_owned()),
            Change::Kept(_) => {}
            Change::Went(line) | Change::Came(line) if line.is_empty() => {}
            Change::Went(line) => {
                out.extend(heading.take().map(title));
                let line = line.to_owned();
                out.push(view! { <del dir="auto">"− "{line}</del> }.into_any());
            }
            Change::Came(line) => {
                out.extend(heading.take().map(title));
                let line = line.to_owned();
                out.push(view! { <ins dir="auto">"+ "{line}</ins> }.into_any());
            }
        }
    }
    view! { <section class="card report-diff">{out}</section> }.into_any()
}

fn title(line: String) -> AnyView {
    let words = line.trim_start_matches(HEADING).to_owned();
    view! { <h2 dir="auto">{words}</h2> }.into_any()
}

/// Before the heading of a section, as in Markdown.
const HEADING: &str = "## ";

/// A report as lines of text. What stands below the title is of the version and not of what it says.
fn lines(document: &Document) -> Vec<String> {
    let mut lines = vec![document.title.clone()];
    for section in &document.sections {
        lines.push(format!("{HEADING}{}", section.heading));
        section.parts.iter().for_each(|part| of_part(part, &mut lines));
    }
    lines
}

fn of_part(part: &Part, lines: &mut Vec<String>) {
    let text = |spans: &[Span]| spans.iter().map(|span| span.text.as_str()).collect::<String>();
    match part {
        Part::Heading(_, heading) => lines.push(heading.clone()),
        Part::Paragraph(spans) | Part::Quote(spans) | Part::Note(_, spans) => {
            lines.extend(text(spans).lines().map(str::to_owned));
        }
        Part::List { items, .. } => lines.extend(items.iter().map(|item| format!("• {}", text(item)))),
        Part::Code(code) => lines.extend(code.lines().map(str::to_owned)),
        Part::Table(table) => {
            let row = |row: &Vec<super::document::Cell>| {
                row.iter().map(super::document::Cell::text).collect::<Vec<_>>().join(" | ")
            };
            lines.extend(table.rows.iter().map(row));
        }
        Part::Chart(chart) => lines.push(chart.title.clone()),
        Part::Rule => {}
    }
}
