//! Two systems by statistics of a whole set, such as macro F1 or BLEU, which are no means over samples: approximate
//! randomization for p values (Noreen, Computer-Intensive Methods for Testing Hypotheses, 1989; Riezler & Maxwell, On Some
//! Pitfalls in Automatic Evaluation and Significance Testing for MT, 2005), the paired bootstrap for intervals.

use super::bootstrap::{SplitMix64, quantile};
use super::paired::Draws;

/// How two systems differ in a statistic, new minus old.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CorpusComparison {
    pub new: f64,
    pub old: f64,
    /// 2.5 % and 97.5 % quantiles of the difference over resampled samples, the same ones of both systems.
    pub low: f64,
    pub high: f64,
    /// Two-sided: how often the difference is at least as far from 0 when the systems' answers change places, sample by sample.
    pub p_value: f64,
}

/// Compares two systems on `samples` samples. `statistics` is given places of answers, `samples` of them and some several times,
/// and tells what each statistic is of these: place i < `samples` is the new system's answer to sample i, place `samples` + i the
/// old one's. `moving` are the samples whose answers differ: all others may change places without a trace. Where there are no more
/// patterns than draws, all are tried; else p is (hits + 1) / (draws + 1). `None` where a statistic is undefined of either
/// system, or of most resamples.
#[must_use]
pub fn compare_corpora(
    samples: usize,
    moving: &[usize],
    draws: Draws,
    statistics: impl Fn(&[usize]) -> Vec<Option<f64>>,
) -> Vec<Option<CorpusComparison>> {
    if samples == 0 || draws.count == 0 {
        return Vec::new();
    }
    let (new, old) = ((0..samples).collect::<Vec<_>>(), (samples..2 * samples).collect::<Vec<_>>());
    let (of_new, of_old) = (statistics(&new), statistics(&old));
    let observed = differences(&of_new, &of_old);
    let drawn = resampled(samples, observed.len(), draws, &statistics);
    let p_values = p_values(&observed, (new, old), moving, draws, &statistics);
    let found = drawn.into_iter().zip(p_values).enumerate().map(|(i, (mut drawn, p_value))| {
        observed[i]?;
        if drawn.len() * 2 <= draws.count as usize {
            return None;
        }
        drawn.sort_by(f64::total_cmp);
        let (low, high) = (quantile(&drawn, 0.025), quantile(&drawn, 0.975));
        Some(CorpusComparison { new: of_new[i]?, old: of_old[i]?, low, high, p_value })
    });
    found.collect()
}

fn differences(new: &[Option<f64>], old: &[Option<f64>]) -> Vec<Option<f64>> {
    new.iter().zip(old).map(|(new, old)| Some((*new)? - (*old)?).filter(|d| d.is_finite())).collect()
}

/// The differences of both systems on resampled samples, by statistic.
fn resampled(
    samples: usize,
    count: usize,
    draws: Draws,
    statistics: impl Fn(&[usize]) -> Vec<Option<f64>>,
) -> Vec<Vec<f64>> {
    let mut random = SplitMix64::new(draws.seed);
    let mut drawn: Vec<Vec<f64>> = (0..count).map(|_| Vec::with_capacity(draws.count as usize)).collect();
    let (mut new, mut old) = (vec![0; samples], vec![0; samples]);
    for _ in 0..draws.count {
        for (new, old) in new.iter_mut().zip(&mut old) {
            *new = random.below(samples);
            *old = samples + *new;
        }
        for (drawn, difference) in drawn.iter_mut().zip(differences(&statistics(&new), &statistics(&old))) {
            drawn.extend(difference);
        }
    }
    drawn
}

