//! What happened in a project: an append-only record.

use crate::StoreError;
use domain::{
    id::{ProjectId, UserId},
    people::ActivityEntry,
};
use sqlx::{PgExecutor, PgPool, Row};

/// Records that `user` did `verb` to an object. Takes any executor, so that the record is part of
/// the transaction that did it.
pub async fn record<'e>(
    db: impl PgExecutor<'e>,
    project: ProjectId,
    user: Option<UserId>,
    verb: &str,
    object_id: &str,
    object_name: &str,
) -> Result<(), StoreError> {
    sqlx::query("insert into activity (project_id, user_id, verb, object_id, object_name) values ($1, $2, $3, $4, $5)")
        .bind(project.0)
        .bind(user.map(|u| u.0))
        .bind(verb)
        .bind(object_id)
        .bind(object_name)
        .execute(db)
        .await?;
    Ok(())
}

/// The latest entries, newest first.
pub async fn latest(db: &PgPool, project: ProjectId, limit: i64) -> Result<Vec<ActivityEntry>, StoreError> {
    let rows = sqlx::query(
        "select a.id, u.name as person, a.verb, a.object_id, a.object_name, a.at from activity a \
         left join users u on u.id = a.user_id where a.project_id = $1 order by a.id desc limit $2",
    )
    .bind(project.0)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(ActivityEntry {
                id: r.try_get("id")?,
                person: r.try_get("person")?,
                verb: r.try_get("verb")?,
                object_id: r.try_get("object_id")?,
                object_name: r.try_get("object_name")?,
                at: r.try_get("at")?,
            })
        })
        .collect()
}
