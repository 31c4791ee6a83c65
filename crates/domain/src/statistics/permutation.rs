//! The paired permutation test: were two models alike, each difference could as well have the other sign (Fisher 1935; for
//! text Yeh, More accurate tests for the statistical significance of result differences, 2000).

use super::bootstrap::SplitMix64;

/// Up to so many differences that are not 0, all 2ⁿ signs are tried.
const EXACT_UP_TO: usize = 16;

/// Two-sided p value of the mean of `differences` (first minus second model, sample by sample) being 0: the share of signs
/// that give a mean at least as far from 0. With more differences than can all be tried it is estimated from `draws`, as
/// (hits + 1) / (draws + 1). `None` without differences, when one is not finite, or without draws where they are needed.
#[must_use]
pub fn sign_flip_p_value(differences: &[f64], draws: u32, seed: u64) -> Option<f64> {
    if differences.is_empty() || differences.iter().any(|d| !d.is_finite()) {
        return None;
    }
    let moving: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let observed: f64 = moving.iter().sum::<f64>().abs();
    // Sums of the same numbers in another order may differ in their last digits.
    let enough = observed - 1e-12 * moving.iter().map(|d| d.abs()).sum::<f64>();
    let hits = |sum: f64| sum.abs() >= enough;
    if moving.len() <= EXACT_UP_TO {
        let patterns = 1u32 << moving.len();
        let count = (0..patterns).filter(|pattern| hits(signed_sum(&moving, |i| (pattern >> i) & 1 == 1))).count();
        return Some(count as f64 / f64::from(patterns));
    }
    let mut random = SplitMix64::new(seed);
    let count = (0..draws).filter(|_| hits(signed_sum(&moving, |_| random.below(2) == 1))).count();
    (draws > 0).then_some((count as f64 + 1.0) / (f64::from(draws) + 1.0))
}

fn signed_sum(values: &[f64], mut is_flipped: impl FnMut(usize) -> bool) -> f64 {
    values.iter().enumerate().map(|(i, value)| if is_flipped(i) { -value } else { *value }).sum()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::statistics::mcnemar::Discordant;

    /// Darwin's pairs of maize (eighths of an inch): Fisher, The Design of Experiments, section 21, finds 1726 of 32768 signs
    /// with a sum at least as far from 0.
    #[test]
    fn darwins_maize() {
        let differences = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48].map(f64::from);
        let exact = sign_flip_p_value(&differences, 0, 0).unwrap();
        assert!((exact - 1726.0 / 32768.0).abs() < 1e-12, "{}", exact * 32768.0);
    }

    /// Where every difference is 1 or −1, flipping signs is McNemar's exact test.
    #[test]
    fn of_right_or_wrong_it_is_mcnemars_test() {
        for (a, b) in (0..8u64).flat_map(|a| (0..8u64).map(move |b| (a, b))).filter(|(a, b)| a + b > 0) {
            let ones = |n: u64, value: f64| std::iter::repeat_n(value, n as usize);
            let differences: Vec<f64> = ones(a, 1.0).chain(ones(b, -1.0)).collect();
            let exact = Discordant { only_first_right: a, only_second_right: b }.exact_p_value();
            assert!((sign_flip_p_value(&differences, 0, 0).unwrap() - exact).abs() < 1e-12, "{a} {b}");
        }
    }

    #[test]
    fn many_differences_are_drawn() {
        let differences: Vec<f64> = (0..100).map(|i| f64::from(i % 10) - 4.0).collect();
        let p = sign_flip_p_value(&differences, 2000, 5).unwrap();
        assert!(p > 0.02 && p < 0.25, "{p}: about 0.09 by the normal distribution");
        assert_eq!(sign_flip_p_value(&differences, 2000, 5), Some(p), "the same seed draws the same");
        assert_eq!(sign_flip_p_value(&[1.0; 40], 999, 1), Some(0.001));
        assert_eq!(sign_flip_p_value(&differences, 0, 5), None);
    }

    #[test]
    fn no_difference_is_no_evidence() {
        assert_eq!(sign_flip_p_value(&[0.0, 0.0], 10, 1), Some(1.0));
        assert_eq!((sign_flip_p_value(&[], 10, 1), sign_flip_p_value(&[f64::NAN], 10, 1)), (None, None));
        assert_eq!(sign_flip_p_value(&[0.1, 0.2, 0.3], 0, 1), Some(0.25));
    }
}
