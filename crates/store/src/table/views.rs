//! Views of the run table that are kept under a name.

use crate::{Stale, StoreError, activity, error::to_json};
use domain::{
    id::{ProjectId, UserId, ViewId},
    table::{NewView, SavedView, TableView},
};
use sqlx::{AssertSqlSafe, PgPool, Row, postgres::PgRow};

/// Views of one project that a person sees, at most.
const MOST: i64 = 200;

/// What [`view`] reads; `$2` is the reader.
const SELECT: &str = "select v.id, v.name, v.is_shared, v.state, v.revision, u.name as person, v.created_by = $2 as is_own, v.updated_at \
     from table_views v join users u on u.id = v.created_by where v.project_id = $1";

/// A person's own views and those that are shared, by name.
pub async fn list(db: &PgPool, project: ProjectId, reader: UserId) -> Result<Vec<SavedView>, StoreError> {
    let sql = format!("{SELECT} and (v.is_shared or v.created_by = $2) order by lower(v.name), v.id limit {MOST}");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(project.0).bind(reader.0).fetch_all(db).await?;
    rows.iter().map(view).collect()
}

/// A view of the project. Its id is its link: whoever has it may open it, shared or not.
pub async fn get(db: &PgPool, project: ProjectId, id: ViewId, reader: UserId) -> Result<Option<SavedView>, StoreError> {
    let sql = format!("{SELECT} and v.id = $3");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(project.0).bind(reader.0).bind(id.0).fetch_optional(db).await?;
    row.as_ref().map(view).transpose()
}

fn view(row: &PgRow) -> Result<SavedView, StoreError> {
    let state: serde_json::Value = row.try_get("state")?;
    Ok(SavedView {
        id: ViewId(row.try_get("id")?),
        name: row.try_get("name")?,
        is_shared: row.try_get("is_shared")?,
        // What another version of the server has kept may say more than this one knows.
        state: serde_json::from_value::<TableView>(state).unwrap_or_default(),
        revision: row.try_get("revision")?,
        created_by: row.try_get("person")?,
        is_own: row.try_get("is_own")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// Keeps a view. A name that is taken is [`StoreError::Taken`], unless the view says which revision of it to overwrite: the one that
/// is there, of a view that is `by`'s, or of anybody's for an owner; else [`Stale::EditedMeanwhile`].
pub async fn save(
    db: &PgPool,
    project: ProjectId,
    new: &NewView,
    by: UserId,
    is_owner: bool,
) -> Result<ViewId, StoreError> {
    let mut tx = db.begin().await?;
    let state = to_json(&new.state)?;
    let id = match new.overwrites {
        None => {
            let id = ViewId::new();
            sqlx::query(
                "insert into table_views (id, project_id, name, is_shared, state, created_by, updated_by) values ($1, $2, $3, $4, $5, $6, $6)",
            )
            .bind(id.0)
            .bind(project.0)
            .bind(&new.name)
            .bind(new.is_shared)
            .bind(state)
            .bind(by.0)
            .execute(&mut *tx)
            .await
            .map_err(StoreError::taken("a view of this name"))?;
            id
        }
        Some(revision) => {
            let id: Option<uuid::Uuid> = sqlx::query_scalar(
                "update table_views set state = $4, revision = revision + 1, updated_by = $5, updated_at = now() \
                 where project_id = $1 and name = $2 and is_shared = $3 and (created_by = $5 or is_shared and $7) and revision = $6 returning id",
            )
            .bind(project.0)
            .bind(&new.name)
            .bind(new.is_shared)
            .bind(state)
            .bind(by.0)
            .bind(revision)
            .bind(is_owner)
            .fetch_optional(&mut *tx)
            .await?;
            ViewId(id.ok_or(Stale::EditedMeanwhile)?)
        }
    };
    if new.is_shared {
        activity::record(&mut *tx, project, Some(by), "table_view.saved", &id.to_string(), &new.name).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Deletes a view of `by`'s, or a shared one of anybody's for an owner; false when there is none.
pub async fn delete(
    db: &PgPool,
    project: ProjectId,
    id: ViewId,
    by: UserId,
    is_owner: bool,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "delete from table_views where project_id = $1 and id = $2 and (created_by = $3 or is_shared and $4)",
    )
    .bind(project.0)
    .bind(id.0)
    .bind(by.0)
    .bind(is_owner)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
