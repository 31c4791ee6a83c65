//! Files made to do harm: each is refused with words, in bounded memory and time.

use super::{Sent, gzip, zip_of};
use crate::source::{Bounds, Choices, MAX_FILES, Source};
use domain::dataset::{FileSyntax, LineProblem};
use domain::import::ImportProblem;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::io::Write;

/// `megabytes` of spaces, packed: a thousandth of their size.
fn bomb(megabytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(b"".to_vec(), flate2::Compression::best());
    encoder.write_all(b"{\"text\": \"").unwrap();
    for _ in 0..megabytes {
        encoder.write_all(&[b' '; 1 << 20]).unwrap();
    }
    encoder.write_all(b"\"}\n").unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_bomb_is_refused_by_its_ratio() {
    let packed = bomb(64);
    for (name, bytes) in [("a.jsonl.gz", packed.clone()), ("a.zip", zip_of(&[("a.jsonl.gz", &packed)]))] {
        assert!(bytes.len() < 100_000);
        let problem = Sent::new(name, bytes).problem();
        assert_eq!(problem, ImportProblem::TooCompressed { file: name.to_owned(), ratio: 250 });
    }
}

#[test]
fn what_unpacks_to_too_much_is_refused() {
    let bounds = Bounds { max_bytes: 1 << 20, max_ratio: 1000 };
    let text: String = (0..200_000).map(|i| format!("{{\"text\": \"{i}\"}}\n")).collect();
    let packed = gzip(text.as_bytes());
    for (name, bytes) in [("a.jsonl.gz", packed.clone()), ("a.zip", zip_of(&[("a.jsonl", text.as_bytes())]))] {
        let refused = Sent::new(name, bytes).read(&Choices { bounds, ..Choices::default() }).unwrap_err();
        assert!(refused.to_string().contains("more than 1048576 bytes"), "{refused}");
    }
}

#[test]
fn a_zip_of_very_many_files_is_refused_before_its_directory_is_read() {
    let mut zip = zip_of(&[("a.jsonl", b"{}")]);
    let end = zip.len() - 22;
    zip[end + 8..end + 12].copy_from_slice(&[0xff, 0xfe, 0xff, 0xfe]);
    assert_eq!(Sent::new("a.zip", zip).problem(), ImportProblem::TooManyFiles { limit: MAX_FILES });
}

#[test]
fn names_that_lead_out_of_the_archive_are_refused() {
    for name in ["../../etc/cron.d/a.jsonl", "/a.jsonl", "a/../../b.jsonl", "..\\a.jsonl"] {
        let problem = Sent::new("a.zip", zip_of(&[(name, b"{\"a\": 1}\n")])).problem();
        assert!(matches!(problem, ImportProblem::EscapingName { .. }), "{name}: {problem:?}");
    }
}

/// Gives a line without end, and counts nothing.
struct Endless {
    left: usize,
    byte: u8,
}

impl std::io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.left.min(buffer.len());
        buffer[..n].fill(self.byte);
        self.left -= n;
        Ok(n)
    }
}

fn errors_of(reader: impl std::io::Read, syntax: FileSyntax) -> Vec<LineProblem> {
    let mut errors = Vec::new();
    let end = crate::rows::read_rows(reader, syntax, |row| {
        errors.extend(row.err().map(|e| e.problem));
        std::ops::ControlFlow::Continue(())
    });
    if let Err(crate::rows::ReadError::Broken(error)) = end {
        errors.push(error.problem);
    }
    errors
}

/// Resident memory of this process, in MiB.
#[cfg(target_os = "linux")]
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
#[cfg(target_os = "linux")]
fn a_line_of_a_gigabyte_takes_no_gigabyte() {
    for syntax in [FileSyntax::Jsonl, FileSyntax::Csv, FileSyntax::Lines, FileSyntax::Paragraphs, FileSyntax::Text] {
        let before = resident_mib();
        let errors = errors_of(Endless { left: 1 << 30, byte: b'x' }, syntax);
        assert!(
            matches!(errors[..], [LineProblem::TooLong { .. } | LineProblem::TooLongOrUnclosed { .. }]),
            "{errors:?}"
        );
        assert!(resident_mib() - before < 200, "{syntax:?}: {} MiB more", resident_mib() - before);
    }
}

#[test]
fn ten_million_columns_are_refused() {
    let errors = errors_of(Endless { left: 10_000_000, byte: b',' }, FileSyntax::Csv);
    assert!(matches!(errors[..], [LineProblem::TooManyColumns { .. }]), "{errors:?}");
}

#[test]
fn deep_nesting_is_an_error_of_its_line() {
    let deep = format!("{{\"a\": {}1{}}}\n{{\"text\": \"b\"}}\n", "[".repeat(100_000), "]".repeat(100_000));
    let errors = errors_of(deep.as_bytes(), FileSyntax::Jsonl);
    assert!(matches!(errors[..], [LineProblem::InvalidJson { .. }]), "{errors:?}");
    let array = format!("[{}", "{\"a\":".repeat(100_000));
    assert!(!errors_of(array.as_bytes(), FileSyntax::Json).is_empty());
}

#[test]
fn nul_bytes_do_no_harm() {
    for syntax in FileSyntax::ALL.into_iter().filter(|s| *s != FileSyntax::Parquet) {
        errors_of(&b"\0\0\0,\0\n\0{\0}\0\n\"\0"[..], syntax);
    }
    let source = Sent::new("a.csv", b"a,b\n\0,\0\n").open(&Choices::default());
    assert!(source.is_ok_and(|s: Source| s.syntax() == FileSyntax::Csv));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever comes: an answer, never a panic.
    #[test]
    fn no_bytes_break_a_reader(bytes in prop::collection::vec(any::<u8>(), 0..1500), name in "[a-z]{1,3}\\.(jsonl|csv|json|txt|zip|gz|parquet)") {
        drop(Sent::new(&name, &bytes).read(&Choices::default()));
        for syntax in FileSyntax::ALL {
            drop(Sent::new(&name, &bytes).read(&Choices { syntax: Some(syntax), ..Choices::default() }));
        }
    }

    /// The same for files that begin as they should, and for archives with one byte changed.
    #[test]
    fn no_damage_breaks_a_reader(at in 0usize..400, byte in any::<u8>(), tail in prop::collection::vec(any::<u8>(), 0..200)) {
        let rows = b"{\"text\": \"a\", \"label\": \"b\"}\n".repeat(5);
        let zip = zip_of(&[("a.jsonl", &rows), ("b.jsonl", &rows)]);
        let parquet = super::parquet_files::nested();
        for (name, bytes) in [("a.zip", zip), ("a.gz", gzip(&rows)), ("a.parquet", parquet)] {
            let mut damaged = bytes.clone();
            let place = at % damaged.len();
            damaged[place] = byte;
            drop(Sent::new(name, &damaged).read(&Choices::default()));
            let cut = [&bytes[..place], &tail].concat();
            drop(Sent::new(name, cut).read(&Choices::default()));
        }
    }
}
