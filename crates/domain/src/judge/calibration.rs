//! Whether a judge may be believed: how far it agrees with people on the same answers, against the bar of the project.
//!
//! κ of the judge and the consensus of people: plain for comparisons (Cohen 1960), with quadratic weights for scales (Cohen
//! 1968), where κ is what an intraclass correlation would be (Fleiss & Cohen 1973). What people among themselves reach is its
//! ceiling.

use crate::agreement::{Interval, Weights, cohen, interval_of};
use serde::{Deserialize, Serialize};

/// Answers that people have judged, too, without which no judge counts: of fewer κ says next to nothing.
pub const MIN_SAMPLES: u64 = 30;
const SEED: u64 = 42;

/// What a project asks of its judges.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = JudgeBar))]
#[serde(deny_unknown_fields)]
pub struct Bar {
    /// Least κ, 0 to 1.
    pub kappa: f64,
    /// Whether the lower end of κ's 95 % interval must reach it, and not κ alone: then few labels prove nothing.
    pub by_lower_bound: bool,
}

impl Default for Bar {
    /// Landis & Koch (1977) call κ above 0.6 substantial agreement.
    fn default() -> Self {
        Self { kappa: 0.6, by_lower_bound: true }
    }
}

impl Bar {
    #[must_use]
    pub fn is_valid(&self) -> bool {
        (0.0..=1.0).contains(&self.kappa)
    }
}

/// What the judge and people said of the same answers, as categories: numbers of a scale, or 0 (first), 1 (tie) and 2 (second).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// The judge, and the consensus of people.
    pub judged: Vec<(f64, f64)>,
    /// Of each answer that several people judged, what each of them said.
    pub people: Vec<Vec<f64>>,
}

/// How far a judge agrees with people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = JudgeAgreement))]
pub struct Agreement {
    /// Answers that both have judged.
    pub samples: u64,
    /// Absent where both always say the same one thing: then nothing was measured.
    pub kappa: Option<Interval>,
    /// Share of answers on which both say the same.
    pub same: f64,
    /// κ of pairs of people, and answers with such pairs.
    pub people: Option<Interval>,
    pub people_samples: u64,
    /// Whether κ is weighted by the squared distance on a scale.
    pub weighted: bool,
}

/// Measures labels; `is_scale` where categories are numbers of a scale.
#[must_use]
pub fn measured(labels: &Labels, is_scale: bool) -> Agreement {
    let weights = if is_scale { Weights::Quadratic } else { Weights::None };
    let judged = |places: &[usize]| {
        let pairs: Vec<(f64, f64)> = places.iter().map(|at| labels.judged[*at]).collect();
        if pairs.is_empty() { None } else { cohen(&pairs, weights) }
    };
    let several: Vec<&Vec<f64>> = labels.people.iter().filter(|said| said.len() > 1).collect();
    let people = |places: &[usize]| {
        // Each pair in both orders: nobody is the first rater.
        let of_item = |said: &Vec<f64>| -> Vec<(f64, f64)> {
            let pairs = (0..said.len()).flat_map(|i| (0..said.len()).filter(move |j| *j != i).map(move |j| (i, j)));
            pairs.map(|(i, j)| (said[i], said[j])).collect()
        };
        let pairs: Vec<(f64, f64)> = places.iter().flat_map(|at| of_item(several[*at])).collect();
        if pairs.is_empty() { None } else { cohen(&pairs, weights) }
    };
    let same = labels.judged.iter().filter(|(a, b)| a == b).count();
    Agreement {
        samples: labels.judged.len() as u64,
        kappa: interval_of(labels.judged.len(), SEED, judged),
        same: same as f64 / labels.judged.len().max(1) as f64,
        people: interval_of(several.len(), SEED, people),
        people_samples: several.len() as u64,
        weighted: is_scale,
    }
}

/// Whether a judge's figures count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = JudgeStanding))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// They may be used like any other score.
    Counts,
    /// Nobody has held the judge against people.
    NotCalibrated,
    /// It was another judge that was held against people: its endpoint had another model or address, or the two are not known.
    Changed,
    /// Fewer than [`MIN_SAMPLES`] answers were judged by both.
    TooFew,
    /// κ measured nothing, or lies below the bar.
    BelowBar,
}

impl Standing {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::NotCalibrated => "not_calibrated",
            Self::Changed => "changed",
            Self::TooFew => "too_few",
            Self::BelowBar => "below_bar",
        }
    }

    #[must_use]
    pub fn counts(self) -> bool {
        self == Self::Counts
    }

    /// The worst of several, as of all criteria of a judge; without any, nothing is calibrated.
    #[must_use]
    pub fn of_all(standings: impl IntoIterator<Item = Self>) -> Self {
        let rank = |standing: &Self| match standing {
            Self::Counts => 0,
            Self::BelowBar => 1,
            Self::TooFew => 2,
            Self::Changed => 3,
            Self::NotCalibrated => 4,
        };
        standings.into_iter().max_by_key(rank).unwrap_or(Self::NotCalibrated)
    }
}

