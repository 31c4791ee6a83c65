//! From an upload to an immutable dataset version, in one pass over the file: rows stream from a reading thread into a
//! transaction. It is committed only if the person's choice allows the bad lines that were met on the way. Memory grows with
//! neither: what waits between the two is bounded.

use crate::{
    datafile::{DataFile, DataFileError, Wanted, check_storable},
    jobs::{JobContext, JobError},
};
use axum::body::Bytes;
use dataprep::{
    hash::content_hash,
    rows::ReadError,
    source::{DataFile as SourceFile, SourceError},
    stats::StatsBuilder,
};
use domain::{
    dataset::{Appended, BadLines, Duplicates, FILES_LISTED, LineError, Mapping, Origin, SplitPlan, VersionStats},
    import::{ImportProblem, ImportRequest, REPORT_LINES, Upload},
    job::{Gone, JobFailure},
    sample::{Sample, Split},
};
use serde_json::json;
use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use store::versions::import::{Line, Made, NewSample, NewVersion, Writer, short_hash};
use tokio::sync::mpsc;

/// Kind of this job in the queue.
pub const KIND: &str = "import_dataset";
/// Largest report of bad lines; each of them is short, so that the lines run out first.
const REPORT_BYTES: usize = 32 << 20;
/// Samples that go to the database at once, unless they are long.
const BATCH_SAMPLES: usize = 2000;
const BATCH_BYTES: usize = 4 << 20;

impl From<DataFileError> for JobError {
    fn from(e: DataFileError) -> Self {
        match e {
            DataFileError::Io(e) => Self::Io(e),
            DataFileError::Artifact(e) => Self::Artifact(e),
            DataFileError::Problem(problem) => problem.into(),
        }
    }
}

impl From<ImportProblem> for JobError {
    fn from(problem: ImportProblem) -> Self {
        JobFailure::Import { problem }.into()
    }
}

/// The handler: makes the version and says which.
pub async fn import_dataset(context: JobContext, request: ImportRequest) -> Result<Made, JobError> {
    request.check()?;
    let upload = store::uploads::get(&context.db, context.project, request.upload_id)
        .await?
        .ok_or(JobFailure::Gone { what: Gone::Upload })?;
    let (encoding, inside) = (request.encoding.as_deref(), request.inside.as_deref());
    let wanted = Wanted { syntax: request.syntax, encoding, inside };
    let file = DataFile::open(&context.artifacts, &upload, wanted).await?;
    let reading = Arc::new(Reading::new(file, &request).await?);
    write(&context, &request, &upload, &reading).await
}

/// How the file becomes samples.
struct Reading {
    file: DataFile,
    mapping: Mapping,
    /// A person chose the mapping; else it is a guess that stands back behind a description in the archive.
    is_chosen: bool,
    split: SplitPlan,
    /// What becomes of new samples that the dataset has already.
    duplicates: Duplicates,
}

impl Reading {
    async fn new(file: DataFile, request: &ImportRequest) -> Result<Self, JobError> {
        let (split, duplicates) = (request.split.clone(), request.append.unwrap_or_default().duplicates);
        let chosen = request.mapping.clone();
        let work = move || -> Result<Self, DataFileError> {
            let is_chosen = chosen.is_some();
            let mapping = chosen.map_or_else(|| file.guess_mapping(), Ok)?;
            Ok(Self { file, mapping, is_chosen, split, duplicates })
        };
        Ok(tokio::task::spawn_blocking(work).await.map_err(JobError::internal)??)
    }

    /// Reads the whole file and hands over each sample or bad line, until `each` breaks off.
    fn each_sample(
        &self,
        bytes_read: &Arc<AtomicU64>,
        mut each: impl FnMut(&SourceFile, Result<(u64, Sample), LineError>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let source = &self.file.source;
        let is_archive = source.packing.archive.is_some();
        let end = source.samples(&self.mapping, self.is_chosen, bytes_read, |file, row| {
            let row = row.and_then(|(line, sample)| match check_storable(line, sample) {
                Ok(sample) => Ok((line, sample)),
                Err(error) => {
                    let error = error.counted_in(file.syntax);
                    Err(if is_archive { error.inside(&file.name) } else { error })
                }
            });
            each(file, row)
        });
        end.map(drop)
    }
}

/// What the reading met.
#[derive(Default)]
struct Found {
    samples: u64,
    bad_lines: u64,
    /// The first [`REPORT_LINES`] bad lines.
    errors: Vec<LineError>,
    /// The file ends before its end, so to speak: what follows cannot be read at all.
    broken_off: bool,
}

impl Found {
    fn add_error(&mut self, error: LineError) {
        self.bad_lines += 1;
        if self.errors.len() < REPORT_LINES {
            self.errors.push(error);
        }
    }

