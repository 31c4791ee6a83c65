//! Apache Parquet as rows: each record becomes a JSON object, nested columns lists and objects in it.
//!
//! The format is read from its end and from the beginning of each column, so a packed file goes to a temporary file
//! first. Its reader is a library that panics on some broken files: such a panic is a broken file, not ours.

use super::bounds::io_error;
use crate::rows::{ReadError, Row};
use crate::{MAX_FIELDS, MAX_ROW_BYTES};
use domain::brief::brief;
use domain::dataset::{LineError, LineProblem};
use domain::import::ImportProblem;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most bytes of one column in one row group, which is decoded at once.
const MAX_CHUNK_BYTES: i64 = 2 << 30;
/// Deepest nesting of a schema that is walked.
const MAX_DEPTH: usize = 32;

/// Puts what is unpacked where it can be read from several places.
pub(super) fn spool(reader: &mut dyn Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(reader, &mut file)?;
    file.rewind()?;
    Ok(file)
}

/// Hands on the file's records; `line` counts them from 1.
pub(super) fn read(
    file: File,
    each: &mut dyn FnMut(Result<Row, LineError>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    catch_unwind(AssertUnwindSafe(|| read_records(file, each)))
        .unwrap_or_else(|_| Err(broken("it contradicts itself").into()))
}

fn read_records(file: File, each: &mut dyn FnMut(Result<Row, LineError>) -> ControlFlow<()>) -> Result<(), ReadError> {
    let reader = SerializedFileReader::new(file).map_err(broken)?;
    let metadata = reader.metadata();
    let schema = metadata.file_metadata().schema();
    check_depth(schema, 0)?;
    if metadata.file_metadata().schema_descr().num_columns() > MAX_FIELDS {
        let problem = LineProblem::TooManyColumns { limit: MAX_FIELDS as u64 };
        return Err(ReadError::Broken(LineError::whole(0, problem)));
    }
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    if chunks.into_iter().any(|c| c.uncompressed_size() > MAX_CHUNK_BYTES || c.uncompressed_size() < 0) {
        return Err(broken("a column of a row group is larger than 2 GiB").into());
    }
    for (record, line) in reader.get_row_iter(None).map_err(broken)?.zip(1u64..) {
        let record = record.map_err(broken)?;
        let value: Map<String, Value> =
            record.into_columns().into_iter().map(|(name, field)| (name, json(&field))).collect();
        let row = if size(&value) > MAX_ROW_BYTES {
            Err(LineError::whole(line, LineProblem::TooLong { mib: (MAX_ROW_BYTES >> 20) as u64 }))
        } else {
            Ok(Row { line, value })
        };
        if each(row).is_break() {
            break;
        }
    }
    Ok(())
}

/// A text in a column that does not say it is text is still read as one, if it is.
fn json(field: &Field) -> Value {
    match field {
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => text.into(),
            Err(_) => field.to_json_value(),
        },
        // Many digits would be made up in f64.
        Field::Float(x) => serde_json::from_str(&x.to_string()).unwrap_or(Value::Null),
        Field::Group(row) => {
            Value::Object(row.get_column_iter().map(|(name, field)| (name.clone(), json(field))).collect())
        }
        Field::ListInternal(list) => Value::Array(list.elements().iter().map(json).collect()),
        other => other.to_json_value(),
    }
}

fn size(row: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(of).sum(),
            Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + of(value)).sum(),
            _ => 8,
        }
    }
    row.iter().map(|(name, value)| name.len() + of(value)).sum()
}

fn check_depth(schema: &Type, depth: usize) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(broken("its columns are nested too deep"));
    }
    if schema.is_group() {
        return schema.get_fields().iter().try_for_each(|field| check_depth(field, depth + 1));
    }
    Ok(())
}

fn broken(detail: impl ToString) -> io::Error {
    io_error(ImportProblem::BrokenParquet { detail: brief(&detail.to_string()) })
}
