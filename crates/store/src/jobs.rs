//! The queue of background jobs. Whoever works on a job holds a lease and renews it; every
//! statement of a worker is guarded by that lease, so one that lost it changes nothing more.

#[cfg(test)]
mod tests;

use crate::{
    StoreError,
    error::{json, lossy_to_json, to_json, word},
    preflights,
};
use domain::{
    id::{JobId, ProjectId, UserId},
    job::{Job, JobFailure, Progress},
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use std::time::Duration;
use uuid::Uuid;

/// Channel on which every change of a job is announced, with the job's id.
pub const CHANNEL: &str = "job";
/// Seconds until a lease that is not renewed is lost.
pub const LEASE_SECONDS: i32 = 60;
/// A job that took this many workers down with it is not tried again.
pub const MAX_ATTEMPTS: i32 = 3;

const COLUMNS: &str = "id, project_id, kind, status, progress, result, failure, cancel_requested_at, \
     created_at, started_at, ended_at";

fn job(row: &PgRow) -> Result<Job, StoreError> {
    let failure: Option<JobFailure> = row.try_get::<Option<serde_json::Value>, _>("failure")?.map(json).transpose()?;
    Ok(Job {
        id: JobId(row.try_get("id")?),
        project_id: ProjectId(row.try_get("project_id")?),
        kind: row.try_get("kind")?,
        status: word(row.try_get("status")?)?,
        progress: json(row.try_get("progress")?)?,
        result: row.try_get("result")?,
        error: failure.as_ref().map(JobFailure::to_string),
        failure,
        cancelling: row.try_get::<Option<time::OffsetDateTime>, _>("cancel_requested_at")?.is_some(),
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        ended_at: row.try_get("ended_at")?,
    })
}

/// Queues a job.
pub async fn create<P: serde::Serialize>(
    db: &mut PgConnection,
    project: ProjectId,
    kind: &str,
    payload: &P,
    by: UserId,
) -> Result<JobId, StoreError> {
    let id = JobId::new();
    sqlx::query("insert into jobs (id, project_id, kind, payload, created_by) values ($1, $2, $3, $4, $5)")
        .bind(id.0)
        .bind(project.0)
        .bind(kind)
        .bind(to_json(payload)?)
        .bind(by.0)
        .execute(&mut *db)
        .await?;
    announce(db, id).await?;
    Ok(id)
}

/// Queues a job by itself, outside any larger transaction.
pub async fn enqueue<P: serde::Serialize>(
    db: &PgPool,
    project: ProjectId,
    kind: &str,
    payload: &P,
    by: UserId,
) -> Result<JobId, StoreError> {
    let mut tx = db.begin().await?;
    let id = create(&mut tx, project, kind, payload, by).await?;
    tx.commit().await?;
    Ok(id)
}

async fn announce(db: &mut PgConnection, id: JobId) -> Result<(), StoreError> {
    sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(id.to_string()).execute(db).await?;
    Ok(())
}

/// A job of a project.
pub async fn get(db: &PgPool, project: ProjectId, id: JobId) -> Result<Option<Job>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!("select {COLUMNS} from jobs where id = $1 and project_id = $2")))
        .bind(id.0)
        .bind(project.0)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(job)
        .transpose()
}

/// A project's jobs, newest first; `before` continues a list.
pub async fn list(db: &PgPool, project: ProjectId, before: Option<JobId>, limit: u32) -> Result<Vec<Job>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from jobs where project_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3"
    )))
    .bind(project.0)
    .bind(before.map(|id| id.0))
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    rows.iter().map(job).collect()
}

/// Cancels a queued job at once and asks a running one to stop; false when it is over already or not there.
pub async fn request_cancel(db: &PgPool, project: ProjectId, id: JobId) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let is_open = cancel(&mut tx, project, id).await?;
    tx.commit().await?;
    Ok(is_open)
}

/// [`request_cancel`] as part of the caller's transaction.
pub(crate) async fn cancel(tx: &mut PgConnection, project: ProjectId, id: JobId) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update jobs set cancel_requested_at = coalesce(cancel_requested_at, now()), \
         status = case when status = 'queued' then 'cancelled' else status end, \
         ended_at = case when status = 'queued' then now() else ended_at end \
         where id = $1 and project_id = $2 and status in ('queued', 'running')",
    )
    .bind(id.0)
    .bind(project.0)
    .execute(&mut *tx)
    .await?;
    announce(tx, id).await?;
    Ok(done.rows_affected() == 1)
}

