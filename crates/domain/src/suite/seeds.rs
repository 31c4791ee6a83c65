//! Runs that differ only in their seed as one candidate: how good the method is, with the luck of a seed beside the luck of the
//! samples.

use super::{
    EvaluationDesign, MEANS, NEUTRAL, SEED, SampleAnswers,
    corpus::{common, counted},
};
use crate::{
    eval::view::Difference,
    id::{RunId, SampleId, SuiteResultId},
    measure::Corpus,
    statistics::{
        paired::Draws,
        seeds::{difference_of_seeds, over_seeds_and_samples},
        verdict::Verdict,
    },
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::Range};

/// Resamples from which the part of the samples in a variance is estimated.
pub const SEED_RESAMPLES: u32 = 500;
/// Groups that are found by themselves, those that were evaluated last.
pub const MAX_SEED_GROUPS: usize = 12;
/// Runs of a group at most.
pub const MAX_SEEDS: usize = 20;

/// A score of a method over several seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeedScore {
    pub metric: String,
    /// Over the seeds, on the samples that all of them have answered.
    pub mean: f64,
    /// Standard deviation of one seed's score.
    pub deviation: f64,
    /// 95 % interval of the mean, were other seeds and other samples drawn.
    pub low: f64,
    pub high: f64,
}

/// What is known of a group in one evaluation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SeedFigures {
    pub samples: u64,
    pub scores: Vec<SeedScore>,
    /// From the group that it is held against, on the samples that all runs of both have answered.
    pub differences: Vec<Difference>,
}

/// A run of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = SuiteSeedRun))]
pub struct SeedRun {
    pub run_id: RunId,
    pub name: String,
    pub seed: u64,
    /// Its results, and its score in the metric that each evaluation is judged by, in the order of the evaluations; none of a judge
    /// that does not count.
    pub results: Vec<Option<SuiteResultId>>,
    pub scores: Vec<Option<f64>>,
}

/// A group in one evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeedCell {
    /// Runs of the group that were evaluated.
    pub seeds: u32,
    pub samples: u64,
    pub scores: Vec<SeedScore>,
    pub differences: Vec<Difference>,
}

/// Runs that stand for one method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeedGroup {
    /// By number.
    pub runs: Vec<SeedRun>,
    /// Whether somebody has put it together, rather than its recipe.
    pub by_hand: bool,
    /// Whether the others are held against it.
    pub is_reference: bool,
    /// In the order of the evaluations; `None` where fewer than two runs were evaluated, and where figures are not computed yet.
    pub cells: Vec<Option<SeedCell>>,
    /// p values of its differences after correction over the suite (Holm), as `EVALUATION/METRIC`.
    pub adjusted_p_values: BTreeMap<String, f64>,
}

impl SeedGroup {
    /// What a difference shows once all of the suite are corrected for.
    #[must_use]
    pub fn verdict(&self, evaluation: &str, difference: &Difference) -> Verdict {
        let p = self.adjusted_p_values.get(&format!("{evaluation}/{}", difference.metric));
        if p.is_some_and(|p| *p <= super::SIGNIFICANCE) { difference.verdict() } else { Verdict::NoEvidence }
    }
}

/// The groups of a suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeedTable {
    pub evaluations: Vec<EvaluationDesign>,
    pub groups: Vec<SeedGroup>,
    /// Every run that has taken the suite, to put groups together of.
    pub runs: Vec<SeedRun>,
    /// Figures of a group in an evaluation that are not computed yet. The group is told no difference at all until they are, since
    /// p values are corrected for all of them.
    #[serde(default)]
    pub pending: u32,
}

/// Runs that cannot be a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSeedGroup {
    #[error("choose 2 to {MAX_SEEDS} runs that have taken this suite")]
    Count,
    #[error("two of these runs have the same seed: one is the repetition of the other")]
    SameSeed,
}

/// Scores of some systems on the same samples, in every metric that all of them have; not those of judges, which may be other judges
/// for one run than for another, and are asked after figures were kept.
struct Scores {
    /// Metrics: those of the counts, then those of the means.
    names: Vec<String>,
    counts: Vec<Corpus>,
    /// By metric, system and sample.
    means: Vec<Vec<Vec<f64>>>,
    samples: usize,
}

