//! Base models side by side, before any of them is trained.

use super::{
    rows::{self, interval},
    text,
    waiting::{
        self,
        api::{BakeOffView, get_bake_off},
    },
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        format::{bytes, count, number},
        frame::PageHeader,
        load::load,
        metric,
        notice::Empty,
    },
};
use domain::{
    id::{ProjectId, SuiteId},
    lang::Lang,
    suite::{BakeOffCell, BakeOffRow, EvaluationDesign},
};
use leptos::prelude::*;

/// `/p/:project/suites/:suite/bake-off`
#[component]
pub fn BakeOffPage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<SuiteId>("suite")?)));
    let data = async move {
        let (project, suite) = ids?;
        let view = get_bake_off(project, suite).await?;
        Ok::<_, AppError>((project, view))
    };
    load(data, |(project, view)| body(project, &view))
}

fn body(project: ProjectId, view: &BakeOffView) -> AnyView {
    let BakeOffView { suite, found, waiting: job } = view;
    let (l, id) = (lang(), suite.summary.id);
    let comparing =
        job.map(|job| waiting::comparing((project, id), suite.shown, job, (routes::bake_off(project, id), true)));
    let header = view! {
        <PageHeader title=text::bake_title(l, &suite.summary.name) lead=text::bake_lead(l)>
            <a class="button" href=routes::suite(project, id)>{text::to_suite(l)}</a>
            <a class="button" href=format!("/api/v1/projects/{project}/suites/{id}/bake-off")>{text::json(l)}</a>
        </PageHeader>
    };
    if found.rows.is_empty() {
        return view! {
            {header}
            <Empty title=text::bake_none(l) hint=text::bake_none_hint(l)>
                <a class="button" href=routes::suite(project, id)>{text::to_suite(l)}</a>
            </Empty>
        }
        .into_any();
    }
    let heads = found.evaluations.iter().map(|e| {
        let name = format!("{} · {}", e.key, metric::name(l, &e.primary()));
        view! { <th scope="col" dir="auto">{name}</th> }
    });
    let heads = heads.collect_view();
    let rows = found.rows.iter().map(|row| one((project, id), row, &found.evaluations, l)).collect_view();
    view! {
        {header}
        {comparing}
        <div class="table-wrap">
            <table class="table table-cards suite-table">
                <thead>
                    <tr>
                        <th scope="col">{text::candidate(l)}</th>
                        <th scope="col" class="num">{text::parameters(l)}</th>
                        <th scope="col" class="num">{text::size(l)}</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn one(
    place: (ProjectId, SuiteId),
    row: &BakeOffRow,
    evaluations: &[EvaluationDesign],
    l: Lang,
) -> impl IntoView + use<> {
    let cells = row.cells.iter().zip(evaluations).map(|(found, evaluation)| {
        let shown = found.as_ref().map(|found| cell(place, found, &evaluation.primary(), l));
        view! { <td data-label=evaluation.key.clone()>{shown.map(|shown| view! { <div>{shown}</div> })}</td> }
    });
    let cells = cells.collect_view();
    view! {
        <tr>
            <th scope="row"><bdi>{row.name.clone()}</bdi></th>
            <td class="num" data-label=text::parameters(l)>{row.parameters.map(|n| count(n, l))}</td>
            <td class="num" data-label=text::size(l)>{row.size_bytes.map(bytes)}</td>
            {cells}
        </tr>
    }
}

fn cell((project, suite): (ProjectId, SuiteId), found: &BakeOffCell, name: &str, l: Lang) -> impl IntoView + use<> {
    let href = routes::suite_result(project, suite, found.result_id);
    let class = if found.is_best { "best" } else { "" };
    let score = found.score.as_ref().map(|score| {
        view! { <a class=class href=href>{metric::scored(name, score.value)}</a>" "<span class="muted nowrap">{interval(name, score)}</span> }
    });
    let difference = found.difference.as_ref().map(|d| rows::difference(d, found.verdict, l));
    let figures = [
        (text::latency(l), found.latency_ms.map(|x| format!("{} ms", number(x)))),
        (text::memory(l), found.peak_memory_mib.map(|x| format!("{} MiB", number(x)))),
        (text::cost(l), found.cost_per_1000.map(number)),
    ];
    let figures = figures.into_iter().filter_map(|(label, value)| {
        let value = value?;
        Some(view! { <li>{label}" "{value}</li> })
    });
    let figures = figures.collect_view();
    view! { <div>{score}</div>{difference}<ul class="suite-gates muted">{figures}</ul> }
}
