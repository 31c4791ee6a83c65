//! Which models are shown side by side when people compare several: few pairs, yet every model is compared with every other
//! along some way, so that all can be ranked.

use crate::statistics::bootstrap::SplitMix64;

/// Pairs of places, each smaller one first. The first `models − 1` of them join all models: however few items there are, the
/// models can be ranked as soon as there is one for each of those. Up to `all_up_to` models meet each other; of more, each
/// meets its neighbours on a drawn ring and those two steps on.
#[must_use]
pub fn pairs(models: usize, all_up_to: usize, seed: u64) -> Vec<(u32, u32)> {
    let mut random = SplitMix64::new(seed);
    let mut ring: Vec<usize> = (0..models).collect();
    for last in (1..ring.len()).rev() {
        ring.swap(last, random.below(last + 1));
    }
    let farthest = if models <= all_up_to { models / 2 } else { 2 };
    let mut found: Vec<(u32, u32)> = Vec::new();
    for step in 1..=farthest.max(1) {
        for at in 0..models {
            let (a, b) = (ring[at] as u32, ring[(at + step) % models] as u32);
            let pair = (a.min(b), a.max(b));
            if a != b && !found.contains(&pair) {
                found.push(pair);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::bradley_terry::{Game, Outcomes, Winner};
    use proptest::prelude::*;

    fn is_connected(models: usize, pairs: &[(u32, u32)]) -> bool {
        let game = |(a, b): &(u32, u32)| Game { first: *a as usize, second: *b as usize, winner: Winner::Tie };
        Outcomes::of(models, &pairs.iter().map(game).collect::<Vec<_>>()).is_connected()
    }

    #[test]
    fn few_models_all_meet() {
        assert_eq!(pairs(2, 5, 1), [(0, 1)]);
        for models in 2..=5 {
            assert_eq!(pairs(models, 5, 3).len(), models * (models - 1) / 2, "{models}");
        }
        assert_eq!(pairs(9, 5, 3).len(), 18, "each meets four others");
        assert_ne!(pairs(9, 5, 3), pairs(9, 5, 4));
    }

    proptest! {
        #[test]
        fn the_first_pairs_join_all(models in 2usize..12, seed: u64) {
            let pairs = pairs(models, 5, seed);
            prop_assert!(is_connected(models, &pairs[..models - 1]), "{pairs:?}");
            prop_assert!(pairs.iter().all(|(a, b)| a < b && (*b as usize) < models));
        }
    }
}
