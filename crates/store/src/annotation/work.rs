//! The work on items: who is given what, what they send, and how far they are.
//!
//! An item has `wanted` slots. A slot is taken by a person who holds it and by one whose judgement is there; `free` says how
//! many are left, and changes only under a lock on the item's row. A lock that ended gives its slot back when somebody looks
//! for work ([`next()`]). Locks are taken in the order item, assignment, progress; whoever looks for work passes over what
//! is locked, and waits for an item only while they have taken none.

mod draft;
mod next;
mod slots;
mod submit;

pub use draft::{save_draft, undo};
pub(super) use next::HAS_AHEAD;
pub use next::next;
pub(crate) use slots::let_go;
pub(super) use slots::{Place, lock, lock_all};
pub use slots::{ask_skipped_again, give_back, recount, skip};
pub(super) use submit::settle;
pub use submit::{SubmitError, submit};

use crate::{
    StoreError,
    annotation::batches::GIVEN,
    error::{json, word},
};
use domain::{
    annotation::{
        answer::Judgement,
        batch::Due,
        view::{Judged, LEFT_COUNTED, Mine, Person},
    },
    id::{ItemId, JudgementId, ProjectId, TaskId, UserId},
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};

/// Whether nothing more is taken for the item `i`: somebody has decided on it, or of a gold item, its sample was forgotten.
const DECIDED: &str =
    "case when i.gold is null then i.status = 'accepted' or i.decided_at is not null else i.status = 'excluded' end";

/// Most items that somebody is handed at a time.
pub const MAX_HANDED: u32 = 5;

/// How far somebody is in a task of a project; zeros where there is no such task.
pub async fn mine(db: &PgPool, project: ProjectId, task: TaskId, user: UserId) -> Result<Mine, StoreError> {
    let mut connection = db.acquire().await?;
    let is_there: bool =
        sqlx::query_scalar("select exists(select from annotation_tasks where id = $1 and project_id = $2)")
            .bind(task.0)
            .bind(project.0)
            .fetch_one(&mut *connection)
            .await?;
    if is_there { how_far(&mut connection, task, user).await } else { Ok(Mine::default()) }
}

/// How far somebody is.
async fn how_far(db: &mut PgConnection, task: TaskId, user: UserId) -> Result<Mine, StoreError> {
    let row = sqlx::query(
        "select p.judged, p.skipped, case when p.day = (now() at time zone 'UTC')::date then p.today else 0 end as today, \
         (select percentile_disc(0.5) within group (order by duration_ms) from \
            (select duration_ms from judgements j where j.task_id = $1 and j.user_id = $2 order by j.created_at desc limit 50) latest) as median \
         from (select 1) one left join annotation_progress p on p.task_id = $1 and p.user_id = $2",
    )
    .bind(task.0)
    .bind(user.0)
    .fetch_one(&mut *db)
    .await?;
    let count =
        |name: &str| Ok::<_, StoreError>(u64::from(row.try_get::<Option<i32>, _>(name)?.unwrap_or(0).cast_unsigned()));
    Ok(Mine {
        judged: count("judged")?,
        judged_today: count("today")?,
        skipped: count("skipped")?,
        left: next::left(db, task, user, LEFT_COUNTED).await?,
        median_ms: row.try_get::<Option<i32>, _>("median")?.map(|ms| u64::from(ms.cast_unsigned())),
        due: due(db, task, user).await?,
    })
}

/// The next deadline of somebody's work: the task's, or of a batch that they are given.
async fn due(db: &mut PgConnection, task: TaskId, user: UserId) -> Result<Option<Due>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select d.at, extract(epoch from d.at - now())::bigint as seconds, \
         (select coalesce(sum(c.wanted - c.given), 0)::bigint from annotation_counts c \
            where c.task_id = $1 and (d.batch is null or c.batch = d.batch)) as missing from \
         (select t.deadline as at, null::integer as batch from annotation_tasks t where t.id = $1 and t.deadline is not null \
            union all select b.deadline, b.number from annotation_batches b where b.task_id = $1 and b.deadline is not null and {GIVEN}) d \
         order by d.at, d.batch nulls first limit 1"
    )))
    .bind(task.0)
    .bind(user.0)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Due {
        at: row.try_get("at")?,
        seconds_left: row.try_get("seconds")?,
        missing: row.try_get::<i64, _>("missing")?.max(0).cast_unsigned(),
    }))
}

/// What somebody said in a task, newest first, with what they have changed since.
pub async fn history(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    user: UserId,
    limit: u32,
) -> Result<Vec<Judged>, StoreError> {
    sqlx::query(
        "select j.id, j.item_id, j.user_id, coalesce(u.name, j.imported_from, '') as name, j.origin, j.answers, j.cannot_judge, \
         j.comment, j.duration_ms, j.guideline_revision, j.created_at, j.superseded_at is not null as superseded \
         from judgements j join annotation_tasks t on t.id = j.task_id and t.project_id = $2 left join users u on u.id = j.user_id \
         where j.task_id = $1 and j.user_id = $3 order by j.created_at desc, j.id limit $4",
    )
    .bind(task.0)
    .bind(project.0)
    .bind(user.0)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?
    .iter()
    .map(judged)
    .collect()
}

/// A judgement of a row with its columns and `name`, `superseded`.
fn judged(row: &PgRow) -> Result<Judged, StoreError> {
    let name: String = row.try_get("name")?;
    let by = row.try_get::<Option<uuid::Uuid>, _>("user_id")?.map(|id| Person { id: UserId(id), name });
    Ok(Judged {
        id: JudgementId(row.try_get("id")?),
        item_id: ItemId(row.try_get("item_id")?),
        by,
        origin: word(row.try_get("origin")?)?,
        judgement: judgement(row)?,
        duration_ms: row.try_get::<Option<i32>, _>("duration_ms")?.map(i32::cast_unsigned),
        guideline_revision: row.try_get("guideline_revision")?,
        at: row.try_get("created_at")?,
        superseded: row.try_get("superseded")?,
    })
}

/// What a row of `judgements` says.
fn judgement(row: &PgRow) -> Result<Judgement, StoreError> {
    Ok(Judgement {
        answers: json(row.try_get("answers")?)?,
        cannot_judge: row.try_get("cannot_judge")?,
        comment: row.try_get("comment")?,
    })
}
