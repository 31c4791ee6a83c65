//! Token statistics of a dataset version under a model's tokenizer and chat template.

use crate::{
    jobs::{JobContext, JobError, model_files::ModelFiles},
    trainer::TokenCounter,
};
use domain::{
    dataset::TokenStats,
    import::CountTokens,
    job::{Gone, JobFailure},
};
use futures::{StreamExt, TryStreamExt};

/// Kind of this job in the queue.
pub const KIND: &str = "count_tokens";
/// Samples that are tokenized between two progress reports.
const BATCH: usize = 500;

/// The handler: fills in the version's statistics for one model.
pub async fn count_tokens(context: JobContext, request: CountTokens) -> Result<TokenStats, JobError> {
    let version = store::versions::get(&context.db, context.project, request.version_id)
        .await?
        .ok_or(JobFailure::Gone { what: Gone::Version })?;
    context.progress("reading", 0, 0).await?;
    let model = ModelFiles::gather(&context, request.model_id, None).await?;
    let mut counter = TokenCounter::start(&context.config, &model.path)?;
    let total = version.stats.samples;
    let mut lengths = Vec::new();
    let mut batches = store::samples::stream(&context.db, version.id, None).map_ok(|row| row.sample).try_chunks(BATCH);
    while let Some(batch) = batches.next().await {
        lengths.extend(counter.count(&batch.map_err(|e| e.1)?).await?);
        context.progress("counting", lengths.len() as u64, total).await?;
    }
    let stats = TokenStats::of_lengths(lengths);
    store::versions::set_token_stats(&context.db, version.id, request.model_id, &stats).await?;
    Ok(stats)
}
