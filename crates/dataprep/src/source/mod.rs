//! A data file as it was sent, packed or not: which files with rows lie in it, and their rows one after the other.
//!
//! Whatever is packed is unpacked while it is read; nothing but a packed Parquet file, which must be read from several
//! places, goes to the disk. Names in an archive are never used as paths.

mod bounds;
mod dataset_info;
mod inspect;
mod parquet;
mod unpack;
mod zip_size;

#[cfg(test)]
mod tests;

pub use bounds::Bounds;

use crate::encoding::{Encoding, TextReader};
use crate::mapping;
use crate::rows::{ReadError, Row, read_rows};
use bounds::{io_error, problem_of};
use domain::dataset::{FileInside, FileLeftOut, FileSyntax, LineError, Mapping, Packing};
use domain::import::ImportProblem;
use domain::sample::Sample;
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most files that an archive may hold.
pub const MAX_FILES: u64 = 10_000;

/// What a person says about a file; what is absent is detected.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    pub syntax: Option<FileSyntax>,
    pub encoding: Option<&'static Encoding>,
    /// Which files of an archive are read: a pattern in which `*` stands for anything.
    pub inside: Option<String>,
    pub bounds: Bounds,
}

/// Why a data file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    Problem(#[from] ImportProblem),
    #[error("failed to read the file: {0}")]
    Io(io::Error),
}

impl From<io::Error> for SourceError {
    fn from(e: io::Error) -> Self {
        problem_of(&e).map_or_else(|| Self::Io(e), Self::Problem)
    }
}

impl From<ReadError> for SourceError {
    fn from(e: ReadError) -> Self {
        match e {
            ReadError::Io(e) => e.into(),
            ReadError::Broken(first) => Self::Problem(ImportProblem::BrokenOff { first: Box::new(first) }),
        }
    }
}

/// A file with rows, and how it is read.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// Its path in the archive; outside of archives the upload's own name.
    pub name: String,
    pub size_bytes: Option<u64>,
    pub syntax: FileSyntax,
    pub encoding: &'static Encoding,
    /// What a `dataset_info.json` beside it says.
    pub mapping: Option<Mapping>,
    /// Its place in the archive.
    index: usize,
}

/// A data file, looked through and ready to be read.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    name: String,
    pub packing: Packing,
    /// At least one, in the order in which they are read. All have the same syntax.
    pub files: Vec<DataFile>,
    pub left_out: Vec<FileLeftOut>,
    /// Plain texts lie in several folders, whose names may be labels.
    has_folders: bool,
    bounds: Bounds,
}

/// What one reading from beginning to end found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// Bytes that are invalid in the encoding were replaced.
    pub has_replacements: bool,
}

/// Takes rows, each with the file it is in.
pub type EachRow<'a> = &'a mut dyn FnMut(&DataFile, Result<Row, LineError>) -> ControlFlow<()>;

impl Source {
    /// Looks through the file at `path`, which its sender calls `name`.
    pub fn open(path: &Path, name: &str, choices: &Choices) -> Result<Self, SourceError> {
        inspect::open(path, name, choices)
    }

    /// The files as a first look shows them.
    #[must_use]
    pub fn listed(&self) -> Vec<FileInside> {
        let listed = |f: &DataFile| FileInside {
            name: f.name.clone(),
            size_bytes: f.size_bytes,
            syntax: f.syntax,
            encoding: (f.syntax != FileSyntax::Parquet).then(|| f.encoding.name().to_owned()),
            mapping: f.mapping.clone(),
        };
        self.files.iter().map(listed).collect()
    }

    /// Syntax of every file.
    #[must_use]
    pub fn syntax(&self) -> FileSyntax {
        self.files.first().map_or(FileSyntax::Jsonl, |f| f.syntax)
    }

