//! Base models and the files they consist of.

use crate::{
    StoreError, activity,
    error::{json, to_json},
};
use domain::{
    id::{ModelId, ProjectId, UserId},
    model::{Model, ModelCard, ModelFile, ModelSource},
};
use sqlx::{PgPool, Row, postgres::PgRow};

/// What registration stores, in one transaction.
pub struct NewModel<'a> {
    pub project: ProjectId,
    pub name: &'a str,
    pub source: &'a ModelSource,
    pub card: &'a ModelCard,
    pub files: &'a [ModelFile],
    pub by: UserId,
}

const COLUMNS: &str = "select m.id, m.name, m.source, m.card, m.created_at, u.name as created_by, \
     (select count(*) from runs r where r.model_id = m.id) as runs \
     from models m join users u on u.id = m.created_by";

fn model(row: &PgRow) -> Result<Model, StoreError> {
    Ok(Model {
        id: ModelId(row.try_get("id")?),
        name: row.try_get("name")?,
        source: json(row.try_get("source")?)?,
        card: json(row.try_get("card")?)?,
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
        runs: row.try_get("runs")?,
    })
}

/// Stores a model with its files, whose artifacts exist already.
pub async fn create(db: &PgPool, new: NewModel<'_>) -> Result<ModelId, StoreError> {
    let id = ModelId::new();
    let mut tx = db.begin().await?;
    sqlx::query("insert into models (id, project_id, name, source, card, created_by) values ($1, $2, $3, $4, $5, $6)")
        .bind(id.0)
        .bind(new.project.0)
        .bind(new.name)
        .bind(to_json(new.source)?)
        .bind(to_json(new.card)?)
        .bind(new.by.0)
        .execute(&mut *tx)
        .await?;
    for file in new.files {
        sqlx::query("insert into model_files (model_id, path, sha256) values ($1, $2, $3)")
            .bind(id.0)
            .bind(&file.path)
            .bind(&file.sha256)
            .execute(&mut *tx)
            .await?;
    }
    activity::record(&mut *tx, new.project, Some(new.by), "model.registered", &id.to_string(), new.name).await?;
    tx.commit().await?;
    Ok(id)
}

/// A project's models, newest first. Few enough to show at once: the 500 latest.
pub async fn list(db: &PgPool, project: ProjectId) -> Result<Vec<Model>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "{COLUMNS} where m.project_id = $1 and m.archived_at is null order by m.created_at desc, m.id limit 500"
    )))
    .bind(project.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(model)
    .collect()
}

/// One model of the project, archived ones included, since old runs name them.
pub async fn get(db: &PgPool, project: ProjectId, id: ModelId) -> Result<Option<Model>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} where m.project_id = $1 and m.id = $2")))
        .bind(project.0)
        .bind(id.0)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(model)
        .transpose()
}

/// The model's files, by path.
pub async fn files(db: &PgPool, id: ModelId) -> Result<Vec<ModelFile>, StoreError> {
    let rows = sqlx::query(
        "select f.path, f.sha256, a.size_bytes from model_files f join artifacts a using (sha256) \
         where f.model_id = $1 order by f.path",
    )
    .bind(id.0)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(ModelFile {
                path: r.try_get("path")?,
                sha256: r.try_get("sha256")?,
                size_bytes: r.try_get::<i64, _>("size_bytes")?.unsigned_abs(),
            })
        })
        .collect()
}

/// Takes a model out of lists and forms; its runs keep it. False when there is none.
pub async fn archive(db: &PgPool, project: ProjectId, id: ModelId) -> Result<bool, StoreError> {
    let done =
        sqlx::query("update models set archived_at = now() where id = $1 and project_id = $2 and archived_at is null")
            .bind(id.0)
            .bind(project.0)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}
