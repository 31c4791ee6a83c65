//! What can be wrong with a recipe, and how ranges are checked.

use crate::estimate::Misfit;

/// One thing wrong with a recipe: the field as a dotted path, and what would be right.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct RecipeError {
    /// For example `lora.rank`.
    pub field: String,
    pub problem: RecipeProblem,
}

/// What is wrong with a field, alone or together with model and data.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum RecipeProblem {
    #[error("must be between {low} and {high}, not {found}")]
    OutOfRange { low: f64, high: f64, found: f64 },
    #[error("must be above 0 and at most {high}, not {found}")]
    NotAboveZero { high: f64, found: f64 },
    #[error("must be at most {high}")]
    TooLarge { high: i64 },
    #[error("must have at most {high} characters")]
    TooLong { high: u32 },
    #[error("needs a momentum above 0")]
    NoMomentum,
    #[error("must not be empty when the virtual tokens begin as a text")]
    NoText,
    #[error("choose at least one module")]
    NoModule,
    #[error("each module may appear once")]
    RepeatedModule,
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

/// What is allowed in a recipe and probably a mistake.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum RecipeWarning {
    #[error("optimizer.learning_rate: {found} is far from {usual}, which is usual for {method}")]
    UnusualRate { found: f64, usual: f64, method: &'static str },
    #[error("{field} has no effect with the objective {objective}: remove it, or choose another objective")]
    Unused { field: &'static str, objective: &'static str },
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
    pub(super) fn that(&mut self, ok: bool, field: &str, problem: RecipeProblem) {
        if !ok {
            self.errors.push(RecipeError { field: field.to_owned(), problem });
        }
    }

    /// `NaN` is outside every range.
    pub(super) fn range(&mut self, field: &str, value: f64, low: f64, high: f64) {
        self.that((low..=high).contains(&value), field, RecipeProblem::OutOfRange { low, high, found: value });
    }

    pub(super) fn above_zero(&mut self, field: &str, value: f64, high: f64) {
        self.that(value > 0.0 && value <= high, field, RecipeProblem::NotAboveZero { high, found: value });
    }
}
