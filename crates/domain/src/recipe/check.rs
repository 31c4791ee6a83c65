//! What can be wrong with a recipe, and how ranges are checked.

use serde::{Deserialize, Serialize};

/// One thing wrong with a recipe: the field as a dotted path, and what would be right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{field}: {problem}")]
pub struct RecipeError {
    /// For example `lora.rank`.
    pub field: String,
    /// For example `must be between 1 and 512, not 0`.
    pub problem: String,
}

/// Why a recipe's text could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecipeTextError {
    #[error("the recipe is not valid TOML: {0}")]
    Syntax(String),
    #[error("the recipe has {} field(s) out of range: {}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Fields(Vec<RecipeError>),
}

#[derive(Default)]
pub(super) struct Checker {
    pub(super) errors: Vec<RecipeError>,
}

impl Checker {
    pub(super) fn that(&mut self, ok: bool, field: &str, problem: impl Into<String>) {
        if !ok {
            self.errors.push(RecipeError { field: field.to_owned(), problem: problem.into() });
        }
    }

    /// `NaN` is outside every range.
    pub(super) fn range(&mut self, field: &str, value: f64, low: f64, high: f64) {
        self.that((low..=high).contains(&value), field, format!("must be between {low} and {high}, not {value}"));
    }

    pub(super) fn above_zero(&mut self, field: &str, value: f64, high: f64) {
        self.that(value > 0.0 && value <= high, field, format!("must be above 0 and at most {high}, not {value}"));
    }
}
