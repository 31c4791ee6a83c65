//! Slots of items: given back when a lock ends, when somebody skips an item, and when they leave.

use super::DECIDED;
use crate::StoreError;
use domain::id::{ItemId, ProjectId, TaskId, UserId};
use sqlx::{PgConnection, PgPool, Row};
use std::collections::HashMap;

/// Locks that are ended at a time.
const ENDED: i64 = 100;

/// Ends locks of other people whose time is over, and gives their slots back. Items that somebody is at are left alone.
pub(super) async fn expire(db: &mut PgConnection, task: TaskId, user: UserId) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "with late as (select a.item_id, a.user_id from annotation_assignments a join annotation_items i on i.id = a.item_id \
            where a.task_id = $1 and a.status = 'held' and a.held_until < now() and a.user_id <> $2 \
            order by a.held_until limit $3 for no key update of i, a skip locked), \
         ended as (update annotation_assignments a set status = 'expired' from late l \
            where a.item_id = l.item_id and a.user_id = l.user_id returning a.item_id) \
         update annotation_items i set free = least(i.wanted, i.free + e.n), freed_at = clock_timestamp() \
         from (select item_id, count(*) as n from ended group by item_id) e where i.id = e.item_id and i.gold is null",
    )
    .bind(task.0)
    .bind(user.0)
    .bind(ENDED)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Counts an item's judgements and free slots anew. The caller has locked the item's row.
pub async fn recount(tx: &mut PgConnection, item: ItemId) -> Result<(), StoreError> {
    sqlx::query(
        "update annotation_items i set judged = c.judged::smallint, free = greatest(0, i.wanted - c.taken)::smallint, \
         freed_at = case when greatest(0, i.wanted - c.taken) > i.free then clock_timestamp() else i.freed_at end from \
         (select (select count(*) from judgements j where j.item_id = $1 and j.superseded_at is null and j.origin in ('annotator', 'import')) as judged, \
            (select count(*) from (select user_id from judgements j where j.item_id = $1 and j.superseded_at is null and j.origin in ('annotator', 'import') \
                and j.user_id is not null \
                union select user_id from annotation_assignments a where a.item_id = $1 and a.status in ('held', 'returned')) people) \
            + (select count(*) from judgements j where j.item_id = $1 and j.superseded_at is null and j.origin = 'import' and j.user_id is null) as taken) c \
         where i.id = $1",
    )
    .bind(item.0)
    .execute(tx)
    .await?;
    Ok(())
}

/// Locks an item of a task of a project; false when it is not there.
pub(in crate::annotation) async fn lock(
    tx: &mut PgConnection,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
) -> Result<bool, StoreError> {
    let found = sqlx::query(
        "select from annotation_items i join annotation_tasks t on t.id = i.task_id \
         where i.id = $3 and t.id = $1 and t.project_id = $2 for no key update of i",
    )
    .bind(task.0)
    .bind(project.0)
    .bind(item.0)
    .fetch_optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Where a locked item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::annotation) enum Place {
    /// Its sample was forgotten.
    Forgotten,
    /// It is gold, or somebody has decided on it.
    Fixed,
    /// It comes to what its judgements say.
    Ordinary,
}

/// Locks these items of a task, in the order in which all who need several lock them.
pub(in crate::annotation) async fn lock_all(
    tx: &mut PgConnection,
    task: TaskId,
    items: &[i64],
) -> Result<HashMap<ItemId, Place>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select i.id, i.status = 'excluded' and i.decided_at is not null and i.decided_by is null as is_forgotten, \
         i.gold is not null or {DECIDED} as is_fixed from annotation_items i where i.task_id = $1 and i.id = any($2) \
         order by i.id for no key update"
    )))
    .bind(task.0)
    .bind(items)
    .fetch_all(tx)
    .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let place = match (row.try_get::<bool, _>("is_forgotten")?, row.try_get::<bool, _>("is_fixed")?) {
            (true, _) => Place::Forgotten,
            (false, true) => Place::Fixed,
            (false, false) => Place::Ordinary,
        };
        found.insert(ItemId(row.try_get("id")?), place);
    }
    Ok(found)
}

