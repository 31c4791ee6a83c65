//! Plain text as rows of one field `text`: the whole file, its lines, or its paragraphs.

use super::{Line, ReadError, Row, TOO_LONG, read_line};
use crate::MAX_ROW_BYTES;
use domain::dataset::{FileSyntax, LineError, LineProblem};
use serde_json::{Map, Value};
use std::io::{BufRead, Read};
use std::ops::ControlFlow;

pub(super) fn read(
    reader: impl BufRead,
    syntax: FileSyntax,
    each: impl FnMut(Result<Row, LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    match syntax {
        FileSyntax::Lines => lines(reader, each),
        FileSyntax::Paragraphs => paragraphs(reader, each),
        _ => whole(reader, each),
    }
}

fn row(line: u64, bytes: &[u8]) -> Result<Row, LineError> {
    let text = std::str::from_utf8(bytes).map_err(|_| LineError::whole(line, LineProblem::InvalidUtf8))?;
    Ok(Row { line, value: Map::from_iter([("text".to_owned(), Value::String(text.trim().to_owned()))]) })
}

fn whole(
    reader: impl BufRead,
    mut each: impl FnMut(Result<Row, LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let mut text = Vec::new();
    reader.take(MAX_ROW_BYTES as u64 + 1).read_to_end(&mut text)?;
    let _ = if text.len() > MAX_ROW_BYTES {
        each(Err(LineError::whole(1, TOO_LONG)))
    } else if text.trim_ascii().is_empty() {
        each(Err(LineError::whole(1, LineProblem::FieldEmpty)))
    } else {
        each(row(1, &text))
    };
    Ok(())
}

fn lines(
    mut reader: impl BufRead,
    mut each: impl FnMut(Result<Row, LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let mut buffer = Vec::new();
    for line in 1.. {
        buffer.clear();
        let row = match read_line(&mut reader, &mut buffer, MAX_ROW_BYTES)? {
            Line::End => break,
            Line::TooLong => Err(LineError::whole(line, TOO_LONG)),
            Line::Whole if buffer.trim_ascii().is_empty() => continue,
            Line::Whole => row(line, &buffer),
        };
        if each(row).is_break() {
            break;
        }
    }
    Ok(())
}

/// `line` of a row counts paragraphs.
fn paragraphs(
    mut reader: impl BufRead,
    mut each: impl FnMut(Result<Row, LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let (mut buffer, mut paragraph, mut too_long) = (Vec::new(), 0, false);
    loop {
        let start = buffer.len();
        let found = read_line(&mut reader, &mut buffer, MAX_ROW_BYTES)?;
        let is_blank = !matches!(found, Line::TooLong) && buffer[start..].trim_ascii().is_empty();
        too_long |= matches!(found, Line::TooLong);
        if is_blank || matches!(found, Line::End) {
            let ended = std::mem::take(&mut buffer);
            if too_long || !ended.trim_ascii().is_empty() {
                paragraph += 1;
                let row = if too_long { Err(LineError::whole(paragraph, TOO_LONG)) } else { row(paragraph, &ended) };
                too_long = false;
                if each(row).is_break() {
                    return Ok(());
                }
            }
        }
        if matches!(found, Line::End) {
            return Ok(());
        }
    }
}
