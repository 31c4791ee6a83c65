//! How likely a model finds each sample of a version, and if asked an embedding of each: kept with the version, for the steps of
//! data recipes that read it.

use crate::{
    jobs::{JobContext, JobError, model_files::ModelFiles},
    trainer::{ScoreFile, TrainerError},
};
use domain::{
    id::{SampleId, ScoringId, VersionId},
    job::{Gone, JobFailure},
    score::{LineResult, ScoreVersion, ScoredLine},
};
use futures::TryStreamExt;
use serde::Serialize;
use std::{collections::HashSet, path::Path};
use store::scores::ScoresWriter;
use tokio::{
    fs::File,
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufWriter},
};

/// Kind of this job in the queue.
pub const KIND: &str = "score_version";
/// Samples between two progress reports.
const REPORT_EVERY: u64 = 1000;

/// What was made.
#[derive(Debug, Serialize)]
pub struct Scored {
    scoring_id: ScoringId,
}

/// The handler.
pub async fn score_version(context: JobContext, request: ScoreVersion) -> Result<Scored, JobError> {
    let version = store::versions::get(&context.db, context.project, request.version_id)
        .await?
        .ok_or(JobFailure::Gone { what: Gone::Version })?;
    context.progress("reading", 0, version.stats.samples).await?;
    let model = ModelFiles::gather(&context, request.model_id, request.run_id).await?;
    let (samples, out) = (model.folder.path().join("samples.jsonl"), model.folder.path().join("scores.jsonl"));
    let ids = write_samples(&context, version.id, &samples).await?;
    let asked = ScoreFile {
        model: &model.path,
        adapter: model.adapter.as_deref(),
        samples: &samples,
        out: &out,
        embed: request.embed,
    };
    let mut scoring = asked.start(&context.config)?;
    while let Some((done, total)) = scoring.next().await.map_err(not_scored)? {
        context.progress("scoring", done, total).await?;
    }
    let scoring_id = keep(&context, &request, &ids, &out).await?;
    Ok(Scored { scoring_id })
}

/// Writes every sample of the version once, and tells their ids in the order of the lines.
async fn write_samples(context: &JobContext, version: VersionId, path: &Path) -> Result<Vec<SampleId>, JobError> {
    let mut lines = BufWriter::with_capacity(1 << 18, File::create(path).await?);
    let (mut ids, mut seen) = (Vec::new(), HashSet::new());
    let mut rows = store::samples::stream(&context.db, version, None);
    while let Some(row) = rows.try_next().await? {
        // Balanced labels repeat samples.
        if !seen.insert(row.id) {
            continue;
        }
        let mut line = serde_json::to_vec(&row.sample).map_err(JobError::internal)?;
        line.push(b'\n');
        lines.write_all(&line).await?;
        ids.push(row.id);
        if (ids.len() as u64).is_multiple_of(REPORT_EVERY) {
            context.check()?;
        }
    }
    lines.flush().await?;
    Ok(ids)
}

async fn keep(
    context: &JobContext,
    request: &ScoreVersion,
    ids: &[SampleId],
    scores: &Path,
) -> Result<ScoringId, JobError> {
    let mut lines = BufReader::with_capacity(1 << 18, File::open(scores).await?).lines();
    let mut writer = ScoresWriter::begin(&context.db, request, context.user).await?;
    let (mut unscored, mut done) = (0, 0);
    while let Some(line) = lines.next_line().await? {
        let line: ScoredLine = serde_json::from_str(&line).map_err(JobError::internal)?;
        let id = usize::try_from(line.line).ok().and_then(|line| ids.get(line.checked_sub(1)?));
        let id = id.ok_or_else(|| JobError::internal("the trainer scored a line that is not there"))?;
        match line.result {
            LineResult::Scored(score) => writer.add(*id, &score).await?,
            LineResult::Unscored { .. } => unscored += 1,
        }
        done += 1;
        if done % REPORT_EVERY == 0 {
            context.progress("writing", done, ids.len() as u64).await?;
        }
    }
    context.check()?;
    Ok(writer.finish(unscored).await?)
}

/// What the trainer says beside its events is about all of the work here: a sample by itself only lacks a score.
fn not_scored(error: TrainerError) -> JobError {
    match error {
        TrainerError::Sample(detail) => JobFailure::NotScored { detail }.into(),
        error => error.into(),
    }
}
