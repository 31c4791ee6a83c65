//! Intervals of shares, such as accuracies, and of the difference of two: they stay within bounds and are right for few samples
//! and for shares near 0 and 1, where mean ± 1.96 standard errors is not.

use super::distributions::normal_quantile;

/// The z of a 95 % interval.
#[must_use]
pub fn z_95() -> f64 {
    normal_quantile(0.975)
}

/// A share, or a difference of shares, with its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareInterval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// The score interval of `hits` of `samples` (Wilson, Probable Inference, the Law of Succession, and Statistical Inference,
/// 1927), without continuity correction. `None` without samples, or with more hits than those.
#[must_use]
pub fn wilson(hits: u64, samples: u64, z: f64) -> Option<ShareInterval> {
    if samples == 0 || hits > samples {
        return None;
    }
    let (n, share) = (samples as f64, hits as f64 / samples as f64);
    let shrink = 1.0 + z * z / n;
    let middle = (share + z * z / (2.0 * n)) / shrink;
    let half = z / shrink * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    // At 0 and all, rounding would leave the bound a hair inside.
    let low = if hits == 0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if hits == samples { 1.0 } else { (middle + half).min(1.0) };
    Some(ShareInterval { value: share, low, high })
}

/// The difference of the shares of two independent groups, each (hits, samples): method 10 of Newcombe (Interval estimation
/// for the difference between independent proportions, Statistics in Medicine 17, 1998). `None` as for [`wilson`].
#[must_use]
pub fn newcombe(first: (u64, u64), second: (u64, u64), z: f64) -> Option<ShareInterval> {
    let (a, b) = (wilson(first.0, first.1, z)?, wilson(second.0, second.1, z)?);
    Some(square_and_add(a, b, 0.0))
}

/// What two models made of the same samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairedOutcomes {
    pub both_right: u64,
    pub only_first_right: u64,
    pub only_second_right: u64,
    pub both_wrong: u64,
}

/// The first share minus the second, of the same samples: method 10 of Newcombe (Improved confidence intervals for the
/// difference between binomial proportions based on paired data, Statistics in Medicine 17, 1998), which takes into account
/// how alike the outcomes are. `None` without samples.
#[must_use]
pub fn newcombe_paired(outcomes: PairedOutcomes, z: f64) -> Option<ShareInterval> {
    let PairedOutcomes { both_right, only_first_right, only_second_right, both_wrong } = outcomes;
    let samples = both_right + only_first_right + only_second_right + both_wrong;
    let first = wilson(both_right + only_first_right, samples, z)?;
    let second = wilson(both_right + only_second_right, samples, z)?;
    Some(square_and_add(first, second, correlation(outcomes)))
}

/// Newcombe's φ: the correlation of both outcomes, drawn towards 0 when it is positive; 0 when a side knows one outcome alone.
fn correlation(outcomes: PairedOutcomes) -> f64 {
    let [a, b, c, d] =
        [outcomes.both_right, outcomes.only_first_right, outcomes.only_second_right, outcomes.both_wrong]
            .map(|n| n as f64);
    let margins = (a + b) * (c + d) * (a + c) * (b + d);
    if margins == 0.0 {
        return 0.0;
    }
    let product = a * d - b * c;
    let corrected = if product > 0.0 { (product - (a + b + c + d) / 2.0).max(0.0) } else { product };
    corrected / margins.sqrt()
}

fn square_and_add(a: ShareInterval, b: ShareInterval, correlation: f64) -> ShareInterval {
    let add = |x: f64, y: f64| (x * x - 2.0 * correlation * x * y + y * y).max(0.0).sqrt();
    let value = a.value - b.value;
    ShareInterval {
        value,
        low: (value - add(a.value - a.low, b.high - b.value)).max(-1.0),
        high: (value + add(a.high - a.value, b.value - b.low)).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn near(interval: Option<ShareInterval>, low: f64, high: f64) {
        let found = interval.unwrap();
        assert!((found.low - low).abs() < 6e-5 && (found.high - high).abs() < 6e-5, "{found:?}");
    }

    /// Newcombe 1998, Two-sided confidence intervals for the single proportion, table I.
    #[test]
    fn wilson_as_published() {
        near(wilson(81, 263, z_95()), 0.2553, 0.3662);
        near(wilson(15, 148, z_95()), 0.0624, 0.1605);
        near(wilson(0, 20, z_95()), 0.0, 0.1611);
        near(wilson(1, 29, z_95()), 0.0061, 0.1718);
        assert_eq!((wilson(0, 0, 1.96), wilson(2, 1, 1.96)), (None, None));
    }

    /// Newcombe 1998, table II: 56 of 70 against 48 of 80.
    #[test]
    fn newcombe_as_published() {
        near(newcombe((56, 70), (48, 80), z_95()), 0.0524, 0.3339);
        near(newcombe((9, 10), (3, 10), z_95()), 0.1705, 0.8090);
        assert_eq!(newcombe((0, 0), (1, 2), z_95()), None);
    }

    /// Airway reactivity before and after a transplantation: −0.286 (−0.507 to −0.026) in Fagerland, Lydersen & Laake,
    /// Statistical Analysis of Contingency Tables, 2017.
    #[test]
    fn paired_as_published() {
        let airways = PairedOutcomes { both_right: 1, only_first_right: 1, only_second_right: 7, both_wrong: 12 };
        let found = newcombe_paired(airways, z_95()).unwrap();
        assert!((found.low + 0.507).abs() < 6e-4 && (found.high + 0.026).abs() < 6e-4, "{found:?}");
        let same = PairedOutcomes { both_right: 10, both_wrong: 10, ..PairedOutcomes::default() };
        let (paired, apart) = (newcombe_paired(same, z_95()).unwrap(), newcombe((10, 20), (10, 20), z_95()).unwrap());
        assert!(paired.high - paired.low < apart.high - apart.low, "what is alike differs more surely");
        assert_eq!(newcombe_paired(PairedOutcomes::default(), z_95()), None);
    }
}
