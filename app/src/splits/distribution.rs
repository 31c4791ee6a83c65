//! How alike the splits are: a table per property, with the verdict of its test below.

use super::text;
use crate::{
    text::lang,
    ui::format::{integer, percent},
    words,
};
use domain::{
    lang::Lang,
    sample::Split,
    split::{LengthDifference, SplitReport, Table},
};
use leptos::prelude::*;

pub(super) fn card(report: &SplitReport) -> impl IntoView + use<> {
    let l = lang();
    let labels = report.labels.as_ref().map(|t| table(text::category(l), t, report, |_, label| label.to_owned()));
    let languages = table(text::language(l), &report.languages, report, |l, word| language(l, word).to_owned());
    let lengths = report.lengths.iter().map(|difference| view! { <li>{length(l, difference)}</li> }).collect_view();
    view! {
        <section class="card stack">
            <h2>{text::distribution(l)}</h2>
            {labels}
            {languages}
            <ul>{lengths}</ul>
        </section>
    }
}

fn table(
    head: &'static str,
    table: &Table,
    report: &SplitReport,
    name: fn(Lang, &str) -> String,
) -> impl IntoView + use<> {
    let l = lang();
    let shown: Vec<Split> = Split::ALL.into_iter().filter(|s| report.samples[*s as usize] > 0).collect();
    let heads = shown.iter().map(|s| view! { <th scope="col" class="num">{words::split(l, *s)}</th> }).collect_view();
    let rows = table.categories.iter().map(|category| {
        let name = if category.name.is_empty() { text::others(l).to_owned() } else { name(l, &category.name) };
        let cells = shown.iter().map(|s| {
            let count = integer(category.counts[*s as usize]);
            view! { <td class="num">{percent(category.share(*s, &report.samples))} <span class="muted">{format!(" ({count})")}</span></td> }
        });
        view! { <tr><th scope="row"><span class="clip" dir="auto" title=name.clone()>{name.clone()}</span></th>{cells.collect_view()}</tr> }
    });
    let rows = rows.collect_view();
    let verdict = table.association.map(|a| {
        let (p, v) = (p_value(a.p_value), format!("{:.2}", a.cramers_v));
        if a.is_suspicious() {
            view! { <p class="notice notice-warn">{text::differs(l, p, v)}</p> }.into_any()
        } else {
            view! { <p class="muted">{text::alike(l, p, v)}</p> }.into_any()
        }
    });
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead><tr><th scope="col">{head}</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {verdict}
    }
}

fn language(l: Lang, word: &str) -> &'static str {
    match word {
        "zh" => text::lang_zh(l),
        "en" => text::lang_en(l),
        "mixed" => text::lang_mixed(l),
        _ => text::lang_none(l),
    }
}

fn length(l: Lang, d: &LengthDifference) -> String {
    let (split, median, train) = (words::split(l, d.split), integer(d.median), integer(d.train_median));
    if d.is_suspicious() {
        text::lengths_differ(l, split, median, train, format!("{:.2}", d.distance), p_value(d.p_value))
    } else {
        text::lengths_alike(l, split, median, train, p_value(d.p_value))
    }
}

/// A probability as papers print it.
fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}
