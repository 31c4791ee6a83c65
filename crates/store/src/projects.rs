//! Projects and their members.

use crate::{StoreError, error::word};
use domain::{
    access::Role,
    id::{ProjectId, UserId},
    people::{Member, Project},
};
use sqlx::{PgPool, Row, postgres::PgRow};

fn project(row: &PgRow) -> Result<Project, StoreError> {
    Ok(Project {
        id: ProjectId(row.try_get("id")?),
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        role: word(row.try_get("role")?)?,
        created_at: row.try_get("created_at")?,
    })
}

/// Makes a project whose owner is its creator.
pub async fn create(db: &PgPool, owner: UserId, name: &str, description: &str) -> Result<ProjectId, StoreError> {
    let id = ProjectId::new();
    let mut tx = db.begin().await?;
    sqlx::query("insert into projects (id, name, description, created_by) values ($1, $2, $3, $4)")
        .bind(id.0)
        .bind(name)
        .bind(description)
        .bind(owner.0)
        .execute(&mut *tx)
        .await?;
    sqlx::query("insert into members (project_id, user_id, role) values ($1, $2, 'owner')")
        .bind(id.0)
        .bind(owner.0)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(id)
}

/// The projects a user is a member of, by name.
pub async fn of_user(db: &PgPool, user: UserId) -> Result<Vec<Project>, StoreError> {
    sqlx::query(
        "select p.id, p.name, p.description, p.created_at, m.role from projects p \
         join members m on m.project_id = p.id where m.user_id = $1 and p.archived_at is null order by lower(p.name), p.id",
    )
    .bind(user.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(project)
    .collect()
}

/// One project, with the user's role in it.
pub async fn get(db: &PgPool, id: ProjectId, user: UserId) -> Result<Option<Project>, StoreError> {
    sqlx::query(
        "select p.id, p.name, p.description, p.created_at, m.role from projects p \
         join members m on m.project_id = p.id where p.id = $1 and m.user_id = $2 and p.archived_at is null",
    )
    .bind(id.0)
    .bind(user.0)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(project)
    .transpose()
}

/// Changes name and description.
pub async fn update(db: &PgPool, id: ProjectId, name: &str, description: &str) -> Result<(), StoreError> {
    sqlx::query("update projects set name = $2, description = $3 where id = $1")
        .bind(id.0)
        .bind(name)
        .bind(description)
        .execute(db)
        .await?;
    Ok(())
}

/// Puts a project away: nobody sees it, nothing is deleted.
pub async fn archive(db: &PgPool, id: ProjectId) -> Result<(), StoreError> {
    sqlx::query("update projects set archived_at = now() where id = $1 and archived_at is null").bind(id.0).execute(db).await?;
    Ok(())
}

/// Members, owners first.
pub async fn members(db: &PgPool, id: ProjectId) -> Result<Vec<Member>, StoreError> {
    let rows = sqlx::query(
        "select m.user_id, m.role, m.added_at, u.name, u.email from members m join users u on u.id = m.user_id \
         where m.project_id = $1 order by m.role = 'owner' desc, lower(u.name)",
    )
    .bind(id.0)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Member {
                user_id: UserId(r.try_get("user_id")?),
                name: r.try_get("name")?,
                email: r.try_get("email")?,
                role: word(r.try_get("role")?)?,
                added_at: r.try_get("added_at")?,
            })
        })
        .collect()
}

/// Changes a member's role, or removes the member (`None`). A project keeps at least one owner.
pub async fn set_role(db: &PgPool, id: ProjectId, user: UserId, role: Option<Role>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    // Two owners who demote each other at the same time must not both succeed.
    sqlx::query("select from projects where id = $1 for update").bind(id.0).execute(&mut *tx).await?;
    match role {
        Some(role) => {
            sqlx::query("update members set role = $3 where project_id = $1 and user_id = $2")
                .bind(id.0)
                .bind(user.0)
                .bind(role.as_str())
                .execute(&mut *tx)
                .await?;
        }
        None => {
            sqlx::query("delete from members where project_id = $1 and user_id = $2").bind(id.0).bind(user.0).execute(&mut *tx).await?;
        }
    }
    let owners: i64 = sqlx::query_scalar("select count(*) from members where project_id = $1 and role = 'owner'")
        .bind(id.0)
        .fetch_one(&mut *tx)
        .await?;
    if owners == 0 {
        return Err(StoreError::Stale("a project needs at least one owner"));
    }
    tx.commit().await?;
    Ok(())
}
