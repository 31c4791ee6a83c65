//! Tasks as Label Studio exports them (JSON): `{"data": {…}, "annotations": [{"result": [{"type", "value"}]}]}`.
//!
//! Of several annotations the last one that was not cancelled counts, the accepted one (`ground_truth`) before it. Choices
//! and ratings are a label, labels of text are spans, a text area is the answer.

use super::apply::RowFields;
use super::{as_list, lookup, spans};
use domain::dataset::{LineError, LineProblem};
use domain::sample::Span;
use serde_json::Value;

/// What an annotation says.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) answer: String,
    pub(super) label: Option<String>,
    pub(super) spans: Vec<Span>,
}

pub(super) fn read(fields: &RowFields<'_>, name: &str, text: &str) -> Result<Found, LineError> {
    let list = match lookup(fields.value(), name) {
        None => return Err(fields.error(name, LineProblem::FieldMissing)),
        Some(value) => as_list(value).ok_or_else(|| fields.error(name, LineProblem::NotAnnotated))?,
    };
    let is_set = |a: &&Value, key: &str| a.get(key).and_then(Value::as_bool) == Some(true);
    let mut valid: Vec<&Value> = list.iter().filter(|a| !is_set(a, "was_cancelled")).collect();
    valid.sort_by_key(|a| is_set(a, "ground_truth"));
    let Some(annotation) = valid.last() else { return Err(fields.error(name, LineProblem::NotAnnotated)) };
    let results = annotation.get("result").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    found(results, text).map_err(|problem| fields.error(format!("{name}.result").as_str(), problem))
}

fn found(results: &[Value], text: &str) -> Result<Found, LineProblem> {
    let values = |kind: &'static str| results.iter().filter_map(move |r| r.get("value")?.get(kind));
    // An annotated text in which nothing is marked has no results; one that asks for a choice has.
    let marks: Vec<_> = results.iter().filter_map(|r| r.get("value")).filter(|v| v.get("start").is_some()).collect();
    if !marks.is_empty() || results.is_empty() {
        let spans = spans::check(marks.into_iter().flat_map(written).collect(), text)?;
        return Ok(Found { answer: spans::answer(text, &spans), label: None, spans });
    }
    let choices: Vec<String> = values("choices").chain(values("taxonomy")).flat_map(words).collect();
    let rating = values("rating").chain(values("number")).map(Value::to_string).next();
    if let Some(label) = (!choices.is_empty()).then(|| choices.join(", ")).or(rating) {
        return Ok(Found { answer: label.clone(), label: Some(label), spans: Vec::new() });
    }
    let texts: Vec<String> = values("text").flat_map(words).collect();
    let answer = texts.join("\n");
    if answer.trim().is_empty() { Err(LineProblem::NoResult) } else { Ok(Found { answer, ..Found::default() }) }
}

/// The spans of a value: one for each of its labels.
fn written(value: &Value) -> Vec<spans::Written> {
    let place = |key: &str| value.get(key).and_then(Value::as_i64).unwrap_or(-1);
    let labels = value.get("labels").or_else(|| value.get("hypertextlabels")).map(words).unwrap_or_default();
    labels.into_iter().map(|label| spans::Written { start: place("start"), end: place("end"), label }).collect()
}

/// The words of a text, of a list, or of the paths of a taxonomy.
fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::Array(path) => path.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" / "),
                item => item.as_str().unwrap_or_default().to_owned(),
            })
            .filter(|word| !word.is_empty())
            .collect(),
        _ => Vec::new(),
    }
}
