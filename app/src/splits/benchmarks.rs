//! The project's benchmarks: which there are, what of each this version's training has seen, and choosing them.

use super::{
    api::{AddBenchmark, RemoveBenchmark, SplitsView},
    leaks, text,
};
use crate::{
    role,
    text::lang,
    ui::{
        field::Field,
        form::{PostForm, version_fields},
        format::{integer, shortened},
    },
};
use domain::{
    access::Action,
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
        let (shown, label) = (shortened(&name), text::benchmark_remove_name(l, &name));
        let state =
            (!is_checked(benchmark)).then(|| view! { " " <span class="muted">{text::benchmark_open(l)}</span> });
        let ids = version_fields(project, &view.version);
        // It opens the way to runs that have seen it.
        let remove = role::may(Action::Administer).then(|| {
            view! {
                <PostForm action={ServerAction::<RemoveBenchmark>::new()}>
                    {ids}
                    <input type="hidden" name="benchmark" value=id/>
                    <button class="button button-small button-quiet" type="submit" aria-label=label>{text::benchmark_remove(l)}</button>
                </PostForm>
            }
        });
        view! { <li class="actions"><strong dir="auto">{shown}</strong> {state} {remove}</li> }
    });
    let chosen = chosen.collect_view();
    let none = view.chosen.is_empty().then(|| view! { <p>{text::benchmark_none(l)}</p> });
    let form = (may_edit && !view.others.is_empty()).then(|| form(project, view));
    view! {
        <section class="card stack" id="benchmarks">
            <h2>{text::benchmarks(l)}</h2>
            <p class="muted">{text::benchmarks_help(l)}</p>
            {none}
            <ul class="facet">{chosen}</ul>
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
    let options = view.others.iter().cloned().map(|(id, name)| view! { <option value=id>{shortened(&name)}</option> });
    let options = options.collect_view();
    view! {
        <PostForm action={ServerAction::<AddBenchmark>::new()} class="stack">
            {ids}
            <Field id="benchmark" label=text::benchmark(l) help=text::benchmark_add_help(l)>
                <select id="benchmark" name="benchmark" required aria-describedby="benchmark-help">{options}</select>
            </Field>
            <div class="actions"><button class="button" type="submit">{text::benchmark_add(l)}</button></div>
        </PostForm>
    }
}
