//! The queue of training runs, as workers see it.
//!
//! A worker owns a run by a lease that it renews. Every change it makes is guarded by that lease
//! and by the state it leaves (see [`RunStatus::can_become`]), so a worker that lost the run,
//! because it was away for too long, changes nothing more.

#[cfg(test)]
mod tests;

pub use crate::jobs::Beat;

use crate::{
    StoreError, activity,
    error::{json, lossy_to_json, to_json, word},
    suites,
};
use domain::{
    id::{ModelId, ProjectId, RunId, VersionId},
    recipe::Recipe,
    run::{AdapterFile, FailureKind, PhaseProgress, RunProblem, RunStatus},
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row, postgres::PgRow};
use std::time::Duration;
use uuid::Uuid;

/// Channel on which every change of a run is announced, with the run's id.
pub const CHANNEL: &str = "run";
/// Seconds until a lease that is not renewed is lost.
pub const LEASE_SECONDS: i32 = 60;

/// Who works on which attempt of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub run: RunId,
    /// The worker's slot; stable across restarts.
    pub owner: Uuid,
    pub attempt: i32,
}

/// A run in a worker's hands, with what training needs.
#[derive(Debug)]
pub struct ClaimedRun {
    pub lease: Lease,
    pub project_id: ProjectId,
    pub name: String,
    pub model_id: ModelId,
    pub version_id: VersionId,
    pub recipe: Recipe,
    /// The run whose adapter this one goes on training.
    pub continues: Option<RunId>,
    pub max_attempts: i32,
    pub status: RunStatus,
    /// Bytes of this attempt's event file that are stored already.
    pub events_offset: u64,
}

const CLAIMED: &str = "id, lease_owner, attempt, project_id, name, model_id, version_id, recipe, continues, max_attempts, status, events_offset";
/// The states in which a worker holds a run, and the lease of `$1..$3`.
const HELD: &str = "id = $1 and lease_owner = $2 and attempt = $3 and status in ('claimed', 'running', 'evaluating')";

fn claimed(row: &PgRow) -> Result<ClaimedRun, StoreError> {
    Ok(ClaimedRun {
        lease: Lease {
            run: RunId(row.try_get("id")?),
            owner: row.try_get("lease_owner")?,
            attempt: row.try_get("attempt")?,
        },
        project_id: ProjectId(row.try_get("project_id")?),
        name: row.try_get("name")?,
        model_id: ModelId(row.try_get("model_id")?),
        version_id: VersionId(row.try_get("version_id")?),
        recipe: json(row.try_get("recipe")?)?,
        continues: row.try_get::<Option<Uuid>, _>("continues")?.map(RunId),
        max_attempts: row.try_get("max_attempts")?,
        status: word(row.try_get("status")?)?,
        events_offset: row.try_get::<i64, _>("events_offset")?.cast_unsigned(),
    })
}

/// A statement guarded by a lease, bound as `$1..$3`.
macro_rules! under_lease {
    ($sql:expr, $lease:expr) => {
        sqlx::query(AssertSqlSafe($sql)).bind($lease.run.0).bind($lease.owner).bind($lease.attempt)
    };
}

/// Wakes who watches the run, when the caller's transaction commits.
pub async fn announce(db: &mut PgConnection, run: RunId) -> Result<(), StoreError> {
    sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(run.to_string()).execute(db).await?;
    Ok(())
}

/// Takes the oldest queued run for a new attempt.
pub async fn claim(db: &PgPool, owner: Uuid, device: &str) -> Result<Option<ClaimedRun>, StoreError> {
    let mut tx = db.begin().await?;
    let row = sqlx::query(AssertSqlSafe(format!(
        "update runs set status = 'claimed', lease_owner = $1, lease_until = now() + make_interval(secs => $2), device = $3, \
         attempt = attempt + 1, events_offset = 0, phase = null, not_before = null, started_at = coalesce(started_at, now()) \
         where id = (select id from runs where status = 'queued' and (not_before is null or not_before <= now()) \
            order by created_at, id limit 1 for update skip locked) \
         returning {CLAIMED}"
    )))
    .bind(owner)
    .bind(f64::from(LEASE_SECONDS))
    .bind(device)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(run) = row.as_ref().map(claimed).transpose()? else { return Ok(None) };
    announce(&mut tx, run.lease.run).await?;
    tx.commit().await?;
    Ok(Some(run))
}

