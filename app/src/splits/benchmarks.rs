//! The project's benchmarks: which there are, what of each this version's training has seen, and choosing them.

use super::{
    api::{AddBenchmark, RemoveBenchmark, SplitsView},
    leaks, text,
};
use crate::{
    text::lang,
    ui::{
        field::Field,
        form::{PostForm, version_fields},
        format::integer,
    },
};
use domain::{
    id::ProjectId,
    split::{Benchmark, BenchmarkReport},
};
use leptos::prelude::*;

pub(super) fn card(project: ProjectId, view: &SplitsView, may_edit: bool) -> impl IntoView + use<> {
    let l = lang();
    let found = view.benchmarks.iter().map(|report| found(project, view, report)).collect_view();
    let is_checked = |b: &Benchmark| view.benchmarks.iter().any(|report| report.benchmark == *b);
    let chosen = view.chosen.iter().map(|benchmark| {
        let (name, id) = (benchmark.to_string(), benchmark.version_id.to_string());
        let state =
            (!is_checked(benchmark)).then(|| view! { " " <span class="muted">{text::benchmark_open(l)}</span> });
        let ids = version_fields(project, &view.version);
        let remove = may_edit.then(|| {
            view! {
                <PostForm action={ServerAction::<RemoveBenchmark>::new()} class="actions">
                    {ids}
                    <input type="hidden" name="benchmark" value=id/>
                    <button class="button button-small" type="submit">{text::benchmark_remove(l)}</button>
                </PostForm>
            }
        });
        view! { <li><span dir="auto">{name}</span> {state} {remove}</li> }
    });
    let chosen = chosen.collect_view();
    let form = (may_edit && !view.others.is_empty()).then(|| form(project, view));
    view! {
        <section class="card stack" id="benchmarks">
            <h2>{text::benchmarks(l)}</h2>
            <p class="muted">{text::benchmarks_help(l)}</p>
            <ul>{chosen}</ul>
            {found}
            {form}
        </section>
    }
}

fn found(project: ProjectId, view: &SplitsView, report: &BenchmarkReport) -> impl IntoView + use<> {
    let l = lang();
    let (name, all) = (report.benchmark.to_string(), integer(report.leaks.test));
    let blocking = report.leaks.blocking();
    let verdict = if blocking > 0 {
        let words = text::benchmark_leaks(l, integer(blocking), all, integer(report.leaks.leaking.len() as u64));
        view! { <p class="notice notice-bad">{words}</p> }.into_any()
    } else {
        view! { <p class="notice notice-good">{text::benchmark_clean(l, all)}</p> }.into_any()
    };
    let held_out = (report.benchmark.dataset_id, report.benchmark.number);
    let pairs = report.leaks.pairs.clone();
    let pairs = (!pairs.is_empty()).then(|| leaks::pairs(project, held_out, &view.version, pairs));
    view! { <h3 dir="auto">{name}</h3> {verdict} {pairs} }
}

fn form(project: ProjectId, view: &SplitsView) -> impl IntoView + use<> {
    let l = lang();
    let ids = version_fields(project, &view.version);
    let options = view.others.iter().cloned().map(|(id, name)| view! { <option value=id>{name}</option> });
    let options = options.collect_view();
    view! {
        <PostForm action={ServerAction::<AddBenchmark>::new()} class="filters">
            {ids}
            <Field id="benchmark" label=text::benchmark(l)>
                <select id="benchmark" name="benchmark" required>{options}</select>
            </Field>
            <button class="button" type="submit">{text::benchmark_add(l)}</button>
        </PostForm>
    }
}
