//! JSON Schema as text: the name of a type, and the fields of the named ones.

#![allow(unreachable_pub, reason = "the macro of a component makes it public, also in a private module")]

use leptos::prelude::*;
use serde_json::Value;

/// A type in a few words; named types are links to their fields.
pub(super) fn type_name(schema: &Value) -> AnyView {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
        return view! { <a href=format!("#type-{name}")>{name.to_owned()}</a> }.into_any();
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(kinds) = schema[key].as_array() {
            let joint = if key == "allOf" { " & " } else { " | " };
            let kinds =
                kinds.iter().enumerate().map(|(i, kind)| view! { {(i > 0).then_some(joint)} {type_name(kind)} });
            return kinds.collect_view().into_any();
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ").into_any();
    }
    if kinds(schema).contains(&"array") {
        return view! { "[" {type_name(&schema["items"])} "]" }.into_any();
    }
    if schema["properties"].is_object() {
        return fields(schema).into_any();
    }
    let mut words = kinds(schema).join(" | ");
    if let Some(format) = schema["format"].as_str() {
        words = format!("{words} ({format})");
    }
    if words.is_empty() { "any".into_any() } else { words.into_any() }
}

/// `type` may be one word or several.
fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(word) => vec![word],
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The fields of an object; those that may be absent bear a question mark.
fn fields(schema: &Value) -> impl IntoView + use<> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let rows = schema["properties"].as_object().into_iter().flatten().map(|(name, field)| {
        let mark = if required.contains(&name.as_str()) { "" } else { "?" };
        let meaning = field["description"].as_str().unwrap_or_default().to_owned();
        view! {
            <li><code>{name.clone()}{mark}</code> ": " {type_name(field)} " " <span class="muted">{meaning}</span></li>
        }
    });
    view! { <ul>{rows.collect_view()}</ul> }
}

/// Every named type.
#[component]
pub(super) fn Types(doc: Value) -> impl IntoView {
    let types = doc.as_object().cloned().unwrap_or_default();
    types
        .into_iter()
        .map(|(name, schema)| {
            view! {
                <div class="card" id=format!("type-{name}")>
                    <h3><code>{name.clone()}</code></h3>
                    {schema["description"].as_str().map(|d| view! { <p>{d.to_owned()}</p> })}
                    {type_name(&schema)}
                </div>
            }
        })
        .collect_view()
}
