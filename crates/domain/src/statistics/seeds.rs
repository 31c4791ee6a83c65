//! One score over several seeds: what of it is the method, and what the luck of a seed. Where each seed was scored on the same
//! samples, those might have been others, too: the variance of a mean then has one part of the seeds and one of the samples, which
//! add up, with Satterthwaite's degrees of freedom (An Approximate Distribution of Estimates of Variance Components, 1946; of two
//! groups, Welch 1947). What is drawn anew for each seed and sample is in both parts, so that intervals are a little too wide
//! rather than too narrow. Few seeds make them wide, which resampling the seeds would not.

use super::bootstrap::SplitMix64;
use super::distributions::{t_above, t_quantile};
use super::paired::Draws;

/// Mean and spread of a score over repeated runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverSeeds {
    pub mean: f64,
    /// Sample variance (n − 1).
    pub variance: f64,
    /// 95 % interval of the mean by Student's t (Student, The Probable Error of a Mean, 1908).
    pub low: f64,
    pub high: f64,
}

/// Of at least two finite scores; `None` otherwise.
#[must_use]
pub fn over_seeds(scores: &[f64]) -> Option<OverSeeds> {
    if scores.len() < 2 || scores.iter().any(|score| !score.is_finite()) {
        return None;
    }
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = t_quantile(0.975, n - 1.0) * (variance / n).sqrt();
    Some(OverSeeds { mean, variance, low: mean - half, high: mean + half })
}

/// A score over seeds and samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverSeedsAndSamples {
    pub mean: f64,
    /// Of one seed's score, on these samples (n − 1).
    pub deviation: f64,
    /// 95 % interval of the mean, were other seeds and other samples drawn.
    pub low: f64,
    pub high: f64,
}

/// The difference of two groups of seeds on the same samples, new minus old.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeedsDifference {
    /// Means over each group's seeds.
    pub new: f64,
    pub old: f64,
    /// 95 % interval of the difference, were other seeds and other samples drawn.
    pub low: f64,
    pub high: f64,
    /// Two-sided; `None` where nothing varies.
    pub p_value: Option<f64>,
}

/// Of several metrics at once. `scores` tells, metric by metric, each seed's score on the samples at these places, some of them several
/// times; `None` where one is undefined. `None` of fewer than two seeds or samples, and without draws.
#[must_use]
pub fn over_seeds_and_samples(
    samples: usize,
    draws: Draws,
    scores: impl Fn(&[usize]) -> Vec<Option<Vec<f64>>>,
) -> Vec<Option<OverSeedsAndSamples>> {
    let all: Vec<usize> = (0..samples).collect();
    let of_all = scores(&all);
    let means = |places: &[usize]| {
        let found = scores(places).into_iter().map(|scores| scores.map(|scores| mean(&scores)));
        found.collect::<Vec<_>>()
    };
    let parts = parts_of_samples(samples, draws, of_all.len(), means);
    of_all.iter().zip(parts).map(|(scores, part)| with_samples(scores.as_ref()?, part?)).collect()
}

fn with_samples(scores: &[f64], samples: Part) -> Option<OverSeedsAndSamples> {
    let seeds = over_seeds(scores)?;
    let half = half_width(&[part_of_seeds(seeds, scores.len()), samples], seeds.mean.abs());
    Some(OverSeedsAndSamples {
        mean: seeds.mean,
        deviation: seeds.variance.sqrt(),
        low: seeds.mean - half,
        high: seeds.mean + half,
    })
}

/// Compares two groups of seeds that were scored on the same samples; `new` and `old` as above.
#[must_use]
pub fn difference_of_seeds(
    samples: usize,
    draws: Draws,
    new: impl Fn(&[usize]) -> Vec<Option<Vec<f64>>>,
    old: impl Fn(&[usize]) -> Vec<Option<Vec<f64>>>,
) -> Vec<Option<SeedsDifference>> {
    let all: Vec<usize> = (0..samples).collect();
    let (of_new, of_old) = (new(&all), old(&all));
    let differences = |places: &[usize]| {
        let pairs = new(places).into_iter().zip(old(places));
        let found = pairs.map(|(new, old)| Some(mean(&new?) - mean(&old?)));
        found.collect::<Vec<_>>()
    };
    let parts = parts_of_samples(samples, draws, of_new.len(), differences);
    let groups = of_new.iter().zip(&of_old).zip(parts);
    groups.map(|((new, old), part)| difference(new.as_ref()?, old.as_ref()?, part?)).collect()
}

