//! JSON Lines: one object per line, blank lines skipped, a comma behind an object forgiven.

use super::{Line, ReadError, Row, TOO_LONG, read_line};
use crate::MAX_ROW_BYTES;
use domain::dataset::{JsonKind, LineError, LineProblem};
use serde_json::Value;
use std::io::BufRead;
use std::ops::ControlFlow;

pub(super) fn read(
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
            Line::Whole => parse(line, &buffer),
        };
        if each(row).is_break() {
            break;
        }
    }
    Ok(())
}

fn parse(line: u64, bytes: &[u8]) -> Result<Row, LineError> {
    let text = std::str::from_utf8(bytes).map_err(|_| LineError::whole(line, LineProblem::InvalidUtf8))?;
    // Without its line feed, behind which a parser would count columns anew.
    let text = text.trim_end();
    let problem = match super::exact::parse(text.strip_suffix(',').unwrap_or(text)) {
        Ok(Value::Object(value)) => return Ok(Row { line, value }),
        Ok(other) => LineProblem::NotAnObject { found: JsonKind::from(&other) },
        Err(error) => LineProblem::InvalidJson { column: error.column() as u64, detail: super::json::detail(&error) },
    };
    Err(LineError::whole(line, problem))
}