    /// Whether there is something to import, and the person wants it in spite of bad lines.
    fn judge(&self, bad_lines: BadLines, report: Option<&str>) -> Result<(), JobError> {
        let Some(first) = self.errors.first() else {
            return if self.samples > 0 { Ok(()) } else { Err(ImportProblem::NoRows.into()) };
        };
        let (bad, first) = (self.bad_lines, Box::new(first.clone()));
        let problem = if self.broken_off {
            ImportProblem::BrokenOff { first }
        } else if self.samples == 0 {
            ImportProblem::NoSamples { bad, first }
        } else if bad_lines == BadLines::Stop {
            ImportProblem::BadLines { bad, lines: bad + self.samples, first }
        } else {
            return Ok(());
        };
        Err(JobError::Refused {
            failure: Box::new(JobFailure::Import { problem }),
            details: Some(json!({ "report_sha256": report, "bad_lines": self.bad_lines })),
        })
    }
}

/// Stores the bad lines as JSON Lines; `None` when there are none.
async fn store_report(context: &JobContext, found: &Found) -> Result<Option<String>, JobError> {
    if found.errors.is_empty() {
        return Ok(None);
    }
    let mut lines = Vec::new();
    for error in &found.errors {
        serde_json::to_writer(&mut lines, error).map_err(JobError::internal)?;
        lines.push(b'\n');
        if lines.len() >= REPORT_BYTES {
            break;
        }
    }
    Ok(Some(context.artifacts.put_bytes(Bytes::from(lines)).await?.sha256))
}

/// Reads and writes at the same time; the version is there once both have ended well.
async fn write(
    context: &JobContext,
    request: &ImportRequest,
    upload: &Upload,
    reading: &Arc<Reading>,
) -> Result<Made, JobError> {
    context.progress("importing", 0, upload.size_bytes).await?;
    let mut origin = origin_of(request, upload, reading, None);
    let new = NewVersion {
        project: context.project,
        by: context.user,
        target: &request.target,
        origin: &origin,
        append: request.append.is_some(),
    };
    let mut writer = Writer::begin(&context.db, new).await?.ok_or(JobFailure::Gone { what: Gone::Dataset })?;
    let (known, (_, kept_test)) = (writer.take_known(), writer.inherited().await?);
    let (sender, mut batches) = mpsc::channel(2);
    let done = Arc::<AtomicU64>::default();
    let reader = tokio::task::spawn_blocking({
        let (reading, done, bad_lines) = (Arc::clone(reading), Arc::clone(&done), request.bad_lines);
        move || Reader { reading: &reading, known: &known, sender: &sender, bad_lines }.read(&done)
    });
    let mut written = 0;
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        // Dropped at an error or a cancellation, the receiver ends the reading too.
        tokio::select! {
            batch = batches.recv() => {
                let Some(batch) = batch else { break };
                writer.write(&batch).await?;
                written += batch.len() as u64;
            }
            _ = tick.tick() => {}
        }
        context.progress("importing", done.load(Ordering::Relaxed).min(upload.size_bytes), upload.size_bytes).await?;
    }
    let Read { found, stats, repeated } = reader.await.map_err(JobError::internal)??;
    context.check()?;
    let report = store_report(context, &found).await?;
    found.judge(request.bad_lines, report.as_deref())?;
    if let Some(append) = request.append {
        if written == 0 {
            return Err(ImportProblem::NothingNew { repeated }.into());
        }
        let (all, _) = writer.inherited().await?;
        let appended =
            Appended { duplicates: append.duplicates, kept: all - written, kept_test, added: written, repeated };
        origin = origin_of(request, upload, reading, Some(appended));
    }
    Ok(writer.finish(&stats, &origin, report.as_deref()).await?)
}

