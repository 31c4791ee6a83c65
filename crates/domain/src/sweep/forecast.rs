//! What a sweep will cost, before it begins.

use super::{SweepPlan, Trial};
use crate::{dataset::VersionStats, estimate::estimate, model::ModelCard};
use serde::{Deserialize, Serialize};

/// Predicted cost of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forecast {
    /// Runs that the plan makes within its budget of runs; for ASHA about.
    pub runs: u64,
    /// Time of all of them together, one after another; at most the budget's hours.
    pub seconds: f64,
    /// Peak memory of the largest run.
    pub memory_bytes: u64,
    /// Whether the speed was measured on finished runs rather than guessed.
    pub is_measured: bool,
}

impl SweepPlan {
    /// Predicts the sweep from the prediction of each of its runs; `trials` are the plan's.
    #[must_use]
    pub fn forecast(
        &self,
        trials: &[Trial],
        model: &ModelCard,
        data: &VersionStats,
        tokens_per_sample: Option<f64>,
        measured_flops: Option<f64>,
    ) -> Forecast {
        // Which trials will move up is not known: the first stand for them.
        let higher = (1..self.strategy.rungs().len())
            .flat_map(|rung| trials.iter().take(self.runs_on(rung) as usize).map(move |t| (t, rung as u32)));
        let estimates: Vec<_> = (trials.iter().map(|t| (t, 0)).chain(higher))
            .take(self.budget.max_runs as usize)
            .filter_map(|(trial, rung)| self.recipe_of(trial, rung).ok())
            .map(|recipe| estimate(&recipe, model, data, tokens_per_sample, measured_flops))
            .collect();
        let limit = if self.budget.max_hours > 0.0 { self.budget.max_hours * 3600.0 } else { f64::INFINITY };
        Forecast {
            runs: estimates.len() as u64,
            seconds: estimates.iter().map(|e| e.seconds()).sum::<f64>().min(limit),
            memory_bytes: estimates.iter().map(|e| e.memory_bytes).max().unwrap_or(0),
            is_measured: measured_flops.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Axis, AxisValues, Budget, Goal, Strategy};
    use super::*;
    use crate::{estimate::tests::smol, recipe::Recipe};
    use serde_json::json;

    #[test]
    fn a_sweep_costs_what_its_runs_cost() {
        let data = VersionStats { samples: 100, train: 100, characters: 30_000, ..VersionStats::default() };
        let axes =
            vec![Axis { field: "seed".to_owned(), values: AxisValues::List((0..9).map(|n| json!(n)).collect()) }];
        let mut plan = SweepPlan {
            recipe: Recipe::default(),
            strategy: Strategy::Grid,
            axes,
            goal: Goal::ValidationLoss,
            budget: Budget::default(),
        };
        let of = |plan: &SweepPlan| plan.forecast(&plan.trials(), &smol(), &data, Some(100.0), Some(1e11));
        let one = estimate(&plan.recipe, &smol(), &data, Some(100.0), Some(1e11));
        let all = of(&plan);
        assert!((all.seconds / (9.0 * one.seconds()) - 1.0).abs() < 1e-9);
        assert_eq!((all.runs, all.memory_bytes), (9, one.memory_bytes));
        plan.budget = Budget { max_runs: 4, max_hours: 0.001, ..Budget::default() };
        assert_eq!((of(&plan).runs, of(&plan).seconds), (4, 3.6));
        plan.budget = Budget::default();
        plan.strategy = Strategy::Asha { runs: 9, seed: 1, min_steps: 1, max_steps: 9, reduction: 3 };
        assert_eq!(of(&plan).runs, 13);
    }
}
