//! Records separated by comma, semicolon, tab or bar below a header line (RFC 4180). A line
//! `sep=;` above the header names another separator, as Excel does.
//!
//! Written by hand, not with the `csv` crate, for three things that crate does not do: the true
//! line a record begins on, a bound on a record's size (an open quote would swallow the file),
//! and going on after a broken record: a quote that is never closed costs one line, not the rest.

use super::{Line, MAX_ROW_MIB, ReadError, Row, take_line};
use crate::{MAX_FIELDS, MAX_ROW_BYTES};
use domain::brief::brief;
use domain::dataset::{LineError, LineProblem};
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::io::{self, BufRead, Cursor, Read};
use std::ops::ControlFlow;

/// How many records at the start of a file are looked at to guess the delimiter.
const RECORDS_FOR_GUESS: usize = 20;

pub(super) fn read(
    mut reader: impl BufRead,
    mut each: impl FnMut(Result<Row, LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let head = reader.fill_buf()?;
    let (delimiter, next_line) = match named_delimiter(head) {
        Some((delimiter, line_bytes)) => {
            reader.consume(line_bytes);
            (delimiter, 2)
        }
        None => (guess_delimiter(head), 1),
    };
    let mut records = Records::new(reader, delimiter, next_line);
    let first = match records.next()? {
        None => return Ok(()),
        Some(Ok(record)) => record,
        Some(Err(error)) => return Err(ReadError::Broken(error)),
    };
    records.columns = Some(first.fields.len());
    let mut second = records.next()?;
    let is_bare = matches!(&second, Some(Ok(second)) if is_question(&first) && is_question(second));
    let (header, mut bare) =
        if is_bare { (question_names(first.fields.len()), Some(first)) } else { (parse_header(first)?, None) };
    loop {
        let record = match (bare.take(), second.take()) {
            (Some(first), next) => {
                second = next;
                Ok(first)
            }
            (None, Some(second)) => second,
            (None, None) => match records.next()? {
                Some(record) => record,
                None => return Ok(()),
            },
        };
        if each(record.and_then(|record| to_row(&header, record))).is_break() {
            return Ok(());
        }
    }
}

/// Whether a record is a question of a file as MMLU publishes them, without a header: question, choices, and the letter of
/// the right one.
fn is_question(record: &Record) -> bool {
    let choices = record.fields.len().saturating_sub(2);
    match record.fields.last().map(|field| field.trim_ascii()) {
        Some([letter @ b'A'..=b'Z']) => choices > 1 && usize::from(letter - b'A') < choices,
        _ => false,
    }
}

/// The columns of such a file.
fn question_names(columns: usize) -> Vec<String> {
    let letters = (b'A'..=b'Z').take(columns - 2).map(|letter| char::from(letter).to_string());
    ["question".to_owned()].into_iter().chain(letters).chain(["answer".to_owned()]).collect()
}

/// The delimiter that a first line `sep=;` names, and the length of that line.
fn named_delimiter(head: &[u8]) -> Option<(u8, usize)> {
    let end = head.iter().position(|b| *b == b'\n')?;
    match head[..end].trim_ascii_end() {
        [s, e, p, b'=', delimiter] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => Some((*delimiter, end + 1)),
        // A tab is trimmed away.
        [s, e, p, b'='] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") && head.get(4) == Some(&b'\t') => {
            Some((b'\t', end + 1))
        }
        _ => None,
    }
}

/// The delimiter among `,`, `;`, tab and `|` with which the first records agree best on a number of
/// columns above one; a comma when none does.
#[must_use]
pub fn guess_delimiter(head: &[u8]) -> u8 {
    let score = |delimiter: u8| {
        let mut records = Records::new(head, delimiter, 1);
        let mut widths = Vec::new();
        while widths.len() < RECORDS_FOR_GUESS
            && let Ok(Some(record)) = records.next()
        {
            widths.push(record.map_or(0, |record| record.fields.len()));
        }
        let columns = widths.first().copied().unwrap_or(0);
        let agreeing = widths.iter().filter(|w| **w == columns).count();
        if columns > 1 { (agreeing * 1000 / widths.len(), columns) } else { (0, 0) }
    };
    // The last of equals wins, so the comma stands last.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|d| score(*d)).unwrap_or(b',')
}

