//! Runs that are tried out before they are queued: what the job needs to know, what it found, and that no run stays
//! in that state without a job. Every change of a job is guarded by its lease and by the run's state `checking`, so a late
//! job changes nothing.

#[cfg(test)]
mod tests;

use crate::{
    StoreError, activity,
    error::{json, lossy_to_json, to_json},
    jobs::{self, Lease},
    queue::announce,
};
use domain::{
    event::series,
    id::{ModelId, ProjectId, RunId, VersionId},
    job::JobFailure,
    recipe::Recipe,
    run::{Failure, FailureKind, PhaseProgress, Preflight, PreflightStep, PreflightSummary, RunProblem},
    sample::Split,
};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

/// Kind of the job in the queue.
pub const KIND: &str = "preflight";

/// What the job is given.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PreflightJob {
    pub run_id: RunId,
}

/// A run to try out.
#[derive(Debug)]
pub struct CheckedRun {
    pub id: RunId,
    pub model_id: ModelId,
    pub version_id: VersionId,
    pub recipe: Recipe,
    /// The run whose adapter it goes on training.
    pub continues: Option<RunId>,
    /// Predicted at launch.
    pub memory_bytes: u64,
    /// An owner has signed for held-out samples that training has seen.
    pub has_leak_override: bool,
}

/// The run, while it is to be tried out; `None` when it is not (any more).
pub async fn run(db: &PgPool, run: RunId) -> Result<Option<CheckedRun>, StoreError> {
    let row = sqlx::query(
        "select model_id, version_id, recipe, continues, coalesce((estimate->>'memory_bytes')::bigint, 0) as memory_bytes, \
         leak_override is not null as has_leak_override from runs where id = $1 and status = 'checking'",
    )
    .bind(run.0)
    .fetch_optional(db)
    .await?;
    row.map(|r| {
        Ok(CheckedRun {
            id: run,
            model_id: ModelId(r.try_get("model_id")?),
            version_id: VersionId(r.try_get("version_id")?),
            recipe: json(r.try_get("recipe")?)?,
            continues: r.try_get::<Option<Uuid>, _>("continues")?.map(RunId),
            memory_bytes: r.try_get::<i64, _>("memory_bytes")?.cast_unsigned(),
            has_leak_override: r.try_get("has_leak_override")?,
        })
    })
    .transpose()
}

/// Tells users what is being tried.
pub async fn progress(db: &PgPool, lease: Lease, run: RunId, phase: &PhaseProgress) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    if jobs::holds(&mut tx, lease).await? {
        sqlx::query("update runs set phase = $2 where id = $1 and preflight_job = $3 and status = 'checking'")
            .bind(run.0)
            .bind(to_json(phase)?)
            .bind(lease.job.0)
            .execute(&mut *tx)
            .await?;
        announce(&mut tx, run).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Lets the run wait for a device. False when the lease is lost, or the run is not to be tried out any more.
pub async fn admit(db: &PgPool, lease: Lease, run: RunId, report: &Preflight) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if !jobs::holds(&mut tx, lease).await? {
        return Ok(false);
    }
    let done = sqlx::query(
        "update runs set status = 'queued', phase = null, waiting_since = now() \
         where id = $1 and preflight_job = $2 and status = 'checking'",
    )
    .bind(run.0)
    .bind(lease.job.0)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 1 {
        keep(&mut tx, run, report).await?;
    }
    announce(&mut tx, run).await?;
    tx.commit().await?;
    Ok(done.rows_affected() == 1)
}

/// Whether nothing will change of the run any more.
pub async fn is_over(db: &PgPool, run: RunId) -> Result<bool, StoreError> {
    let over = sqlx::query_scalar("select exists (select from runs where id = $1 and ended_at is not null)");
    Ok(over.bind(run.0).fetch_one(db).await?)
}

/// Ends the run with what was found. False when the lease is lost, or the run is not to be tried out any more.
pub async fn fail(
    db: &PgPool,
    lease: Lease,
    run: RunId,
    report: Option<&Preflight>,
    failure: &Failure,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if !jobs::holds(&mut tx, lease).await? {
        return Ok(false);
    }
    let is_failed = end(&mut tx, run, failure).await?;
    if let (true, Some(report)) = (is_failed, report) {
        keep(&mut tx, run, report).await?;
    }
    tx.commit().await?;
    Ok(is_failed)
}

