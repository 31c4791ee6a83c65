//! How much each axis matters for the goal, as far as a few dozen runs can tell.
//!
//! Runs are put in groups by the value of one axis: its distinct values, or thirds of the runs in
//! order where a number has more than five. The goal is replaced by its rank, so that one
//! diverged run does not drown everything. Then
//!
//! ```text
//! importance = ε² = 1 − (1 − SSB/SST) · (n − 1)/(n − k)        Kelley 1935; Tomczak & Tomczak 2014
//! ```
//!
//! is the share of the ranks' variance that lies between the k groups, less what chance alone would
//! put there; below 0 it is shown as 0. The p-value is that of a permutation test (999 shuffles,
//! seeded): how often a shuffled goal separates the groups as well. Groups see a best value in the
//! middle, which a rank correlation would miss; the direction beside it is Spearman's correlation.
//!
//! What it does not say: an axis that matters only together with another is underrated, since each
//! is looked at alone while the others vary (which a forest, as in fANOVA of Hutter et al. 2014,
//! would model, with hundreds of runs). With fewer than [`FEWEST`] runs, or less than three more
//! runs than groups, nothing is said.

use super::{Trial, axis::Draws};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Fewest runs that say anything.
pub const FEWEST: usize = 6;
const SHUFFLES: u32 = 999;
/// More distinct numbers than this are grouped by thirds.
const MANY: usize = 5;

/// How much one axis matters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Importance {
    pub field: String,
    /// Share of the goal's rank variance in [0, 1]; `None` with too few runs.
    pub share: Option<f64>,
    /// Chance that a field without effect would look as important.
    pub p_value: Option<f64>,
    /// Spearman's correlation of value and goal in [−1, 1]; only for numbers.
    pub correlation: Option<f64>,
    /// Runs that it rests on.
    pub runs: u32,
}

/// The importance of each field, from trials with their goal.
#[must_use]
pub fn importance(fields: &[String], runs: &[(&Trial, f64)]) -> Vec<Importance> {
    let runs: Vec<_> = runs.iter().filter(|r| r.1.is_finite()).collect();
    let ranks = ranks(&runs.iter().map(|r| r.1).collect::<Vec<_>>());
    let of = |field: &String| {
        let values: Vec<Value> = runs.iter().map(|r| r.0.value(field).cloned().unwrap_or_default()).collect();
        let numbers: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
        let groups = groups(&values, numbers.as_deref());
        let known = share(&groups, &ranks);
        Importance {
            field: field.clone(),
            share: known.map(|s| s.max(0.0)),
            p_value: known.map(|_| p_value(&groups, &ranks)),
            correlation: numbers.filter(|_| known.is_some()).and_then(|n| correlation(&self::ranks(&n), &ranks)),
            runs: runs.len() as u32,
        }
    };
    fields.iter().map(of).collect()
}

/// The group of each run.
fn groups(values: &[Value], numbers: Option<&[f64]>) -> Vec<usize> {
    let mut distinct: Vec<&Value> = Vec::new();
    let by_value: Vec<usize> = values
        .iter()
        .map(|v| {
            distinct.iter().position(|d| *d == v).unwrap_or_else(|| {
                distinct.push(v);
                distinct.len() - 1
            })
        })
        .collect();
    match numbers {
        Some(numbers) if distinct.len() > MANY => {
            // Equal numbers have equal ranks, so they stay together.
            let n = numbers.len() as f64;
            ranks(numbers).into_iter().map(|r| (((r - 0.5) * 3.0 / n) as usize).min(2)).collect()
        }
        _ => by_value,
    }
}

/// Ranks from 1; equals share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |x: f64| values.iter().filter(|v| **v < x).count() as f64;
    let equal = |x: f64| values.iter().filter(|v| **v == x).count() as f64;
    values.iter().map(|x| below(*x) + (equal(*x) + 1.0) / 2.0).collect()
}

/// Squares between the groups, and the number of groups.
fn between(groups: &[usize], ranks: &[f64]) -> (f64, usize) {
    let mean = ranks.iter().sum::<f64>() / ranks.len() as f64;
    let mut sums: Vec<(f64, f64)> = vec![(0.0, 0.0); groups.iter().max().map_or(0, |g| g + 1)];
    for (group, rank) in groups.iter().zip(ranks) {
        sums[*group].0 += rank;
        sums[*group].1 += 1.0;
    }
    let used = sums.iter().filter(|s| s.1 > 0.0);
    (used.clone().map(|(sum, n)| n * (sum / n - mean).powi(2)).sum(), used.count())
}

