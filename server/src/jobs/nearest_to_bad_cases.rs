//! Finds the training rows that are nearest to bad cases by the embeddings of a model that has scored the version of the
//! training. What the model has not seen of the cases it scores first. Reads all embeddings once for all cases; memory holds
//! those of the cases alone.

use crate::{
    jobs::{JobContext, JobError, model_files::ModelFiles},
    trainer::{ScoreFile, TrainerError},
};
use domain::{
    badcase::nearest::{Nearest, cosine},
    id::{BadCaseId, ModelId, RunId, SampleId, ScoringId},
    job::JobFailure,
    score::{LineResult, ScoredLine},
};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::badcases::evidence::embedded::{self, KEPT, Sought};
use tokio::io::{AsyncBufReadExt, BufReader};
use utoipa::ToSchema;

/// Cases of one job.
pub const MAX_CASES: usize = 100;
/// Rows between two progress reports.
const REPORT_EVERY: u64 = 1000;

/// What is asked for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NearestToBadCases {
    /// At most 100.
    pub ids: Vec<BadCaseId>,
}

/// What was made.
#[derive(Debug, Serialize)]
pub struct Found {
    /// Cases whose nearest rows are known now.
    cases: usize,
}

/// The handler.
pub async fn nearest_to_bad_cases(context: JobContext, request: NearestToBadCases) -> Result<Found, JobError> {
    context.progress("reading", 0, 0).await?;
    let mut sought = embedded::sought(&context.db, context.project, &request.ids).await?;
    sought.truncate(MAX_CASES);
    embed(&context, &mut sought).await?;
    sought.retain(|case| case.embedding.is_some());
    let mut by_scoring: BTreeMap<ScoringId, Vec<Sought>> = BTreeMap::new();
    for case in sought {
        by_scoring.entry(case.scoring).or_default().push(case);
    }
    let mut cases = 0;
    for (scoring, sought) in by_scoring {
        let found = nearest(&context, scoring, &sought).await?;
        context.check()?;
        for (case, found) in sought.iter().zip(&found) {
            embedded::keep(&context.db, context.project, case, found).await?;
        }
        cases += sought.len();
    }
    Ok(Found { cases })
}

/// The nearest training rows of cases of one scoring.
async fn nearest(
    context: &JobContext,
    scoring: ScoringId,
    sought: &[Sought],
) -> Result<Vec<Nearest<SampleId>>, JobError> {
    let mut found: Vec<_> = sought.iter().map(|_| Nearest::new(KEPT)).collect();
    let Some(first) = sought.first() else { return Ok(found) };
    let total = store::versions::get(&context.db, context.project, first.version).await?.map_or(0, |v| v.stats.train);
    let mut rows = embedded::of_training(&context.db, scoring, first.version);
    let mut done = 0;
    while let Some((sample, embedding)) = rows.try_next().await? {
        for (case, found) in sought.iter().zip(&mut found) {
            let own = case.embedding.as_deref().unwrap_or_default();
            if let Some(cosine) = cosine(own, &embedding).filter(|_| sample != case.sample) {
                found.add(sample, cosine);
            }
        }
        done += 1;
        if done % REPORT_EVERY == 0 {
            context.progress("finding_nearest", done, total).await?;
        }
    }
    Ok(found)
}

/// Has the models embed those samples that they have not seen.
async fn embed(context: &JobContext, sought: &mut [Sought]) -> Result<(), JobError> {
    let mut by_model: BTreeMap<(ModelId, Option<RunId>), Vec<&mut Sought>> = BTreeMap::new();
    for case in sought.iter_mut().filter(|case| case.embedding.is_none()) {
        by_model.entry((case.model, case.run)).or_default().push(case);
    }
    for ((model, run), mut cases) in by_model {
        let files = ModelFiles::gather(context, model, run).await?;
        let (samples, out) = (files.folder.path().join("samples.jsonl"), files.folder.path().join("scores.jsonl"));
        let mut lines = Vec::new();
        // The case of each line: what was erased meanwhile has none.
        let mut of_line = Vec::with_capacity(cases.len());
        for (at, case) in cases.iter().enumerate() {
            if let Some(sample) = store::samples::content_of(&context.db, context.project, case.sample).await? {
                serde_json::to_writer(&mut lines, &sample).map_err(JobError::internal)?;
                lines.push(b'\n');
                of_line.push(at);
            }
        }
        tokio::fs::write(&samples, lines).await?;
        let asked = ScoreFile {
            model: &files.path,
            adapter: files.adapter.as_deref(),
            samples: &samples,
            out: &out,
            embed: true,
        };
        let mut scoring = asked.start(&context.config)?;
        while let Some((done, total)) = scoring.next().await.map_err(not_scored)? {
            context.progress("scoring", done, total).await?;
        }
        let mut scored = BufReader::new(tokio::fs::File::open(&out).await?).lines();
        while let Some(line) = scored.next_line().await? {
            let line: ScoredLine = serde_json::from_str(&line).map_err(JobError::internal)?;
            let at = usize::try_from(line.line).ok().and_then(|n| of_line.get(n.checked_sub(1)?));
            if let (LineResult::Scored(score), Some(at)) = (line.result, at) {
                cases[*at].embedding = score.embedding;
            }
        }
    }
    Ok(())
}

/// What the trainer says beside its events is about all of the work here.
fn not_scored(error: TrainerError) -> JobError {
    match error {
        TrainerError::Sample(detail) => JobFailure::NotScored { detail }.into(),
        error => error.into(),
    }
}
