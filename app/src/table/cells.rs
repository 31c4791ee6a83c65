//! A value as a cell shows it.

use super::text;
use crate::{
    ui::{
        format::{Time, bytes, duration, integer, number, shortened},
        metric,
    },
    words::{run_status, run_status_class},
};
use domain::{
    lang::Lang,
    run::RunStatus,
    table::{Column, ColumnKind},
};
use leptos::prelude::*;
use serde_json::Value;
use time::OffsetDateTime;

/// The value of a column, as words or as a badge.
pub(super) fn value(column: &Column, value: &Value, l: Lang) -> AnyView {
    match (column.kind, value) {
        (ColumnKind::Tags, Value::Array(tags)) => {
            let tags = tags.iter().filter_map(Value::as_str).map(|tag| {
                let tag = shortened(tag);
                view! { <span class="badge"><bdi>{tag}</bdi></span>" " }
            });
            tags.collect_view().into_any()
        }
        (ColumnKind::Choice, Value::String(word)) if column.name == "status" => match word.parse::<RunStatus>() {
            Ok(status) => view! { <span class=run_status_class(status)>{run_status(l, status)}</span> }.into_any(),
            Err(_) => word.clone().into_any(),
        },
        (ColumnKind::Time, value) => value.as_f64().and_then(at).map(|at| view! { <Time at/> }).into_any(),
        _ => view! { <bdi>{words(column, value, l)}</bdi> }.into_any(),
    }
}

/// The value of a column in words.
pub(super) fn words(column: &Column, value: &Value, l: Lang) -> String {
    match (value, value.as_f64()) {
        (_, Some(x)) => number_words(column, x, l),
        (Value::Bool(true), _) => text::yes(l).to_owned(),
        (Value::Bool(false), _) => text::no(l).to_owned(),
        (Value::String(words), _) => shortened(words),
        (other, _) => shortened(&domain::recipe::setting_text(other)),
    }
}

/// A number of a column in words.
pub(super) fn number_words(column: &Column, x: f64, l: Lang) -> String {
    match column.kind {
        ColumnKind::Seconds => duration(x.max(0.0) as u64, l),
        ColumnKind::Bytes => bytes(x.max(0.0) as u64),
        ColumnKind::Time => {
            at(x).map(crate::ui::format::rfc3339).map(|t| crate::ui::format::utc(&t)).unwrap_or_default()
        }
        _ => match column.name.split_once('.') {
            Some(("eval" | "base", key)) => metric::value(key, x),
            Some(("gain", key)) => metric::signed(key, x),
            _ if x.fract() == 0.0 && (0.0..1e15).contains(&x) => integer(x as u64),
            _ => number(x),
        },
    }
}

/// A number that lies between those of runs, such as their mean: never shown as if it were whole.
pub(super) fn between(column: &Column, x: f64, l: Lang) -> String {
    match (column.kind, column.name.split_once('.')) {
        (ColumnKind::Seconds | ColumnKind::Bytes, _) | (_, Some(("eval" | "base" | "gain", _))) => {
            number_words(column, x, l)
        }
        _ => number(x),
    }
}

fn at(ms: f64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(ms as i128 * 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_read_as_what_they_are() {
        let words = |name: &str, kind, value: Value| {
            words(&Column { name: name.to_owned(), kind, choices: Vec::new() }, &value, Lang::En)
        };
        assert_eq!(words("eval.accuracy", ColumnKind::Number, json!(0.8125)), "81.2%");
        assert_eq!(words("gain.accuracy", ColumnKind::Number, json!(-0.031)), "−3.1 pp");
        assert_eq!(words("recipe.lora.rank", ColumnKind::Number, json!(16)), "16");
        assert_eq!(words("recipe.optimizer.learning_rate", ColumnKind::Number, json!(2e-4)), "2.00e-4");
        assert_eq!(words("duration", ColumnKind::Seconds, json!(7500.5)), "2 h 05 min");
        assert_eq!(words("recipe.lora.use_dora", ColumnKind::Flag, json!(true)), "yes");
        assert_eq!(words("params.mode", ColumnKind::Text, json!(1e-4)), "1.00e-4");
    }
}
