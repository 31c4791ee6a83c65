//! What can be wrong with a plan, and how it is checked: everything before the first run, so that
//! no trial is refused in the middle of the night.

use super::{
    Axis, AxisValues, Goal, MAX_AXES, MAX_RUNS, MAX_SEEDS, Range, SEED_FIELD, STEPS_FIELD, Scale, Strategy, SweepPlan,
    Trial,
};
use crate::{
    dataset::VersionStats,
    estimate::misfits,
    model::ModelCard,
    recipe::{RecipeError, RecipeProblem, setting_text},
    sample::Split,
};

/// One thing wrong with a plan.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct SweepError {
    /// `axes.0`, `strategy.runs`, `budget.max_runs`, `objective`, or a field of the recipe such as `recipe.lora.rank`.
    pub field: String,
    pub problem: SweepProblem,
}

/// What is wrong with a field of a plan, alone or together with model and data.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SweepProblem {
    #[error("choose at least one field to change")]
    NoAxis,
    #[error("at most {high} fields")]
    TooManyAxes { high: usize },
    #[error("a recipe has no field {path}")]
    UnknownField { path: String },
    #[error("each field may appear once")]
    RepeatedField,
    #[error("ASHA sets the length of every run itself")]
    SetByRungs,
    #[error("an ablation sets the seeds itself")]
    SetBySeeds,
    #[error("needs at least {low} different values")]
    TooFewValues { low: usize },
    #[error("the field cannot hold {value}")]
    WrongType { value: String },
    #[error("a range needs a field that holds numbers")]
    NoNumber,
    #[error("the lowest value must be below the highest")]
    EmptyRange,
    #[error("on a logarithmic scale the lowest value must be above 0")]
    LogOfZero,
    #[error("{value} is what the recipe has already")]
    SameAsBase { value: String },
    #[error("must be between {low} and {high}")]
    OutOfRange { low: f64, high: f64 },
    #[error("must be at least {low}, so that there are two rungs")]
    OneRung { low: u64 },
    #[error("the plan makes {runs} runs, and the budget allows {high}")]
    MoreThanBudget { runs: u64, high: u32 },
    #[error("this dataset version has no validation samples")]
    NoValidation,
    #[error("this dataset version has no test samples")]
    NoTest,
    #[error("this dataset version has no preference pairs in its test split")]
    NoTestPairs,
    #[error("labelled data is measured by accuracy or macro_f1, other data by exact_match, bleu or rouge_l")]
    OtherTask,
    #[error("{0}")]
    Recipe(RecipeProblem),
}

#[derive(Default)]
struct Checker(Vec<SweepError>);

impl Checker {
    fn that(&mut self, ok: bool, field: &str, problem: SweepProblem) {
        if !ok {
            self.0.push(SweepError { field: field.to_owned(), problem });
        }
    }

    fn range(&mut self, field: &str, value: f64, low: f64, high: f64) {
        self.that((low..=high).contains(&value), field, SweepProblem::OutOfRange { low, high });
    }
}

impl SweepPlan {
    /// The plan's trials, or everything wrong with it.
    pub fn check(&self) -> Result<Vec<Trial>, Vec<SweepError>> {
        let mut c = Checker::default();
        for RecipeError { field, problem } in self.recipe.check().err().into_iter().flatten() {
            c.that(false, &format!("recipe.{field}"), SweepProblem::Recipe(problem));
        }
        self.check_strategy(&mut c);
        c.range("budget.max_runs", self.budget.max_runs.into(), 1.0, MAX_RUNS.into());
        c.range("budget.max_hours", self.budget.max_hours, 0.0, 10_000.0);
        c.range("budget.at_a_time", self.budget.at_a_time.into(), 1.0, 16.0);
        c.that(!self.axes.is_empty(), "axes", SweepProblem::NoAxis);
        c.that(self.axes.len() <= MAX_AXES, "axes", SweepProblem::TooManyAxes { high: MAX_AXES });
        for (i, axis) in self.axes.iter().enumerate() {
            let place = format!("axes.{i}");
            let is_new = self.axes[..i].iter().all(|a| a.field != axis.field);
            c.that(is_new, &place, SweepProblem::RepeatedField);
            self.check_axis(axis, &place, &mut c);
        }
        if !c.0.is_empty() {
            return Err(c.0);
        }
        self.check_trials()
    }

