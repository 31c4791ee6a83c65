//! Files that people sent, waiting to become a dataset version or a model. The bytes lie in the
//! artifact store under their SHA-256.

use crate::{
    StoreError,
    artifacts::{self, Released},
    error::to_json,
};
use domain::{
    id::{ProjectId, UploadId, UserId},
    import::Upload,
    task_file::TaskFile,
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

fn upload(row: &PgRow) -> Result<Upload, StoreError> {
    Ok(Upload {
        id: UploadId(row.try_get("id")?),
        file_name: row.try_get("file_name")?,
        size_bytes: row.try_get::<i64, _>("size_bytes")?.cast_unsigned(),
        sha256: row.try_get("sha256")?,
        created_at: row.try_get("created_at")?,
    })
}

/// Notes a file whose bytes are in the artifact store.
pub async fn create(
    db: &PgPool,
    project: ProjectId,
    by: UserId,
    file_name: &str,
    sha256: &str,
    size_bytes: u64,
) -> Result<Upload, StoreError> {
    insert(&mut *db.acquire().await?, project, by, file_name, sha256, size_bytes).await
}

/// [`create`] as part of the caller's transaction.
pub(crate) async fn insert(
    db: &mut PgConnection,
    project: ProjectId,
    by: UserId,
    file_name: &str,
    sha256: &str,
    size_bytes: u64,
) -> Result<Upload, StoreError> {
    sqlx::query(
        "insert into uploads (id, project_id, file_name, size_bytes, sha256, uploaded_by) values ($1, $2, $3, $4, $5, $6) \
         returning id, file_name, size_bytes, sha256, created_at",
    )
    .bind(UploadId::new().0)
    .bind(project.0)
    .bind(file_name)
    .bind(size_bytes.cast_signed())
    .bind(sha256)
    .bind(by.0)
    .fetch_one(db)
    .await
    .map_err(StoreError::from)
    .and_then(|r| upload(&r))
}

/// A file of samples that was made of a task file.
pub struct Rendered<'a> {
    pub file_name: &'a str,
    pub sha256: &'a str,
    pub size_bytes: u64,
    pub task: &'a TaskFile,
    /// The task file and its data.
    pub from: [UploadId; 2],
}

/// [`create`] with what its task file says, which the version that is imported from it keeps.
pub async fn create_rendered(
    db: &PgPool,
    project: ProjectId,
    by: UserId,
    file: Rendered<'_>,
) -> Result<Upload, StoreError> {
    let mut tx = db.begin().await?;
    let upload = insert(&mut tx, project, by, file.file_name, file.sha256, file.size_bytes).await?;
    sqlx::query("update uploads set task = $3, rendered_from = $4 where id = $1 and project_id = $2")
        .bind(upload.id.0)
        .bind(project.0)
        .bind(to_json(file.task)?)
        .bind(file.from.map(|id| id.0).to_vec())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(upload)
}

/// One of the project's uploads.
pub async fn get(db: &PgPool, project: ProjectId, id: UploadId) -> Result<Option<Upload>, StoreError> {
    sqlx::query("select id, file_name, size_bytes, sha256, created_at from uploads where id = $1 and project_id = $2")
        .bind(id.0)
        .bind(project.0)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(upload)
        .transpose()
}

/// Deletes an upload, and says whether its bytes are needed by something else. An upload that is not there is fine: it may
/// have been deleted when its bytes could not be.
pub async fn delete(db: &PgPool, project: ProjectId, id: UploadId, sha256: &str) -> Result<Released, StoreError> {
    let mut tx = db.begin().await?;
    // First of all, as whoever stores the same content does, so that neither waits for the other.
    artifacts::lock(&mut tx, sha256).await?;
    let created_at: Option<OffsetDateTime> =
        sqlx::query_scalar("delete from uploads where id = $1 and project_id = $2 returning created_at")
            .bind(id.0)
            .bind(project.0)
            .fetch_optional(&mut *tx)
            .await?;
    artifacts::release(tx, sha256, created_at).await
}

/// The project's latest uploads, newest first.
pub async fn latest(db: &PgPool, project: ProjectId, limit: u32) -> Result<Vec<Upload>, StoreError> {
    sqlx::query(
        "select id, file_name, size_bytes, sha256, created_at from uploads where project_id = $1 order by created_at desc limit $2",
    )
    .bind(project.0)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?
    .iter()
    .map(upload)
    .collect()
}