fn parse_header(record: Record) -> Result<Vec<String>, ReadError> {
    let broken = |problem| ReadError::Broken(LineError::whole(record.line, problem));
    if record.fields.len() > MAX_FIELDS {
        return Err(broken(LineProblem::TooManyColumns { limit: MAX_FIELDS as u64 }));
    }
    let (mut names, mut seen) = (Vec::new(), HashSet::new());
    for (i, field) in record.fields.into_iter().enumerate() {
        let name = String::from_utf8(field).map_err(|_| broken(LineProblem::InvalidUtf8))?;
        let name = match name.trim() {
            "" => format!("column_{}", i + 1),
            name => name.to_owned(),
        };
        if !seen.insert(name.clone()) {
            return Err(broken(LineProblem::DuplicateColumn { name: brief(&name) }));
        }
        names.push(name);
    }
    Ok(names)
}

fn to_row(header: &[String], record: Record) -> Result<Row, LineError> {
    let Record { line, fields } = record;
    let (found, expected) = (fields.len() as u64, header.len() as u64);
    match found.cmp(&expected) {
        Ordering::Less => return Err(LineError::whole(line, LineProblem::TooFewColumns { found, expected })),
        Ordering::Greater => return Err(LineError::whole(line, LineProblem::WrongColumns { found, expected })),
        Ordering::Equal => {}
    }
    let mut value = Map::new();
    for (name, field) in header.iter().zip(fields) {
        let text = String::from_utf8(field).map_err(|_| LineError::of_field(line, name, LineProblem::InvalidUtf8))?;
        value.insert(name.clone(), Value::String(text));
    }
    Ok(Row { line, value })
}

struct Record {
    /// 1-based line on which the record begins.
    line: u64,
    fields: Vec<Vec<u8>>,
}

/// Lines a record may span before one field too many means that a quote was left open.
const MANY_LINES: u64 = 20;
/// Bytes read again at most after open quotes, so that a file full of them costs a bounded time.
const MAX_REREAD_BYTES: usize = 16 * MAX_ROW_BYTES;

struct Records<R> {
    /// What is read again after an open quote, then the rest of the file.
    again: Cursor<Vec<u8>>,
    reader: R,
    delimiter: u8,
    next_line: u64,
    /// Fields of the header, once it is read.
    columns: Option<usize>,
    reread_left: usize,
}

impl<R: BufRead> Records<R> {
    fn new(reader: R, delimiter: u8, next_line: u64) -> Self {
        let again = Cursor::default();
        Self { again, reader, delimiter, next_line, columns: None, reread_left: MAX_REREAD_BYTES }
    }

    /// The next record that is not a blank line, `None` at the end.
    fn next(&mut self) -> Result<Option<Result<Record, LineError>>, ReadError> {
        let mut line = self.next_line;
        let mut parser = Parser::new(self.delimiter);
        let mut buffer = Vec::new();
        // Where the record's second line begins in the buffer.
        let mut first_line_bytes = 0;
        loop {
            let start = buffer.len();
            match self.take_line(&mut buffer)? {
                Line::End if start == 0 => return Ok(None),
                Line::End => {
                    self.read_again(line, buffer.split_off(first_line_bytes));
                    return Ok(Some(Err(LineError::whole(line, LineProblem::UnclosedQuote))));
                }
                Line::TooLong => return Ok(Some(Err(self.pass_too_long(line, buffer, first_line_bytes)?))),
                Line::Whole => self.next_line += 1,
            }
            if start == 0 && buffer.trim_ascii_end().is_empty() && !buffer.contains(&self.delimiter) {
                buffer.clear();
                line = self.next_line;
                continue;
            }
            if start == 0 {
                first_line_bytes = buffer.len();
            }
            buffer[start..].iter().for_each(|byte| parser.push(*byte));
            let lines = self.next_line - line;
            let has_too_many = self.columns.is_some_and(|columns| parser.fields.len() >= columns);
            let is_stray = parser.is_open() && lines > MANY_LINES && has_too_many;
            if parser.text_after_quote || is_stray {
                self.read_again(line, buffer.split_off(first_line_bytes));
                let problem = if lines == 1 { LineProblem::TextAfterQuote } else { LineProblem::UnclosedQuote };
                return Ok(Some(Err(LineError::whole(line, problem))));
            }
            if !parser.is_open() {
                return Ok(Some(Ok(Record { line, fields: parser.finish() })));
            }
        }
    }