    fn check_strategy(&self, c: &mut Checker) {
        match self.strategy {
            Strategy::Grid => {}
            Strategy::Random { runs, .. } => c.range("strategy.runs", runs.into(), 1.0, MAX_RUNS.into()),
            Strategy::Asha { runs, min_steps, max_steps, reduction, .. } => {
                c.range("strategy.runs", runs.into(), 2.0, MAX_RUNS.into());
                c.range("strategy.min_steps", min_steps.into(), 1.0, 10_000_000.0);
                c.range("strategy.reduction", reduction.into(), 2.0, 10.0);
                let low = u64::from(min_steps) * u64::from(reduction);
                c.that(u64::from(max_steps) >= low, "strategy.max_steps", SweepProblem::OneRung { low });
                c.range("strategy.max_steps", max_steps.into(), 1.0, 10_000_000.0);
            }
            Strategy::Ablation { seeds } => c.range("strategy.seeds", seeds.into(), 1.0, MAX_SEEDS.into()),
        }
    }

    fn check_axis(&self, axis: &Axis, place: &str, c: &mut Checker) {
        let Some(base) = self.recipe.setting(&axis.field) else {
            return c.that(false, place, SweepProblem::UnknownField { path: axis.field.clone() });
        };
        let is_length = [STEPS_FIELD, "schedule.epochs"].contains(&axis.field.as_str());
        let by_rungs = is_length && matches!(self.strategy, Strategy::Asha { .. });
        c.that(!by_rungs, place, SweepProblem::SetByRungs);
        let is_ablation = matches!(self.strategy, Strategy::Ablation { .. });
        c.that(!(is_ablation && axis.field == SEED_FIELD), place, SweepProblem::SetBySeeds);
        match &axis.values {
            AxisValues::Range(range) => check_range(*range, base.is_number(), place, c),
            AxisValues::List(values) => {
                for value in values {
                    let fits = self.recipe.with_setting(&axis.field, value).is_ok();
                    c.that(fits, place, SweepProblem::WrongType { value: setting_text(value) });
                }
            }
        }
        // A range that is none has no points worth counting.
        if c.0.is_empty() {
            let (points, low) = (axis.points(&self.recipe), if is_ablation { 1 } else { 2 });
            c.that(points.len() >= low, place, SweepProblem::TooFewValues { low });
            let same = || SweepProblem::SameAsBase { value: setting_text(&base) };
            let is_other = |value| self.recipe.with_setting(&axis.field, value).as_ref() != Ok(&self.recipe);
            c.that(!is_ablation || points.iter().all(is_other), place, same());
        }
    }

    /// Draws the trials and checks the recipe of each: values that are right one by one need not go together.
    fn check_trials(&self) -> Result<Vec<Trial>, Vec<SweepError>> {
        let (runs, high) = (self.planned_runs(), self.budget.max_runs);
        let is_whole = matches!(self.strategy, Strategy::Grid | Strategy::Ablation { .. });
        if runs > MAX_RUNS.into() || (is_whole && runs > high.into()) {
            let problem = SweepProblem::MoreThanBudget { runs, high: high.min(MAX_RUNS) };
            return Err(vec![SweepError { field: "budget.max_runs".to_owned(), problem }]);
        }
        let trials = self.trials();
        let mut c = Checker::default();
        for trial in &trials {
            // The types were checked axis by axis.
            let Ok(recipe) = self.recipe_of(trial, 0) else { continue };
            for RecipeError { field, problem } in recipe.check().err().into_iter().flatten() {
                c.that(false, &self.place_of(&field), SweepProblem::Recipe(problem));
            }
            if !c.0.is_empty() {
                return Err(c.0);
            }
        }
        Ok(trials)
    }

