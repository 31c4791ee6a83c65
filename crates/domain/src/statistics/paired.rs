//! Two models on the same samples, by every test that applies, and what may be said.

use super::bootstrap::{Interval, paired_difference};
use super::mcnemar::Discordant;
use super::permutation::sign_flip_p_value;
use super::proportions::{PairedOutcomes, ShareInterval, newcombe_paired, z_95};
use super::verdict::Verdict;
use super::wilcoxon::{SignedRanks, signed_ranks};

/// How many samples are drawn, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    /// Resamples of the bootstrap, and sign patterns where not all can be tried.
    pub count: u32,
    pub seed: u64,
}

/// The difference of two models' scores, new minus old.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedComparison {
    pub samples: usize,
    /// Paired bootstrap.
    pub difference: Interval,
    pub permutation_p_value: f64,
    /// `None` when no sample differs.
    pub ranks: Option<SignedRanks>,
    /// Only where every score is 0 or 1.
    pub outcomes: Option<RightOrWrong>,
    /// By Newcombe's interval where scores are right or wrong, else by the bootstrap's.
    pub verdict: Verdict,
}

/// What is known besides where a sample is right or wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RightOrWrong {
    /// Share that the new model gets right, minus the old one's.
    pub difference: ShareInterval,
    /// McNemar's.
    pub exact_p_value: f64,
    pub corrected_p_value: f64,
}

/// Compares scores of the same samples in the same order. `None` when there are none, their numbers differ, or one is not
/// finite, and without draws.
#[must_use]
pub fn compare(new: &[f64], old: &[f64], larger_is_better: bool, draws: Draws) -> Option<PairedComparison> {
    if new.len() != old.len() {
        return None;
    }
    let difference = paired_difference(new, old, draws.count, draws.seed)?;
    let differences: Vec<f64> = new.iter().zip(old).map(|(n, o)| n - o).collect();
    let outcomes = right_or_wrong(new, old);
    let interval = outcomes.map_or((difference.low, difference.high), |o| (o.difference.low, o.difference.high));
    Some(PairedComparison {
        samples: new.len(),
        difference,
        permutation_p_value: sign_flip_p_value(&differences, draws.count, draws.seed)?,
        ranks: signed_ranks(&differences),
        outcomes,
        verdict: Verdict::of(Some(interval), larger_is_better),
    })
}

fn right_or_wrong(new: &[f64], old: &[f64]) -> Option<RightOrWrong> {
    let is_right = |score: f64| match score {
        0.0 => Some(false),
        1.0 => Some(true),
        _ => None,
    };
    let mut outcomes = PairedOutcomes::default();
    for (n, o) in new.iter().zip(old) {
        let count = match (is_right(*n)?, is_right(*o)?) {
            (true, true) => &mut outcomes.both_right,
            (true, false) => &mut outcomes.only_first_right,
            (false, true) => &mut outcomes.only_second_right,
            (false, false) => &mut outcomes.both_wrong,
        };
        *count += 1;
    }
    let PairedOutcomes { only_first_right, only_second_right, .. } = outcomes;
    let discordant = Discordant { only_first_right, only_second_right };
    Some(RightOrWrong {
        difference: newcombe_paired(outcomes, z_95())?,
        exact_p_value: discordant.exact_p_value(),
        corrected_p_value: discordant.corrected_p_value(),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const DRAWS: Draws = Draws { count: 500, seed: 1 };

    /// Answers right up to a place.
    fn right_up_to(place: u32) -> Vec<f64> {
        (0..40).map(|i| f64::from(u8::from(i < place))).collect()
    }

    #[test]
    fn right_or_wrong_is_judged_by_shares() {
        let found = compare(&right_up_to(30), &right_up_to(20), true, DRAWS).unwrap();
        let outcomes = found.outcomes.unwrap();
        assert_eq!((found.samples, found.verdict), (40, Verdict::Better));
        assert!((outcomes.exact_p_value - 2.0 / 1024.0).abs() < 1e-12);
        assert!(
            (found.permutation_p_value - 2.0 / 1024.0).abs() < 1e-12,
            "signs of ten differences are McNemar's test"
        );
        assert!(outcomes.difference.low > 0.0 && (found.difference.mean - 0.25).abs() < 1e-12);
        let worse = compare(&right_up_to(30), &right_up_to(20), false, DRAWS).unwrap();
        assert_eq!(worse.verdict, Verdict::Worse);
        // Two answers more of forty: nobody can tell.
        assert_eq!(compare(&right_up_to(22), &right_up_to(20), true, DRAWS).unwrap().verdict, Verdict::NoEvidence);
    }

    #[test]
    fn other_scores_are_judged_by_the_bootstrap() {
        let old: Vec<f64> = (0..40).map(|i| f64::from(i % 7) / 10.0).collect();
        let new: Vec<f64> = old.iter().enumerate().map(|(i, x)| x + 0.01 + (i % 5) as f64 / 100.0).collect();
        let found = compare(&new, &old, true, DRAWS).unwrap();
        assert_eq!((found.verdict, found.outcomes), (Verdict::Better, None));
        assert!(found.ranks.unwrap().p_value < 1e-6 && found.permutation_p_value < 0.01);
        let same = compare(&old, &old, true, DRAWS).unwrap();
        assert_eq!((same.verdict, same.ranks, same.permutation_p_value), (Verdict::NoEvidence, None, 1.0));
    }

    #[test]
    fn what_is_not_paired_is_not_compared() {
        assert_eq!(compare(&[1.0], &[1.0, 0.0], true, DRAWS), None);
        assert_eq!(compare(&[], &[], true, DRAWS), None);
        assert_eq!(compare(&[f64::NAN], &[0.0], true, DRAWS), None);
    }
}
