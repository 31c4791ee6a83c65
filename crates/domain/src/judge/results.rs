//! What the rulings of a judging come to: means with intervals, how much of the spread is the judge's own, and of comparisons
//! how often the winner changes with the order in which answers are shown.

use super::{
    Criterion, JudgeSpec, Mode,
    answer::{Choice, Said},
};
use crate::{
    agreement::Interval,
    statistics::{
        bootstrap::mean_interval,
        mcnemar::Discordant,
        proportions::{wilson, z_95},
        verdict::Verdict,
    },
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Resamples of an interval of all samples, and of a slice.
pub(super) const RESAMPLES: u32 = 2000;
const SLICE_RESAMPLES: u32 = 500;
/// Samples that a slice has at least, and slices that are shown at most.
const SLICE_SAMPLES: usize = 5;
const MAX_SLICES: usize = 60;
const SEED: u64 = 42;
/// Largest p value of the sign test that is evidence.
const LEVEL: f64 = 0.05;

/// One answer of a judge, as far as it counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// Place of the sample in the evaluated split.
    pub position: u32,
    pub repeat: u32,
    /// Whether the second evaluation's answer was shown first.
    pub swapped: bool,
    /// `None` where the answer was not understood.
    pub said: Option<Said>,
}

/// A mean over samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = JudgedMean))]
pub struct Mean {
    pub samples: u64,
    pub value: f64,
    /// 95 % percentile bootstrap over samples.
    pub low: f64,
    pub high: f64,
    /// Variance of the samples' means (n − 1); absent of fewer than two.
    pub between: Option<f64>,
    /// Mean over samples of the variance of repeats (n − 1): the judge's own noise; absent without repeats.
    pub within: Option<f64>,
}

/// What one criterion comes to, on its own scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CriterionResult {
    pub criterion: Criterion,
    pub mean: Option<Mean>,
    /// How often each number was given, from the lowest.
    pub counts: Vec<u64>,
}

/// What comparisons come to. A pair whose winner changes with the order is a tie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PairwiseResult {
    /// Of the first evaluation over the second; a tie is half a win.
    pub win_rate: Option<Mean>,
    /// Samples that the first one wins, and loses, over all repeats.
    pub wins: u64,
    pub losses: u64,
    pub ties: u64,
    /// Pairs of rulings, one in each order, that agree, and that do not.
    pub consistent: u64,
    pub inconsistent: u64,
    /// Of rulings that name a winner, the share that names what was shown first (Wilson's interval): ½ without bias.
    pub shown_first: Option<Interval>,
    /// By the interval of the win rate about ½.
    pub verdict: Verdict,
}

/// The headline figure of the samples with a value of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = JudgedSlice))]
pub struct Slice {
    pub field: String,
    pub value: String,
    pub mean: Mean,
}

/// What a judging comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgingResults {
    /// Answers of the judge, and those that were not understood, which count for nothing.
    pub answered: u64,
    pub unparsable: u64,
    /// Of a rubric: the mean over criteria, each from 0 (lowest) to 1 (highest).
    pub overall: Option<Mean>,
    pub criteria: Vec<CriterionResult>,
    pub pairwise: Option<PairwiseResult>,
    /// By fields of the samples: the overall mean, or the win rate.
    pub slices: Vec<Slice>,
}

/// What was said of one sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleFigures {
    /// By criterion: what each repeat gave.
    pub scores: BTreeMap<String, Vec<f64>>,
    /// Of comparisons: what each repeat gave the first evaluation, 1, ½ or 0.
    pub points: Vec<f64>,
}

impl SampleFigures {
    /// The mean of what repeats gave a criterion.
    #[must_use]
    pub fn score(&self, criterion: &str) -> Option<f64> {
        mean(self.scores.get(criterion)?)
    }

    /// What the headline figure of a sample is: of a rubric the mean over criteria on 0 to 1, absent where one is missing.
    #[must_use]
    pub fn headline(&self, spec: &JudgeSpec) -> Option<f64> {
        if spec.mode == Mode::Pairwise {
            return mean(&self.points);
        }
        let on_scale = |c: &Criterion| Some((self.score(&c.name)? - f64::from(c.min)) / f64::from(c.max - c.min));
        mean(&spec.criteria.iter().map(on_scale).collect::<Option<Vec<_>>>()?)
    }
}

