//! Looking for items: through each batch once, then through what was freed since.
//!
//! Looking for the next free item from the beginning would pass all that the person has judged already and others have not: all
//! items, near the end of a task that wants two judgements of each. So a person goes through a batch once, from where others are
//! to its end and then from its beginning to there, and is given whatever is free on the way. Behind their cursor nothing is
//! theirs any more but what is freed later, which the item's `freed_at` says; and of what was freed they pass each entry once,
//! too. What somebody else has locked in the moment is not passed: the cursor stays before it.

use super::{Progress, Setting, Taken, take};
use crate::{StoreError, annotation::batches::GIVEN};
use domain::id::{TaskId, UserId};
use sqlx::{PgConnection, Row};

/// What is not yet committed elsewhere may turn up this much later with an earlier time: the last minutes are looked at again.
const LAG: &str = "interval '2 minutes'";

/// Whether a batch `b` has anything to hand out ahead of a person, whose sweep of it, or none, is `s`. What lies behind them is not
/// walked through: near its end a batch has mostly entries there that are not free any more.
pub(in crate::annotation) const HAS_AHEAD: &str = "(exists (select from annotation_items f where f.task_id = b.task_id and f.rank > coalesce(s.cursor_rank, b.first_rank - 1) \
        and f.rank <= case when s.is_wrapped then s.from_rank else b.last_rank end and f.free > 0 and f.gold is null and f.status = 'open') \
     or (not s.is_wrapped and exists (select from annotation_items f where f.task_id = b.task_id and f.rank >= b.first_rank \
        and f.rank <= s.from_rank and f.free > 0 and f.gold is null and f.status = 'open')))";

/// How far somebody is in a batch, as `annotation_sweeps` has it.
struct Sweep {
    batch: i32,
    first: i32,
    last: i32,
    from: i32,
    cursor: i32,
    is_wrapped: bool,
    is_swept: bool,
}

/// The next ordinary items: of the batches in their order, then what was freed. Items that somebody else is at are passed over;
/// where nothing else is left one of them is waited for, if the person may wait: who has taken items in this transaction must
/// not, or two could wait for each other.
pub(super) async fn ordinary(
    tx: &mut PgConnection,
    task: &Setting,
    user: UserId,
    progress: &mut Progress,
    count: usize,
    may_wait: bool,
) -> Result<Vec<Taken>, StoreError> {
    let mut taken: Vec<(i32, Taken)> = Vec::new();
    let (mut batch, mut busy) = (0, None);
    while taken.len() < count {
        let Some(mut sweep) = Sweep::behind(tx, task, user, batch).await? else { break };
        batch = sweep.batch;
        taken.extend(sweep.go(tx, task, user, count - taken.len(), &mut busy).await?);
        sweep.keep(tx, task.id, user).await?;
    }
    if taken.len() < count {
        taken.extend(freed(tx, task, user, count - taken.len(), &mut busy).await?);
    }
    if let Some(rank) = busy.filter(|_| taken.is_empty() && may_wait) {
        taken = take::between(tx, task, user, (rank - 1, rank), 1, "").await?;
    }
    if let Some((rank, _)) = taken.last() {
        progress.cursor_rank = *rank;
    }
    Ok(taken.into_iter().map(|(_, taken)| taken).collect())
}

