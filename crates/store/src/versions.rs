//! Dataset versions: immutable sets of samples with their origin and statistics.
//!
//! [`import`] makes one from a file, [`corrections`] from another version and corrected bad
//! cases, [`divided`] from another version's samples in other splits, [`cleaned`] as a data recipe says, [`merge`] from
//! several versions, `forgotten` from another version without some rows. Each does so in one transaction: a half-made version is never seen.

pub mod cleaned;
pub mod corrections;
pub mod divided;
pub(crate) mod forgotten;
pub mod import;
pub mod merge;

pub use corrections::{Correction, create_from_corrections};
pub use divided::create_divided;
pub use forgotten::recount;

use crate::{
    StoreError,
    error::{json, to_json},
    samples,
};
use domain::{
    dataset::{TokenStats, Version, VersionParent, VersionSummary},
    id::{DatasetId, ModelId, ProjectId, SampleId, VersionId},
    sample::{Sample, Split},
    task_file::TaskFile,
};
use futures::{StreamExt, stream::BoxStream};
use sqlx::{PgPool, Row, postgres::PgRow};

fn summary(row: &PgRow) -> Result<VersionSummary, StoreError> {
    Ok(VersionSummary {
        id: VersionId(row.try_get("id")?),
        dataset_id: DatasetId(row.try_get("dataset_id")?),
        dataset_name: row.try_get("dataset_name")?,
        number: row.try_get::<i32, _>("number")?.cast_unsigned(),
        note: row.try_get("note")?,
        samples: row.try_get::<i64, _>("samples")?.cast_unsigned(),
        train: row.try_get::<i64, _>("train")?.cast_unsigned(),
        created_at: row.try_get("created_at")?,
    })
}

/// What the task file says that a version's samples were made of; `None` where they were not.
pub async fn task(db: &PgPool, project: ProjectId, version: VersionId) -> Result<Option<TaskFile>, StoreError> {
    let found: Option<Option<serde_json::Value>> = sqlx::query_scalar(
        "select v.task from dataset_versions v join datasets d on d.id = v.dataset_id where v.id = $1 and d.project_id = $2",
    )
    .bind(version.0)
    .bind(project.0)
    .fetch_optional(db)
    .await?;
    found.flatten().map(json).transpose()
}

/// A dataset's versions, newest first, at most 1000.
pub async fn of_dataset(
    db: &PgPool,
    project: ProjectId,
    dataset: DatasetId,
) -> Result<Vec<VersionSummary>, StoreError> {
    sqlx::query(
        "select v.id, v.dataset_id, d.name as dataset_name, v.number, v.note, v.created_at, \
         (v.stats->>'samples')::bigint as samples, (v.stats->>'train')::bigint as train \
         from dataset_versions v join datasets d on d.id = v.dataset_id \
         where d.project_id = $1 and d.id = $2 and d.archived_at is null order by v.number desc limit 1000",
    )
    .bind(project.0)
    .bind(dataset.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(summary)
    .collect()
}

/// A project's versions of all datasets, newest first, at most 1000: what a run can be launched on.
pub async fn of_project(db: &PgPool, project: ProjectId) -> Result<Vec<VersionSummary>, StoreError> {
    sqlx::query(
        "select v.id, v.dataset_id, d.name as dataset_name, v.number, v.note, v.created_at, \
         (v.stats->>'samples')::bigint as samples, (v.stats->>'train')::bigint as train \
         from dataset_versions v join datasets d on d.id = v.dataset_id \
         where d.project_id = $1 and d.archived_at is null order by v.created_at desc, v.number desc limit 1000",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(summary)
    .collect()
}

const PARENT_CORRUPT: &str = "a version's parent is missing";

fn version(row: &PgRow) -> Result<Version, StoreError> {
    let parent: Option<uuid::Uuid> = row.try_get("parent_id")?;
    let parent_number: Option<i32> = row.try_get("parent_number")?;
    let parent = match (parent, parent_number) {
        (None, _) => None,
        (Some(id), Some(number)) => Some(VersionParent { id: VersionId(id), number: number.cast_unsigned() }),
        (Some(_), None) => return Err(StoreError::Corrupt(PARENT_CORRUPT.to_owned())),
    };
    Ok(Version {
        id: VersionId(row.try_get("id")?),
        dataset_id: DatasetId(row.try_get("dataset_id")?),
        dataset_name: row.try_get("dataset_name")?,
        number: row.try_get::<i32, _>("number")?.cast_unsigned(),
        parent,
        note: row.try_get("note")?,
        origin: json(row.try_get("origin")?)?,
        stats: json(row.try_get("stats")?)?,
        skipped_report_sha256: row.try_get("skipped_report_sha256")?,
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
    })
}

/// One of the project's versions, also of an archived dataset.
pub async fn get(db: &PgPool, project: ProjectId, id: VersionId) -> Result<Option<Version>, StoreError> {
    sqlx::query(
        "select v.*, d.name as dataset_name, p.number as parent_number, u.name as created_by \
         from dataset_versions v join datasets d on d.id = v.dataset_id join users u on u.id = v.created_by \
         left join dataset_versions p on p.id = v.parent_id where d.project_id = $1 and v.id = $2",
    )
    .bind(project.0)
    .bind(id.0)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(version)
    .transpose()
}

/// A dataset's version by number, or its newest.
pub async fn by_number(
    db: &PgPool,
    project: ProjectId,
    dataset: DatasetId,
    number: Option<u32>,
) -> Result<Option<Version>, StoreError> {
    sqlx::query(
        "select v.*, d.name as dataset_name, p.number as parent_number, u.name as created_by \
         from dataset_versions v join datasets d on d.id = v.dataset_id join users u on u.id = v.created_by \
         left join dataset_versions p on p.id = v.parent_id \
         where d.project_id = $1 and d.id = $2 and d.archived_at is null and ($3::integer is null or v.number = $3) \
         order by v.number desc limit 1",
    )
    .bind(project.0)
    .bind(dataset.0)
    .bind(number.map(|n| i32::try_from(n).unwrap_or(i32::MAX)))
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(version)
    .transpose()
}

/// Adds the token statistics of one model's tokenizer: the one thing that is filled in later,
/// since it is computed from what cannot change.
pub async fn set_token_stats(db: &PgPool, id: VersionId, model: ModelId, stats: &TokenStats) -> Result<(), StoreError> {
    sqlx::query("update dataset_versions set stats = jsonb_set(stats, array['tokens', $2], $3) where id = $1")
        .bind(id.0)
        .bind(model.to_string())
        .bind(to_json(stats)?)
        .execute(db)
        .await?;
    Ok(())
}

/// The samples of one split in order, each with its position; memory does not grow with their number.
pub fn stream_split(
    db: &PgPool,
    version: VersionId,
    split: Split,
) -> BoxStream<'_, Result<(u32, SampleId, Sample), StoreError>> {
    samples::stream(db, version, Some(split)).map(|row| row.map(|r| (r.position, r.id, r.sample))).boxed()
}