/// How often the difference is as far from 0 as the observed one. A pattern of which the statistic is undefined counts as one.
fn p_values(
    observed: &[Option<f64>],
    (mut new, mut old): (Vec<usize>, Vec<usize>),
    moving: &[usize],
    draws: Draws,
    statistics: impl Fn(&[usize]) -> Vec<Option<f64>>,
) -> Vec<f64> {
    let samples = new.len();
    // Sums of the same numbers in another order may differ in their last digits.
    let enough: Vec<f64> = observed.iter().map(|d| d.map_or(0.0, |d| d.abs() * (1.0 - 1e-9) - 1e-12)).collect();
    let mut hits = vec![0u32; observed.len()];
    let patterns = u32::try_from(moving.len()).ok().and_then(|n| 1u32.checked_shl(n)).filter(|n| *n <= draws.count);
    let mut random = SplitMix64::new(draws.seed);
    for pattern in 0..patterns.unwrap_or(draws.count) {
        for (i, place) in moving.iter().enumerate() {
            let is_swapped = if patterns.is_some() { (pattern >> i) & 1 == 1 } else { random.below(2) == 1 };
            let (first, second) = (*place, samples + *place);
            (new[*place], old[*place]) = if is_swapped { (second, first) } else { (first, second) };
        }
        for ((hits, d), enough) in hits.iter_mut().zip(differences(&statistics(&new), &statistics(&old))).zip(&enough) {
            *hits += u32::from(d.is_none_or(|d| d.abs() >= *enough));
        }
    }
    let share = |hits: u32| match patterns {
        Some(patterns) => f64::from(hits) / f64::from(patterns),
        None => (f64::from(hits) + 1.0) / (f64::from(draws.count) + 1.0),
    };
    hits.into_iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const DRAWS: Draws = Draws { count: 500, seed: 1 };

    /// Errors by length, added up, as word error rates are: new answers first.
    fn rate(errors: &[f64], lengths: &[f64]) -> impl Fn(&[usize]) -> Vec<Option<f64>> {
        move |places| {
            let sum = |of: &[f64]| places.iter().map(|place| of[*place]).sum::<f64>();
            vec![Some(sum(errors) / sum(lengths))]
        }
    }

    /// Two samples of 2 and 4 words; the new system errs 0 and 1 times, the old one 2 and 3 times: 1/6 − 5/6. Of the four patterns
    /// two (none and both changed) are as far from 0, the others are 3/6 − 3/6 = 0.
    #[test]
    fn a_pattern_at_a_time() {
        let statistic = rate(&[0.0, 1.0, 2.0, 3.0], &[2.0, 4.0, 2.0, 4.0]);
        let found = compare_corpora(2, &[0, 1], DRAWS, statistic)[0].unwrap();
        assert!((found.new - 1.0 / 6.0).abs() < 1e-12 && (found.old - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!(found.p_value, 0.5);
        // Resamples are of sample 0 alone (0 − 2/2), of 1 alone (1/4 − 3/4), or of both.
        assert!((found.low + 1.0).abs() < 1e-12 && (found.high + 0.5).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn systems_that_answer_alike_differ_by_nothing() {
        let same = rate(&[1.0, 0.0, 1.0, 0.0], &[2.0, 4.0, 2.0, 4.0]);
        let found = compare_corpora(2, &[], DRAWS, same)[0].unwrap();
        assert_eq!((found.low, found.high, found.p_value), (0.0, 0.0, 1.0));
    }

    /// Were each pattern drawn rather than tried, 40 answers that are all better would be as good a finding as draws can show.
    #[test]
    fn many_answers_are_drawn() {
        let (errors, lengths) = ([vec![0.0; 40], vec![1.0; 40]].concat(), vec![2.0; 80]);
        let moving: Vec<usize> = (0..40).collect();
        let found = compare_corpora(40, &moving, DRAWS, rate(&errors, &lengths))[0].unwrap();
        assert_eq!((found.p_value, found.low, found.high), (1.0 / 501.0, -0.5, -0.5));
        let again = compare_corpora(40, &moving, DRAWS, rate(&errors, &lengths))[0].unwrap();
        assert_eq!(found, again, "the same seed draws the same");
    }

    #[test]
    fn what_is_undefined_is_not_compared() {
        assert_eq!(compare_corpora(2, &[0], DRAWS, |_| vec![None]), [None]);
        let only_of_all = |places: &[usize]| vec![(places == [0, 1] || places == [2, 3]).then_some(1.0)];
        assert_eq!(compare_corpora(2, &[], DRAWS, only_of_all), [None], "three quarters of the resamples have none");
        assert!(compare_corpora(0, &[], DRAWS, |_| vec![Some(1.0)]).is_empty());
    }
}
