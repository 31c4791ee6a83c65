//! Taking items: the statements, all under the lock on the person's progress.

use super::{Progress, Setting, Taken};
use crate::{
    StoreError,
    annotation::{batches::GIVEN, work::DECIDED},
};
use domain::id::{TaskId, UserId};
use sqlx::{PgConnection, Row};

/// Locks a person's progress, which is made when they first ask.
pub(super) async fn progress(tx: &mut PgConnection, task: &Setting, user: UserId) -> Result<Progress, StoreError> {
    let row = sqlx::query(
        "insert into annotation_progress (task_id, user_id, qualified_at, day) select $1, $2, case when $3 = 0 then now() end, (now() at time zone 'UTC')::date \
         on conflict (task_id, user_id) do update set day = annotation_progress.day \
         returning cursor_rank, since_gold, gold_judged, gold_right, qualified_at is not null as is_qualified, failed_at is not null as has_failed",
    )
    .bind(task.id.0)
    .bind(user.0)
    .bind(task.distribution.qualification_items.cast_signed())
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

/// Whether the deadline of the task ($5) or of its batch has passed for the item of an assignment `a`.
const LATE: &str = "exists (select from annotation_items l left join annotation_batches b on b.task_id = l.task_id and b.number = l.batch \
     where l.id = a.item_id and least($5::timestamptz, b.deadline) <= now())";
/// Whether a person ($2) could be given an item `i`: a slot is free, and they have not judged, skipped or got it.
const OPEN: &str = "i.free > 0 and i.gold is null and i.status = 'open' and coalesce((select a.status from annotation_assignments a \
     where a.item_id = i.id and a.user_id = $2), 'expired') = 'expired'";
/// What was freed of a task ($1) since somebody ($2) looked last; all that was, where batches are given to others since.
const FREED: &str = "i.task_id = $1 and i.freed_at > coalesce((select p.freed_seen from annotation_progress p join annotation_tasks l \
     on l.id = p.task_id and l.look_again = p.looked_again where p.task_id = $1 and p.user_id = $2), '-infinity')";

/// Items that the person has, and those sent back to them, with their locks renewed, without those on which somebody has
/// decided meanwhile. Once a deadline has passed a lock is not renewed, and what is not locked any more is not theirs. One that is being sent just now is not waited for.
pub(super) async fn resume(
    tx: &mut PgConnection,
    task: &Setting,
    user: UserId,
    count: usize,
) -> Result<Vec<Taken>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "with mine as (select a.item_id, a.status = 'held' and a.reason is null and {LATE} as keeps from annotation_assignments a \
            where a.task_id = $1 and a.user_id = $2 and a.status in ('held', 'returned') \
            and not exists (select from annotation_items i where i.id = a.item_id and {DECIDED}) \
            and not (a.status = 'held' and a.reason is null and a.held_until < now() and {LATE}) \
            order by a.status = 'held' desc, a.taken_at, a.item_id limit $3 for no key update of a skip locked) \
         update annotation_assignments a set status = 'held', \
            held_until = case when mine.keeps then a.held_until else now() + make_interval(mins => $4) end \
         from mine where a.item_id = mine.item_id and a.user_id = $2 \
         returning a.item_id, a.held_until, a.draft, a.draft_number, a.reason, a.taken_at"
    )))
    .bind(task.id.0)
    .bind(user.0)
    .bind(count as i64)
    .bind(task.distribution.lock_minutes.cast_signed())
    .bind(task.deadline)
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

