//! JSON Lines: one object per line, blank lines skipped.

use super::{INVALID_UTF8, Line, ReadError, Row, line_error, read_line, too_long};
use crate::MAX_ROW_BYTES;
use domain::dataset::LineError;
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
            Line::TooLong => Err(line_error(line, too_long())),
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
    let text = std::str::from_utf8(bytes).map_err(|_| line_error(line, INVALID_UTF8))?;
    match serde_json::from_str(text) {
        Ok(Value::Object(value)) => Ok(Row { line, value }),
        Ok(other) => Err(line_error(
            line,
            format!("the line holds {}, not a JSON object {{…}}", crate::mapping::kind_of(&other)),
        )),
        Err(error) => Err(line_error(
            line,
            format!("the line is not valid JSON at column {}: {}", error.column(), super::json::reason(&error)),
        )),
    }
}
