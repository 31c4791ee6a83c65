//! Gold items: those whose right answer is known.

use super::{setting::Setting, work};
use crate::{StoreError, activity, error::to_json};
use domain::{
    annotation::answer::Answer,
    id::{ItemId, ProjectId, TaskId, UserId},
};
use sqlx::PgPool;
use std::collections::BTreeMap;

/// Makes an item a gold item with these answers, or an ordinary one again; false when there is no such item. Whoever has judged
/// it already is asked again, so that the answer counts. The caller has checked the answers.
pub async fn set_gold(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    answers: Option<&BTreeMap<String, Answer>>,
    by: UserId,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if !work::lock(&mut tx, project, task, item).await? {
        return Ok(false);
    }
    let was_gold: bool = sqlx::query_scalar(
        "update annotation_items i set gold = $2 from annotation_items old where i.id = $1 and old.id = i.id returning old.gold is not null",
    )
    .bind(item.0)
    .bind(answers.map(to_json).transpose()?)
    .fetch_one(&mut *tx)
    .await?;
    if answers.is_some() && !was_gold {
        sqlx::query(
            "update annotation_assignments set status = 'expired' where item_id = $1 and status in ('submitted', 'skipped', 'returned')",
        )
        .bind(item.0)
        .execute(&mut *tx)
        .await?;
    }
    if answers.is_none() && was_gold {
        work::recount(&mut tx, item).await?;
        let Some(setting) = Setting::find(&mut *tx, project, task).await? else { return Ok(false) };
        work::settle(&mut tx, &setting, item).await?;
    }
    let verb = if answers.is_some() { "annotation.gold_set" } else { "annotation.gold_removed" };
    activity::record(&mut *tx, project, Some(by), verb, &task.to_string(), &item.to_string()).await?;
    tx.commit().await?;
    Ok(true)
}