/// Whether what a judge says counts in verdicts and comparisons: its newest calibration passes the bar as it is now. Whoever
/// shows a judge's figures beside other scores asks this first.
#[must_use]
pub fn counts(newest: Option<&Agreement>, bar: &Bar) -> Standing {
    let Some(agreement) = newest else { return Standing::NotCalibrated };
    if agreement.samples < MIN_SAMPLES {
        return Standing::TooFew;
    }
    let reached = agreement.kappa.map(|kappa| if bar.by_lower_bound { kappa.low } else { kappa.value });
    if reached.is_some_and(|kappa| kappa >= bar.kappa) { Standing::Counts } else { Standing::BelowBar }
}

/// A calibration as far as it decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    pub agreement: Agreement,
    /// Who was held against people ([`super::identity`], hashed); absent where that is not known, or was not one judge.
    pub identity: Option<String>,
}

impl Held {
    #[must_use]
    pub fn is_of(&self, identity: Option<&str>) -> bool {
        identity.is_some() && self.identity.as_deref() == identity
    }
}

/// As [`counts`], by the calibrations of one criterion, newest first, of those who were the judge that `identity` says.
#[must_use]
pub fn stands(held: &[Held], identity: Option<&str>, bar: &Bar) -> Standing {
    match held.iter().find(|held| held.is_of(identity)) {
        Some(held) => counts(Some(&held.agreement), bar),
        None if held.is_empty() => Standing::NotCalibrated,
        None => Standing::Changed,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    /// Cohen's κ of 50 proposals, 20 yes and 15 no by both, 5 and 10 by one alone: 0.4 (the usual textbook example).
    fn proposals() -> Labels {
        let cells = [(20, 1.0, 1.0), (5, 1.0, 0.0), (10, 0.0, 1.0), (15, 0.0, 0.0)];
        let judged = cells.iter().flat_map(|(n, a, b)| std::iter::repeat_n((*a, *b), *n)).collect();
        Labels { judged, people: vec![vec![1.0, 1.0], vec![0.0, 1.0], vec![0.0, 0.0], vec![1.0]] }
    }

    #[test]
    fn agreement_is_kappa_with_the_ceiling_of_people() {
        let found = measured(&proposals(), false);
        let kappa = found.kappa.unwrap();
        assert!((kappa.value - 0.4).abs() < 1e-12 && kappa.low < 0.4 && kappa.high > 0.4, "{found:?}");
        assert_eq!((found.samples, found.same, found.people_samples), (50, 0.7, 3));
        // Six ordered pairs with even margins, four of which agree: 1 − (1/3) / (1/2).
        assert!((found.people.unwrap().value - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn near_misses_on_a_scale_weigh_less() {
        let judged: Vec<(f64, f64)> = (0..40).map(|i| (f64::from(i % 5), f64::from((i % 5 + i % 2).min(4)))).collect();
        let labels = Labels { judged, people: Vec::new() };
        let (plain, weighted) = (measured(&labels, false), measured(&labels, true));
        assert!(weighted.kappa.unwrap().value > plain.kappa.unwrap().value + 0.2);
        assert_eq!((plain.people, weighted.weighted), (None, true));
    }

    #[test]
    fn a_judge_counts_only_above_the_bar() {
        let bar = Bar::default();
        assert_eq!(counts(None, &bar), Standing::NotCalibrated);
        let with = |samples: u64, value: f64, low: f64| {
            let kappa = Some(Interval { value, low, high: 1.0 });
            Agreement { samples, kappa, ..measured(&Labels::default(), false) }
        };
        assert_eq!(counts(Some(&with(29, 0.9, 0.9)), &bar), Standing::TooFew);
        assert_eq!(counts(Some(&with(30, 0.7, 0.59)), &bar), Standing::BelowBar, "few labels prove little");
        assert_eq!(counts(Some(&with(30, 0.7, 0.6)), &bar), Standing::Counts);
        let by_value = Bar { by_lower_bound: false, ..bar };
        assert_eq!(counts(Some(&with(30, 0.7, 0.3)), &by_value), Standing::Counts);
        let nothing = Agreement { samples: 100, ..measured(&Labels::default(), false) };
        assert_eq!(counts(Some(&nothing), &by_value), Standing::BelowBar);
    }

    #[test]
    fn what_people_said_of_another_model_does_not_count() {
        let kappa = Some(Interval { value: 0.9, low: 0.8, high: 1.0 });
        let agreement = Agreement { samples: 40, kappa, ..measured(&Labels::default(), false) };
        let held =
            |identity: Option<&str>| Held { agreement: agreement.clone(), identity: identity.map(str::to_owned) };
        let standing = |held: &[Held], identity| stands(held, identity, &Bar::default());
        assert_eq!(standing(&[held(Some("b")), held(Some("a"))], Some("a")), Standing::Counts);
        assert_eq!(standing(&[held(Some("b"))], Some("a")), Standing::Changed);
        assert_eq!(standing(&[held(None)], None), Standing::Changed, "two that nobody knows are not the same");
        assert_eq!(standing(&[], Some("a")), Standing::NotCalibrated);
        assert_eq!(Standing::of_all([Standing::Changed, Standing::TooFew]), Standing::Changed);
    }

    #[test]
    fn a_judge_is_as_good_as_its_worst_criterion() {
        assert_eq!(Standing::of_all([Standing::Counts, Standing::BelowBar]), Standing::BelowBar);
        assert_eq!(Standing::of_all([Standing::Counts]), Standing::Counts);
        assert_eq!(Standing::of_all([]), Standing::NotCalibrated);
        assert!(Standing::Counts.counts() && !Standing::TooFew.counts());
    }
}
