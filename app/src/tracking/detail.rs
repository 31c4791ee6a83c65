//! One tracked run: what it logged, its curves and its files.

use super::{
    api::{TrackedView, get_tracked_run},
    at, badge, text,
};
use crate::{
    routes,
    text::lang,
    ui::{
        chart::FixedChart,
        format::{Time, bytes, number},
        frame::PageHeader,
        load::load,
    },
};
use domain::{
    id::{ProjectId, TrackedRunId},
    lang::Lang,
    tracking::{
        Input, MetricPoint, Pair,
        view::{Entry, TrackedRun},
    },
};
use leptos::prelude::*;

/// `/p/:project/tracked/:run?path=FOLDER`
#[component]
pub fn TrackedRunPage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<TrackedRunId>("run")?)));
    let folder = routes::query::<String>("path").unwrap_or_default();
    let asked = folder.clone();
    let data = async move {
        let (project, run) = ids?;
        get_tracked_run(project, run, asked).await.map(|view| (project, view))
    };
    load(data, move |(project, view)| body(project, view, &folder))
}

fn body(project: ProjectId, view: TrackedView, folder: &str) -> impl IntoView + use<> {
    let l = lang();
    let TrackedView { run, experiment, curves, files } = view;
    let (drawn, all) = (curves.len(), run.metrics.len());
    let charts = curves.into_iter().map(|curve| {
        let title = curve.name.clone();
        view! { <FixedChart title curves=vec![curve] csv=String::new()/> }
    });
    let charts = charts.collect_view();
    let files = file_table(project, run.id, folder, files, l);
    let first = run.metrics.first().map(|m| format!("&metric={}", routes::encode(&m.key))).unwrap_or_default();
    let overlay = format!("{}{first}", routes::overlay(project, &[run.id.to_string()]));
    view! {
        <PageHeader title=run.name.clone() lead=experiment.clone()>
            <a class="button" href=overlay>{text::overlay(l)}</a>
        </PageHeader>
        <section class="card">
            <h2>{text::facts(l)}</h2>
            {facts(&run, experiment, l)}
        </section>
        {(drawn > 0).then(|| view! {
            <section class="card">
                <h2>{text::curves(l)}</h2>
                <p class="help">{text::first_curves(l, drawn, all)}</p>
                {charts}
            </section>
        })}
        <section class="card">
            <h2>{text::metrics(l)}</h2>
            {metric_table(run.metrics, l)}
        </section>
        <section class="card">
            <h2>{text::params(l)}</h2>
            {pair_table(run.params, l)}
        </section>
        <section class="card">
            <h2>{text::tags(l)}</h2>
            {pair_table(run.tags, l)}
        </section>
        {(!run.inputs.is_empty()).then(|| view! {
            <section class="card">
                <h2>{text::inputs(l)}</h2>
                {input_table(run.inputs, l)}
            </section>
        })}
        <section class="card" id="files">
            <h2>{text::files(l)}</h2>
            {files}
        </section>
    }
}

fn facts(run: &TrackedRun, experiment: String, l: Lang) -> impl IntoView + use<> {
    let time = |ms: Option<i64>| ms.and_then(at).map(|at| view! { <Time at/> });
    view! {
        <dl class="meta">
            <div>
                <dt>{text::status(l)}</dt>
                <dd>
                    <span class=badge(run.status)>{text::status_name(l, run.status)}</span>
                    {run.is_deleted.then(|| view! { <span class="badge badge-quiet">{text::deleted_flag(l)}</span> })}
                </dd>
            </div>
            <div><dt>{text::experiment(l)}</dt><dd dir="auto">{experiment}</dd></div>
            <div><dt>{text::by(l)}</dt><dd dir="auto">{run.user_name.clone()}</dd></div>
            <div><dt>{text::started(l)}</dt><dd>{time(run.started_ms)}</dd></div>
            <div><dt>{text::ended(l)}</dt><dd>{time(run.ended_ms)}</dd></div>
            <div><dt>{text::id(l)}</dt><dd class="mono">{run.id.0.simple().to_string()}</dd></div>
        </dl>
    }
}

fn nothing(l: Lang) -> AnyView {
    view! { <p class="muted">{text::nothing(l)}</p> }.into_any()
}

fn metric_table(metrics: Vec<MetricPoint>, l: Lang) -> AnyView {
    if metrics.is_empty() {
        return nothing(l);
    }
    let rows = metrics.into_iter().map(|m| {
        view! { <tr><th scope="row" dir="auto">{m.key}</th><td class="num">{number(m.value)}</td><td class="num">{m.step.to_string()}</td></tr> }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{text::metric(l)}</th>
                        <th scope="col" class="num">{text::newest(l)}</th>
                        <th scope="col" class="num">{text::step(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn pair_table(pairs: Vec<Pair>, l: Lang) -> AnyView {
    if pairs.is_empty() {
        return nothing(l);
    }
    let rows = pairs.into_iter().map(|pair| {
        view! { <tr><th scope="row" dir="auto">{pair.key}</th><td class="prose" dir="auto">{pair.value}</td></tr> }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead><tr><th scope="col">{text::key(l)}</th><th scope="col">{text::value(l)}</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn input_table(inputs: Vec<Input>, l: Lang) -> AnyView {
    let rows = inputs.into_iter().map(|input| {
        view! {
            <tr>
                <th scope="row" dir="auto">{input.name}</th>
                <td class="mono">{input.digest}</td>
                <td class="prose" dir="auto">{input.source}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{text::key(l)}</th>
                        <th scope="col">{text::digest(l)}</th>
                        <th scope="col">{text::source(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What lies in a folder of the run: folders lead on, files are fetched.
fn file_table(project: ProjectId, run: TrackedRunId, folder: &str, files: Vec<Entry>, l: Lang) -> AnyView {
    let here = routes::tracked_run(project, run);
    let up = (!folder.is_empty()).then(|| {
        let above = folder.rsplit_once('/').map(|(above, _)| above).unwrap_or_default();
        let href = format!("{here}?path={}#files", routes::encode(above));
        view! { <p><span class="mono" dir="auto">{folder.to_owned()}</span> " " <a href=href>{text::up(l)}</a></p> }
    });
    if files.is_empty() {
        return view! { {up} {nothing(l)} }.into_any();
    }
    let rows = files.into_iter().map(|entry| {
        let path = if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
        let name = if entry.is_folder { format!("{}/", entry.name) } else { entry.name };
        let href = if entry.is_folder {
            format!("{here}?path={}#files", routes::encode(&path))
        } else {
            routes::tracked_file(project, run, &path)
        };
        view! {
            <tr>
                <th scope="row"><a href=href><bdi>{name}</bdi></a></th>
                <td class="num">{entry.size_bytes.map(bytes)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        {up}
        <div class="table-wrap">
            <table class="table">
                <thead><tr><th scope="col">{text::file(l)}</th><th scope="col" class="num">{text::size(l)}</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
