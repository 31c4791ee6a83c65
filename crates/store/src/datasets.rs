//! Datasets: named chains of versions. A dataset appears together with its first version, so
//! there is none without.

use crate::StoreError;
use domain::{
    dataset::DatasetSummary,
    id::{DatasetId, ProjectId, VersionId},
    page::Page,
};
use sqlx::{PgPool, Row, postgres::PgRow};

fn summary(row: &PgRow) -> Result<DatasetSummary, StoreError> {
    Ok(DatasetSummary {
        id: DatasetId(row.try_get("id")?),
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        license: row.try_get("license")?,
        versions: row.try_get::<i32, _>("number")?.cast_unsigned(),
        latest_version_id: VersionId(row.try_get("version_id")?),
        samples: row.try_get::<i64, _>("samples")?.cast_unsigned(),
        labels: u64::from(row.try_get::<i32, _>("labels")?.cast_unsigned()),
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// A project's datasets, newest first, whose name contains `search`. `after` is the cursor: the last id seen.
pub async fn list(
    db: &PgPool,
    project: ProjectId,
    search: &str,
    after: Option<DatasetId>,
    limit: u32,
) -> Result<Page<DatasetSummary>, StoreError> {
    let rows = sqlx::query(
        "select d.id, d.name, d.description, d.license, d.created_at, v.id as version_id, v.number, v.created_at as updated_at, \
         (v.stats->>'samples')::bigint as samples, greatest(jsonb_array_length(v.stats->'labels'), (v.stats->>'different_labels')::int) as labels \
         from datasets d cross join lateral (select * from dataset_versions where dataset_id = d.id order by number desc limit 1) v \
         where d.project_id = $1 and d.archived_at is null and strpos(lower(d.name), lower($2)) > 0 \
         and ($3::uuid is null or d.id < $3) order by d.id desc limit $4",
    )
    .bind(project.0)
    .bind(search.trim())
    .bind(after.map(|d| d.0))
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?;
    let mut items = rows.iter().map(summary).collect::<Result<Vec<_>, _>>()?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| has_more).map(|d| d.id.to_string());
    Ok(Page { items, next_cursor })
}

/// One of the project's datasets.
pub async fn get(db: &PgPool, project: ProjectId, id: DatasetId) -> Result<Option<DatasetSummary>, StoreError> {
    sqlx::query(
        "select d.id, d.name, d.description, d.license, d.created_at, v.id as version_id, v.number, v.created_at as updated_at, \
         (v.stats->>'samples')::bigint as samples, greatest(jsonb_array_length(v.stats->'labels'), (v.stats->>'different_labels')::int) as labels \
         from datasets d cross join lateral (select * from dataset_versions where dataset_id = d.id order by number desc limit 1) v \
         where d.project_id = $1 and d.id = $2 and d.archived_at is null",
    )
    .bind(project.0)
    .bind(id.0)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(summary)
    .transpose()
}

/// Changes name, description and licence, which stays as it was where none is given; false when there is no such dataset.
pub async fn update(
    db: &PgPool,
    project: ProjectId,
    id: DatasetId,
    name: &str,
    description: &str,
    license: Option<&str>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update datasets set name = $3, description = $4, license = coalesce($5, license) \
         where id = $1 and project_id = $2 and archived_at is null",
    )
    .bind(id.0)
    .bind(project.0)
    .bind(name)
    .bind(description)
    .bind(license)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a dataset out of every list; nothing is deleted, and runs made from it stay whole.
/// False when there is no such dataset.
pub async fn archive(db: &PgPool, project: ProjectId, id: DatasetId) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update datasets set archived_at = now() where id = $1 and project_id = $2 and archived_at is null",
    )
    .bind(id.0)
    .bind(project.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