/// Who works on a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub job: JobId,
    pub owner: Uuid,
}

/// A job taken by [`claim`].
#[derive(Debug)]
pub struct Claimed {
    pub id: JobId,
    /// Counts from 1.
    pub attempt: i32,
    pub project_id: ProjectId,
    pub kind: String,
    pub payload: serde_json::Value,
    pub created_by: UserId,
}

/// Takes the oldest queued job of one of `kinds`.
pub async fn claim(db: &PgPool, owner: Uuid, kinds: &[&str]) -> Result<Option<Claimed>, StoreError> {
    let row = sqlx::query(
        "update jobs set status = 'running', lease_owner = $1, lease_until = now() + make_interval(secs => $2), \
         attempt = attempt + 1, started_at = coalesce(started_at, now()) \
         where id = (select id from jobs where status = 'queued' and kind = any($3) \
         and (not_before is null or not_before <= now()) order by created_at limit 1 for update skip locked) \
         returning id, attempt, project_id, kind, payload, created_by",
    )
    .bind(owner)
    .bind(f64::from(LEASE_SECONDS))
    .bind(kinds)
    .fetch_optional(db)
    .await?;
    row.map(|r| {
        Ok(Claimed {
            id: JobId(r.try_get("id")?),
            attempt: r.try_get("attempt")?,
            project_id: ProjectId(r.try_get("project_id")?),
            kind: r.try_get("kind")?,
            payload: r.try_get("payload")?,
            created_by: UserId(r.try_get("created_by")?),
        })
    })
    .transpose()
}

/// What a worker learns when it renews its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    GoOn,
    CancelRequested,
    /// Somebody else has the job now, or it is over.
    Lost,
}

/// Renews the lease.
pub async fn heartbeat(db: &PgPool, id: JobId, owner: Uuid) -> Result<Beat, StoreError> {
    let cancel: Option<bool> = sqlx::query_scalar(
        "update jobs set lease_until = now() + make_interval(secs => $3) \
         where id = $1 and lease_owner = $2 and status = 'running' returning cancel_requested_at is not null",
    )
    .bind(id.0)
    .bind(owner)
    .bind(f64::from(LEASE_SECONDS))
    .fetch_optional(db)
    .await?;
    Ok(match cancel {
        None => Beat::Lost,
        Some(true) => Beat::CancelRequested,
        Some(false) => Beat::GoOn,
    })
}

/// Notes how far the job is.
pub async fn progress(db: &PgPool, id: JobId, owner: Uuid, progress: &Progress) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    sqlx::query("update jobs set progress = $3 where id = $1 and lease_owner = $2 and status = 'running'")
        .bind(id.0)
        .bind(owner)
        .bind(to_json(progress)?)
        .execute(&mut *tx)
        .await?;
    announce(&mut tx, id).await?;
    tx.commit().await?;
    Ok(())
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Succeeded(serde_json::Value),
    Failed { failure: JobFailure, details: Option<serde_json::Value> },
    Cancelled,
}

/// Ends the job; false when the lease was lost, and then nothing is written.
pub async fn finish(db: &PgPool, id: JobId, owner: Uuid, outcome: &Outcome) -> Result<bool, StoreError> {
    let (status, result, failure) = match outcome {
        Outcome::Succeeded(value) => ("succeeded", Some(value.clone()), None),
        Outcome::Failed { failure, details } => {
            ("failed", details.as_ref().map(lossy_to_json).transpose()?, Some(lossy_to_json(failure)?))
        }
        Outcome::Cancelled => ("cancelled", None, None),
    };
    let mut tx = db.begin().await?;
    let done = sqlx::query(
        "update jobs set status = $3, result = $4, failure = $5, ended_at = now(), lease_until = null \
         where id = $1 and lease_owner = $2 and status = 'running'",
    )
    .bind(id.0)
    .bind(owner)
    .bind(status)
    .bind(result)
    .bind(failure)
    .execute(&mut *tx)
    .await?;
    announce(&mut tx, id).await?;
    tx.commit().await?;
    Ok(done.rows_affected() == 1)
}

