//! What of a task its results need: its questions, version and guideline.

use crate::{
    StoreError,
    error::{json, word},
};
use domain::{
    annotation::{TaskStatus, design::Design},
    id::{ProjectId, TaskId, VersionId},
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
