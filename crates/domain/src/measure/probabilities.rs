//! A probability for every label of a sample.

use super::meter::Meter;
use crate::metrics::calibration::{brier, expected_calibration_error, log_loss, reliability};
use crate::metrics::ranking::{average_precision, one_versus_rest, roc_auc};
use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;

pub(super) const METRICS: [&str; 8] =
    ["accuracy", "log_loss", "brier", "ece", "roc_auc", "roc_auc_weighted", "pr_auc", "pr_auc_weighted"];

/// Bins of the reliability table.
const BINS: usize = 15;

/// A sample with its label and the probability that a model gave each; a label that is not there has 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbabilityItem {
    pub expected: String,
    pub probabilities: BTreeMap<String, f64>,
}

/// Labels as numbers, in alphabetical order.
struct Table {
    expected: Vec<usize>,
    rows: Vec<Vec<f64>>,
}

impl Table {
    fn of(items: &[ProbabilityItem], labels: &[&str]) -> Self {
        let number = |label: &str| labels.binary_search(&label).unwrap_or_default();
        let row = |item: &ProbabilityItem| {
            labels.iter().map(|label| item.probabilities.get(*label).copied().unwrap_or(0.0)).collect()
        };
        Self {
            expected: items.iter().map(|item| number(&item.expected)).collect(),
            rows: items.iter().map(row).collect(),
        }
    }

    fn drawn(&self, places: &[usize]) -> Self {
        Self {
            expected: places.iter().map(|place| self.expected[*place]).collect(),
            rows: places.iter().map(|place| self.rows[*place].clone()).collect(),
        }
    }

    /// A score of every sample by itself.
    fn each(&self, score: fn(&[usize], &[Vec<f64>]) -> Option<f64>) -> Vec<f64> {
        let of = |(class, row): (&usize, &Vec<f64>)| score(from_ref(class), from_ref(row)).unwrap_or(f64::NAN);
        self.expected.iter().zip(&self.rows).map(of).collect()
    }

    fn ece(&self) -> Option<f64> {
        expected_calibration_error(&reliability(&self.expected, &self.rows, BINS)?)
    }

    /// The average over classes with equal weights, and by their size; of two classes only the area of the second.
    fn area(&self, area: fn(&[bool], &[f64]) -> Option<f64>) -> [Option<f64>; 2] {
        if self.rows.first().map(Vec::len) != Some(2) {
            let of_classes = one_versus_rest(&self.expected, &self.rows, area);
            return [of_classes.and_then(|o| o.unweighted), of_classes.and_then(|o| o.weighted)];
        }
        let is_second: Vec<bool> = self.expected.iter().map(|class| *class == 1).collect();
        let scores: Vec<f64> = self.rows.iter().map(|row| row[1]).collect();
        [area(&is_second, &scores), None]
    }
}

pub(super) fn measure(items: &[ProbabilityItem], meter: &mut Meter<'_>) {
    let named = |item: &ProbabilityItem| -> Vec<String> {
        item.probabilities.keys().chain([&item.expected]).cloned().collect()
    };
    let labels: BTreeSet<String> = items.iter().flat_map(named).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let table = Table::of(items, &labels);
    let right: Vec<bool> =
        table.expected.iter().zip(&table.rows).map(|(class, row)| first_best(row) == *class).collect();
    meter.share("accuracy", &right, "average:samples|ties:first");
    meter.mean("log_loss", &table.each(log_loss), "base:e|clip:2^-52|average:samples");
    let halved = if labels.len() == 2 { "yes" } else { "no" };
    meter.mean("brier", &table.each(brier), &format!("average:samples|half:{halved}"));
    meter.statistic("ece", |p| table.drawn(p).ece(), &format!("bins:{BINS}|width:equal|confidence:top"));
    let over = match labels.as_slice() {
        [_, positive] => format!("positive:{positive}"),
        _ => "multiclass:ovr|average:macro".to_owned(),
    };
    let weighted = "multiclass:ovr|average:weighted";
    let areas = |places: &[usize], area| table.drawn(places).area(area);
    meter.statistics([("roc_auc", &over), ("roc_auc_weighted", weighted)], |places| areas(places, roc_auc));
    meter.statistics([("pr_auc", &over), ("pr_auc_weighted", weighted)], |places| areas(places, average_precision));
    meter.found.reliability = reliability(&table.expected, &table.rows, BINS).unwrap_or_default();
}

fn first_best(row: &[f64]) -> usize {
    let better = |best: usize, (i, p): (usize, &f64)| if *p > row[best] { i } else { best };
    row.iter().enumerate().fold(0, better)
}
