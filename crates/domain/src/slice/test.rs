//! Whether a part of the samples differs from the rest by more than chance.
//!
//! Right or wrong: two independent shares, by the pooled z test, or where some expected count is below 5 (Cochran, Some Methods
//! for Strengthening the Common χ² Tests, 1954) by Fisher's exact test. Other scores: the permutation test of the difference of
//! means (Pitman, Significance Tests Which May be Applied to Samples from Any Populations, 1937), with the normal distribution
//! for larger parts, drawn for smaller ones.

use super::Scores;
use crate::statistics::{
    bootstrap::SplitMix64,
    distributions::{normal_quantile, normal_two_sided},
    proportions,
};
use std::borrow::Cow;

/// Parts, or rests, below this are permuted; above, the sum of a random part is close to normal.
const NORMAL_FROM: usize = 30;
/// Permutations drawn.
const DRAWS: u32 = 9999;

pub(super) struct Tested {
    pub(super) interval: Option<(f64, f64)>,
    pub(super) p_value: f64,
}

/// `sum` is that of the scores at `places`; neither they nor the rest is empty.
pub(super) fn against_rest(scores: &Scores<'_>, places: &[u32], sum: f64) -> Tested {
    let (n, all) = (places.len(), scores.of.len());
    if scores.are_shares {
        let (first, second) = ((sum as u64, n as u64), ((scores.sum - sum) as u64, (all - n) as u64));
        let interval = proportions::newcombe(first, second, proportions::z_95());
        return Tested {
            interval: interval.map(|i| (i.low, i.high)),
            p_value: two_shares(first, second, || Cow::Borrowed(scores.ln_factorial.as_slice())),
        };
    }
    Tested { interval: welch(scores, places, sum), p_value: permutation(scores, n, sum) }
}

/// Two-sided p value of (hits, samples) twice having the same chance of a hit. 1 where one has no samples.
#[must_use]
pub fn two_shares_p_value(first: (u64, u64), second: (u64, u64)) -> f64 {
    two_shares(first, second, || Cow::Owned(ln_factorials((first.1 + second.1) as usize)))
}

/// `ln_factorial` is asked for [`ln_factorials`] of all samples where they are needed.
fn two_shares<'a>(first: (u64, u64), second: (u64, u64), ln_factorial: impl FnOnce() -> Cow<'a, [f64]>) -> f64 {
    let (hits, all) = (first.0 + second.0, first.1 + second.1);
    if first.1 == 0 || second.1 == 0 || hits == 0 || hits == all {
        return 1.0;
    }
    let expected = |samples: u64, of: u64| samples as f64 * of as f64 / all as f64;
    let least = expected(first.1.min(second.1), hits.min(all - hits));
    if least < 5.0 {
        return fisher(first, second, &ln_factorial());
    }
    let pooled = hits as f64 / all as f64;
    let error = (pooled * (1.0 - pooled) * (1.0 / first.1 as f64 + 1.0 / second.1 as f64)).sqrt();
    normal_two_sided((first.0 as f64 / first.1 as f64 - second.0 as f64 / second.1 as f64) / error)
}

/// ln n! of 0 up to `most`.
pub(super) fn ln_factorials(most: usize) -> Vec<f64> {
    let mut found = vec![0.0; most + 1];
    for n in 1..found.len() {
        found[n] = found[n - 1] + (n as f64).ln();
    }
    found
}

/// Fisher's exact test: the probability, with all margins fixed, of tables that are no more likely than this one.
fn fisher(first: (u64, u64), second: (u64, u64), ln_factorial: &[f64]) -> f64 {
    let (hits, all) = (first.0 + second.0, first.1 + second.1);
    let ln_choose =
        |n: u64, k: u64| ln_factorial[n as usize] - ln_factorial[k as usize] - ln_factorial[(n - k) as usize];
    let ln_p = |k: u64| ln_choose(first.1, k) + ln_choose(second.1, hits - k) - ln_choose(all, hits);
    let (low, high) = (hits.saturating_sub(second.1), hits.min(first.1));
    // Equally likely tables may differ in their last digits.
    let observed = ln_p(first.0) + 1e-9;
    (low..=high).map(ln_p).filter(|p| *p <= observed).map(f64::exp).sum::<f64>().min(1.0)
}

/// The sum of n of N numbers that are drawn without replacement has variance n·(N − n)/(N·(N − 1))·Σ(x − mean)².
fn permutation(scores: &Scores<'_>, n: usize, sum: f64) -> f64 {
    let (all, size) = (scores.of.len(), n as f64);
    let away = sum - size * scores.sum / all as f64;
    if scores.spread <= f64::EPSILON {
        return 1.0;
    }
    if n.min(all - n) >= NORMAL_FROM {
        let variance = size * (all - n) as f64 / (all as f64 * (all as f64 - 1.0)) * scores.spread;
        return normal_two_sided(away / variance.sqrt());
    }
    let drawn = n.min(all - n);
    let (mut order, mut random) = (scores.of.clone(), SplitMix64::new(all as u64));
    let mean = drawn as f64 * scores.sum / all as f64;
    // The smaller side is drawn: the other one is as far away on the other side.
    let enough = away.abs() - 1e-12 * scores.spread.sqrt();
    let hits = (0..DRAWS).filter(|_| {
        for i in 0..drawn {
            let other = i + random.below(all - i);
            order.swap(i, other);
        }
        (order[..drawn].iter().sum::<f64>() - mean).abs() >= enough
    });
    (hits.count() as f64 + 1.0) / (f64::from(DRAWS) + 1.0)
}

/// 95 % interval of the difference of two means with variances of their own; `None` below two samples on a side.
fn welch(scores: &Scores<'_>, places: &[u32], sum: f64) -> Option<(f64, f64)> {
    let (n, all) = (places.len(), scores.of.len());
    if n < 2 || all - n < 2 {
        return None;
    }
    let (mean, rest) = (sum / n as f64, (scores.sum - sum) / (all - n) as f64);
    let inside: f64 = places.iter().map(|place| (scores.of[*place as usize] - mean).powi(2)).sum();
    let overall = scores.sum / all as f64;
    let between = n as f64 * (mean - overall).powi(2) + (all - n) as f64 * (rest - overall).powi(2);
    let outside = (scores.spread - inside - between).max(0.0);
    let variance = |sum: f64, n: usize| sum / (n as f64 - 1.0) / n as f64;
    let reach = normal_quantile(0.975) * (variance(inside, n) + variance(outside, all - n)).sqrt();
    Some((mean - rest - reach, mean - rest + reach))
}
