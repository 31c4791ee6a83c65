//! Sweeps: one recipe run many times with some of its fields changed, to find good values (grid,
//! random, ASHA) or to learn what each change is worth (ablation).
//!
//! A [`SweepPlan`] says which fields move (its axes), how values are chosen (its strategy), what is
//! measured (its goal) and when to stop (its budget). Everything here is pure: the trials of a
//! plan follow from the plan, and what to run next follows from the plan and the runs so far.

mod ablation;
mod axis;
mod check;
mod forecast;
mod importance;
mod next;
mod shared;
mod trial;
mod view;

pub use ablation::{Effect, effects};
pub use axis::{Axis, AxisValues, Range, Scale};
pub use check::{SweepError, SweepProblem};
pub use forecast::Forecast;
pub use importance::{FEWEST, Importance, importance};
pub use next::{Launching, Next, RunFact, failure, next};
pub use trial::{Setting, Trial};
pub use view::{Analysis, SweepDetail, SweepSummary, TrialRun, analyse, best_first};

use crate::{
    eval::larger_is_better,
    recipe::{Recipe, SettingProblem},
};
use serde::{Deserialize, Serialize};

/// Most axes, trials and runs of one sweep.
pub const MAX_AXES: usize = 8;
pub const MAX_RUNS: u32 = 1000;
/// Most seeds of an ablation.
pub const MAX_SEEDS: u32 = 30;
/// The field that decides how long a run trains; ASHA sets it by rung.
pub const STEPS_FIELD: &str = "schedule.max_steps";
/// The field that an ablation sets itself.
pub const SEED_FIELD: &str = "seed";

/// What a sweep does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SweepPlan {
    /// What every trial starts from.
    #[serde(default)]
    pub recipe: Recipe,
    pub strategy: Strategy,
    pub axes: Vec<Axis>,
    /// Called objective in plans; a recipe has another one, see [`crate::recipe::Objective`].
    #[serde(rename = "objective")]
    pub goal: Goal,
    #[serde(default)]
    pub budget: Budget,
}

/// How the trials are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Strategy {
    /// Every combination of the axes' values.
    Grid,
    /// `runs` different combinations drawn from the axes (Bergstra & Bengio 2012, JMLR 13).
    Random { runs: u32, seed: u64 },
    /// Random combinations, most of which are given up early: Asynchronous Successive Halving (Li et al. 2018, "A
    /// System for Massively Parallel Hyperparameter Tuning", arXiv:1810.05934). All `runs` combinations train for
    /// `min_steps`; the best of each rung, one in `reduction`, train anew for `reduction` times as many steps, up to
    /// `max_steps`.
    Asha { runs: u32, seed: u64, min_steps: u32, max_steps: u32, reduction: u32 },
    /// The recipe as it is, and with each value of each axis alone, each once per seed.
    Ablation { seeds: u32 },
}

impl Strategy {
    /// The word in a plan.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Random { .. } => "random",
            Self::Asha { .. } => "asha",
            Self::Ablation { .. } => "ablation",
        }
    }

    /// Steps of each rung, `min_steps · reductionᵏ` up to `max_steps`; empty but for ASHA.
    #[must_use]
    pub fn rungs(self) -> Vec<u32> {
        let Self::Asha { min_steps, max_steps, reduction, .. } = self else { return Vec::new() };
        let more = |steps: &u32| steps.checked_mul(reduction).filter(|s| *s > *steps);
        std::iter::successors(Some(min_steps), more).take_while(|s| *s <= max_steps).collect()
    }
}

/// What a sweep compares its runs by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// The last validation loss. The test split stays unseen.
    ValidationLoss,
    Accuracy,
    MacroF1,
    ExactMatch,
    Bleu,
    RougeL,
    Perplexity,
    /// How often the chosen answer of a pair is likelier than the rejected one.
    PreferenceAccuracy,
}

impl Goal {
    pub const ALL: [Self; 8] = [
        Self::ValidationLoss,
        Self::Accuracy,
        Self::MacroF1,
        Self::ExactMatch,
        Self::Bleu,
        Self::RougeL,
        Self::Perplexity,
        Self::PreferenceAccuracy,
    ];

