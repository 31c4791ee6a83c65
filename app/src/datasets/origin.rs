//! Where a version came from: a file, corrections, or several other versions.

use super::text;
use crate::{
    routes,
    text::lang,
    ui::format::{Time, bytes, integer},
    words,
};
use domain::{
    dataset::{Appended, FileInside, MergedSource, Origin, Packing, Version},
    id::ProjectId,
    sample::Split,
};
use leptos::prelude::*;

/// The card that says it.
pub fn origin(project: ProjectId, version: &Version) -> impl IntoView + use<> {
    let l = lang();
    let url = routes::version(project, version.dataset_id, version.number.cast_signed());
    let parent = version.parent.map(|parent| {
        let href = routes::version(project, version.dataset_id, parent.number.cast_signed());
        fact(text::parent(l), view! { <a href=href>{format!("v{}", parent.number)}</a> })
    });
    let note = (!version.note.is_empty()).then(|| fact(text::note(l), version.note.clone()));
    let facts = match version.origin.clone() {
        Origin::Import {
            file_name,
            size_bytes,
            syntax,
            encoding,
            mapping,
            bad_lines,
            split,
            packing,
            files,
            appended,
            ..
        } => view! {
            {fact(text::file(l), format!("{file_name} ({})", bytes(size_bytes)))}
            {packed(packing, files)}
            {fact(text::syntax(l), text::syntax_name(l, syntax))}
            {fact(text::encoding(l), encoding)}
            {fact(text::format(l), text::format_name(l, mapping.format()))}
            {fact(text::bad_lines(l), text::bad_lines_choice(l, bad_lines))}
            {fact(text::seed(l), split.seed.to_string())}
            {appended.map(added)}
        }
        .into_any(),
        Origin::Merge { sources, seed, sizing, left_out } => view! {
            {fact(text::merged_from(l), merged(sources))}
            {fact(text::sizing(l), text::sizing_name(l, sizing))}
            {fact(text::seed(l), seed.to_string())}
            {(left_out > 0).then(|| fact(text::merge_left_out(l), text::merge_left_out_help(l, integer(left_out))))}
        }
        .into_any(),
        Origin::Corrections { corrections, moved_to_train } => view! {
            {fact(text::origin(l), view! {
                {text::corrections_of(l, corrections)} " "
                <a href=format!("{url}?corrected=1#samples")>{text::show_corrected(l)}</a>
            })}
            {(moved_to_train > 0).then(|| fact(words::split(l, Split::Train), text::moved(l, moved_to_train)))}
        }
        .into_any(),
        Origin::Divided { left_out, .. } => view! {
            {fact(text::origin(l), view! { {text::divided(l)} " " <a href=routes::splits(project, version.dataset_id, version.number)>{text::splits(l)}</a> })}
            {(left_out > 0).then(|| fact(text::left_out(l), text::left_out_why(l, left_out)))}
        }
        .into_any(),
        Origin::Cleaned { report, .. } => view! {
            {fact(text::origin(l), text::cleaned(l, report.steps.len(), report.removed, report.changed))}
            {fact(text::recipe(l), view! { <a href=format!("/api/v1/projects/{project}/versions/{}/steps.toml", version.id)>"TOML"</a> })}
        }
        .into_any(),
        Origin::Augmented { texts } => fact(text::origin(l), text::augmented(l, texts)).into_any(),
        Origin::Annotated { task_id, task, labelled, left_out } => fact(
            text::origin(l),
            view! {
                {text::annotated(l, integer(labelled), integer(left_out))} " "
                <a href=format!("/p/{project}/annotation/{task_id}")>{task}</a>
            },
        )
        .into_any(),
        Origin::WithoutLeaks { removed, .. } => fact(text::origin(l), text::without_leaks(l, removed)).into_any(),
        Origin::Edited { action, selected, changed, .. } => {
            fact(text::origin(l), text::edited(l, words::edit_action(l, &action), integer(changed), integer(selected))).into_any()
        }
        Origin::Forgotten { removed } => fact(text::origin(l), text::forgotten(l, removed)).into_any(),
    };
    view! {
        <section class="card">
            <h2>{text::origin(l)}</h2>
            <dl class="meta">
                {parent}
                {facts}
                {fact(text::made_by(l), version.created_by.clone())}
                {fact(text::made_at(l), view! { <Time at=version.created_at/> })}
                {note}
            </dl>
        </section>
    }
}

fn fact(label: &'static str, value: impl IntoView) -> impl IntoView {
    view! { <div><dt>{label}</dt><dd dir="auto">{value}</dd></div> }
}

fn packed(packing: Packing, files: Vec<FileInside>) -> impl IntoView {
    let l = lang();
    let names = files.into_iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
    view! {
        {packing.is_packed().then(|| fact(text::packing(l), packing.to_string()))}
        {(!names.is_empty()).then(|| fact(text::files(l), names))}
    }
}

fn added(appended: Appended) -> impl IntoView {
    let l = lang();
    let Appended { duplicates, kept, kept_test, added, repeated } = appended;
    view! {
        {fact(text::added(l), text::added_to(l, integer(added), integer(kept)))}
        {fact(text::test_set(l), text::test_set_kept(l, integer(kept_test)))}
        {(repeated > 0).then(|| fact(text::repeated(l), text::repeated_what(l, integer(repeated), text::duplicates_name(l, duplicates))))}
    }
}

fn merged(sources: Vec<MergedSource>) -> impl IntoView {
    let l = lang();
    let rows = sources.into_iter().map(|s| {
        let name = format!("{} v{}", s.dataset_name, s.number);
        view! { <li><bdi>{name}</bdi> ": " {text::merged_source(l, integer(s.taken), integer(s.available), integer(s.held_out), s.weight)}</li> }
    });
    view! { <ul>{rows.collect_view()}</ul> }
}