fn difference(new: &[f64], old: &[f64], samples: Part) -> Option<SeedsDifference> {
    let (first, second) = (over_seeds(new)?, over_seeds(old)?);
    let parts = [part_of_seeds(first, new.len()), part_of_seeds(second, old.len()), samples];
    let scale = first.mean.abs().max(second.mean.abs());
    let (between, half) = (first.mean - second.mean, half_width(&parts, scale));
    let variance = variance(&parts, scale);
    let p_value = (variance > 0.0).then(|| 2.0 * t_above(between.abs() / variance.sqrt(), degrees(&parts)));
    Some(SeedsDifference { new: first.mean, old: second.mean, low: between - half, high: between + half, p_value })
}

/// A part of the variance of an estimate.
#[derive(Clone, Copy)]
struct Part {
    variance: f64,
    /// With how many degrees of freedom it was estimated.
    degrees: f64,
}

fn part_of_seeds(seeds: OverSeeds, count: usize) -> Part {
    Part { variance: seeds.variance / count as f64, degrees: count as f64 - 1.0 }
}

/// By the bootstrap over samples, of as many values as there are metrics.
fn parts_of_samples(
    samples: usize,
    draws: Draws,
    metrics: usize,
    values: impl Fn(&[usize]) -> Vec<Option<f64>>,
) -> Vec<Option<Part>> {
    if samples < 2 {
        return vec![None; metrics];
    }
    let mut random = SplitMix64::new(draws.seed);
    let mut places = vec![0; samples];
    let mut drawn: Vec<Vec<f64>> = vec![Vec::new(); metrics];
    for _ in 0..draws.count {
        places.fill_with(|| random.below(samples));
        for (drawn, value) in drawn.iter_mut().zip(values(&places)) {
            drawn.extend(value.filter(|value| value.is_finite()));
        }
    }
    let part = |drawn: &Vec<f64>| {
        let known = drawn.len() * 2 > draws.count as usize;
        let variance = over_seeds(drawn).filter(|_| known)?.variance;
        Some(Part { variance, degrees: samples as f64 - 1.0 })
    };
    drawn.iter().map(part).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Variance up to which scores of the size 1 differ by nothing but rounding.
const ROUNDING: f64 = 1e-24;

/// The sum of these parts; 0 where nothing varies but by rounding, of scores as large as `scale`.
fn variance(parts: &[Part], scale: f64) -> f64 {
    let sum: f64 = parts.iter().map(|part| part.variance).sum();
    if sum > ROUNDING * scale.powi(2) { sum } else { 0.0 }
}

/// Satterthwaite's, of parts that are not all 0.
fn degrees(parts: &[Part]) -> f64 {
    let sum: f64 = parts.iter().map(|part| part.variance).sum();
    sum.powi(2) / parts.iter().map(|part| part.variance.powi(2) / part.degrees).sum::<f64>()
}

fn half_width(parts: &[Part], scale: f64) -> f64 {
    let variance = variance(parts, scale);
    if variance > 0.0 { t_quantile(0.975, degrees(parts)) * variance.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn three_seeds() {
        let found = over_seeds(&[0.70, 0.72, 0.74]).unwrap();
        assert!((found.mean - 0.72).abs() < 1e-12 && (found.variance - 0.0004).abs() < 1e-12);
        // t with 2 degrees: 4.302653.
        assert!((found.high - found.mean - 4.302_652_729_911_275 * 0.02 / 3f64.sqrt()).abs() < 1e-9, "{found:?}");
        assert!((found.high + found.low - 2.0 * found.mean).abs() < 1e-12);
    }

    #[test]
    fn one_seed_has_no_spread() {
        assert_eq!((over_seeds(&[]), over_seeds(&[0.5]), over_seeds(&[0.5, f64::NAN])), (None, None, None));
    }

    const DRAWS: Draws = Draws { count: 400, seed: 1 };

    /// Of one metric.
    fn alone(samples: usize, scores: impl Fn(&[usize]) -> Option<Vec<f64>>) -> Option<OverSeedsAndSamples> {
        over_seeds_and_samples(samples, DRAWS, |places| vec![scores(places)]).remove(0)
    }

    /// Of one metric.
    fn compared(
        samples: usize,
        new: impl Fn(&[usize]) -> Option<Vec<f64>>,
        old: impl Fn(&[usize]) -> Option<Vec<f64>>,
    ) -> Option<SeedsDifference> {
        difference_of_seeds(samples, DRAWS, |places| vec![new(places)], |places| vec![old(places)]).remove(0)
    }

    /// Where each sample scores alike, only the seeds vary; where seeds score alike, only the samples do.
    #[test]
    fn each_part_by_itself() {
        let constant = |_: &[usize]| Some(vec![0.70, 0.72, 0.74]);
        let (found, seeds) = (alone(50, constant).unwrap(), over_seeds(&[0.70, 0.72, 0.74]).unwrap());
        assert!((found.deviation - 0.02).abs() < 1e-12 && (found.mean - 0.72).abs() < 1e-12);
        assert!((found.low - seeds.low).abs() < 1e-9 && (found.high - seeds.high).abs() < 1e-9, "{found:?}");
        // Half of 100 samples are right: a standard error of 0.05, and t with 99 degrees is 1.984.
        let right = |places: &[usize]| places.iter().filter(|place| *place % 2 == 0).count() as f64 / 100.0;
        let found = alone(100, |places| Some(vec![right(places); 3])).unwrap();
        assert!((found.mean - 0.5).abs() < 1e-12 && found.deviation < 1e-12);
        assert!(((found.high - found.low) / (2.0 * 1.984 * 0.05) - 1.0).abs() < 0.12, "{found:?}");
    }

    /// Welch's test by hand where samples tell nothing: variances 0.0004 / 3 each, 4 degrees, d = 0.06, t = 3.674.
    #[test]
    fn groups_are_compared() {
        let group = |middle: f64| move |_: &[usize]| Some(vec![middle - 0.02, middle, middle + 0.02]);
        let found = compared(50, group(0.78), group(0.72)).unwrap();
        assert!((found.new - 0.78).abs() < 1e-12 && (found.old - 0.72).abs() < 1e-12);
        let t = 0.06 / (2.0 * 0.0004f64 / 3.0).sqrt();
        assert!((found.p_value.unwrap() - 2.0 * t_above(t, 4.0)).abs() < 1e-9, "{found:?}");
        assert!(found.low > 0.0 && (found.low + found.high - 0.12).abs() < 1e-9);
        let near = compared(50, group(0.73), group(0.72)).unwrap();
        assert!(near.low < 0.0 && near.p_value.unwrap() > 0.5);
    }

    /// Each metric is drawn on the same samples as if it were alone, and one that is undefined takes none of the others along.
    #[test]
    fn several_metrics_at_once() {
        let share = |places: &[usize], of: usize| {
            let found = places.iter().filter(|place| *place % of == 0).count() as f64 / places.len() as f64;
            Some(vec![found, found + 0.1])
        };
        let all = |places: &[usize]| vec![share(places, 2), None, share(places, 5)];
        let expected = [alone(40, |places| share(places, 2)), None, alone(40, |places| share(places, 5))];
        assert!(expected[0].is_some() && expected[0] != expected[2]);
        assert_eq!(over_seeds_and_samples(40, DRAWS, all), expected);
        let between = difference_of_seeds(40, DRAWS, all, |places| vec![share(places, 5); 3]);
        assert_eq!(between[0], compared(40, |places| share(places, 2), |places| share(places, 5)));
        assert_eq!((between[1], between[2].unwrap().new), (None, between[2].unwrap().old));
    }

    #[test]
    fn what_cannot_vary_is_not_judged() {
        let same = |_: &[usize]| Some(vec![0.5, 0.5]);
        let found = compared(10, same, same).unwrap();
        assert_eq!((found.low, found.high, found.p_value), (0.0, 0.0, None));
        assert_eq!(alone(1, same), None);
        assert_eq!(alone(10, |_| Some(vec![0.5])), None);
        assert_eq!(alone(10, |_| None), None);
    }

    #[test]
    fn what_rounding_leaves_is_no_variance() {
        let rounded = |_: &[usize]| Some(vec![0.1 + 0.2, 0.3]);
        assert!(over_seeds(&[0.1 + 0.2, 0.3]).unwrap().variance > 0.0);
        let found = compared(10, rounded, |_| Some(vec![0.25, 0.25])).unwrap();
        assert_eq!((found.p_value, found.low), (None, found.high));
        let small = |_: &[usize]| Some(vec![1e-9, 2e-9]);
        assert!(compared(10, small, small).unwrap().p_value.is_some(), "small scores may vary little");
    }
}
