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

    /// Adds what a program outside wrote: a number where it is one ([`number_of`]).
    pub fn written(&mut self, name: &str, value: &str) {
        match number_of(value).and_then(whole_or_not) {
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
                fields.iter().for_each(|(field, value)| self.flat(&format!("{name}.{field}"), value));
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

/// The number that a text is, if nothing of it is lost by that: `007`, a hash such as `12345e67` and an id of twenty digits
/// stay texts. Programs write an exponent of two digits at most, behind one or two digits.
#[must_use]
pub fn number_of(text: &str) -> Option<f64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let has_usual_form = are_digits(whole)
        && are_digits(fraction)
        && (whole == "0" || !whole.starts_with('0'))
        && exponent.is_none_or(|e| (1..=2).contains(&e.len()) && are_digits(e) && whole.len() <= 2);
    if !has_usual_form {
        return None;
    }
    let number = text.parse::<f64>().ok().filter(|x| x.is_finite())?;
    // The shortest digits that lead back to the number are those that were written.
    let shortest = format!("{number:e}");
    let shortest = shortest.split('e').next().unwrap_or_default();
    (significant(shortest) == significant(mantissa)).then_some(number)
}

/// The digits of a number without sign, point, and zeros at either end.
fn significant(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
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

    #[test]
    fn what_would_not_survive_as_a_number_stays_a_text() {
        for text in [
            "007",
            "-01",
            "12345e67",
            "1e100",
            "12345678901234567890",
            "9007199254740993",
            "1_000",
            "e5",
            ".",
            "-",
            "0x10",
        ] {
            assert_eq!(number_of(text), None, "{text}");
        }
        let numbers = [
            ("0", 0.0),
            ("-0.50", -0.5),
            (" 1e-05 ", 1e-5),
            ("1.5E+10", 1.5e10),
            ("0.30000000000000004", 0.300_000_000_000_000_04),
            ("0.00013292918943162168", 0.000_132_929_189_431_621_68),
            ("1000000", 1e6),
        ];
        for (text, number) in numbers {
            assert_eq!(number_of(text), Some(number), "{text}");
        }
    }
}
