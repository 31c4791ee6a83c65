//! What of the held-out samples training has seen: counts, pairs, and a version without.

use super::{api::RemoveLeaks, text};
use crate::{
    routes,
    text::lang,
    ui::{
        field::Confirm,
        form::{PostForm, version_fields},
        format::{integer, percent, shortened},
    },
    words,
};
use domain::{
    dataset::Version,
    id::{DatasetId, ProjectId, SampleId},
    sample::Split,
    split::{LeakKind, LeakPair, LeakReport},
};
use leptos::prelude::*;

pub(super) fn card(project: ProjectId, version: &Version, report: LeakReport, may_edit: bool) -> impl IntoView + use<> {
    let l = lang();
    let held_out = integer(report.validation + report.test);
    let blocking = report.blocking();
    let prompts: u64 = [Split::Validation, Split::Test].map(|s| report.count(s, LeakKind::SamePrompt)).iter().sum();
    let verdict = if blocking > 0 {
        let words = text::leaking(l, integer(blocking), held_out.clone(), integer(report.leaking.len() as u64));
        view! { <p class="notice notice-bad">{words}</p> }.into_any()
    } else {
        view! { <p class="notice notice-good">{text::clean(l, held_out.clone())}</p> }.into_any()
    };
    let prompts =
        (prompts > 0).then(|| view! { <p class="muted">{text::only_prompts(l, integer(prompts), held_out)}</p> });
    let counts = (!report.found.is_empty()).then(|| counts(&report));
    let ids = version_fields(project, version);
    let remove = (may_edit && !report.leaking.is_empty()).then(|| {
        view! {
            <Confirm label=text::remove(l) question=text::remove_help(l, integer(report.leaking.len() as u64))>
                <PostForm action={ServerAction::<RemoveLeaks>::new()}>
                    {ids}
                    <button class="button button-primary" type="submit">{text::remove(l)}</button>
                </PostForm>
            </Confirm>
        }
    });
    let api = format!("/api/v1/projects/{project}/versions/{}/split-check", version.id);
    let own = (version.dataset_id, version.number);
    let pairs = (!report.pairs.is_empty()).then(|| pairs(project, own, version, report.pairs));
    view! {
        <section class="card stack" id="leaks">
            <h2>{text::leaks(l)}</h2>
            {verdict}
            {prompts}
            {counts}
            {remove}
            {pairs}
            <p><a href=api>{text::report_json(l)}</a></p>
        </section>
    }
}

fn counts(report: &LeakReport) -> impl IntoView + use<> {
    let l = lang();
    let splits = [Split::Validation, Split::Test];
    let heads = splits.map(|s| view! { <th scope="col" class="num">{words::split(l, s)}</th> }).collect_view();
    let kinds = LeakKind::ALL.into_iter().filter(|k| splits.iter().any(|s| report.count(*s, *k) > 0));
    let rows = kinds.map(|kind| {
        let cells = splits.map(|s| view! { <td class="num">{integer(report.count(s, kind))}</td> }).collect_view();
        view! { <tr><th scope="row">{words::leak_kind(l, kind)}</th>{cells}</tr> }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead><tr><th scope="col">{text::how(l)}</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// A test sample is shown where looks at it are counted.
fn held_out_text(pair: &LeakPair) -> &str {
    if pair.split == Split::Test { text::sealed(lang()) } else { &pair.held_out_text }
}

/// `held_out` is the dataset and the number of the version that the held-out samples are of.
pub(super) fn pairs(
    project: ProjectId,
    held_out: (DatasetId, u32),
    version: &Version,
    pairs: Vec<LeakPair>,
) -> impl IntoView + use<> {
    let l = lang();
    let n = pairs.len();
    let own = (version.dataset_id, version.number);
    let place = move |(dataset, number): (DatasetId, u32), position: u32, sample: SampleId, text: &str| {
        let href = routes::explored_sample(project, dataset, number, sample);
        view! { <a href=href>{integer(u64::from(position) + 1)}</a> " " <span dir="auto">{shortened(text)}</span> }
    };
    let rows = pairs.into_iter().map(|pair| {
        view! {
            <tr>
                <td>{words::leak_kind(l, pair.kind)}</td>
                <td class="num">{percent(pair.score)}</td>
                <td class="prose"><span class="badge">{words::split(l, pair.split)}</span> " " {place(held_out, pair.held_out_position, pair.held_out, held_out_text(&pair))}</td>
                <td class="prose">{place(own, pair.train_position, pair.train, &pair.train_text)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <details class="fold" open={n <= 20}>
            <summary>{text::first_pairs(l, integer(n as u64))}</summary>
            <div class="table-wrap">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{text::how(l)}</th>
                            <th scope="col" class="num">{text::score(l)}</th>
                            <th scope="col">{text::held_out_sample(l)}</th>
                            <th scope="col">{text::train_sample(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}
