//! The list of stored files. Their bytes lie in the artifact store under their SHA-256.

use crate::StoreError;
use sqlx::PgPool;

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
