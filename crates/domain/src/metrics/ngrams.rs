//! Counts of n-grams, and what two texts have in common of them.

use std::{collections::HashMap, hash::Hash};

/// How often each stretch of `order` tokens occurs.
pub(crate) fn counts<T: Eq + Hash>(tokens: &[T], order: usize) -> HashMap<&[T], usize> {
    let mut counts = HashMap::new();
    for gram in tokens.windows(order) {
        *counts.entry(gram).or_insert(0) += 1;
    }
    counts
}

/// How many n-grams both have, each as often as the one that has it less often.
pub(crate) fn matches<T: Eq + Hash>(a: &HashMap<&[T], usize>, b: &HashMap<&[T], usize>) -> usize {
    a.iter().map(|(gram, n)| (*n).min(b.get(gram).copied().unwrap_or(0))).sum()
}

/// Length of the longest common subsequence, in O(|a|·|b|) time and O(|b|) memory.
pub(crate) fn longest_common_subsequence<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row = vec![0usize; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
            diagonal = above;
        }
    }
    row[b.len()]
}

/// Precision, recall and F1 of a text against its reference, in [0, 1]; a quotient 0/0 counts as 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overlap {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

impl Overlap {
    /// Of `hits` in common, among `predicted` of the text and `expected` of the reference.
    #[must_use]
    pub fn of(hits: f64, predicted: f64, expected: f64) -> Self {
        let share = |whole: f64| if whole > 0.0 { hits / whole } else { 0.0 };
        Self::from_shares(share(predicted), share(expected))
    }

    /// With F1 as their harmonic mean.
    #[must_use]
    pub fn from_shares(precision: f64, recall: f64) -> Self {
        let sum = precision + recall;
        Self { precision, recall, f1: if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 } }
    }

    /// The first of those with the greatest F1; nothing of none. It is how several references are taken.
    #[must_use]
    pub fn best(of: impl IntoIterator<Item = Self>) -> Self {
        let first_or_better =
            |best: Option<Self>, next: Self| Some(best.filter(|best| best.f1 >= next.f1).unwrap_or(next));
        of.into_iter().fold(None, first_or_better).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_are_counted_and_clipped() {
        let (a, b) = (["a", "b", "a", "b"], ["a", "b", "c"]);
        assert_eq!(counts(&a, 2)[["a", "b"].as_slice()], 2);
        assert_eq!(matches(&counts(&a, 1), &counts(&b, 1)), 2);
        assert!(counts(&b, 4).is_empty());
        assert_eq!(longest_common_subsequence(&a, &b), 2);
    }

    #[test]
    fn the_best_of_several_references_counts() {
        let (low, high) = (Overlap::of(1.0, 2.0, 4.0), Overlap::of(2.0, 2.0, 4.0));
        assert_eq!(Overlap::best([low, high, low]), high);
        assert_eq!(Overlap::best([]), Overlap::default());
        assert_eq!(Overlap::of(0.0, 0.0, 0.0), Overlap::default());
    }
}
