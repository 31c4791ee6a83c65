//! The recipe being made as named values, which the page's address, its forms and their posts share: `s0.kind`,
//! `s0.least`, …, and `op` for the edit that was asked for.

use crate::{error::AppError, ui::form::Values, words};
use domain::{
    lang::Lang,
    steps::{DataRecipe, Step, StepError},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Named values; what is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepsForm(Values);

impl StepsForm {
    /// The values of a page's query.
    #[must_use]
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(Values::from_pairs(pairs))
    }

    /// The values that say these steps.
    #[must_use]
    pub fn of_steps(steps: &[Step]) -> Self {
        let values = steps.iter().enumerate().flat_map(|(i, step)| {
            let settings =
                step.settings().into_iter().map(move |(name, value)| (format!("s{i}.{name}"), text_of(&value)));
            settings.chain([(format!("s{i}.kind"), step.kind())])
        });
        Self::from_pairs(values)
    }

    /// As a query string without the question mark.
    #[must_use]
    pub fn query(&self) -> String {
        self.0.query()
    }

    /// The values, for hidden fields of a form.
    pub fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.0.pairs()
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name)
    }

    /// The steps as they were typed; an error names the field that cannot be read.
    pub fn steps(&self, l: Lang) -> Result<Vec<Step>, AppError> {
        let mut steps = Vec::new();
        for i in 0.. {
            let Some(step) = Step::of_kind(self.get(&format!("s{i}.kind"))) else { break };
            let mut typed = step.clone();
            for (name, _) in step.settings() {
                let field = format!("s{i}.{name}");
                let value = self.get(&field);
                typed = typed.with_setting(&name, value).ok_or_else(|| {
                    AppError::invalid(&field, super::text::unreadable(l, words::setting_name(l, &name)))
                })?;
            }
            steps.push(typed);
        }
        Ok(steps)
    }

    /// The recipe, if every step can be done.
    pub fn recipe(&self, l: Lang) -> Result<DataRecipe, AppError> {
        let recipe = DataRecipe { steps: self.steps(l)? };
        recipe.check().map_err(|e| {
            let field = match &e {
                StepError::Range { step, field, .. } => format!("s{}.{field}", step - 1),
                StepError::Nothing { step, .. } => format!("s{}.most", step - 1),
                StepError::Empty
                | StepError::TooMany
                | StepError::Unreadable { .. }
                | StepError::Unscored { .. }
                | StepError::NoEmbeddings { .. }
                | StepError::Labels { .. } => "add_kind".to_owned(),
            };
            AppError::invalid(field, words::step_problem(l, &e))
        })?;
        Ok(recipe)
    }

    /// The steps after the edit that the address asks for; or before it, and why it cannot be done.
    #[must_use]
    pub fn edited(&self, l: Lang) -> (Vec<Step>, Option<String>) {
        let mut steps = match self.steps(l) {
            Ok(steps) => steps,
            Err(error) => return (Vec::new(), Some(error.text(l))),
        };
        let (op, at) = self.get("op").split_once('.').unwrap_or((self.get("op"), ""));
        let at: usize = at.parse().unwrap_or(usize::MAX);
        match op {
            "add" => steps.extend(Step::of_kind(self.get("add_kind"))),
            "remove" if at < steps.len() => drop(steps.remove(at)),
            "up" if at < steps.len() && at > 0 => steps.swap(at, at - 1),
            "down" if at < steps.len().saturating_sub(1) => steps.swap(at, at + 1),
            "toml" => match DataRecipe::from_toml(self.get("toml")) {
                Ok(recipe) => steps = recipe.steps,
                Err(problem) => return (steps, Some(words::step_problem(l, &problem))),
            },
            _ => {}
        }
        (steps, None)
    }
}

/// A setting's value as a form shows it.
#[must_use]
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => String::new(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn with_op(steps: &[Step], op: &[(&str, &str)]) -> Vec<Step> {
        let mut form = StepsForm::of_steps(steps);
        for (name, value) in op {
            form.0.set(*name, *value);
        }
        form.edited(Lang::En).0
    }

    #[test]
    fn an_address_says_every_recipe() {
        let steps = Step::all();
        assert_eq!(StepsForm::of_steps(&steps).steps(Lang::En).unwrap(), steps);
    }

    #[test]
    fn edits_do_what_they_say() {
        let all = Step::all();
        let two = [all[0].clone(), all[4].clone()];
        assert_eq!(with_op(&two, &[("op", "up.1")]), [all[4].clone(), all[0].clone()]);
        assert_eq!(with_op(&two, &[("op", "down.0")]), [all[4].clone(), all[0].clone()]);
        assert_eq!(with_op(&two, &[("op", "down.1")]), two);
        assert_eq!(with_op(&two, &[("op", "remove.0")]), two[1..]);
        assert_eq!(with_op(&two, &[("op", "add"), ("add_kind", "turns")]).len(), 3);
        let unicode = Step::of_kind("unicode").unwrap();
        assert_eq!(with_op(&two, &[("op", "toml"), ("toml", "[[steps]]\nkind = \"unicode\"")]), [unicode]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let mut form = StepsForm::of_steps(&[Step::of_kind("length").unwrap()]);
        form.0.set("s0.most", "many");
        assert!(matches!(form.recipe(Lang::En), Err(AppError::Invalid { field, .. }) if field == "s0.most"));
        form.0.set("s0.most", "0");
        assert!(matches!(form.recipe(Lang::En), Err(AppError::Invalid { field, .. }) if field == "s0.most"));
    }
}
