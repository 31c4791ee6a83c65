//! Rows of a file, one at a time, whatever its syntax.
//!
//! A row that cannot be read is handed over as a [`LineError`] and reading goes on with the next;
//! only what makes the rest of the file unreadable is a [`ReadError`].

pub mod csv;
mod exact;
mod json;
mod jsonl;
mod line_ends;
mod text;

pub(crate) use line_ends::are_lone_returns;

use domain::dataset::{FileSyntax, LineError, LineProblem};
use serde_json::{Map, Value};
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;

/// One object of a JSON file or one record of a CSV file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// 1-based line on which the row begins; for JSON arrays the 1-based element.
    pub line: u64,
    /// Fields in the order of the file; those of a CSV file are all strings.
    pub value: Map<String, Value>,
}

/// Why a file cannot be read further.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("failed to read the file: {0}")]
    Io(#[from] io::Error),
    /// Nothing behind this line can be read.
    #[error("the file cannot be read to its end; {0}")]
    Broken(LineError),
}

/// Reads rows from UTF-8 text and hands each to `each`, until the file ends or `each` breaks.
/// An empty file has no rows.
pub fn read_rows(
    reader: impl Read,
    syntax: FileSyntax,
    each: impl FnMut(Result<Row, LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let mut reader = BufReader::with_capacity(crate::HEAD_BYTES, reader);
    if line_ends::are_lone_returns(reader.fill_buf()?) {
        read_lines(BufReader::with_capacity(crate::HEAD_BYTES, line_ends::LineFeeds(reader)), syntax, each)
    } else {
        read_lines(reader, syntax, each)
    }
}

fn read_lines(
    reader: impl BufRead,
    syntax: FileSyntax,
    each: impl FnMut(Result<Row, LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    match syntax {
        FileSyntax::Jsonl => each_line(reader, jsonl::parse, each),
        FileSyntax::Json => json::read(reader, each),
        FileSyntax::Csv => csv::read(reader, each),
        FileSyntax::Lines => each_line(reader, text::row, each),
        FileSyntax::Paragraphs => text::paragraphs(reader, each),
        FileSyntax::Text => text::whole(reader, each),
        // Read by [`crate::source`], which has the file and not only a stream.
        FileSyntax::Parquet => Err(ReadError::Io(io::Error::other("Parquet is no text"))),
    }
}

/// The first `count` readable rows and the errors met before them (at most `count`).
pub fn first_rows(
    reader: impl Read,
    syntax: FileSyntax,
    count: usize,
) -> Result<(Vec<Row>, Vec<LineError>), ReadError> {
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    read_rows(reader, syntax, |row| {
        match row {
            Ok(row) => rows.push(row),
            Err(error) => errors.push(error),
        }
        if rows.len().max(errors.len()) >= count { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok((rows, errors))
}

/// [`crate::MAX_ROW_BYTES`] as people read it.
const MAX_ROW_MIB: u64 = (crate::MAX_ROW_BYTES >> 20) as u64;
const TOO_LONG: LineProblem = LineProblem::TooLong { mib: MAX_ROW_MIB };

/// Rows of one line each, blank lines skipped; `parse` makes a row of a line's number and bytes, line feed included.
fn each_line(
    mut reader: impl BufRead,
    parse: impl Fn(u64, &[u8]) -> Result<Row, LineError>,
    mut each: impl FnMut(Result<Row, LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let mut buffer = Vec::new();
    for line in 1.. {
        buffer.clear();
        let row = match read_line(&mut reader, &mut buffer, crate::MAX_ROW_BYTES)? {
            Line::End => break,
            Line::TooLong => Err(LineError::whole(line, TOO_LONG)),
            Line::Whole if buffer.trim_ascii().is_empty() => continue,
            Line::Whole => parse(line, &buffer),
        };
        if each(row).is_break() {
            break;
        }
    }
    Ok(())
}

/// What [`read_line`] found.
enum Line {
    End,
    /// In the buffer, line feed included.
    Whole,
    /// Longer than allowed; read past, the buffer is empty.
    TooLong,
}

/// Appends one line to `buffer`, which may grow to at most `limit` bytes.
fn read_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>, limit: usize) -> io::Result<Line> {
    let found = take_line(reader, buffer, limit)?;
    if matches!(found, Line::TooLong) {
        buffer.clear();
        reader.skip_until(b'\n')?;
    }
    Ok(found)
}

/// As [`read_line`], but of a line that is too long the part that fits is read and kept.
fn take_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>, limit: usize) -> io::Result<Line> {
    let room = limit.saturating_sub(buffer.len()) as u64;
    let n = reader.by_ref().take(room + 1).read_until(b'\n', buffer)?;
    if n == 0 {
        return Ok(Line::End);
    }
    if n as u64 <= room || buffer.last() == Some(&b'\n') {
        return Ok(Line::Whole);
    }
    Ok(Line::TooLong)
}

#[cfg(test)]
mod tests;
