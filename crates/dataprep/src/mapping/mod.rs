//! From the fields of a row to a sample: guessing which field is what, and applying it.

mod apply;
mod choices;
mod conversation;
mod guess;
mod label_studio;
mod preference;
mod spans;

pub use apply::apply;
pub use guess::{field_names, guess};
pub(crate) use spans::answer as answer_of_spans;

use crate::rows::{ReadError, read_rows};
use domain::dataset::{FileSyntax, LineError, Mapping};
use domain::sample::Sample;
use serde_json::{Map, Value};
use std::io::Read;
use std::ops::ControlFlow;

/// Reads a file's rows as samples: each comes with its line, or with the reason why that line is
/// no sample. `each` may break off.
pub fn read_samples(
    reader: impl Read,
    syntax: FileSyntax,
    mapping: &Mapping,
    mut each: impl FnMut(Result<(u64, Sample), LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    read_rows(reader, syntax, |row| {
        let sample = row.and_then(|row| Ok((row.line, apply(mapping, &row)?)));
        each(sample.map_err(|error| error.counted_in(syntax)))
    })
}

/// The value at a dotted path. A field whose own name contains the dots comes first.
pub fn lookup<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    let (mut head_end, bytes) = (0, path.as_bytes());
    while let Some(dot) = bytes[head_end..].iter().position(|b| *b == b'.') {
        let at = head_end + dot;
        if let Some(Value::Object(inner)) = object.get(&path[..at])
            && let Some(value) = lookup(inner, &path[at + 1..])
        {
            return Some(value);
        }
        head_end = at + 1;
    }
    None
}

/// A list, also when it is written as JSON inside a text, as CSV files have it.
fn as_list(value: &Value) -> Option<std::borrow::Cow<'_, [Value]>> {
    match value {
        Value::Array(items) => Some(items.into()),
        Value::String(text) if text.trim_start().starts_with('[') => {
            serde_json::from_str::<Vec<Value>>(text).ok().map(Into::into)
        }
        _ => None,
    }
}

#[cfg(test)]
mod published;
#[cfg(test)]
mod tests;
