//! A task at work: how far it is, who does how much, what does not get on.

use super::{batches::SUMS, head::head, items::Sees, tasks};
use crate::StoreError;
use domain::{
    annotation::view::{Board, Day, ItemCounts, Person, PersonAtWork, Stuck},
    id::{ItemId, ProjectId, TaskId, UserId},
};
use sqlx::{PgPool, Row, postgres::PgRow};

/// Days and items that are listed.
const DAYS: i64 = 90;
const STUCK: i64 = 50;
/// Skips, returns or judgements that it cannot be judged from which an item counts as stuck.
const OFTEN: i64 = 2;

/// Everything a lead sees; `None` where the project has no such task.
pub async fn board(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Option<Board>, StoreError> {
    let Some(head) = head(db, project, task).await? else { return Ok(None) };
    let counts = counts(db, task).await?;
    let (people, days, stuck) = (people(db, task).await?, days(db, task).await?, stuck(db, head.id).await?);
    let last_day: i64 = sqlx::query_scalar(
        "select count(*) from judgements where task_id = $1 and origin = 'annotator' and superseded_at is null and created_at > now() - interval '1 day'",
    )
    .bind(task.0)
    .fetch_one(db)
    .await?;
    let left = counts.wanted.saturating_sub(counts.given);
    let seconds_left = (last_day > 0).then(|| left.saturating_mul(86_400) / last_day.cast_unsigned());
    Ok(Some(Board { counts, people, days, stuck, seconds_left }))
}

/// What of a board somebody sees: whoever judges blind gets their own row and what they have judged themselves. What is
/// stuck, how much comes a day and what items wait for would tell what others did.
#[must_use]
pub fn as_seen(mut board: Board, sees: Sees) -> Board {
    let Sees::Own(user) = sees else { return board };
    board.people.retain(|p| p.person.id == user);
    let judged = board.people.iter().map(|p| p.judged).sum();
    Board {
        counts: board.counts.own(judged),
        people: board.people,
        days: Vec::new(),
        stuck: Vec::new(),
        seconds_left: None,
    }
}

fn number(row: &PgRow, name: &str) -> Result<u64, StoreError> {
    Ok(row.try_get::<i64, _>(name)?.cast_unsigned())
}

/// How many items of a task are how far.
pub async fn counts(db: &PgPool, task: TaskId) -> Result<ItemCounts, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("select {SUMS} from annotation_counts c where c.task_id = $1")))
        .bind(task.0)
        .fetch_one(db)
        .await?;
    tasks::counts(&row)
}

async fn people(db: &PgPool, task: TaskId) -> Result<Vec<PersonAtWork>, StoreError> {
    let rows = sqlx::query(
        "with said as (select user_id, count(*) as judged, count(*) filter (where cannot_judge) as cannot_judge, \
            (percentile_cont(0.5) within group (order by duration_ms))::bigint as median_ms, max(created_at) as last_at \
            from judgements where task_id = $1 and origin = 'annotator' and superseded_at is null and user_id is not null group by user_id), \
         had as (select user_id, count(*) filter (where status = 'skipped') as skipped from annotation_assignments where task_id = $1 group by user_id), \
         returned as (select j.user_id, count(*) as returned from annotation_reviews r join judgements j on j.id = r.judgement_id \
            where r.task_id = $1 and r.verdict = 'return' and j.user_id is not null group by j.user_id), \
         everyone as (select user_id from said union select user_id from had \
            union select user_id from annotation_people where task_id = $1 and part = 'annotator'), \
         test as (select coalesce((distribution->>'qualification_items')::int, 0) > 0 as is_there from annotation_tasks where id = $1) \
         select u.id, u.name, coalesce(s.judged, 0) as judged, coalesce(s.cannot_judge, 0) as cannot_judge, s.median_ms, s.last_at, \
         coalesce(h.skipped, 0) as skipped, coalesce(r.returned, 0) as returned, coalesce(p.gold_judged, 0)::bigint as gold_judged, \
         coalesce(p.gold_right, 0)::bigint as gold_right, case when t.is_there then p.qualified_at is not null end as qualified, \
         t.is_there and p.failed_at is not null as failed \
         from everyone e join users u on u.id = e.user_id cross join test t left join said s on s.user_id = u.id \
         left join had h on h.user_id = u.id left join returned r on r.user_id = u.id \
         left join annotation_progress p on p.task_id = $1 and p.user_id = u.id order by judged desc, u.name, u.id",
    )
    .bind(task.0)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(PersonAtWork {
                person: Person { id: UserId(row.try_get("id")?), name: row.try_get("name")? },
                judged: number(row, "judged")?,
                skipped: number(row, "skipped")?,
                returned: number(row, "returned")?,
                cannot_judge: number(row, "cannot_judge")?,
                median_ms: row.try_get::<Option<i64>, _>("median_ms")?.map(i64::cast_unsigned),
                gold_judged: number(row, "gold_judged")?,
                gold_right: number(row, "gold_right")?,
                qualified: row.try_get("qualified")?,
                failed: row.try_get("failed")?,
                last_at: row.try_get("last_at")?,
            })
        })
        .collect()
}

