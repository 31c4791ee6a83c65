//! One tracked run: made, read, changed, marked as deleted.

use super::{TrackError, experiments, load, log};
use crate::StoreError;
use domain::{
    id::{ProjectId, TrackedRunId, UserId},
    tracking::{NAME_TAG, Pair, TrackedStatus, view::TrackedRun},
};
use sqlx::{AssertSqlSafe, PgExecutor, PgPool};

/// What a new run begins with.
#[derive(Debug)]
pub struct NewTrackedRun {
    /// Number of an experiment.
    pub experiment: i32,
    /// Empty for a name of our own.
    pub name: String,
    pub user_name: String,
    /// Milliseconds since 1970.
    pub started_ms: Option<i64>,
    pub tags: Vec<Pair>,
}

/// Makes a run.
pub async fn create(
    db: &PgPool,
    project: ProjectId,
    caller: UserId,
    new: NewTrackedRun,
) -> Result<TrackedRun, TrackError> {
    experiments::must_be_active(db, project, new.experiment).await?;
    let id = TrackedRunId::new();
    let of_tag = new.tags.iter().find(|tag| tag.key == NAME_TAG).map(|tag| tag.value.clone());
    let given = Some(new.name).filter(|name| !name.is_empty()).or(of_tag);
    // The end of an id is what differs between runs of the same moment.
    let name = given.unwrap_or_else(|| format!("run-{}", &id.0.simple().to_string()[24..]));
    let mut tx = db.begin().await?;
    let made = sqlx::query(
        "insert into tracked_runs (id, experiment_id, name, user_name, started_ms, created_by) \
         select $1, e.id, $2, $3, $4, $5 from tracked_experiments e where e.project_id = $6 and e.number = $7",
    )
    .bind(id.0)
    .bind(&name)
    .bind(&new.user_name)
    .bind(new.started_ms)
    .bind(caller.0)
    .bind(project.0)
    .bind(new.experiment)
    .execute(&mut *tx)
    .await?;
    if made.rows_affected() == 0 {
        return Err(TrackError::NoExperiment(new.experiment.to_string()));
    }
    let mut tags = new.tags;
    tags.retain(|tag| tag.key != NAME_TAG);
    tags.push(Pair { key: NAME_TAG.to_owned(), value: name });
    log::set_tags(&mut tx, id, &tags).await?;
    tx.commit().await?;
    get(db, project, id).await?.ok_or_else(|| TrackError::NoRun(simple(id)))
}

/// An id as clients write it.
#[must_use]
pub fn simple(id: TrackedRunId) -> String {
    id.0.simple().to_string()
}

/// A run of the project with what it logged, deleted or not.
pub async fn get(db: &PgPool, project: ProjectId, run: TrackedRunId) -> Result<Option<TrackedRun>, StoreError> {
    let sql = format!("select {} from {} where e.project_id = $1 and r.id = $2", load::COLUMNS, load::FROM);
    let row = sqlx::query(AssertSqlSafe(sql)).bind(project.0).bind(run.0).fetch_optional(db).await?;
    let Some(row) = row else { return Ok(None) };
    let mut found = [load::bare(&row)?];
    load::fill(db, &mut found).await?;
    let [run] = found;
    Ok(Some(run))
}

/// Refuses a run that is not the project's, and one that is deleted.
pub async fn must_be_active(db: impl PgExecutor<'_>, project: ProjectId, run: TrackedRunId) -> Result<(), TrackError> {
    let is_deleted: Option<bool> = sqlx::query_scalar(
        "select (r.deleted_at is not null or e.deleted_at is not null) \
         from tracked_runs r join tracked_experiments e on e.id = r.experiment_id where e.project_id = $1 and r.id = $2",
    )
    .bind(project.0)
    .bind(run.0)
    .fetch_optional(db)
    .await?;
    match is_deleted {
        None => Err(TrackError::NoRun(simple(run))),
        Some(true) => Err(TrackError::RunDeleted(simple(run))),
        Some(false) => Ok(()),
    }
}

/// What of a run changes.
#[derive(Debug, Default)]
pub struct RunChange {
    pub status: Option<TrackedStatus>,
    /// Milliseconds since 1970.
    pub ended_ms: Option<i64>,
    pub name: Option<String>,
}

/// Changes an active run.
pub async fn update(
    db: &PgPool,
    project: ProjectId,
    run: TrackedRunId,
    change: &RunChange,
) -> Result<TrackedRun, TrackError> {
    must_be_active(db, project, run).await?;
    let mut tx = db.begin().await?;
    sqlx::query(
        "update tracked_runs set status = coalesce($2, status), ended_ms = coalesce($3, ended_ms) where id = $1",
    )
    .bind(run.0)
    .bind(change.status.map(TrackedStatus::as_str))
    .bind(change.ended_ms)
    .execute(&mut *tx)
    .await?;
    if let Some(name) = &change.name {
        log::set_tags(&mut tx, run, &[Pair { key: NAME_TAG.to_owned(), value: name.clone() }]).await?;
    }
    tx.commit().await?;
    get(db, project, run).await?.ok_or_else(|| TrackError::NoRun(simple(run)))
}

/// Marks a run of the project as deleted, or takes the mark away.
pub async fn mark(db: &PgPool, project: ProjectId, run: TrackedRunId, is_deleted: bool) -> Result<(), TrackError> {
    let done = sqlx::query(
        "update tracked_runs r set deleted_at = case when $3 then coalesce(r.deleted_at, now()) end \
         from tracked_experiments e where e.id = r.experiment_id and e.project_id = $1 and r.id = $2",
    )
    .bind(project.0)
    .bind(run.0)
    .bind(is_deleted)
    .execute(db)
    .await?;
    if done.rows_affected() == 0 { Err(TrackError::NoRun(simple(run))) } else { Ok(()) }
}
