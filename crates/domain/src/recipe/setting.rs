//! One field of a recipe by its dotted path, such as `lora.rank`: read, changed, and read from a
//! text. Everything goes through the recipe's own JSON, so a new field is known here at once.

use super::Recipe;
use serde_json::{Value, json};

/// Why a value cannot be put into a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingProblem {
    #[error("a recipe has no such field")]
    UnknownField,
    #[error("the field cannot hold such a value")]
    WrongType,
}

impl Recipe {
    /// The value of a field; `None` when there is no such field.
    #[must_use]
    pub fn setting(&self, path: &str) -> Option<Value> {
        let json = serde_json::to_value(self).ok()?;
        json.pointer(&pointer(path)).filter(|v| !v.is_object()).cloned()
    }

    /// The recipe with another value in a field. Whether the value is within its range, and goes
    /// with the others, is [`Recipe::check`]'s to say.
    pub fn with_setting(&self, path: &str, value: &Value) -> Result<Self, SettingProblem> {
        let mut json = serde_json::to_value(self).map_err(|_| SettingProblem::UnknownField)?;
        let place = json.pointer_mut(&pointer(path)).filter(|v| !v.is_object());
        *place.ok_or(SettingProblem::UnknownField)? = value.clone();
        serde_json::from_value(json).map_err(|_| SettingProblem::WrongType)
    }

    /// What a text means as the value of a field: `true` or `on` for a switch, words with `+`
    /// between them for a list.
    pub fn read_setting(&self, path: &str, text: &str) -> Result<Value, SettingProblem> {
        let text = text.trim();
        let value = match self.setting(path).ok_or(SettingProblem::UnknownField)? {
            Value::Bool(_) => match text {
                "true" | "on" | "yes" => json!(true),
                "false" | "off" | "no" => json!(false),
                _ => return Err(SettingProblem::WrongType),
            },
            Value::Number(n) if n.is_f64() => json!(text.parse::<f64>().map_err(|_| SettingProblem::WrongType)?),
            Value::Number(_) => json!(text.parse::<u64>().map_err(|_| SettingProblem::WrongType)?),
            Value::Array(_) => json!(text.split('+').map(str::trim).collect::<Vec<_>>()),
            Value::String(_) | Value::Null | Value::Object(_) => json!(text),
        };
        // A number that is none (`inf`) has no JSON; a word may be none of the choices.
        self.with_setting(path, &value)?.setting(path).ok_or(SettingProblem::UnknownField)
    }
}

/// The text that [`Recipe::read_setting`] understands.
#[must_use]
pub fn setting_text(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Array(items) => items.iter().map(setting_text).collect::<Vec<_>>().join("+"),
        other => other.to_string(),
    }
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn every_field_reads_back_what_it_shows() {
        let recipe = Recipe::default();
        for (path, _) in recipe.fields() {
            let value = recipe.setting(&path).unwrap();
            assert_eq!(recipe.read_setting(&path, &setting_text(&value)).as_ref(), Ok(&value), "{path}");
            assert_eq!(recipe.with_setting(&path, &value).as_ref(), Ok(&recipe), "{path}");
        }
    }

    #[test]
    fn a_value_of_another_type_or_place_is_refused() {
        let recipe = Recipe::default();
        assert_eq!(recipe.with_setting("lora.rang", &json!(8)), Err(SettingProblem::UnknownField));
        assert_eq!(recipe.with_setting("lora", &json!(8)), Err(SettingProblem::UnknownField));
        for (path, text) in [
            ("lora.rank", "8.5"),
            ("optimizer.learning_rate", "fast"),
            ("optimizer.learning_rate", "inf"),
            ("schedule.shape", "square"),
            ("batch.mask_prompt", "maybe"),
            ("lora.target_modules", "q_proj+x_proj"),
        ] {
            assert_eq!(recipe.read_setting(path, text), Err(SettingProblem::WrongType), "{path} = {text}");
        }
        assert_eq!(recipe.read_setting("schedule.epochs", "2"), Ok(json!(2.0)));
        assert_eq!(recipe.read_setting("lora.target_modules", "q_proj + v_proj"), Ok(json!(["q_proj", "v_proj"])));
    }
}
