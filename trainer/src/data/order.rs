//! The order in which a run sees its samples: every epoch once through, shuffled by the seed.
//!
//! The order is a function of seed and position alone. A resumed run only needs its step.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// An endless stream over samples 0..len.
#[derive(Clone, Debug)]
pub struct Order {
    len: usize,
    seed: u64,
    epoch: Option<(u64, Vec<usize>)>,
}

impl Order {
    /// A stream over `len` (at least 1) samples.
    #[must_use]
    pub fn new(len: usize, seed: u64) -> Self {
        Self { len: len.max(1), seed, epoch: None }
    }

    /// Samples at stream positions `step · count ..`, `count` of them.
    pub fn window(&mut self, step: u32, count: usize) -> Vec<usize> {
        let first = u64::from(step) * count as u64;
        (first..first + count as u64).map(|position| self.at(position)).collect()
    }

    fn at(&mut self, position: u64) -> usize {
        let (epoch, place) = (position / self.len as u64, (position % self.len as u64) as usize);
        if self.epoch.as_ref().is_none_or(|(have, _)| *have != epoch) {
            let mut order: Vec<usize> = (0..self.len).collect();
            order.shuffle(&mut stream(self.seed, epoch));
            self.epoch = Some((epoch, order));
        }
        self.epoch.as_ref().map_or(0, |(_, order)| order[place])
    }
}

/// An independent generator for each number of a purpose.
fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

/// The seed of one micro-batch's dropout masks.
#[must_use]
pub fn dropout_seed(seed: u64, step: u32, micro_batch: usize) -> u64 {
    // Far from the streams of epochs.
    stream(seed, (1 << 63) | u64::from(step) << 16 | micro_batch as u64).random()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_sees_every_sample_once() {
        let mut order = Order::new(10, 3);
        let epochs: Vec<Vec<usize>> = (0..2).map(|e| order.window(e, 10)).collect();
        for epoch in &epochs {
            let mut sorted = epoch.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        }
        assert_ne!(epochs[0], epochs[1]);
    }

    #[test]
    fn a_step_needs_no_history() {
        let mut walked = Order::new(7, 5);
        let windows: Vec<_> = (0..9).map(|s| walked.window(s, 4)).collect();
        assert_eq!(Order::new(7, 5).window(8, 4), windows[8]);
    }
}
