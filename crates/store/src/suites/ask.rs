//! Asking for what takes long to compute: comparisons of a suite's results, results cut into parts, and figures over seeds. Whoever
//! misses some has a job compute it, one for all who ask.

use crate::{Stale, StoreError, diffs::Asker, error::to_json, jobs};
use domain::{
    id::{JobId, RunId, SuiteId, SuiteResultId},
    job::Job,
    suite::{SeedRun, SeedTable, SuiteDetail},
};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Kind of the job that compares the results of a suite with those of its baseline, and with the best base model's.
pub const COMPARE_KIND: &str = "compare_suite";
/// Kind of the job that cuts a result into parts.
pub const SLICE_KIND: &str = "slice_result";
/// Kind of the job that computes what groups of runs reached that differ only in their seed.
pub const SEED_KIND: &str = "seed_figures";
/// Results that one person may have cut at a time in a project, and groups over seeds that they may have put together. Whoever reads
/// may ask, and could fill the queue.
const AT_A_TIME: i64 = 8;

/// What the first one computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompareSuite {
    pub suite_id: SuiteId,
    /// Of the suite.
    pub version: u32,
}

/// What the second one computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceResult {
    pub suite_id: SuiteId,
    pub result_id: SuiteResultId,
}

/// What the third one computes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedGroups {
    pub suite_id: SuiteId,
    /// Of the suite.
    pub version: u32,
    /// A group that somebody has put together; may be empty.
    pub runs: Vec<RunId>,
    /// A run of the group that the others are held against; the first group when absent.
    pub against: Option<RunId>,
}

impl SeedGroups {
    /// What this table needs: the same however its groups were asked for.
    #[must_use]
    pub fn of(suite: &SuiteDetail, table: &SeedTable) -> Self {
        let ids = |runs: &[SeedRun]| runs.iter().map(|run| run.run_id).collect::<Vec<_>>();
        let by_hand = table.groups.iter().find(|group| group.by_hand);
        let has = |id: RunId| table.groups.iter().position(|group| group.runs.iter().any(|run| run.run_id == id));
        // A run may be in two groups: it then stands for the first of them.
        let reference = table.groups.iter().position(|group| group.is_reference).filter(|place| *place > 0);
        let against =
            reference.and_then(|place| ids(&table.groups[place].runs).into_iter().find(|id| has(*id) == reference));
        Self {
            suite_id: suite.summary.id,
            version: suite.shown,
            runs: by_hand.map(|group| ids(&group.runs)).unwrap_or_default(),
            against,
        }
    }
}

/// The job that makes comparisons which are missing, queued unless it is already. It is over only where it failed or was cancelled
/// and is not to be begun again.
pub async fn comparisons(db: &PgPool, asker: Asker, compare: CompareSuite) -> Result<Job, StoreError> {
    let mut tx = db.begin().await?;
    let id = queue_comparisons(&mut tx, asker, compare).await?;
    tx.commit().await?;
    job(db, asker, id).await
}

/// [`comparisons`] as a part of the caller's transaction.
pub(super) async fn queue_comparisons(
    tx: &mut PgConnection,
    asker: Asker,
    compare: CompareSuite,
) -> Result<JobId, StoreError> {
    let request = to_json(&compare)?;
    lock(tx, &format!("{COMPARE_KIND} {request}")).await?;
    match waiting(tx, asker, COMPARE_KIND, &request).await? {
        Some(id) => Ok(id),
        None => jobs::create(tx, asker.project, COMPARE_KIND, &request, asker.user).await,
    }
}

/// The job that cuts a result whose parts are missing, as [`comparisons`] does it. [`Stale::CutsMany`] where the asker waits for too
/// many others.
pub(super) async fn parts(db: &PgPool, asker: Asker, slice: SliceResult) -> Result<Job, StoreError> {
    limited(db, asker, (SLICE_KIND, to_json(&slice)?), Stale::CutsMany).await
}

/// The job that computes figures over seeds which are missing, as [`comparisons`] does it. [`Stale::SeedsMany`] where the asker waits
/// for too many others.
pub async fn seeds(db: &PgPool, asker: Asker, groups: &SeedGroups) -> Result<Job, StoreError> {
    limited(db, asker, (SEED_KIND, to_json(groups)?), Stale::SeedsMany).await
}

/// The job of this kind and request, of which one person has so many at a time; `many` where there are.
async fn limited(
    db: &PgPool,
    asker: Asker,
    (kind, request): (&str, serde_json::Value),
    many: Stale,
) -> Result<Job, StoreError> {
    let mut tx = db.begin().await?;
    // Nobody asks for two at once, and of two who ask at once one queues it.
    lock(&mut tx, &format!("{kind} of {} {}", asker.project, asker.user)).await?;
    lock(&mut tx, &format!("{kind} {request}")).await?;
    let id = match waiting(&mut tx, asker, kind, &request).await? {
        Some(id) => id,
        None if open(&mut tx, asker, kind).await? >= AT_A_TIME => return Err(many.into()),
        None => jobs::create(&mut tx, asker.project, kind, &request, asker.user).await?,
    };
    tx.commit().await?;
    job(db, asker, id).await
}

async fn job(db: &PgPool, asker: Asker, id: JobId) -> Result<Job, StoreError> {
    let job = jobs::get(db, asker.project, id).await?;
    job.ok_or_else(|| StoreError::Corrupt("a job is gone".to_owned()))
}

async fn lock(tx: &mut PgConnection, name: &str) -> Result<(), StoreError> {
    sqlx::query("select pg_advisory_xact_lock(hashtext($1))").bind(name).execute(tx).await?;
    Ok(())
}

/// The latest job of this request, if it is not over, or failed and is not to be begun again.
async fn waiting(
    tx: &mut PgConnection,
    asker: Asker,
    kind: &str,
    request: &serde_json::Value,
) -> Result<Option<JobId>, StoreError> {
    let last: Option<(Uuid, String)> = sqlx::query_as(
        "select id, status from jobs where project_id = $1 and kind = $2 and payload = $3 order by created_at desc limit 1",
    )
    .bind(asker.project.0)
    .bind(kind)
    .bind(request)
    .fetch_optional(tx)
    .await?;
    let waits = last.filter(|(_, status)| match status.as_str() {
        "queued" | "running" => true,
        // What is missing has come since then.
        "succeeded" => false,
        _ => !asker.again,
    });
    Ok(waits.map(|(id, _)| JobId(id)))
}

/// Jobs of this kind that are not over and that this person has asked for.
async fn open(tx: &mut PgConnection, asker: Asker, kind: &str) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "select count(*) from jobs where project_id = $1 and created_by = $2 and kind = $3 and status in ('queued', 'running')",
    )
    .bind(asker.project.0)
    .bind(asker.user.0)
    .bind(kind)
    .fetch_one(tx)
    .await?)
}
