//! What may still write down what it has read of samples that are to be erased. Nothing is erased before it has ended, so that
//! nothing comes back.

use super::{find::RUNS, texts::Texts};
use crate::{StoreError, diffs, explore, preflights, suites};
use domain::{
    forget::Busy,
    id::{JobId, ProjectId, RunId},
};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// Kinds of jobs that write nothing of a sample, or nothing that outlives the erasure: an index that is being built is deleted
/// and begun anew, a comparison of versions keeps positions alone and begins anew, too, one of a suite's results and what runs reach
/// over seeds keep figures alone, and a preflight is its run's.
pub const HARMLESS: [&str; 8] = [
    explore::build::KIND,
    diffs::KIND,
    suites::ask::COMPARE_KIND,
    suites::ask::SEED_KIND,
    preflights::KIND,
    "register_model",
    "fetch_upload",
    "delete_upload",
];

/// A job of the project that is at work, or that waits with one of the texts in its request. With `hold`, those that wait go
/// on waiting until the transaction ends.
pub(super) async fn job(
    tx: &mut PgConnection,
    project: ProjectId,
    texts: &Texts,
    hold: bool,
) -> Result<Option<Busy>, StoreError> {
    let lock = if hold { "for update" } else { "" };
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select id, kind, status, payload from jobs where project_id = $1 and status in ('queued', 'running') and kind <> all($2) \
         order by id {lock}"
    )))
    .bind(project.0)
    .bind(HARMLESS.as_slice())
    .fetch_all(tx)
    .await?;
    for row in &rows {
        let payload: serde_json::Value = row.try_get("payload")?;
        if row.try_get::<&str, _>("status")? == "running" || texts.are_in(&payload) {
            return Ok(Some(Busy::Job { id: JobId(row.try_get::<Uuid, _>("id")?), kind: row.try_get("kind")? }));
        }
    }
    Ok(None)
}

/// A run that is not over and has such samples among its own, or is held against them as a benchmark.
pub(super) async fn run(tx: &mut PgConnection, project: ProjectId) -> Result<Option<Busy>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "{RUNS}, held as (select distinct vs.version_id from forgetting f join version_samples vs on vs.sample_id = f.sample_id) \
         select r.id, r.number, r.name from runs r where r.project_id = $1 \
         and r.status in ('checking', 'queued', 'claimed', 'running', 'evaluating') and (r.id in (select id from saw) \
         or exists (select from held h where h.version_id = any(r.benchmarks) \
            or h.version_id in (select version_id from project_benchmarks where project_id = $1))) order by r.number limit 1"
    )))
    .bind(project.0)
    .fetch_optional(tx)
    .await?;
    row.map(|row| {
        Ok(Busy::Run { id: RunId(row.try_get("id")?), number: row.try_get("number")?, name: row.try_get("name")? })
    })
    .transpose()
}