/// Runs whose jobs are back in the queue wait from now on. What they wait for stays told, where it is memory.
pub(crate) async fn wait_anew(tx: &mut PgConnection, jobs: &[Uuid]) -> Result<(), StoreError> {
    let runs: Vec<Uuid> = sqlx::query_scalar(
        "update runs set waiting_since = now(), phase = case when phase->>'phase' = 'waiting_for_memory' then phase end \
         where preflight_job = any($1) and status = 'checking' returning id",
    )
    .bind(jobs)
    .fetch_all(&mut *tx)
    .await?;
    for run in runs {
        announce(tx, RunId(run)).await?;
    }
    Ok(())
}

async fn end(tx: &mut PgConnection, run: RunId, failure: &Failure) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "update runs set status = 'failed', phase = null, ended_at = now(), failure_kind = $2, failure = $3 \
         where id = $1 and status = 'checking' returning project_id, name",
    )
    .bind(run.0)
    .bind(failure.kind.as_str())
    .bind(lossy_to_json(&failure.problem)?)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let (project, name) = (ProjectId(row.try_get("project_id")?), row.try_get("name")?);
    activity::record(&mut *tx, project, None, "run.failed", &run.to_string(), name).await?;
    announce(tx, run).await?;
    Ok(true)
}

async fn keep(tx: &mut PgConnection, run: RunId, report: &Preflight) -> Result<(), StoreError> {
    sqlx::query(
        "insert into preflights (run_id, report) values ($1, $2) \
         on conflict (run_id) do update set report = excluded.report, created_at = now()",
    )
    .bind(run.0)
    .bind(lossy_to_json(report)?)
    .execute(tx)
    .await?;
    Ok(())
}

/// What was found of a run of the project; `None` before that, or when nothing was to be tried.
pub async fn report(db: &PgPool, project: ProjectId, run: RunId) -> Result<Option<Preflight>, StoreError> {
    let report: Option<serde_json::Value> = sqlx::query_scalar(
        "select p.report from preflights p join runs r on r.id = p.run_id where r.project_id = $1 and r.id = $2",
    )
    .bind(project.0)
    .bind(run.0)
    .fetch_optional(db)
    .await?;
    report.map(json).transpose()
}

/// The same in short, read out of the report by the database: the audit's examples can be large.
pub async fn summary(db: &PgPool, run: RunId) -> Result<Option<PreflightSummary>, StoreError> {
    let row = sqlx::query(
        "select jsonb_path_exists(report, '$.checks[*].verdict ? (@.result == \"problem\")') as has_failed, \
            jsonb_path_exists(report, '$.checks[*].verdict ? (@.result == \"warning\")') as warns, \
            (jsonb_path_query_first(report, '$.audit[*] ? (@.split == \"train\").tokens'))::bigint as tokens, \
            (jsonb_path_query_first(report, '$.audit[*] ? (@.split == \"train\").learnt_tokens'))::bigint as learnt_tokens, \
            coalesce(report->'pace'->>'train_seconds', report->'longest'->>'train_seconds')::float8 as train_seconds, \
            coalesce(report->'room'->'memory'->>'needed_bytes', report->'longest'->>'peak_memory_bytes')::bigint as peak \
         from preflights where run_id = $1",
    )
    .bind(run.0)
    .fetch_optional(db)
    .await?;
    row.map(|r| {
        let count = |name: &str| Ok::<_, StoreError>(r.try_get::<Option<i64>, _>(name)?.map(i64::cast_unsigned));
        Ok(PreflightSummary {
            has_failed: r.try_get("has_failed")?,
            warns: r.try_get("warns")?,
            tokens: count("tokens")?.zip(count("learnt_tokens")?).map(|(all, learnt)| [all, learnt]),
            train_seconds: r.try_get("train_seconds")?,
            peak_memory_bytes: count("peak")?,
        })
    })
    .transpose()
}

