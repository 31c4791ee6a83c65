//! The join of sets by Jaccard similarity.

use std::collections::HashMap;

/// Sets whose elements are numbered by how rare they are, rarest first.
pub struct Sets {
    sets: Vec<Vec<u32>>,
}

impl Sets {
    /// Takes sets of hashes, each sorted and without repeats. Elements in more than `common` of the sets say nothing (they
    /// are an instruction before every text, say) and are left out, where that leaves anything.
    #[must_use]
    pub fn new(mut sets: Vec<Vec<u32>>, common: usize) -> Self {
        let mut counts: HashMap<u32, u32> = HashMap::new();
        for element in sets.iter().flatten() {
            *counts.entry(*element).or_default() += 1;
        }
        let mut order: Vec<(u32, u32)> = counts.into_iter().map(|(element, n)| (n, element)).collect();
        order.sort_unstable();
        let known = order.partition_point(|(n, _)| *n as usize <= common) as u32;
        let rank: HashMap<u32, u32> =
            order.into_iter().enumerate().map(|(i, (_, element))| (element, i as u32)).collect();
        for set in &mut sets {
            for element in set.iter_mut() {
                *element = rank.get(element).copied().unwrap_or(u32::MAX);
            }
            set.sort_unstable();
            let kept = set.partition_point(|rank| *rank < known);
            if kept > 0 {
                set.truncate(kept);
            }
            set.shrink_to_fit();
        }
        Self { sets }
    }

    /// |A ∩ B| / |A ∪ B|; 0 when both are empty.
    #[must_use]
    pub fn similarity(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (&self.sets[a], &self.sets[b]);
        let (mut i, mut j, mut common) = (0, 0, 0usize);
        while i < a.len() && j < b.len() {
            match a[i].cmp(&b[j]) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => (i, j, common) = (i + 1, j + 1, common + 1),
            }
        }
        let all = a.len() + b.len() - common;
        if all == 0 { 0.0 } else { common as f64 / all as f64 }
    }

    /// Two sets that are at least `threshold` similar share one of their rarest |A| − ⌈threshold · |A|⌉ + 1 elements.
    fn prefix(&self, set: usize, threshold: f64) -> &[u32] {
        let set = &self.sets[set];
        // A hair less, so that rounding cannot make the needed overlap larger than it is.
        let needed = (threshold * set.len() as f64 - 1e-9).ceil().max(1.0) as usize;
        &set[..(set.len() + 1).saturating_sub(needed)]
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }
}

/// Sets that others can be looked for among.
pub struct Join<'a> {
    sets: &'a Sets,
    threshold: f64,
    /// Element → sets that have it in their prefix.
    index: HashMap<u32, Vec<u32>>,
    /// Sets equal to an earlier one → that one. Only one of them is in `index`, or many copies would cost their square.
    same: HashMap<&'a [u32], u32>,
}

impl<'a> Join<'a> {
    #[must_use]
    pub fn new(sets: &'a Sets, threshold: f64) -> Self {
        Self { sets, threshold, index: HashMap::new(), same: HashMap::new() }
    }

    /// Adds a set; the earlier one that it is equal to, if there is one, and then it is not added.
    pub fn add(&mut self, set: usize) -> Option<usize> {
        let elements = self.sets.sets[set].as_slice();
        if elements.is_empty() {
            return None;
        }
        if let Some(first) = self.same.get(elements) {
            return Some(*first as usize);
        }
        self.same.insert(elements, set as u32);
        for element in self.sets.prefix(set, self.threshold) {
            self.index.entry(*element).or_default().push(set as u32);
        }
        None
    }

    /// All added sets similar to this one with their similarity, in no certain order, itself left out.
    #[must_use]
    pub fn similar(&self, set: usize) -> Vec<(usize, f64)> {
        let size = self.sets.sets[set].len() as f64;
        let fits = |other: &u32| {
            let other = self.sets.sets[*other as usize].len() as f64;
            other >= self.threshold * size - 1e-9 && size >= self.threshold * other - 1e-9
        };
        let lists = self.sets.prefix(set, self.threshold).iter().filter_map(|element| self.index.get(element));
        let mut candidates: Vec<u32> =
            lists.flatten().copied().filter(|other| *other as usize != set && fits(other)).collect();
        candidates.sort_unstable();
        candidates.dedup();
        let scored = candidates.into_iter().map(|other| (other as usize, self.sets.similarity(set, other as usize)));
        scored.filter(|(_, similarity)| *similarity >= self.threshold - 1e-9).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_all_have_in_common_says_nothing() {
        let sets = vec![vec![1, 2, 3, 10, 11], vec![1, 2, 3, 20, 21], vec![1, 2, 3, 30, 31]];
        assert!(Sets::new(sets.clone(), 9).similarity(0, 1) > 0.4);
        assert_eq!(Sets::new(sets, 2).similarity(0, 1), 0.0);
        let only_common = Sets::new(vec![vec![1], vec![1], vec![1]], 2);
        assert_eq!(only_common.similarity(0, 2), 1.0, "where nothing else is left it counts");
    }

    proptest! {
        /// Compared with looking at every pair.
        #[test]
        fn the_join_finds_every_pair_and_no_other(
            sets in prop::collection::vec(prop::collection::btree_set(0u32..12, 0..8), 1..20),
            threshold in 0.3f64..=1.0,
        ) {
            let sets = Sets::new(sets.into_iter().map(|s| s.into_iter().collect()).collect(), usize::MAX);
            let mut join = Join::new(&sets, threshold);
            for set in 0..sets.len() {
                let mut found: Vec<usize> = join.similar(set).into_iter().map(|(other, _)| other).collect();
                let equal = join.add(set);
                found.sort_unstable();
                let earlier = (0..set).filter(|o| sets.similarity(set, *o) >= threshold - 1e-9);
                // Of equal sets only the first is found.
                let mut wanted: Vec<usize> = earlier.filter(|o| (0..*o).all(|p| sets.sets[p] != sets.sets[*o])).collect();
                wanted.sort_unstable();
                prop_assert_eq!(&found, &wanted);
                if let Some(first) = equal {
                    prop_assert!(sets.sets[first] == sets.sets[set] && first < set);
                }
            }
        }
    }
}
