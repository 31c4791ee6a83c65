//! The list of stored files. Their bytes lie in the artifact store under their SHA-256.

use crate::StoreError;
use sqlx::{PgConnection, PgPool};

/// Notes that the bytes are stored. Noting them again is fine: equal content has one name.
pub async fn record(db: &PgPool, sha256: &str, size_bytes: u64) -> Result<(), StoreError> {
    sqlx::query("insert into artifacts (sha256, size_bytes) values ($1, $2) on conflict do nothing")
        .bind(sha256)
        .bind(size_bytes.cast_signed())
        .execute(db)
        .await?;
    Ok(())
}

/// Size in bytes of a stored file.
pub async fn size_bytes(db: &PgPool, sha256: &str) -> Result<Option<u64>, StoreError> {
    let size: Option<i64> = sqlx::query_scalar("select size_bytes from artifacts where sha256 = $1")
        .bind(sha256)
        .fetch_optional(db)
        .await?;
    Ok(size.map(i64::cast_unsigned))
}

/// Takes files off the list that nothing has: no upload, model, report or adapter. Their bytes are the caller's to remove.
pub(crate) async fn drop_unused(db: &mut PgConnection, hashes: &[String]) -> Result<(), StoreError> {
    sqlx::query(
        "delete from artifacts a where sha256 = any($1) and not exists (select from uploads where sha256 = a.sha256) \
         and not exists (select from model_files where sha256 = a.sha256) \
         and not exists (select from dataset_versions where skipped_report_sha256 = a.sha256) \
         and not exists (select from runs, jsonb_array_elements(coalesce(adapter, '[]')) f where f->>'sha256' = a.sha256)",
    )
    .bind(hashes)
    .execute(db)
    .await?;
    Ok(())
}
