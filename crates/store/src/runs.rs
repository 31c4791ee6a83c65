//! Runs as people see them: launch, list, one run, cancel. Who works on a run and what it
//! measured is in [`crate::queue`] and [`crate::points`].

mod answers;
mod checked;
mod detail;
mod journal;
mod launch;
mod learning;
mod list;
mod repetition;
#[cfg(test)]
pub(crate) mod tests;

pub use answers::{answered_steps, answers_over_time, last_answers};
pub use checked::{Launch, LaunchError, launch};
pub(crate) use checked::{default_name, name_or};
pub use detail::{get, state};
pub use journal::{logs_since, previews};
pub use launch::{Launched, NewRun, choices, create, request_cancel};
pub(crate) use launch::{cancel, insert, measured_flops};
pub use learning::learnt;
pub use list::{list, of_ids};
pub use repetition::{manifest, repetition};

use crate::{
    StoreError,
    error::{json, word},
};
use domain::{
    eval::EvalMetrics,
    id::{DatasetId, ModelId, RunId, VersionId},
    run::{Failure, Headline, QueueReason, RunState, RunStatus, RunSummary},
};
use sqlx::{Row, postgres::PgRow};

/// The columns of a [`RunState`], from `runs r`.
const STATE: &str = "r.status, r.step, r.total_steps, r.phase, r.attempt, r.max_attempts, r.device, \
    r.cancel_requested_at is not null as cancel_requested, r.failure_kind, r.failure, r.started_at, r.ended_at, \
    coalesce(extract(epoch from coalesce(r.ended_at, now()) - r.started_at), 0)::bigint as elapsed_seconds, \
    extract(epoch from now() - r.waiting_since)::bigint as waited_seconds, \
    case when r.status = 'queued' then (select count(*) from runs q where q.status = 'queued' \
        and (q.created_at, q.id) < (r.created_at, r.id) and (q.not_before is null or q.not_before <= now())) \
        when r.status = 'checking' and r.phase is null then (select count(*) from runs q \
        left join jobs j on j.id = q.preflight_job where q.status = 'checking' \
        and (q.created_at, q.id) < (r.created_at, r.id) and (j.not_before is null or j.not_before <= now())) end as runs_before, \
    ceil(extract(epoch from coalesce(r.not_before, (select j.not_before from jobs j where j.id = r.preflight_job and j.status = 'queued')) \
        - now()))::bigint as put_off_seconds, \
    r.status = 'queued' and exists (select from runs a where a.status in ('claimed', 'running', 'evaluating') \
        and a.lease_until > now()) as any_active, \
    (select f.fit from run_fits f where f.run_id = r.id) as fit";

/// The columns of a [`RunSummary`] beyond its state.
const SUMMARY: &str = "r.id, r.number, r.name, r.created_at, r.model_id, m.name as model_name, r.version_id, \
    v.number as version_number, d.id as dataset_id, d.name as dataset_name, u.name as created_by, \
    (select p.value from series s cross join lateral (select value from points where series_id = s.id order by step desc limit 1) p \
        where s.run_id = r.id and s.key = 'train_loss' order by s.attempt desc limit 1) as train_loss, \
    (select p.value from series s cross join lateral (select value from points where series_id = s.id order by step desc limit 1) p \
        where s.run_id = r.id and s.key = 'validation_loss' order by s.attempt desc limit 1) as validation_loss, \
    (select jsonb_object_agg(e.subject, jsonb_build_object('task', e.metrics->'task', 'samples', e.metrics->'samples', \
        'values', e.metrics->'values')) from evals e where e.run_id = r.id and e.split = 'test' \
        and e.version_id = r.version_id) as evals, \
    exists (select from run_forgettings x where x.run_id = r.id) as saw_erased";

/// What [`SUMMARY`] reads from.
const FROM: &str = "runs r join models m on m.id = r.model_id join dataset_versions v on v.id = r.version_id \
    join datasets d on d.id = v.dataset_id join users u on u.id = r.created_by";

fn run_state(row: &PgRow) -> Result<RunState, StoreError> {
    let status: RunStatus = word(row.try_get("status")?)?;
    let runs_before: Option<i64> = row.try_get("runs_before")?;
    let put_off: Option<i64> = row.try_get("put_off_seconds")?;
    let waited: i64 = row.try_get("waited_seconds")?;
    let any_active: bool = row.try_get("any_active")?;
    let phase: Option<serde_json::Value> = row.try_get("phase")?;
    Ok(RunState {
        status,
        step: unsigned(row, "step")?,
        total_steps: unsigned(row, "total_steps")?,
        phase: phase.map(json).transpose()?,
        attempt: unsigned(row, "attempt")?,
        max_attempts: unsigned(row, "max_attempts")?,
        device: row.try_get("device")?,
        queue: runs_before.map(|n| match put_off.and_then(|s| u32::try_from(s).ok()).filter(|s| *s > 0) {
            Some(seconds) => QueueReason::PutOff { seconds },
            None => QueueReason::of(u32::try_from(n).unwrap_or(u32::MAX), any_active, waited),
        }),
        cancel_requested: row.try_get("cancel_requested")?,
        failure: failure(row)?,
        started_at: row.try_get("started_at")?,
        ended_at: row.try_get("ended_at")?,
        elapsed_seconds: u64::try_from(row.try_get::<i64, _>("elapsed_seconds")?).unwrap_or(0),
        fit: row.try_get::<Option<&str>, _>("fit")?.map(word).transpose()?,
    })
}

/// Why a run failed, from its columns `failure_kind` and `failure`.
pub(crate) fn failure(row: &PgRow) -> Result<Option<Failure>, StoreError> {
    let kind: Option<&str> = row.try_get("failure_kind")?;
    let problem: Option<serde_json::Value> = row.try_get("failure")?;
    kind.zip(problem).map(|(kind, problem)| Ok(Failure::new(word(kind)?, json(problem)?))).transpose()
}

fn unsigned(row: &PgRow, column: &str) -> Result<u32, StoreError> {
    let value: i32 = row.try_get(column)?;
    u32::try_from(value).map_err(|_| StoreError::Corrupt(format!("{column} is negative: {value}")))
}

fn summary(row: &PgRow) -> Result<RunSummary, StoreError> {
    Ok(RunSummary {
        id: RunId(row.try_get("id")?),
        number: row.try_get("number")?,
        name: row.try_get("name")?,
        model_id: ModelId(row.try_get("model_id")?),
        model_name: row.try_get("model_name")?,
        dataset_id: DatasetId(row.try_get("dataset_id")?),
        dataset_name: row.try_get("dataset_name")?,
        version_id: VersionId(row.try_get("version_id")?),
        version_number: row.try_get("version_number")?,
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
        state: run_state(row)?,
        train_loss: row.try_get("train_loss")?,
        validation_loss: row.try_get("validation_loss")?,
        headline: row.try_get::<Option<serde_json::Value>, _>("evals")?.map(headline).transpose()?.flatten(),
        saw_erased: row.try_get("saw_erased")?,
    })
}

/// The headline of `{subject: metrics}`.
fn headline(evals: serde_json::Value) -> Result<Option<Headline>, StoreError> {
    let mut by_subject: std::collections::BTreeMap<String, EvalMetrics> = json(evals)?;
    let base = by_subject.remove("base");
    let tuned = by_subject.remove("tuned");
    let metric = tuned.as_ref().or(base.as_ref()).map(|m| m.headline().0.to_owned());
    let value = |m: Option<EvalMetrics>| m.map(|m| m.headline().1);
    Ok(metric.map(|metric| Headline { metric, base: value(base), tuned: value(tuned) }))
}
