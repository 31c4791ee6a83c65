//! What was found when a run was tried out: a card on the run's page, and a page with every step and the audit of
//! tokens and loss masks.

mod audit;
mod steps;
mod text;

use super::{
    api::{PreflightView, RunView, get_preflight},
    text as run_text,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        format::{bytes, duration, percent},
        frame::PageHeader,
        load::load,
        notice::Empty,
    },
};
use domain::{
    id::{ProjectId, RunId},
    lang::Lang,
    run::{PreflightSummary, RunStatus},
};
use leptos::prelude::*;

/// In a few words on the run's page; nothing of a run that was queued without.
pub(super) fn preflight_card(project: ProjectId, view: &RunView) -> Option<impl IntoView + use<>> {
    let l = lang();
    let status = view.run.summary.state.status;
    let body = match &view.preflight {
        Some(found) => figures(l, found).into_any(),
        None if status == RunStatus::Checking => view! { <p class="muted">{text::under_way(l)}</p> }.into_any(),
        None => return None,
    };
    Some(view! {
        <section class="card">
            <div class="card-title">
                <h2>{text::heading(l)}</h2>
                <a class="button" href=routes::preflight(project, view.run.summary.id)>{text::show(l)}</a>
            </div>
            {body}
        </section>
    })
}

fn figures(l: Lang, found: &PreflightSummary) -> impl IntoView + use<> {
    let learnt = found.learnt_share().map(|share| (text::learnt(l), text::of_tokens(l, percent(share))));
    let time = found.train_seconds.map(|s| (text::measured_time(l), duration(s.round() as u64, l)));
    let memory = found.peak_memory_bytes.map(|peak| (text::peak_memory(l), bytes(peak)));
    let rows = [learnt, time, memory].into_iter().flatten();
    let rows = rows.map(|(label, value)| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }).collect_view();
    view! {
        <dl class="meta">
            <div><dt>{text::result(l)}</dt><dd>{steps::overall(l, found.has_failed, found.warns)}</dd></div>
            {rows}
        </dl>
    }
}

/// `/p/:project/runs/:run/preflight`
#[component]
pub fn PreflightPage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<RunId>("run")?)));
    let data = async move {
        let (project, run) = ids?;
        Ok::<_, AppError>((project, get_preflight(project, run).await?))
    };
    load(data, |(project, view)| page(project, view))
}

fn page(project: ProjectId, PreflightView { run, report, positions }: PreflightView) -> AnyView {
    let l = lang();
    let up = routes::run(project, run.id);
    let json = format!("/api/v1/projects/{project}/runs/{}/preflight", run.id);
    let export =
        report.is_some().then(|| view! { <a class="button" href=json download="">{run_text::export_json(l)}</a> });
    let header = view! {
        <PageHeader title=text::title(l, run.number) lead=text::lead(l)>
            <a class="button" href=up>{text::back(l)}</a>
            {export}
        </PageHeader>
    };
    let Some(report) = report else {
        return view! { {header} {nothing(l, run.state.status)} }.into_any();
    };
    let place = audit::Place { project, dataset: run.dataset_id, version: run.version_number, positions };
    let audits = report.audit.iter().map(|split| audit::section(l, &place, split)).collect_view();
    view! {
        {header}
        {steps::section(l, &report)}
        {audits}
    }
    .into_any()
}

/// Why there is no report.
fn nothing(l: Lang, status: RunStatus) -> impl IntoView {
    if status == RunStatus::Checking {
        return view! {
            <Empty title=text::under_way(l) hint=text::under_way_hint(l)>
                <a class="button" href="">{run_text::refresh(l)}</a>
            </Empty>
        }
        .into_any();
    }
    view! { <Empty title=text::none_title(l) hint=text::none_hint(l)/> }.into_any()
}
