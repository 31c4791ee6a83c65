//! A run laid flat: one value for each of its columns.

use super::ColumnKind;
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;

/// Values of one run that are kept.
pub const MOST_FACTS: usize = 400;
/// Letters of a text that are kept.
pub const FACT_CHARS: usize = 200;

/// Tables of a recipe that are read with one choice alone: the table, the field of the choice, and its word. All of them are
/// called as the choice is.
const TABLES: [(&str, &str); 7] = [
    ("lora", "method"),
    ("full", "method"),
    ("prompt_tuning", "method"),
    ("p_tuning", "method"),
    ("prefix_tuning", "method"),
    ("bottleneck", "method"),
    ("dpo", "objective"),
];

/// The values of a run, by the names of their columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts(Map<String, Value>);

impl Facts {
    /// Adds a number; what is none, or infinite, is left out.
    pub fn number(&mut self, name: &str, value: Option<f64>) {
        if let Some(number) = value.and_then(whole_or_not) {
            self.put(name, Value::Number(number));
        }
    }

    /// Adds a text, shortened; an empty one is left out.
    pub fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.put(name, Value::String(value.chars().take(FACT_CHARS).collect()));
        }
    }

    /// Adds what a program outside wrote: a number where it is one.
    pub fn written(&mut self, name: &str, value: &str) {
        match value.trim().parse::<f64>().ok().and_then(whole_or_not) {
            Some(number) => self.put(name, Value::Number(number)),
            None => self.text(name, value),
        }
    }

    /// Adds the settings of a recipe as `recipe.TABLE.FIELD`, without the tables of other methods and objectives.
    pub fn recipe(&mut self, recipe: &Value) {
        let Some(fields) = recipe.as_object() else { return };
        let is_read = |table: &str| {
            let choice = TABLES.iter().find(|(name, _)| *name == table);
            choice
                .is_none_or(|(name, field)| fields.get(*field).and_then(Value::as_str).is_none_or(|word| word == *name))
        };
        for (name, value) in fields.iter().filter(|(name, _)| is_read(name)) {
            self.flat(&format!("recipe.{name}"), value);
        }
        if let Some(method) = fields.get("method").and_then(Value::as_str) {
            self.text("method", method);
        }
    }

    /// Adds scores on the test split: `eval.` of the tuned model, `base.` of the base, `gain.` from this to that.
    pub fn scores(&mut self, base: &BTreeMap<String, f64>, tuned: &BTreeMap<String, f64>) {
        for (key, value) in base {
            self.number(&format!("base.{key}"), Some(*value));
        }
        for (key, value) in tuned {
            self.number(&format!("eval.{key}"), Some(*value));
            self.number(&format!("gain.{key}"), base.get(key).map(|base| value - base));
        }
    }

    fn flat(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(_) => self.put(name, value.clone()),
            Value::Number(n) => self.number(name, n.as_f64()),
            Value::String(text) => self.text(name, text),
            Value::Array(_) => self.text(name, &crate::recipe::setting_text(value)),
            Value::Object(fields) => {
                fields.iter().for_each(|(field, value)| self.flat(&format!("{name}.{field}"), value))
            }
        }
    }

    fn put(&mut self, name: &str, value: Value) {
        if self.0.len() < MOST_FACTS || self.0.contains_key(name) {
            self.0.insert(name.to_owned(), value);
        }
    }

    /// The names with what they hold.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, ColumnKind)> {
        self.0.iter().map(|(name, value)| {
            let kind = match value {
                Value::Number(_) => ColumnKind::Number,
                Value::Bool(_) => ColumnKind::Flag,
                _ => ColumnKind::Text,
            };
            (name.as_str(), kind)
        })
    }

    #[must_use]
    pub fn into_json(self) -> Value {
        Value::Object(self.0)
    }
}

/// 8 rather than 8.0, so that a value reads the same wherever it came from.
fn whole_or_not(x: f64) -> Option<Number> {
    // Every whole number below 2⁵³ is exact.
    if x.fract() == 0.0 && x.abs() < 9_007_199_254_740_992.0 {
        Some(Number::from(x as i64))
    } else {
        Number::from_f64(x)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::recipe::{Method, Recipe};
    use serde_json::json;

    #[test]
    fn a_recipe_is_laid_flat_without_what_it_does_not_read() {
        let of = |method| {
            let mut facts = Facts::default();
            facts.recipe(&serde_json::to_value(Recipe { method, ..Recipe::default() }).unwrap());
            facts.into_json()
        };
        let (lora, bottleneck) = (of(Method::Lora), of(Method::Bottleneck));
        assert_eq!((&lora["recipe.lora.rank"], &lora["method"]), (&json!(Recipe::default().lora.rank), &json!("lora")));
        assert!(lora["recipe.lora.target_modules"].as_str().unwrap().contains('+'));
        assert!(bottleneck.get("recipe.lora.rank").is_none() && lora.get("recipe.dpo.beta").is_none());
        assert!(bottleneck.as_object().unwrap().keys().any(|name| name.starts_with("recipe.bottleneck.")));
    }

    #[test]
    fn scores_come_with_what_they_gained() {
        let mut facts = Facts::default();
        facts.scores(&BTreeMap::from([("accuracy".to_owned(), 0.5)]), &BTreeMap::from([("accuracy".to_owned(), 0.75)]));
        facts.number("loss.train.last", Some(f64::NAN));
        let expected = json!({ "base.accuracy": 0.5, "eval.accuracy": 0.75, "gain.accuracy": 0.25 });
        assert_eq!(facts.into_json(), expected);
    }

    #[test]
    fn what_reads_as_a_number_is_one() {
        let mut facts = Facts::default();
        for (name, value) in [("a", "1e-4"), ("b", "8"), ("c", "auto"), ("d", "inf"), ("e", "")] {
            facts.written(name, value);
        }
        assert_eq!(facts.into_json(), json!({ "a": 1e-4, "b": 8, "c": "auto", "d": "inf" }));
    }
}
