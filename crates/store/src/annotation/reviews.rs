//! Review: judged items that wait for a reviewer, and what the reviewer says.

mod history;

pub use history::{around, decided};

use super::{
    adjudication::{self, Decided},
    head::head,
    items::{self, Sees},
    people, work,
};
use crate::{
    Stale, StoreError,
    error::{to_json, word},
};
use domain::{
    access::Role,
    annotation::{
        Origin, Verdict,
        answer::Judgement,
        view::{Decide, Item},
    },
    id::{ItemId, ProjectId, TaskId, UserId},
};
use sqlx::{PgConnection, PgPool, Row};

/// Items that are given at a time.
const SHOWN: i64 = 20;

/// Those besides somebody ($2) who could review items of a task ($1) of a project ($3).
const OTHERS: &str = "with named as (select user_id from annotation_people where task_id = $1 and part = 'reviewer'), \
     others as (select user_id from named union select user_id from members where project_id = $3 \
        and role in ('owner', 'scientist') and not exists (select from named) except select $2::uuid)";
/// Whether an item `i` is left to [`OTHERS`]: the reviewer judged it, and somebody else could review it.
const IS_LEFT: &str = "(exists (select from others) and exists (select from judgements j where j.item_id = i.id \
     and j.user_id = $2 and j.origin = 'annotator' and j.superseded_at is null))";

/// Whether somebody with this role reviews and adjudicates a task; false where the project has no such task.
pub async fn may_review(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    user: UserId,
    role: Role,
) -> Result<bool, StoreError> {
    Ok(head(db, project, task).await?.is_some() && people::may_review(db, task, user, role).await?)
}

/// Items that wait for this reviewer, by rank, behind a rank; without those that the reviewer judged, unless nobody else
/// could review them. `None` where the project has no such task.
pub async fn queue(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    user: UserId,
    after: Option<u32>,
) -> Result<Option<Vec<Item>>, StoreError> {
    if head(db, project, task).await?.is_none() {
        return Ok(None);
    }
    let ids: Vec<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "{OTHERS} select i.id from annotation_items i where i.task_id = $1 and i.status = 'review' and i.rank > $4 \
         and not {IS_LEFT} order by i.rank limit $5"
    )))
    .bind(task.0)
    .bind(user.0)
    .bind(project.0)
    .bind(after.map_or(-1, |a| i32::try_from(a).unwrap_or(i32::MAX)))
    .bind(SHOWN)
    .fetch_all(db)
    .await?;
    Ok(Some(items::load(db, task, &ids, Sees::All).await?))
}

/// Decides on a judgement of an item. `accept` and `fix` settle the item with the judgement's or the reviewer's answers,
/// which the caller has checked; `return` gives it back to its annotator. False where there is no such judgement, and where
/// the reviewer judged the item and somebody else could review it;
/// [`StoreError::Stale`] where the item does not wait for a reviewer any more, or the judgement was replaced.
pub async fn decide(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    decide: &Decide,
    by: UserId,
) -> Result<bool, StoreError> {
    let Some(head) = head(db, project, task).await? else { return Ok(false) };
    let mut tx = db.begin().await?;
    let Some(status) = adjudication::lock(&mut tx, task, item).await? else { return Ok(false) };
    let row = sqlx::query(
        "select user_id, null::text as user_name, imported_from, origin, answers, cannot_judge, comment, superseded_at is not null as superseded \
         from judgements where id = $1 and item_id = $2 and task_id = $3",
    )
    .bind(decide.judgement_id.0)
    .bind(item.0)
    .bind(task.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    if status != "review" || row.try_get("superseded")? {
        return Err(Stale::ItemDecided.into());
    }
    if is_left(&mut tx, project, task, item, by).await? {
        return Ok(false);
    }
    sqlx::query(
        "insert into annotation_reviews (id, item_id, task_id, judgement_id, user_id, verdict, reason) values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(uuid::Uuid::now_v7())
    .bind(item.0)
    .bind(task.0)
    .bind(decide.judgement_id.0)
    .bind(by.0)
    .bind(decide.verdict.as_str())
    .bind(decide.reason.trim())
    .execute(&mut *tx)
    .await?;
    let said = super::loaded::judgement(&row)?;
    let decided = Decided { task, item, by, guideline_revision: head.guideline_revision };
    match (decide.verdict, &decide.fixed) {
        (Verdict::Fix, Some(fixed)) => {
            decided.say(&mut tx, fixed, Origin::Review).await?;
            decided.settle(&mut tx, fixed).await?;
        }
        // A fix that changes nothing is an acceptance.
        (Verdict::Accept | Verdict::Fix, _) => decided.settle(&mut tx, &said).await?,
        (Verdict::Return, _) => {
            let owner: Option<uuid::Uuid> = row.try_get("user_id")?;
            let origin: Origin = word(row.try_get("origin")?)?;
            give_back(&mut tx, item, decide, &said, owner.filter(|_| origin == Origin::Annotator)).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

/// Whether an item is left to other reviewers.
async fn is_left(
    tx: &mut PgConnection,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    by: UserId,
) -> Result<bool, StoreError> {
    let sql = format!("{OTHERS} select {IS_LEFT} from annotation_items i where i.id = $4");
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(task.0)
        .bind(by.0)
        .bind(project.0)
        .bind(item.0)
        .fetch_one(tx)
        .await?)
}

/// Takes a judgement out and lets its annotator, where there is one, do the item again, beginning with what they said.
async fn give_back(
    tx: &mut PgConnection,
    item: ItemId,
    decide: &Decide,
    said: &Judgement,
    owner: Option<uuid::Uuid>,
) -> Result<(), StoreError> {
    sqlx::query("update judgements set superseded_at = now() where id = $1")
        .bind(decide.judgement_id.0)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "update annotation_assignments set status = 'returned', reason = $3, draft = coalesce(draft, $4), held_until = now() \
         where item_id = $1 and user_id = $2",
    )
    .bind(item.0)
    .bind(owner)
    .bind(decide.reason.trim())
    .bind(to_json(said)?)
    .execute(&mut *tx)
    .await?;
    sqlx::query("update annotation_items set status = 'open', consensus = null where id = $1")
        .bind(item.0)
        .execute(&mut *tx)
        .await?;
    work::recount(tx, item).await
}
