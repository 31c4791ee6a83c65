//! Why a line of a data file cannot become a sample: a closed set, so that pages say it in the
//! reader's language. `Display` is the English of the REST API, of reports and of logs.

use super::FileSyntax;
use crate::brief::brief;
use serde::{Deserialize, Serialize};

/// One line that could not become a sample. In JSON a stable `code` with its values stands beside
/// the English `reason`: `{"line": 3, "field": "text", "reason": "the field is empty: …", "code": "field_empty"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "LineErrorJson", into = "LineErrorJson")]
pub struct LineError {
    /// 1-based line of the file (for JSON arrays: 1-based element).
    pub line: u64,
    pub unit: LineUnit,
    pub field: Option<String>,
    /// The file in the archive, where there are several.
    pub file: Option<String>,
    pub problem: LineProblem,
}

/// What [`LineError::line`] counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LineUnit {
    #[default]
    Line,
    /// Elements of a JSON array.
    Element,
    /// Rows of a table that has no lines.
    Row,
    /// Paragraphs of a text.
    Paragraph,
}

impl LineError {
    /// An error about a whole line.
    #[must_use]
    pub fn whole(line: u64, problem: LineProblem) -> Self {
        Self { line, unit: LineUnit::Line, field: None, file: None, problem }
    }

    /// An error about one field of a line; a path of any length is named by its beginning.
    #[must_use]
    pub fn of_field(line: u64, field: impl AsRef<str>, problem: LineProblem) -> Self {
        Self { field: Some(brief(field.as_ref())), ..Self::whole(line, problem) }
    }

    /// The same error, its place counted as a file of this syntax is counted.
    #[must_use]
    pub fn counted_in(mut self, syntax: FileSyntax) -> Self {
        self.unit = match syntax {
            FileSyntax::Json => LineUnit::Element,
            FileSyntax::Parquet => LineUnit::Row,
            FileSyntax::Paragraphs => LineUnit::Paragraph,
            FileSyntax::Jsonl | FileSyntax::Csv | FileSyntax::Text | FileSyntax::Lines => LineUnit::Line,
        };
        self
    }

    /// The same error, in this file of an archive.
    #[must_use]
    pub fn inside(self, file: &str) -> Self {
        Self { file: Some(brief(file)), ..self }
    }
}

impl std::fmt::Display for LineUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Line => "line",
            Self::Element => "element",
            Self::Row => "row",
            Self::Paragraph => "paragraph",
        })
    }
}

impl std::fmt::Display for LineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}, ")?;
        }
        match &self.field {
            Some(field) => write!(f, "{} {}, field {field}: {}", self.unit, self.line, self.problem),
            None => write!(f, "{} {}: {}", self.unit, self.line, self.problem),
        }
    }
}