impl Scores {
    fn of(systems: &[&SampleAnswers], samples: &[SampleId], design: &EvaluationDesign) -> Self {
        let metrics = design.measured();
        let counts = counted(systems, samples, design, &metrics);
        let mut names: Vec<String> =
            counts.iter().flat_map(|corpus| &corpus.metrics).map(|name| (*name).to_owned()).collect();
        let mut means = Vec::new();
        for metric in metrics.iter().filter(|metric| MEANS.contains(&metric.as_str())) {
            let values = |answers: &&SampleAnswers| -> Option<Vec<f64>> {
                samples.iter().map(|id| answers.get(id)?.scores.get(metric).copied()).collect()
            };
            let values: Option<Vec<Vec<f64>>> = systems.iter().map(values).collect();
            if let Some(values) = values.filter(|_| !names.contains(metric)) {
                names.push(metric.clone());
                means.push(values);
            }
        }
        Self { names, counts, means, samples: samples.len() }
    }

    /// Of the systems in this range, on the samples at these places, metric by metric; `None` where one is undefined.
    fn at(&self, systems: Range<usize>, places: &[usize]) -> Vec<Option<Vec<f64>>> {
        let mut found: Vec<Option<Vec<f64>>> = vec![Some(Vec::new()); self.names.len()];
        for system in systems {
            let own: Vec<usize> = places.iter().map(|place| system * self.samples + place).collect();
            let counted = self.counts.iter().flat_map(|corpus| corpus.scores(&own));
            let means = self.means.iter().map(|values| {
                let sum: f64 = places.iter().map(|place| values[system][*place]).sum();
                Some(sum / places.len() as f64)
            });
            for (found, score) in found.iter_mut().zip(counted.chain(means)) {
                match score {
                    Some(score) => found.iter_mut().for_each(|scores| scores.push(score)),
                    None => *found = None,
                }
            }
        }
        found
    }
}

/// What a group of runs reached in an evaluation, and how it differs from another group; `old` may be empty. It draws for a while:
/// not for an async task's thread.
#[must_use]
pub fn seed_figures(new: &[SampleAnswers], old: &[SampleAnswers], design: &EvaluationDesign) -> SeedFigures {
    let (samples, scores) = scores_of(new, design);
    let differences = if old.is_empty() { Vec::new() } else { differences_of(new, old, design) };
    SeedFigures { samples, scores, differences }
}

const DRAWS: Draws = Draws { count: SEED_RESAMPLES, seed: SEED };

/// Where a metric stands among those of the evaluation.
fn place(design: &EvaluationDesign, metric: &str) -> Option<usize> {
    design.measured().iter().position(|measured| measured == metric)
}

/// The scores of a group, and on how many samples.
fn scores_of(group: &[SampleAnswers], design: &EvaluationDesign) -> (u64, Vec<SeedScore>) {
    let systems: Vec<&SampleAnswers> = group.iter().collect();
    let samples = common(&systems);
    let scores = Scores::of(&systems, &samples, design);
    let found = over_seeds_and_samples(samples.len(), DRAWS, |places| scores.at(0..group.len(), places));
    let named = scores.names.iter().zip(found).filter_map(|(metric, found)| {
        let found = found?;
        Some(SeedScore {
            metric: metric.clone(),
            mean: found.mean,
            deviation: found.deviation,
            low: found.low,
            high: found.high,
        })
    });
    let mut named: Vec<SeedScore> = named.collect();
    named.sort_by_key(|score| place(design, &score.metric));
    (samples.len() as u64, named)
}

/// How a group differs from an older one, on the samples that all of both have answered.
fn differences_of(new: &[SampleAnswers], old: &[SampleAnswers], design: &EvaluationDesign) -> Vec<Difference> {
    let systems: Vec<&SampleAnswers> = new.iter().chain(old).collect();
    let samples = common(&systems);
    let scores = &Scores::of(&systems, &samples, design);
    let of = |range: Range<usize>| move |places: &[usize]| scores.at(range.clone(), places);
    let found = difference_of_seeds(samples.len(), DRAWS, of(0..new.len()), of(new.len()..systems.len()));
    let named = scores.names.iter().zip(found).filter_map(|(metric, found)| {
        let found = found?;
        Some(Difference {
            metric: metric.clone(),
            from: found.old,
            to: found.new,
            interval: Some((found.low, found.high)),
            p_value: found.p_value,
        })
    });
    let mut named: Vec<Difference> = named.collect();
    named.sort_by_key(|difference| place(design, &difference.metric));
    named
}

