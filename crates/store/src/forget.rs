//! Forgetting rows: [`find`] says what holds some texts, [`erase`] makes it say nothing any more, in one transaction.
//! The texts themselves are never stored.

mod busy;
mod derived;
mod erase;
mod find;
mod judged;
mod reports;
mod said;
mod scores;
mod tabled;
mod texts;

pub use busy::HARMLESS;
pub use erase::{EraseError, erase};
pub use find::find;

use crate::StoreError;
use domain::{
    forget::{ForgetFile, Forgetting},
    id::{ProjectId, RunId, UploadId, VersionId},
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

/// How often rows of this version's project were forgotten.
pub(crate) async fn times(db: &mut PgConnection, version: VersionId) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "select count(*) from forgettings f join datasets d on d.project_id = f.project_id \
         join dataset_versions v on v.dataset_id = d.id where v.id = $1",
    )
    .bind(version.0)
    .fetch_one(db)
    .await?)
}

/// Waits until nobody forgets rows of this version's project, and has those wait who begin before the transaction ends.
/// Whoever wrote down what they had read before asks [`times`] then, and drops it where rows were forgotten since.
pub(crate) async fn hold_off(tx: &mut PgConnection, version: VersionId) -> Result<(), StoreError> {
    sqlx::query(
        "select from projects p join datasets d on d.project_id = p.id join dataset_versions v on v.dataset_id = d.id \
         where v.id = $1 for key share of p",
    )
    .bind(version.0)
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgettings that are listed.
const LISTED: i64 = 100;

fn file(row: &PgRow) -> Result<ForgetFile, StoreError> {
    Ok(ForgetFile {
        upload_id: UploadId(row.try_get("id")?),
        file_name: row.try_get("file_name")?,
        size_bytes: row.try_get::<i64, _>("size_bytes")?.cast_unsigned(),
        sha256: row.try_get("sha256")?,
    })
}

/// What was forgotten in a project, newest first, at most 100.
pub async fn list(db: &PgPool, project: ProjectId) -> Result<Vec<Forgetting>, StoreError> {
    let rows = sqlx::query(
        "select f.id, f.at, f.samples, f.files, u.name as by_name, \
         (select count(*) from run_forgettings r where r.forgetting_id = f.id) as runs \
         from forgettings f left join users u on u.id = f.by_id where f.project_id = $1 order by f.at desc limit $2",
    )
    .bind(project.0)
    .bind(LISTED)
    .fetch_all(db)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let hashes: Vec<String> = row.try_get("files")?;
        found.push(Forgetting {
            id: row.try_get("id")?,
            by: row.try_get("by_name")?,
            at: row.try_get("at")?,
            samples: row.try_get::<i64, _>("samples")?.cast_unsigned(),
            runs: row.try_get::<i64, _>("runs")?.cast_unsigned(),
            files: uploads(db, project, &hashes).await?,
        });
    }
    Ok(found)
}

/// Those of the runs that have seen samples which were erased since, and are over: what they left on disk may quote them.
pub async fn seen_by(db: &PgPool, runs: &[RunId]) -> Result<Vec<RunId>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select distinct r.id from run_forgettings f join runs r on r.id = f.run_id where r.id = any($1) and r.ended_at is not null",
    )
    .bind(runs.iter().map(|run| run.0).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(RunId).collect())
}

/// The project's uploads with these contents.
async fn uploads(db: &PgPool, project: ProjectId, hashes: &[String]) -> Result<Vec<ForgetFile>, StoreError> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query(
        "select id, file_name, size_bytes, sha256 from uploads where project_id = $1 and sha256 = any($2) order by created_at",
    )
    .bind(project.0)
    .bind(hashes)
    .fetch_all(db)
    .await?
    .iter()
    .map(file)
    .collect()
}
