//! A probability for every label of a sample.

use super::meter::Meter;
use crate::metrics::calibration::{Reliability, brier, expected_calibration_error, log_loss, reliability};
use crate::metrics::ranking::{OneVersusRest, Ranking};
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

    /// A score of every sample by itself.
    fn each(&self, score: fn(&[usize], &[Vec<f64>]) -> Option<f64>) -> Vec<f64> {
        let of = |(class, row): (&usize, &Vec<f64>)| score(from_ref(class), from_ref(row)).unwrap_or(f64::NAN);
        self.expected.iter().zip(&self.rows).map(of).collect()
    }

    /// The samples by their score for each class; of two classes by that for the second alone. `None` when a score is no
    /// number.
    fn rankings(&self) -> Option<Vec<Ranking>> {
        let classes = self.rows.first()?.len();
        let ranking = |class: usize| {
            let is_member: Vec<bool> = self.expected.iter().map(|expected| *expected == class).collect();
            let scores: Vec<f64> = self.rows.iter().map(|row| row[class]).collect();
            Ranking::new(&is_member, &scores)
        };
        (if classes == 2 { 1..2 } else { 0..classes }).map(ranking).collect()
    }
}

/// The average over classes with equal weights, and by their size; of two classes only the area of the second.
fn areas(
    rankings: &[Ranking],
    places: &[usize],
    area: fn(&Ranking, &[u32]) -> Option<f64>,
    samples: usize,
) -> [Option<f64>; 2] {
    let mut counts = vec![0; samples];
    places.iter().for_each(|place| counts[*place] += 1);
    if let [second] = rankings {
        return [area(second, &counts), None];
    }
    let each = rankings.iter().map(|ranking| (area(ranking, &counts), ranking.members(&counts)));
    let over = OneVersusRest::of(each, places.len());
    [over.unweighted, over.weighted]
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
    if let Some(binned) = Reliability::new(&table.expected, &table.rows, BINS) {
        let ece = |places: &[usize]| expected_calibration_error(&binned.table(places.iter().copied()));
        meter.statistic("ece", ece, &format!("bins:{BINS}|width:equal|confidence:top"));
    }
    let over = match labels.as_slice() {
        [_, positive] => format!("positive:{positive}"),
        _ => "multiclass:ovr|average:macro".to_owned(),
    };
    let weighted = "multiclass:ovr|average:weighted";
    if let Some(rankings) = table.rankings() {
        let of = |places: &[usize], area| areas(&rankings, places, area, items.len());
        meter.statistics([("roc_auc", &over), ("roc_auc_weighted", weighted)], |p| of(p, Ranking::roc_auc));
        meter.statistics([("pr_auc", &over), ("pr_auc_weighted", weighted)], |p| of(p, Ranking::average_precision));
    }
    meter.found.reliability = reliability(&table.expected, &table.rows, BINS).unwrap_or_default();
}

fn first_best(row: &[f64]) -> usize {
    let better = |best: usize, (i, p): (usize, &f64)| if *p > row[best] { i } else { best };
    row.iter().enumerate().fold(0, better)
}