fn share(groups: &[usize], ranks: &[f64]) -> Option<f64> {
    let n = ranks.len();
    let (squares, k) = between(groups, ranks);
    let total: f64 = ranks.iter().map(|r| (r - (n as f64 + 1.0) / 2.0).powi(2)).sum();
    let enough = n >= FEWEST && k >= 2 && n >= k + 3 && total > 0.0;
    enough.then(|| 1.0 - (1.0 - squares / total) * (n as f64 - 1.0) / (n - k) as f64)
}

fn p_value(groups: &[usize], ranks: &[f64]) -> f64 {
    let (seen, _) = between(groups, ranks);
    let (mut random, mut shuffled) = (Draws(0), ranks.to_vec());
    let mut as_good = 0;
    for _ in 0..SHUFFLES {
        for i in (1..shuffled.len()).rev() {
            shuffled.swap(i, random.below(i + 1));
        }
        as_good += u32::from(between(groups, &shuffled).0 >= seen - 1e-9);
    }
    f64::from(as_good + 1) / f64::from(SHUFFLES + 1)
}

/// Pearson's correlation, here of ranks.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product =
        |x: &[f64], mx: f64, y: &[f64], my: f64| x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>();
    let spread = (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt();
    (spread > 0.0).then(|| product(a, mean_a, b, mean_b) / spread)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::Setting;
    use super::*;
    use serde_json::json;

    fn of(rows: &[(Value, Value, f64)]) -> Vec<Importance> {
        let setting = |field: &str, value: &Value| Setting { field: field.to_owned(), value: value.clone() };
        let trials: Vec<Trial> =
            rows.iter().map(|r| Trial { settings: vec![setting("a", &r.0), setting("b", &r.1)] }).collect();
        let runs: Vec<_> = trials.iter().zip(rows).map(|(t, r)| (t, r.2)).collect();
        importance(&["a".to_owned(), "b".to_owned()], &runs)
    }

    /// Three groups of three, completely separated: SSB = 54, SST = 60, ε² = 1 − 0.1 · 8/6.
    #[test]
    fn known_groups_give_a_known_share() {
        let rows: Vec<_> = (0..9).map(|i| (json!(i / 3), json!(["x", "y", "z"][i % 3]), i as f64)).collect();
        let found = of(&rows);
        assert!((found[0].share.unwrap() - (1.0 - 0.1 * 8.0 / 6.0)).abs() < 1e-12);
        assert!(found[0].p_value.unwrap() < 0.02 && found[0].correlation.unwrap() > 0.9, "{:?}", found[0]);
        // b: SSB = 3 · (1 + 0 + 1) = 6: less than chance gives.
        assert_eq!(found[1].share, Some(0.0));
        assert!(found[1].p_value.unwrap() > 0.5 && found[1].correlation.is_none(), "{:?}", found[1]);
    }

    #[test]
    fn a_best_value_in_the_middle_is_seen() {
        let rows: Vec<_> = (0..18).map(|i| (json!(f64::from(i)), json!(i % 2), (f64::from(i) - 8.5).powi(2))).collect();
        let found = of(&rows);
        assert!(found[0].share.unwrap() > 0.4 && found[0].p_value.unwrap() < 0.05, "{:?}", found[0]);
        assert!(found[0].correlation.unwrap().abs() < 0.1);
    }

    #[test]
    fn few_runs_say_nothing() {
        let rows: Vec<_> = (0..5).map(|i| (json!(i % 2), json!(1), f64::from(i))).collect();
        assert!(of(&rows).iter().all(|i| i.share.is_none() && i.p_value.is_none() && i.runs == 5));
        assert!(of(&[]).iter().all(|i| i.share.is_none() && i.runs == 0));
        let constant: Vec<_> = (0..8).map(|i| (json!(i % 2), json!(1), 3.0)).collect();
        assert!(of(&constant).iter().all(|i| i.share.is_none()), "nothing varies");
    }

    #[test]
    fn equals_share_their_rank() {
        assert_eq!(ranks(&[2.0, 1.0, 2.0, 3.0]), [2.5, 1.0, 2.5, 4.0]);
    }
}
