//! Uploads that arrive in parts. The bytes lie in a file of the server that receives them; here stands how many of them
//! are known to be on its disk, so that a sender goes on there after any interruption.

use crate::{StoreError, uploads};
use domain::{
    id::{PartialUploadId, ProjectId, UploadId, UserId},
    import::Upload,
};
use sqlx::{PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

/// Days after the last part until what has come is deleted.
pub const KEPT_DAYS: i32 = 7;
/// Most unfinished uploads of one person in a project.
pub const MAX_OPEN: i64 = 50;

/// A file on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialUpload {
    pub id: PartialUploadId,
    pub project: ProjectId,
    pub by: UserId,
    pub file_name: String,
    pub size_bytes: u64,
    pub received_bytes: u64,
    /// Of the whole file, once all of it was there and its name in the artifact store known.
    pub sha256: Option<String>,
    /// The upload that it became.
    pub upload: Option<UploadId>,
    pub expires_at: OffsetDateTime,
}

const COLUMNS: &str =
    "id, project_id, created_by, file_name, size_bytes, received_bytes, sha256, upload_id, expires_at";

fn partial(row: &PgRow) -> Result<PartialUpload, StoreError> {
    Ok(PartialUpload {
        id: PartialUploadId(row.try_get("id")?),
        project: ProjectId(row.try_get("project_id")?),
        by: UserId(row.try_get("created_by")?),
        file_name: row.try_get("file_name")?,
        size_bytes: row.try_get::<i64, _>("size_bytes")?.cast_unsigned(),
        received_bytes: row.try_get::<i64, _>("received_bytes")?.cast_unsigned(),
        sha256: row.try_get("sha256")?,
        upload: row.try_get::<Option<uuid::Uuid>, _>("upload_id")?.map(UploadId),
        expires_at: row.try_get("expires_at")?,
    })
}

/// Notes a file that is to come; `None` when this person has too many on the way.
pub async fn create(
    db: &PgPool,
    project: ProjectId,
    by: UserId,
    file_name: &str,
    size_bytes: u64,
) -> Result<Option<PartialUpload>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "insert into partial_uploads (id, project_id, created_by, file_name, size_bytes, expires_at) \
         select $1, $2, $3, $4, $5, now() + make_interval(days => $6) \
         where (select count(*) from partial_uploads where project_id = $2 and created_by = $3 and upload_id is null) < $7 \
         returning {COLUMNS}"
    )))
    .bind(PartialUploadId::new().0)
    .bind(project.0)
    .bind(by.0)
    .bind(file_name)
    .bind(size_bytes.cast_signed())
    .bind(KEPT_DAYS)
    .bind(MAX_OPEN)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(partial)
    .transpose()
}

/// One of the project's files on the way, or one that has come.
pub async fn get(db: &PgPool, project: ProjectId, id: PartialUploadId) -> Result<Option<PartialUpload>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from partial_uploads where id = $1 and project_id = $2 and expires_at > now()"
    )))
    .bind(id.0)
    .bind(project.0)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(partial)
    .transpose()
}

/// Notes that so many bytes are on disk, and keeps them for another while. A name that the file had is not its name any
/// more.
pub async fn advance(db: &PgPool, id: PartialUploadId, received_bytes: u64) -> Result<(), StoreError> {
    sqlx::query(
        "update partial_uploads set received_bytes = $2, sha256 = null, expires_at = now() + make_interval(days => $3) where id = $1 and upload_id is null",
    )
    .bind(id.0)
    .bind(received_bytes.cast_signed())
    .bind(KEPT_DAYS)
    .execute(db)
    .await?;
    Ok(())
}

/// Notes the name that the whole file gets, before it gets it.
pub async fn name(db: &PgPool, id: PartialUploadId, sha256: &str) -> Result<(), StoreError> {
    sqlx::query("update partial_uploads set sha256 = $2 where id = $1").bind(id.0).bind(sha256).execute(db).await?;
    Ok(())
}

/// Makes an upload of the whole file, once; `None` where the file was given up meanwhile.
pub async fn finish(db: &PgPool, of: &PartialUpload, sha256: &str) -> Result<Option<Upload>, StoreError> {
    let mut tx = db.begin().await?;
    let done: Option<Option<uuid::Uuid>> =
        sqlx::query_scalar("select upload_id from partial_uploads where id = $1 for update")
            .bind(of.id.0)
            .fetch_optional(&mut *tx)
            .await?;
    let Some(done) = done else { return Ok(None) };
    if let Some(upload) = done {
        tx.rollback().await?;
        return uploads::get(db, of.project, UploadId(upload)).await;
    }
    let upload = uploads::insert(&mut tx, of.project, of.by, &of.file_name, sha256, of.size_bytes).await?;
    sqlx::query("update partial_uploads set upload_id = $2 where id = $1")
        .bind(of.id.0)
        .bind(upload.id.0)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Some(upload))
}

/// Forgets a file on the way; false when there is none.
pub async fn delete(db: &PgPool, project: ProjectId, id: PartialUploadId) -> Result<bool, StoreError> {
    let done = sqlx::query("delete from partial_uploads where id = $1 and project_id = $2")
        .bind(id.0)
        .bind(project.0)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets the files whose sender has not been heard of for long; their ids.
pub async fn delete_expired(db: &PgPool) -> Result<Vec<PartialUploadId>, StoreError> {
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("delete from partial_uploads where expires_at < now() returning id").fetch_all(db).await?;
    Ok(ids.into_iter().map(PartialUploadId).collect())
}

/// Files that have come whole and are no uploads yet: their server died at that moment.
pub async fn unfinished(db: &PgPool) -> Result<Vec<PartialUpload>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from partial_uploads where received_bytes = size_bytes and upload_id is null and expires_at > now()"
    )))
    .fetch_all(db)
    .await?
    .iter()
    .map(partial)
    .collect()
}

/// Whether a file of this id is known: a file on disk without it belongs to nobody.
pub async fn exists(db: &PgPool, id: PartialUploadId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("select exists (select from partial_uploads where id = $1 and upload_id is null)")
        .bind(id.0)
        .fetch_one(db)
        .await?)
}
