//! What may make the results of a report less than they seem, found by rules.

use super::facts::{EvaluationFacts, Facts, MetricFacts, RunFacts};
use crate::{
    overfit::Fit,
    run::RunStatus,
    statistics::{
        effect::{Plan, minimum_detectable},
        verdict::Verdict,
    },
};
use serde::{Deserialize, Serialize};

/// A difference of accuracies that a test split should be able to show: five points.
const WANTED_EFFECT: f64 = 0.05;
/// Chance of finding nothing where nothing is, and of finding what is there, in such a plan (Cohen 1988).
const SIGNIFICANCE: f64 = 0.05;
const POWER: f64 = 0.8;
/// Seeds below which a result may be the luck of one.
pub const WANTED_SEEDS: u32 = 3;

/// A risk, with the number of the run that it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportRisk))]
#[serde(tag = "risk", rename_all = "snake_case")]
pub enum Risk {
    /// It has not succeeded.
    NotOver { run: i32, status: RunStatus },
    /// Base and tuned model were not both tested.
    NotEvaluated { run: i32 },
    /// It was launched in spite of leaks.
    LeaksOverridden { run: i32, samples: u64, by: String },
    /// Held-out samples of its data stand in training.
    LeaksFound { run: i32, samples: u64 },
    /// Nobody has looked for leaks in its data.
    LeaksUnchecked { run: i32 },
    /// By some metric it is better on all test samples, but not on those that training has not seen.
    BetterByLeaks { run: i32, excluded: u32 },
    /// Its test split shows no difference below `detectable` of accuracy; none at all where that is absent.
    SmallTest { run: i32, samples: u32, detectable: Option<f64> },
    /// People have had sealed test samples shown.
    SealedLooks { run: i32, looks: u64, people: u64 },
    /// The overfit watch says that it has learnt by heart, and its adapter is the last one, not the best.
    Overfit { run: i32, lowest: f64, lowest_step: u32, last: f64, last_step: u32 },
    /// It learnt from samples that were erased since.
    Forgotten { run: i32, samples: u64 },
    /// Too few seeds to tell the method from luck.
    FewSeeds { run: i32, seeds: u32 },
    /// It is worse where samples have this value.
    WorseSlice { run: i32, field: String, value: String, difference: f64 },
    /// The runs were not tested on the same version, so that their scores do not compare.
    DifferentTests,
}

impl Risk {
    /// Whether it forbids to believe a better result, rather than asking for care.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        matches!(self, Self::LeaksOverridden { .. } | Self::LeaksFound { .. } | Self::BetterByLeaks { .. })
    }

    /// The run that it is about; none where it is about all.
    #[must_use]
    pub fn run(&self) -> Option<i32> {
        match self {
            Self::NotOver { run, .. }
            | Self::NotEvaluated { run }
            | Self::LeaksOverridden { run, .. }
            | Self::LeaksFound { run, .. }
            | Self::LeaksUnchecked { run }
            | Self::BetterByLeaks { run, .. }
            | Self::SmallTest { run, .. }
            | Self::SealedLooks { run, .. }
            | Self::Overfit { run, .. }
            | Self::Forgotten { run, .. }
            | Self::FewSeeds { run, .. }
            | Self::WorseSlice { run, .. } => Some(*run),
            Self::DifferentTests => None,
        }
    }
}

/// All that the rules find, in the order of the runs.
#[must_use]
pub fn risks(facts: &Facts) -> Vec<Risk> {
    let mut found: Vec<Risk> = facts.runs.iter().flat_map(of_run).collect();
    if facts.runs.windows(2).any(|pair| pair[0].data.version_id != pair[1].data.version_id) {
        found.push(Risk::DifferentTests);
    }
    found
}

fn of_run(facts: &RunFacts) -> Vec<Risk> {
    let run = facts.number;
    let mut found = Vec::new();
    if facts.status != RunStatus::Succeeded {
        found.push(Risk::NotOver { run, status: facts.status });
    }
    if let Some(signed) = &facts.leak_override {
        found.push(Risk::LeaksOverridden { run, samples: signed.samples, by: signed.by.clone() });
    } else {
        match facts.data.leaks {
            None => found.push(Risk::LeaksUnchecked { run }),
            Some(leaks) if leaks.found > 0 => found.push(Risk::LeaksFound { run, samples: leaks.found }),
            Some(_) => {}
        }
    }
    match &facts.evaluation {
        None => found.push(Risk::NotEvaluated { run }),
        Some(evaluation) => found.extend(of_evaluation(run, evaluation)),
    }
    let worse = facts.slices.iter().filter(|slice| slice.verdict == Verdict::Worse);
    found.extend(worse.map(|slice| Risk::WorseSlice {
        run,
        field: slice.field.clone(),
        value: slice.value.clone(),
        difference: slice.outcomes.tuned_share() - slice.outcomes.base_share(),
    }));
    let (looks, people) = (facts.data.test_looks, facts.data.test_lookers);
    if looks > 0 {
        found.push(Risk::SealedLooks { run, looks, people });
    }
    found.extend(overfit(facts));
    if facts.forgotten > 0 {
        found.push(Risk::Forgotten { run, samples: facts.forgotten });
    }
    if facts.evaluation.is_some() && facts.seeds < WANTED_SEEDS {
        found.push(Risk::FewSeeds { run, seeds: facts.seeds });
    }
    found
}

fn of_evaluation(run: i32, evaluation: &EvaluationFacts) -> Vec<Risk> {
    let mut found = Vec::new();
    let is_better = |metric: &&MetricFacts| metric.low.is_some() && metric.verdict == Verdict::Better;
    if let Some(clean) = &evaluation.without_leaks {
        let mut better = evaluation.metrics.iter().filter(is_better);
        let stays = |name: &str| clean.metrics.iter().filter(is_better).any(|metric| metric.metric == name);
        // One that stays better says nothing of the others.
        if better.any(|metric| !stays(&metric.metric)) {
            found.push(Risk::BetterByLeaks { run, excluded: clean.excluded });
        }
    }
    let detectable = detectable(evaluation);
    if detectable.is_none_or(|d| d > WANTED_EFFECT) {
        found.push(Risk::SmallTest { run, samples: evaluation.samples, detectable });
    }
    found
}

/// The smallest difference of accuracies that a test split of this size shows, at the share of answers in which the models
/// differ: at least one of them, since none would say nothing.
#[must_use]
pub fn detectable(evaluation: &EvaluationFacts) -> Option<f64> {
    let samples = evaluation.outcomes.samples();
    if samples == 0 {
        return None;
    }
    let discordance = evaluation.outcomes.discordance().max(1.0 / samples as f64);
    minimum_detectable(Plan { samples, discordance, significance: SIGNIFICANCE, power: POWER })
}

/// By the overfit watch: a run has one verdict, on its page and here.
fn overfit(facts: &RunFacts) -> Option<Risk> {
    let watched = facts.fit.filter(|watched| watched.fit == Fit::Overfitting && !facts.method.keeps_best)?;
    let figures = watched.figures?;
    Some(Risk::Overfit {
        run: facts.number,
        lowest: figures.best_loss,
        lowest_step: figures.best_step,
        last: figures.validation,
        last_step: figures.step,
    })
}