/// What is wrong with a line, or with the whole rest of a file from this line on. Whatever is the
/// file's own text goes in through [`brief`].
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
    #[error("a quote opened in this row is never closed: close it, or remove it")]
    UnclosedQuote,
    #[error("text follows a closing quote: inside quotes write a quote twice (\"\")")]
    TextAfterQuote,
    #[error("the line holds {found}, not a JSON object {{…}}")]
    NotAnObject { found: JsonKind },
    /// `detail` is the parser's.
    #[error("the line is not valid JSON at column {column}: {detail}")]
    InvalidJson { column: u64, detail: String },
    /// Of one element of a JSON array; `detail` is the parser's.
    #[error("the element cannot be read ({detail}): correct or remove it")]
    BrokenElement { detail: String },
    /// Of a file that is one JSON value; `row` and `column` are places in the file.
    #[error(
        "the file is not valid JSON in line {row}, column {column} ({detail}): correct that place, or write the file anew with a JSON library"
    )]
    BrokenJson { row: u64, column: u64, detail: String },
    /// As [`Self::BrokenJson`], where the file ends.
    #[error(
        "the file ends in the middle of its JSON, in line {row}, column {column}: it was cut off; send the whole file"
    )]
    CutJson { row: u64, column: u64 },
    #[error(
        "the JSON file holds no array of objects, neither by itself nor in a field up to two objects deep: write the rows as [{{…}}, …]"
    )]
    NoArray,
    #[error(
        "the JSON file holds several arrays of objects ({first:?} and {second:?}): keep the one with the rows, or send each as a file of its own"
    )]
    SeveralArrays { first: String, second: String },
    #[error("the column name {name:?} appears twice in the header line")]
    DuplicateColumn { name: String },
    #[error("the header line has more than {limit} columns: leave out those that are not needed")]
    TooManyColumns { limit: u64 },
    #[error("the row has {found} fields, the header has {expected}: quote fields that contain the separator")]
    WrongColumns { found: u64, expected: u64 },
    #[error("the row has {}, the header has {expected}: a value is missing", fields(*found))]
    TooFewColumns { found: u64, expected: u64 },
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
    #[error(
        "the turn calls a tool or answers for one: only conversations of system, user and assistant can be trained on"
    )]
    ToolTurn,
    #[error("the row marks spans that are no list of [start, end, label] or {{start, end, label}}: correct it")]
    BadSpans,
    #[error("the span {start} to {end} does not lie in the text, which has {length} characters: correct it")]
    SpanOutside { start: i64, end: i64, length: u64 },
    #[error("the task has no annotation: annotate it, or remove it from the export")]
    NotAnnotated,
    #[error("the annotation holds no choice, label or text that can be read: correct it, or export other results")]
    NoResult,
    #[error("a system message may only be the first turn: move or remove it")]
    LateSystem,
    #[error("the row has a system text and its conversation begins with another one: keep one of them")]
    TwoSystems,
    #[error("the conversation is empty: remove the row")]
    EmptyConversation,
    #[error("the last turn is not the assistant's, so there is no answer to learn: add the answer or remove the turn")]
    NoAnswer,
    #[error("no turn is the user's: add the question or remove the row")]
    NoQuestion,
    #[error("this conversation is not the one in {chosen:?} up to its last answer: both must share their prompt")]
    OtherPrompt { chosen: String },
    #[error("the answer is the same as in {chosen:?}, so nothing is preferred: change one of them or remove the row")]
    SameAnswers { chosen: String },
    #[error("the answer {answer:?} is none of the choices: give its letter, its text or its number from 0")]
    NoSuchChoice { answer: String },
    #[error("there are fewer than two choices to read: correct the row, or choose other fields")]
    FewChoices,
    /// From a report that was written when reasons were plain texts.
    #[error("{text}")]
    Said { text: String },
}

fn fields(n: u64) -> String {
    if n == 1 { "1 field".to_owned() } else { format!("{n} fields") }
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
    #[serde(default, skip_serializing_if = "is_line")]
    unit: LineUnit,
    field: Option<String>,
    /// The file in the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// The problem in English.
    reason: String,
    #[serde(flatten)]
    problem: Option<LineProblem>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_line(unit: &LineUnit) -> bool {
    *unit == LineUnit::Line
}

impl From<LineErrorJson> for LineError {
    fn from(json: LineErrorJson) -> Self {
        let problem = json.problem.unwrap_or(LineProblem::Said { text: json.reason });
        Self { line: json.line, unit: json.unit, field: json.field, file: json.file, problem }
    }
}

impl From<LineError> for LineErrorJson {
    fn from(error: LineError) -> Self {
        let reason = error.problem.to_string();
        Self {
            line: error.line,
            unit: error.unit,
            field: error.field,
            file: error.file,
            reason,
            problem: Some(error.problem),
        }
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
    use crate::dataset::FileSyntax;
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
    fn an_element_is_called_one() {
        let error = LineError::of_field(2, "text", LineProblem::TooLong { mib: 16 }).counted_in(FileSyntax::Json);
        assert_eq!(error.to_string(), "element 2, field text: the row is longer than 16 MiB");
        let json = serde_json::to_value(&error).unwrap();
        assert_eq!(json["unit"], "element");
        assert_eq!(serde_json::from_value::<LineError>(json).unwrap(), error);
        let few = LineProblem::TooFewColumns { found: 1, expected: 2 };
        assert_eq!(few.to_string(), "the row has 1 field, the header has 2: a value is missing");
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
