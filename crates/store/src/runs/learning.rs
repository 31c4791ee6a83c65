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
    let version = run.summary.version_id;
    let of = |places| samples::at_places(db, version, Split::Train, places);
    Ok(Some(LearntSamples {
        seen: learning.seen,
        never_learnt: learning.never_learnt,
        never_learnt_samples: of(&learning.never_learnt_samples).await?,
        forgotten: learning.forgotten,
        forgotten_samples: of(&learning.forgotten_samples).await?,
    }))
}
