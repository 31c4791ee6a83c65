//! The samples of a version: filter, pages, and each one as a conversation with its origin.

use super::{
    api::{SampleQuery, list_samples},
    text,
};
use crate::{
    routes,
    text::lang,
    ui::{
        conversation::Folded,
        field::Field,
        format::{integer, shortened},
        load::load,
        notice::Empty,
        pager::{Place, pager},
    },
    words,
};
use domain::{
    dataset::{SampleRow, Version},
    id::ProjectId,
    page::{DEFAULT_LIMIT, Page},
    sample::{Sample, Split},
};
use leptos::prelude::*;

/// Labels that the filter offers.
const LABELS_OFFERED: usize = 200;

/// The table of samples with its filter, which lives in the page's address.
#[component]
pub fn Samples(project: ProjectId, version: Version) -> impl IntoView {
    let query = SampleQuery {
        search: routes::query("search").unwrap_or_default(),
        split: routes::query("split").unwrap_or_default(),
        label: routes::query("label").unwrap_or_default(),
        corrected: routes::query::<String>("corrected").is_some(),
        after: routes::query("after"),
    };
    let url = routes::version(project, version.dataset_id, version.number.cast_signed());
    let total = known_total(&query, &version);
    let found = list_samples(project, version.id, query.clone());
    view! {
        <section class="stack" id="samples">
            <h2>{text::samples(lang())}</h2>
            {(version.stats.test > 0).then(|| {
                let explore = routes::explore(project, version.dataset_id, version.number);
                view! { <p class="help">{text::sealed(lang(), integer(version.stats.test))} " " <a href=explore>{text::explore(lang())}</a></p> }
            })}
            {filter(&url, &query, &version)}
            {load(found, move |page| table(project, &url, &query, page, total))}
        </section>
    }
}

/// How many samples the filter shows, where the version's numbers tell.
fn known_total(query: &SampleQuery, version: &Version) -> Option<u64> {
    let stats = &version.stats;
    let split = query.split.parse::<Split>().ok();
    match (query.search.trim().is_empty() && !query.corrected, query.label.as_str(), split) {
        (true, "", None) => Some(stats.samples - stats.test),
        (true, "", Some(Split::Train)) => Some(stats.train),
        (true, "", Some(Split::Validation)) => Some(stats.validation),
        (true, label, None) if stats.test == 0 => stats.labels.iter().find(|(l, _)| l == label).map(|(_, n)| *n),
        _ => None,
    }
}

fn filter(url: &str, query: &SampleQuery, version: &Version) -> impl IntoView + use<> {
    let l = lang();
    // The test split is sealed: the page for exploring opens it, on record.
    let splits = [Split::Train, Split::Validation].map(|s| {
        view! { <option value=s.as_str() selected={query.split == s.as_str()}>{words::split(l, s)}</option> }
    });
    let labels = version.stats.labels.iter().take(LABELS_OFFERED).map(|(label, n)| {
        view! {
            <option value=label.clone() selected={query.label == *label}>{format!("{} ({})", shortened(label), integer(*n))}</option>
        }
    });
    let labels = labels.collect_view();
    let label_field = (!version.stats.labels.is_empty()).then(|| {
        view! {
            <Field id="label" label=text::label(l)>
                <select id="label" name="label"><option value="">{text::all_labels(l)}</option>{labels}</select>
            </Field>
        }
    });
    let (corrected, search) = (query.corrected, query.search.clone());
    let corrected_field = (version.parent.is_some() || corrected).then(|| {
        view! {
            <label class="check"><input type="checkbox" name="corrected" value="1" checked=corrected/>{text::corrected_only(l)}</label>
        }
    });
    view! {
        <form class="filters" method="get" action=format!("{url}#samples") role="search">
            <Field id="search" label=text::search(l)>
                <input id="search" name="search" type="search" dir="auto" value=search/>
            </Field>
            <Field id="split" label=text::split_word(l)>
                <select id="split" name="split"><option value="">{text::all_splits(l)}</option>{splits.collect_view()}</select>
            </Field>
            {label_field}
            {corrected_field}
            <button class="button" type="submit">{text::filter(l)}</button>
            <a class="button button-quiet" href=format!("{url}#samples")>{text::clear(l)}</a>
        </form>
    }
}

fn table(
    project: ProjectId,
    url: &str,
    query: &SampleQuery,
    page: Page<SampleRow>,
    total: Option<u64>,
) -> impl IntoView + use<> {
    let l = lang();
    if page.items.is_empty() {
        return view! { <Empty title=text::no_match(l) hint=text::no_match_hint(l)/> }.into_any();
    }
    let address = |after: &str| {
        let corrected = if query.corrected { "&corrected=1" } else { "" };
        let after = if after.is_empty() { String::new() } else { format!("&after={after}") };
        let (search, split, label) =
            (routes::encode(&query.search), routes::encode(&query.split), routes::encode(&query.label));
        format!("{url}?search={search}&split={split}&label={label}{corrected}{after}")
    };
    let place = Place { shown: page.items.len(), size: DEFAULT_LIMIT, total, next_cursor: page.next_cursor };
    let cursor = query.after.map(|a| a.to_string()).unwrap_or_default();
    let pages = pager(address, "#samples", &cursor, place);
    let has_labels = page.items.iter().any(|row| row.sample.label.is_some());
    let rows = page.items.into_iter().map(|row| sample_row(project, row, has_labels)).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table samples-table">
                <thead>
                    <tr>
                        <th scope="col" class="num">{text::position(l)}</th>
                        <th scope="col">{text::split_word(l)}</th>
                        {has_labels.then(|| view! { <th scope="col">{text::label(l)}</th> })}
                        <th scope="col">{text::sample(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {pages}
    }
    .into_any()
}

fn sample_row(project: ProjectId, row: SampleRow, has_labels: bool) -> impl IntoView {
    let l = lang();
    let label = row.sample.label.clone();
    let origin = origin(project, &row);
    let slices = slices(&row.sample);
    view! {
        <tr>
            <th scope="row" class="num">{integer(u64::from(row.position) + 1)}</th>
            <td><span class="badge">{words::split(l, row.split)}</span></td>
            {has_labels.then(|| view! { <td><span class="clip" dir="auto" title=label.clone()>{label.clone()}</span></td> })}
            <td>
                <Folded sample=row.sample>{slices}{origin}</Folded>
            </td>
        </tr>
    }
}

/// Where a sample came from: file and line, the sample it corrects, the bad case behind it.
fn origin(project: ProjectId, row: &SampleRow) -> impl IntoView + use<> {
    let l = lang();
    let line = (row.source_line > 0).then(|| text::from_line(l, &row.source_file, row.source_line));
    let corrects = row.parent_id.map(|id| view! { <span class="badge badge-good">{text::corrects(l, id)}</span> });
    let bad_case = row.bad_case_id.map(|id| view! { <a href=routes::bad_case(project, id)>{text::bad_case(l)}</a> });
    view! { <p class="actions muted"><span>{line}</span>{corrects}{bad_case}</p> }
}

fn slices(sample: &Sample) -> impl IntoView + use<> {
    let any = !sample.slices.is_empty();
    let facts = sample
        .slices
        .iter()
        .map(|(k, v)| view! { <div><dt dir="auto">{k.clone()}</dt><dd dir="auto">{v.clone()}</dd></div> })
        .collect_view();
    any.then(|| view! { <dl class="meta" aria-label=text::slices(lang())>{facts}</dl> })
}
