//! Asking for what takes long to compute: comparisons of a suite's results, and results cut into parts. Whoever misses some has a job
//! compute it, one for all who ask.

use crate::{Stale, StoreError, diffs::Asker, error::to_json, jobs};
use domain::{
    id::{JobId, SuiteId, SuiteResultId},
    job::Job,
};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Kind of the job that compares the results of a suite with those of its baseline, and with the best base model's.
pub const COMPARE_KIND: &str = "compare_suite";
/// Kind of the job that cuts a result into parts.
pub const SLICE_KIND: &str = "slice_result";
/// Results that one person may have cut at a time in a project. Whoever reads may ask, and could fill the queue.
const CUT_AT_A_TIME: i64 = 8;

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
    let request = to_json(&slice)?;
    let mut tx = db.begin().await?;
    // Nobody asks for two at once, and of two who ask at once one queues it.
    lock(&mut tx, &format!("{SLICE_KIND} of {} {}", asker.project, asker.user)).await?;
    lock(&mut tx, &format!("{SLICE_KIND} {request}")).await?;
    let id = match waiting(&mut tx, asker, SLICE_KIND, &request).await? {
        Some(id) => id,
        None if open(&mut tx, asker).await? >= CUT_AT_A_TIME => return Err(Stale::CutsMany.into()),
        None => jobs::create(&mut tx, asker.project, SLICE_KIND, &request, asker.user).await?,
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

/// Results that wait to be cut because this person has asked for them.
async fn open(tx: &mut PgConnection, asker: Asker) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "select count(*) from jobs where project_id = $1 and created_by = $2 and kind = $3 and status in ('queued', 'running')",
    )
    .bind(asker.project.0)
    .bind(asker.user.0)
    .bind(SLICE_KIND)
    .fetch_one(tx)
    .await?)
}
