//! Marked stretches of a text: `[start, end, label]` as doccano and spaCy write them, or objects with those three.
//! Places are characters (Unicode scalar values), the end excluded.

use super::apply::RowFields;
use super::{as_list, lookup};
use domain::dataset::{LineError, LineProblem};
use domain::sample::Span;
use serde_json::Value;

/// A span as it is written; its places may be anywhere.
pub(super) struct Written {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) label: String,
}

/// One span of a list; `None` when it is none.
pub(super) fn span(value: &Value) -> Option<Written> {
    let text = |v: &Value| v.as_str().map(str::to_owned);
    match value {
        Value::Array(parts) => match parts.as_slice() {
            [start, end, label] => Some(Written { start: start.as_i64()?, end: end.as_i64()?, label: text(label)? }),
            _ => None,
        },
        Value::Object(_) => {
            let first = |keys: &[&str]| keys.iter().find_map(|key| value.get(key));
            let label = first(&["label", "type", "entity_group", "entity", "tag"])?;
            let start = first(&["start", "start_offset", "begin", "start_char", "start_idx"])?.as_i64()?;
            let end = first(&["end", "end_offset", "stop", "end_char", "end_idx"])?.as_i64()?;
            Some(Written { start, end, label: text(label)? })
        }
        _ => None,
    }
}

/// The spans of a field, in order. An absent field marks nothing.
pub(super) fn read(fields: &RowFields<'_>, name: &str, text: &str) -> Result<Vec<Span>, LineError> {
    let list = match lookup(fields.value(), name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(value) => as_list(value).ok_or_else(|| fields.error(name, LineProblem::BadSpans))?,
    };
    let written = list.iter().map(|v| span(v).ok_or_else(|| fields.error(name, LineProblem::BadSpans)));
    let written = written.collect::<Result<Vec<_>, _>>()?;
    check(written, text).map_err(|problem| fields.error(name, problem))
}

/// The same spans in order, if all lie in the text.
pub(super) fn check(written: Vec<Written>, text: &str) -> Result<Vec<Span>, LineProblem> {
    let length = text.chars().count();
    let mut spans = Vec::with_capacity(written.len());
    for Written { start, end, label } in written {
        match (u32::try_from(start), u32::try_from(end)) {
            (Ok(from), Ok(to)) if from < to && to as usize <= length => {
                spans.push(Span { start: from, end: to, label: label.trim().to_owned() });
            }
            _ => return Err(LineProblem::SpanOutside { start, end, length: length as u64 }),
        }
    }
    spans.sort_by_key(|s| (s.start, s.end));
    Ok(spans)
}

pub(crate) use domain::sample::spans_in_words as answer;
