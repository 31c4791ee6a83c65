//! What each change of an ablation is worth.
//!
//! Runs with the same seed are pairs: same order of data, same first weights. For each change the
//! differences dᵢ = changedᵢ − baseᵢ over the n seeds that have both give
//!
//! ```text
//! effect = mean(d)        interval = effect ± t(0.975, n − 1) · sd(d) / √n
//! ```
//!
//! (Student 1908). The seeds are the sample: the interval speaks of this model and this data. It
//! needs two seeds, and with two it is wide, as it should be. Each interval is right 95 % of the
//! time by itself; of twenty changes without effect one will look like one.

use super::{SEED_FIELD, Setting, Trial};
use serde::{Deserialize, Serialize};

/// The effect of one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Effect {
    pub change: Setting,
    /// Mean of the goal without and with the change, over the pairs.
    pub base: f64,
    pub changed: f64,
    /// Mean difference, with the change minus without.
    pub difference: f64,
    /// Its 95 % interval; `None` with one pair.
    pub interval: Option<(f64, f64)>,
    /// Seeds for which both are known.
    pub pairs: u32,
}

impl Effect {
    /// Whether the change is better or worse beyond chance; `None` when the interval holds 0.
    #[must_use]
    pub fn is_better(&self, is_maximised: bool) -> Option<bool> {
        let (low, high) = self.interval?;
        if low > 0.0 {
            Some(is_maximised)
        } else if high < 0.0 {
            Some(!is_maximised)
        } else {
            None
        }
    }
}

/// The effects of all changes that have at least one pair, in the order of the trials.
#[must_use]
pub fn effects(runs: &[(&Trial, f64)]) -> Vec<Effect> {
    let change = |t: &Trial| t.settings.iter().find(|s| s.field != SEED_FIELD).cloned();
    let seed = |t: &Trial| t.value(SEED_FIELD).cloned();
    let runs: Vec<_> = runs.iter().filter(|r| r.1.is_finite()).map(|(t, y)| (change(t), seed(t), *y)).collect();
    let mut changes: Vec<Setting> = Vec::new();
    for change in runs.iter().filter_map(|r| r.0.clone()) {
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
    let value =
        |change: Option<&Setting>, seed| runs.iter().find(|r| r.0.as_ref() == change && r.1 == seed).map(|r| r.2);
    changes
        .into_iter()
        .filter_map(|change| {
            let changed = runs.iter().filter(|r| r.0.as_ref() == Some(&change));
            let pairs: Vec<(f64, f64)> = changed.filter_map(|r| Some((value(None, r.1.clone())?, r.2))).collect();
            effect(change, &pairs)
        })
        .collect()
}

fn effect(change: Setting, pairs: &[(f64, f64)]) -> Option<Effect> {
    let n = pairs.len();
    if n == 0 {
        return None;
    }
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n as f64;
    let difference = mean(&|p| p.1 - p.0);
    let squares: f64 = pairs.iter().map(|p| (p.1 - p.0 - difference).powi(2)).sum();
    let interval = T_QUANTILES.get(n.wrapping_sub(2)).map(|t| {
        let half = t * (squares / (n - 1) as f64 / n as f64).sqrt();
        (difference - half, difference + half)
    });
    Some(Effect { change, base: mean(&|p| p.0), changed: mean(&|p| p.1), difference, interval, pairs: n as u32 })
}

/// Student's t, 0.975 quantile, for 1 to 29 degrees of freedom: as many as an ablation can have.
const T_QUANTILES: [f64; super::MAX_SEEDS as usize - 1] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045,
];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    fn trial(rank: Option<u32>, seed: u32) -> Trial {
        let setting = |field: &str, value| Setting { field: field.to_owned(), value };
        let change = rank.map(|r| setting("lora.rank", json!(r)));
        Trial { settings: change.into_iter().chain([setting("seed", json!(seed))]).collect() }
    }

    /// Differences 1, 2, 3: mean 2, sd 1, t(2) = 4.303, half-width 4.303 / √3 = 2.4843.
    #[test]
    fn known_pairs_give_a_known_interval() {
        let trials: Vec<Trial> = (0..3).flat_map(|seed| [trial(None, seed), trial(Some(4), seed)]).collect();
        let values = [10.0, 11.0, 20.0, 22.0, 30.0, 33.0];
        let runs: Vec<_> = trials.iter().zip(values).collect();
        let found = effects(&runs);
        assert_eq!(found.len(), 1);
        let e = &found[0];
        assert_eq!((e.base, e.changed, e.difference, e.pairs), (20.0, 22.0, 2.0, 3));
        let (low, high) = e.interval.unwrap();
        assert!((low - (2.0 - 2.4843)).abs() < 1e-3 && (high - (2.0 + 2.4843)).abs() < 1e-3, "{low} {high}");
        assert_eq!(e.is_better(true), None, "the interval holds 0");
    }

    #[test]
    fn only_whole_pairs_count_and_one_has_no_interval() {
        let trials = [trial(None, 1), trial(Some(4), 1), trial(Some(4), 2), trial(Some(16), 2)];
        let runs: Vec<_> = trials.iter().zip([1.0, 0.5, 9.0, 9.0]).collect();
        let found = effects(&runs);
        assert_eq!(found.len(), 1, "rank 16 has no base of its seed");
        assert_eq!((found[0].difference, found[0].interval, found[0].pairs), (-0.5, None, 1));
    }

    #[test]
    fn a_steady_change_is_beyond_chance() {
        let trials: Vec<Trial> = (0..4).flat_map(|seed| [trial(None, seed), trial(Some(4), seed)]).collect();
        let runs: Vec<_> = trials.iter().zip([2.0, 1.5, 2.1, 1.6, 1.9, 1.4, 2.0, 1.5001]).collect();
        let e = &effects(&runs)[0];
        assert_eq!((e.is_better(false), e.is_better(true)), (Some(true), Some(false)));
    }
}
