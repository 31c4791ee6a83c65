//! The list of stored files. Their bytes lie in the artifact store under their SHA-256.

use crate::StoreError;
use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction};
use time::OffsetDateTime;

/// Hours after which bytes that were stored and named by nothing are nobody's. Naming follows storing at once, but for
/// models, whose files are stored one after the other.
pub const UNNAMED_HOURS: i32 = 1;

/// Notes that the bytes are stored, or about to be. Noting them again is fine: equal content has one name. Waits while
/// the same bytes are being deleted, so that what is stored after this stays.
pub async fn record(db: &PgPool, sha256: &str, size_bytes: u64) -> Result<(), StoreError> {
    sqlx::query(
        "insert into artifacts (sha256, size_bytes) values ($1, $2) on conflict (sha256) do update set stored_at = now()",
    )
    .bind(sha256)
    .bind(size_bytes.cast_signed())
    .execute(db)
    .await?;
    Ok(())
}

/// Whether bytes are needed after somebody gave them up.
#[derive(Debug)]
pub enum Released {
    /// Something else has the same ones, or they are off the list already.
    Needed,
    /// They were stored again lately, and may be about to get another name: ask again after a while.
    Perhaps,
    /// Nobody needs them.
    Free(Unnamed),
}

/// Content that nothing names, off the list as soon as its bytes are gone. Until then nobody can store it anew.
#[derive(Debug)]
pub struct Unnamed {
    tx: Transaction<'static, Postgres>,
}

impl Unnamed {
    /// The bytes are gone. Dropped without this, they stay on the list.
    pub async fn gone(self) -> Result<(), StoreError> {
        self.tx.commit().await?;
        Ok(())
    }
}

/// Locks content against being stored anew until the transaction ends; when it was stored last, `None` where it is not on
/// the list.
pub(crate) async fn lock(tx: &mut PgConnection, sha256: &str) -> Result<Option<OffsetDateTime>, StoreError> {
    Ok(sqlx::query_scalar("select stored_at from artifacts where sha256 = $1 for update")
        .bind(sha256)
        .fetch_optional(tx)
        .await?)
}

/// Takes locked content off the list where nothing names it. `known_at` is when what named it was made, `None` where
/// nobody knows any more: whoever stored the same bytes later may be about to name them.
pub(crate) async fn release(
    mut tx: Transaction<'static, Postgres>,
    sha256: &str,
    known_at: Option<OffsetDateTime>,
) -> Result<Released, StoreError> {
    let row = sqlx::query(
        "select exists (select from uploads where sha256 = a.sha256) \
         or exists (select from model_files where sha256 = a.sha256) \
         or exists (select from tracked_files where sha256 = a.sha256) \
         or exists (select from dataset_versions where skipped_report_sha256 = a.sha256) \
         or exists (select from runs, jsonb_array_elements(coalesce(adapter, '[]')) f where f->>'sha256' = a.sha256) as needed, \
         stored_at > coalesce($2, '-infinity'::timestamptz) and stored_at > now() - make_interval(hours => $3) as perhaps \
         from artifacts a where sha256 = $1",
    )
    .bind(sha256)
    .bind(known_at)
    .bind(UNNAMED_HOURS)
    .fetch_optional(&mut *tx)
    .await?;
    let (needed, perhaps) = match row {
        Some(row) => (row.try_get("needed")?, row.try_get("perhaps")?),
        None => (true, false),
    };
    if needed || perhaps {
        tx.commit().await?;
        return Ok(if needed { Released::Needed } else { Released::Perhaps });
    }
    sqlx::query("delete from artifacts where sha256 = $1").bind(sha256).execute(&mut *tx).await?;
    Ok(Released::Free(Unnamed { tx }))
}
