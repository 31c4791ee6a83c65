//! Throttling of sign-ins: failures are counted per key (e-mail, address) over a window, in the
//! database, so that the limit holds across replicas and restarts.

use crate::StoreError;
use sqlx::PgPool;

/// Failures within the window after which a key must wait.
pub const MAX_FAILURES: i64 = 10;
/// Length of the window.
pub const WINDOW_MINUTES: i32 = 15;

/// Whether any of the keys has failed too often lately.
pub async fn is_blocked(db: &PgPool, keys: &[String]) -> Result<bool, StoreError> {
    let worst: Option<i64> = sqlx::query_scalar(
        "select max(n) from (select count(*) n from login_failures \
         where key = any($1) and at > now() - make_interval(mins => $2) group by key) t",
    )
    .bind(keys)
    .bind(WINDOW_MINUTES)
    .fetch_one(db)
    .await?;
    Ok(worst.unwrap_or(0) >= MAX_FAILURES)
}

/// Records a failure for each key and forgets old ones.
pub async fn record(db: &PgPool, keys: &[String]) -> Result<(), StoreError> {
    sqlx::query("insert into login_failures (key) select unnest($1::text[])").bind(keys).execute(db).await?;
    sqlx::query("delete from login_failures where at < now() - make_interval(mins => $1)").bind(WINDOW_MINUTES).execute(db).await?;
    Ok(())
}

/// Forgets the failures of a key after a success.
pub async fn clear(db: &PgPool, key: &str) -> Result<(), StoreError> {
    sqlx::query("delete from login_failures where key = $1").bind(key).execute(db).await?;
    Ok(())
}
