//! Doing a data recipe on a version: a preview that changes nothing, and the next version.

use crate::jobs::{JobContext, JobError};
use dataprep::{
    hash::content_hash,
    scores::{Losses, Scores, ScoresBuilder},
    stats::StatsBuilder,
    steps::{Item, Outcome, Source, StepsError, apply_with},
};
use domain::{
    dataset::{Origin, Version, VersionStats},
    id::VersionId,
    job::{Gone, JobFailure},
    steps::{DataRecipe, Step, StepsReport},
};
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use std::{
    io,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use store::{
    PgPool,
    versions::{
        cleaned::{CleanedWriter, Fate, Passed},
        import::Made,
    },
};
use tokio::{runtime::Handle, sync::mpsc};

pub const PREVIEW_KIND: &str = "preview_steps";
pub const APPLY_KIND: &str = "apply_steps";
/// Samples written at a time.
const BATCH: usize = 2000;

/// What to do on which version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CleanVersion {
    pub version_id: VersionId,
    pub recipe: DataRecipe,
}

/// The handler of a preview: what the recipe would do, with examples.
pub async fn preview_steps(context: JobContext, request: CleanVersion) -> Result<StepsReport, JobError> {
    let version = find(&context, request.version_id).await?;
    let scores = scores(&context, version.id, &request.recipe).await?;
    let work = Work::start(&context, &version, (&request.recipe, scores), |_| Ok(()));
    work.wait(&context, "trying_steps").await
}

/// The handler that makes the next version.
pub async fn apply_steps(context: JobContext, request: CleanVersion) -> Result<Made, JobError> {
    let version = find(&context, request.version_id).await?;
    let recipe = request.recipe;
    let scores = scores(&context, version.id, &recipe).await?;
    let origin = |report| Origin::Cleaned { recipe: recipe.clone(), report };
    let begun = origin(StepsReport::default());
    let writer = CleanedWriter::begin(&context.db, context.project, version.id, context.user, &begun).await?;
    let mut writer = writer.ok_or(JobFailure::Gone { what: Gone::Dataset })?;
    let (sender, mut batches) = mpsc::channel::<Vec<Passed>>(2);
    let mut batch = Vec::new();
    let counted = Arc::new(Mutex::new(StatsBuilder::new()));
    let counting = Arc::clone(&counted);
    let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "nobody writes the samples any more");
    let work = Work::start(&context, &version, (&recipe, scores), move |outcome| {
        let Some(outcome) = outcome else {
            return sender.blocking_send(std::mem::take(&mut batch)).map_err(|_| gone());
        };
        if let Outcome::Stays(item) = &outcome {
            let mut counting = counting.lock().unwrap_or_else(PoisonError::into_inner);
            counting.add(&item.sample, item.split, &content_hash(&item.sample));
        }
        batch.push(passed(outcome));
        if batch.len() < BATCH {
            return Ok(());
        }
        sender.blocking_send(std::mem::take(&mut batch)).map_err(|_| gone())
    });
    while let Some(batch) = batches.recv().await {
        context.check()?;
        writer.write(&batch).await?;
        context.progress("writing", work.done(), work.total()).await?;
    }
    let report = work.wait(&context, "writing").await?;
    if report.after == 0 {
        return Err(JobFailure::NothingStays.into());
    }
    let counted = std::mem::take(&mut *counted.lock().unwrap_or_else(PoisonError::into_inner));
    let stats = VersionStats { skipped_lines: version.stats.skipped_lines, ..counted.finish() };
    Ok(writer.finish(&origin(report.counts()), &stats).await?)
}

async fn find(context: &JobContext, version: VersionId) -> Result<Version, JobError> {
    let found = store::versions::get(&context.db, context.project, version).await?;
    Ok(found.ok_or(JobFailure::Gone { what: Gone::Version })?)
}

