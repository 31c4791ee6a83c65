//! Which syntax a file has: by its content first, by its name where content leaves a choice.

use crate::rows::csv::guess_delimiter;
use domain::dataset::FileSyntax;

/// Guesses from the file's name and its first bytes (decoded to UTF-8; 64 KiB are enough).
/// `None` when neither tells.
#[must_use]
pub fn guess(name: &str, head: &[u8]) -> Option<FileSyntax> {
    let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
    if matches!(extension.as_deref(), Some("csv" | "tsv")) {
        return Some(FileSyntax::Csv);
    }
    let text = head.trim_ascii_start();
    match text.first() {
        Some(b'[') => Some(FileSyntax::Json),
        Some(b'{') => {
            Some(if first_line_is_an_object(text) { FileSyntax::Jsonl } else { by_extension(extension.as_deref()) })
        }
        Some(_) if has_columns(text) => Some(FileSyntax::Csv),
        _ => match extension.as_deref() {
            Some("jsonl" | "ndjson" | "json") => Some(by_extension(extension.as_deref())),
            _ => None,
        },
    }
}

/// A first line that is one whole object, and does not itself hold the array of rows.
fn first_line_is_an_object(text: &[u8]) -> bool {
    let mut lines = text.splitn(2, |b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    let has_more = lines.next().is_some_and(|rest| rest.trim_ascii_start().first() == Some(&b'{'));
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(first)
        .is_ok_and(|object| has_more || !object.values().any(is_array_of_objects))
}

fn is_array_of_objects(value: &serde_json::Value) -> bool {
    value.as_array().and_then(|a| a.first()).is_some_and(serde_json::Value::is_object)
}

fn by_extension(extension: Option<&str>) -> FileSyntax {
    if matches!(extension, Some("jsonl" | "ndjson")) { FileSyntax::Jsonl } else { FileSyntax::Json }
}

fn has_columns(text: &[u8]) -> bool {
    let header = text.split(|b| *b == b'\n').next().unwrap_or_default();
    header.contains(&guess_delimiter(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_and_the_name_helps() {
        for (name, head, expected) in [
            ("a.jsonl", "{\"a\":1}\n{\"a\":2}\n", Some(FileSyntax::Jsonl)),
            ("a.json", "{\"a\":1}\n{\"a\":2}\n", Some(FileSyntax::Jsonl)),
            ("a.json", "[\n{\"a\":1}]", Some(FileSyntax::Json)),
            ("a.jsonl", " [{\"a\":1}]", Some(FileSyntax::Json)),
            ("a.json", "{\"data\":[{\"a\":1}]}", Some(FileSyntax::Json)),
            ("a.json", "{\n \"data\": [\n", Some(FileSyntax::Json)),
            ("a.jsonl", "{broken\n{\"a\":1}\n", Some(FileSyntax::Jsonl)),
            ("a", "{\"messages\":[{\"role\":\"user\"}]}\n{\"messages\":[]}\n", Some(FileSyntax::Jsonl)),
            ("a.txt", "text\tlabel\nx\ty\n", Some(FileSyntax::Csv)),
            ("a.TSV", "text", Some(FileSyntax::Csv)),
            ("a.txt", "just some words", None),
            ("a", "", None),
        ] {
            assert_eq!(guess(name, head.as_bytes()), expected, "{name} {head:?}");
        }
    }
}
