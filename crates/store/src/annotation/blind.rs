//! What somebody sees of tasks in which they judge blind: how far they are themselves, and nothing of the others.

use super::items::Sees;
use crate::StoreError;
use domain::{
    access::{Action, Role, permits},
    annotation::{
        batch::Batch,
        view::{Guideline, TaskSummary},
    },
    id::{TaskId, UserId},
};
use sqlx::{PgPool, Row};
use std::collections::HashMap;

/// Whether somebody with this role sees what everybody said in every task.
pub(super) fn leads(role: Role) -> bool {
    role == Role::Manager || permits(Some(role), None, Action::EditDatasets)
}

/// What somebody sees of the batches of a task: that they are there, and not how far others are in them.
#[must_use]
pub fn batches(mut batches: Vec<Batch>, sees: Sees) -> Vec<Batch> {
    if sees != Sees::All {
        for batch in &mut batches {
            batch.counts = batch.counts.own(0);
            batch.overdue = false;
        }
    }
    batches
}

/// What somebody sees of guidelines: all that they say, and not what others have judged by them.
#[must_use]
pub fn guidelines(mut guidelines: Vec<Guideline>, sees: Sees) -> Vec<Guideline> {
    if sees != Sees::All {
        for guideline in &mut guidelines {
            guideline.judgements_touched = 0;
        }
    }
    guidelines
}

/// Tasks with counts of the reader's own work alone, where the reader judges blind: until a task is closed, annotators who
/// are not among its reviewers.
pub async fn as_seen(
    db: &PgPool,
    user: UserId,
    role: Role,
    mut tasks: Vec<TaskSummary>,
) -> Result<Vec<TaskSummary>, StoreError> {
    if leads(role) {
        return Ok(tasks);
    }
    let ids: Vec<uuid::Uuid> = tasks.iter().map(|task| task.id.0).collect();
    let rows = sqlx::query(
        "select t.id, coalesce(p.judged, 0)::bigint as judged from annotation_tasks t \
         left join annotation_progress p on p.task_id = t.id and p.user_id = $1 \
         where t.id = any($2) and t.status <> 'closed' and not exists (select from annotation_people r \
            where r.task_id = t.id and r.user_id = $1 and r.part = 'reviewer')",
    )
    .bind(user.0)
    .bind(ids)
    .fetch_all(db)
    .await?;
    let mut judged = HashMap::with_capacity(rows.len());
    for row in &rows {
        judged.insert(TaskId(row.try_get("id")?), row.try_get::<i64, _>("judged")?.cast_unsigned());
    }
    for task in &mut tasks {
        if let Some(judged) = judged.get(&task.id) {
            task.counts = task.counts.own(*judged);
        }
    }
    Ok(tasks)
}
