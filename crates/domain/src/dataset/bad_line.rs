//! Why a line of a data file cannot become a sample: a closed set, so that pages say it in the
//! reader's language. `Display` is the English of the REST API, of reports and of logs.

use serde::{Deserialize, Serialize};

/// One line that could not become a sample. In JSON a stable `code` with its values stands beside
/// the English `reason`: `{"line": 3, "field": "text", "reason": "the field is empty: …", "code": "field_empty"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "LineErrorJson", into = "LineErrorJson")]
pub struct LineError {
    /// 1-based line of the file (for JSON arrays: 1-based element).
    pub line: u64,
    pub field: Option<String>,
    pub problem: LineProblem,
}

impl LineError {
    /// An error about a whole line.
    #[must_use]
    pub fn whole(line: u64, problem: LineProblem) -> Self {
        Self { line, field: None, problem }
    }
}

impl std::fmt::Display for LineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.field {
            Some(field) => write!(f, "line {}, field {field}: {}", self.line, self.problem),
            None => write!(f, "line {}: {}", self.line, self.problem),
        }
    }
}

/// What is wrong with a line, or with the whole rest of a file from this line on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum LineProblem {
    #[error("the line is not valid UTF-8: save the file as UTF-8 or choose its encoding")]
    InvalidUtf8,
    #[error("the row is longer than {mib} MiB")]
    TooLong { mib: u64 },
    #[error("the row is longer than {mib} MiB, or a quote is never closed")]
    TooLongOrUnclosed { mib: u64 },
    #[error("a quote opened in this row is never closed")]
    UnclosedQuote,
    #[error("the line holds {found}, not a JSON object {{…}}")]
    NotAnObject { found: JsonKind },
    /// `detail` is the parser's.
    #[error("the line is not valid JSON at column {column}: {detail}")]
    InvalidJson { column: u64, detail: String },
    /// Of a file that is one JSON value; `row` and `column` are places in the file.
    #[error("the file is not valid JSON in line {row}, column {column}: {detail}")]
    BrokenJson { row: u64, column: u64, detail: String },
    #[error("the JSON file holds no array of objects")]
    NoArray,
    #[error("the JSON file holds several arrays of objects ({first:?} and {second:?}): keep the one with the rows")]
    SeveralArrays { first: String, second: String },
    #[error("the column name {name:?} appears twice in the header line")]
    DuplicateColumn { name: String },
    #[error("the row has {found} fields, the header has {expected}: quote fields that contain the separator")]
    WrongColumns { found: u64, expected: u64 },
    #[error("the row contains a NUL character (U+0000), which is no text: remove it, or choose another encoding")]
    NulCharacter,
    #[error("the field is missing: add it to the row or choose another field")]
    FieldMissing,
    #[error("the field is empty: fill it in or remove the row")]
    FieldEmpty,
    #[error("the field holds {found}, not a text: choose a field inside it or another field")]
    FieldNotText { found: JsonKind },
    #[error("the field holds {found}, not a list of turns: choose another field")]
    FieldNotTurns { found: JsonKind },
    #[error("the history is not a list of [user, assistant] pairs of texts: correct or empty it")]
    BadHistory,
    #[error("the turn has no text {key:?} that says who speaks")]
    NoSpeaker { key: String },
    #[error("unknown role {role:?}: use one of {}", known.join(", "))]
    UnknownRole { role: String, known: Vec<String> },
    #[error("the turn has no {key:?}: fill it in or remove the row")]
    NoContent { key: String },
    #[error("the turn's {key:?} is {found}, not a text")]
    ContentNotText { key: String, found: JsonKind },
    #[error("the turn has a part that is not text: only text can be trained on")]
    PartNotText,
    #[error("the turn is empty: fill it in or remove the row")]
    EmptyTurn,
    #[error("a system message may only be the first turn: move or remove it")]
    LateSystem,
    #[error("the conversation is empty: remove the row")]
    EmptyConversation,
    #[error("the last turn is not the assistant's, so there is no answer to learn: add the answer or remove the turn")]
    NoAnswer,
    #[error("no turn is the user's: add the question or remove the row")]
    NoQuestion,
    /// From a report that was written when reasons were plain texts.
    #[error("{text}")]
    Said { text: String },
}

impl LineProblem {
    /// The word for this problem in JSON and reports.
    #[must_use]
    pub fn code(&self) -> String {
        let json = serde_json::to_value(self).unwrap_or_default();
        json.get("code").and_then(|c| c.as_str()).unwrap_or_default().to_owned()
    }
}

/// A type of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum JsonKind {
    Null,
    Boolean,
    Number,
    Text,
    List,
    Object,
}

impl From<&serde_json::Value> for JsonKind {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
        }
    }
}

impl std::fmt::Display for JsonKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "nothing (null)",
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::List => "a list",
            Self::Object => "an object",
        })
    }
}

/// The JSON of a [`LineError`]. Reports written when reasons were plain texts have no code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = LineError))]
struct LineErrorJson {
    /// 1-based line of the file (for JSON arrays: 1-based element).
    line: u64,
    field: Option<String>,
    /// The problem in English.
    reason: String,
    #[serde(flatten)]
    problem: Option<LineProblem>,
}

impl From<LineErrorJson> for LineError {
    fn from(json: LineErrorJson) -> Self {
        let problem = json.problem.unwrap_or(LineProblem::Said { text: json.reason });
        Self { line: json.line, field: json.field, problem }
    }
}

impl From<LineError> for LineErrorJson {
    fn from(error: LineError) -> Self {
        let reason = error.problem.to_string();
        Self { line: error.line, field: error.field, reason, problem: Some(error.problem) }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for LineError {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        LineErrorJson::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for LineError {
    fn name() -> std::borrow::Cow<'static, str> {
        "LineError".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        LineErrorJson::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_code_and_its_english_stand_side_by_side() {
        let error = LineError::whole(3, LineProblem::WrongColumns { found: 2, expected: 3 });
        let json = serde_json::to_value(&error).unwrap();
        let reason = "the row has 2 fields, the header has 3: quote fields that contain the separator";
        let expected =
            json!({"line": 3, "field": null, "reason": reason, "code": "wrong_columns", "found": 2, "expected": 3});
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<LineError>(json).unwrap(), error);
        assert_eq!(error.problem.code(), "wrong_columns");
    }

    #[test]
    fn a_reason_of_earlier_days_is_kept_in_its_words() {
        let old = json!({"line": 7, "field": "text", "reason": "the field is odd"});
        let error: LineError = serde_json::from_value(old).unwrap();
        assert_eq!(error.to_string(), "line 7, field text: the field is odd");
        let again = serde_json::from_value::<LineError>(serde_json::to_value(&error).unwrap()).unwrap();
        assert_eq!(again, error);
    }
}