/// The run that this slot held when its process ended, with the lease renewed.
pub async fn held(db: &PgPool, owner: Uuid) -> Result<Option<ClaimedRun>, StoreError> {
    sqlx::query(AssertSqlSafe(format!(
        "update runs set lease_until = now() + make_interval(secs => $2) \
         where lease_owner = $1 and status in ('claimed', 'running', 'evaluating') returning {CLAIMED}"
    )))
    .bind(owner)
    .bind(f64::from(LEASE_SECONDS))
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(claimed)
    .transpose()
}

/// Renews the lease.
pub async fn heartbeat(db: &PgPool, lease: Lease) -> Result<Beat, StoreError> {
    let row = under_lease!(
        format!(
            "update runs set lease_until = now() + make_interval(secs => $4) where {HELD} \
             returning cancel_requested_at is not null as cancel"
        ),
        lease
    )
    .bind(f64::from(LEASE_SECONDS))
    .fetch_optional(db)
    .await?;
    Ok(match row.map(|r| r.try_get("cancel")).transpose()? {
        None => Beat::Lost,
        Some(true) => Beat::CancelRequested,
        Some(false) => Beat::GoOn,
    })
}

/// Moves the run on; false when the lease is lost or the state machine does not allow it.
pub async fn transition(db: &mut PgConnection, lease: Lease, to: RunStatus) -> Result<bool, StoreError> {
    let from: Vec<&str> = RunStatus::ALL.into_iter().filter(|s| s.can_become(to)).map(RunStatus::as_str).collect();
    let done = under_lease!(
        format!(
            "update runs set status = $4, ended_at = case when $5 then now() end, \
             lease_until = case when not $5 then lease_until end where {HELD} and status = any($6)"
        ),
        lease
    )
    .bind(to.as_str())
    .bind(to.is_final())
    .bind(from)
    .execute(&mut *db)
    .await?;
    announce(db, lease.run).await?;
    Ok(done.rows_affected() == 1)
}

/// What a piece of the event file says about the run itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advance {
    /// The run's last step so far.
    pub step: Option<u32>,
    pub total_steps: Option<u32>,
    pub phase: Option<PhaseProgress>,
    /// Training is over and the tuned model is being scored.
    pub evaluating: bool,
}

/// Stores that the event file is read from byte `from` to byte `to`, renewing the lease. False
/// when the lease is lost or the piece is stored already; then the caller must roll back.
pub async fn advance(
    db: &mut PgConnection,
    lease: Lease,
    (from, to): (u64, u64),
    news: &Advance,
) -> Result<bool, StoreError> {
    let done = under_lease!(
        format!(
            "update runs set events_offset = $5, step = coalesce($6, step), total_steps = coalesce($7, total_steps), \
             phase = coalesce($8, phase), lease_until = now() + make_interval(secs => $10), \
             status = case when $9 and status = 'running' then 'evaluating' else status end \
             where {HELD} and events_offset = $4"
        ),
        lease
    )
    .bind(from.cast_signed())
    .bind(to.cast_signed())
    .bind(news.step.map(u32::cast_signed))
    .bind(news.total_steps.map(u32::cast_signed))
    .bind(news.phase.as_ref().map(to_json).transpose()?)
    .bind(news.evaluating)
    .bind(f64::from(LEASE_SECONDS))
    .execute(&mut *db)
    .await?;
    announce(db, lease.run).await?;
    Ok(done.rows_affected() == 1)
}

/// How far the events of a run are stored, in bytes; `None` when the lease is lost. Tells a worker whose connection broke
/// while it committed whether it did.
pub async fn events_offset(db: &PgPool, lease: Lease) -> Result<Option<u64>, StoreError> {
    let row = under_lease!(format!("select events_offset from runs where {HELD}"), lease).fetch_optional(db).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(row.try_get::<i64, _>("events_offset")?.cast_unsigned()))
}

