//! The fields of a line, and what may be wrong with them.

use serde_json::{Map, Value};

/// Why a line is not a prediction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// `text` is what the parser says.
    #[error("it is not JSON: {text}")]
    NotJson { text: String },
    #[error("it is not an object")]
    NotAnObject,
    #[error("the field {field:?} is missing")]
    Missing { field: String },
    #[error("the field {field:?} is not {}", wanted.as_str())]
    Other { field: String, wanted: Kind },
}

/// What a field has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// One text, or a list of at least one.
    Texts,
    Number,
    /// A whole number that is not negative.
    Count,
    Probabilities,
    Scores,
    Spans,
    Vectors,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Texts => "a text or a list of texts",
            Self::Number => "a number",
            Self::Count => "a whole number that fits",
            Self::Probabilities => "an object with a number from 0 to 1 for each label",
            Self::Scores => "an object of numbers",
            Self::Vectors => "a list of lists of numbers",
            Self::Spans => "a list of objects with start, end (after start) and label",
        }
    }
}

/// One line.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn parse(line: &[u8]) -> Result<Self, LineProblem> {
        match serde_json::from_slice(line) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(LineProblem::NotAnObject),
            Err(e) => Err(LineProblem::NotJson { text: e.to_string() }),
        }
    }

    /// A field that must be there, as `read` understands it.
    pub(super) fn must<'a, T>(
        &'a self,
        field: &str,
        wanted: Kind,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, LineProblem> {
        self.may(field, wanted, read)?.ok_or_else(|| LineProblem::Missing { field: field.to_owned() })
    }

    /// A field that may be absent or null.
    pub(super) fn may<'a, T>(
        &'a self,
        field: &str,
        wanted: Kind,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, LineProblem> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| LineProblem::Other { field: field.to_owned(), wanted }),
        }
    }

    pub(super) fn text(&self, field: &str) -> Result<String, LineProblem> {
        self.must(field, Kind::Text, Value::as_str).map(str::to_owned)
    }

    /// A text, number or truth value as it is written; `None` for anything else.
    pub(super) fn plain(&self, field: &str) -> Option<String> {
        match self.0.get(field)? {
            Value::String(text) => Some(text.clone()),
            value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
            _ => None,
        }
    }
}
