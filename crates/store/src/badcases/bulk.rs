//! Several bad cases at once: assigned, explained, dismissed, merged into one.

use super::{causes, is_member, raw, regressions};
use crate::{Stale, StoreError, activity, error::word};
use domain::{
    badcase::{
        BadCaseStatus,
        view::{CasesEdit, status_of},
    },
    id::{BadCaseId, ProjectId, UserId},
};
use sqlx::{PgConnection, PgPool, Row};

/// Most cases at once.
pub const MAX_CASES: usize = 500;

/// Does what is asked to all of these cases of the project, in one transaction; how many there were. Cases that are merged into
/// another keep their status, and so do those whose correction is used, unless they broke again. [`Stale::NotOfProject`] when owner, cause or the case to merge into are
/// of elsewhere.
pub async fn apply(db: &PgPool, project: ProjectId, edit: &CasesEdit, by: UserId) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    let ids = &edit.ids[..edit.ids.len().min(MAX_CASES)];
    is_member(&mut tx, project, edit.owner_id).await?;
    let (cause, cause_id) = causes::chosen(&mut tx, project, edit.cause, edit.cause_id, None).await?;
    let found = locked(&mut tx, project, ids).await?;
    if found.is_empty() {
        return Ok(0);
    }
    sqlx::query(
        "update bad_cases set owner_id = coalesce($3, owner_id), severity = coalesce($4, severity), cause = coalesce($5, cause), \
         cause_id = case when $5::text is null then cause_id else $6 end, \
         status = case when $7 and (status in ('open', 'confirmed', 'corrected', 'resolved') \
               or status = 'added' and broken_run_id is not null) then 'dismissed' \
            when $5::text is not null and status = 'open' then 'confirmed' else status end, \
         status_before = case when $5::text is not null and status_before = 'open' then 'confirmed' else status_before end, \
         updated_by = $8, updated_at = now(), revision = revision + 1 where project_id = $1 and id = any($2)",
    )
    .bind(project.0)
    .bind(raw(&found))
    .bind(edit.owner_id.map(|o| o.0))
    .bind(edit.severity.map(|s| s.as_str()))
    .bind(cause.map(|c| c.as_str()))
    .bind(cause_id.map(|c| c.0))
    .bind(edit.dismiss)
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    if let Some(kept) = edit.merge_into {
        merge(&mut tx, project, &found, kept).await?;
    }
    regressions::follow(&mut tx, &found).await?;
    let count = found.len() as u64;
    activity::record(&mut *tx, project, Some(by), "bad_cases.changed", "", &count.to_string()).await?;
    tx.commit().await?;
    Ok(count)
}

/// Those of these cases that are the project's, locked in an order that lets two people work at the same time.
async fn locked(tx: &mut PgConnection, project: ProjectId, ids: &[BadCaseId]) -> Result<Vec<BadCaseId>, StoreError> {
    let found: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from bad_cases where project_id = $1 and id = any($2) order by id for update")
            .bind(project.0)
            .bind(raw(ids))
            .fetch_all(tx)
            .await?;
    Ok(found.into_iter().map(BadCaseId).collect())
}

/// Merges cases into one, which is kept: they point to it, and so do those that were merged into them before.
async fn merge(
    tx: &mut PgConnection,
    project: ProjectId,
    ids: &[BadCaseId],
    kept: BadCaseId,
) -> Result<(), StoreError> {
    let status: Option<String> =
        sqlx::query_scalar("select status from bad_cases where id = $1 and project_id = $2 for update")
            .bind(kept.0)
            .bind(project.0)
            .fetch_optional(&mut *tx)
            .await?;
    let status: BadCaseStatus = word(&status.ok_or(Stale::NotOfProject)?)?;
    if status == BadCaseStatus::Duplicate {
        return Err(Stale::Merged.into());
    }
    let others: Vec<BadCaseId> = ids.iter().copied().filter(|id| *id != kept).collect();
    sqlx::query(
        "update bad_cases set duplicate_of = $3, status = 'duplicate', \
         status_before = case when status = 'duplicate' then status_before else status end \
         where project_id = $1 and (id = any($2) or duplicate_of = any($2)) and id <> $3 and status <> 'added'",
    )
    .bind(project.0)
    .bind(raw(&others))
    .bind(kept.0)
    .execute(&mut *tx)
    .await?;
    // What was merged by hand must not be lost when the evaluation of the kept one is repeated.
    sqlx::query("update bad_cases set revision = revision + 1, updated_at = now() where id = $1 and revision = 0")
        .bind(kept.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes a merge back: the case is by itself again, as it had been judged, and open where nobody has: the cause of the other one,
/// which an evaluation lent it, goes then. False when it is merged into none.
pub async fn unmerge(db: &PgPool, project: ProjectId, id: BadCaseId, by: UserId) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let row = sqlx::query(
        "select cause, correction, status_before from bad_cases where id = $1 and project_id = $2 and status = 'duplicate' for update",
    )
    .bind(id.0)
    .bind(project.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let corrected = row.try_get::<Option<&str>, _>("correction")?.is_some();
    let status: BadCaseStatus = match row.try_get::<Option<&str>, _>("status_before")? {
        Some(before) => word(before)?,
        None => status_of(false, corrected, row.try_get::<Option<&str>, _>("cause")?.is_some()),
    };
    sqlx::query(
        "update bad_cases set status = $2, duplicate_of = null, status_before = null, updated_by = $3, updated_at = now(), \
         revision = revision + 1, cause = case when $2::text = 'open' then null else cause end, \
         cause_id = case when $2::text = 'open' then null else cause_id end where id = $1",
    )
    .bind(id.0)
    .bind(status.as_str())
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    regressions::follow(&mut tx, &[id]).await?;
    tx.commit().await?;
    Ok(true)
}
