//! A version in numbers: counts, label shares and length histograms.

use super::text;
use crate::{
    text::lang,
    ui::format::{integer, percent},
    words,
};
use domain::{
    dataset::{Histogram, Version, VersionStats},
    id::ProjectId,
    sample::Split,
};
use leptos::prelude::*;

/// Labels that are listed at once; the rest are folded.
const LABELS_SHOWN: usize = 12;
/// Parts that the axis of a histogram is divided into at most, so that the numbers stand apart.
const MARKS: usize = 8;
/// Size of a histogram's drawing, in its own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 160.0;

/// Counts of the version's samples.
#[component]
pub fn Counts(project: ProjectId, version: Version) -> impl IntoView {
    let l = lang();
    let s = &version.stats;
    let stat = |value: u64, label: &'static str| {
        view! {
            <div class="stat"><span class="stat-value">{integer(value)}</span><span class="stat-label">{label}</span></div>
        }
    };
    let report = version.skipped_report_sha256.is_some().then(|| {
        let url = format!("/api/v1/projects/{project}/versions/{}/skipped-lines", version.id);
        view! {
            <span class="stat-note">
                <a href=url.clone() download>"JSONL"</a> " · " <a href=format!("{url}?format=csv") download>"CSV"</a>
            </span>
        }
    });
    view! {
        <div class="stats">
            {stat(s.samples, text::samples(l))}
            {stat(s.train, words::split(l, Split::Train))}
            {stat(s.validation, words::split(l, Split::Validation))}
            {stat(s.test, words::split(l, Split::Test))}
            {stat(s.characters, text::characters(l))}
            {(s.pairs > 0).then(|| stat(s.pairs, text::pairs(l)))}
            {stat(s.exact_duplicates, text::duplicates(l))}
            <div class="stat">
                {report}
                <span class="stat-value">{integer(s.skipped_lines)}</span>
                <span class="stat-label">{text::skipped(l)}</span>
            </div>
        </div>
    }
}

/// What a version cannot do because one of its splits is empty.
#[component]
pub fn MissingSplits(stats: VersionStats) -> impl IntoView {
    let l = lang();
    let missing = [
        (stats.train, text::no_train(l), text::no_train_help(l)),
        (stats.validation, text::no_validation(l), text::no_validation_help(l)),
        (stats.test, text::no_test(l), text::no_test_help(l)),
    ];
    missing
        .into_iter()
        .filter(|(samples, ..)| *samples == 0)
        .map(|(_, title, help)| view! { <div class="notice notice-warn"><strong>{title}</strong><p>{help}</p></div> })
        .collect_view()
}

/// Share of each label, as bars.
#[component]
pub fn Labels(labels: Vec<(String, u64)>, different: u64, samples: u64) -> impl IntoView {
    let l = lang();
    let most = labels.first().map_or(1, |(_, n)| *n).max(1);
    let row = move |(label, n): (String, u64)| {
        view! {
            <tr>
                <th scope="row"><span class="clip clip-short" dir="auto" title=label.clone()>{label.clone()}</span></th>
                <td><meter min="0" max=most value=n></meter></td>
                <td class="num">{integer(n)}</td>
                <td class="num">{percent(n as f64 / samples.max(1) as f64)}</td>
            </tr>
        }
    };
    let count = labels.len();
    let unlisted = different.saturating_sub(count as u64);
    let mut labels = labels.into_iter();
    let first = labels.by_ref().take(LABELS_SHOWN).map(row).collect_view();
    let rest = (count > LABELS_SHOWN).then(|| {
        let rest = labels.map(row).collect_view();
        view! {
            <details class="fold">
                <summary>{text::more_labels(l, integer((count - LABELS_SHOWN) as u64 + unlisted))}</summary>
                <table class="table label-table"><tbody>{rest}</tbody></table>
                {(unlisted > 0).then(|| view! { <p class="muted">{text::unlisted_labels(l, integer(unlisted))}</p> })}
            </details>
        }
    });
    (count > 0).then(|| {
        view! {
            <section class="card">
                <h2>{text::labels(l)}</h2>
                <table class="table label-table"><tbody>{first}</tbody></table>
                {rest}
            </section>
        }
    })
}

/// A histogram as an SVG drawing, with the numbers as a table for who cannot see it.
#[component]
pub fn Lengths(#[prop(into)] title: String, histogram: Histogram) -> impl IntoView {
    let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = WIDTH / histogram.counts.len().max(1) as f64;
    let edge = |i: usize| histogram.edges.get(i).map_or_else(String::new, |e| format!("{e:.0}"));
    let bars = histogram.counts.iter().enumerate().map(|(i, n)| {
        let height = *n as f64 / most * HEIGHT;
        let name = format!("{}–{}: {}", edge(i), edge(i + 1), integer(*n));
        view! {
            <rect class="bar" x=number(i as f64 * step + 1.0) y=number(HEIGHT - height) width=number(step - 2.0) height=number(height)>
                <title>{name}</title>
            </rect>
        }
    });
    let bars = bars.collect_view();
    let marks = marked(histogram.counts.len()).map(|i| view! { <li>{edge(i)}</li> }).collect_view();
    (!histogram.counts.is_empty()).then(|| {
        view! {
            <section class="card">
                <h2>{title.clone()}</h2>
                <svg class="histogram" role="img" aria-label=title viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none">
                    {bars}
                </svg>
                <ol class="histogram-edges" aria-hidden="true">{marks}</ol>
            </section>
        }
    })
}

/// The edges of `bars` bars that get a number: evenly apart, the last always and the first if it fits.
fn marked(bars: usize) -> impl Iterator<Item = usize> {
    let every = (bars.div_ceil(MARKS)..=bars).find(|n| *n > 0 && bars.is_multiple_of(*n)).unwrap_or(1);
    (0..=bars).step_by(every)
}

/// A coordinate: the same digits on every machine.
fn number(x: f64) -> String {
    format!("{x:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_the_axis_have_a_number() {
        for bars in 1..200 {
            let edges: Vec<_> = marked(bars).collect();
            assert!(edges.len() <= MARKS + 1, "{bars}: {edges:?}");
            assert_eq!((edges[0], edges.last()), (0, Some(&bars)));
        }
    }
}
