//! Candidates against each other: paired differences, corrected over a whole suite, and the alarms that they raise.

use super::{NEUTRAL, SEED, is_mean};
use crate::{
    eval::{
        larger_is_better,
        view::{Difference, RESAMPLES, SampleScores},
    },
    statistics::{
        correction::holm,
        paired::{Draws, compare},
        verdict::Verdict,
    },
};
use std::collections::BTreeMap;

/// A corrected p value up to this is evidence.
pub const SIGNIFICANCE: f64 = 0.05;

/// How two candidates differ, new minus old, in each of `metrics` that is a mean over samples, on the samples that both have
/// answered. Intervals are Newcombe's for right or wrong, else the bootstrap's; p values are McNemar's, or of permutations. Draws
/// many resamples: not for an async task's thread.
#[must_use]
pub fn paired_differences(old: &SampleScores, new: &SampleScores, metrics: &[String]) -> Vec<Difference> {
    let of_metric = |metric: &String| {
        if !is_mean(metric) {
            return None;
        }
        let pairs = new.iter().filter_map(|(id, scores)| Some((*scores.get(metric)?, *old.get(id)?.get(metric)?)));
        let (to, from): (Vec<f64>, Vec<f64>) = pairs.unzip();
        let found = compare(&to, &from, larger_is_better(metric), Draws { count: RESAMPLES, seed: SEED })?;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let interval = found.outcomes.map_or((found.difference.low, found.difference.high), |outcomes| {
            (outcomes.difference.low, outcomes.difference.high)
        });
        Some(Difference {
            metric: metric.clone(),
            from: mean(&from),
            to: mean(&to),
            interval: Some(interval),
            p_value: Some(found.outcomes.map_or(found.permutation_p_value, |outcomes| outcomes.exact_p_value)),
        })
    };
    metrics.iter().filter_map(of_metric).collect()
}

/// The p values of all these differences, corrected together (Holm): (key of the evaluation, metric) → p.
#[must_use]
pub fn holm_adjusted<'a>(
    differences: impl IntoIterator<Item = (&'a str, &'a Difference)>,
) -> BTreeMap<(String, String), f64> {
    let tested: Vec<((String, String), f64)> =
        differences.into_iter().filter_map(|(key, d)| Some(((key.to_owned(), d.metric.clone()), d.p_value?))).collect();
    let p_values: Vec<f64> = tested.iter().map(|(_, p)| *p).collect();
    tested.into_iter().map(|(of, _)| of).zip(holm(&p_values)).collect()
}

/// A difference that raises an alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarmed {
    /// Key of the evaluation.
    pub evaluation: String,
    pub difference: Difference,
    pub adjusted_p_value: f64,
}

/// Where a candidate is worse than the baseline, with evidence after correction over the whole suite; [`NEUTRAL`] metrics raise
/// no alarm.
#[must_use]
pub fn alarms(differences: &[(String, Difference)]) -> Vec<Alarmed> {
    let quality =
        || differences.iter().filter(|(_, d)| !NEUTRAL.contains(&d.metric.as_str())).map(|(key, d)| (key.as_str(), d));
    let adjusted = holm_adjusted(quality());
    quality()
        .filter(|(_, d)| d.verdict() == Verdict::Worse)
        .filter_map(|(key, d)| {
            let p = *adjusted.get(&(key.to_owned(), d.metric.clone()))?;
            let alarmed = Alarmed { evaluation: key.to_owned(), difference: d.clone(), adjusted_p_value: p };
            (p <= SIGNIFICANCE).then_some(alarmed)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::id::SampleId;

    /// Samples of which the first `right` are.
    fn scores(right: i64, of: i64) -> SampleScores {
        let score = |i: i64| f64::from(u8::from(i < right));
        (0..of).map(|i| (SampleId(i), BTreeMap::from([("accuracy".to_owned(), score(i))]))).collect()
    }

    #[test]
    fn candidates_are_paired_by_sample() {
        let metrics = ["accuracy".to_owned(), "f1_macro".to_owned(), "rouge_l".to_owned()];
        let mut new = scores(90, 100);
        new.insert(SampleId(999), BTreeMap::from([("accuracy".to_owned(), 0.0)]));
        let found = paired_differences(&scores(70, 100), &new, &metrics);
        assert_eq!(found.len(), 1, "what is no mean, or was not measured, is not paired");
        assert_eq!((found[0].from, found[0].to, found[0].verdict()), (0.7, 0.9, Verdict::Better));
        assert!(found[0].p_value.unwrap() < 1e-4);
        assert_eq!(paired_differences(&scores(0, 0), &new, &metrics), []);
    }

    #[test]
    fn alarms_are_corrected_over_the_suite() {
        let difference = |p: f64, (low, high): (f64, f64)| Difference {
            metric: "accuracy".to_owned(),
            from: 0.9,
            to: 0.8,
            interval: Some((low, high)),
            p_value: Some(p),
        };
        let worse = |key: &str, p| (key.to_owned(), difference(p, (-0.2, -0.01)));
        // 0.03 alone would be evidence, not beside three others.
        assert_eq!(alarms(&[worse("a", 0.03)]).len(), 1);
        let even = |key: &str| (key.to_owned(), difference(0.9, (-0.1, 0.1)));
        assert_eq!(alarms(&[worse("a", 0.03), even("b"), even("c")]), []);
        let found = alarms(&[worse("a", 0.001), worse("b", 0.04), even("c")]);
        assert_eq!(
            found.iter().map(|a| (a.evaluation.as_str(), a.adjusted_p_value)).collect::<Vec<_>>(),
            [("a", 0.003)]
        );
        let better = ("a".to_owned(), difference(0.001, (0.01, 0.2)));
        assert_eq!(alarms(&[better]), []);
        let slower = Difference { metric: "latency_ms".to_owned(), ..difference(0.001, (5.0, 9.0)) };
        let shorter = Difference { metric: "length".to_owned(), ..difference(0.001, (-9.0, -5.0)) };
        assert_eq!(alarms(&[("a".to_owned(), slower), ("a".to_owned(), shorter)]), []);
    }
}
