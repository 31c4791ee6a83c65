//! Invitation links. The first one of an installation makes its administrator.

use crate::{Stale, StoreError, error::word, secret};
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
         where project_id = $1 and accepted_at is null and expires_at > now() order by created_at desc limit 500",
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

/// Who accepts an invitation.
pub enum Guest<'a> {
    /// Somebody with an account, who has proved to own it.
    Member(UserId),
    /// Somebody new. The invitation's address, where it has one, goes before `email`.
    New { email: &'a Email, name: &'a str, password_hash: &'a str },
}

/// What accepting led to.
#[derive(Debug)]
pub struct Accepted {
    pub user: UserId,
    pub project: Option<ProjectId>,
}

struct Claimed {
    id: InvitationId,
    is_setup: bool,
    /// Empty: any address.
    email: String,
    membership: Option<(ProjectId, Role)>,
}

/// Accepts an invitation: account, membership and the record of it in one transaction. `None`
/// when the link is not good any more.
pub async fn accept(db: &PgPool, text: &str, guest: Guest<'_>) -> Result<Option<Accepted>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(claimed) = claim(&mut tx, text).await? else { return Ok(None) };
    let user = match guest {
        Guest::Member(user) => {
            check_address(&mut tx, &claimed, user).await?;
            user
        }
        Guest::New { email, name, password_hash } => {
            let fixed = Email::parse(&claimed.email).ok();
            crate::users::create(&mut tx, fixed.as_ref().unwrap_or(email), name, password_hash, claimed.is_setup)
                .await?
        }
    };
    complete(&mut tx, &claimed, user).await?;
    tx.commit().await?;
    Ok(Some(Accepted { user, project: claimed.membership.map(|(project, _)| project) }))
}

/// Takes an invitation: of two who try, one gets it. A set-up link is void once there is an
/// administrator, and needs a new account.
async fn claim(tx: &mut PgConnection, text: &str) -> Result<Option<Claimed>, StoreError> {
    // Of several set-up links at once only one may make the administrator.
    sqlx::query("lock table users in share row exclusive mode").execute(&mut *tx).await?;
    let row = sqlx::query(
        "update invitations i set accepted_at = now() where token_hash = $1 and accepted_at is null and expires_at > now() \
         and not (is_setup and exists (select from users where is_admin)) \
         and not exists (select from projects p where p.id = i.project_id and p.archived_at is not null) \
         returning id, is_setup, email, project_id, role",
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

/// An invitation to one address is not for another person's account.
async fn check_address(tx: &mut PgConnection, claimed: &Claimed, user: UserId) -> Result<(), StoreError> {
    let email: String = sqlx::query_scalar("select email from users where id = $1").bind(user.0).fetch_one(tx).await?;
    if claimed.is_setup || !(claimed.email.is_empty() || claimed.email == email) {
        return Err(Stale::OtherAddress.into());
    }
    Ok(())
}

/// Notes who accepted, and makes the membership the invitation promised. Whoever is a member
/// already keeps their role.
async fn complete(tx: &mut PgConnection, claimed: &Claimed, user: UserId) -> Result<(), StoreError> {
    sqlx::query("update invitations set accepted_by = $2 where id = $1")
        .bind(claimed.id.0)
        .bind(user.0)
        .execute(&mut *tx)
        .await?;
    let Some((project, role)) = claimed.membership else { return Ok(()) };
    let done =
        sqlx::query("insert into members (project_id, user_id, role) values ($1, $2, $3) on conflict do nothing")
            .bind(project.0)
            .bind(user.0)
            .bind(role.as_str())
            .execute(&mut *tx)
            .await?;
    if done.rows_affected() == 1 {
        crate::activity::record(&mut *tx, project, Some(user), "member.joined", &user.to_string(), role.as_str())
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn ada() -> Email {
        Email::parse("ada@example.org").unwrap()
    }

    async fn set_up(db: &PgPool) -> UserId {
        let link = create_setup(db).await.unwrap().unwrap();
        let guest = Guest::New { email: &ada(), name: "Ada", password_hash: "-" };
        accept(db, &link, guest).await.unwrap().unwrap().user
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn one_set_up_link_makes_one_administrator(db: PgPool) {
        let link = create_setup(&db).await.unwrap().unwrap();
        let email = Email::parse("eve@example.org").unwrap();
        let newer = create_setup(&db).await.unwrap().unwrap();
        assert!(offer(&db, &link).await.unwrap().is_none(), "a newer link replaces an older one");
        let guest = || Guest::New { email: &email, name: "Eve", password_hash: "-" };
        let eve = accept(&db, &newer, guest()).await.unwrap().unwrap().user;
        assert!(crate::users::get(&db, eve).await.unwrap().unwrap().is_admin);
        assert!(accept(&db, &newer, guest()).await.unwrap().is_none());
        assert!(create_setup(&db).await.unwrap().is_none());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn an_invitation_makes_a_member_once(db: PgPool) {
        let owner = set_up(&db).await;
        let project = crate::projects::create(&db, owner, "P", "").await.unwrap();
        let bob = Email::parse("bob@example.org").unwrap();
        let link = create(&db, owner, project, Role::Annotator, Some(&bob)).await.unwrap();
        assert!(matches!(accept(&db, &link, Guest::Member(owner)).await, Err(StoreError::Stale(_))));
        let other = Email::parse("other@example.org").unwrap();
        let guest = Guest::New { email: &other, name: "Bob", password_hash: "-" };
        let user = accept(&db, &link, guest).await.unwrap().unwrap().user;
        assert_eq!(crate::users::get(&db, user).await.unwrap().unwrap().email, "bob@example.org");
        assert_eq!(crate::users::role(&db, user, project).await.unwrap(), Some(Role::Annotator));
        assert!(offer(&db, &link).await.unwrap().is_none());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn withdrawn_and_archived_invitations_are_void(db: PgPool) {
        let owner = set_up(&db).await;
        let project = crate::projects::create(&db, owner, "P", "").await.unwrap();
        let link = create(&db, owner, project, Role::Manager, None).await.unwrap();
        let id = of_project(&db, project).await.unwrap()[0].id;
        assert!(withdraw(&db, project, id).await.unwrap());
        assert!(accept(&db, &link, Guest::Member(owner)).await.unwrap().is_none());
        let link = create(&db, owner, project, Role::Manager, None).await.unwrap();
        crate::projects::archive(&db, project, owner).await.unwrap();
        assert!(accept(&db, &link, Guest::Member(owner)).await.unwrap().is_none());
    }
}
