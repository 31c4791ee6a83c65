//! What the form of a new sweep says: named texts, which the page's address and the post read in
//! the same way, and the plan they spell.

use super::text;
use crate::{runs::form::parse, ui::format::decimal};
use domain::{
    lang::Lang,
    recipe::Recipe,
    sweep::{Axis, AxisValues, Budget, Goal, MAX_AXES, Range, Scale, Strategy, SweepPlan},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Fields by name; what is not there has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SweepForm(BTreeMap<String, String>);

/// Fields that cannot be used, and why in the reader's language.
pub type Problems = Vec<(String, String)>;

const DEFAULTS: [(&str, &str); 11] = [
    ("strategy", "grid"),
    ("runs", "12"),
    ("seed", "1"),
    ("min_steps", "20"),
    ("max_steps", "180"),
    ("reduction", "3"),
    ("seeds", "3"),
    ("objective", "validation_loss"),
    ("max_runs", "100"),
    ("max_hours", "0"),
    ("at_a_time", "2"),
];

/// The name of an input.
#[must_use]
pub fn input(name: &str) -> String {
    format!("form[{name}]")
}

/// A value of row `i` of the fields to change.
#[must_use]
pub fn row(name: &str, i: usize) -> String {
    format!("{name}{i}")
}

impl SweepForm {
    /// Reads an address or a post. A launch form that leads here brings its `values[…]`, model and version.
    #[must_use]
    pub fn of_pairs(pairs: impl IntoIterator<Item = (String, String)>, l: Lang) -> Self {
        let (mut form, mut values) = (BTreeMap::new(), parse::Values::new());
        let within = |name: &str, of: &str| Some(name.strip_prefix(of)?.strip_suffix(']')?.to_owned());
        for (name, value) in pairs {
            if let Some(name) = within(&name, "form[") {
                form.insert(name, value);
            } else if let Some(path) = within(&name, "values[") {
                values.insert(path, value);
            } else if ["model", "version"].contains(&name.as_str()) {
                form.entry(name).or_insert(value);
            }
        }
        if !values.is_empty() {
            form.insert("recipe".to_owned(), parse::recipe(&values, l).0.to_toml());
        }
        Self(form)
    }

    /// Whether somebody has filled in more than where to begin.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        self.0.contains_key("strategy")
    }

    /// A text without surrounding space, or the field's default.
    #[must_use]
    pub fn get(&self, name: &str) -> String {
        let default = || DEFAULTS.iter().find(|d| d.0 == name).map_or("", |d| d.1);
        self.0.get(name).map_or_else(default, |v| v.trim()).to_owned()
    }

    /// Fills a field that is still empty.
    pub fn suggest(&mut self, name: &str, value: impl FnOnce() -> String) {
        if self.get(name).is_empty() {
            self.0.insert(name.to_owned(), value());
        }
    }

    /// The plan, or every field that cannot be read.
    pub fn plan(&self, l: Lang) -> Result<SweepPlan, Problems> {
        let mut problems = Problems::new();
        let recipe = Recipe::from_toml(&self.get("recipe")).unwrap_or_else(|e| {
            problems.push(("recipe".to_owned(), text::bad_recipe(l, e)));
            Recipe::default()
        });
        let strategy = self.strategy(l, &mut problems);
        let axes = (0..MAX_AXES).filter(|i| !self.get(&row("field", *i)).is_empty());
        let axes = axes.filter_map(|i| {
            let read = self.axis(i, &recipe, l);
            read.map_err(|p| problems.push((row("axes.", i), p))).ok()
        });
        let axes = axes.collect();
        let hours = decimal(&self.get("max_hours"));
        if hours.is_none() {
            problems.push(("budget.max_hours".to_owned(), text::decimal(l).to_owned()));
        }
        let budget = Budget {
            max_runs: self.whole("max_runs", "budget.max_runs", l, &mut problems),
            max_hours: hours.unwrap_or_default(),
            at_a_time: self.whole("at_a_time", "budget.at_a_time", l, &mut problems),
        };
        let goal = self.get("objective").parse().unwrap_or(Goal::ValidationLoss);
        if problems.is_empty() { Ok(SweepPlan { recipe, strategy, axes, goal, budget }) } else { Err(problems) }
    }

    fn strategy(&self, l: Lang, problems: &mut Problems) -> Strategy {
        let mut whole = |name: &str| self.whole(name, &format!("strategy.{name}"), l, problems);
        match self.get("strategy").as_str() {
            "random" => Strategy::Random { runs: whole("runs"), seed: whole("seed").into() },
            "asha" => Strategy::Asha {
                runs: whole("runs"),
                seed: whole("seed").into(),
                min_steps: whole("min_steps"),
                max_steps: whole("max_steps"),
                reduction: whole("reduction"),
            },
            "ablation" => Strategy::Ablation { seeds: whole("seeds") },
            _ => Strategy::Grid,
        }
    }

    fn whole(&self, name: &str, field: &str, l: Lang, problems: &mut Problems) -> u32 {
        self.get(name).parse().unwrap_or_else(|_| {
            problems.push((field.to_owned(), text::whole(l).to_owned()));
            0
        })
    }

    fn axis(&self, i: usize, recipe: &Recipe, l: Lang) -> Result<Axis, String> {
        let (field, values) = (self.get(&row("field", i)), self.get(&row("values", i)));
        let parts: Vec<&str> = values.split([',', '，']).map(str::trim).filter(|v| !v.is_empty()).collect();
        let scale = match self.get(&row("how", i)).as_str() {
            "linear" => Some(Scale::Linear),
            "log" => Some(Scale::Log),
            _ => None,
        };
        let values = match scale {
            None => {
                let read = |v: &&str| recipe.read_setting(&field, v).map_err(|_| text::wrong_type(l, v));
                AxisValues::List(parts.iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(scale) => {
                let [Some(low), Some(high)] = [parts.first(), parts.get(1)].map(|p| p.and_then(|p| decimal(p))) else {
                    return Err(text::two_numbers(l).to_owned());
                };
                let points = self.get(&row("points", i));
                let points =
                    if points.is_empty() { 3 } else { points.parse().map_err(|_| text::whole(l).to_owned())? };
                AxisValues::Range(Range { low, high, scale, points })
            }
        };
        Ok(Axis { field, values })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    fn form(pairs: &[(&str, &str)]) -> SweepForm {
        SweepForm::of_pairs(pairs.iter().map(|(n, v)| (input(n), (*v).to_owned())), Lang::En)
    }

    #[test]
    fn the_form_spells_a_plan() {
        let asha = form(&[
            ("strategy", "asha"),
            ("field0", "optimizer.learning_rate"),
            ("how0", "log"),
            ("values0", "1e-5, 1e-3"),
            ("field2", "batch.mask_prompt"),
            ("values2", "on，off"),
        ]);
        let plan = asha.plan(Lang::En).unwrap();
        let expected = Strategy::Asha { runs: 12, seed: 1, min_steps: 20, max_steps: 180, reduction: 3 };
        assert_eq!((plan.strategy, plan.axes.len()), (expected, 2));
        assert_eq!(plan.axes[1].values, AxisValues::List(vec![json!(true), json!(false)]));
        assert!(plan.check().is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let bad = form(&[
            ("strategy", "random"),
            ("runs", "many"),
            ("recipe", "[lora]\nrang = 1"),
            ("field0", "lora.rank"),
            ("values0", "8, x"),
        ]);
        let fields: Vec<_> = bad.plan(Lang::En).unwrap_err().into_iter().map(|p| p.0).collect();
        assert_eq!(fields, ["recipe", "strategy.runs", "axes.0"]);
    }

    #[test]
    fn a_launch_form_brings_its_recipe() {
        let mut recipe = Recipe::default();
        recipe.lora.rank = 32;
        let pairs = parse::values(&recipe).into_iter().map(|(k, v)| (format!("values[{k}]"), v));
        let form = SweepForm::of_pairs(pairs.chain([("model".to_owned(), "m".to_owned())]), Lang::En);
        assert_eq!((form.plan(Lang::En).unwrap().recipe, form.get("model")), (recipe, "m".to_owned()));
        assert!(!form.is_filled());
    }
}
