//! Taking items: the statements, all under the lock on the person's progress.

use super::{Progress, Setting, Taken};
use crate::{StoreError, annotation::work::DECIDED};
use domain::id::UserId;
use sqlx::{PgConnection, Row};

/// Locks a person's progress, which is made when they first ask. Whoever begins late begins where others are: what lies
/// before is mostly taken, and they come to it at the end.
pub(super) async fn progress(tx: &mut PgConnection, task: &Setting, user: UserId) -> Result<Progress, StoreError> {
    let row = sqlx::query(
        "insert into annotation_progress (task_id, user_id, cursor_rank, qualified_at, day) \
         select $1, $2, coalesce((select case when $4 then max(cursor_rank) else min(cursor_rank) end from annotation_progress where task_id = $1), -1), \
         case when $3 = 0 then now() end, (now() at time zone 'UTC')::date \
         on conflict (task_id, user_id) do update set day = annotation_progress.day \
         returning cursor_rank, since_gold, gold_judged, gold_right, qualified_at is not null as is_qualified, failed_at is not null as has_failed",
    )
    .bind(task.id.0)
    .bind(user.0)
    .bind(task.distribution.qualification_items.cast_signed())
    .bind(task.distribution.overlap <= 1)
    .fetch_one(tx)
    .await?;
    Ok(Progress {
        cursor_rank: row.try_get("cursor_rank")?,
        since_gold: row.try_get("since_gold")?,
        gold_judged: row.try_get("gold_judged")?,
        gold_right: row.try_get("gold_right")?,
        is_qualified: row.try_get("is_qualified")?,
        has_failed: row.try_get("has_failed")?,
    })
}

/// Gold items that the qualification has: as many as are wanted, or as there are.
pub(super) async fn test_length(tx: &mut PgConnection, task: &Setting) -> Result<i32, StoreError> {
    let wanted = task.distribution.qualification_items.cast_signed();
    let there: i64 = sqlx::query_scalar(
        "select count(*) from (select from annotation_items where task_id = $1 and gold is not null and status <> 'excluded' limit $2) gold",
    )
    .bind(task.id.0)
    .bind(i64::from(wanted))
    .fetch_one(tx)
    .await?;
    Ok(i32::try_from(there).unwrap_or(wanted))
}

/// Nobody has anything to be tested with.
pub(super) async fn qualify(tx: &mut PgConnection, task: &Setting, user: UserId) -> Result<(), StoreError> {
    sqlx::query("update annotation_progress set qualified_at = now() where task_id = $1 and user_id = $2")
        .bind(task.id.0)
        .bind(user.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Items that the person has, and those sent back to them, with their locks renewed, without those on which somebody has
/// decided meanwhile. One that is being sent just now is not waited for.
pub(super) async fn resume(
    tx: &mut PgConnection,
    task: &Setting,
    user: UserId,
    count: usize,
) -> Result<Vec<Taken>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "with mine as (select a.item_id from annotation_assignments a where a.task_id = $1 and a.user_id = $2 and a.status in ('held', 'returned') \
            and not exists (select from annotation_items i where i.id = a.item_id and {DECIDED}) \
            order by a.status = 'held' desc, a.taken_at, a.item_id limit $3 for no key update of a skip locked) \
         update annotation_assignments a set status = 'held', held_until = now() + make_interval(mins => $4) \
         from mine where a.item_id = mine.item_id and a.user_id = $2 \
         returning a.item_id, a.held_until, a.draft, a.draft_number, a.reason, a.taken_at"
    )))
    .bind(task.id.0)
    .bind(user.0)
    .bind(count as i64)
    .bind(task.distribution.lock_minutes.cast_signed())
    .fetch_all(tx)
    .await?;
    let mut taken = rows
        .iter()
        .map(|row| Ok((row.try_get("taken_at")?, Taken::of(row)?)))
        .collect::<Result<Vec<(time::OffsetDateTime, _)>, StoreError>>()?;
    taken.sort_by_key(|(at, taken)| (*at, taken.id));
    Ok(taken.into_iter().map(|(_, taken)| taken).collect())
}