/// What rulings say of each sample, by its position; swapped comparisons are turned back, and a repeat whose two orders
/// disagree is a tie. A repeat without both orders counts for nothing.
#[must_use]
pub fn by_sample(rulings: &[Ruling]) -> BTreeMap<u32, SampleFigures> {
    let mut found: BTreeMap<u32, SampleFigures> = BTreeMap::new();
    let mut pairs: BTreeMap<(u32, u32), [Option<Choice>; 2]> = BTreeMap::new();
    for ruling in rulings {
        match &ruling.said {
            Some(Said::Scores { scores }) => {
                let figures = found.entry(ruling.position).or_default();
                for (criterion, score) in scores {
                    figures.scores.entry(criterion.clone()).or_default().push(f64::from(*score));
                }
            }
            Some(Said::Choice { choice }) => {
                let sides = pairs.entry((ruling.position, ruling.repeat)).or_default();
                sides[usize::from(ruling.swapped)] = Some(turned(*choice, ruling.swapped));
            }
            None => {}
        }
    }
    for ((position, _), sides) in pairs {
        if let [Some(straight), Some(swapped)] = sides {
            found.entry(position).or_default().points.push(points(straight, swapped));
        }
    }
    found
}

/// A choice as if the first evaluation's answer had been A.
fn turned(choice: Choice, swapped: bool) -> Choice {
    match (choice, swapped) {
        (Choice::A, true) => Choice::B,
        (Choice::B, true) => Choice::A,
        _ => choice,
    }
}

/// What both orders give the first evaluation.
fn points(straight: Choice, swapped: Choice) -> f64 {
    match (straight, swapped) {
        (Choice::A, Choice::A) => 1.0,
        (Choice::B, Choice::B) => 0.0,
        _ => 0.5,
    }
}

pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Sample variance (n − 1).
fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (values.len() > 1).then(|| squares / (values.len() - 1) as f64)
}

/// `repeats` has what each repeat gave, by sample; of `means` only those with their samples in it count.
pub(super) fn mean_of(means: &[f64], repeats: &[&[f64]], resamples: u32) -> Option<Mean> {
    let interval = mean_interval(means, resamples, SEED)?;
    let within: Vec<f64> = repeats.iter().filter_map(|values| variance(values)).collect();
    Some(Mean {
        samples: means.len() as u64,
        value: interval.mean,
        low: interval.low,
        high: interval.high,
        between: variance(means),
        within: mean(&within),
    })
}

/// What all rulings come to. `fields` are the slices of each sample, by its position.
#[must_use]
pub fn results(
    spec: &JudgeSpec,
    rulings: &[Ruling],
    fields: &BTreeMap<u32, BTreeMap<String, String>>,
) -> JudgingResults {
    let samples = by_sample(rulings);
    let headlines: BTreeMap<u32, f64> =
        samples.iter().filter_map(|(position, figures)| Some((*position, figures.headline(spec)?))).collect();
    let values: Vec<f64> = headlines.values().copied().collect();
    let is_pairwise = spec.mode == Mode::Pairwise;
    JudgingResults {
        answered: rulings.len() as u64,
        unparsable: rulings.iter().filter(|r| r.said.is_none()).count() as u64,
        overall: if is_pairwise { None } else { mean_of(&values, &[], RESAMPLES) },
        criteria: spec.criteria.iter().map(|c| criterion(c, &samples)).collect(),
        pairwise: is_pairwise.then(|| pairwise(rulings, &samples)),
        slices: slices(&headlines, fields),
    }
}

fn criterion(criterion: &Criterion, samples: &BTreeMap<u32, SampleFigures>) -> CriterionResult {
    let given: Vec<&[f64]> =
        samples.values().filter_map(|figures| figures.scores.get(&criterion.name)).map(Vec::as_slice).collect();
    let means: Vec<f64> = given.iter().filter_map(|values| mean(values)).collect();
    let counts = (criterion.min..=criterion.max)
        .map(|step| given.iter().copied().flatten().filter(|score| **score == f64::from(step)).count() as u64)
        .collect();
    CriterionResult { criterion: criterion.clone(), mean: mean_of(&means, &given, RESAMPLES), counts }
}