/// Who works on these jobs now.
pub async fn held(db: &PgPool, ids: &[JobId]) -> Result<Vec<Lease>, StoreError> {
    sqlx::query(
        "select id, lease_owner from jobs where id = any($1) and status = 'running' and lease_owner is not null",
    )
    .bind(ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| Ok(Lease { job: JobId(row.try_get("id")?), owner: row.try_get("lease_owner")? }))
    .collect()
}

/// Whether the lease holds. It cannot be lost before the caller's transaction ends.
pub(crate) async fn holds(tx: &mut PgConnection, lease: Lease) -> Result<bool, StoreError> {
    let held = sqlx::query("select from jobs where id = $1 and lease_owner = $2 and status = 'running' for share");
    Ok(held.bind(lease.job.0).bind(lease.owner).fetch_optional(tx).await?.is_some())
}

/// Gives a job back unharmed, as when the server stops; the attempt does not count.
pub async fn release(db: &PgPool, id: JobId, owner: Uuid) -> Result<(), StoreError> {
    let lease = Lease { job: id, owner };
    put_back(db, lease, None, false).await
}

/// Gives a job back that cannot go on now, and lets others go first: nobody takes it before `pause` is over. Whether the
/// attempt counts says `counts`.
pub async fn postpone(db: &PgPool, lease: Lease, pause: Duration, counts: bool) -> Result<(), StoreError> {
    put_back(db, lease, Some(pause), counts).await
}

async fn put_back(db: &PgPool, lease: Lease, pause: Option<Duration>, counts: bool) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let ids = sqlx::query_scalar(
        "update jobs set lease_owner = null, lease_until = null, attempt = attempt - $3, \
         status = case when cancel_requested_at is not null then 'cancelled' else 'queued' end, \
         ended_at = case when cancel_requested_at is not null then now() end, not_before = now() + make_interval(secs => $4) \
         where id = $1 and lease_owner = $2 and status = 'running' returning id",
    )
    .bind(lease.job.0)
    .bind(lease.owner)
    .bind(i32::from(!counts))
    .bind(pause.map(|pause| pause.as_secs_f64()))
    .fetch_all(&mut *tx)
    .await?;
    preflights::wait_anew(&mut tx, &ids).await?;
    tx.commit().await?;
    Ok(())
}

/// Queues a job again whose work was lost; one that was tried too often fails.
pub async fn requeue(db: &PgPool, id: JobId, owner: Uuid) -> Result<(), StoreError> {
    sqlx::query(
        "update jobs set lease_owner = null, lease_until = null, \
         status = case when cancel_requested_at is not null then 'cancelled' when attempt >= $3 then 'failed' else 'queued' end, \
         failure = case when cancel_requested_at is null and attempt >= $3 then $4::jsonb end, \
         ended_at = case when cancel_requested_at is not null or attempt >= $3 then now() end \
         where id = $1 and lease_owner = $2 and status = 'running'",
    )
    .bind(id.0)
    .bind(owner)
    .bind(MAX_ATTEMPTS)
    .bind(to_json(&JobFailure::Interrupted)?)
    .execute(db)
    .await?;
    Ok(())
}

/// Gives back what `owner` held when its process ended, for an owner whose name outlives that.
pub async fn release_held(db: &PgPool, owner: Uuid) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    let ids = sqlx::query_scalar(
        "update jobs set status = 'queued', lease_owner = null, lease_until = null \
         where lease_owner = $1 and status = 'running' returning id",
    )
    .bind(owner)
    .fetch_all(&mut *tx)
    .await?;
    preflights::wait_anew(&mut tx, &ids).await?;
    tx.commit().await?;
    Ok(ids.len() as u64)
}

/// Queues jobs again whose lease is lost; those that were tried too often fail.
pub async fn requeue_lost(db: &PgPool) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    let ids = sqlx::query_scalar(
        "update jobs set lease_owner = null, lease_until = null, \
         status = case when cancel_requested_at is not null then 'cancelled' when attempt >= $1 then 'failed' else 'queued' end, \
         failure = case when cancel_requested_at is null and attempt >= $1 then $2::jsonb end, \
         ended_at = case when cancel_requested_at is not null or attempt >= $1 then now() end \
         where status = 'running' and lease_until < now() returning id",
    )
    .bind(MAX_ATTEMPTS)
    .bind(to_json(&JobFailure::Interrupted)?)
    .fetch_all(&mut *tx)
    .await?;
    preflights::wait_anew(&mut tx, &ids).await?;
    tx.commit().await?;
    Ok(ids.len() as u64)
}
