//! Projects and their members.

use crate::{Stale, StoreError, activity, annotation, error::word};
use domain::{
    access::Role,
    id::{ProjectId, UserId},
    page::Page,
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
    activity::record(&mut *tx, id, Some(owner), "project.created", &id.to_string(), name).await?;
    tx.commit().await?;
    Ok(id)
}

/// The projects a user is a member of, by name, 500 at most.
pub async fn of_user(db: &PgPool, user: UserId) -> Result<Vec<Project>, StoreError> {
    sqlx::query(
        "select p.id, p.name, p.description, p.created_at, m.role from projects p \
         join members m on m.project_id = p.id where m.user_id = $1 and p.archived_at is null order by lower(p.name), p.id limit 500",
    )
    .bind(user.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(project)
    .collect()
}

/// A page of the projects a user is a member of, oldest first; `only` leaves one.
pub async fn page_of_user(
    db: &PgPool,
    user: UserId,
    only: Option<ProjectId>,
    after: Option<ProjectId>,
    limit: u32,
) -> Result<Page<Project>, StoreError> {
    let mut items = sqlx::query(
        "select p.id, p.name, p.description, p.created_at, m.role from projects p \
         join members m on m.project_id = p.id where m.user_id = $1 and p.archived_at is null \
         and ($2::uuid is null or p.id = $2) and ($3::uuid is null or p.id > $3) order by p.id limit $4",
    )
    .bind(user.0)
    .bind(only.map(|p| p.0))
    .bind(after.map(|p| p.0))
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?
    .iter()
    .map(project)
    .collect::<Result<Vec<_>, _>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|p| p.id.to_string());
    Ok(Page { items, next_cursor })
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
pub async fn update(db: &PgPool, id: ProjectId, by: UserId, name: &str, description: &str) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    sqlx::query("update projects set name = $2, description = $3 where id = $1")
        .bind(id.0)
        .bind(name)
        .bind(description)
        .execute(&mut *tx)
        .await?;
    activity::record(&mut *tx, id, Some(by), "project.updated", &id.to_string(), name).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts a project away: nobody sees it, nothing is deleted.
pub async fn archive(db: &PgPool, id: ProjectId, by: UserId) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let done = sqlx::query("update projects set archived_at = now() where id = $1 and archived_at is null")
        .bind(id.0)
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 1 {
        activity::record(&mut *tx, id, Some(by), "project.archived", &id.to_string(), "").await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Members, owners first, 500 at most.
pub async fn members(db: &PgPool, id: ProjectId) -> Result<Vec<Member>, StoreError> {
    let rows = sqlx::query(
        "select m.user_id, m.role, m.added_at, u.name, u.email from members m join users u on u.id = m.user_id \
         where m.project_id = $1 order by m.role = 'owner' desc, lower(u.name) limit 500",
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

/// Changes a member's role, or removes the member (`None`); false when there is no such member.
/// A project keeps at least one owner.
pub async fn set_role(
    db: &PgPool,
    id: ProjectId,
    by: UserId,
    user: UserId,
    role: Option<Role>,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    // Two owners who demote each other at the same time must not both succeed. Rows of the project are made all the same: whoever
    // makes one may hold what is changed below.
    sqlx::query("select from projects where id = $1 for no key update").bind(id.0).execute(&mut *tx).await?;
    let query = match role {
        Some(role) => sqlx::query("update members set role = $3 where project_id = $1 and user_id = $2")
            .bind(id.0)
            .bind(user.0)
            .bind(role.as_str()),
        None => sqlx::query("delete from members where project_id = $1 and user_id = $2").bind(id.0).bind(user.0),
    };
    if query.execute(&mut *tx).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let owners: i64 = sqlx::query_scalar("select count(*) from members where project_id = $1 and role = 'owner'")
        .bind(id.0)
        .fetch_one(&mut *tx)
        .await?;
    if owners == 0 {
        return Err(Stale::LastOwner.into());
    }
    if role.is_none() {
        annotation::work::let_go(&mut tx, id, user).await?;
    }
    let name: String =
        sqlx::query_scalar("select name from users where id = $1").bind(user.0).fetch_one(&mut *tx).await?;
    let verb = if role.is_some() { "member.role_changed" } else { "member.removed" };
    activity::record(&mut *tx, id, Some(by), verb, &user.to_string(), &name).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use domain::account::Email;

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_project_keeps_an_owner(db: PgPool) {
        let mut c = db.acquire().await.unwrap();
        let user = |n: usize| Email::parse(&format!("u{n}@example.org")).unwrap();
        let ada = crate::users::create(&mut c, &user(1), "Ada", "-", false).await.unwrap();
        let bob = crate::users::create(&mut c, &user(2), "Bob", "-", false).await.unwrap();
        let p = create(&db, ada, "P", "").await.unwrap();
        assert!(matches!(set_role(&db, p, ada, ada, Some(Role::Manager)).await, Err(StoreError::Stale(_))));
        assert!(matches!(set_role(&db, p, ada, ada, None).await, Err(StoreError::Stale(_))));
        assert!(!set_role(&db, p, ada, bob, Some(Role::Owner)).await.unwrap(), "a role is no way in");
        assert_eq!(members(&db, p).await.unwrap().len(), 1);
        archive(&db, p, ada).await.unwrap();
        assert!(get(&db, p, ada).await.unwrap().is_none());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn pages_follow_each_other(db: PgPool) {
        let mut c = db.acquire().await.unwrap();
        let ada =
            crate::users::create(&mut c, &Email::parse("a@example.org").unwrap(), "Ada", "-", false).await.unwrap();
        let mut made = Vec::new();
        for n in 0..3 {
            made.push(create(&db, ada, &format!("P{n}"), "").await.unwrap());
        }
        let first = page_of_user(&db, ada, None, None, 2).await.unwrap();
        let rest = page_of_user(&db, ada, None, first.next_cursor.unwrap().parse().ok(), 2).await.unwrap();
        assert_eq!(first.items.iter().chain(&rest.items).map(|p| p.id).collect::<Vec<_>>(), made);
        assert_eq!(rest.next_cursor, None);
        assert_eq!(page_of_user(&db, ada, Some(made[1]), None, 2).await.unwrap().items.len(), 1);
    }
}