    /// The axis that moves a field of the recipe, or the field itself.
    fn place_of(&self, field: &str) -> String {
        let axis = self.axes.iter().position(|a| a.field == field);
        axis.map_or_else(|| format!("recipe.{field}"), |i| format!("axes.{i}"))
    }

    /// Why the plan does not go with this model and data.
    #[must_use]
    pub fn misfits(&self, trials: &[Trial], model: &ModelCard, data: &VersionStats) -> Vec<SweepError> {
        let mut c = Checker::default();
        match (self.goal, self.goal.needs_labels()) {
            (Goal::ValidationLoss, _) => c.that(data.validation > 0, "objective", SweepProblem::NoValidation),
            (Goal::PreferenceAccuracy, _) if data.test > 0 => {
                c.that(data.pairs_of(Split::Test) > 0, "objective", SweepProblem::NoTestPairs);
            }
            (_, None) => c.that(data.test > 0, "objective", SweepProblem::NoTest),
            (_, Some(labels)) => {
                c.that(data.test > 0, "objective", SweepProblem::NoTest);
                c.that(labels != data.labels.is_empty(), "objective", SweepProblem::OtherTask);
            }
        }
        let recipes = trials.iter().filter_map(|t| self.recipe_of(t, 0).ok());
        if let Some(misfits) = recipes.map(|r| misfits(&r, model, data)).find(|m| !m.is_empty()) {
            for misfit in misfits {
                let RecipeError { field, problem } = misfit.into();
                let place = if field == "version" { field } else { self.place_of(&field) };
                c.that(false, &place, SweepProblem::Recipe(problem));
            }
        }
        c.0
    }
}

fn check_range(range: Range, is_number: bool, place: &str, c: &mut Checker) {
    c.that(is_number, place, SweepProblem::NoNumber);
    c.that(range.low < range.high && range.high.is_finite(), place, SweepProblem::EmptyRange);
    c.that(range.scale == Scale::Linear || range.low > 0.0, place, SweepProblem::LogOfZero);
    c.that((2..=50).contains(&range.points), place, SweepProblem::OutOfRange { low: 2.0, high: 50.0 });
}

#[cfg(test)]
mod tests {
    use super::super::Budget;
    use super::*;
    use crate::recipe::Recipe;
    use serde_json::{Value, json};

    fn plan(strategy: Strategy, axes: &[(&str, Value)]) -> SweepPlan {
        let axis = |(field, values): &(&str, Value)| Axis {
            field: (*field).to_owned(),
            values: AxisValues::List(values.as_array().cloned().unwrap_or_default()),
        };
        let axes = axes.iter().map(axis).collect();
        let (goal, budget) = (Goal::ValidationLoss, Budget::default());
        SweepPlan { recipe: Recipe::default(), strategy, axes, goal, budget }
    }

    fn problems(plan: &SweepPlan) -> Vec<String> {
        plan.check().err().into_iter().flatten().map(|e| e.to_string()).collect()
    }

    #[test]
    fn a_good_plan_gives_its_trials() {
        let grid = plan(Strategy::Grid, &[("lora.rank", json!([4, 8])), ("seed", json!([1, 2, 3]))]);
        assert_eq!(grid.check().map(|t| t.len()), Ok(6));
    }