/// How a worker is done with a run.
#[derive(Clone, Debug)]
pub enum Ending {
    Succeeded {
        summary: serde_json::Value,
        adapter: Vec<AdapterFile>,
        manifest: Option<serde_json::Value>,
    },
    Failed {
        kind: FailureKind,
        problem: RunProblem,
    },
    Cancelled,
    /// Back into the queue, to go on from the last checkpoint.
    Again,
    /// Back into the queue, where nobody takes it before `pause` is over.
    Later {
        pause: Duration,
    },
    /// Back into the queue as if this attempt had not been, as when the worker is stopped.
    GivenBack,
}

/// Ends this worker's part and records it; false when the lease is lost. A run that somebody
/// asked to cancel is not queued again.
pub async fn end(db: &PgPool, lease: Lease, ending: &Ending) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let (status, kind, problem) = match ending {
        Ending::Succeeded { .. } => (RunStatus::Succeeded, None, None),
        Ending::Failed { kind, problem } => (RunStatus::Failed, Some(kind.as_str()), Some(lossy_to_json(problem)?)),
        Ending::Cancelled => (RunStatus::Cancelled, None, None),
        Ending::Again | Ending::Later { .. } | Ending::GivenBack => (RunStatus::Queued, None, None),
    };
    let (summary, adapter, manifest) = match ending {
        Ending::Succeeded { summary, adapter, manifest } => (Some(summary), Some(to_json(adapter)?), manifest.as_ref()),
        _ => (None, None, None),
    };
    let row = under_lease!(
        format!(
            "update runs set status = case when $4 = 'queued' and cancel_requested_at is not null then 'cancelled' else $4 end, \
             ended_at = case when $4 <> 'queued' or cancel_requested_at is not null then now() end, \
             lease_owner = null, lease_until = null, phase = null, failure_kind = $5, failure = $6, summary = $7, \
             adapter = $8, attempt = attempt - $9, manifest = $10, \
             not_before = now() + make_interval(secs => $11), \
             waiting_since = case when $4 = 'queued' then now() else waiting_since end where {HELD} returning project_id, name, status"
        ),
        lease
    )
    .bind(status.as_str())
    .bind(kind)
    .bind(problem)
    .bind(summary)
    .bind(adapter)
    .bind(i32::from(matches!(ending, Ending::GivenBack)))
    .bind(manifest)
    .bind(match ending {
        Ending::Later { pause } => Some(pause.as_secs_f64()),
        _ => None,
    })
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let verb = match row.try_get("status")? {
        "succeeded" => Some("run.succeeded"),
        "failed" => Some("run.failed"),
        _ => None,
    };
    if let Some(verb) = verb {
        let (project, name) = (ProjectId(row.try_get("project_id")?), row.try_get("name")?);
        activity::record(&mut *tx, project, None, verb, &lease.run.to_string(), name).await?;
        if verb == "run.succeeded" {
            suites::automatic::queue(&mut tx, project, lease.run).await?;
        }
    }
    announce(&mut tx, lease.run).await?;
    tx.commit().await?;
    Ok(true)
}

/// Queues runs again whose worker has vanished; those with no attempt left fail.
pub async fn requeue_lost(db: &PgPool) -> Result<Vec<RunId>, StoreError> {
    let mut tx = db.begin().await?;
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "update runs set lease_owner = null, lease_until = null, phase = null, waiting_since = now(), \
         status = case when cancel_requested_at is not null then 'cancelled' when attempt >= max_attempts then 'failed' else 'queued' end, \
         ended_at = case when cancel_requested_at is not null or attempt >= max_attempts then now() end, \
         failure_kind = case when cancel_requested_at is null and attempt >= max_attempts then 'crashed' end, \
         failure = case when cancel_requested_at is null and attempt >= max_attempts then $1::jsonb end \
         where status in ('claimed', 'running', 'evaluating') and lease_until < now() returning id",
    )
    .bind(to_json(&RunProblem::WorkerVanished)?)
    .fetch_all(&mut *tx)
    .await?;
    for id in &ids {
        announce(&mut tx, RunId(*id)).await?;
    }
    tx.commit().await?;
    Ok(ids.into_iter().map(RunId).collect())
}
