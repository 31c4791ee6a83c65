//! API tokens: made, listed, revoked, and looked up by what a request brings.

use crate::{StoreError, error::word, secret};
use domain::{
    access::{Caller, TokenScope},
    id::{ProjectId, TokenId, UserId},
    people::TokenInfo,
};
use sqlx::{PgPool, Row};

/// Every token starts with this, so that secret scanners can find leaked ones.
pub const PREFIX: &str = "lathe_";

/// What a new token is for.
pub struct NewToken<'a> {
    pub user: UserId,
    pub name: &'a str,
    pub scope: TokenScope,
    pub project: Option<ProjectId>,
    /// Life in days, 1–366.
    pub days: i32,
}

/// Makes a token and returns its secret, which is not stored.
pub async fn create(db: &PgPool, new: NewToken<'_>) -> Result<(TokenId, String), StoreError> {
    let (text, hash) = secret::generate(PREFIX);
    let id = TokenId::new();
    sqlx::query(
        "insert into api_tokens (id, user_id, name, prefix, token_hash, scope, project_id, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(days => $8))",
    )
    .bind(id.0)
    .bind(new.user.0)
    .bind(new.name)
    .bind(&text[..PREFIX.len() + 6])
    .bind(hash)
    .bind(new.scope.as_str())
    .bind(new.project.map(|p| p.0))
    .bind(new.days.clamp(1, 366))
    .execute(db)
    .await?;
    Ok((id, text))
}

/// Who a bearer token stands for, if it is live. Notes its use, at most once a minute.
pub async fn caller(db: &PgPool, text: &str) -> Result<Option<Caller>, StoreError> {
    let row = sqlx::query(
        "select t.id, t.user_id, t.scope, t.project_id, u.is_admin, \
         coalesce(t.last_used_at < now() - interval '1 minute', true) as touch \
         from api_tokens t join users u on u.id = t.user_id \
         where t.token_hash = $1 and t.revoked_at is null and t.expires_at > now() and u.disabled_at is null",
    )
    .bind(secret::hash(text))
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.try_get("touch")? {
        let id: uuid::Uuid = row.try_get("id")?;
        sqlx::query("update api_tokens set last_used_at = now() where id = $1").bind(id).execute(db).await?;
    }
    Ok(Some(Caller {
        user_id: UserId(row.try_get("user_id")?),
        is_admin: row.try_get("is_admin")?,
        scope: Some(word(row.try_get("scope")?)?),
        only_project: row.try_get::<Option<uuid::Uuid>, _>("project_id")?.map(ProjectId),
    }))
}

/// The user's live tokens, newest first, 500 at most.
pub async fn of_user(db: &PgPool, user: UserId) -> Result<Vec<TokenInfo>, StoreError> {
    let rows = sqlx::query(
        "select id, name, prefix, scope, project_id, expires_at, last_used_at from api_tokens \
         where user_id = $1 and revoked_at is null and expires_at > now() order by created_at desc limit 500",
    )
    .bind(user.0)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(TokenInfo {
                id: TokenId(r.try_get("id")?),
                name: r.try_get("name")?,
                prefix: r.try_get("prefix")?,
                scope: word(r.try_get("scope")?)?,
                project_id: r.try_get::<Option<uuid::Uuid>, _>("project_id")?.map(ProjectId),
                expires_at: r.try_get("expires_at")?,
                last_used_at: r.try_get("last_used_at")?,
            })
        })
        .collect()
}

/// Revokes one of the user's tokens; false when there is none.
pub async fn revoke(db: &PgPool, user: UserId, id: TokenId) -> Result<bool, StoreError> {
    let done =
        sqlx::query("update api_tokens set revoked_at = now() where id = $1 and user_id = $2 and revoked_at is null")
            .bind(id.0)
            .bind(user.0)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}
