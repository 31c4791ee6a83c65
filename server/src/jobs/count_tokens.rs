//! Token statistics of a dataset version under a model's tokenizer and chat template.

use crate::jobs::{JobContext, JobError};
use domain::{dataset::TokenStats, id::ModelId, import::CountTokens, sample::Sample};
use futures::{StreamExt, TryStreamExt};
use std::{path::PathBuf, sync::Arc};
use trainer::data::count::TokenCounter;

/// Kind of this job in the queue.
pub const KIND: &str = "count_tokens";
/// Samples that are tokenized between two progress reports.
const BATCH: usize = 500;

/// The handler: fills in the version's statistics for one model.
pub async fn count_tokens(context: JobContext, request: CountTokens) -> Result<TokenStats, JobError> {
    let version = store::versions::get(&context.db, context.project, request.version_id)
        .await?
        .ok_or_else(|| JobError::refused("the dataset version does not exist in this project"))?;
    context.progress("reading", 0, 0).await?;
    let counter = Arc::new(open(&context, request.model_id).await?);
    let total = version.stats.samples;
    let mut lengths = Vec::new();
    let mut batches = store::samples::stream(&context.db, version.id, None).map_ok(|row| row.sample).try_chunks(BATCH);
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(|e| e.1)?;
        let counter = Arc::clone(&counter);
        let counted = tokio::task::spawn_blocking(move || count(&counter, &batch));
        lengths.extend(counted.await.map_err(JobError::internal)??);
        context.progress("counting", lengths.len() as u64, total).await?;
    }
    let stats = TokenStats::of_lengths(lengths);
    store::versions::set_token_stats(&context.db, version.id, request.model_id, &stats).await?;
    Ok(stats)
}

fn count(counter: &TokenCounter, samples: &[Sample]) -> Result<Vec<u32>, JobError> {
    let each = samples.iter().map(|sample| counter.count(sample));
    each.collect::<Result<_, _>>()
        .map_err(|e| JobError::refused(format!("this model cannot read a sample of this dataset: {e}")))
}

/// The tokenizer of a registered model, whose files are gathered in one folder for as long as it takes.
async fn open(context: &JobContext, model: ModelId) -> Result<TokenCounter, JobError> {
    if store::models::get(&context.db, context.project, model).await?.is_none() {
        return Err(JobError::refused("the model does not exist in this project"));
    }
    let folder = tempfile::tempdir_in(&context.config.data)?;
    let mut only: Option<PathBuf> = None;
    let files = store::models::files(&context.db, model).await?;
    for file in &files {
        let target = folder.path().join(&file.path);
        context.artifacts.place(&file.sha256, &target).await?;
        only = (files.len() == 1).then_some(target);
    }
    let path = only.unwrap_or_else(|| folder.path().to_owned());
    let opened = tokio::task::spawn_blocking(move || TokenCounter::open(&path)).await.map_err(JobError::internal)?;
    opened.map_err(|e| JobError::refused(e.to_string()))
}