async fn days(db: &PgPool, task: TaskId) -> Result<Vec<Day>, StoreError> {
    let rows = sqlx::query(
        "select to_char(day, 'YYYY-MM-DD') as day, judged from (select date_trunc('day', created_at at time zone 'UTC') as day, \
            count(*) as judged from judgements where task_id = $1 and origin = 'annotator' and superseded_at is null \
            group by 1 order by 1 desc limit $2) d order by d.day",
    )
    .bind(task.0)
    .bind(DAYS)
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| Ok(Day { day: row.try_get("day")?, judged: number(row, "judged")? })).collect()
}

async fn stuck(db: &PgPool, task: TaskId) -> Result<Vec<Stuck>, StoreError> {
    let rows = sqlx::query(
        "with had as (select item_id, count(*) filter (where status in ('skipped', 'expired')) as skipped, \
            bool_or(status = 'held' and taken_at < now() - interval '1 day') as is_old, \
            min(user_id::text) filter (where status = 'held' and held_until > now()) as holder \
            from annotation_assignments where task_id = $1 group by item_id), \
         unable as (select item_id, count(*) as cannot_judge from judgements \
            where task_id = $1 and superseded_at is null and cannot_judge group by item_id), \
         back as (select item_id, count(*) as returned from annotation_reviews where task_id = $1 and verdict = 'return' group by item_id) \
         select i.id, i.rank, coalesce(h.skipped, 0) as skipped, coalesce(b.returned, 0) as returned, \
         coalesce(c.cannot_judge, 0) as cannot_judge, u.name as held_by \
         from annotation_items i left join had h on h.item_id = i.id left join unable c on c.item_id = i.id \
         left join back b on b.item_id = i.id left join users u on u.id = h.holder::uuid \
         where i.task_id = $1 and i.gold is null and i.status = 'open' \
         and (coalesce(h.skipped, 0) >= $2 or coalesce(b.returned, 0) >= $2 or coalesce(c.cannot_judge, 0) >= $2 or h.is_old) \
         order by coalesce(h.skipped, 0) + coalesce(b.returned, 0) + coalesce(c.cannot_judge, 0) desc, i.rank limit $3",
    )
    .bind(task.0)
    .bind(OFTEN)
    .bind(STUCK)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Stuck {
                item_id: ItemId(row.try_get("id")?),
                rank: row.try_get::<i32, _>("rank")?.cast_unsigned(),
                skipped: number(row, "skipped")?,
                returned: number(row, "returned")?,
                cannot_judge: number(row, "cannot_judge")?,
                held_by: row.try_get("held_by")?,
            })
        })
        .collect()
}
