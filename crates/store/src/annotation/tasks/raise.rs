//! More judgements for the items of a task that people work on: its items are opened again, and everybody who has not judged them
//! comes to them.

use super::edit::lock;
use crate::{Stale, StoreError, activity, annotation::fill::drawn, error::to_json};
use domain::{
    annotation::{
        TaskStatus,
        overlap::{MoreOverlap, OverlapRaised},
    },
    id::{ProjectId, TaskId, UserId},
};
use sqlx::{PgConnection, PgPool, Postgres, Row, postgres::PgArguments, query::Query};

/// How often it is tried where Postgres ends it, since it and somebody at work on the items wait for each other.
const TRIES: u32 = 3;

/// Whether somebody has decided on an ordinary item `i`; of a forgotten sample, whose item is excluded by nobody, it is not theirs.
const SETTLED: &str =
    "(i.gold is null and (i.status = 'accepted' or (i.status = 'excluded' and i.decided_by is not null)))";

/// Items `i` of a task ($1) that are drawn by its seed ($4) into the share ($3), and want fewer judgements than asked for ($2).
fn wanting() -> String {
    format!("i.task_id = $1 and i.wanted < $2 and {} < $3", drawn("overlap", "$4", "i.sample_id"))
}

/// Those of them that are changed: not those on which somebody has decided, unless they are opened too ($5).
fn changed() -> String {
    format!(
        "{} and (i.gold is not null or not (i.status = 'accepted' or i.decided_at is not null) or ($5 and {SETTLED}))",
        wanting()
    )
}

/// Has items judged by more people; `None` where the project has no such task. An item that has less than it wants then is open:
/// whatever its judgements came to, and with `reopen` what was decided of it, is void. [`Stale::NotMore`] where no more are asked
/// for than now, [`Stale::EditedMeanwhile`] where somebody else has changed the task since the revision that the person saw,
/// [`Stale::TaskState`] where it is a draft or closed. The caller has checked the numbers.
pub async fn raise(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    more: &MoreOverlap,
    by: UserId,
) -> Result<Option<OverlapRaised>, StoreError> {
    for _ in 1..TRIES {
        match once(db, project, task, more, by).await {
            Err(error) if error.is_collision() => {}
            done => return done,
        }
    }
    once(db, project, task, more, by).await
}

async fn once(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    more: &MoreOverlap,
    by: UserId,
) -> Result<Option<OverlapRaised>, StoreError> {
    let mut tx = db.begin().await?;
    // The task before its items, as all do who need both.
    let Some(before) = lock(&mut tx, project, task).await? else { return Ok(None) };
    if before.revision != more.revision {
        return Err(Stale::EditedMeanwhile.into());
    }
    if !matches!(before.setting.status, TaskStatus::Open | TaskStatus::Paused) {
        return Err(Stale::TaskState.into());
    }
    let Some(distribution) = more.applied(&before.setting.distribution) else { return Err(Stale::NotMore.into()) };
    let raised = items(&mut tx, task, more, distribution.seed).await?;
    // All that was ever freed is looked at again: of a million items the first got their time longer ago than those go
    // back who looked meanwhile.
    sqlx::query(
        "update annotation_tasks set distribution = $2, revision = revision + 1, look_again = look_again + 1 where id = $1",
    )
    .bind(task.0)
    .bind(to_json(&distribution)?)
    .execute(&mut *tx)
    .await?;
    activity::record(&mut *tx, project, Some(by), "annotation.overlap_raised", &task.to_string(), &before.name).await?;
    tx.commit().await?;
    Ok(Some(raised))
}

/// Changes the items. Slots are counted anew, as `work::recount` does for one item. Whoever has looked through the items already
/// finds these among those that were freed.
async fn items(
    tx: &mut PgConnection,
    task: TaskId,
    more: &MoreOverlap,
    seed: u64,
) -> Result<OverlapRaised, StoreError> {
    // A statement that waits for a lock sees the judgements as they were before: the locks come first. Which items want more
    // changes only under the task's lock, so all that are changed below are among these, whatever is decided meanwhile.
    let locks = format!(
        "select count(*) from (select i.id from annotation_items i where {} order by i.id for no key update) l",
        wanting()
    );
    asked(&locks, task, more, seed).execute(&mut *tx).await?;
    let changes = format!(
        "with people as (select j.item_id, j.user_id from judgements j where j.task_id = $1 and j.superseded_at is null \
                and j.origin in ('annotator', 'import') and j.user_id is not null \
            union select a.item_id, a.user_id from annotation_assignments a where a.task_id = $1 and a.status in ('held', 'returned')), \
         taken as (select item_id, count(*) as n from (select item_id from people union all select j.item_id from judgements j \
                where j.task_id = $1 and j.superseded_at is null and j.origin = 'import' and j.user_id is null) t group by item_id), \
         chosen as (select i.id, i.status as was, i.gold is null as is_ordinary, greatest(0, $2 - coalesce(t.n, 0)) as free, \
                i.gold is null and i.judged < $2 as opens \
            from annotation_items i left join taken t on t.item_id = i.id where {}), \
         raised as (update annotation_items i set wanted = $2, \
                free = (case when c.is_ordinary then c.free else i.free end)::smallint, \
                status = case when c.opens then 'open' else i.status end, \
                consensus = case when c.opens then null else i.consensus end, \
                decided_by = case when c.opens then null else i.decided_by end, \
                decided_at = case when c.opens then null else i.decided_at end, \
                freed_at = case when c.opens and (c.was <> 'open' or c.free > i.free) then clock_timestamp() else i.freed_at end \
            from chosen c where i.id = c.id returning i.id, c.was, c.is_ordinary, c.opens), \
         void as (update judgements j set superseded_at = now() from raised r where r.opens and r.was in ('accepted', 'excluded') \
            and j.item_id = r.id and j.superseded_at is null and j.origin in ('review', 'adjudication')) \
         select count(*) filter (where is_ordinary) as raised, count(*) filter (where opens and was <> 'open') as reopened from raised",
        changed()
    );
    let row = asked(&changes, task, more, seed).bind(more.reopen).fetch_one(&mut *tx).await?;
    let left = format!("select count(*) as n from annotation_items i where {} and {SETTLED}", wanting());
    let settled: i64 = asked(&left, task, more, seed).fetch_one(&mut *tx).await?.try_get("n")?;
    Ok(OverlapRaised {
        items: row.try_get::<i64, _>("raised")?.cast_unsigned(),
        reopened: row.try_get::<i64, _>("reopened")?.cast_unsigned(),
        settled: settled.cast_unsigned(),
    })
}

/// A statement with what [`wanting`] reads.
fn asked(statement: &str, task: TaskId, more: &MoreOverlap, seed: u64) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
        .bind(task.0)
        .bind(i16::try_from(more.overlap).unwrap_or(i16::MAX))
        .bind(more.overlap_share)
        .bind(seed.to_string())
}