    fn take_line(&mut self, buffer: &mut Vec<u8>) -> io::Result<Line> {
        take_line(&mut (&mut self.again).chain(&mut self.reader), buffer, MAX_ROW_BYTES)
    }

    /// Goes on behind the first line of a record that is too long.
    fn pass_too_long(&mut self, line: u64, mut buffer: Vec<u8>, first_line_bytes: usize) -> io::Result<LineError> {
        let is_read_again = first_line_bytes > 0 && self.read_again(line, buffer.split_off(first_line_bytes));
        if !is_read_again {
            (&mut self.again).chain(&mut self.reader).skip_until(b'\n')?;
            self.next_line += 1;
        }
        Ok(LineError::whole(line, LineProblem::TooLongOrUnclosed { mib: MAX_ROW_MIB }))
    }

    /// Makes these lines, which were read as parts of the record on `line`, records of their own.
    /// False when too much was read again before.
    fn read_again(&mut self, line: u64, lines: Vec<u8>) -> bool {
        let Some(left) = self.reread_left.checked_sub(lines.len()) else { return false };
        self.reread_left = left;
        self.next_line = line + 1;
        let position = self.again.position();
        if position < self.again.get_ref().len() as u64 {
            // All of them came from there.
            self.again.set_position(position - lines.len() as u64);
        } else {
            self.again = Cursor::new(lines);
        }
        true
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted field: the field's end, or half of a doubled quote.
    QuoteSeen,
    /// In the white space between a closing quote and the delimiter.
    Closed,
}

/// The state machine of one record. A quote is special only at a field's start; a line break
/// ends the record unless quoted.
struct Parser {
    delimiter: u8,
    state: State,
    field: Vec<u8>,
    fields: Vec<Vec<u8>>,
    /// Something stands between a closing quote and the delimiter: the quote was none of these.
    text_after_quote: bool,
}

impl Parser {
    fn new(delimiter: u8) -> Self {
        let (field, fields) = (Vec::new(), Vec::new());
        Self { delimiter, state: State::FieldStart, field, fields, text_after_quote: false }
    }

    /// Whether the record goes on with the next line.
    fn is_open(&self) -> bool {
        self.state == State::Quoted
    }

    fn push(&mut self, byte: u8) {
        use State::{Closed, FieldStart, Plain, QuoteSeen, Quoted};
        self.state = match (self.state, byte) {
            (FieldStart, b'"') => Quoted,
            (Quoted, b'"') => QuoteSeen,
            (Quoted, _) => self.keep(byte, Quoted),
            (QuoteSeen, b'"') => self.keep(byte, Quoted),
            (FieldStart | Plain | QuoteSeen | Closed, _) if byte == self.delimiter => {
                self.fields.push(std::mem::take(&mut self.field));
                FieldStart
            }
            // The line feed that ends the record.
            (state, b'\n') => state,
            (QuoteSeen | Closed, b' ' | b'\t' | b'\r') => Closed,
            (QuoteSeen | Closed, _) => {
                self.text_after_quote = true;
                Closed
            }
            (FieldStart | Plain, _) => self.keep(byte, Plain),
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
