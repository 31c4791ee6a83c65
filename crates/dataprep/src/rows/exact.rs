//! Numbers as they are written: a label `1.50` is not `1.5`.
//!
//! A parsed floating-point number may have lost digits. Where its text says something else than
//! the number, the text takes its place. (`serde_json` could keep all digits by its feature
//! `arbitrary_precision`, but that changes numbers in the whole program.)

use serde_json::{Map, Value, value::RawValue};
use std::collections::HashMap;

/// Parses one JSON value.
pub(super) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::from_str(text)?;
    if let Value::Object(object) = &mut value
        && has_float(object)
    {
        restore(object, text);
    }
    Ok(value)
}

/// Whole numbers keep their digits, or become floating-point numbers where they are too large.
fn has_float(object: &Map<String, Value>) -> bool {
    object.values().any(|value| match value {
        Value::Number(number) => number.is_f64(),
        Value::Object(inner) => has_float(inner),
        _ => false,
    })
}

fn restore(object: &mut Map<String, Value>, text: &str) {
    let Ok(texts) = serde_json::from_str::<HashMap<String, &RawValue>>(text) else { return };
    for (name, value) in object {
        let Some(text) = texts.get(name).map(|raw| raw.get()) else { continue };
        match value {
            Value::Number(number) if number.is_f64() && number.to_string() != text => *value = text.into(),
            Value::Object(inner) if has_float(inner) => restore(inner, text),
            _ => {}
        }
    }
}
