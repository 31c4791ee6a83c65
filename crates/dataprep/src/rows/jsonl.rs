//! JSON Lines: one object per line, blank lines skipped, a comma behind an object forgiven.

use super::Row;
use domain::dataset::{JsonKind, LineError, LineProblem};
use serde_json::Value;

/// The row of one line.
pub(super) fn parse(line: u64, bytes: &[u8]) -> Result<Row, LineError> {
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
