//! Blockwise 8-bit numbers (Dettmers et al. 2021, arXiv:2110.02861): each block of 256 numbers is divided
//! by its largest magnitude and every quotient becomes the nearest of 256 fixed values.
//!
//! The values are the paper's dynamic tree: for each exponent i from −6 to 0, evenly spaced means between
//! 10^(i−1) and 10^i, the more of them the larger the exponent; so small numbers keep their relative precision.
//! Same values as bitsandbytes' `create_dynamic_map`.

use std::sync::LazyLock;

/// Numbers that share a scale.
pub(super) const BLOCK: usize = 256;

static SIGNED: LazyLock<Codebook> = LazyLock::new(|| Codebook::new(true));
static UNSIGNED: LazyLock<Codebook> = LazyLock::new(|| Codebook::new(false));

/// The 256 values that a byte stands for, ascending, between −1 (or 0) and 1.
#[derive(Debug)]
pub(super) struct Codebook {
    values: [f32; 256],
}

impl Codebook {
    /// For numbers of both signs.
    pub(super) fn signed() -> &'static Self {
        &SIGNED
    }

    /// For numbers that are never negative.
    pub(super) fn unsigned() -> &'static Self {
        &UNSIGNED
    }

    fn new(signed: bool) -> Self {
        let mut all = vec![0.0, 1.0];
        for exponent in 0..7 {
            let count = 1 << (exponent + u32::from(!signed));
            let scale = 10f64.powi(exponent as i32 - 6);
            for i in 0..count {
                let mean = 0.1 + 0.9 * (f64::from(i) + 0.5) / f64::from(count);
                all.push(scale * mean);
                if signed {
                    all.push(-scale * mean);
                }
            }
        }
        all.sort_by(f64::total_cmp);
        let mut values = [0f32; 256];
        for (to, from) in values.iter_mut().zip(all) {
            *to = from as f32;
        }
        Self { values }
    }

    /// The byte of zero.
    pub(super) fn zero(&self) -> u8 {
        self.nearest(0.0)
    }

    /// The number that `code` stands for in a block of this scale.
    #[inline]
    pub(super) fn value(&self, code: u8, scale: f32) -> f32 {
        self.values[code as usize] * scale
    }

    /// Turns the numbers of a block into bytes; returns their scale.
    pub(super) fn quantize(&self, numbers: &[f32], codes: &mut [u8]) -> f32 {
        let scale = numbers.iter().fold(0f32, |largest, x| largest.max(x.abs()));
        let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        for (code, number) in codes.iter_mut().zip(numbers) {
            *code = self.nearest(number * inverse);
        }
        scale
    }

    fn nearest(&self, x: f32) -> u8 {
        let above = self.values.partition_point(|v| *v < x).min(255);
        let below = above.saturating_sub(1);
        (if x - self.values[below] < self.values[above] - x { below } else { above }) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_values_are_those_of_bitsandbytes() {
        let (signed, unsigned) = (&Codebook::signed().values, &Codebook::unsigned().values);
        assert!(signed.is_sorted_by(|a, b| a < b) && unsigned.is_sorted_by(|a, b| a < b), "256 different values");
        assert_eq!((signed[127], signed[255], unsigned[0], unsigned[255]), (0.0, 1.0, 0.0, 1.0));
        let inner = [signed[0], signed[128], unsigned[1], unsigned[2], unsigned[254]].map(f64::from);
        for (have, want) in inner.into_iter().zip([-0.992_968_75, 5.5e-7, 3.25e-7, 7.75e-7, 0.996_484_375]) {
            assert!((have - want).abs() < 1e-7 * want.abs(), "{have} is not {want}");
        }
    }

    proptest! {
        #[test]
        fn a_number_comes_back_nearly(numbers in proptest::collection::vec(-1e3f32..1e3, 1..BLOCK)) {
            let mut codes = vec![0; numbers.len()];
            let scale = Codebook::signed().quantize(&numbers, &mut codes);
            for (number, code) in numbers.iter().zip(&codes) {
                // The widest gaps are 0.9/64 of the scale near 1, and 1.5 of a number of the lowest decades.
                let bound = (0.0071 * scale).min(0.75 * number.abs()).max(1e-6 * scale);
                prop_assert!((Codebook::signed().value(*code, scale) - number).abs() <= bound);
            }
        }
    }
}
