//! Changing a task, and opening, pausing and closing it.

use crate::{
    Stale, StoreError, activity,
    annotation::{
        fill,
        people::{self, Part},
        setting::{COLUMNS, Setting},
    },
    error::{json, to_json},
    jobs,
};
use domain::{
    annotation::{
        TaskStatus,
        answer::Answer,
        batch::BatchOpening,
        design::Design,
        distribution::{Distribution, Review},
        view::TaskEdit,
    },
    id::{ProjectId, TaskId, UserId},
};
use sqlx::{PgConnection, PgPool, Row};
use std::collections::BTreeMap;

/// A task under a lock.
pub(super) struct Locked {
    pub(super) setting: Setting,
    pub(super) name: String,
    pub(super) revision: i32,
    is_filled: bool,
    /// It shows pairs of answers.
    has_pairs: bool,
}

pub(super) async fn lock(
    tx: &mut PgConnection,
    project: ProjectId,
    task: TaskId,
) -> Result<Option<Locked>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS}, t.name, t.revision, t.filled_at is not null as filled, t.pairs is not null as has_pairs \
         from annotation_tasks t where t.id = $1 and t.project_id = $2 for no key update"
    )))
    .bind(task.0)
    .bind(project.0)
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Locked {
        setting: Setting::of(&row)?,
        name: row.try_get("name")?,
        revision: row.try_get("revision")?,
        is_filled: row.try_get("filled")?,
        has_pairs: row.try_get("has_pairs")?,
    }))
}

/// Whether both make the same items.
fn makes_same_items(one: &Distribution, other: &Distribution) -> bool {
    let drawn = |d: &Distribution| if d.review == Review::Share { d.review_share } else { 0.0 };
    let items = |d: &Distribution| (d.overlap, d.overlap_share, d.order, d.seed, drawn(d), d.batch_size);
    items(one) == items(other)
}

/// Changes what the edit names; false when there is no such task. [`Stale::EditedMeanwhile`] where somebody else has changed
/// it since the revision that the person saw, [`Stale::TaskState`] where the task is no draft any more and the edit changes
/// its questions or which items it has, [`Stale::PairsUncut`] where it would cut a task of pairs. In a draft such a change of items makes them anew, and gold items are ordinary ones
/// again; of a changed design the right answers stay where their questions do. Batches that waited are open once all are to be.
pub async fn edit(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    edit: &TaskEdit,
    by: UserId,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let Some(before) = lock(&mut tx, project, task).await? else { return Ok(false) };
    if before.revision != edit.revision {
        return Err(Stale::EditedMeanwhile.into());
    }
    let design = edit.design.as_ref().unwrap_or(&before.setting.design);
    let distribution = edit.distribution.as_ref().unwrap_or(&before.setting.distribution);
    let is_draft = before.setting.status == TaskStatus::Draft;
    let same_items = makes_same_items(distribution, &before.setting.distribution);
    // Their items come round after round, each with another pair: a batch would be no stretch of their order.
    if before.has_pairs && distribution.batch_size > 0 {
        return Err(Stale::PairsUncut.into());
    }
    if !is_draft && (*design != before.setting.design || !same_items) {
        return Err(Stale::TaskState.into());
    }
    let name = edit.name.as_deref().map_or(before.name.as_str(), str::trim);
    let deadline = if edit.clear_deadline { None } else { edit.deadline.or(before.setting.deadline) };
    sqlx::query(
        "update annotation_tasks set name = $2, design = $3, distribution = $4, deadline = $5, revision = revision + 1 where id = $1",
    )
    .bind(task.0)
    .bind(name)
    .bind(to_json(design)?)
    .bind(to_json(distribution)?)
    .bind(deadline)
    .execute(&mut *tx)
    .await?;
    if !same_items && before.is_filled {
        fill_anew(&mut tx, project, task, by).await?;
    } else if *design != before.setting.design {
        keep_gold(&mut tx, task, &before.setting.design, design).await?;
    }
    let was_all = before.setting.distribution.batch_opening == BatchOpening::All;
    if before.is_filled && same_items && distribution.batch_opening == BatchOpening::All && !was_all {
        sqlx::query("update annotation_batches set status = 'open' where task_id = $1 and status = 'waiting'")
            .bind(task.0)
            .execute(&mut *tx)
            .await?;
    }
    for (part, users) in [(Part::Annotator, &edit.annotators), (Part::Reviewer, &edit.reviewers)] {
        if let Some(users) = users {
            people::replace(&mut tx, project, task, part, users).await?;
        }
    }
    if let Some(groups) = &edit.groups {
        people::replace_groups(&mut tx, project, task, groups).await?;
    }
    activity::record(&mut *tx, project, Some(by), "annotation.edited", &task.to_string(), name).await?;
    tx.commit().await?;
    Ok(true)
}

/// Drops right answers to questions that are gone or ask something else now; an item without any is no gold item any more.
async fn keep_gold(tx: &mut PgConnection, task: TaskId, before: &Design, after: &Design) -> Result<(), StoreError> {
    let is_same = |name: &str| match (before.question(name), after.question(name)) {
        (Some(old), Some(new)) => before.show == after.show && old.kind == new.kind && old.when == new.when,
        _ => false,
    };
    let rows: Vec<(i64, serde_json::Value)> = sqlx::query_as(
        "select id, gold from annotation_items where task_id = $1 and gold is not null order by id for no key update",
    )
    .bind(task.0)
    .fetch_all(&mut *tx)
    .await?;
    for (id, gold) in rows {
        let mut gold: BTreeMap<String, Answer> = json(gold)?;
        gold.retain(|name, _| is_same(name));
        let left = if gold.is_empty() { None } else { Some(to_json(&gold)?) };
        sqlx::query("update annotation_items set gold = $2 where id = $1")
            .bind(id)
            .bind(left)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

async fn fill_anew(tx: &mut PgConnection, project: ProjectId, task: TaskId, by: UserId) -> Result<(), StoreError> {
    sqlx::query("delete from annotation_items where task_id = $1").bind(task.0).execute(&mut *tx).await?;
    sqlx::query("delete from annotation_sweeps where task_id = $1").bind(task.0).execute(&mut *tx).await?;
    sqlx::query("update annotation_tasks set filled_at = null where id = $1").bind(task.0).execute(&mut *tx).await?;
    jobs::create(tx, project, fill::KIND, &fill::FillAnnotation { task_id: task }, by).await?;
    Ok(())
}

/// Opens, pauses or closes a task; false when there is no such task. [`Stale::TaskState`] where it cannot go from its status
/// to that one, or is to be opened before its items are made.
pub async fn set_status(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    status: TaskStatus,
    by: UserId,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let Some(before) = lock(&mut tx, project, task).await? else { return Ok(false) };
    if !before.setting.status.can_become(status) || (status == TaskStatus::Open && !before.is_filled) {
        return Err(Stale::TaskState.into());
    }
    sqlx::query("update annotation_tasks set status = $2, revision = revision + 1 where id = $1")
        .bind(task.0)
        .bind(status.as_str())
        .execute(&mut *tx)
        .await?;
    let verb = match status {
        TaskStatus::Draft => "annotation.drafted",
        TaskStatus::Open => "annotation.opened",
        TaskStatus::Paused => "annotation.paused",
        TaskStatus::Closed => "annotation.closed",
    };
    activity::record(&mut *tx, project, Some(by), verb, &task.to_string(), &before.name).await?;
    tx.commit().await?;
    Ok(true)
}
