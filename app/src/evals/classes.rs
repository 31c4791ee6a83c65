//! Precision, recall and F1 per class, tuned beside base; sorted by a query parameter.

use super::text;
use crate::{
    routes,
    text::lang,
    ui::format::{integer, percent},
};
use domain::eval::{ClassMetrics, EvalMetrics};
use leptos::prelude::*;

/// Columns that can be sorted by, as they stand in the query.
const COLUMNS: [&str; 5] = ["label", "support", "precision", "recall", "f1"];

/// The table. `?classes=f1` sorts by F1, worst first.
#[component]
pub fn ClassTable(base: Option<EvalMetrics>, tuned: EvalMetrics) -> impl IntoView {
    let l = lang();
    let asked: Option<String> = routes::query("classes");
    let by = COLUMNS.into_iter().find(|c| asked.as_deref() == Some(c)).unwrap_or("label");
    let mut classes = tuned.classes;
    sort(&mut classes, by);
    let before = base.map(|b| b.classes).unwrap_or_default();
    let heads = [text::class(l), text::support(l), text::precision(l), text::recall(l), text::f1(l)];
    let heads = COLUMNS.into_iter().zip(heads).map(|(key, name)| {
        let class = if key == "label" { "" } else { "num" };
        view! { <th scope="col" class=class aria-sort=(key == by).then_some("ascending")><a href=format!("?classes={key}")>{name}</a></th> }
    });
    let rows = classes.into_iter().map(|c| {
        let old = before.iter().find(|b| b.label == c.label).cloned();
        view! {
            <tr>
                <th scope="row"><span class="clip clip-short" dir="auto" title=c.label.clone()>{c.label.clone()}</span></th>
                <td class="num">{integer(c.support.into())}</td>
                <td class="num">{pair(old.as_ref().map(|o| o.precision), c.precision)}</td>
                <td class="num">{pair(old.as_ref().map(|o| o.recall), c.recall)}</td>
                <td class="num">{pair(old.as_ref().map(|o| o.f1), c.f1)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="card">
            <h2>{text::classes_title(l)}</h2>
            <div class="table-wrap">
                <table class="table class-table">
                    <thead><tr>{heads.collect_view()}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

/// "base → tuned".
fn pair(base: Option<f64>, tuned: f64) -> impl IntoView {
    view! { <span class="pair">{base.map(|b| view! { <span class="muted">{percent(b)}" → "</span> })}<span>{percent(tuned)}</span></span> }
}

fn sort(classes: &mut [ClassMetrics], by: &str) {
    match by {
        "support" => classes.sort_by_key(|c| c.support),
        "precision" => classes.sort_by(|a, b| a.precision.total_cmp(&b.precision)),
        "recall" => classes.sort_by(|a, b| a.recall.total_cmp(&b.recall)),
        "f1" => classes.sort_by(|a, b| a.f1.total_cmp(&b.f1)),
        _ => classes.sort_by(|a, b| a.label.cmp(&b.label)),
    }
}