/// Gold items that the person has not judged; in a test those that they skipped are asked again.
pub(super) async fn gold(
    tx: &mut PgConnection,
    task: &Setting,
    user: UserId,
    count: usize,
    is_test: bool,
) -> Result<Vec<Taken>, StoreError> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "with chosen as (select i.id from annotation_items i where i.task_id = $1 and i.gold is not null and i.status <> 'excluded' \
            and not exists (select from annotation_assignments a where a.item_id = i.id and a.user_id = $2 \
                and a.status <> 'expired' and not (a.status = 'skipped' and $5)) order by i.rank limit $3) \
         insert into annotation_assignments (item_id, user_id, task_id, status, held_until) \
         select id, $2, $1, 'held', now() + make_interval(mins => $4) from chosen \
         on conflict (item_id, user_id) do update set status = 'held', held_until = excluded.held_until, taken_at = now() \
         returning item_id, held_until, draft, draft_number, reason",
    )
    .bind(task.id.0)
    .bind(user.0)
    .bind(count as i64)
    .bind(task.distribution.lock_minutes.cast_signed())
    .bind(is_test)
    .fetch_all(tx)
    .await?;
    rows.iter().map(Taken::of).collect()
}

/// The next ordinary items behind the person's cursor, and from the beginning once there is none behind it. Items that
/// somebody else is at are passed over; where nothing else is left one of them is waited for, if the person may wait: who
/// has taken items in this transaction must not, or two could wait for each other.
pub(super) async fn ordinary(
    tx: &mut PgConnection,
    task: &Setting,
    user: UserId,
    progress: &mut Progress,
    count: usize,
    may_wait: bool,
) -> Result<Vec<Taken>, StoreError> {
    let cursor = progress.cursor_rank;
    let mut taken = between(tx, task, user, (cursor, i32::MAX), count, "skip locked").await?;
    if let Some(last) = taken.last() {
        progress.cursor_rank = last.0;
    }
    if taken.len() < count && cursor >= 0 {
        // The cursor stays at the end: what comes free before it is looked for in the same way.
        taken.extend(between(tx, task, user, (-1, cursor), count - taken.len(), "skip locked").await?);
    }
    if taken.is_empty() && may_wait {
        taken = between(tx, task, user, (-1, i32::MAX), 1, "").await?;
    }
    Ok(taken.into_iter().map(|(_, taken)| taken).collect())
}

/// Takes items whose rank is above the first and not above the second number. What became of an item in the person's hands is
/// asked item by item: a join would be planned for all that they ever had.
async fn between(
    tx: &mut PgConnection,
    task: &Setting,
    user: UserId,
    (above, up_to): (i32, i32),
    count: usize,
    locked: &str,
) -> Result<Vec<(i32, Taken)>, StoreError> {
    // One that the person had may be locked by what they are sending late, which needs their progress: it is not waited for.
    let fresh = if locked.is_empty() { "never had" } else { "expired" };
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "with chosen as (select i.id from annotation_items i where i.task_id = $1 and i.rank > $3 and i.rank <= $4 \
            and i.free > 0 and i.gold is null and i.status = 'open' \
            and coalesce((select a.status from annotation_assignments a where a.item_id = i.id and a.user_id = $2), '{fresh}') = '{fresh}' \
            order by i.rank limit $5 for no key update of i {locked}), \
         less as (update annotation_items i set free = i.free - 1 from chosen c where i.id = c.id returning i.id, i.rank), \
         mine as (insert into annotation_assignments (item_id, user_id, task_id, status, held_until) \
            select id, $2, $1, 'held', now() + make_interval(mins => $6) from less \
            on conflict (item_id, user_id) do update set status = 'held', held_until = excluded.held_until, taken_at = now() \
            returning item_id, held_until, draft, draft_number, reason) \
         select m.*, l.rank from mine m join less l on l.id = m.item_id order by l.rank",
    )))
    .bind(task.id.0)
    .bind(user.0)
    .bind(above)
    .bind(up_to)
    .bind(count as i64)
    .bind(task.distribution.lock_minutes.cast_signed())
    .fetch_all(tx)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("rank")?, Taken::of(row)?))).collect()
}

/// Notes how far the person has come.
pub(super) async fn keep(
    tx: &mut PgConnection,
    task: &Setting,
    user: UserId,
    progress: &Progress,
) -> Result<(), StoreError> {
    sqlx::query("update annotation_progress set cursor_rank = $3, since_gold = $4 where task_id = $1 and user_id = $2")
        .bind(task.id.0)
        .bind(user.0)
        .bind(progress.cursor_rank)
        .bind(progress.since_gold)
        .execute(tx)
        .await?;
    Ok(())
}