/// Where samples of a run's report stand in its version, by split and place in the split.
pub async fn positions(
    db: &PgPool,
    run: RunId,
    version: VersionId,
    report: &Preflight,
) -> Result<Vec<(Split, u32, u32)>, StoreError> {
    let mut all = Vec::new();
    for audit in &report.audit {
        let examples = audit.findings.iter().flat_map(|f| &f.examples).chain(&audit.ordinary);
        let places: Vec<u32> = examples.map(|e| e.place).collect();
        let rows = crate::samples::at_places(db, version, audit.split, &places, Some(run)).await?;
        all.extend(rows.into_iter().map(|(place, row)| (audit.split, place, row.position)));
    }
    Ok(all)
}

/// Ends runs whose job ended without them: cancelled by itself, or failed by our own fault. Gives those that it ended.
pub async fn settle(db: &PgPool) -> Result<Vec<RunId>, StoreError> {
    let mut tx = db.begin().await?;
    let rows = sqlx::query(
        "select r.id, r.project_id, r.name, j.status, j.failure from runs r left join jobs j on j.id = r.preflight_job \
         where r.status = 'checking' and (j.id is null or j.status in ('failed', 'cancelled')) for update of r skip locked",
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut ended = Vec::new();
    for row in rows {
        let run = RunId(row.try_get("id")?);
        if row.try_get::<Option<&str>, _>("status")? == Some("cancelled") {
            sqlx::query("update runs set status = 'cancelled', phase = null, ended_at = now() where id = $1 and status = 'checking'")
                .bind(run.0)
                .execute(&mut *tx)
                .await?;
            announce(&mut tx, run).await?;
        } else {
            let failure: Option<JobFailure> =
                row.try_get::<Option<serde_json::Value>, _>("failure")?.map(json).transpose()?;
            let problem = RunProblem::of_preflight_job(failure.unwrap_or(JobFailure::Interrupted));
            let failure = Failure::of_preflight(PreflightStep::SetUp, FailureKind::Crashed, problem);
            end(&mut tx, run, &failure).await?;
        }
        ended.push(run);
    }
    tx.commit().await?;
    Ok(ended)
}

/// What other runs still need of a worker host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promised {
    /// Memory that working runs of this host have not taken yet.
    pub memory_bytes: u64,
    /// Disk of queued runs, which may come to this host.
    pub disk_bytes: u64,
    /// Runs that are worked on there, with all the disk that each needs; some of it is taken already.
    pub working: Vec<(RunId, u64)>,
}

/// What runs other than `run` still need of the host whose slots hold leases as `owners`: what their preflight
/// measured, else what was predicted, less the memory that they hold already. Runs on a GPU take their memory there.
pub async fn promised(db: &PgPool, owners: &[Uuid], run: RunId) -> Result<Promised, StoreError> {
    let rows = sqlx::query(
        "select r.id, r.status <> 'queued' as works, r.device like 'cpu%' as on_cpu, \
            coalesce((p.report->'room'->'memory'->>'needed_bytes')::numeric, (r.estimate->>'memory_bytes')::numeric, 0)::bigint \
                as memory, \
            coalesce((p.report->'room'->'disk'->>'needed_bytes')::numeric, (r.estimate->>'disk_bytes')::numeric, 0)::bigint as disk, \
            coalesce((select l.value from series s cross join lateral \
                (select value from points where series_id = s.id order by step desc limit 1) l \
                where s.run_id = r.id and s.attempt = r.attempt and s.key = $3), 0)::float8 as held_mib \
        from runs r left join preflights p on p.run_id = r.id \
        where r.id <> $2 and (r.status = 'queued' \
            or r.status in ('claimed', 'running', 'evaluating') and r.lease_owner = any($1)) order by r.id",
    )
    .bind(owners)
    .bind(run.0)
    .bind(series::MEMORY_MIB)
    .fetch_all(db)
    .await?;
    let mut promised = Promised::default();
    for row in rows {
        let disk = row.try_get::<i64, _>("disk")?.cast_unsigned();
        if !row.try_get::<bool, _>("works")? {
            promised.disk_bytes += disk;
            continue;
        }
        promised.working.push((RunId(row.try_get("id")?), disk));
        if row.try_get("on_cpu")? {
            let held = (row.try_get::<f64, _>("held_mib")? * f64::from(1 << 20)) as u64;
            promised.memory_bytes += row.try_get::<i64, _>("memory")?.cast_unsigned().saturating_sub(held);
        }
    }
    Ok(promised)
}