fn origin_of(request: &ImportRequest, upload: &Upload, reading: &Reading, appended: Option<Appended>) -> Origin {
    let source = &reading.file.source;
    let mut files = if source.packing.archive.is_some() { source.listed() } else { Vec::new() };
    files.truncate(FILES_LISTED);
    Origin::Import {
        file_name: upload.file_name.clone(),
        size_bytes: upload.size_bytes,
        sha256: upload.sha256.clone(),
        syntax: source.syntax(),
        encoding: source.files.first().map_or("", |f| f.encoding.name()).to_owned(),
        mapping: reading.mapping.clone(),
        bad_lines: request.bad_lines,
        split: reading.split.clone(),
        packing: source.packing,
        files,
        appended,
    }
}

/// What came of reading a file.
struct Read {
    found: Found,
    /// Of the samples that were sent to the database.
    stats: VersionStats,
    /// Samples whose content the dataset had before.
    repeated: u64,
}

/// Reads on the calling thread and sends samples in batches.
struct Reader<'a> {
    reading: &'a Reading,
    known: &'a HashMap<u128, Split>,
    sender: &'a mpsc::Sender<Vec<Line>>,
    bad_lines: BadLines,
}

impl Reader<'_> {
    /// Reads to the file's end, or until nobody receives. Behind a bad line that stops the import, lines are only checked.
    fn read(&self, bytes_read: &Arc<AtomicU64>) -> Result<Read, JobError> {
        let (mut found, mut stats, mut repeated) = (Found::default(), StatsBuilder::new(), 0);
        let mut batch = Batch { sender: self.sender, lines: Vec::new(), bytes: 0, file: Arc::from("") };
        let mut corrupt = None;
        let end = self.reading.each_sample(bytes_read, |file, row| {
            let (line, sample) = match row {
                Ok(row) => row,
                Err(error) => {
                    found.add_error(error);
                    stats.skip_line();
                    return if self.sender.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
                }
            };
            found.samples += 1;
            if self.bad_lines == BadLines::Stop && found.bad_lines > 0 {
                return if self.sender.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            }
            let content_hash = content_hash(&sample);
            // What the dataset has already stays in its split, so that nothing of an old test set is learned from.
            let before = self.known.get(&short_hash(&content_hash)).copied();
            repeated += u64::from(before.is_some());
            if before.is_some() && self.reading.duplicates == Duplicates::LeaveOut {
                return ControlFlow::Continue(());
            }
            let split = before.unwrap_or_else(|| self.reading.split.assign(&content_hash));
            stats.add(&sample, split, &content_hash);
            let new = NewSample { sample, content_hash, split, file: batch.name_of(file), line };
            match Line::new(&new) {
                Ok(line) => batch.push(line),
                Err(error) => {
                    corrupt = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        if let Some(error) = corrupt {
            return Err(error.into());
        }
        match end {
            Ok(()) => {}
            Err(ReadError::Io(error)) => return Err(DataFileError::from(SourceError::from(error)).into()),
            Err(ReadError::Broken(error)) => {
                found.broken_off = true;
                found.bad_lines += 1;
                // First, so that it is what the person reads.
                found.errors.insert(0, error);
            }
        }
        let _ = batch.send();
        Ok(Read { found, stats: stats.finish(), repeated })
    }
}

/// Samples that go to the database at once.
struct Batch<'a> {
    sender: &'a mpsc::Sender<Vec<Line>>,
    lines: Vec<Line>,
    bytes: usize,
    /// The file that is being read.
    file: Arc<str>,
}

impl Batch<'_> {
    fn name_of(&mut self, file: &SourceFile) -> Arc<str> {
        if *self.file != *file.name {
            self.file = Arc::from(file.name.as_str());
        }
        Arc::clone(&self.file)
    }

    fn push(&mut self, line: Line) -> ControlFlow<()> {
        self.bytes += line.size_bytes();
        self.lines.push(line);
        if self.lines.len() < BATCH_SAMPLES && self.bytes < BATCH_BYTES {
            ControlFlow::Continue(())
        } else {
            self.send()
        }
    }

    /// Breaks off when nobody receives: the writer has failed, and it will say why.
    fn send(&mut self) -> ControlFlow<()> {
        self.bytes = 0;
        if self.lines.is_empty() {
            return ControlFlow::Continue(());
        }
        match self.sender.blocking_send(std::mem::take(&mut self.lines)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}
