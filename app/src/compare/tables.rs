//! The tables: one column per run.

use super::{choose::name, text};
use crate::{
    routes,
    ui::metric,
    words::recipe::{field, value_name},
};
use domain::{
    compare::{Comparison, FieldRow, MetricCell},
    id::ProjectId,
    lang::Lang,
};
use leptos::prelude::*;

/// Metrics with the best marked and differences below.
pub(super) fn metric_table(project: ProjectId, c: &Comparison, l: Lang) -> AnyView {
    if c.metrics.is_empty() {
        return view! { <p class="muted">{text::no_metrics(l)}</p> }.into_any();
    }
    let heads = c
        .runs
        .iter()
        .map(|run| view! { <th scope="col" class="num"><a class="clip clip-short" dir="auto" title=name(run) href=routes::run(project, run.id)>{name(run)}</a></th> });
    let rows = c.metrics.iter().map(|row| {
        let cells = row
            .cells
            .iter()
            .zip(&c.runs)
            .map(|(cell, run)| view! { <td class="num" data-label=name(run)>{cell.as_ref().map(|x| value(&row.metric, x, l))}</td> });
        view! { <tr><th scope="row" class="nowrap">{metric::name(l, &row.metric)}</th>{cells.collect_view()}</tr> }
    });
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr><th scope="col">{text::metric(l)}</th>{heads.collect_view()}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn value(key: &str, cell: &MetricCell, l: Lang) -> impl IntoView + use<> {
    let class = if cell.is_best { "best" } else { "" };
    let difference = cell.difference.as_ref().map(|d| {
        let tone = metric::verdict_badge(d.verdict());
        let interval =
            d.interval.map(|(low, high)| format!(" [{} … {}]", metric::signed(key, low), metric::signed(key, high)));
        let common = (cell.common_samples > 0).then(|| text::common(l, cell.common_samples));
        view! { <div title=common><span class=tone>{metric::signed(key, d.to - d.from)}{interval}</span></div> }
    });
    view! { <div><span class=class>{metric::value(key, cell.value)}</span>{difference}</div> }
}

/// The settings in which the runs differ, and if `all` the others below.
pub(super) fn setting_table(c: &Comparison, all: bool, l: Lang) -> AnyView {
    if c.fields.is_empty() && !all {
        return view! { <p class="muted">{text::same_settings(l)}</p> }.into_any();
    }
    let heads = c.runs.iter().map(|run| view! { <th scope="col"><span class="clip clip-short" dir="auto" title=name(run)>{name(run)}</span></th> });
    let alike: &[FieldRow] = if all { &c.alike } else { &[] };
    let rows = c.fields.iter().chain(alike).map(|row| {
        let cells = row.values.iter().zip(&c.runs).map(|(v, run)| view! { <td data-label=name(run)>{value_name(l, &row.field, v)}</td> });
        let label = field(&row.field).map(|f| view! { {(f.label)(l)}<br/> });
        view! { <tr><th scope="row">{label}<code class="muted nowrap">{row.field.clone()}</code></th>{cells.collect_view()}</tr> }
    });
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr><th scope="col">{text::setting(l)}</th>{heads.collect_view()}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
