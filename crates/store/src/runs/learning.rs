//! What a run learnt of its training samples, with the samples.

use crate::{StoreError, samples};
use domain::{
    run::{Learning, LearntSamples, RunDetail},
    sample::Split,
};
use sqlx::PgPool;

/// `None` for a run that has not trained to its end.
pub async fn learnt(db: &PgPool, run: &RunDetail) -> Result<Option<LearntSamples>, StoreError> {
    let Some(learning) = run.result.as_ref().and_then(Learning::of_result) else { return Ok(None) };
    let places = [learning.never_learnt_samples.as_slice(), &learning.forgotten_samples].concat();
    let found = samples::at_places(db, run.summary.version_id, Split::Train, &places, Some(run.summary.id)).await?;
    Ok(Some(learning.map(|place| found.get(&place).cloned())))
}
