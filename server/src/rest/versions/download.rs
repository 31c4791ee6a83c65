//! Samples as files, written while they are sent: memory does not grow with the version.

use axum::body::Bytes;
use dataprep::export::{CsvExport, CsvTable, Formulas, write_jsonl};
use domain::{
    dataset::{LineError, SampleRow},
    id::VersionId,
    sample::Split,
};
use futures::{Stream, TryStreamExt};
use serde::Deserialize;
use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};
use store::PgPool;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

/// Bytes that are sent at once.
const CHUNK_BYTES: usize = 64 << 10;

/// Which kind of file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Jsonl,
    Csv,
}

impl Format {
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// What to write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Download {
    pub(super) version: VersionId,
    pub(super) split: Option<Split>,
    /// Whether rows of the sealed test split are among them.
    pub(super) with_test: bool,
    pub(super) format: Format,
    pub(super) formulas: Formulas,
    /// Whether the version has preference pairs.
    pub(super) has_pairs: bool,
}

/// The bytes of a version's file. A failure midway breaks the transfer off, so that nobody takes
/// a part for the whole.
pub(super) fn stream(db: PgPool, what: Download) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        if let Err(error) = send(&db, what, &sender).await {
            tracing::warn!(version = %what.version, %error, "download broken off");
            // Nobody may be listening any more, and then nobody needs to know.
            drop(sender.send(Err(error)).await);
        }
    });
    ReceiverStream::new(receiver)
}

async fn send(db: &PgPool, what: Download, sender: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
    let buffer = Buffer::default();
    let mut file = FileWriter::new(what, buffer.clone())?;
    let mut rows = store::samples::stream(db, what.version, what.split);
    while let Some(row) = rows.try_next().await.map_err(io::Error::other)? {
        if row.split == Split::Test && !what.with_test {
            continue;
        }
        file.write(&row)?;
        if buffer.len() >= CHUNK_BYTES && sender.send(Ok(buffer.take())).await.is_err() {
            return Ok(());
        }
    }
    file.finish()?;
    drop(sender.send(Ok(buffer.take())).await);
    Ok(())
}

/// Writes rows in one of the formats.
#[expect(clippy::large_enum_variant, reason = "one per download")]
enum FileWriter {
    Jsonl(Buffer),
    Csv(CsvExport<Buffer>),
}

impl FileWriter {
    fn new(what: Download, buffer: Buffer) -> io::Result<Self> {
        Ok(match what.format {
            Format::Jsonl => Self::Jsonl(buffer),
            Format::Csv => Self::Csv(CsvExport::new(buffer, what.formulas, what.has_pairs)?),
        })
    }

    fn write(&mut self, row: &SampleRow) -> io::Result<()> {
        match self {
            Self::Jsonl(buffer) => write_jsonl(buffer, &row.sample, row.split),
            Self::Csv(export) => export.write(&row.sample, row.split),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Jsonl(_) => Ok(()),
            Self::Csv(export) => export.finish().map(drop),
        }
    }
}

/// Bytes that a writer has written and nobody has sent yet; clones share them.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A report of bad lines with the columns line, field, code and reason.
pub(super) fn errors_as_csv(errors: &[LineError]) -> io::Result<Vec<u8>> {
    let mut table = CsvTable::new(Vec::new(), Formulas::Neutralise);
    table.row(["line", "field", "code", "reason", "file"])?;
    for e in errors {
        let (line, code, reason) = (e.line.to_string(), e.problem.code(), e.problem.to_string());
        let (field, file) = (e.field.as_deref().unwrap_or_default(), e.file.as_deref().unwrap_or_default());
        table.row([line.as_str(), field, &code, &reason, file])?;
    }
    table.finish()
}
