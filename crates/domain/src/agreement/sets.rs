//! Agreement on sets of labels: Krippendorff's α with a distance of sets, by Jaccard or by MASI (Passonneau 2006,
//! "Measuring Agreement on Set-Valued Items (MASI) for Semantic and Pragmatic Annotation").

use super::corrected;
use std::collections::BTreeMap;

/// How far two sets are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SetDistance {
    /// 1 − |A ∩ B| / |A ∪ B|.
    Jaccard,
    /// 1 − m · |A ∩ B| / |A ∪ B|: m is 1 for the same set, ⅔ where the one holds the other, ⅓ where they meet, else 0.
    #[default]
    Masi,
}

impl SetDistance {
    /// Of two sets, as sorted values each of which is there once: 0 to 1. Two empty sets are the same.
    #[must_use]
    pub fn of(self, a: &[u32], b: &[u32]) -> f64 {
        let common = a.iter().filter(|x| b.binary_search(x).is_ok()).count();
        let all = a.len() + b.len() - common;
        if all == 0 {
            return 0.0;
        }
        let jaccard = common as f64 / all as f64;
        let monotonicity = match self {
            Self::Jaccard => 1.0,
            Self::Masi if common == all => 1.0,
            Self::Masi if common == a.len() || common == b.len() => 2.0 / 3.0,
            Self::Masi if common > 0 => 1.0 / 3.0,
            Self::Masi => 0.0,
        };
        1.0 - monotonicity * jaccard
    }
}

/// Sets that people gave items, made ready to be measured again and again.
#[derive(Clone, Debug)]
pub struct SetRatings {
    /// Of each item, the places of its sets among those that occur.
    items: Vec<Vec<usize>>,
    distances: Vec<f64>,
    kinds: usize,
}

impl SetRatings {
    /// Of each item the sets that it was given, sorted; who gave them does not matter to α.
    #[must_use]
    pub fn new(items: &[Vec<Vec<u32>>], distance: SetDistance) -> Self {
        let mut places: BTreeMap<&[u32], usize> = BTreeMap::new();
        let mut sets: Vec<&[u32]> = Vec::new();
        let mut rows = Vec::with_capacity(items.len());
        for given in items {
            let row = given.iter().map(|set| {
                *places.entry(set.as_slice()).or_insert_with(|| {
                    sets.push(set);
                    sets.len() - 1
                })
            });
            rows.push(row.collect());
        }
        let kinds = sets.len();
        let distances = sets.iter().flat_map(|a| sets.iter().map(|b| distance.of(a, b)).collect::<Vec<_>>()).collect();
        Self { items: rows, distances, kinds }
    }

    /// How many different sets occur.
    #[must_use]
    pub fn kinds(&self) -> usize {
        self.kinds
    }

    /// α of these items, as often as each is named. `None` where none has two sets, and where all are the same.
    #[must_use]
    pub fn alpha(&self, items: &[usize]) -> Option<f64> {
        let mut totals = vec![0.0; self.kinds];
        let (mut observed, mut all) = (0.0, 0.0);
        for item in items {
            let row = &self.items[*item];
            if row.len() < 2 {
                continue;
            }
            let mut apart = 0.0;
            for (at, a) in row.iter().enumerate() {
                totals[*a] += 1.0;
                apart += row[..at].iter().map(|b| self.distances[a * self.kinds + b]).sum::<f64>();
            }
            observed += 2.0 * apart / (row.len() as f64 - 1.0);
            all += row.len() as f64;
        }
        let occurring: Vec<usize> = (0..self.kinds).filter(|k| totals[*k] > 0.0).collect();
        let mut expected = 0.0;
        for a in &occurring {
            for b in &occurring {
                expected += totals[*a] * totals[*b] * self.distances[a * self.kinds + b];
            }
        }
        corrected(observed * (all - 1.0), expected)
    }
}