    /// The metric's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ValidationLoss => "validation_loss",
            Self::Accuracy => "accuracy",
            Self::MacroF1 => "macro_f1",
            Self::ExactMatch => "exact_match",
            Self::Bleu => "bleu",
            Self::RougeL => "rouge_l",
            Self::Perplexity => "perplexity",
            Self::PreferenceAccuracy => "preference_accuracy",
        }
    }

    /// Whether the largest value is the best.
    #[must_use]
    pub fn is_maximised(self) -> bool {
        larger_is_better(self.as_str())
    }

    /// The value with its sign turned where small is good, so that larger is better.
    #[must_use]
    pub fn goodness(self, value: f64) -> f64 {
        if self.is_maximised() { value } else { -value }
    }

    /// Whether only labelled data has it.
    #[must_use]
    pub fn needs_labels(self) -> Option<bool> {
        match self {
            Self::Accuracy | Self::MacroF1 => Some(true),
            Self::ExactMatch | Self::Bleu | Self::RougeL => Some(false),
            Self::ValidationLoss | Self::Perplexity | Self::PreferenceAccuracy => None,
        }
    }
}

impl std::str::FromStr for Goal {
    type Err = UnknownWord;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|o| o.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// When a sweep begins no further run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Runs in all, 1–1000; default 100.
    pub max_runs: u32,
    /// Hours of all its runs together; 0, the default, means no limit. Runs that have begun go on to their end.
    pub max_hours: f64,
    /// Runs that wait or work at a time, 1–16; default 2. The rest of the queue gets its turn between them.
    pub at_a_time: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { max_runs: 100, max_hours: 0.0, at_a_time: 2 }
    }
}

/// Where a sweep stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SweepStatus {
    Running,
    /// Every run of the plan has ended.
    Done,
    /// The budget was used before the plan was.
    BudgetUsed,
    /// The preflight of its first run found what every other run would fail of as well.
    Failed,
    Cancelled,
}

impl SweepStatus {
    pub const ALL: [Self; 5] = [Self::Running, Self::Done, Self::BudgetUsed, Self::Failed, Self::Cancelled];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::BudgetUsed => "budget_used",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::str::FromStr for SweepStatus {
    type Err = UnknownWord;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// A word that names no status or goal of a sweep.
#[derive(Debug, thiserror::Error)]
#[error("unknown word {0:?} in a sweep")]
pub struct UnknownWord(pub String);

impl SweepPlan {
    /// Runs that the plan makes unless its budget ends first. For ASHA what synchronous halving would make; taking
    /// the best before all are known can add a few.
    #[must_use]
    pub fn planned_runs(&self) -> u64 {
        match self.strategy {
            Strategy::Grid => self.axes.iter().map(|a| a.points(&self.recipe).len() as u64).product(),
            Strategy::Random { runs, .. } => runs.into(),
            Strategy::Asha { .. } => (0..self.strategy.rungs().len()).map(|k| u64::from(self.runs_on(k))).sum(),
            Strategy::Ablation { seeds } => {
                u64::from(seeds) * (1 + self.axes.iter().map(|a| a.points(&self.recipe).len() as u64).sum::<u64>())
            }
        }
    }

    /// Runs on a rung of ASHA, about.
    #[must_use]
    pub fn runs_on(&self, rung: usize) -> u32 {
        match self.strategy {
            Strategy::Asha { runs, reduction, .. } => (0..rung).fold(runs, |n, _| n / reduction.max(1)),
            _ => 0,
        }
    }

    /// The recipe of a trial, on a rung of ASHA with its steps.
    pub fn recipe_of(&self, trial: &Trial, rung: u32) -> Result<Recipe, SettingProblem> {
        let mut recipe = self.recipe.clone();
        for setting in &trial.settings {
            recipe = recipe.with_setting(&setting.field, &setting.value)?;
        }
        if let Some(steps) = self.strategy.rungs().get(rung as usize) {
            recipe.schedule.max_steps = *steps;
        }
        Ok(recipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_multiply_up_to_the_longest() {
        let asha =
            |min_steps, max_steps, reduction| Strategy::Asha { runs: 9, seed: 1, min_steps, max_steps, reduction };
        assert_eq!(asha(10, 100, 3).rungs(), [10, 30, 90]);
        assert_eq!(asha(10, 90, 3).rungs(), [10, 30, 90]);
        assert_eq!(asha(1, u32::MAX, 10).rungs().len(), 10, "no overflow");
        assert_eq!(asha(5, 100, 1).rungs(), [5], "no endless ladder");
        assert!(Strategy::Grid.rungs().is_empty());
    }
}