/// The newest scores of the version that have what the recipe needs; `None` when it needs none, or there are none.
async fn scores(
    context: &JobContext,
    version: VersionId,
    recipe: &DataRecipe,
) -> Result<Option<Arc<Scores>>, JobError> {
    if !recipe.steps.iter().any(Step::needs_scores) {
        return Ok(None);
    }
    let with_embeddings = recipe.steps.iter().any(Step::needs_embeddings);
    let all = store::scores::list(&context.db, context.project, version).await?;
    // Those without embeddings only where there are no others: the step then says what it lacks.
    let chosen = all.iter().find(|scoring| !with_embeddings || scoring.dimensions > 0).or(all.first());
    let Some(scoring) = chosen else { return Ok(None) };
    context.progress("reading_scores", 0, scoring.scored).await?;
    let mut builder = ScoresBuilder::new()?;
    let mut rows = store::scores::stream(&context.db, scoring.id, with_embeddings);
    while let Some(row) = rows.try_next().await? {
        builder.add(row.sample, Losses { answer: row.answer_loss, all: row.all_loss }, &row.embedding)?;
    }
    context.check()?;
    Ok(Some(Arc::new(builder.finish(scoring.model.clone())?)))
}

fn passed(outcome: Outcome) -> Passed {
    let pass = |item: Item, fate: &dyn Fn(Item) -> Fate| Passed {
        id: item.id,
        position: item.position,
        split: item.split,
        changes: item.changes.clone(),
        fate: fate(item),
    };
    match outcome {
        Outcome::Removed(item) => pass(item, &|_| Fate::Removed),
        Outcome::Stays(item) => pass(item, &|item| match (item.is_copy, item.is_rewritten()) {
            (true, rewritten) => Fate::Copied(rewritten.then_some(item.sample)),
            (false, true) => Fate::Rewritten(item.sample),
            (false, false) => Fate::Stays,
        }),
    }
}

/// The samples of a version, read from the database as often as the steps need them.
struct Stored {
    db: PgPool,
    version: VersionId,
    runtime: Handle,
}

impl Source for Stored {
    fn read(&mut self, each: &mut dyn FnMut(Item) -> ControlFlow<()>) -> io::Result<()> {
        let mut rows = store::samples::stream(&self.db, self.version, None);
        while let Some(row) = self.runtime.block_on(rows.next()) {
            let row = row.map_err(io::Error::other)?;
            if each(Item::new(row.id, row.position, row.split, row.sample)).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Steps being done on a thread of their own. Dropped, it stops.
struct Work {
    task: tokio::task::JoinHandle<Result<StepsReport, StepsError>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    done: AtomicU64,
    total: AtomicU64,
    stop: AtomicBool,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

impl Work {
    /// `sink` gets every outcome, and `None` after the last.
    fn start(
        context: &JobContext,
        version: &Version,
        (recipe, scores): (&DataRecipe, Option<Arc<Scores>>),
        mut sink: impl FnMut(Option<Outcome>) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        shared.total.store(version.stats.samples, Ordering::Relaxed);
        let mut source = Stored { db: context.db.clone(), version: version.id, runtime: Handle::current() };
        let (recipe, told) = (recipe.clone(), Arc::clone(&shared));
        let task = tokio::task::spawn_blocking(move || {
            let mut progress = |done, total| {
                told.done.store(done, Ordering::Relaxed);
                if total > 0 {
                    told.total.store(total, Ordering::Relaxed);
                }
                if told.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let mut each = |outcome| sink(Some(outcome));
            let report = apply_with(&recipe, scores.as_ref(), &mut source, &mut each, &mut progress)?;
            sink(None)?;
            Ok(report)
        });
        Self { task, shared }
    }

    fn done(&self) -> u64 {
        self.shared.done.load(Ordering::Relaxed)
    }

    fn total(&self) -> u64 {
        self.shared.total.load(Ordering::Relaxed)
    }

    /// Tells how far it is until it has ended.
    async fn wait(mut self, context: &JobContext, stage: &str) -> Result<StepsReport, JobError> {
        loop {
            match tokio::time::timeout(Duration::from_millis(500), &mut self.task).await {
                Ok(ended) => {
                    return ended.map_err(JobError::internal)?.map_err(|error| match error {
                        StepsError::Recipe(problem) => JobFailure::Steps { problem }.into(),
                        StepsError::Io(error) => error.into(),
                        StepsError::Cancelled => JobError::Cancelled,
                    });
                }
                Err(_) => context.progress(stage, self.done(), self.total()).await?,
            }
        }
    }
}
