//! Resampling: how sure a mean, or the difference of two models' means, is.
//!
//! Percentile bootstrap (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter
//! 13). Models scored on the same samples are compared pairwise (Koehn, Statistical Significance
//! Tests for Machine Translation Evaluation, 2004).

use crate::dataset::splitmix64;

/// A mean with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub mean: f64,
    /// 2.5 % quantile of the resampled means.
    pub low: f64,
    /// 97.5 % quantile of the resampled means.
    pub high: f64,
    /// Two-sided: how often resampling moves the mean to the other side of 0 (or onto it),
    /// doubled, at most 1; never 0, since `resamples` draws cannot show that.
    pub p_value: f64,
}

/// The mean of `a[i] - b[i]`: positive when `a` scores higher. `a` and `b` are the per-sample
/// scores of two models on the same samples in the same order; of unequal lengths the common
/// part counts. `None` without samples or resamples, or when a score is not finite.
#[must_use]
pub fn paired_difference(a: &[f64], b: &[f64], resamples: u32, seed: u64) -> Option<Interval> {
    let differences: Vec<f64> = a.iter().zip(b).map(|(x, y)| x - y).collect();
    mean_interval(&differences, resamples, seed)
}

/// The mean of `values`. `None` without values or resamples, or when a value is not finite.
#[must_use]
pub fn mean_interval(values: &[f64], resamples: u32, seed: u64) -> Option<Interval> {
    if values.is_empty() || resamples == 0 || values.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let mut random = SplitMix64::new(seed);
    let means: Vec<f64> = (0..resamples).map(|_| resampled_mean(values, &mut random)).collect();
    Some(interval(values.iter().sum::<f64>() / values.len() as f64, means))
}

/// Statistics that are no means over items, such as BLEU or macro F1, with their intervals: `statistics` is given places of
/// items, some several times, and answers `N` numbers, `None` for one that is undefined; such resamples are left out. `mean`
/// is the statistic of all items, each once. `None` when that is undefined, or most resamples are.
#[must_use]
pub fn statistic_intervals<const N: usize>(
    items: usize,
    resamples: u32,
    seed: u64,
    statistics: impl Fn(&[usize]) -> [Option<f64>; N],
) -> [Option<Interval>; N] {
    let values = statistics(&(0..items).collect::<Vec<_>>());
    let mut random = SplitMix64::new(seed);
    let mut drawn: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(resamples as usize));
    let mut places = vec![0; items];
    for _ in 0..resamples {
        places.fill_with(|| random.below(items));
        for (all, found) in drawn.iter_mut().zip(statistics(&places)) {
            all.extend(found.filter(|x| x.is_finite()));
        }
    }
    let mut values = values.into_iter();
    drawn.map(|drawn| {
        let value = values.next().flatten().filter(|x| x.is_finite())?;
        (drawn.len() * 2 > resamples as usize).then(|| interval(value, drawn))
    })
}

fn interval(value: f64, mut drawn: Vec<f64>) -> Interval {
    drawn.sort_by(f64::total_cmp);
    let (below, above) = (drawn.iter().filter(|m| **m <= 0.0).count(), drawn.iter().filter(|m| **m >= 0.0).count());
    let tail = (below.min(above) + 1) as f64 / (drawn.len() as f64 + 1.0);
    Interval {
        mean: value,
        low: quantile(&drawn, 0.025),
        high: quantile(&drawn, 0.975),
        p_value: (2.0 * tail).min(1.0),
    }
}

fn resampled_mean(values: &[f64], random: &mut SplitMix64) -> f64 {
    let sum: f64 = (0..values.len()).map(|_| values[random.below(values.len())]).sum();
    sum / values.len() as f64
}

/// Linear interpolation between order statistics (Hyndman & Fan 1996, type 7).
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let (i, fraction) = (position.floor() as usize, position.fract());
    let next = sorted[(i + 1).min(sorted.len() - 1)];
    sorted[i] + fraction * (next - sorted[i])
}

/// Sequence of SplitMix64 (Steele, Lea & Flood 2014): equal seeds draw equal samples.
pub(crate) struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Uniform in `0..n` up to a bias of `n / 2^64` (Lemire 2019, without rejection).
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let word = splitmix64(self.state);
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ((u128::from(word) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_clear_difference_excludes_zero() {
        let a: Vec<f64> = (0..200).map(|i| f64::from(i % 10 < 8)).collect();
        let b: Vec<f64> = (0..200).map(|i| f64::from(i % 10 < 5)).collect();
        let interval = paired_difference(&a, &b, 2000, 7).unwrap();
        assert!((interval.mean - 0.3).abs() < 1e-12);
        assert!(interval.low > 0.2 && interval.high < 0.4 && interval.p_value < 0.01, "{interval:?}");
    }

    /// The bootstrap's spread of a mean is the plug-in standard error s / sqrt(n).
    #[test]
    fn width_matches_the_normal_interval() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let interval = mean_interval(&values, 4000, 1).unwrap();
        let expected = 2.0 * 1.96 * 0.5 / 20.0;
        assert!(((interval.high - interval.low) / expected - 1.0).abs() < 0.1, "{interval:?}");
    }

    /// A mean drawn as a statistic is the same mean.
    #[test]
    fn any_statistic_has_an_interval() {
        let values = [0.5, 1.0, 0.25, 0.75, 0.1];
        let mean = |places: &[usize]| Some(places.iter().map(|i| values[*i]).sum::<f64>() / places.len() as f64);
        let rare = |places: &[usize]| (places[0] == 0).then_some(1.0);
        let found = statistic_intervals(5, 200, 3, |places| [mean(places), rare(places)]);
        assert_eq!(
            found,
            [mean_interval(&values, 200, 3), None],
            "four fifths of the resamples have none of the second"
        );
        assert_eq!(statistic_intervals(0, 200, 3, |_| [None]), [None]);
    }

    #[test]
    fn nothing_to_resample_gives_nothing() {
        assert_eq!(mean_interval(&[], 100, 1), None);
        assert_eq!(mean_interval(&[1.0], 0, 1), None);
        assert_eq!(mean_interval(&[f64::NAN], 100, 1), None);
    }

    proptest! {
        #[test]
        fn intervals_are_ordered_seeded_and_antisymmetric(
            pairs in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64), 1..40), seed: u64
        ) {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let x = paired_difference(&a, &b, 200, seed).unwrap();
            let y = paired_difference(&b, &a, 200, seed).unwrap();
            prop_assert!(x.low <= x.high && x.p_value > 0.0 && x.p_value <= 1.0);
            prop_assert_eq!(paired_difference(&a, &b, 200, seed), Some(x));
            prop_assert!((x.mean + y.mean).abs() < 1e-12 && (x.low + y.high).abs() < 1e-9);
        }

        #[test]
        fn equal_models_differ_by_nothing(a in prop::collection::vec(0.0..1.0f64, 1..40), seed: u64) {
            let x = paired_difference(&a, &a, 100, seed).unwrap();
            prop_assert_eq!((x.mean, x.low, x.high, x.p_value), (0.0, 0.0, 0.0, 1.0));
        }
    }
}
