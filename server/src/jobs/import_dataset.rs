//! From an upload to an immutable dataset version, in two passes over the file. The first counts
//! rows and collects every bad line; only if the person's choice allows it does the second write
//! samples. Memory grows with neither: rows stream from a reading thread to the database.

use crate::{
    datafile::{DataFile, DataFileError, check_storable},
    jobs::{JobContext, JobError},
};
use axum::body::Bytes;
use dataprep::{hash::content_hash, mapping::read_samples, rows::ReadError, stats::StatsBuilder};
use domain::{
    dataset::{BadLines, LineError, Mapping, Origin, SplitPlan, VersionStats},
    import::{ImportProblem, ImportRequest, ImportTarget, REPORT_LINES, Upload},
    job::{Gone, JobFailure},
    sample::Sample,
};
use serde_json::json;
use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use store::versions::import::{Made, NewSample, NewVersion, Writer};
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
    let file = DataFile::open(&context.artifacts, &upload, request.syntax, request.encoding.as_deref()).await?;
    let mapping = match &request.mapping {
        Some(mapping) => mapping.clone(),
        None => file.guess_mapping()?,
    };
    let reading = Arc::new(Reading { file, mapping, split: request.split.clone() });
    let found = check(&context, &reading, upload.size_bytes).await?;
    let report = store_report(&context, &found).await?;
    found.judge(request.bad_lines, report.as_deref())?;
    write(&context, &request.target, &upload, &reading, request.bad_lines, &found, report.as_deref()).await
}

/// How the file becomes samples.
struct Reading {
    file: DataFile,
    mapping: Mapping,
    split: SplitPlan,
}

impl Reading {
    /// Reads the whole file and hands over each sample or bad line, until `each` breaks off.
    fn each_sample(
        &self,
        bytes_read: &Arc<AtomicU64>,
        mut each: impl FnMut(Result<(u64, Sample), LineError>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let text = self.file.text(bytes_read)?;
        read_samples(text, self.file.syntax, &self.mapping, |row| {
            let row = row.and_then(|(line, sample)| Ok((line, check_storable(line, sample)?)));
            each(row.map_err(|error| error.counted_in(self.file.syntax)))
        })
    }
}

/// What the first pass found.
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
        let (bad, first) = (self.bad_lines, first.clone());
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

/// Runs `work` on a thread of its own and reports `done` of `total` while it does.
async fn watched<T: Send + 'static>(
    context: &JobContext,
    stage: &str,
    done: &Arc<AtomicU64>,
    total: u64,
    stop: &Arc<AtomicBool>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JobError> {
    // Set also when this future is dropped, so that no thread reads on for nobody.
    let _stop_on_drop = SetOnDrop(Arc::clone(stop));
    let mut task = tokio::task::spawn_blocking(work);
    loop {
        match tokio::time::timeout(Duration::from_millis(500), &mut task).await {
            Ok(ended) => return ended.map_err(JobError::internal),
            Err(_) => context.progress(stage, done.load(Ordering::Relaxed), total).await?,
        }
    }
}

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn go_on(stop: &AtomicBool) -> ControlFlow<()> {
    if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// The first pass.
async fn check(context: &JobContext, reading: &Arc<Reading>, size_bytes: u64) -> Result<Found, JobError> {
    context.progress("checking", 0, size_bytes).await?;
    let (done, stop) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
    let work = {
        let (reading, done, stop) = (Arc::clone(reading), Arc::clone(&done), Arc::clone(&stop));
        move || -> Result<Found, JobError> {
            let mut found = Found::default();
            let end = reading.each_sample(&done, |row| {
                match row {
                    Ok(_) => found.samples += 1,
                    Err(error) => found.add_error(error),
                }
                go_on(&stop)
            });
            match end {
                Ok(()) => {}
                Err(ReadError::Io(error)) => return Err(error.into()),
                Err(ReadError::Broken(error)) => {
                    found.broken_off = true;
                    found.bad_lines += 1;
                    // First, so that it is what the person reads.
                    found.errors.insert(0, error);
                }
            }
            Ok(found)
        }
    };
    watched(context, "checking", &done, size_bytes, &stop, work).await?
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

/// The second pass: writes the version.
async fn write(
    context: &JobContext,
    target: &ImportTarget,
    upload: &Upload,
    reading: &Arc<Reading>,
    bad_lines: BadLines,
    found: &Found,
    report: Option<&str>,
) -> Result<Made, JobError> {
    let origin = Origin::Import {
        file_name: upload.file_name.clone(),
        size_bytes: upload.size_bytes,
        sha256: upload.sha256.clone(),
        syntax: reading.file.syntax,
        encoding: reading.file.encoding.name().to_owned(),
        mapping: reading.mapping.clone(),
        bad_lines,
        split: reading.split.clone(),
    };
    let new = NewVersion {
        project: context.project,
        by: context.user,
        target,
        origin: &origin,
        source_file: &upload.file_name,
    };
    let mut writer = Writer::begin(&context.db, new).await?.ok_or(JobFailure::Gone { what: Gone::Dataset })?;
    let (sender, mut batches) = mpsc::channel(2);
    let reader = tokio::task::spawn_blocking({
        let reading = Arc::clone(reading);
        move || send_batches(&reading, &sender)
    });
    let mut written = 0;
    while let Some(batch) = batches.recv().await {
        writer.write(&batch).await?;
        written += batch.len() as u64;
        context.progress("importing", written, found.samples).await?;
    }
    let stats = reader.await.map_err(JobError::internal)??;
    context.check()?;
    Ok(writer.finish(&stats, report).await?)
}

/// Reads on the calling thread and sends samples in batches; ends early when nobody receives.
fn send_batches(reading: &Reading, sender: &mpsc::Sender<Vec<NewSample>>) -> Result<VersionStats, JobError> {
    let mut stats = StatsBuilder::new();
    let mut batch = Vec::new();
    let mut batch_bytes = 0;
    let end = reading.each_sample(&Arc::default(), |row| {
        let Ok((line, sample)) = row else {
            stats.skip_line();
            return ControlFlow::Continue(());
        };
        let content_hash = content_hash(&sample);
        let split = reading.split.assign(&content_hash);
        stats.add(&sample, split, &content_hash);
        batch_bytes += sample.messages.iter().map(|m| m.content.len()).sum::<usize>();
        batch.push(NewSample { sample, content_hash, split, line });
        if batch.len() < BATCH_SAMPLES && batch_bytes < BATCH_BYTES {
            return ControlFlow::Continue(());
        }
        batch_bytes = 0;
        match sender.blocking_send(std::mem::take(&mut batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    });
    match end {
        Ok(()) => {}
        Err(ReadError::Io(error)) => return Err(error.into()),
        // The first pass has read this very file to its end.
        Err(error) => return Err(JobError::internal(error)),
    }
    if !batch.is_empty() {
        // A closed channel means that the writer has failed, and it will say why.
        drop(sender.blocking_send(batch));
    }
    Ok(stats.finish())
}
