//! Models that runs have logged. Their files lie with the run's.

use super::TrackError;
use crate::{
    StoreError,
    error::{json, word},
};
use domain::{
    id::{LoggedModelId, ProjectId, TrackedRunId},
    tracking::{ModelStatus, Pair, view::LoggedModel},
};
use sqlx::{PgPool, Row, postgres::PgRow, types::Json};
use std::collections::BTreeMap;

/// Models `m` with their runs `r` and experiments `e`.
pub(super) const SELECT: &str = "select m.*, e.number as experiment from tracked_models m \
     join tracked_runs r on r.id = m.run_id join tracked_experiments e on e.id = r.experiment_id";

/// What a client says of a new model.
#[derive(Debug)]
pub struct NewModel {
    pub run: TrackedRunId,
    /// Empty for a name of our own.
    pub name: String,
    pub model_type: String,
    pub params: Vec<Pair>,
    pub tags: Vec<Pair>,
}

/// An id as clients write it.
#[must_use]
pub fn name_of(id: LoggedModelId) -> String {
    format!("m-{}", id.0.simple())
}

fn map(pairs: &[Pair]) -> BTreeMap<&str, &str> {
    pairs.iter().map(|pair| (pair.key.as_str(), pair.value.as_str())).collect()
}

fn pairs(row: &PgRow, column: &str) -> Result<Vec<Pair>, StoreError> {
    let found: BTreeMap<String, String> = json(row.try_get(column)?)?;
    Ok(found.into_iter().map(|(key, value)| Pair { key, value }).collect())
}

pub(super) fn model(row: &PgRow) -> Result<LoggedModel, StoreError> {
    Ok(LoggedModel {
        id: LoggedModelId(row.try_get("id")?),
        run: TrackedRunId(row.try_get("run_id")?),
        experiment: row.try_get("experiment")?,
        name: row.try_get("name")?,
        model_type: row.try_get("model_type")?,
        status: word(row.try_get("status")?)?,
        params: pairs(row, "params")?,
        tags: pairs(row, "tags")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// Notes a model whose files are about to come. The caller has made sure that the run may be written to.
pub async fn create(db: &PgPool, project: ProjectId, new: &NewModel) -> Result<LoggedModel, TrackError> {
    let id = LoggedModelId::new();
    let name = if new.name.is_empty() { format!("model-{}", &name_of(id)[26..]) } else { new.name.clone() };
    sqlx::query(
        "insert into tracked_models (id, run_id, name, model_type, params, tags) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.0)
    .bind(new.run.0)
    .bind(name)
    .bind(&new.model_type)
    .bind(Json(map(&new.params)))
    .bind(Json(map(&new.tags)))
    .execute(db)
    .await?;
    get(db, project, id).await
}

/// A model of the project.
pub async fn get(db: &PgPool, project: ProjectId, id: LoggedModelId) -> Result<LoggedModel, TrackError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} where e.project_id = $1 and m.id = $2")))
        .bind(project.0)
        .bind(id.0)
        .fetch_optional(db)
        .await?;
    match row {
        Some(row) => Ok(model(&row)?),
        None => Err(TrackError::NoModel(name_of(id))),
    }
}

/// What of a model changes. Parameters and tags are added; of the same key the new ones count.
#[derive(Debug, Default)]
pub struct ModelChange {
    pub status: Option<ModelStatus>,
    pub params: Vec<Pair>,
    pub tags: Vec<Pair>,
    /// The step of its run at which it was logged.
    pub step: Option<i64>,
}

/// Changes a model of the project.
pub async fn update(
    db: &PgPool,
    project: ProjectId,
    id: LoggedModelId,
    change: &ModelChange,
) -> Result<LoggedModel, TrackError> {
    // Whether it is the project's.
    get(db, project, id).await?;
    sqlx::query(
        "update tracked_models set status = coalesce($2, status), params = params || $3, tags = tags || $4, \
         step = coalesce($5, step), updated_at = now() where id = $1",
    )
    .bind(id.0)
    .bind(change.status.map(ModelStatus::as_str))
    .bind(Json(map(&change.params)))
    .bind(Json(map(&change.tags)))
    .bind(change.step)
    .execute(db)
    .await?;
    get(db, project, id).await
}
