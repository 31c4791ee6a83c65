//! Typed, bounded access to the fields of `config.json`.

use crate::model::error::ModelError;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use std::path::Path;

/// The two types of layers in `transformers`' configurations.
pub(super) const FULL: &str = "full_attention";
pub(super) const SLIDING: &str = "sliding_attention";

/// The fields of one file. Its path is only named in errors.
pub(super) struct Fields<'a> {
    pub(super) path: &'a Path,
    pub(super) json: &'a Map<String, Value>,
}

impl Fields<'_> {
    pub(super) fn refuse<T>(&self, feature: String) -> Result<T, ModelError> {
        Err(ModelError::UnsupportedFeature { path: self.path.to_owned(), feature })
    }

    pub(super) fn present(&self, field: &str) -> Option<&Value> {
        self.json.get(field).filter(|v| !v.is_null())
    }

    pub(super) fn optional_count(
        &self,
        field: &str,
        range: RangeInclusive<usize>,
    ) -> Result<Option<usize>, ModelError> {
        let Some(value) = self.present(field) else { return Ok(None) };
        let number = value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| range.contains(n));
        let problem =
            || format!("must be a whole number between {} and {}, not {}", range.start(), range.end(), brief(value));
        number.map(Some).ok_or_else(|| ModelError::config(self.path, field, problem()))
    }

    pub(super) fn count(&self, field: &str, range: RangeInclusive<usize>) -> Result<usize, ModelError> {
        self.optional_count(field, range)?.ok_or_else(|| ModelError::config(self.path, field, "is missing"))
    }

    pub(super) fn optional_number(&self, field: &str) -> Result<Option<f64>, ModelError> {
        let Some(value) = self.present(field) else { return Ok(None) };
        let number = value
            .as_f64()
            .ok_or_else(|| ModelError::config(self.path, field, format!("must be a number, not {}", brief(value))))?;
        Ok(Some(number))
    }

    pub(super) fn flag(&self, field: &str) -> Option<bool> {
        self.present(field).and_then(Value::as_bool)
    }

    /// One id or a list of ids; anything else counts as none, as `null` does.
    pub(super) fn token_ids(&self, field: &str) -> Vec<u32> {
        token_ids(self.json.get(field))
    }
}

/// Token ids of a field that holds one id, a list of ids, or nothing.
pub(crate) fn token_ids(value: Option<&Value>) -> Vec<u32> {
    let one = |v: &Value| v.as_u64().and_then(|n| u32::try_from(n).ok());
    match value {
        Some(Value::Array(items)) => items.iter().take(64).filter_map(one).collect(),
        Some(v) => one(v).into_iter().collect(),
        None => Vec::new(),
    }
}

/// A value as text, short enough for an error message.
pub(super) fn brief(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}
