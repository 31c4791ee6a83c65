//! How sure a measure of agreement is: a percentile bootstrap over items (Efron 1979).

use super::Ratings;
use crate::statistics::bootstrap::SplitMix64;
use serde::{Deserialize, Serialize};

/// Resamples of an interval.
const ROUNDS: usize = 1000;

/// A measure with the bounds that it lies in with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Interval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// `measure` of the ratings with its interval, the same for the same seed. `None` where it measures nothing.
#[must_use]
pub fn interval(ratings: &Ratings, seed: u64, measure: impl Fn(&Ratings) -> Option<f64>) -> Option<Interval> {
    let value = measure(ratings)?;
    let n = ratings.items();
    let mut random = SplitMix64::new(seed);
    let mut drawn = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let items: Vec<usize> = (0..n).map(|_| random.below(n)).collect();
        // A resample in which all ratings are the same measures nothing.
        drawn.extend(measure(&ratings.drawn(&items)));
    }
    drawn.sort_by(f64::total_cmp);
    let at = |share: f64| drawn.get(((drawn.len() - 1) as f64 * share).round() as usize).copied();
    match drawn.len() {
        0 => Some(Interval { value, low: value, high: value }),
        _ => Some(Interval { value, low: at(0.025)?, high: at(0.975)? }),
    }
}
