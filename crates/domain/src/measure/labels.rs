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

type Statistic = fn(&ClassificationReport) -> Option<f64>;

pub(super) fn measure(items: &[LabelItem], meter: &mut Meter<'_>) {
    let right: Vec<bool> = items.iter().map(|item| item.expected == item.output).collect();
    meter.share("accuracy", &right, "average:samples");
    let table = Table::of(items);
    let of_classes: [(&str, Statistic, &str); 11] = [
        ("balanced_accuracy", |r| balanced_accuracy(&r.confusion), "average:expected classes|zero_division:left out"),
        ("precision_micro", |r| Some(Averages::of(r).micro.precision), "average:micro|zero_division:0"),
        ("recall_micro", |r| Some(Averages::of(r).micro.recall), "average:micro|zero_division:0"),
        ("f1_micro", |r| Some(Averages::of(r).micro.f1), "average:micro|zero_division:0"),
        ("precision_macro", |r| Some(Averages::of(r).unweighted.precision), "average:macro|zero_division:0"),
        ("recall_macro", |r| Some(Averages::of(r).unweighted.recall), "average:macro|zero_division:0"),
        ("f1_macro", |r| Some(Averages::of(r).unweighted.f1), "average:macro|zero_division:0"),
        ("precision_weighted", |r| Some(Averages::of(r).weighted.precision), "average:weighted|zero_division:0"),
        ("recall_weighted", |r| Some(Averages::of(r).weighted.recall), "average:weighted|zero_division:0"),
        ("f1_weighted", |r| Some(Averages::of(r).weighted.f1), "average:weighted|zero_division:0"),
        ("mcc", |r| Some(matthews(&r.confusion)), "multiclass:gorodkin|zero_division:0"),
    ];
    for (metric, statistic, signature) in of_classes {
        let of_places =
            |places: &[usize]| (!places.is_empty()).then(|| table.report(places)).and_then(|r| statistic(&r));
        meter.statistic(metric, of_places, signature);
    }
    let report = table.report(&(0..items.len()).collect::<Vec<_>>());
    meter.found.classes = report.classes;
    meter.found.confusion = Some(report.confusion);
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
