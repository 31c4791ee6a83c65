//! Asking for a comparison that may take long: it is there, or a job makes it. Small versions are compared at once.

use super::{DiffQuery, matching, page};
use crate::{Stale, StoreError, jobs};
use domain::{
    dataset::Version,
    diff::{DiffCounts, VersionDiff},
    id::{JobId, ProjectId, UserId, VersionId},
    job::Job,
};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Kind of the job that compares two large versions.
pub const KIND: &str = "diff_versions";
/// Samples of the larger version up to which two are compared while somebody waits: it takes less than a second.
pub(super) const AT_ONCE_SAMPLES: u64 = 20_000;

/// What the job compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffVersions {
    pub from_id: VersionId,
    pub to_id: VersionId,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    pub project: ProjectId,
    pub user: UserId,
    /// Whether a comparison that failed or was cancelled is begun again.
    pub again: bool,
}

/// A comparison, or the job that makes it.
#[derive(Clone, Debug)]
pub enum Compared {
    Made(Box<VersionDiff>),
    /// Over only where it failed or was cancelled.
    By(Box<Job>),
}

/// [`page`](super::page) where that is quick or was done before. Else the job that does it, queued unless it is already:
/// one at a time for each person in a project, [`Stale::ComparesAlready`] where another one of theirs is not over. The caller
/// knows that both versions are of the asker's project.
pub async fn page_or_job(
    db: &PgPool,
    asker: Asker,
    from: &Version,
    to: &Version,
    query: DiffQuery,
) -> Result<Compared, StoreError> {
    let is_small = from.stats.samples.max(to.stats.samples) <= AT_ONCE_SAMPLES;
    if is_small || matching::find(db, from.id, to.id).await?.is_some() {
        return Ok(Compared::Made(Box::new(page(db, from, to, query).await?)));
    }
    let id = find_or_queue(db, asker, DiffVersions { from_id: from.id, to_id: to.id }).await?;
    let job = jobs::get(db, asker.project, id).await?;
    Ok(Compared::By(Box::new(job.ok_or_else(|| StoreError::Corrupt("a job is gone".to_owned()))?)))
}

/// The latest job of this comparison, if it is not over, or failed and is not to be begun again; else a new one.
async fn find_or_queue(db: &PgPool, asker: Asker, compare: DiffVersions) -> Result<JobId, StoreError> {
    let mut tx = db.begin().await?;
    // Of two who ask at once, one queues it; and nobody asks for two at once.
    let locks = [
        format!("{KIND} of {} {}", asker.project, asker.user),
        format!("{KIND} {} {}", compare.from_id, compare.to_id),
    ];
    for lock in locks {
        sqlx::query("select pg_advisory_xact_lock(hashtext($1))").bind(lock).execute(&mut *tx).await?;
    }
    let last: Option<(Uuid, String)> = sqlx::query_as(
        "select id, status from jobs where kind = 'diff_versions' and payload->>'from_id' = $1 and payload->>'to_id' = $2 \
         order by created_at desc limit 1",
    )
    .bind(compare.from_id.to_string())
    .bind(compare.to_id.to_string())
    .fetch_optional(&mut *tx)
    .await?;
    let waits = last.filter(|(_, status)| match status.as_str() {
        "queued" | "running" => true,
        // What it made was dropped since then.
        "succeeded" => false,
        _ => !asker.again,
    });
    let id = match waits {
        Some((id, _)) => JobId(id),
        None if has_open(&mut tx, asker).await? => return Err(Stale::ComparesAlready.into()),
        None => jobs::create(&mut tx, asker.project, KIND, &compare, asker.user).await?,
    };
    tx.commit().await?;
    Ok(id)
}

/// Whether a comparison that this person has asked for in this project is not over. Whoever reads may ask, and without a bound
/// they could fill the queue.
async fn has_open(tx: &mut PgConnection, asker: Asker) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "select exists (select from jobs where project_id = $1 and created_by = $2 and kind = $3 and status in ('queued', 'running'))",
    )
    .bind(asker.project.0)
    .bind(asker.user.0)
    .bind(KIND)
    .fetch_one(tx)
    .await?)
}

/// Compares two versions, of which what differs is kept. Answers with how many samples outside of the test split do.
pub async fn make(db: &PgPool, compare: DiffVersions) -> Result<DiffCounts, StoreError> {
    Ok(matching::find_or_make(db, compare.from_id, compare.to_id).await?.1.open)
}
