//! Gold items: those whose right answer is known.

use super::{quality, setting::Setting, work};
use crate::{StoreError, activity, error::to_json};
use domain::{
    annotation::answer::Answer,
    id::{ItemId, ProjectId, TaskId, UserId},
};
use sqlx::PgPool;
use std::collections::BTreeMap;

/// Makes an item a gold item with these answers, or an ordinary one again; false when there is no such item, or somebody has
/// left it out for good. Whoever has judged it already is asked again, so that the answer counts; what was decided of it before
/// is void. The caller has checked the answers.
pub async fn set_gold(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    answers: Option<&BTreeMap<String, Answer>>,
    by: UserId,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    quality::kept::drop(&mut tx, task).await?;
    if !work::lock(&mut tx, project, task, item).await? {
        return Ok(false);
    }
    let (was_gold, is_excluded): (bool, bool) = sqlx::query_as(
        "select gold is not null, status = 'excluded' and decided_at is not null from annotation_items where id = $1",
    )
    .bind(item.0)
    .fetch_one(&mut *tx)
    .await?;
    // A forgotten sample is nobody's measure, and what was left out stays out.
    if is_excluded {
        return Ok(false);
    }
    sqlx::query("update annotation_items set gold = $2 where id = $1")
        .bind(item.0)
        .bind(answers.map(to_json).transpose()?)
        .execute(&mut *tx)
        .await?;
    if answers.is_some() != was_gold {
        // What was decided of an ordinary item is no decision on a gold one, nor the other way round.
        sqlx::query(
            "update annotation_items set status = 'open', consensus = null, decided_by = null, decided_at = null, freed_at = clock_timestamp() \
             where id = $1",
        )
        .bind(item.0)
        .execute(&mut *tx)
        .await?;
    }
    if answers.is_some() && !was_gold {
        sqlx::query(
            "update annotation_assignments set status = case when status = 'held' then status else 'expired' end, reason = null where item_id = $1",
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