    #[test]
    fn problems_name_their_field() {
        let cases = [
            (plan(Strategy::Grid, &[]), "axes: choose at least one field to change"),
            (plan(Strategy::Grid, &[("lora.rang", json!([1, 2]))]), "axes.0: a recipe has no field lora.rang"),
            (plan(Strategy::Grid, &[("lora.rank", json!([4, 4.5]))]), "axes.0: the field cannot hold 4.5"),
            (plan(Strategy::Grid, &[("lora.rank", json!([4, 4]))]), "axes.0: needs at least 2 different values"),
            (plan(Strategy::Grid, &[("lora.rank", json!([4, 9999]))]), "axes.0: must be between 1 and 512, not 9999"),
            (
                plan(
                    Strategy::Grid,
                    &[("optimizer.sgd.nesterov", json!([true, false])), ("optimizer.sgd.momentum", json!([0.0, 0.9]))],
                ),
                "axes.0: needs a momentum above 0",
            ),
            (
                plan(Strategy::Ablation { seeds: 2 }, &[("lora.rank", json!([8]))]),
                "axes.0: 8 is what the recipe has already",
            ),
            (
                plan(Strategy::Ablation { seeds: 0 }, &[("lora.rank", json!([4]))]),
                "strategy.seeds: must be between 1 and 30",
            ),
            (
                plan(Strategy::Ablation { seeds: 2 }, &[("seed", json!([4]))]),
                "axes.0: an ablation sets the seeds itself",
            ),
            (
                plan(Strategy::Ablation { seeds: 30 }, &[("lora.rank", json!([4, 16, 32]))]),
                "budget.max_runs: the plan makes 120 runs, and the budget allows 100",
            ),
        ];
        for (plan, expected) in cases {
            assert_eq!(problems(&plan), [expected]);
        }
    }

    #[test]
    fn asha_needs_two_rungs_and_its_own_steps() {
        let asha = Strategy::Asha { runs: 9, seed: 1, min_steps: 10, max_steps: 20, reduction: 3 };
        let wrong = plan(asha, &[("schedule.max_steps", json!([10, 20]))]);
        assert_eq!(
            problems(&wrong),
            [
                "strategy.max_steps: must be at least 30, so that there are two rungs",
                "axes.0: ASHA sets the length of every run itself"
            ]
        );
    }

    #[test]
    fn a_range_needs_numbers_that_rise() {
        let with = |field: &str, low, high, scale| {
            let mut plan = plan(Strategy::Grid, &[(field, json!([]))]);
            plan.axes[0].values = AxisValues::Range(Range { low, high, scale, points: 3 });
            problems(&plan)
        };
        assert!(with("lora.dropout", 0.0, 0.1, Scale::Linear).is_empty());
        assert_eq!(
            with("lora.dropout", 0.1, 0.1, Scale::Linear),
            ["axes.0: the lowest value must be below the highest"]
        );
        assert_eq!(with("lora.dropout", f64::NAN, 0.1, Scale::Linear).len(), 1);
        assert_eq!(with("lora.dropout", 0.0, 0.1, Scale::Log).len(), 1);
        assert_eq!(
            with("schedule.shape", 0.0, 0.1, Scale::Linear),
            ["axes.0: a range needs a field that holds numbers"]
        );
    }

    #[test]
    fn the_data_must_have_the_objective() {
        let mut plan = plan(Strategy::Grid, &[("lora.rank", json!([4, 8]))]);
        let trials = plan.trials();
        let stats = VersionStats { train: 5, test: 2, labels: vec![("a".to_owned(), 7)], ..VersionStats::default() };
        let mut of = |goal| {
            plan.goal = goal;
            let card = crate::estimate::tests::smol();
            plan.misfits(&trials, &card, &stats).into_iter().map(|e| e.problem).collect::<Vec<_>>()
        };
        assert_eq!(of(Goal::ValidationLoss), [SweepProblem::NoValidation]);
        assert_eq!(of(Goal::RougeL), [SweepProblem::OtherTask]);
        assert_eq!(of(Goal::Accuracy), []);
        assert_eq!(of(Goal::Perplexity), []);
        assert_eq!(of(Goal::PreferenceAccuracy), [SweepProblem::NoTestPairs]);
        let pairs = VersionStats { samples: 7, pairs: 7, ..stats.clone() };
        plan.goal = Goal::PreferenceAccuracy;
        assert_eq!(plan.misfits(&trials, &crate::estimate::tests::smol(), &pairs), []);
        assert!(plan.goal.is_maximised());
    }
}
