//! Rows of a data file: JSON lines, a JSON list of objects, or a table with a header.

use super::TaskError;
use domain::task_file::DataFormat;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Reads all rows of a file.
pub(super) fn read(path: &Path, format: DataFormat) -> Result<Vec<Map<String, Value>>, TaskError> {
    let open = || File::open(path).map_err(|source| TaskError::Read { path: path.to_owned(), source });
    match format {
        DataFormat::Csv => table(path, open()?),
        DataFormat::Json => {
            let mut reader = BufReader::new(open()?);
            let head = reader.fill_buf().map_err(|source| TaskError::Read { path: path.to_owned(), source })?;
            if head.trim_ascii_start().starts_with(b"[") { list(path, reader) } else { lines(path, reader) }
        }
    }
}

fn bad(path: &Path, line: usize, problem: impl ToString) -> TaskError {
    TaskError::Row { path: path.to_owned(), line, problem: problem.to_string() }
}

fn object(path: &Path, line: usize, value: Value) -> Result<Map<String, Value>, TaskError> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(bad(path, line, "it is not an object")),
    }
}

fn lines(path: &Path, reader: impl BufRead) -> Result<Vec<Map<String, Value>>, TaskError> {
    let mut rows = Vec::new();
    for (i, line) in reader.lines().enumerate() {
        let line = line.map_err(|source| TaskError::Read { path: path.to_owned(), source })?;
        if !line.trim().is_empty() {
            rows.push(object(path, i + 1, serde_json::from_str(&line).map_err(|e| bad(path, i + 1, e))?)?);
        }
    }
    Ok(rows)
}

fn list(path: &Path, reader: impl BufRead) -> Result<Vec<Map<String, Value>>, TaskError> {
    let values: Vec<Value> = serde_json::from_reader(reader).map_err(|e| bad(path, e.line(), e))?;
    values.into_iter().enumerate().map(|(i, value)| object(path, i + 1, value)).collect()
}

fn table(path: &Path, file: File) -> Result<Vec<Map<String, Value>>, TaskError> {
    let mut reader = csv::Reader::from_reader(file);
    let names = reader.headers().map_err(|e| bad(path, 1, e))?.clone();
    let mut rows = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|e| bad(path, i + 2, e))?;
        let fields = names.iter().zip(&record).map(|(name, cell)| (name.to_owned(), Value::String(cell.to_owned())));
        rows.push(fields.collect());
    }
    Ok(rows)
}
