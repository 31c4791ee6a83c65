//! Going back and forth among the items that wait for a reviewer, and what the reviewer has decided before.

use super::{IS_LEFT, OTHERS};
use crate::{
    StoreError,
    annotation::{content, head::head},
    error::word,
};
use domain::{
    annotation::review_view::{Queue, ReviewDecided},
    id::{ItemId, ProjectId, TaskId, UserId},
    page::Page,
    sample::Speaker,
};
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// The nearest items before and behind a rank that wait for this reviewer.
pub async fn around(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    user: UserId,
    queue: Queue,
    rank: u32,
) -> Result<(Option<ItemId>, Option<ItemId>), StoreError> {
    let waits = format!("i.task_id = t.id and i.status = $5 and ($5 <> 'review' or not {IS_LEFT})");
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "{OTHERS} select \
         (select i.id from annotation_items i where {waits} and i.rank < $4 order by i.rank desc limit 1) as before, \
         (select i.id from annotation_items i where {waits} and i.rank > $4 order by i.rank limit 1) as behind \
         from annotation_tasks t where t.id = $1 and t.project_id = $3"
    )))
    .bind(task.0)
    .bind(user.0)
    .bind(project.0)
    .bind(i32::try_from(rank).unwrap_or(i32::MAX))
    .bind(queue.as_str())
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok((None, None)) };
    let item = |name: &str| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(name)?.map(ItemId));
    Ok((item("before")?, item("behind")?))
}

/// What somebody decided in a task as a reviewer or adjudicator, newest first; `before` is the last one of the page before.
/// `None` where the project has no such task.
pub async fn decided(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    user: UserId,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Option<Page<ReviewDecided>>, StoreError> {
    if head(db, project, task).await?.is_none() {
        return Ok(None);
    }
    let rows = sqlx::query(
        "select d.id, d.item_id, d.verdict, d.reason, d.created_at, i.rank, i.status from (\
            (select id, item_id, verdict, reason, created_at from annotation_reviews \
                where task_id = $1 and user_id = $2 and ($3::uuid is null or id < $3) order by id desc limit $4) \
            union all \
            (select id, item_id, null, comment, created_at from judgements \
                where task_id = $1 and user_id = $2 and origin = 'adjudication' and ($3::uuid is null or id < $3) order by id desc limit $4)) d \
         join annotation_items i on i.id = d.item_id order by d.id desc limit $4",
    )
    .bind(task.0)
    .bind(user.0)
    .bind(before)
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?;
    let has_more = rows.len() > limit as usize;
    let rows = &rows[..rows.len().min(limit as usize)];
    let ids = rows.iter().map(|row| Ok(ItemId(row.try_get("item_id")?))).collect::<Result<Vec<_>, StoreError>>()?;
    let contents = content::of_items(db, task, &ids).await?;
    let one = |(row, item): (&sqlx::postgres::PgRow, &ItemId)| {
        let asked = contents.get(item).and_then(|c| c.messages.iter().rev().find(|m| m.role == Speaker::User));
        Ok(ReviewDecided {
            id: row.try_get("id")?,
            item_id: *item,
            rank: row.try_get::<i32, _>("rank")?.cast_unsigned(),
            prompt: asked.map(|m| m.content.clone()).unwrap_or_default(),
            status: word(row.try_get("status")?)?,
            verdict: row.try_get::<Option<String>, _>("verdict")?.as_deref().map(word).transpose()?,
            reason: row.try_get("reason")?,
            at: row.try_get("created_at")?,
        })
    };
    let items = rows.iter().zip(&ids).map(one).collect::<Result<Vec<_>, StoreError>>()?;
    let next_cursor = items.last().filter(|_| has_more).map(|d| d.id.to_string());
    Ok(Some(Page { items, next_cursor }))
}
