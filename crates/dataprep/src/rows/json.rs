//! One JSON array of objects, or an object in which exactly one field holds such an array; the
//! field may lie up to two objects further down, where a higher one has not been found before.
//!
//! Only one element is in memory at a time: a serde visitor hands each on as it is parsed.

use super::{ReadError, Row, TOO_LONG, exact};
use crate::MAX_ROW_BYTES;
use domain::brief::brief;
use domain::dataset::{FileSyntax, JsonKind, LineError, LineProblem};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, value::RawValue};
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

pub(super) fn read(
    mut reader: impl BufRead,
    each: impl FnMut(Result<Row, LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    if skip_blank(&mut reader)? {
        return Ok(());
    }
    let budget = Rc::new(Cell::new(MAX_ROW_BYTES));
    let mut json = serde_json::Deserializer::from_reader(Budgeted { reader, left: Rc::clone(&budget) });
    let mut walk = Walk { each, budget, element: 0, field: None, outcome: Outcome::Reading };
    let result = json.deserialize_any(TopLevel(&mut walk)).and_then(|()| json.end());
    match (walk.outcome, result) {
        (Outcome::Stopped, _) => Ok(()),
        (Outcome::Failed(error), _) => Err(error),
        (Outcome::Reading, Ok(())) => Ok(()),
        (Outcome::Reading, Err(error)) => Err(read_error(error, walk.element)),
    }
}

/// The parser's message without its own "at line … column …".
pub(super) fn detail(error: &serde_json::Error) -> String {
    let text = error.to_string();
    brief(text.rsplit_once(" at line ").map_or(&text, |(message, _)| message))
}

fn read_error(error: serde_json::Error, read_so_far: u64) -> ReadError {
    let problem = match error.io_error_kind() {
        // Of all readers only [`Budgeted`] says so.
        Some(io::ErrorKind::InvalidData) => TOO_LONG,
        Some(_) => return ReadError::Io(error.into()),
        None if error.is_eof() => LineProblem::CutJson { row: error.line() as u64, column: error.column() as u64 },
        None => {
            LineProblem::BrokenJson { row: error.line() as u64, column: error.column() as u64, detail: detail(&error) }
        }
    };
    ReadError::Broken(LineError::whole(read_so_far + 1, problem).counted_in(FileSyntax::Json))
}

/// Skips white space; true when nothing else is there.
fn skip_blank(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(true);
        }
        let blank = buffer.len() - buffer.trim_ascii_start().len();
        if blank < buffer.len() {
            return Ok(false);
        }
        reader.consume(blank);
    }
}

/// Refuses to read on once an element has used up its bytes, so that memory stays bounded.
struct Budgeted<R> {
    reader: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        let left = self.left.get().checked_sub(n).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        self.left.set(left);
        Ok(n)
    }
}

enum Outcome {
    Reading,
    /// The caller has seen enough.
    Stopped,
    Failed(ReadError),
}

/// How many objects below the file's own a field with the rows may lie.
const MAX_DEPTH: usize = 2;
/// Objects with these names describe the file and do not hold its rows.
const DESCRIPTIONS: [&str; 8] = ["meta", "metadata", "info", "schema", "config", "links", "license", "stats"];

/// State of one walk through the file.
struct Walk<F> {
    each: F,
    budget: Rc<Cell<usize>>,
    /// Elements handed on so far.
    element: u64,
    /// The path of the field that holds the rows, when the file is one object.
    field: Option<String>,
    outcome: Outcome,
}

impl<F: FnMut(Result<Row, LineError>) -> ControlFlow<()>> Walk<F> {
    /// Hands on one element. The error ends the parse; `outcome` tells why.
    fn hand_on<E: serde::de::Error>(&mut self, text: &RawValue) -> Result<(), E> {
        self.element += 1;
        self.budget.set(MAX_ROW_BYTES);
        let row = match exact::parse(text.get()) {
            Ok(Value::Object(value)) => Ok(Row { line: self.element, value }),
            Ok(other) => Err(LineProblem::NotAnObject { found: JsonKind::from(&other) }),
            Err(error) => Err(LineProblem::BrokenElement { detail: detail(&error) }),
        };
        let row = row.map_err(|problem| LineError::whole(self.element, problem).counted_in(FileSyntax::Json));
        if (self.each)(row).is_break() {
            self.outcome = Outcome::Stopped;
            return Err(E::custom("stopped"));
        }
        Ok(())
    }

    fn fail<E: serde::de::Error>(&mut self, problem: LineProblem) -> E {
        let message = E::custom(&problem);
        self.outcome = Outcome::Failed(ReadError::Broken(LineError::whole(1, problem)));
        message
    }
}

/// The whole file.
struct TopLevel<'a, F>(&'a mut Walk<F>);

impl<'de, F: FnMut(Result<Row, LineError>) -> ControlFlow<()>> Visitor<'de> for TopLevel<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(text) = elements.next_element::<Box<RawValue>>()? {
            self.0.hand_on(&text)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            fields.next_value_seed(Field { walk: self.0, path: name, depth: 0 })?;
            self.0.budget.set(MAX_ROW_BYTES);
        }
        if self.0.field.is_none() { Err(self.0.fail(LineProblem::NoArray)) } else { Ok(()) }
    }
}

/// One field of a file that is one object: rows if it is an array of objects, searched if it is
/// an object itself, else ignored.
struct Field<'a, F> {
    walk: &'a mut Walk<F>,
    path: String,
    /// Objects between this field and the file's own.
    depth: usize,
}

impl<'de, F: FnMut(Result<Row, LineError>) -> ControlFlow<()>> DeserializeSeed<'de> for Field<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Result<Row, LineError>) -> ControlFlow<()>> Visitor<'de> for Field<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Some(first) = elements.next_element::<Box<RawValue>>()? else { return Ok(()) };
        let is_deeper = |found: &String| found.matches('.').count() < self.depth;
        if !first.get().starts_with('{') || self.walk.field.as_ref().is_some_and(is_deeper) {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        if let Some(first) = &self.walk.field {
            let problem = LineProblem::SeveralArrays { first: brief(first), second: brief(&self.path) };
            return Err(self.walk.fail(problem));
        }
        self.walk.field = Some(self.path);
        self.walk.hand_on(&first)?;
        TopLevel(self.walk).visit_seq(elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let name = self.path.rsplit('.').next().unwrap_or_default();
        if self.depth == MAX_DEPTH || DESCRIPTIONS.iter().any(|d| name.eq_ignore_ascii_case(d)) {
            while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        while let Some(name) = fields.next_key::<String>()? {
            let path = format!("{}.{name}", self.path);
            fields.next_value_seed(Field { walk: &mut *self.walk, path, depth: self.depth + 1 })?;
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
