//! Plain text as rows of one field `text`: the whole file, its lines, or its paragraphs.

use super::{Line, ReadError, Row, TOO_LONG, read_line};
use crate::MAX_ROW_BYTES;
use domain::dataset::{LineError, LineProblem};
use serde_json::{Map, Value};
use std::io::{BufRead, Read};
use std::ops::ControlFlow;

/// The row of one line or paragraph.
pub(super) fn row(line: u64, bytes: &[u8]) -> Result<Row, LineError> {
    let text = std::str::from_utf8(bytes).map_err(|_| LineError::whole(line, LineProblem::InvalidUtf8))?;
    Ok(Row { line, value: Map::from_iter([("text".to_owned(), Value::String(text.trim().to_owned()))]) })
}

pub(super) fn whole(
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

/// `line` of a row counts paragraphs.
pub(super) fn paragraphs(
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
