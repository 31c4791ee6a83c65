//! Comma, semicolon or tab separated records below a header line (RFC 4180).
//!
//! Written by hand, not with the `csv` crate, for three things that crate does not do: the true
//! line a record begins on, a bound on a record's size (an open quote would swallow the file),
//! and going on after a broken record.

use super::{Line, MAX_ROW_MIB, ReadError, Row, read_line};
use crate::MAX_ROW_BYTES;
use domain::dataset::{LineError, LineProblem};
use serde_json::{Map, Value};
use std::io::BufRead;
use std::ops::ControlFlow;

/// How many records at the start of a file are looked at to guess the delimiter.
const RECORDS_FOR_GUESS: usize = 20;

pub(super) fn read(
    mut reader: impl BufRead,
    mut each: impl FnMut(Result<Row, LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let delimiter = guess_delimiter(reader.fill_buf()?);
    let mut records = Records { reader, delimiter, next_line: 1 };
    let header = match records.next()? {
        None => return Ok(()),
        Some(Ok(record)) => parse_header(record)?,
        Some(Err(error)) => return Err(ReadError::Broken(error)),
    };
    while let Some(record) = records.next()? {
        if each(record.and_then(|record| to_row(&header, record))).is_break() {
            break;
        }
    }
    Ok(())
}

/// The delimiter among `,`, `;` and tab with which the first records agree best on a number of
/// columns above one; a comma when none does.
#[must_use]
pub fn guess_delimiter(head: &[u8]) -> u8 {
    let score = |delimiter: u8| {
        let mut records = Records { reader: head, delimiter, next_line: 1 };
        let mut widths = Vec::new();
        while widths.len() < RECORDS_FOR_GUESS
            && let Ok(Some(Ok(record))) = records.next()
        {
            widths.push(record.fields.len());
        }
        let columns = widths.first().copied().unwrap_or(0);
        let agreeing = widths.iter().filter(|w| **w == columns).count();
        if columns > 1 { (agreeing * 1000 / widths.len(), columns) } else { (0, 0) }
    };
    // The last of equals wins, so the comma stands last.
    [b'\t', b';', b','].into_iter().max_by_key(|d| score(*d)).unwrap_or(b',')
}

fn parse_header(record: Record) -> Result<Vec<String>, ReadError> {
    let broken = |problem| ReadError::Broken(LineError::whole(record.line, problem));
    let mut names: Vec<String> = Vec::new();
    for (i, field) in record.fields.into_iter().enumerate() {
        let name = String::from_utf8(field).map_err(|_| broken(LineProblem::InvalidUtf8))?;
        let name = match name.trim() {
            "" => format!("column_{}", i + 1),
            name => name.to_owned(),
        };
        if names.contains(&name) {
            return Err(broken(LineProblem::DuplicateColumn { name }));
        }
        names.push(name);
    }
    Ok(names)
}

fn to_row(header: &[String], record: Record) -> Result<Row, LineError> {
    let Record { line, fields } = record;
    if fields.len() != header.len() {
        let problem = LineProblem::WrongColumns { found: fields.len() as u64, expected: header.len() as u64 };
        return Err(LineError::whole(line, problem));
    }
    let mut value = Map::new();
    for (name, field) in header.iter().zip(fields) {
        let text = String::from_utf8(field).map_err(|_| LineError {
            line,
            field: Some(name.clone()),
            problem: LineProblem::InvalidUtf8,
        })?;
        value.insert(name.clone(), Value::String(text));
    }
    Ok(Row { line, value })
}

struct Record {
    /// 1-based line on which the record begins.
    line: u64,
    fields: Vec<Vec<u8>>,
}

struct Records<R> {
    reader: R,
    delimiter: u8,
    next_line: u64,
}

impl<R: BufRead> Records<R> {
    /// The next record that is not a blank line, `None` at the end.
    fn next(&mut self) -> Result<Option<Result<Record, LineError>>, ReadError> {
        let mut line = self.next_line;
        let mut parser = Parser::new(self.delimiter);
        let mut buffer = Vec::new();
        loop {
            let start = buffer.len();
            match read_line(&mut self.reader, &mut buffer, MAX_ROW_BYTES)? {
                Line::End if start == 0 => return Ok(None),
                Line::End => return Ok(Some(Err(LineError::whole(line, LineProblem::UnclosedQuote)))),
                Line::TooLong => {
                    self.next_line += 1;
                    let problem = LineProblem::TooLongOrUnclosed { mib: MAX_ROW_MIB };
                    return Ok(Some(Err(LineError::whole(line, problem))));
                }
                Line::Whole => self.next_line += 1,
            }
            if start == 0 && buffer.trim_ascii_end().is_empty() && !buffer.contains(&self.delimiter) {
                buffer.clear();
                line = self.next_line;
                continue;
            }
            buffer[start..].iter().for_each(|byte| parser.push(*byte));
            if parser.state != State::Quoted {
                return Ok(Some(Ok(Record { line, fields: parser.finish() })));
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted field: the field's end, or half of a doubled quote.
    QuoteSeen,
}

/// The state machine of one record. A quote is special only at a field's start; a line break
/// ends the record unless quoted.
struct Parser {
    delimiter: u8,
    state: State,
    field: Vec<u8>,
    fields: Vec<Vec<u8>>,
}

impl Parser {
    fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::FieldStart, field: Vec::new(), fields: Vec::new() }
    }

    fn push(&mut self, byte: u8) {
        use State::{FieldStart, Plain, QuoteSeen, Quoted};
        self.state = match (self.state, byte) {
            (FieldStart, b'"') => Quoted,
            (Quoted, b'"') => QuoteSeen,
            (Quoted, _) => self.keep(byte, Quoted),
            (QuoteSeen, b'"') => self.keep(byte, Quoted),
            (FieldStart | Plain | QuoteSeen, _) if byte == self.delimiter => {
                self.fields.push(std::mem::take(&mut self.field));
                FieldStart
            }
            // The line feed that ends the record.
            (state, b'\n') => state,
            (FieldStart | Plain | QuoteSeen, _) => self.keep(byte, Plain),
        };
    }

    fn keep(&mut self, byte: u8, next: State) -> State {
        self.field.push(byte);
        next
    }

    fn finish(mut self) -> Vec<Vec<u8>> {
        // Of a CR LF line end only the line feed was dropped so far.
        if self.state == State::Plain && self.field.last() == Some(&b'\r') {
            self.field.pop();
        }
        self.fields.push(self.field);
        self.fields
    }
}
