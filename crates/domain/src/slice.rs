//! How a model does on parts of the samples: by the values of a field, and the parts on which it does worst.
//!
//! Every part is held against the rest of the samples, never against all of them, of which it is one. Who looks at many parts
//! finds bad ones by chance alone: [`by_field`] and [`worst`] correct for all that they have looked at.

mod test;
mod worst;

pub use test::two_shares_p_value;
pub use worst::{Found, Search, worst};

use crate::statistics::{
    bootstrap, correction::benjamini_hochberg, distributions::normal_quantile, proportions, verdict::Verdict,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Fewest samples that a part, and what is left without it, must have by default.
pub const MIN_SUPPORT: usize = 20;
/// Values of one field that are listed: its most frequent ones.
pub const VALUES_LISTED: usize = 50;
/// Resamples of the interval of a mean.
const RESAMPLES: u32 = 1000;
/// Above this many samples the mean is so close to normal that nothing is resampled, which would take seconds.
const RESAMPLED: usize = 2000;
/// Share of false ones among the parts that are called better or worse, on average.
const FALSE_DISCOVERY_RATE: f64 = 0.05;

/// A sample: how the model did on it, and the values that it has of some fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub score: f64,
    /// Field and value, each field once.
    pub fields: Vec<(String, String)>,
}

/// A value that a field has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SliceCondition {
    pub field: String,
    pub value: String,
}

/// How the model does on the samples that meet all conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SliceScore {
    pub conditions: Vec<SliceCondition>,
    pub support: u32,
    /// Mean score.
    pub value: f64,
    /// 95 %: Wilson's for right or wrong, else by the bootstrap, or of many samples by the normal distribution.
    pub interval: Option<(f64, f64)>,
    /// Mean score of all other samples; `None` when there are none.
    pub rest: Option<f64>,
    /// `value - rest` with its 95 % interval: Newcombe's for right or wrong, else by the normal distribution.
    pub difference: Option<f64>,
    pub difference_interval: Option<(f64, f64)>,
    /// Two-sided, of no difference. `None` where there is nothing to test.
    pub p_value: Option<f64>,
    /// The same after correction for all that was tested.
    pub adjusted_p_value: Option<f64>,
    /// Of the difference, after that correction.
    pub verdict: Verdict,
}

/// All values of one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldSlices {
    pub field: String,
    pub slices: Vec<SliceScore>,
}

/// Scores, and what is asked of them again and again.
struct Scores<'a> {
    of: Vec<f64>,
    cases: &'a [Case],
    sum: f64,
    /// Σ(x − mean)².
    spread: f64,
    are_shares: bool,
    /// ln n!, of shares.
    ln_factorial: Vec<f64>,
    larger_is_better: bool,
}

impl<'a> Scores<'a> {
    fn new(cases: &'a [Case], larger_is_better: bool) -> Self {
        let of: Vec<f64> = cases.iter().map(|case| case.score).collect();
        let sum: f64 = of.iter().sum();
        let mean = sum / of.len().max(1) as f64;
        let spread = of.iter().map(|x| (x - mean).powi(2)).sum();
        let are_shares = of.iter().all(|x| *x == 0.0 || *x == 1.0);
        let ln_factorial = if are_shares { test::ln_factorials(of.len()) } else { Vec::new() };
        Self { of, cases, sum, spread, are_shares, ln_factorial, larger_is_better }
    }

    /// Places of the samples by field and value, each list ascending.
    fn places(&self) -> BTreeMap<&'a str, BTreeMap<&'a str, Vec<u32>>> {
        let mut found: BTreeMap<&str, BTreeMap<&str, Vec<u32>>> = BTreeMap::new();
        for (place, case) in self.cases.iter().enumerate() {
            for (field, value) in &case.fields {
                found.entry(field).or_default().entry(value).or_default().push(place as u32);
            }
        }
        found
    }

    /// Without the interval of the mean, which takes long and is for what is shown; the verdict is uncorrected.
    fn score(&self, conditions: Vec<SliceCondition>, places: &[u32]) -> SliceScore {
        let (n, all) = (places.len(), self.of.len());
        let sum: f64 = places.iter().map(|place| self.of[*place as usize]).sum();
        let value = sum / n.max(1) as f64;
        let rest = (n < all).then(|| (self.sum - sum) / (all - n) as f64);
        let tested = rest.map(|_| test::against_rest(self, places, sum));
        let difference_interval = tested.as_ref().and_then(|tested| tested.interval);
        SliceScore {
            conditions,
            support: n as u32,
            value,
            interval: None,
            rest,
            difference: rest.map(|rest| value - rest),
            difference_interval,
            p_value: tested.map(|tested| tested.p_value),
            adjusted_p_value: None,
            verdict: Verdict::of(difference_interval, self.larger_is_better),
        }
    }

    fn interval(&self, places: &[u32]) -> Option<(f64, f64)> {
        let sum: f64 = places.iter().map(|place| self.of[*place as usize]).sum();
        if self.are_shares {
            let share = proportions::wilson(sum as u64, places.len() as u64, proportions::z_95())?;
            return Some((share.low, share.high));
        }
        let values: Vec<f64> = places.iter().map(|place| self.of[*place as usize]).collect();
        if values.len() > RESAMPLED {
            let (n, mean) = (values.len() as f64, sum / values.len() as f64);
            let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
            let reach = normal_quantile(0.975) * (variance / n).sqrt();
            return Some((mean - reach, mean + reach));
        }
        bootstrap::mean_interval(&values, RESAMPLES, 42).map(|interval| (interval.low, interval.high))
    }
}

fn condition(field: &str, value: &str) -> SliceCondition {
    SliceCondition { field: field.to_owned(), value: value.to_owned() }
}

/// The parts by each field's values, most samples first. A field with a single value that all samples have is left out. Verdicts
/// are corrected over all of these parts (Benjamini and Hochberg, 1995).
#[must_use]
pub fn by_field(cases: &[Case], larger_is_better: bool) -> Vec<FieldSlices> {
    let scores = Scores::new(cases, larger_is_better);
    let of_field = |(field, values): (&str, BTreeMap<&str, Vec<u32>>)| {
        let mut values: Vec<(&str, Vec<u32>)> = values.into_iter().collect();
        if values.iter().any(|(_, places)| places.len() == cases.len()) {
            return None;
        }
        values.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(b.0)));
        values.truncate(VALUES_LISTED);
        let slices = values.iter().map(|(value, places)| SliceScore {
            interval: scores.interval(places),
            ..scores.score(vec![condition(field, value)], places)
        });
        Some(FieldSlices { field: field.to_owned(), slices: slices.collect() })
    };
    let mut found: Vec<FieldSlices> = scores.places().into_iter().filter_map(of_field).collect();
    let tested: Vec<f64> = found.iter().flat_map(|field| &field.slices).filter_map(|slice| slice.p_value).collect();
    let mut adjusted = benjamini_hochberg(&tested).into_iter();
    for slice in found.iter_mut().flat_map(|field| &mut field.slices).filter(|slice| slice.p_value.is_some()) {
        slice.adjusted_p_value = adjusted.next();
        if slice.adjusted_p_value.is_none_or(|p| p > FALSE_DISCOVERY_RATE) {
            slice.verdict = Verdict::NoEvidence;
        }
    }
    found
}

#[cfg(test)]
mod tests;
