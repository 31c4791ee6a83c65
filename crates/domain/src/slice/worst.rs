//! The parts on which a model does worst, looked for among all values of one field and of two fields together.

use super::{MIN_SUPPORT, Scores, SliceCondition, SliceScore, condition};
use crate::statistics::{correction::benjamini_hochberg, verdict::Verdict};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Values of one field that are combined with each other: the most frequent ones. Pairs grow with the square.
const COMBINED: usize = 120;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// Fewest samples in a part, and outside of it.
    pub min_support: usize,
    /// Share of false ones among those that are found, on average.
    pub false_discovery_rate: f64,
    pub larger_is_better: bool,
    /// Parts that are told at most.
    pub most: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { min_support: MIN_SUPPORT, false_discovery_rate: 0.05, larger_is_better: true, most: 20 }
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = WorstSlices))]
pub struct Found {
    /// Parts that were held against their rests: what is found is corrected for so many.
    pub tested: u32,
    /// Those that are worse than their rest, surely so after correction (Benjamini and Hochberg, 1995), worst first.
    pub slices: Vec<SliceScore>,
}

/// Looks for them. Of parts with the very same samples the one with fewer conditions counts.
#[must_use]
pub fn worst(cases: &[super::Case], search: &Search) -> Found {
    let scores = Scores::new(cases, search.larger_is_better);
    let mut candidates = Candidates { search, all: cases.len(), seen: HashSet::new(), kept: Vec::new() };
    let places = scores.places();
    let mut singles: Vec<(&str, &str, &Vec<u32>)> = Vec::new();
    for (field, values) in &places {
        for (value, of_value) in values {
            if candidates.take(vec![condition(field, value)], of_value) {
                singles.push((field, value, of_value));
            }
        }
    }
    singles.sort_by(|a, b| b.2.len().cmp(&a.2.len()).then((a.0, a.1).cmp(&(b.0, b.1))));
    singles.truncate(COMBINED);
    for (i, a) in singles.iter().enumerate() {
        for b in singles[..i].iter().filter(|b| b.0 != a.0) {
            let both = common(a.2, b.2);
            if both.len() < a.2.len().min(b.2.len()) {
                candidates.take(vec![condition(b.0, b.1), condition(a.0, a.1)], &both);
            }
        }
    }
    let tested = candidates.kept.iter().map(|(conditions, places)| (scores.score(conditions.clone(), places), places));
    told(&scores, tested.collect(), search)
}

fn told(scores: &Scores<'_>, mut tested: Vec<(SliceScore, &Vec<u32>)>, search: &Search) -> Found {
    let p_values: Vec<f64> = tested.iter().map(|(slice, _)| slice.p_value.unwrap_or(1.0)).collect();
    for ((slice, _), adjusted) in tested.iter_mut().zip(benjamini_hochberg(&p_values)) {
        slice.adjusted_p_value = Some(adjusted);
    }
    let count = tested.len() as u32;
    let towards_worse = |slice: &SliceScore| {
        let difference = slice.difference.unwrap_or(0.0);
        if search.larger_is_better { -difference } else { difference }
    };
    tested.retain(|(slice, _)| {
        slice.adjusted_p_value.is_some_and(|p| p <= search.false_discovery_rate) && towards_worse(slice) > 0.0
    });
    tested.sort_by(|(a, _), (b, _)| towards_worse(b).total_cmp(&towards_worse(a)).then(b.support.cmp(&a.support)));
    tested.truncate(search.most);
    let shown = tested.into_iter().map(|(slice, places)| SliceScore {
        interval: scores.interval(places),
        verdict: Verdict::Worse,
        ..slice
    });
    Found { tested: count, slices: shown.collect() }
}

struct Candidates<'a> {
    search: &'a Search,
    all: usize,
    seen: HashSet<u64>,
    kept: Vec<(Vec<SliceCondition>, Vec<u32>)>,
}

impl Candidates<'_> {
    /// Takes a part with enough samples inside and outside that no other one is the same as.
    fn take(&mut self, conditions: Vec<SliceCondition>, places: &[u32]) -> bool {
        let enough = self.search.min_support.max(1);
        if places.len() < enough || self.all - places.len() < enough {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        places.hash(&mut hasher);
        let is_new = self.seen.insert(hasher.finish());
        if is_new {
            self.kept.push((conditions, places.to_vec()));
        }
        is_new
    }
}

/// What two ascending lists have in common.
fn common(a: &[u32], b: &[u32]) -> Vec<u32> {
    let (mut i, mut j, mut both) = (0, 0, Vec::new());
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        if x == y {
            both.push(*x);
        }
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    both
}
