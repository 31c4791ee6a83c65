//! Whether what a preflight found of one run holds for all runs of a plan: then the sweep need not find it again, run by
//! run. A preflight looks at model, data and recipe; a plan moves a few fields of the recipe.

use super::SweepPlan;
use crate::run::{FailureKind, RunProblem};

/// Beginnings of names of fields of which neither size nor shape of a run depend: whether the model can be
/// read, which tokens are learnt, and what a step takes is the same whatever they hold.
const VALUES: [&str; 13] = [
    "seed",
    "optimizer.learning_rate",
    "optimizer.weight_decay",
    "optimizer.beta",
    "optimizer.epsilon",
    "optimizer.clip_norm",
    "schedule.",
    "loss.",
    "dpo.",
    "evaluation.",
    "recovery.",
    "lora.alpha",
    "lora.dropout",
];

/// Those of them that a preflight does not even use: it takes a few steps at the full learning rate.
const UNUSED: [&str; 3] = ["schedule.", "evaluation.", "recovery."];

impl SweepPlan {
    /// Whether every run of the plan would fail of what the preflight of one found. When in doubt, no.
    #[must_use]
    pub fn shares(&self, kind: FailureKind, problem: &RunProblem) -> bool {
        let moves_only =
            |names: &[&str]| self.axes.iter().all(|axis| names.iter().any(|name| axis.field.starts_with(name)));
        let is_unused = |field: &str| UNUSED.iter().any(|name| field.starts_with(name));
        let is_numeric = kind == FailureKind::NotANumber || matches!(problem, RunProblem::LossDidNotFall { .. });
        match kind {
            _ if is_numeric => moves_only(&UNUSED),
            // The number of steps and validations decides the number of checkpoints.
            FailureKind::DiskFull => moves_only(&VALUES) && !self.axes.iter().any(|a| is_unused(&a.field)),
            FailureKind::OutOfMemory | FailureKind::InvalidInput | FailureKind::NotANumber | FailureKind::Preflight => {
                moves_only(&VALUES)
            }
            // Nobody knows what it was.
            FailureKind::Crashed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Axis, AxisValues, Budget, Goal, Strategy};
    use super::*;
    use crate::recipe::Recipe;

    fn plan(fields: &[&str]) -> SweepPlan {
        let axis = |field: &&str| Axis { field: (*field).to_owned(), values: AxisValues::List(Vec::new()) };
        SweepPlan {
            recipe: Recipe::default(),
            strategy: Strategy::Grid,
            axes: fields.iter().map(axis).collect(),
            goal: Goal::ValidationLoss,
            budget: Budget::default(),
        }
    }

    #[test]
    fn what_no_axis_can_change_holds_for_all() {
        let said = RunProblem::Said { text: "no training samples".to_owned() };
        let input = |fields: &[&str]| plan(fields).shares(FailureKind::InvalidInput, &said);
        assert!(input(&["optimizer.learning_rate", "seed", "schedule.warmup"]));
        assert!(!input(&["optimizer.learning_rate", "batch.max_length"]), "longer samples may have something to learn");
        assert!(!input(&["method"]));
        let memory = |fields: &[&str]| plan(fields).shares(FailureKind::OutOfMemory, &RunProblem::KilledForMemory);
        assert!(memory(&["lora.alpha", "optimizer.beta2"]) && !memory(&["lora.rank"]) && !memory(&["optimizer.kind"]));
        assert!(!plan(&["schedule.epochs"]).shares(FailureKind::DiskFull, &said));
        assert!(plan(&["seed"]).shares(FailureKind::DiskFull, &said));
        assert!(!plan(&["seed"]).shares(FailureKind::Crashed, &said), "nobody knows");
    }

    #[test]
    fn what_the_values_did_holds_for_one_run() {
        let rose = RunProblem::LossDidNotFall { steps: 8, learning_rate: 1.0, first_loss: 1.0, last_loss: 9.0 };
        assert!(!plan(&["optimizer.learning_rate"]).shares(FailureKind::Preflight, &rose));
        assert!(!plan(&["seed"]).shares(FailureKind::NotANumber, &RunProblem::LossNotFinite { step: 1 }));
        assert!(plan(&["evaluation.patience", "schedule.epochs"]).shares(FailureKind::Preflight, &rose));
    }

    #[test]
    fn every_name_is_a_field_or_a_table() {
        let fields: Vec<String> = Recipe::default().fields().into_iter().map(|(path, _)| path).collect();
        for name in VALUES.iter().chain(&UNUSED) {
            assert!(fields.iter().any(|f| f.starts_with(name)), "{name}");
        }
    }
}
