//! What a person has entered and not sent, and taking back what they sent last.

use super::{DECIDED, judgement, next::shown_order};
use crate::{
    StoreError,
    annotation::{content::show, setting::Setting},
    error::to_json,
};
use domain::{
    annotation::{TaskStatus, answer::Judgement, view::Work},
    id::{ItemId, ProjectId, TaskId, UserId},
};
use sqlx::{PgPool, Row};

/// Keeps what somebody has entered so far, and renews their lock unless a deadline has passed. Of a lock that has ended, as while
/// they were offline, the draft is kept and the lock is not renewed: the item may be somebody else's by now. False when it was
/// never in their hands or they gave it up, a later save is there already, or it cannot be kept ([`Judgement::draft_problem`]).
pub async fn save_draft(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    user: UserId,
    number: i64,
    draft: &Judgement,
) -> Result<bool, StoreError> {
    if draft.draft_problem().is_some() {
        return Ok(false);
    }
    let done = sqlx::query(
        "update annotation_assignments a set draft = $5, draft_number = $6, \
         held_until = case when a.status = 'held' and not exists (select from annotation_items i left join annotation_batches b \
            on b.task_id = i.task_id and b.number = i.batch where i.id = a.item_id and least(t.deadline, b.deadline) <= now()) \
            then now() + make_interval(mins => (t.distribution->>'lock_minutes')::int) else a.held_until end \
         from annotation_tasks t where t.id = a.task_id and t.id = $1 and t.project_id = $2 and t.status <> 'closed' \
         and a.item_id = $3 and a.user_id = $4 and a.draft_number < $6 and a.status in ('held', 'submitted', 'returned', 'expired') \
         and not exists (select from annotation_items i where i.id = a.item_id and i.status = 'excluded')",
    )
    .bind(task.0)
    .bind(project.0)
    .bind(item.0)
    .bind(user.0)
    .bind(to_json(draft)?)
    .bind(number)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What somebody sent last in a task, to be changed: it counts as it is until another is sent in its place. `None` where
/// there is nothing that may be changed: somebody has decided on the item, or the task is closed.
pub async fn undo(db: &PgPool, project: ProjectId, task: TaskId, user: UserId) -> Result<Option<Work>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(setting) = Setting::find(&mut *tx, project, task).await? else { return Ok(None) };
    if setting.status == TaskStatus::Closed {
        return Ok(None);
    }
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select j.item_id, j.answers, j.cannot_judge, j.comment, a.draft_number, a.reason, i.gold is not null as is_gold, {DECIDED} as is_decided, \
         now() + make_interval(mins => $3) as held_until, p.qualified_at is null as is_test \
         from judgements j join annotation_items i on i.id = j.item_id \
         join annotation_assignments a on a.item_id = j.item_id and a.user_id = j.user_id \
         left join annotation_progress p on p.task_id = j.task_id and p.user_id = j.user_id \
         where j.task_id = $1 and j.user_id = $2 and j.origin = 'annotator' and j.superseded_at is null \
         order by j.created_at desc limit 1"
    )))
    .bind(task.0)
    .bind(user.0)
    .bind(setting.distribution.lock_minutes.cast_signed())
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    // A test that can be answered anew once its answers are known is none.
    let is_test = row.try_get::<bool, _>("is_gold")? && row.try_get::<bool, _>("is_test")?;
    if row.try_get("is_decided")? || is_test {
        return Ok(None);
    }
    let item = ItemId(row.try_get("item_id")?);
    let Some(shown) = show(&mut tx, &setting, &[item]).await?.remove(&item) else { return Ok(None) };
    tx.commit().await?;
    Ok(Some(Work {
        item_id: item,
        shown_order: shown_order(&setting, item, user, shown.content.answers.len()),
        content: shown.content,
        held_until: row.try_get("held_until")?,
        draft: Some(judgement(&row)?),
        draft_number: row.try_get("draft_number")?,
        suggestion: shown.suggestion,
        reason: row.try_get("reason")?,
        is_test,
    }))
}
