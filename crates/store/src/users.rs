//! Accounts.

use crate::{StoreError, error::word};
use domain::{account::Email, id::UserId, people::Person};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};

fn person(row: &PgRow) -> Result<Person, StoreError> {
    Ok(Person {
        id: UserId(row.try_get("id")?),
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        is_admin: row.try_get("is_admin")?,
    })
}

/// Makes an account. `password_hash` is an argon2id PHC string.
pub async fn create(
    db: &mut PgConnection,
    email: &Email,
    name: &str,
    password_hash: &str,
    is_admin: bool,
) -> Result<UserId, StoreError> {
    let id = UserId::new();
    sqlx::query("insert into users (id, email, name, password_hash, is_admin) values ($1, $2, $3, $4, $5)")
        .bind(id.0)
        .bind(email.as_str())
        .bind(name)
        .bind(password_hash)
        .bind(is_admin)
        .execute(db)
        .await
        .map_err(StoreError::taken("an account with this e-mail address"))?;
    Ok(id)
}

/// An active account by id.
pub async fn get(db: &PgPool, id: UserId) -> Result<Option<Person>, StoreError> {
    sqlx::query("select id, name, email, is_admin from users where id = $1 and disabled_at is null")
        .bind(id.0)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(person)
        .transpose()
}

/// An active account and its password hash, for signing in.
pub async fn credentials(db: &PgPool, email: &Email) -> Result<Option<(UserId, String)>, StoreError> {
    let row: Option<(uuid::Uuid, String)> =
        sqlx::query_as("select id, password_hash from users where email = $1 and disabled_at is null")
            .bind(email.as_str())
            .fetch_optional(db)
            .await?;
    Ok(row.map(|(id, hash)| (UserId(id), hash)))
}

/// The password hash of an active account.
pub async fn password_hash(db: &PgPool, id: UserId) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("select password_hash from users where id = $1 and disabled_at is null")
        .bind(id.0)
        .fetch_optional(db)
        .await?)
}

/// Replaces the password hash.
pub async fn set_password_hash(db: &PgPool, id: UserId, hash: &str) -> Result<(), StoreError> {
    sqlx::query("update users set password_hash = $2 where id = $1").bind(id.0).bind(hash).execute(db).await?;
    Ok(())
}

/// Changes the name others see.
pub async fn rename(db: &PgPool, id: UserId, name: &str) -> Result<(), StoreError> {
    sqlx::query("update users set name = $2 where id = $1").bind(id.0).bind(name).execute(db).await?;
    Ok(())
}

/// Whether the installation has an administrator.
pub async fn any_admin(db: &PgPool) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("select exists (select from users where is_admin and disabled_at is null)")
        .fetch_one(db)
        .await?)
}

/// The role of a user in a project that is not archived.
pub async fn role(
    db: &PgPool,
    id: UserId,
    project: domain::id::ProjectId,
) -> Result<Option<domain::access::Role>, StoreError> {
    let text: Option<String> = sqlx::query_scalar(
        "select m.role from members m join projects p on p.id = m.project_id \
         where m.user_id = $1 and m.project_id = $2 and p.archived_at is null",
    )
    .bind(id.0)
    .bind(project.0)
    .fetch_optional(db)
    .await?;
    text.as_deref().map(word).transpose()
}
