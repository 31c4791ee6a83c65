//! A report of a task that is kept until judgements come or go.

use crate::{
    StoreError,
    error::{json, to_json},
};
use domain::{annotation::agreement_view::Agreement, id::TaskId};
use sqlx::{PgConnection, PgPool, Row};
use std::time::Duration;
use time::OffsetDateTime;

/// Judgements that came or went so long before a report count as its changes: no transaction that writes some lasts longer.
/// One that is committed later changes their number.
const OVERLAP: &str = "interval '15 minutes'";
/// A report that takes longer to compute is not computed anew at each change …
const LONG: Duration = Duration::from_secs(1);
/// … but once it is so many times as old as it took.
const REST: i64 = 20;

/// A kept report, and whether nothing has changed since.
pub(super) struct Kept {
    pub(super) report: Agreement,
    pub(super) is_current: bool,
    /// Whether it may be shown all the same for now.
    pub(super) is_good_enough: bool,
}

/// The state of the judgements that a report is computed from, taken before they are read.
pub(in crate::annotation) struct Stamp {
    pub(super) at: OffsetDateTime,
    changes: i64,
    revision: i32,
    epoch: i32,
}

/// The report of a task.
pub(super) async fn find(db: &PgPool, task: TaskId) -> Result<Option<Kept>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select r.report, r.changes, r.revision = t.revision as is_of_this, r.took_ms, \
         (extract(epoch from now() - r.computed_at) * 1000)::bigint as age_ms, {} as changes_now \
         from annotation_reports r join annotation_tasks t on t.id = r.task_id where r.task_id = $1",
        changes("r.task_id", "r.computed_at")
    )))
    .bind(task.0)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (took, age): (i64, i64) = (row.try_get("took_ms")?, row.try_get("age_ms")?);
    let is_of_this: bool = row.try_get("is_of_this")?;
    let is_current = is_of_this && row.try_get::<i64, _>("changes")? == row.try_get::<i64, _>("changes_now")?;
    let is_long = u128::from(took.unsigned_abs()) >= LONG.as_millis();
    Ok(Some(Kept {
        report: json(row.try_get("report")?)?,
        is_current,
        is_good_enough: is_current || (is_of_this && is_long && age < took.saturating_mul(REST)),
    }))
}

/// What a report that is computed from now on will be of.
pub(in crate::annotation) async fn stamp(db: &PgPool, task: TaskId) -> Result<Stamp, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select now() as at, {} as changes, t.revision, t.report_epoch from annotation_tasks t where t.id = $1",
        changes("t.id", "now()")
    )))
    .bind(task.0)
    .fetch_one(db)
    .await?;
    Ok(Stamp {
        at: row.try_get("at")?,
        changes: row.try_get("changes")?,
        revision: row.try_get("revision")?,
        epoch: row.try_get("report_epoch")?,
    })
}

/// Judgements of a task that came or went shortly before a time or behind it.
fn changes(task: &str, at: &str) -> String {
    format!(
        "((select count(*) from judgements j where j.task_id = {task} and j.created_at > {at} - {OVERLAP}) \
         + (select count(*) from judgements j where j.task_id = {task} and j.superseded_at > {at} - {OVERLAP}))"
    )
}

/// Keeps a report, unless a later one is there or it was dropped before it came: whoever drops it at this moment is waited for.
pub(in crate::annotation) async fn keep(
    db: &PgPool,
    task: TaskId,
    stamp: &Stamp,
    report: &Agreement,
    took: Duration,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into annotation_reports as r (task_id, report, computed_at, changes, revision, took_ms) \
         select t.id, $2, $3, $4, $5, $6 from annotation_tasks t where t.id = $1 and t.report_epoch = $7 for share \
         on conflict (task_id) do update set report = excluded.report, computed_at = excluded.computed_at, \
         changes = excluded.changes, revision = excluded.revision, took_ms = excluded.took_ms \
         where r.computed_at < excluded.computed_at",
    )
    .bind(task.0)
    .bind(to_json(report)?)
    .bind(stamp.at)
    .bind(stamp.changes)
    .bind(stamp.revision)
    .bind(i64::try_from(took.as_millis()).unwrap_or(i64::MAX))
    .bind(stamp.epoch)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets the report of a task, and one that is being computed: something other than its judgements changes. It locks the task, so it
/// comes before its items are locked.
pub(in crate::annotation) async fn drop(tx: &mut PgConnection, task: TaskId) -> Result<(), StoreError> {
    sqlx::query("update annotation_tasks set report_epoch = report_epoch + 1 where id = $1")
        .bind(task.0)
        .execute(&mut *tx)
        .await?;
    sqlx::query("delete from annotation_reports where task_id = $1").bind(task.0).execute(tx).await?;
    Ok(())
}

/// [`drop`] of all tasks that items of some samples belong to.
pub(in crate::annotation) async fn drop_of_samples(tx: &mut PgConnection, samples: &[i64]) -> Result<(), StoreError> {
    for statement in [
        "update annotation_tasks t set report_epoch = t.report_epoch + 1 from (select id from annotation_tasks \
            where id in (select task_id from annotation_items where sample_id = any($1)) order by id for no key update) l where t.id = l.id",
        "delete from annotation_reports where task_id in (select task_id from annotation_items where sample_id = any($1))",
    ] {
        sqlx::query(statement).bind(samples).execute(&mut *tx).await?;
    }
    Ok(())
}
