//! The samples of a version: filter, pages, and each one as a conversation with its origin.

use super::{
    api::{SampleQuery, list_samples},
    text,
};
use crate::{
    routes,
    text::lang,
    ui::{field::Field, format::integer, load::load, notice::Empty},
};
use domain::{
    dataset::{SampleRow, Version},
    id::ProjectId,
    page::Page,
    sample::{Sample, Split},
};
use leptos::prelude::*;

/// Labels that the filter offers.
const LABELS_OFFERED: usize = 200;

/// A sample as a conversation.
#[component]
pub fn Conversation(sample: Sample) -> impl IntoView {
    let l = lang();
    let turns = sample.messages.into_iter().map(|m| {
        view! {
            <div class=format!("turn turn-{}", m.role.as_str())>
                <span class="turn-who">{text::speaker(l, m.role)}</span>
                <div class="turn-text">{m.content}</div>
            </div>
        }
    });
    view! { <div class="sample">{turns.collect_view()}</div> }
}

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
    let found = list_samples(project, version.id, query.clone());
    view! {
        <section class="stack" id="samples">
            <h2>{text::samples(lang())}</h2>
            {filter(&url, &query, &version)}
            {load(found, move |page| table(project, &url, &query, page))}
        </section>
    }
}

fn filter(url: &str, query: &SampleQuery, version: &Version) -> impl IntoView + use<> {
    let l = lang();
    let splits = Split::ALL.map(|s| {
        view! { <option value=s.as_str() selected={query.split == s.as_str()}>{text::split_name(l, s)}</option> }
    });
    let labels = version.stats.labels.iter().take(LABELS_OFFERED).map(|(label, n)| {
        view! {
            <option value=label.clone() selected={query.label == *label}>{format!("{label} ({})", integer(*n))}</option>
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
                <input id="search" name="search" type="search" value=search/>
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

fn table(project: ProjectId, url: &str, query: &SampleQuery, page: Page<SampleRow>) -> impl IntoView + use<> {
    let l = lang();
    if page.items.is_empty() {
        return view! { <Empty title=text::no_match(l) hint=text::no_match_hint(l)/> }.into_any();
    }
    let address = |after: Option<&str>| {
        let corrected = if query.corrected { "&corrected=1" } else { "" };
        let after = after.map_or_else(String::new, |a| format!("&after={a}"));
        let (search, label) = (routes::encode(&query.search), routes::encode(&query.label));
        format!("{url}?search={search}&split={}&label={label}{corrected}{after}#samples", query.split)
    };
    let first = query.after.map(|_| address(None));
    let next = page.next_cursor.as_deref().map(|cursor| address(Some(cursor)));
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
        <nav class="pager" aria-label=text::samples(l)>
            {first.map(|href| view! { <a class="button button-small" href=href>{text::first_page(l)}</a> })}
            {next.map(|href| view! { <a class="button button-small" rel="next" href=href>{text::next_page(l)}</a> })}
        </nav>
    }
    .into_any()
}

fn sample_row(project: ProjectId, row: SampleRow, has_labels: bool) -> impl IntoView {
    let l = lang();
    // Instructions and contexts come first and repeat; what tells samples apart is the last paragraph.
    let prompt = row.sample.prompt().last().map_or("", |m| m.content.trim());
    let summary = prompt.rsplit("\n\n").next().unwrap_or(prompt).chars().take(200).collect::<String>();
    let label = row.sample.label.clone();
    let origin = origin(project, &row);
    let slices = slices(&row.sample);
    view! {
        <tr>
            <th scope="row" class="num">{integer(u64::from(row.position) + 1)}</th>
            <td><span class="badge">{text::split_name(l, row.split)}</span></td>
            {has_labels.then(|| view! { <td class="nowrap">{label}</td> })}
            <td>
                <details class="fold">
                    <summary><span class="clip">{summary}</span></summary>
                    <Conversation sample=row.sample/>
                    {slices}
                    {origin}
                </details>
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
    let facts =
        sample.slices.iter().map(|(k, v)| view! { <div><dt>{k.clone()}</dt><dd>{v.clone()}</dd></div> }).collect_view();
    any.then(|| view! { <dl class="meta" aria-label=text::slices(lang())>{facts}</dl> })
}
