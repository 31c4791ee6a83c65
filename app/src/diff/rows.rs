//! The samples that differ: each with its text word by word, its place before and after, and the reason.

use super::{Asked, text};
use crate::{
    routes,
    text::lang,
    ui::{conversation::Compared, format::integer},
    words,
};
use domain::{
    dataset::SampleRow,
    diff::{DiffReason, DiffRow, VersionDiff},
};
use leptos::prelude::*;

/// One card for each sample.
pub(super) fn list(asked: &Asked, diff: &VersionDiff) -> impl IntoView + use<> {
    let l = lang();
    if diff.rows.items.is_empty() {
        return view! { <p class="muted">{text::none_of_kind(l)}</p> }.into_any();
    }
    let rows = diff.rows.items.iter().map(|row| card(asked, diff, row));
    view! { <ol class="diff-list">{rows.collect_view()}</ol> }.into_any()
}

fn card(asked: &Asked, diff: &VersionDiff, row: &DiffRow) -> impl IntoView + use<> {
    let place = |sample: &SampleRow, number: u32| {
        let href = routes::explored_sample(asked.project, asked.dataset, number, sample.id);
        let name = text::place(lang(), number, integer(u64::from(sample.position) + 1));
        view! { <a href=href>{name}</a> " " <span class="badge">{words::split(lang(), sample.split)}</span> }
    };
    let before = row.before.as_ref().map(|sample| place(sample, diff.from.number));
    let after = row.after.as_ref().map(|sample| place(sample, diff.to.number));
    let arrow = (before.is_some() && after.is_some()).then_some(" → ");
    let reasons = row.reasons.iter().map(|reason| view! { <li>{self::reason(asked, reason)}</li> }).collect_view();
    let reasons = (!row.reasons.is_empty()).then(|| view! { <ul class="diff-reasons">{reasons}</ul> });
    let texts = row.texts.clone();
    view! {
        <li class="card">
            <p class="diff-places">{before}{arrow}{after}</p>
            {label(row)}
            <Compared texts/>
            {reasons}
        </li>
    }
}

/// The labels, where they differ.
fn label(row: &DiffRow) -> impl IntoView + use<> {
    let of = |sample: &Option<SampleRow>| sample.as_ref().and_then(|s| s.sample.label.clone());
    let (before, after) = (of(&row.before), of(&row.after));
    let both = row.before.is_some() && row.after.is_some();
    (both && before != after).then(|| {
        view! {
            <p>
                {text::label(lang())} ": "
                {before.map(|label| view! { <del dir="auto">{label}</del> " " })}
                {after.map(|label| view! { <ins dir="auto">{label}</ins> })}
            </p>
        }
    })
}

fn reason(asked: &Asked, reason: &DiffReason) -> impl IntoView + use<> {
    let l = lang();
    match reason {
        DiffReason::Step { version, step, kind, reason } => {
            let (name, _) = words::step_kind(l, kind);
            text::step(l, version, step, name, words::step_reason(l, reason)).into_any()
        }
        DiffReason::Correction { bad_case } => {
            view! { <a href=routes::bad_case(asked.project, *bad_case)>{text::correction(l)}</a> }.into_any()
        }
        DiffReason::Leak { version } => text::leak(l, version).into_any(),
        DiffReason::Edited { version } => text::edited(l, version).into_any(),
        DiffReason::Forgotten { version } => text::forgotten(l, version).into_any(),
        DiffReason::Divided { version } => text::divided(l, version).into_any(),
        DiffReason::Appended { version, file, line } => text::appended(l, version, file, line).into_any(),
    }
}
