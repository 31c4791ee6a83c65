//! One label a sample.

use super::meter::Meter;
use crate::eval::ConfusionMatrix;
use crate::metrics::classification::ClassificationReport;
use crate::metrics::margins::Margins;
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
    meter.statistics(metrics, |places| table.scores(places));
    if table.labels.len() <= MOST_CLASSES {
        let report = table.report();
        meter.found.classes = report.classes;
        meter.found.confusion = Some(report.confusion);
    }
}

/// Labels up to which there is a confusion matrix. It grows with their square, and whoever answers in words of its own has as many
/// labels as answers.
const MOST_CLASSES: usize = 1000;

/// Those of [`Table::scores`], in its order: all but the accuracy, which is a mean over samples.
pub(super) const CORPUS: [&str; 11] = [
    "balanced_accuracy",
    "mcc",
    "precision_micro",
    "recall_micro",
    "f1_micro",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
];

/// Labels as numbers, so that a resample is counted without comparing text.
pub(super) struct Table {
    labels: Vec<String>,
    /// Expected and predicted, by sample.
    pairs: Vec<(usize, usize)>,
}

impl Table {
    pub(super) fn of(items: &[LabelItem]) -> Self {
        let labels: BTreeSet<&str> = items.iter().flat_map(|i| [i.expected.as_str(), i.output.as_str()]).collect();
        let number: BTreeMap<&str, usize> = labels.iter().enumerate().map(|(i, label)| (*label, i)).collect();
        let pairs = items.iter().map(|i| (number[i.expected.as_str()], number[i.output.as_str()])).collect();
        Self { labels: labels.into_iter().map(str::to_owned).collect(), pairs }
    }

    /// Of these samples, in the order of [`CORPUS`]; labels that none of them has do not count as classes.
    pub(super) fn scores(&self, places: &[usize]) -> [Option<f64>; 11] {
        let margins = Margins::of(self.labels.len(), places.iter().map(|place| self.pairs[*place]));
        let averages = margins.averages();
        let [a, b, c] = [averages.micro, averages.unweighted, averages.weighted];
        let [a, b, c] = [a, b, c].map(|o| [o.precision, o.recall, o.f1].map(Some));
        let (balanced, correlation) = (margins.balanced_accuracy(), Some(margins.matthews()));
        [balanced, correlation, a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]]
    }

    /// Of all samples.
    fn report(&self) -> ClassificationReport {
        let mut counts = vec![vec![0u32; self.labels.len()]; self.labels.len()];
        for (expected, predicted) in &self.pairs {
            counts[*expected][*predicted] += 1;
        }
        ClassificationReport::of_confusion(ConfusionMatrix { labels: self.labels.clone(), counts })
    }
}
