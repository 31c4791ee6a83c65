//! All three syntaxes through the one public door.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::encoding::TextReader;
use crate::{HEAD_BYTES, MAX_ROW_BYTES};
use domain::dataset::JsonKind;
use proptest::prelude::*;
use serde_json::json;

/// Rows as (line, value), errors as (line, problem), and how reading ended.
type Found = (Vec<(u64, Value)>, Vec<(u64, LineProblem)>, Result<(), ReadError>);

/// What made the rest of the file unreadable.
fn broken(found: Found) -> LineProblem {
    match found.2 {
        Err(ReadError::Broken(error)) => error.problem,
        other => panic!("{other:?}"),
    }
}

fn read(bytes: &[u8], syntax: FileSyntax) -> Found {
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    let result = read_rows(bytes, syntax, |row| {
        match row {
            Ok(row) => rows.push((row.line, Value::Object(row.value))),
            Err(error) => errors.push((error.line, error.problem)),
        }
        ControlFlow::Continue(())
    });
    (rows, errors, result)
}

#[test]
fn jsonl_goes_on_after_bad_lines() {
    let (rows, errors, result) =
        read(b"{\"a\":1}\r\n\n[1]\n{\"a\":\n{\"a\":\"\xff\"}\n{\"a\":{\"b\":[2]}}", FileSyntax::Jsonl);
    assert_eq!(rows, [(1, json!({"a": 1})), (6, json!({"a": {"b": [2]}}))]);
    let detail = "EOF while parsing a value".to_owned();
    let expected = [
        (3, LineProblem::NotAnObject { found: JsonKind::List }),
        (4, LineProblem::InvalidJson { column: 5, detail }),
        (5, LineProblem::InvalidUtf8),
    ];
    assert_eq!(errors, expected);
    assert!(result.is_ok());
}

#[test]
fn a_line_that_is_too_long_is_reported_and_passed_over() {
    let mut file = format!("{{\"a\":\"{}\"}}\n", "x".repeat(MAX_ROW_BYTES));
    file.push_str("{\"a\":1}\n");
    let (rows, errors, _) = read(file.as_bytes(), FileSyntax::Jsonl);
    assert_eq!(rows, [(2, json!({"a": 1}))]);
    assert_eq!(errors, [(1, LineProblem::TooLong { mib: 16 })]);
}

#[test]
fn json_arrays_and_objects_around_them() {
    let expected = [(1, json!({"a": 1})), (2, json!({"a": [{"b": null}]}))];
    let array = "[{\"a\":1},\n{\"a\":[{\"b\":null}]}]";
    let wrapped = format!(
        "{{\"version\": 1.5, \"tags\": [\"x\"], \"meta\": {{\"a\": [{{}}]}}, \"data\": {array}, \"none\": null}}"
    );
    for file in [array, &wrapped, &format!("  \n{array}\n")] {
        let (rows, errors, result) = read(file.as_bytes(), FileSyntax::Json);
        assert_eq!((rows.as_slice(), errors.len()), (expected.as_slice(), 0), "{file}");
        assert!(result.is_ok(), "{file}: {result:?}");
    }
    assert!(read(b" \n", FileSyntax::Json).2.is_ok());
}

#[test]
fn json_errors() {
    let (rows, errors, result) = read(b"[1, {\"a\":2}, {\"a\":]", FileSyntax::Json);
    assert_eq!((rows.len(), errors[0].0), (1, 1));
    let Err(ReadError::Broken(LineError { line: 3, problem, .. })) = result else { panic!("{result:?}") };
    assert!(matches!(problem, LineProblem::BrokenJson { row: 1, column: 19, .. }), "{problem:?}");
    assert_eq!(broken(read(b"{\"a\":[1]}", FileSyntax::Json)), LineProblem::NoArray);
    let Err(ReadError::Broken(error)) = read(b"[{\"a\":1},\n{\"a\":\"x", FileSyntax::Json).2 else { panic!() };
    assert!(error.to_string().starts_with("element 2: the file ends in the middle of its JSON, in line 2"), "{error}");
    // A part that is no JSON value costs its own element alone.
    let (rows, errors, _) = read(b"[{\"a\":\"\\ud800\"},{\"a\":1}]", FileSyntax::Json);
    assert_eq!((rows, errors[0].0), (vec![(2, json!({"a": 1}))], 1));
    let two = broken(read(b"{\"a\":[{}],\"b\":[{}]}", FileSyntax::Json));
    assert_eq!(two, LineProblem::SeveralArrays { first: "a".to_owned(), second: "b".to_owned() });
    let deep = "[".repeat(100_000);
    assert!(matches!(broken(read(b"7", FileSyntax::Json)), LineProblem::BrokenJson { .. }));
    assert!(matches!(broken(read(deep.as_bytes(), FileSyntax::Json)), LineProblem::CutJson { .. }));
}

