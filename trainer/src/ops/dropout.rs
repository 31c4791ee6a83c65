//! Dropout masks from a counter instead of a stored tensor (Srivastava et al. 2014).
//!
//! Element i is kept when `hash(seed, i)` is large enough, so forward and backward recompute
//! the same mask from the seed alone and a resumed run draws the same masks.

use super::vector::simd;
use rayon::prelude::*;

const CHUNK: usize = 8192;

/// Inverted dropout: a kept element is multiplied by 1 / (1 − p), others by 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Probability of dropping an element, in [0, 1).
    pub probability: f64,
    /// Names this mask; another seed gives an independent mask.
    pub seed: u64,
}

impl Dropout {
    /// The same probability with a seed derived from this one and `stream`.
    #[must_use]
    pub fn derive(self, stream: u64) -> Self {
        Self { seed: mix64(self.seed ^ mix64(stream.wrapping_add(0x9e37_79b9_7f4a_7c15))), ..self }
    }

    /// mask ∘ x.
    pub(super) fn masked(&self, x: &[f32]) -> Vec<f32> {
        let mut y = x.to_vec();
        self.apply(&mut y);
        y
    }

    /// x ← mask ∘ x.
    pub(super) fn apply(&self, x: &mut [f32]) {
        let keep = 1.0 - self.probability;
        let scale = (1.0 / keep) as f32;
        let threshold = (keep * f64::from(1u32 << 24)) as u32;
        let (low, high) = (self.seed as u32, (self.seed >> 32) as u32);
        x.par_chunks_mut(CHUNK).enumerate().for_each(|(c, x)| {
            simd(|| {
                let start = (c * CHUNK) as u32;
                for (i, x) in x.iter_mut().enumerate() {
                    let h = mix32((start.wrapping_add(i as u32) ^ low).wrapping_mul(0x9e37_79b9) ^ high);
                    *x = if (h >> 8) < threshold { *x * scale } else { 0.0 };
                }
            });
        });
    }
}

/// The finaliser of MurmurHash3 (32 bits).
#[inline(always)]
fn mix32(mut h: u32) -> u32 {
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// The finaliser of SplitMix64.
fn mix64(mut h: u64) -> u64 {
    h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    h ^ (h >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_mean_and_repeats() {
        let dropout = Dropout { probability: 0.25, seed: 7 };
        let y = dropout.masked(&vec![1.0; 100_000]);
        let mean = y.iter().sum::<f32>() / 100_000.0;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        let zeros = y.iter().filter(|v| **v == 0.0).count() as f64 / 1e5;
        assert!((zeros - 0.25).abs() < 0.01, "{zeros}");
        assert_eq!(y, dropout.masked(&vec![1.0; 100_000]));
        assert_ne!(y, dropout.derive(1).masked(&vec![1.0; 100_000]));
    }
}