/// Takes items whose rank is above the first and not above the second number. What became of an item in the person's hands is
/// asked item by item: a join would be planned for all that they ever had.
pub(super) async fn between(
    tx: &mut PgConnection,
    task: &Setting,
    user: UserId,
    (above, up_to): (i32, i32),
    count: usize,
    locked: &str,
) -> Result<Vec<(i32, Taken)>, StoreError> {
    // One that the person had may be locked by what they are sending late, which needs their progress: it is not waited for.
    let fresh = if locked.is_empty() { "never had" } else { "expired" };
    let chosen = format!(
        "select i.id from annotation_items i where i.task_id = $1 and i.rank > $5 and i.rank <= $6 \
            and i.free > 0 and i.gold is null and i.status = 'open' \
            and coalesce((select a.status from annotation_assignments a where a.item_id = i.id and a.user_id = $2), '{fresh}') = '{fresh}' \
            order by i.rank limit $3 for no key update of i {locked}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(hold(&chosen)))
        .bind(task.id.0)
        .bind(user.0)
        .bind(count as i64)
        .bind(task.distribution.lock_minutes.cast_signed())
        .bind(above)
        .bind(up_to)
        .fetch_all(tx)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("rank")?, Taken::of(row)?))).collect()
}

/// The first item of those ranks that the person could be given: one that somebody else has locked, where they were given the
/// others.
pub(super) async fn first_between(
    tx: &mut PgConnection,
    task: TaskId,
    user: UserId,
    (above, up_to): (i32, i32),
) -> Result<Option<i32>, StoreError> {
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "select i.rank from annotation_items i where i.task_id = $1 and i.rank > $3 and i.rank <= $4 and {OPEN} order by i.rank limit 1"
    )))
    .bind(task.0)
    .bind(user.0)
    .bind(above)
    .bind(up_to)
    .fetch_optional(tx)
    .await?)
}

/// Takes items that were freed since the person looked last, those first that were freed first.
pub(super) async fn freed(
    tx: &mut PgConnection,
    task: &Setting,
    user: UserId,
    count: usize,
) -> Result<Vec<(i32, Taken)>, StoreError> {
    let chosen = format!(
        "select i.id from annotation_items i where {FREED} and {OPEN} and {} order by i.freed_at limit $3 for no key update of i skip locked",
        in_given()
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(hold(&chosen)))
        .bind(task.id.0)
        .bind(user.0)
        .bind(count as i64)
        .bind(task.distribution.lock_minutes.cast_signed())
        .fetch_all(tx)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("rank")?, Taken::of(row)?))).collect()
}

/// The first of them that is left, by its rank.
pub(super) async fn first_freed(tx: &mut PgConnection, task: TaskId, user: UserId) -> Result<Option<i32>, StoreError> {
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "select i.rank from annotation_items i where {FREED} and {OPEN} and {} order by i.freed_at limit 1",
        in_given()
    )))
    .bind(task.0)
    .bind(user.0)
    .fetch_optional(tx)
    .await?)
}

/// How many of them there are, at most `most`.
pub(super) async fn count_freed(
    db: &mut PgConnection,
    task: TaskId,
    user: UserId,
    most: u32,
) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "select count(*) from (select from annotation_items i where {FREED} and {OPEN} and {} limit $3) freed",
        in_given()
    )))
    .bind(task.0)
    .bind(user.0)
    .bind(i64::from(most))
    .fetch_one(db)
    .await?;
    Ok(count.cast_unsigned())
}

/// Whether the batch of an item `i` is given to the person ($2).
fn in_given() -> String {
    format!("exists (select from annotation_batches b where b.task_id = i.task_id and b.number = i.batch and {GIVEN})")
}

/// Puts the items that a query chooses into the hands of the person ($2) for as long as a lock ($4) lasts, by rank.
fn hold(chosen: &str) -> String {
    format!(
        "with chosen as ({chosen}), \
         less as (update annotation_items i set free = i.free - 1 from chosen c where i.id = c.id returning i.id, i.rank), \
         mine as (insert into annotation_assignments (item_id, user_id, task_id, status, held_until) \
            select id, $2, $1, 'held', now() + make_interval(mins => $4) from less \
            on conflict (item_id, user_id) do update set status = 'held', held_until = excluded.held_until, taken_at = now() \
            returning item_id, held_until, draft, draft_number, reason) \
         select m.*, l.rank from mine m join less l on l.id = m.item_id order by l.rank"
    )
}

/// Notes the last item that the person has taken.
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
