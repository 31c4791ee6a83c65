//! What the answers of an evaluation must match, where they are to be JSON.

use super::{EvaluationDesign, SuiteError};
use crate::metrics::json_schema::{Schema, parse};

/// Longest schema, in bytes.
pub const MAX_SCHEMA_BYTES: usize = 64 << 10;
/// The metric that needs a schema, and that alone does.
const SCHEMA_MATCH: &str = "schema_match";

impl EvaluationDesign {
    /// The schema that answers must match; `None` where none is given.
    pub fn schema(&self) -> Result<Option<Schema>, SuiteError> {
        let Some(text) = &self.json_schema else { return Ok(None) };
        let value = if text.len() <= MAX_SCHEMA_BYTES { parse(text) } else { None };
        let value = value.ok_or_else(|| SuiteError::SchemaNotJson { key: self.key.clone() })?;
        let schema = Schema::new(&value).map_err(|problem| SuiteError::Schema { key: self.key.clone(), problem })?;
        Ok(Some(schema))
    }

    /// A schema that nothing is held against would look as if it were.
    pub(super) fn check_schema(&self) -> Result<(), SuiteError> {
        let is_measured = self.measured().iter().any(|metric| metric == SCHEMA_MATCH);
        match (self.schema()?, is_measured) {
            (None, true) => Err(SuiteError::SchemaMissing { key: self.key.clone() }),
            (Some(_), false) => Err(SuiteError::SchemaUnused { key: self.key.clone() }),
            (None, false) | (Some(_), true) => Ok(()),
        }
    }

    /// The schema as a part of what is asked: the same however it is spaced.
    pub(super) fn schema_asked(&self) -> Option<String> {
        let text = self.json_schema.as_ref()?;
        Some(parse(text).map_or_else(|| text.clone(), |value| value.to_string()))
    }
}