#[test]
fn rows_further_down_are_found() {
    let rows = vec![(1, json!({"a": 1}))];
    for file in [
        r#"{"result":{"data":[{"a":1}]}}"#,
        r#"{"x":{"y":{"z":[{"a":1}]}}}"#,
        r#"{"data":[{"a":1}],"other":{"more":[{"b":1}]}}"#,
        r#"{"Metadata":{"authors":[{"b":1}]},"data":[{"a":1}]}"#,
    ] {
        let found = read(file.as_bytes(), FileSyntax::Json);
        assert!(found.2.is_ok(), "{file}: {:?}", found.2);
        assert_eq!(found.0, rows, "{file}");
    }
    let two = broken(read(br#"{"x":{"a":[{}],"b":[{}]}}"#, FileSyntax::Json));
    assert_eq!(two, LineProblem::SeveralArrays { first: "x.a".to_owned(), second: "x.b".to_owned() });
    assert_eq!(broken(read(br#"{"x":{"y":{"z":{"a":[{}]}}}}"#, FileSyntax::Json)), LineProblem::NoArray);
}

#[test]
fn a_json_element_is_bounded() {
    let file = format!("[{{\"a\":1}},{{\"a\":\"{}\"}}]", "x".repeat(MAX_ROW_BYTES));
    let found = read(file.as_bytes(), FileSyntax::Json);
    assert_eq!(found.0.len(), 1);
    assert_eq!(broken(found), LineProblem::TooLong { mib: 16 });
}

#[test]
fn csv_keeps_true_lines_over_blank_and_multiline_rows() {
    let file = " text ;label;\r\n\r\n\"one\r\ntwo \"\"x\"\"; y\";a;1\r\n\r\nshort;b\r\nlast;\"c\";3";
    let (rows, errors, result) = read(file.as_bytes(), FileSyntax::Csv);
    assert_eq!(rows[0], (3, json!({"text": "one\r\ntwo \"x\"; y", "label": "a", "column_3": "1"})));
    assert_eq!(rows[1], (7, json!({"text": "last", "label": "c", "column_3": "3"})));
    assert_eq!(errors, [(6, LineProblem::TooFewColumns { found: 2, expected: 3 })]);
    assert!(result.is_ok());
}

#[test]
fn csv_problems_are_named() {
    let (rows, errors, _) = read(b"a,b\n1,2\n3,\"4\n5,6\n", FileSyntax::Csv);
    assert_eq!((rows.len(), errors), (2, vec![(3, LineProblem::UnclosedQuote)]));
    let twice = broken(read(b"a,a\n1,2\n", FileSyntax::Csv));
    assert_eq!(twice, LineProblem::DuplicateColumn { name: "a".to_owned() });
    assert_eq!(read(b"a,b\n\xff,2\n", FileSyntax::Csv).1, [(2, LineProblem::InvalidUtf8)]);
}

#[test]
fn an_open_quote_costs_one_line() {
    let bad = |i: u64, line: &str| if i == 5 { format!("{line}\n") } else { format!("row {i},good\n") };
    let file = |line: &str| format!("text,label\n{}", (0..100).map(|i| bad(i, line)).collect::<String>());
    for (line, end) in [
        ("\"unclosed row 5,good", ""),
        ("\"unclosed row 5,good", "\"a, b\",good\n"),
        ("\"unclosed,\"row 5,good", "\"x\",good\n"),
    ] {
        let (rows, errors, result) = read((file(line) + end).as_bytes(), FileSyntax::Csv);
        assert_eq!((rows.len(), errors.len()), (99 + end.lines().count(), 1), "{line} {errors:?}");
        assert_eq!((errors[0].0, rows[98].0), (7, 101));
        assert!(result.is_ok());
    }
}

#[test]
fn an_open_quote_before_much_text_costs_one_line() {
    let long = format!("{},good\n", "y".repeat(1 << 20));
    let file = format!("text,label\n\"open,good\n{}last,good\n", long.repeat(20));
    let (rows, errors, _) = read(file.as_bytes(), FileSyntax::Csv);
    assert_eq!(errors, [(2, LineProblem::TooLongOrUnclosed { mib: 16 })]);
    assert_eq!((rows.len(), rows[20].0), (21, 23));

    let file = format!("text,label\na,b\n\"{}\",c\nd,e\n", "x".repeat(MAX_ROW_BYTES));
    let (rows, errors, _) = read(file.as_bytes(), FileSyntax::Csv);
    assert_eq!(errors, [(3, LineProblem::TooLongOrUnclosed { mib: 16 })]);
    assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn many_open_quotes_take_a_bounded_time() {
    // Each line opens a quote that the next line closes and opens again.
    let file = format!("a,b\n{}", "x\",\"z\n".repeat(200_000));
    let (rows, errors, result) = read(file.as_bytes(), FileSyntax::Csv);
    assert!(rows.len() + errors.len() > 0 && result.is_ok());
}

#[test]
fn text_behind_a_closing_quote_is_refused() {
    let (rows, errors, _) = read(b"text,label\n\"he said \\\"hi\\\" there\",good\n\"b\" ,bad\n", FileSyntax::Csv);
    assert_eq!(errors, [(2, LineProblem::TextAfterQuote)]);
    assert_eq!(rows, [(3, json!({"text": "b", "label": "bad"}))]);
}

#[test]
fn other_line_ends_and_separators() {
    let expected = [(2, json!({"text": "a", "label": "b"})), (3, json!({"text": "c", "label": "d"}))];
    for file in ["text,label\ra,b\rc,d\r", "text|label\na|b\nc|d\n"] {
        assert_eq!(read(file.as_bytes(), FileSyntax::Csv).0, expected, "{file:?}");
    }
    let (rows, _, _) = read(b"sep=;\r\ntext;label\r\na,1;b\r\n", FileSyntax::Csv);
    assert_eq!(rows, [(3, json!({"text": "a,1", "label": "b"}))]);
    for file in ["{\"a\":1}\r{\"a\":2}\r", "{\"a\":1},\n{\"a\":2},\n"] {
        let (rows, errors, _) = read(file.as_bytes(), FileSyntax::Jsonl);
        assert_eq!((rows, errors.len()), (vec![(1, json!({"a": 1})), (2, json!({"a": 2}))], 0), "{file:?}");
    }
}

#[test]
fn numbers_stay_as_they_are_written() {
    let object = "{\"a\":1.50,\"b\":12345678901234567890123,\"c\":1.5,\"d\":{\"e\":1e2},\"f\":7}";
    let expected = json!({"a": "1.50", "b": "12345678901234567890123", "c": 1.5, "d": {"e": "1e2"}, "f": 7});
    for (file, syntax) in [(object.to_owned(), FileSyntax::Jsonl), (format!("[{object}]"), FileSyntax::Json)] {
        assert_eq!(read(file.as_bytes(), syntax).0, [(1, expected.clone())]);
    }
}

#[test]
fn delimiters_are_guessed() {
    assert_eq!(csv::guess_delimiter(b"a;b\n1,5;2,5\n3,5;4\n"), b';');
    assert_eq!(csv::guess_delimiter(b"a\tb\nx, y\tz\n"), b'\t');
    assert_eq!(csv::guess_delimiter(b"text,label\n\"a;b;c\",d\n"), b',');
    assert_eq!(csv::guess_delimiter(b"single\nrow\n"), b',');
}

#[test]
fn breaking_off_stops_every_syntax() {
    for (file, syntax) in
        [("{}\n{}\n", FileSyntax::Jsonl), ("[{},{},", FileSyntax::Json), ("a\n1\n2\n", FileSyntax::Csv)]
    {
        let (rows, errors) = first_rows(file.as_bytes(), syntax, 1).unwrap();
        assert_eq!((rows.len(), errors.len()), (1, 0), "{syntax:?}");
    }
}

/// A file of `rows` lines that exists only while it is read.
struct Endless {
    rows: u64,
    next: u64,
    pending: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.pending.is_empty() && self.next < self.rows {
            self.next += 1;
            self.pending = format!("{{\"text\": \"第 {} 行\", \"label\": \"a\"}}\n", self.next).into_bytes();
        }
        let n = self.pending.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.pending[..n]);
        self.pending.drain(..n);
        Ok(n)
    }
}

#[test]
fn half_a_million_rows_stream() {
    let reader = TextReader::new(Endless { rows: 500_000, next: 0, pending: Vec::new() }, None).unwrap();
    let (mut count, mut last) = (0u64, 0);
    read_rows(reader, FileSyntax::Jsonl, |row| {
        count += 1;
        last = row.unwrap().line;
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!((count, last), (500_000, 500_000));
}

#[test]
fn a_row_across_the_head_is_whole() {
    let text = "字".repeat(HEAD_BYTES);
    let file = format!("{{\"a\":\"{text}\"}}\n");
    let (rows, errors) = first_rows(TextReader::new(file.as_bytes(), None).unwrap(), FileSyntax::Jsonl, 1).unwrap();
    assert!(errors.is_empty());
    assert_eq!(rows[0].value["a"].as_str(), Some(text.as_str()));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for syntax in [FileSyntax::Jsonl, FileSyntax::Json, FileSyntax::Csv] {
            let reader = TextReader::new(&bytes[..], None).unwrap();
            let _ = first_rows(reader, syntax, 100);
        }
    }

    #[test]
    fn json_like_text_never_panics(text in "[\\[\\]{}\",:a0 \n\\\\]{0,80}") {
        for syntax in [FileSyntax::Jsonl, FileSyntax::Json, FileSyntax::Csv] {
            let _ = first_rows(text.as_bytes(), syntax, 100);
        }
    }

    #[test]
    fn jsonl_round_trips(texts in prop::collection::vec("\\PC{0,30}", 1..20)) {
        let file: String = texts.iter().map(|t| format!("{}\n", json!({"a": t}))).collect();
        let (rows, errors, _) = read(file.as_bytes(), FileSyntax::Jsonl);
        prop_assert!(errors.is_empty());
        prop_assert_eq!(rows, texts.iter().zip(1..).map(|(t, line)| (line, json!({"a": t}))).collect::<Vec<_>>());
    }

    /// The `csv` crate writes whatever texts, this reader reads them back.
    #[test]
    fn csv_round_trips(records in prop::collection::vec(("[a\",;\n\r 中]{0,8}", "[a\",;\n\r 中]{0,8}x"), 1..10)) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(["first", "second"]).unwrap();
        for (a, b) in &records {
            writer.write_record([a, b]).unwrap();
        }
        let file = writer.into_inner().unwrap();
        prop_assume!(csv::guess_delimiter(&file) == b',');
        let (rows, errors, _) = read(&file, FileSyntax::Csv);
        prop_assert!(errors.is_empty());
        let values: Vec<_> = rows.into_iter().map(|r| r.1).collect();
        prop_assert_eq!(values, records.iter().map(|(a, b)| json!({"first": a, "second": b})).collect::<Vec<_>>());
    }
}

#[test]
fn a_header_of_millions_of_names_is_refused_at_once() {
    let names: Vec<String> = (0..1_000_000).map(|n| format!("c{n}")).collect();
    let started = std::time::Instant::now();
    let found = broken(read(names.join(",").as_bytes(), FileSyntax::Csv));
    assert_eq!(found, LineProblem::TooManyColumns { limit: 4096 });
    assert!(started.elapsed().as_secs() < 60);
    let most = format!("{}\n{}\n", names[..4096].join(","), vec!["x"; 4096].join(","));
    assert_eq!(read(most.as_bytes(), FileSyntax::Csv).0.len(), 1);
}

#[test]
fn names_are_quoted_by_their_beginning() {
    let long = "n".repeat(1 << 20);
    let short = format!("{}…", "n".repeat(80));
    let twice = broken(read(format!("{long},{long}\n").as_bytes(), FileSyntax::Csv));
    assert_eq!(twice, LineProblem::DuplicateColumn { name: short.clone() });
    let two = broken(read(format!("{{\"{long}\":[{{}}],\"\\u0000\":[{{}}]}}").as_bytes(), FileSyntax::Json));
    assert_eq!(two, LineProblem::SeveralArrays { first: short, second: "␀".to_owned() });
}
