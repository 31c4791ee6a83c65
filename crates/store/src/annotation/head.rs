//! What of a task its results need: its questions, version and guideline.

use crate::{
    StoreError,
    error::{json, word},
};
use domain::{
    access::{Action, Role, permits},
    annotation::{TaskStatus, design::Design},
    id::{ProjectId, TaskId, UserId, VersionId},
};
use sqlx::{PgPool, Row};

pub(super) struct Head {
    pub(super) id: TaskId,
    pub(super) name: String,
    pub(super) design: Design,
    pub(super) version: VersionId,
    pub(super) status: TaskStatus,
    pub(super) guideline_revision: i32,
}

pub(super) async fn head(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Option<Head>, StoreError> {
    let row = sqlx::query(
        "select name, design, version_id, status, guideline_revision from annotation_tasks where id = $1 and project_id = $2",
    )
    .bind(task.0)
    .bind(project.0)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Head {
        id: task,
        name: row.try_get("name")?,
        design: json(row.try_get("design")?)?,
        version: VersionId(row.try_get("version_id")?),
        status: word(row.try_get("status")?)?,
        guideline_revision: row.try_get("guideline_revision")?,
    }))
}

/// Whether somebody with this role reviews and adjudicates a task: its reviewers; where none is named, whoever may edit
/// datasets.
pub(super) async fn is_reviewer(db: &PgPool, task: TaskId, user: UserId, role: Role) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "select count(*) > 0 as named, coalesce(bool_or(user_id = $2), false) as me from annotation_people \
         where task_id = $1 and part = 'reviewer'",
    )
    .bind(task.0)
    .bind(user.0)
    .fetch_one(db)
    .await?;
    let (named, me): (bool, bool) = (row.try_get("named")?, row.try_get("me")?);
    Ok(if named { me } else { permits(Some(role), None, Action::EditDatasets) })
}