fn pairwise(rulings: &[Ruling], samples: &BTreeMap<u32, SampleFigures>) -> PairwiseResult {
    let given: Vec<&[f64]> = samples.values().map(|f| f.points.as_slice()).filter(|p| !p.is_empty()).collect();
    let means: Vec<f64> = given.iter().filter_map(|points| mean(points)).collect();
    let win_rate = mean_of(&means, &given, RESAMPLES);
    let (consistent, inconsistent) = consistency(rulings);
    let named =
        |wanted: Choice| rulings.iter().filter(|r| r.said == Some(Said::Choice { choice: wanted })).count() as u64;
    let (first, second) = (named(Choice::A), named(Choice::B));
    let count = |is: fn(f64) -> bool| means.iter().filter(|m| is(**m)).count() as u64;
    let (wins, losses) = (count(|m| m > 0.5), count(|m| m < 0.5));
    // Resamples of samples that all say the same do too, however few they are: their interval has no width.
    let sign = Discordant { only_first_right: wins, only_second_right: losses };
    let verdict = match sign.exact_p_value() <= LEVEL {
        true => Verdict::of(win_rate.map(|m| (m.low - 0.5, m.high - 0.5)), true),
        false => Verdict::NoEvidence,
    };
    PairwiseResult {
        wins,
        losses,
        ties: count(|m| m == 0.5),
        consistent,
        inconsistent,
        shown_first: wilson(first, first + second, z_95()).map(|s| Interval {
            value: s.value,
            low: s.low,
            high: s.high,
        }),
        verdict,
        win_rate,
    }
}

/// How many pairs of orders agree, and how many do not.
fn consistency(rulings: &[Ruling]) -> (u64, u64) {
    let mut sides: BTreeMap<(u32, u32), [Option<Choice>; 2]> = BTreeMap::new();
    for ruling in rulings {
        if let Some(Said::Choice { choice }) = ruling.said {
            let pair = sides.entry((ruling.position, ruling.repeat)).or_default();
            pair[usize::from(ruling.swapped)] = Some(turned(choice, ruling.swapped));
        }
    }
    let both = sides.values().filter_map(|pair| Some((pair[0]?, pair[1]?)));
    both.fold((0, 0), |(same, other), (a, b)| if a == b { (same + 1, other) } else { (same, other + 1) })
}

