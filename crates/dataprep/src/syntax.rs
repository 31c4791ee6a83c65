//! Which syntax a file has: by its content first, by its name where content leaves a choice.

use crate::rows::{are_lone_returns, csv::guess_delimiter};
use domain::dataset::FileSyntax;
use domain::import::FileKind;

/// Guesses from the file's name and its first bytes (decoded to UTF-8; 64 KiB are enough).
/// `None` when neither tells.
#[must_use]
pub fn guess(name: &str, head: &[u8]) -> Option<FileSyntax> {
    let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
    if matches!(extension.as_deref(), Some("csv" | "tsv")) {
        return Some(FileSyntax::Csv);
    }
    let line_feeds: Vec<u8>;
    let head = if are_lone_returns(head) {
        line_feeds = head.iter().map(|b| if *b == b'\r' { b'\n' } else { *b }).collect();
        &line_feeds[..]
    } else {
        head
    };
    let text = head.trim_ascii_start();
    match text.first() {
        Some(b'[') => Some(FileSyntax::Json),
        Some(b'{') => {
            Some(if first_line_is_an_object(text) { FileSyntax::Jsonl } else { by_extension(extension.as_deref()) })
        }
        Some(_) if is_prose(extension.as_deref()) && !has_steady_columns(text) => Some(plain(text)),
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
    let first = first.trim_ascii_end();
    let first = first.strip_suffix(b",").unwrap_or(first);
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

/// Whether the name says that the file is written for people to read.
fn is_prose(extension: Option<&str>) -> bool {
    matches!(extension, Some("txt" | "text" | "md"))
}

/// Lines in which the same number of separators stand, as hardly ever in prose.
fn has_steady_columns(text: &[u8]) -> bool {
    let delimiter = guess_delimiter(text);
    let count = |line: &[u8]| line.iter().filter(|b| **b == delimiter).count();
    let lines: Vec<&[u8]> = text.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()).take(20).collect();
    let header = lines.first().map_or(0, |line| count(line));
    header > 0 && lines.len() > 1 && lines.iter().filter(|line| count(line) == header).count() * 10 >= lines.len() * 8
}

/// Plain text by paragraphs if it has any, else by lines.
fn plain(text: &[u8]) -> FileSyntax {
    let is_blank = |line: &[u8]| line.trim_ascii().is_empty();
    let lines: Vec<&[u8]> = text.trim_ascii().split(|b| *b == b'\n').collect();
    if lines.iter().any(|line| is_blank(line)) { FileSyntax::Paragraphs } else { FileSyntax::Lines }
}

/// The first bytes of files that hold no lines of text.
const SIGNATURES: [(&[u8], FileKind); 11] = [
    (b"7z\xbc\xaf\x27\x1c", FileKind::SevenZip),
    (b"Rar!\x1a\x07", FileKind::Rar),
    (ZIP, FileKind::Office),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind::Office),
    (b"ARROW1", FileKind::Arrow),
    (b"SQLite format 3\0", FileKind::Sqlite),
    (b"%PDF-", FileKind::Pdf),
    (b"\x89PNG\r\n", FileKind::Image),
    (b"\xff\xd8\xff", FileKind::Image),
    (b"GIF87a", FileKind::Image),
    (b"GIF89a", FileKind::Image),
];
/// Office documents are ZIP archives; their names tell.
const ZIP: &[u8] = b"PK\x03\x04";
const OFFICE_EXTENSIONS: [&str; 6] = ["xlsx", "xlsm", "ods", "docx", "odt", "pptx"];

/// The kind of a file that is no text, by its first bytes as they are on disk; `None` for all
/// that may be text.
#[must_use]
pub fn not_text(name: &str, head: &[u8]) -> Option<FileKind> {
    let (signature, kind) = *SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature))?;
    let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
    let is_office = extension.is_some_and(|e| OFFICE_EXTENSIONS.contains(&e.as_str()));
    (signature != ZIP || is_office).then_some(kind)
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
            ("a.txt", "just some words", Some(FileSyntax::Lines)),
            ("a.txt", "Well, yes.\n\nNo, no, no.\n", Some(FileSyntax::Paragraphs)),
            ("a", "just some words", None),
            ("a", "", None),
            ("a", "{\"a\":1},\n{\"a\":2},\n", Some(FileSyntax::Jsonl)),
            ("a", "{\"a\":1}\r{\"a\":2}\r", Some(FileSyntax::Jsonl)),
            ("a.txt", "text|label\na|b\n", Some(FileSyntax::Csv)),
            ("a.txt", "text,label\ra,b\r", Some(FileSyntax::Csv)),
        ] {
            assert_eq!(guess(name, head.as_bytes()), expected, "{name} {head:?}");
        }
    }

    #[test]
    fn files_that_are_no_text_are_recognised() {
        for (name, head, expected) in [
            ("a.jsonl.gz", &b"\x1f\x8b\x08"[..], None),
            ("a.zip", &b"PK\x03\x04\x14"[..], None),
            ("a.XLSX", &b"PK\x03\x04\x14"[..], Some(FileKind::Office)),
            ("a.csv", &b"\x89PNG\r\n\x1a\n"[..], Some(FileKind::Image)),
            ("a.parquet", &b"PAR1\x15"[..], None),
            ("a.gz", &b"text,label\n"[..], None),
        ] {
            assert_eq!(not_text(name, head), expected, "{name}");
        }
    }
}
