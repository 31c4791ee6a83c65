//! One label a sample.

use super::meter::Meter;
use crate::eval::ConfusionMatrix;
use crate::metrics::averages::{Averages, balanced_accuracy, matthews};
use crate::metrics::classification::ClassificationReport;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const METRICS: [&str; 12] = [
    "accuracy",
    "balanced_accuracy",
    "precision_micro",
    "recall_micro",
    "f1_micro",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
    "mcc",
];

/// A sample with its label and the one that was predicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelItem {
    pub expected: String,
    pub output: String,
}

pub(super) fn measure(items: &[LabelItem], meter: &mut Meter<'_>) {
    let right: Vec<bool> = items.iter().map(|item| item.expected == item.output).collect();
    meter.share("accuracy", &right, "average:samples");
    let table = Table::of(items);
    let [micro, unweighted, weighted] =
        ["micro", "macro", "weighted"].map(|average| format!("average:{average}|zero_division:0"));
    let metrics = [
        ("balanced_accuracy", "average:expected classes|zero_division:left out"),
        ("mcc", "multiclass:gorodkin|zero_division:0"),
        ("precision_micro", &micro),
        ("recall_micro", &micro),
        ("f1_micro", &micro),
        ("precision_macro", &unweighted),
        ("recall_macro", &unweighted),
        ("f1_macro", &unweighted),
        ("precision_weighted", &weighted),
        ("recall_weighted", &weighted),
        ("f1_weighted", &weighted),
    ];
    meter.statistics(metrics, |places| statistics(&table.report(places)));
    let report = table.report(&(0..items.len()).collect::<Vec<_>>());
    meter.found.classes = report.classes;
    meter.found.confusion = Some(report.confusion);
}

/// In the order of their names above.
fn statistics(report: &ClassificationReport) -> [Option<f64>; 11] {
    let Averages { micro, unweighted, weighted } = Averages::of(report);
    let [a, b, c] = [micro, unweighted, weighted].map(|o| [o.precision, o.recall, o.f1].map(Some));
    let (balanced, correlation) = (balanced_accuracy(&report.confusion), Some(matthews(&report.confusion)));
    [balanced, correlation, a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]]
}

/// Labels as numbers, so that a resample is counted without comparing text.
struct Table<'a> {
    labels: Vec<&'a str>,
    pairs: Vec<(usize, usize)>,
}

impl<'a> Table<'a> {
    fn of(items: &'a [LabelItem]) -> Self {
        let labels: BTreeSet<&str> = items.iter().flat_map(|i| [i.expected.as_str(), i.output.as_str()]).collect();
        let number: BTreeMap<&str, usize> = labels.iter().enumerate().map(|(i, label)| (*label, i)).collect();
        let pairs = items.iter().map(|i| (number[i.expected.as_str()], number[i.output.as_str()])).collect();
        Self { labels: labels.into_iter().collect(), pairs }
    }

    /// Of these samples; labels that none of them has do not count as classes.
    fn report(&self, places: &[usize]) -> ClassificationReport {
        let pairs = || places.iter().map(|place| self.pairs[*place]);
        let mut is_there = vec![false; self.labels.len()];
        for (expected, predicted) in pairs() {
            (is_there[expected], is_there[predicted]) = (true, true);
        }
        let kept: Vec<usize> = (0..self.labels.len()).filter(|label| is_there[*label]).collect();
        let mut row_of = vec![0; self.labels.len()];
        for (row, label) in kept.iter().enumerate() {
            row_of[*label] = row;
        }
        let mut counts = vec![vec![0u32; kept.len()]; kept.len()];
        for (expected, predicted) in pairs() {
            counts[row_of[expected]][row_of[predicted]] += 1;
        }
        let labels = kept.iter().map(|label| self.labels[*label].to_owned()).collect();
        ClassificationReport::of_confusion(ConfusionMatrix { labels, counts })
    }
}
