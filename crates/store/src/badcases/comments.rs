//! What people say about a bad case, and whom they name.

use crate::{StoreError, projects};
use domain::{
    badcase::{
        mention::mentioned,
        view::{CaseComment, CaseMention},
    },
    id::{BadCaseId, ProjectId, UserId},
};
use sqlx::{PgPool, Row, postgres::PgRow};

fn comment(row: &PgRow) -> Result<CaseComment, StoreError> {
    Ok(CaseComment {
        id: row.try_get("id")?,
        author_id: row.try_get::<Option<uuid::Uuid>, _>("author_id")?.map(UserId),
        author: row.try_get("author")?,
        body: row.try_get("body")?,
        created_at: row.try_get("created_at")?,
    })
}

/// The comments on a bad case, oldest first, 500 at most.
pub async fn list(db: &PgPool, project: ProjectId, case: BadCaseId) -> Result<Vec<CaseComment>, StoreError> {
    sqlx::query(
        "select c.id, c.author_id, u.name as author, c.body, c.created_at from bad_case_comments c \
         join bad_cases b on b.id = c.bad_case_id left join users u on u.id = c.author_id \
         where b.project_id = $1 and b.id = $2 order by c.id limit 500",
    )
    .bind(project.0)
    .bind(case.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(comment)
    .collect()
}

/// Adds a comment; members whom it names find it among their mentions. `None` when the project has no such bad case.
pub async fn add(
    db: &PgPool,
    project: ProjectId,
    case: BadCaseId,
    author: UserId,
    body: &str,
) -> Result<Option<CaseComment>, StoreError> {
    let members: Vec<(UserId, String)> =
        projects::members(db, project).await?.into_iter().map(|m| (m.user_id, m.name)).collect();
    let named: Vec<uuid::Uuid> = mentioned(body, &members).into_iter().map(|user| user.0).collect();
    let mut tx = db.begin().await?;
    let row = sqlx::query(
        "with made as (insert into bad_case_comments (bad_case_id, author_id, body) \
            select id, $3, $4 from bad_cases where id = $2 and project_id = $1 returning *) \
         select made.id, made.author_id, u.name as author, made.body, made.created_at from made left join users u on u.id = made.author_id",
    )
    .bind(project.0)
    .bind(case.0)
    .bind(author.0)
    .bind(body)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let made = comment(&row)?;
    sqlx::query("insert into bad_case_mentions (comment_id, user_id) select $1, * from unnest($2::uuid[])")
        .bind(made.id)
        .bind(named)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Some(made))
}

/// Comments of the project that name somebody: those not seen first, then the newest, 50 at most.
pub async fn mentions(db: &PgPool, project: ProjectId, user: UserId) -> Result<Vec<CaseMention>, StoreError> {
    sqlx::query(
        "select c.id, c.author_id, u.name as author, c.body, c.created_at, c.bad_case_id, m.seen_at is not null as seen \
         from bad_case_mentions m join bad_case_comments c on c.id = m.comment_id join bad_cases b on b.id = c.bad_case_id \
         left join users u on u.id = c.author_id where b.project_id = $1 and m.user_id = $2 \
         order by m.seen_at is not null, c.id desc limit 50",
    )
    .bind(project.0)
    .bind(user.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        Ok(CaseMention {
            bad_case_id: BadCaseId(row.try_get("bad_case_id")?),
            comment: comment(row)?,
            seen: row.try_get("seen")?,
        })
    })
    .collect()
}

/// Notes that somebody has seen what names them on a bad case.
pub async fn see(db: &PgPool, project: ProjectId, case: BadCaseId, user: UserId) -> Result<(), StoreError> {
    sqlx::query(
        "update bad_case_mentions m set seen_at = now() from bad_case_comments c join bad_cases b on b.id = c.bad_case_id \
         where c.id = m.comment_id and b.project_id = $1 and b.id = $2 and m.user_id = $3 and m.seen_at is null",
    )
    .bind(project.0)
    .bind(case.0)
    .bind(user.0)
    .execute(db)
    .await?;
    Ok(())
}
