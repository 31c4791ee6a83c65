//! A version of a report: as a form while it is a draft and the reader may write, else as it reads; and beside it what people
//! may do with it, its versions and its record.

use super::{
    api::{ReportView, get_report},
    compose, decide, edit, text, view,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{format::Time, frame::PageHeader, load::load},
};
use domain::{
    access::Action,
    id::{ProjectId, ReportId},
    lang::Lang,
    report::{
        Status,
        view::{ReportDetail, ReportVersion},
    },
};
use leptos::prelude::*;

/// `/p/:project/reports/:report` and `/p/:project/reports/:report/v/:number`.
#[component]
pub fn ReportPage() -> impl IntoView {
    let asked: Result<(ProjectId, ReportId, Option<u32>), AppError> =
        (|| Ok((routes::param("project")?, routes::param("report")?, routes::optional_param("number")?)))();
    let data = async move {
        let (project, report, number) = asked?;
        Ok::<_, AppError>((project, get_report(project, report, number).await?))
    };
    load(data, |(project, view)| page(project, view))
}

fn page(project: ProjectId, view: ReportView) -> impl IntoView {
    let l = lang();
    let ReportView { detail, version, approval } = view;
    let is_draft = version.head.status == Status::Draft;
    let lead = format!(
        "{} · {}",
        text::report_of(l, version.report_number, version.head.number),
        if is_draft { text::draft_lead(l) } else { text::frozen_lead(l) }
    );
    let (status, class) = text::status(l, version.head.status);
    let file = format!("/api/v1/projects/{project}/reports/{}/versions/{}", version.report_id, version.head.number);
    let saved = routes::query::<String>("saved")
        .filter(|_| is_draft)
        .map(|_| view! { <p class="notice notice-good no-print" role="status">{text::saved(l)}</p> });
    let content =
        if is_draft && role::may(Action::Launch) { edit::form(project, &version) } else { article(project, &version) };
    let decision = decide::card(project, &version, approval);
    let is_newest = version.head.number == detail.summary.version;
    let next = (is_newest && matches!(version.head.status, Status::Approved | Status::Returned))
        .then(|| decide::next(project, version.report_id));
    view! {
        <PageHeader title=version.body.title.clone() lead>
            <a class="button" href=format!("{file}/report.html") download="">{text::html_file(l)}</a>
            <a class="button" href=format!("{file}/report.pdf") download="">{text::pdf_file(l)}</a>
            <a class="button" href=routes::reports(project)>{text::all_reports(l)}</a>
        </PageHeader>
        <p class="no-print"><span class=class>{status}</span></p>
        {saved}
        {content}
        {decision}
        {next}
        {versions(project, &detail, version.head.number, l)}
        {record(&detail, l)}
    }
}

/// The report as it reads.
fn article(project: ProjectId, version: &ReportVersion) -> AnyView {
    let document = compose::document(project, version);
    let sections: Vec<AnyView> = document.sections.into_iter().map(view::section).collect();
    view! {
        <article class="report card" lang=document.lang.tag()>
            {view::parts(document.front)}
            {sections}
        </article>
    }
    .into_any()
}

fn versions(project: ProjectId, detail: &ReportDetail, shown: u32, l: Lang) -> impl IntoView + use<> {
    let id = detail.summary.id;
    let rows = detail.versions.iter().map(|head| {
        let (status, class) = text::status(l, head.status);
        let changed = (head.number > 1).then(|| {
            let to = routes::report_diff(project, id, head.number - 1, head.number);
            view! { <a href=to>{text::differences(l)}</a> }
        });
        let at = head.decided_at.or(head.submitted_at);
        view! {
            <tr>
                <th scope="row">
                    <a href=routes::report_version(project, id, head.number) aria-current=(head.number == shown).then_some("page")>
                        {format!("{} {}", text::version_label(l), head.number)}
                    </a>
                </th>
                <td><span class=class>{status}</span></td>
                <td class="prose" dir="auto">{head.title.clone()}</td>
                <td class="nowrap">{at.map(|at| view! { <Time at/> })}</td>
                <td>{changed}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="card no-print" id="versions">
            <h2>{text::versions(l)}</h2>
            <div class="table-wrap"><table class="table"><tbody>{rows}</tbody></table></div>
        </section>
    }
}

/// All that was done, newest first.
fn record(detail: &ReportDetail, l: Lang) -> impl IntoView + use<> {
    let entries = detail.events.iter().map(|event| {
        let who = event.by.clone().unwrap_or_else(|| text::gone_person(l).to_owned());
        let note = (!event.note.is_empty()).then(|| view! { <p class="muted" dir="auto">{event.note.clone()}</p> });
        view! {
            <li>
                <span class="muted">{format!("{} {} · ", text::version_label(l), event.version)}</span>
                <strong><bdi>{who}</bdi></strong>" "{text::verb(l, event.verb)}" · "<span class="muted"><Time at=event.at/></span>
                {note}
            </li>
        }
    });
    let entries = entries.collect_view();
    view! {
        <section class="card no-print" id="record">
            <h2>{text::record(l)}</h2>
            <ul class="report-record">{entries}</ul>
        </section>
    }
}
