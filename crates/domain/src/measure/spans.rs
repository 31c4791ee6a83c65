//! Labelled stretches of a sample's text.

use super::meter::Meter;
use crate::metrics::spans::{LabelledSpan, SpanCounts, count_spans, total};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) const METRICS: [&str; 6] =
    ["precision_exact", "recall_exact", "f1_exact", "precision_partial", "recall_partial", "f1_partial"];

/// A sample's spans and those that were predicted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanItem {
    pub expected: Vec<LabelledSpan>,
    pub output: Vec<LabelledSpan>,
}

/// How spans of one label were found, over all samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LabelSpans {
    pub label: String,
    /// Spans that are there.
    pub support: u64,
    /// With the same bounds, in [0, 1].
    pub precision_exact: f64,
    pub recall_exact: f64,
    pub f1_exact: f64,
    /// With overlapping ones counted half.
    pub f1_partial: f64,
}

pub(super) fn measure(items: &[SpanItem], meter: &mut Meter<'_>) {
    let counts: Vec<BTreeMap<String, SpanCounts>> =
        items.iter().map(|item| count_spans(&item.expected, &item.output)).collect();
    let totals: Vec<SpanCounts> = counts.iter().map(|of_item| total(of_item.values())).collect();
    let (exact, partial) =
        ("average:micro|match:exact|zero_division:0", "average:micro|match:overlap counts 0.5|zero_division:0");
    let metrics = [
        ("precision_exact", exact),
        ("recall_exact", exact),
        ("f1_exact", exact),
        ("precision_partial", partial),
        ("recall_partial", partial),
        ("f1_partial", partial),
    ];
    meter.statistics(metrics, |places| {
        let sum = total(places.iter().map(|place| &totals[*place]));
        let (e, p) = (sum.exact_scores(), sum.partial_scores());
        [e.precision, e.recall, e.f1, p.precision, p.recall, p.f1].map(Some)
    });
    let mut by_label: BTreeMap<String, SpanCounts> = BTreeMap::new();
    for (label, count) in counts.into_iter().flatten() {
        let sum = by_label.entry(label).or_default();
        *sum = sum.plus(count);
    }
    meter.found.labels = by_label.into_iter().map(of_label).collect();
}

fn of_label((label, counts): (String, SpanCounts)) -> LabelSpans {
    let (exact, partial) = (counts.exact_scores(), counts.partial_scores());
    LabelSpans {
        label,
        support: counts.expected as u64,
        precision_exact: exact.precision,
        recall_exact: exact.recall,
        f1_exact: exact.f1,
        f1_partial: partial.f1,
    }
}
