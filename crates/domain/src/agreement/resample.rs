//! How sure a measure of agreement is: a percentile bootstrap over items (Efron 1979).

use super::Ratings;
use crate::statistics::bootstrap::SplitMix64;
use serde::{Deserialize, Serialize};

/// Resamples of an interval: most, and fewest where there are many items.
const ROUNDS: usize = 1000;
const FEWEST_ROUNDS: usize = 100;
/// Items that all resamples draw together at most, as long as the fewest rounds allow it: a page waits for this.
const DRAWS: usize = 4_000_000;

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
    interval_of(ratings.items(), seed, |items| measure(&ratings.drawn(items)))
}

/// The same for what is not ratings: `measure` is asked for all of so many items, and for items drawn with replacement, by
/// their places.
#[must_use]
pub fn interval_of(items: usize, seed: u64, measure: impl Fn(&[usize]) -> Option<f64>) -> Option<Interval> {
    let all: Vec<usize> = (0..items).collect();
    let value = measure(&all)?;
    let mut random = SplitMix64::new(seed);
    let rounds = (DRAWS / items.max(1)).clamp(FEWEST_ROUNDS, ROUNDS);
    let mut drawn = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let places: Vec<usize> = (0..items).map(|_| random.below(items)).collect();
        // A resample in which all ratings are the same measures nothing.
        drawn.extend(measure(&places));
    }
    drawn.sort_by(f64::total_cmp);
    let at = |share: f64| drawn.get(((drawn.len() - 1) as f64 * share).round() as usize).copied();
    match drawn.len() {
        0 => Some(Interval { value, low: value, high: value }),
        _ => Some(Interval { value, low: at(0.025)?, high: at(0.975)? }),
    }
}
