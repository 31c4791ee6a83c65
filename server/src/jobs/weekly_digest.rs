//! The digest of a project's week: queued once the week is over, whichever server notices first.

use crate::{
    jobs::{JobContext, JobError},
    state::AppState,
};
use std::time::Duration;
use store::reports::digests::{self, WeeklyDigest};
use time::OffsetDateTime;

/// Time between two looks for weeks that are over.
const EVERY: Duration = Duration::from_secs(3600);

/// The handler. Answers with the week.
pub async fn weekly_digest(context: JobContext, request: WeeklyDigest) -> Result<WeeklyDigest, JobError> {
    context.progress("gathering", 0, 0).await?;
    let digest = digests::gather(&context.db, context.project, request.week, OffsetDateTime::now_utc()).await?;
    digests::keep(&context.db, context.project, &digest).await?;
    Ok(request)
}

/// Queues digests that are due, now and then, until the server stops.
pub async fn keep_queued(state: AppState) {
    loop {
        match digests::queue_due(&state.db, OffsetDateTime::now_utc()).await {
            Ok(0) => {}
            Ok(queued) => tracing::info!(queued, "digests of a week that is over are queued"),
            Err(error) => tracing::warn!(%error, "failed to look for weeks that are over"),
        }
        if state.shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}