/// Gives an item back unjudged; its person is not given it again unless they ask ([`ask_skipped_again`]). False when they do
/// not have it.
pub async fn skip(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    user: UserId,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if !lock(&mut tx, project, task, item).await? {
        return Ok(false);
    }
    let done = sqlx::query(
        "with skipped as (update annotation_assignments set status = 'skipped' \
            where item_id = $1 and user_id = $2 and status in ('held', 'expired', 'returned') returning user_id) \
         update annotation_progress p set skipped = p.skipped + 1 from skipped s where p.task_id = $3 and p.user_id = s.user_id",
    )
    .bind(item.0)
    .bind(user.0)
    .bind(task.0)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        // Asked twice, as when the first answer was lost.
        return Ok(sqlx::query_scalar(
            "select exists(select from annotation_assignments where item_id = $1 and user_id = $2 and status = 'skipped')",
        )
        .bind(item.0)
        .bind(user.0)
        .fetch_one(&mut *tx)
        .await?);
    }
    recount(&mut tx, item).await?;
    tx.commit().await?;
    Ok(true)
}

/// Lets somebody be given again what they skipped; how many items that are.
pub async fn ask_skipped_again(db: &PgPool, project: ProjectId, task: TaskId, user: UserId) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    // Whoever has looked through all items finds them among those that were freed.
    let done = sqlx::query(
        "with mine as (select a.item_id from annotation_assignments a join annotation_items i on i.id = a.item_id \
            join annotation_tasks t on t.id = a.task_id and t.project_id = $2 \
            where a.task_id = $1 and a.user_id = $3 and a.status = 'skipped' order by i.id for no key update of i), \
         asked as (update annotation_assignments a set status = 'expired' from mine m \
            where a.item_id = m.item_id and a.user_id = $3 and a.status = 'skipped' returning a.item_id) \
         update annotation_items i set freed_at = clock_timestamp() from asked s where i.id = s.item_id",
    )
    .bind(task.0)
    .bind(project.0)
    .bind(user.0)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() > 0 {
        sqlx::query("update annotation_progress set skipped = 0 where task_id = $1 and user_id = $2")
            .bind(task.0)
            .bind(user.0)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(done.rows_affected())
}

/// Gives back what somebody holds and has entered nothing for, as when they leave; how many items that are. What a reviewer
/// sent them stays theirs.
pub async fn give_back(db: &PgPool, project: ProjectId, task: TaskId, user: UserId) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "with held as (select a.item_id from annotation_assignments a join annotation_items i on i.id = a.item_id \
            join annotation_tasks t on t.id = a.task_id and t.project_id = $2 \
            where a.task_id = $1 and a.user_id = $3 and a.status = 'held' and a.draft is null and a.reason is null \
            for no key update of i, a skip locked), \
         ended as (update annotation_assignments a set status = 'expired' from held h \
            where a.item_id = h.item_id and a.user_id = $3 returning a.item_id) \
         update annotation_items i set free = case when i.gold is null then least(i.wanted, i.free + 1) else i.free end, freed_at = clock_timestamp() \
         from ended e where i.id = e.item_id",
    )
    .bind(task.0)
    .bind(project.0)
    .bind(user.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Ends the locks of somebody who leaves the project, and makes what a reviewer sent back to them a lock that has ended: others
/// are given the items when they look for work ([`expire`]).
pub(crate) async fn let_go(tx: &mut PgConnection, project: ProjectId, user: UserId) -> Result<(), StoreError> {
    sqlx::query(
        "update annotation_assignments a set status = 'held', held_until = least(a.held_until, now()) from annotation_tasks t \
         where t.id = a.task_id and t.project_id = $1 and a.user_id = $2 and a.status in ('held', 'returned')",
    )
    .bind(project.0)
    .bind(user.0)
    .execute(tx)
    .await?;
    Ok(())
}
