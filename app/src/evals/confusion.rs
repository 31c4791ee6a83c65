//! The confusion matrix as a table whose cells are shaded by their share of the row. Base and
//! tuned stand under two tabs that work without JavaScript.

use super::text;
use crate::{routes, text::lang};
use domain::eval::ConfusionMatrix;
use leptos::prelude::*;

/// Shades of a cell, from empty to full row.
const SHADES: u32 = 6;

/// The matrix of the tuned model, or of the base model with `?confusion=base`.
#[component]
pub fn ConfusionTable(base: Option<ConfusionMatrix>, tuned: Option<ConfusionMatrix>) -> impl IntoView {
    let l = lang();
    let show_base = base.is_some() && routes::query::<String>("confusion").as_deref() == Some("base");
    let has_base = base.is_some();
    let Some(matrix) = (if show_base { base } else { tuned }) else { return ().into_any() };
    let heads = matrix
        .labels
        .iter()
        .enumerate()
        .map(|(i, label)| view! { <th scope="col" dir="auto" title=label.clone()>{short(label, i)}</th> })
        .collect_view();
    let rows = matrix.labels.iter().zip(&matrix.counts).enumerate().map(|(i, (label, counts))| {
        let total: u32 = counts.iter().sum();
        let cells = counts.iter().enumerate().map(|(j, n)| {
            let shade = (n * SHADES).div_ceil(total.max(1)).min(SHADES);
            let kind = if i == j { "hit" } else { "miss" };
            let text = if *n == 0 { String::new() } else { n.to_string() };
            view! { <td class=format!("{kind}-{shade}")>{text}</td> }
        });
        view! { <tr><th scope="row" dir="auto" title=label.clone()>{numbered(label, i, matrix.labels.len())}</th>{cells.collect_view()}</tr> }
    });
    let rows = rows.collect_view();
    view! {
        <section class="card">
            <div class="card-title">
                <h2>{text::confusion_title(l)}</h2>
                {has_base.then(|| view! {
                    <nav class="tabs" aria-label=text::confusion_title(l)>
                        <a href="?confusion=base" aria-current=show_base.then_some("true")>{text::base(l)}</a>
                        <a href="?confusion=tuned" aria-current=(!show_base).then_some("true")>{text::tuned(l)}</a>
                    </nav>
                })}
            </div>
            <div class="table-wrap">
                <table class="confusion">
                    <thead><tr><td class="confusion-corner">{text::expected_label(l)}" ↓ "{text::predicted_label(l)}" →"</td>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="help">{text::confusion_help(l)}</p>
        </section>
    }
    .into_any()
}

/// Column heads: the label, or its number when it is long.
fn short(label: &str, index: usize) -> String {
    if label.chars().count() <= 10 { label.to_owned() } else { (index + 1).to_string() }
}

/// Row heads carry the number that long column heads show.
fn numbered(label: &str, index: usize, count: usize) -> String {
    if count > 2 && label.chars().count() > 10 { format!("{} {label}", index + 1) } else { label.to_owned() }
}