    /// Hands on every row of every file until `each` breaks off. `bytes_read` is raised as reading goes on, by bytes of
    /// the packed file.
    pub fn rows(&self, bytes_read: &Arc<AtomicU64>, each: EachRow<'_>) -> Result<Reading, ReadError> {
        let mut reading = Reading::default();
        let mut go_on = true;
        let mut next = self.files.iter();
        let mut wanted = next.next();
        let counted = Counted { inner: File::open(&self.path)?, bytes_read: Arc::clone(bytes_read) };
        if !self.packing.is_packed() {
            let Some(file) = wanted else { return Ok(reading) };
            self.rows_of(file, Bytes::Plain(counted), &mut reading, &mut go_on, each)?;
            return Ok(reading);
        }
        unpack::each_file(
            counted,
            &self.name,
            self.packing,
            self.bounds,
            &mut |inner| {
                let Some(file) = wanted.filter(|file| file.index == inner.index) else {
                    return Ok(ControlFlow::Continue(()));
                };
                self.rows_of(file, Bytes::Packed(inner.reader), &mut reading, &mut go_on, each)?;
                wanted = next.next();
                Ok(if go_on && wanted.is_some() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            },
            Some(&self.files.iter().map(|f| f.index).collect::<Vec<_>>()),
        )?;
        Ok(reading)
    }

    fn rows_of(
        &self,
        file: &DataFile,
        bytes: Bytes<'_>,
        reading: &mut Reading,
        go_on: &mut bool,
        each: EachRow<'_>,
    ) -> Result<(), ReadError> {
        let is_archive = self.packing.archive.is_some();
        let named = |error: LineError| {
            let error = error.counted_in(file.syntax);
            if is_archive { error.inside(&file.name) } else { error }
        };
        let mut hand_on = |row: Result<Row, LineError>| {
            let row = row.map(|row| self.with_folder(file, row)).map_err(named);
            let flow = each(file, row);
            *go_on &= flow.is_continue();
            flow
        };
        let result = if file.syntax == FileSyntax::Parquet {
            match bytes {
                Bytes::Plain(_) => parquet::read(File::open(&self.path)?, &mut hand_on),
                Bytes::Packed(reader) => parquet::read(parquet::spool(reader)?, &mut hand_on),
            }
        } else {
            let reader: &mut dyn Read = match bytes {
                Bytes::Plain(mut counted) => {
                    let mut text = TextReader::new(&mut counted, Some(file.encoding))?;
                    let result = read_rows(&mut text, file.syntax, &mut hand_on);
                    reading.has_replacements |= text.has_replacements();
                    return result.map_err(|e| located(e, named));
                }
                Bytes::Packed(reader) => reader,
            };
            let mut text = TextReader::new(reader, Some(file.encoding))?;
            let result = read_rows(&mut text, file.syntax, &mut hand_on);
            reading.has_replacements |= text.has_replacements();
            result
        };
        result.map_err(|e| located(e, named))
    }

    /// Adds the folder of a plain text as a field, where several folders may be labels.
    fn with_folder(&self, file: &DataFile, mut row: Row) -> Row {
        if self.has_folders {
            row.value.insert("folder".to_owned(), Value::String(folder(&file.name).to_owned()));
        }
        row
    }

    /// Hands on every row as a sample, with its file and line, or why it is none. `mapping` says what the fields are,
    /// unless a `dataset_info.json` does.
    pub fn samples(
        &self,
        mapping: &Mapping,
        is_chosen: bool,
        bytes_read: &Arc<AtomicU64>,
        mut each: impl FnMut(&DataFile, Result<(u64, Sample), LineError>) -> ControlFlow<()>,
    ) -> Result<Reading, ReadError> {
        self.rows(bytes_read, &mut |file, row| {
            let mapping = file.mapping.as_ref().filter(|_| !is_chosen).unwrap_or(mapping);
            let sample = row.and_then(|row| match mapping::apply(mapping, &row) {
                Ok(sample) => Ok((row.line, sample)),
                Err(error) => {
                    let error = error.counted_in(file.syntax);
                    Err(if self.packing.archive.is_some() { error.inside(&file.name) } else { error })
                }
            });
            each(file, sample)
        })
    }
}

fn located(error: ReadError, named: impl Fn(LineError) -> LineError) -> ReadError {
    match error {
        ReadError::Broken(error) => ReadError::Broken(named(error)),
        other => other,
    }
}

enum Bytes<'a> {
    Plain(Counted<File>),
    Packed(&'a mut dyn Read),
}

/// Name of the folder that a file lies in, without those above.
fn folder(name: &str) -> &str {
    name.rsplit('/').nth(1).unwrap_or_default()
}

/// A file that tells how much of it has been read.
struct Counted<R> {
    inner: R,
    bytes_read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.bytes_read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
