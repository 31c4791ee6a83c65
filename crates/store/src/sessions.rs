//! Browser sessions, as the session layer stores them and as their owner sees them.

use crate::{StoreError, error::lossy_to_json};
use domain::{id::UserId, people::SessionInfo};
use sha2::{Digest, Sha256};
use sqlx::{PgPool, Row};
use time::OffsetDateTime;

/// A session record: `data` belongs to the session layer. It may hold what a person had typed, and
/// is stored without NUL characters.
pub struct SessionRow {
    pub data: serde_json::Value,
    pub expires_at: OffsetDateTime,
}

/// Inserts a session; false when the id is taken.
pub async fn insert(db: &PgPool, id: &str, row: &SessionRow) -> Result<bool, StoreError> {
    let done = sqlx::query("insert into sessions (id, data, expires_at) values ($1, $2, $3) on conflict do nothing")
        .bind(id)
        .bind(lossy_to_json(&row.data)?)
        .bind(row.expires_at)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Inserts or replaces a session's data.
pub async fn save(db: &PgPool, id: &str, row: &SessionRow) -> Result<(), StoreError> {
    sqlx::query(
        "insert into sessions (id, data, expires_at) values ($1, $2, $3) \
         on conflict (id) do update set data = excluded.data, expires_at = excluded.expires_at",
    )
    .bind(id)
    .bind(lossy_to_json(&row.data)?)
    .bind(row.expires_at)
    .execute(db)
    .await?;
    Ok(())
}

/// A session that has not expired.
pub async fn load(db: &PgPool, id: &str) -> Result<Option<SessionRow>, StoreError> {
    let row = sqlx::query("select data, expires_at from sessions where id = $1 and expires_at > now()")
        .bind(id)
        .fetch_optional(db)
        .await?;
    row.map(|r| Ok(SessionRow { data: r.try_get("data")?, expires_at: r.try_get("expires_at")? })).transpose()
}

/// Ends a session.
pub async fn delete(db: &PgPool, id: &str) -> Result<(), StoreError> {
    sqlx::query("delete from sessions where id = $1").bind(id).execute(db).await?;
    Ok(())
}

/// Notes whose session it is and that it was used; at most one write a minute.
pub async fn touch(db: &PgPool, id: &str, user: UserId, user_agent: &str) -> Result<(), StoreError> {
    sqlx::query(
        "update sessions set user_id = $2, user_agent = left($3, 300), last_seen_at = now() \
         where id = $1 and (user_id is distinct from $2 or last_seen_at < now() - interval '1 minute')",
    )
    .bind(id)
    .bind(user.0)
    .bind(user_agent)
    .execute(db)
    .await?;
    Ok(())
}

/// A handle that names a session without revealing the cookie.
fn handle(id: &str) -> String {
    hex::encode(&Sha256::digest(id.as_bytes())[..8])
}

/// The user's sessions, most recently used first. `current` is the id of the asking one.
pub async fn of_user(db: &PgPool, user: UserId, current: Option<&str>) -> Result<Vec<SessionInfo>, StoreError> {
    let rows = sqlx::query(
        "select id, user_agent, created_at, last_seen_at from sessions \
         where user_id = $1 and expires_at > now() order by last_seen_at desc limit 100",
    )
    .bind(user.0)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            let id: String = r.try_get("id")?;
            Ok(SessionInfo {
                handle: handle(&id),
                user_agent: r.try_get("user_agent")?,
                is_current: current == Some(id.as_str()),
                created_at: r.try_get("created_at")?,
                last_seen_at: r.try_get("last_seen_at")?,
            })
        })
        .collect()
}

/// Ends one of the user's sessions by its handle; false when there is none.
pub async fn revoke(db: &PgPool, user: UserId, wanted: &str) -> Result<bool, StoreError> {
    let ids: Vec<String> =
        sqlx::query_scalar("select id from sessions where user_id = $1").bind(user.0).fetch_all(db).await?;
    let Some(id) = ids.into_iter().find(|id| handle(id) == wanted) else { return Ok(false) };
    delete(db, &id).await?;
    Ok(true)
}

/// Ends all of the user's sessions but one, as after a password change.
pub async fn revoke_others(db: &PgPool, user: UserId, keep: Option<&str>) -> Result<(), StoreError> {
    sqlx::query("delete from sessions where user_id = $1 and id is distinct from $2")
        .bind(user.0)
        .bind(keep)
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes expired sessions.
pub async fn sweep(db: &PgPool) -> Result<u64, StoreError> {
    Ok(sqlx::query("delete from sessions where expires_at < now()").execute(db).await?.rows_affected())
}