/// The headline figure by field, fields with many values left to whoever groups them: the largest slices first.
fn slices(headlines: &BTreeMap<u32, f64>, fields: &BTreeMap<u32, BTreeMap<String, String>>) -> Vec<Slice> {
    let mut groups: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for (position, headline) in headlines {
        for (field, value) in fields.get(position).into_iter().flatten() {
            groups.entry((field.as_str(), value.as_str())).or_default().push(*headline);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().filter(|(_, values)| values.len() >= SLICE_SAMPLES).collect();
    groups.sort_by_key(|((field, value), values)| (std::cmp::Reverse(values.len()), *field, *value));
    groups.truncate(MAX_SLICES);
    let of = |((field, value), values): ((&str, &str), Vec<f64>)| {
        let mean = mean_of(&values, &[], SLICE_RESAMPLES)?;
        Some(Slice { field: field.to_owned(), value: value.to_owned(), mean })
    };
    let mut slices: Vec<Slice> = groups.into_iter().filter_map(of).collect();
    slices.sort_by(|a, b| (&a.field, &a.value).cmp(&(&b.field, &b.value)));
    slices
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::judge::tests::{pairwise as pair_spec, rubric};

    fn chose(position: u32, repeat: u32, swapped: bool, choice: Choice) -> Ruling {
        Ruling { position, repeat, swapped, said: Some(Said::Choice { choice }) }
    }

    fn scored(position: u32, repeat: u32, truth: i32) -> Ruling {
        let scores = [("truth".to_owned(), truth)].into();
        Ruling { position, repeat, swapped: false, said: Some(Said::Scores { scores }) }
    }

    #[test]
    fn a_winner_that_changes_with_the_order_is_a_tie() {
        let rulings = [
            // The first evaluation wins in both orders: shown first it is A, shown second B.
            chose(0, 0, false, Choice::A),
            chose(0, 0, true, Choice::B),
            // Whoever stands first wins.
            chose(1, 0, false, Choice::A),
            chose(1, 0, true, Choice::A),
            // The second evaluation wins in both orders.
            chose(2, 0, false, Choice::B),
            chose(2, 0, true, Choice::A),
            // A tie in one order alone.
            chose(3, 0, false, Choice::Tie),
            chose(3, 0, true, Choice::B),
            // One order was not understood: nothing is known.
            chose(4, 0, false, Choice::A),
            Ruling { position: 4, repeat: 0, swapped: true, said: None },
        ];
        let found = results(&pair_spec(), &rulings, &BTreeMap::new());
        let pairs = found.pairwise.unwrap();
        assert_eq!((pairs.wins, pairs.losses, pairs.ties), (1, 1, 2));
        assert_eq!((pairs.consistent, pairs.inconsistent), (2, 2));
        assert_eq!((found.answered, found.unparsable), (10, 1));
        let rate = pairs.win_rate.unwrap();
        assert_eq!((rate.value, rate.samples, pairs.verdict), (0.5, 4, Verdict::NoEvidence));
        // Five rulings name what stood first, three what stood second.
        assert_eq!(pairs.shown_first.unwrap().value, 5.0 / 8.0);
    }

    #[test]
    fn a_clear_winner_has_a_verdict() {
        let rulings: Vec<Ruling> = (0..30)
            .flat_map(|i| {
                [chose(i, 0, false, Choice::A), chose(i, 0, true, if i < 25 { Choice::B } else { Choice::A })]
            })
            .collect();
        let pairs = results(&pair_spec(), &rulings, &BTreeMap::new()).pairwise.unwrap();
        assert_eq!((pairs.wins, pairs.ties, pairs.verdict), (25, 5, Verdict::Better));
    }

    /// Five samples that all go one way have p = 2 · (1/2)^5 = 0.0625 in the sign test, six have 0.03125.
    #[test]
    fn a_handful_of_samples_is_no_evidence() {
        let verdict = |samples: u32| {
            let both = |i| [chose(i, 0, false, Choice::A), chose(i, 0, true, Choice::B)];
            let rulings: Vec<Ruling> = (0..samples).flat_map(both).collect();
            results(&pair_spec(), &rulings, &BTreeMap::new()).pairwise.unwrap().verdict
        };
        assert_eq!([1, 5, 6].map(verdict), [Verdict::NoEvidence, Verdict::NoEvidence, Verdict::Better]);
    }

    #[test]
    fn noise_of_the_judge_is_told_from_differences_of_answers() {
        let rulings = [scored(0, 0, 1), scored(0, 1, 3), scored(1, 0, 5), scored(1, 1, 5)];
        let found = results(&rubric(&["truth"]), &rulings, &BTreeMap::new());
        let mean = found.criteria[0].mean.unwrap();
        assert_eq!((mean.value, mean.samples), (3.5, 2));
        // Means 2 and 5: variance 4.5. Repeats: variances 2 and 0.
        assert_eq!((mean.between, mean.within), (Some(4.5), Some(1.0)));
        assert_eq!(found.criteria[0].counts, [1, 0, 1, 0, 2]);
        let overall = found.overall.unwrap();
        assert_eq!((overall.value, overall.within), (0.625, None));
    }

    #[test]
    fn slices_with_few_samples_are_left_out() {
        let rulings: Vec<Ruling> = (0..9).map(|i| scored(i, 0, if i < 6 { 5 } else { 1 })).collect();
        let field = |i: u32| (i, BTreeMap::from([("lang".to_owned(), if i < 6 { "en" } else { "zh" }.to_owned())]));
        let found = results(&rubric(&["truth"]), &rulings, &(0..9).map(field).collect());
        assert_eq!(found.slices.len(), 1);
        assert_eq!((found.slices[0].value.as_str(), found.slices[0].mean.value), ("en", 1.0));
    }
}
