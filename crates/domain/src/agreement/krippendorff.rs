//! Krippendorff's α: any number of raters, missing ratings, and distances for each kind of scale (Krippendorff 2011,
//! "Computing Krippendorff's Alpha-Reliability").

use super::{Ratings, corrected};

/// How far two ratings are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distance {
    /// Equal or not.
    #[default]
    Nominal,
    /// By the ratings between them, whatever their values.
    Ordinal,
    /// Squared difference.
    Interval,
    /// Squared difference by squared sum; for values from 0.
    Ratio,
}

/// α over all pairs of ratings of the same item. `None` where no item was rated twice, and where all ratings are the same.
#[must_use]
pub fn krippendorff(ratings: &Ratings, distance: Distance) -> Option<f64> {
    let values = ratings.values();
    let k = values.len();
    // Coincidences: how often each pair of values stands at the same item, an item's pairs by its ratings less one.
    let mut coincidences = vec![0.0; k * k];
    for item in 0..ratings.items() {
        let places: Vec<usize> =
            ratings.given(item).filter_map(|r| values.binary_search_by(|v| v.total_cmp(&r)).ok()).collect();
        if places.len() < 2 {
            continue;
        }
        let mut counts = vec![0.0_f64; k];
        places.iter().for_each(|place| counts[*place] += 1.0);
        let occurring: Vec<usize> = (0..k).filter(|i| counts[*i] > 0.0).collect();
        for &a in &occurring {
            for &b in &occurring {
                let pairs = if a == b { counts[a] * (counts[a] - 1.0) } else { counts[a] * counts[b] };
                coincidences[a * k + b] += pairs / (places.len() as f64 - 1.0);
            }
        }
    }
    let totals: Vec<f64> = (0..k).map(|a| coincidences[a * k..(a + 1) * k].iter().sum()).collect();
    let all: f64 = totals.iter().sum();
    let apart = |a: usize, b: usize| squared(distance, a, b, &values, &totals);
    let (mut observed, mut expected) = (0.0, 0.0);
    for a in 0..k {
        for b in 0..k {
            let d = if a == b { 0.0 } else { apart(a, b) };
            observed += coincidences[a * k + b] * d;
            expected += totals[a] * totals[b] * d;
        }
    }
    corrected(observed * (all - 1.0), expected)
}

/// The squared distance of two values, by their places.
fn squared(distance: Distance, a: usize, b: usize, values: &[f64], totals: &[f64]) -> f64 {
    match distance {
        Distance::Nominal => 1.0,
        Distance::Ordinal => {
            let (low, high) = (a.min(b), a.max(b));
            let between: f64 = totals[low..=high].iter().sum();
            let steps = between - (totals[low] + totals[high]) / 2.0;
            steps * steps
        }
        Distance::Interval => (values[a] - values[b]).powi(2),
        Distance::Ratio => {
            let sum = values[a] + values[b];
            if sum == 0.0 { 0.0 } else { ((values[a] - values[b]) / sum).powi(2) }
        }
    }
}