impl SeedTable {
    /// Corrects the p values of each group over the suite.
    pub fn correct(&mut self) {
        for group in &mut self.groups {
            let cells = group.cells.iter().zip(&self.evaluations).filter_map(|(cell, e)| Some((cell.as_ref()?, e)));
            let tested = cells
                .flat_map(|(cell, evaluation)| cell.differences.iter().map(move |d| (evaluation.key.as_str(), d)))
                .filter(|(_, d)| !NEUTRAL.contains(&d.metric.as_str()));
            let adjusted = super::holm_adjusted(tested);
            group.adjusted_p_values =
                adjusted.into_iter().map(|((key, metric), p)| (format!("{key}/{metric}"), p)).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::suite::{SampleAnswer, SuiteDesign};

    fn design() -> EvaluationDesign {
        let text = "[[evaluations]]\nkey = \"a\"\nversion_id = \"01890a5d-ac96-774b-bcce-b302099a8057\"\n\
                    task = \"classification\"";
        SuiteDesign::from_toml(text).unwrap().evaluations.remove(0)
    }

    /// A run that is right of all but every tenth of 120 samples, and of `also_wrong` others.
    fn run(also_wrong: i64) -> SampleAnswers {
        let answer = |i: i64| {
            let (expected, other) = if i % 2 == 0 { ("a", "b") } else { ("b", "a") };
            let is_right = i % 10 != 0 && i >= also_wrong;
            SampleAnswer {
                output: if is_right { expected } else { other }.to_owned(),
                expected: expected.to_owned(),
                scores: BTreeMap::from([("accuracy".to_owned(), f64::from(u8::from(is_right)))]),
            }
        };
        (0..120).map(|i| (SampleId(i), answer(i))).collect()
    }

    #[test]
    fn a_group_is_one_candidate() {
        let (good, bad) = ([run(0), run(2), run(4)], [run(60), run(62), run(66)]);
        let found = seed_figures(&good, &bad, &design());
        let names: Vec<&str> = found.scores.iter().map(|score| score.metric.as_str()).collect();
        assert_eq!((found.samples, names), (120, vec!["accuracy", "f1_macro"]));
        // 108, 107 and 105 of 120.
        let accuracy = &found.scores[0];
        assert!((accuracy.mean - 320.0 / 360.0).abs() < 1e-12, "{accuracy:?}");
        assert!((accuracy.deviation - (7.0f64 / 3.0).sqrt() / 120.0).abs() < 1e-12, "{accuracy:?}");
        assert!(accuracy.low > 0.8 && accuracy.high < 0.97, "{accuracy:?}");
        assert!(found.differences.iter().all(|d| d.verdict() == Verdict::Better && d.p_value.unwrap() < 0.001));
        assert!((found.differences[0].from - (54.0 + 53.0 + 49.0) / 360.0).abs() < 1e-12, "{found:?}");
        assert!(seed_figures(&good, &[], &design()).differences.is_empty());
        assert!(seed_figures(&good[..1], &bad, &design()).scores.is_empty(), "one seed is no group");
    }

    #[test]
    fn groups_are_corrected_over_the_suite() {
        let difference = Difference {
            metric: "accuracy".to_owned(),
            from: 0.5,
            to: 0.6,
            interval: Some((0.01, 0.2)),
            p_value: Some(0.03),
        };
        let cell = SeedCell { seeds: 3, samples: 9, scores: Vec::new(), differences: vec![difference.clone()] };
        let group = SeedGroup {
            runs: Vec::new(),
            by_hand: false,
            is_reference: false,
            cells: vec![Some(cell.clone()), Some(cell), None],
            adjusted_p_values: BTreeMap::new(),
        };
        let keyed = |key: &str| EvaluationDesign { key: key.to_owned(), ..design() };
        let evaluations = vec![keyed("a"), keyed("b"), keyed("c")];
        let mut table = SeedTable { evaluations, groups: vec![group], runs: Vec::new(), pending: 0 };
        table.correct();
        assert_eq!(table.groups[0].adjusted_p_values["b/accuracy"], 0.06);
        assert_eq!(table.groups[0].verdict("a", &difference), Verdict::NoEvidence);
    }
}
