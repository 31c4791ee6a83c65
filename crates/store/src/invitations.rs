//! Invitation links. The first one of an installation makes its administrator.

use crate::{StoreError, error::word, secret};
use domain::{
    access::Role,
    account::Email,
    id::{InvitationId, ProjectId, UserId},
    people::{Invitation, InvitationOffer},
};
use sqlx::{PgConnection, PgPool, Row};

/// Days an invitation link is good for.
pub const LIFE_DAYS: i32 = 7;

/// A fresh one-time set-up link secret; older ones stop working. `None` when there is an administrator already.
pub async fn create_setup(db: &PgPool) -> Result<Option<String>, StoreError> {
    if crate::users::any_admin(db).await? {
        return Ok(None);
    }
    let (text, hash) = secret::generate("");
    let mut tx = db.begin().await?;
    sqlx::query("delete from invitations where is_setup and accepted_at is null").execute(&mut *tx).await?;
    sqlx::query("insert into invitations (id, token_hash, is_setup, expires_at) values ($1, $2, true, now() + interval '1 day')")
        .bind(InvitationId::new().0)
        .bind(hash)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Some(text))
}

/// Invites into a project; returns the link's secret.
pub async fn create(
    db: &PgPool,
    by: UserId,
    project: ProjectId,
    role: Role,
    email: Option<&Email>,
) -> Result<String, StoreError> {
    let (text, hash) = secret::generate("");
    sqlx::query(
        "insert into invitations (id, token_hash, email, project_id, role, invited_by, expires_at) \
         values ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7))",
    )
    .bind(InvitationId::new().0)
    .bind(hash)
    .bind(email.map_or("", Email::as_str))
    .bind(project.0)
    .bind(role.as_str())
    .bind(by.0)
    .bind(LIFE_DAYS)
    .execute(db)
    .await?;
    Ok(text)
}

/// A project's open invitations, newest first.
pub async fn of_project(db: &PgPool, project: ProjectId) -> Result<Vec<Invitation>, StoreError> {
    let rows = sqlx::query(
        "select id, email, role, expires_at from invitations \
         where project_id = $1 and accepted_at is null and expires_at > now() order by created_at desc",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Invitation {
                id: InvitationId(r.try_get("id")?),
                email: r.try_get("email")?,
                role: r.try_get::<Option<&str>, _>("role")?.map(word).transpose()?,
                expires_at: r.try_get("expires_at")?,
            })
        })
        .collect()
}

/// Withdraws an open invitation; false when there is none.
pub async fn withdraw(db: &PgPool, project: ProjectId, id: InvitationId) -> Result<bool, StoreError> {
    let done = sqlx::query("delete from invitations where id = $1 and project_id = $2 and accepted_at is null")
        .bind(id.0)
        .bind(project.0)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// What a link offers, if it is still good.
pub async fn offer(db: &PgPool, text: &str) -> Result<Option<InvitationOffer>, StoreError> {
    let row = sqlx::query(
        "select i.is_setup, i.email, i.role, p.name as project, \
         exists (select from users u where u.email = i.email) as has_account \
         from invitations i left join projects p on p.id = i.project_id \
         where i.token_hash = $1 and i.accepted_at is null and i.expires_at > now() and p.archived_at is null",
    )
    .bind(secret::hash(text))
    .fetch_optional(db)
    .await?;
    row.map(|r| {
        Ok(InvitationOffer {
            is_setup: r.try_get("is_setup")?,
            email: r.try_get("email")?,
            project: r.try_get("project")?,
            role: r.try_get::<Option<&str>, _>("role")?.map(word).transpose()?,
            has_account: r.try_get("has_account")?,
        })
    })
    .transpose()
}

/// An invitation taken by [`claim`].
pub struct Claimed {
    pub id: InvitationId,
    pub is_setup: bool,
    /// Empty: any address.
    pub email: String,
    pub membership: Option<(ProjectId, Role)>,
}

/// Takes an invitation inside the caller's transaction: of two who try, one gets it.
/// A set-up link is void once there is an administrator.
pub async fn claim(tx: &mut PgConnection, text: &str) -> Result<Option<Claimed>, StoreError> {
    let row = sqlx::query(
        "update invitations set accepted_at = now() where token_hash = $1 and accepted_at is null and expires_at > now() \
         and not (is_setup and exists (select from users where is_admin)) returning id, is_setup, email, project_id, role",
    )
    .bind(secret::hash(text))
    .fetch_optional(tx)
    .await?;
    let Some(r) = row else { return Ok(None) };
    let project: Option<uuid::Uuid> = r.try_get("project_id")?;
    let role: Option<Role> = r.try_get::<Option<&str>, _>("role")?.map(word).transpose()?;
    Ok(Some(Claimed {
        id: InvitationId(r.try_get("id")?),
        is_setup: r.try_get("is_setup")?,
        email: r.try_get("email")?,
        membership: project.map(ProjectId).zip(role),
    }))
}

/// Notes who accepted, and makes the membership the invitation promised. Accepting twice, or as
/// a member already, leaves the higher standing untouched.
pub async fn complete(tx: &mut PgConnection, claimed: &Claimed, user: UserId) -> Result<(), StoreError> {
    sqlx::query("update invitations set accepted_by = $2 where id = $1").bind(claimed.id.0).bind(user.0).execute(&mut *tx).await?;
    if let Some((project, role)) = claimed.membership {
        sqlx::query("insert into members (project_id, user_id, role) values ($1, $2, $3) on conflict do nothing")
            .bind(project.0)
            .bind(user.0)
            .bind(role.as_str())
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
