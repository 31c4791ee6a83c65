//! The trials of a plan. They follow from the plan alone: the same plan gives the same trials.

use super::{Axis, SEED_FIELD, Strategy, SweepPlan, axis::Draws};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A field of the recipe with the value that a trial gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Setting {
    pub field: String,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub value: Value,
}

/// What one trial changes in the recipe. In a grid or a random search there is a setting per axis, in their order;
/// in an ablation one change or none, and the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trial {
    pub settings: Vec<Setting>,
}

impl Trial {
    /// The value that the trial gives to a field.
    #[must_use]
    pub fn value(&self, field: &str) -> Option<&Value> {
        value_of(&self.settings, field)
    }
}

pub(super) fn value_of<'a>(settings: &'a [Setting], field: &str) -> Option<&'a Value> {
    settings.iter().find(|s| s.field == field).map(|s| &s.value)
}

impl SweepPlan {
    /// Every trial, in the order in which they begin. Only of a plan that has passed its check.
    #[must_use]
    pub fn trials(&self) -> Vec<Trial> {
        match self.strategy {
            Strategy::Grid => self.grid(),
            Strategy::Random { runs, seed } | Strategy::Asha { runs, seed, .. } => self.random(runs, seed),
            Strategy::Ablation { seeds } => self.ablation(seeds),
        }
    }

    /// Every combination; the last axis moves fastest.
    fn grid(&self) -> Vec<Trial> {
        let mut trials = vec![Trial { settings: Vec::new() }];
        for axis in &self.axes {
            let points = axis.points(&self.recipe);
            let with = |trial: &Trial, value: &Value| {
                let mut settings = trial.settings.clone();
                settings.push(setting(axis, value.clone()));
                Trial { settings }
            };
            trials = trials.iter().flat_map(|t| points.iter().map(move |v| with(t, v))).collect();
        }
        trials
    }

    /// Different combinations; fewer where there are no more.
    fn random(&self, runs: u32, seed: u64) -> Vec<Trial> {
        let (mut random, mut trials) = (Draws(seed), Vec::new());
        for _ in 0..u64::from(runs) * 20 {
            if trials.len() == runs as usize {
                break;
            }
            let settings = self.axes.iter().map(|a| setting(a, a.draw(&self.recipe, &mut random))).collect();
            let trial = Trial { settings };
            if !trials.contains(&trial) {
                trials.push(trial);
            }
        }
        trials
    }

    /// Seed by seed the recipe as it is, then each change alone, so that pairs are whole early.
    fn ablation(&self, seeds: u32) -> Vec<Trial> {
        let changes = self.axes.iter().flat_map(|a| a.points(&self.recipe).into_iter().map(|v| setting(a, v)));
        let changes: Vec<Option<Setting>> = std::iter::once(None).chain(changes.map(Some)).collect();
        let seeded = |i: u32| Setting { field: SEED_FIELD.to_owned(), value: json!(self.seed(i)) };
        let trial =
            |i: u32, change: &Option<Setting>| Trial { settings: change.iter().cloned().chain([seeded(i)]).collect() };
        (0..seeds).flat_map(|i| changes.iter().map(move |c| trial(i, c))).collect()
    }

    /// The i-th seed of an ablation. TOML integers are signed, so the seeds go round below 2⁶³.
    fn seed(&self, i: u32) -> u64 {
        self.recipe.seed.wrapping_add(i.into()) & i64::MAX.unsigned_abs()
    }
}

fn setting(axis: &Axis, value: Value) -> Setting {
    Setting { field: axis.field.clone(), value }
}

#[cfg(test)]
mod tests {
    use super::super::{AxisValues, Budget, Goal, Range, Scale};
    use super::*;
    use crate::recipe::Recipe;

    fn plan(strategy: Strategy) -> SweepPlan {
        let list = |field: &str, values: Value| Axis {
            field: field.to_owned(),
            values: AxisValues::List(values.as_array().cloned().unwrap_or_default()),
        };
        SweepPlan {
            recipe: Recipe::default(),
            strategy,
            axes: vec![list("lora.rank", json!([4, 16])), list("batch.mask_prompt", json!([true, false]))],
            goal: Goal::ValidationLoss,
            budget: Budget::default(),
        }
    }

    fn values(trials: &[Trial]) -> Vec<Vec<Value>> {
        trials.iter().map(|t| t.settings.iter().map(|s| s.value.clone()).collect()).collect()
    }

    #[test]
    fn a_grid_has_every_combination() {
        let plan = plan(Strategy::Grid);
        let expected =
            [[json!(4), json!(true)], [json!(4), json!(false)], [json!(16), json!(true)], [json!(16), json!(false)]];
        assert_eq!(values(&plan.trials()), expected);
        assert_eq!(plan.planned_runs(), 4);
        let recipe = plan.recipe_of(&plan.trials()[3], 0).unwrap_or_default();
        assert_eq!((recipe.lora.rank, recipe.batch.mask_prompt), (16, false));
    }

    #[test]
    fn random_trials_follow_from_the_seed_and_differ() {
        let of = |seed| {
            let mut plan = plan(Strategy::Random { runs: 12, seed });
            let range = Range { low: 1e-5, high: 1e-3, scale: Scale::Log, points: 3 };
            plan.axes.push(Axis { field: "optimizer.learning_rate".to_owned(), values: AxisValues::Range(range) });
            plan.trials()
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_eq!(of(1).len(), 12);
        // Four combinations exist, and none comes twice.
        assert_eq!(plan(Strategy::Random { runs: 12, seed: 3 }).trials().len(), 4);
    }

    #[test]
    fn an_ablation_changes_one_thing_at_a_time_for_every_seed() {
        let mut plan = plan(Strategy::Ablation { seeds: 2 });
        plan.axes[0].values = AxisValues::List(vec![json!(4)]);
        plan.axes[1].values = AxisValues::List(vec![json!(false)]);
        let expected = [
            vec![json!(42)],
            vec![json!(4), json!(42)],
            vec![json!(false), json!(42)],
            vec![json!(43)],
            vec![json!(4), json!(43)],
            vec![json!(false), json!(43)],
        ];
        assert_eq!(values(&plan.trials()), expected);
        assert_eq!(plan.planned_runs(), 6);
        let last = plan.recipe_of(&plan.trials()[5], 0).unwrap_or_default();
        assert_eq!((last.lora.rank, last.batch.mask_prompt, last.seed), (8, false, 43));
    }

    #[test]
    fn a_rung_decides_the_steps() {
        let plan = plan(Strategy::Asha { runs: 9, seed: 1, min_steps: 10, max_steps: 90, reduction: 3 });
        let trials = plan.trials();
        let steps = |rung| plan.recipe_of(&trials[0], rung).map(|r| r.schedule.max_steps);
        assert_eq!([steps(0), steps(1), steps(2)], [Ok(10), Ok(30), Ok(90)]);
        assert_eq!((plan.runs_on(0), plan.runs_on(1), plan.runs_on(2), plan.planned_runs()), (9, 3, 1, 13));
    }
}