impl Sweep {
    /// The first batch behind a number that the person is given, has not gone through, and that has anything to hand out ahead of them. Whoever
    /// begins one late begins where others are: what lies before is mostly taken, and they come to it at the end.
    async fn behind(
        tx: &mut PgConnection,
        task: &Setting,
        user: UserId,
        number: i32,
    ) -> Result<Option<Self>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "select b.number, b.first_rank, b.last_rank, s.from_rank, s.cursor_rank, coalesce(s.is_wrapped, false) as is_wrapped, \
             case when s.user_id is null then (select case when $4 then max(o.cursor_rank) else min(o.cursor_rank) end from annotation_sweeps o \
                where o.task_id = b.task_id and o.batch = b.number and not o.is_wrapped and not o.is_swept) end as others \
             from annotation_batches b left join annotation_sweeps s on s.task_id = b.task_id and s.batch = b.number and s.user_id = $2 \
             where b.task_id = $1 and b.number > $3 and {GIVEN} and not coalesce(s.is_swept, false) and {HAS_AHEAD} order by b.number limit 1"
        )))
        .bind(task.id.0)
        .bind(user.0)
        .bind(number)
        .bind(task.distribution.overlap <= 1)
        .fetch_optional(tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let (first, last): (i32, i32) = (row.try_get("first_rank")?, row.try_get("last_rank")?);
        let others: Option<i32> = row.try_get("others")?;
        let begin = others.unwrap_or(first - 1).clamp(first - 1, last);
        let place = |name: &str| Ok::<_, StoreError>(row.try_get::<Option<i32>, _>(name)?.unwrap_or(begin));
        Ok(Some(Self {
            batch: row.try_get("number")?,
            first,
            last,
            from: place("from_rank")?,
            cursor: place("cursor_rank")?,
            is_wrapped: row.try_get("is_wrapped")?,
            is_swept: false,
        }))
    }

    /// Takes what is free from the cursor on. `busy` becomes the first item that somebody else has locked.
    async fn go(
        &mut self,
        tx: &mut PgConnection,
        task: &Setting,
        user: UserId,
        count: usize,
        busy: &mut Option<i32>,
    ) -> Result<Vec<(i32, Taken)>, StoreError> {
        let mut taken = Vec::new();
        let (mut at, mut is_wrapped, mut is_stuck) = (self.cursor, self.is_wrapped, false);
        loop {
            let end = if is_wrapped { self.from } else { self.last };
            let missing = count - taken.len();
            let found = take::between(tx, task, user, (at, end), missing, "skip locked").await?;
            let is_end = found.len() < missing;
            let reached = if is_end { end } else { found.last().map_or(end, |(rank, _)| *rank) };
            taken.extend(found);
            if !is_stuck {
                self.is_wrapped = is_wrapped;
                let passed_over = take::first_between(tx, task.id, user, (at, reached)).await?;
                self.cursor = passed_over.map_or(reached, |rank| rank - 1);
                is_stuck = passed_over.is_some();
                *busy = busy.or(passed_over);
            }
            if !is_end {
                return Ok(taken);
            }
            if is_wrapped || self.from < self.first {
                self.is_swept = !is_stuck;
                return Ok(taken);
            }
            (at, is_wrapped) = (self.first - 1, true);
        }
    }

    async fn keep(&self, tx: &mut PgConnection, task: TaskId, user: UserId) -> Result<(), StoreError> {
        sqlx::query(
            "insert into annotation_sweeps (task_id, batch, user_id, from_rank, cursor_rank, is_wrapped, is_swept) \
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (task_id, batch, user_id) do update set \
             cursor_rank = excluded.cursor_rank, is_wrapped = excluded.is_wrapped, is_swept = excluded.is_swept",
        )
        .bind(task.0)
        .bind(self.batch)
        .bind(user.0)
        .bind(self.from)
        .bind(self.cursor)
        .bind(self.is_wrapped)
        .bind(self.is_swept)
        .execute(tx)
        .await?;
        Ok(())
    }
}

/// Takes what was freed since the person looked last, and notes how far they have looked.
async fn freed(
    tx: &mut PgConnection,
    task: &Setting,
    user: UserId,
    count: usize,
    busy: &mut Option<i32>,
) -> Result<Vec<(i32, Taken)>, StoreError> {
    let taken = take::freed(tx, task, user, count).await?;
    let is_end = taken.len() < count;
    let first = take::first_freed(tx, task.id, user).await?;
    // What is left of the entries is locked where there was not enough, and else lies behind those that were taken.
    if is_end {
        *busy = busy.or(first);
    }
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "update annotation_progress p set looked_again = $4, \
            freed_seen = greatest(case when p.looked_again = $4 then p.freed_seen end, least(now() - {LAG}, \
                (select f.freed_at - interval '1 microsecond' from annotation_items f where f.task_id = $1 and f.rank = $3))) \
         where p.task_id = $1 and p.user_id = $2"
    )))
    .bind(task.id.0)
    .bind(user.0)
    .bind(first)
    // As it was before anything was looked at: what was given to others since is looked at again the next time.
    .bind(task.look_again)
    .execute(tx)
    .await?;
    Ok(taken)
}

/// Items that a person may still be given, at most `most`. Those ahead of them in the batches; once there are none, those freed.
pub(in crate::annotation::work) async fn left(
    db: &mut PgConnection,
    task: TaskId,
    user: UserId,
    most: u32,
) -> Result<u64, StoreError> {
    const FREE: &str = "i.task_id = b.task_id and i.free > 0 and i.gold is null and i.status = 'open'";
    let ahead: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "select count(*) from (select i.n from annotation_batches b \
            left join annotation_sweeps s on s.task_id = b.task_id and s.batch = b.number and s.user_id = $2 \
            cross join lateral ( \
                (select 1 as n from annotation_items i where {FREE} and i.rank > coalesce(s.cursor_rank, b.first_rank - 1) \
                    and i.rank <= case when s.is_wrapped then s.from_rank else b.last_rank end limit $3) \
                union all \
                (select 1 as n from annotation_items i where {FREE} and not s.is_wrapped \
                    and i.rank >= b.first_rank and i.rank <= s.from_rank limit $3)) i \
            where b.task_id = $1 and {GIVEN} and not coalesce(s.is_swept, false) limit $3) ahead"
    )))
    .bind(task.0)
    .bind(user.0)
    .bind(i64::from(most))
    .fetch_one(&mut *db)
    .await?;
    if ahead > 0 {
        return Ok(ahead.cast_unsigned());
    }
    take::count_freed(db, task, user, most).await
}
