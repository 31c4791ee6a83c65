//! The next version of a dataset without samples that somebody asked to be forgotten, and the statistics of those that held
//! them.

use super::import::{Made, insert_version, record};
use crate::{
    StoreError,
    error::{json, to_json},
    forget,
    samples::{self, split_of},
};
use dataprep::{
    hash::content_hash,
    stats::{MAX_LABELS, StatsBuilder},
};
use domain::{
    dataset::{Origin, VersionStats},
    id::{DatasetId, ProjectId, UserId, VersionId},
};
use futures::TryStreamExt;
use sqlx::{PgConnection, PgPool, Row};

/// Makes one for each dataset of the project that is not archived and whose newest version holds a sample of the
/// transaction's table `forgetting`. The datasets are locked.
pub(crate) async fn make_all(tx: &mut PgConnection, project: ProjectId, by: UserId) -> Result<Vec<Made>, StoreError> {
    let newest = sqlx::query(
        "select v.id, v.dataset_id, d.name, v.stats, (select count(*) from version_samples vs join forgetting f using (sample_id) \
            where vs.version_id = v.id) as removed from datasets d join lateral \
         (select * from dataset_versions where dataset_id = d.id order by number desc limit 1) v on true \
         where d.project_id = $1 and d.archived_at is null order by d.id",
    )
    .bind(project.0)
    .fetch_all(&mut *tx)
    .await?;
    let mut made = Vec::new();
    for row in &newest {
        let removed: i64 = row.try_get("removed")?;
        if removed == 0 {
            continue;
        }
        let parent = VersionId(row.try_get("id")?);
        let dataset = DatasetId(row.try_get("dataset_id")?);
        let stats: VersionStats = json(row.try_get("stats")?)?;
        let origin = Origin::Forgotten { removed: removed.cast_unsigned() };
        let next = insert_version(tx, dataset, Some(parent), by, "", &origin).await?;
        fill(tx, parent, &next, &stats).await?;
        record(tx, project, by, &next, row.try_get("name")?).await?;
        made.push(next);
    }
    Ok(made)
}

/// The parent's other samples in their order, and their statistics.
async fn fill(tx: &mut PgConnection, parent: VersionId, next: &Made, stats: &VersionStats) -> Result<(), StoreError> {
    sqlx::query(
        "insert into version_samples (version_id, position, sample_id, split) \
         select $1, (row_number() over (order by vs.position))::int - 1, vs.sample_id, vs.split from version_samples vs \
         join samples s on s.id = vs.sample_id where vs.version_id = $2 and s.forgotten_at is null \
         and not exists (select from forgetting f where f.sample_id = vs.sample_id)",
    )
    .bind(next.version_id.0)
    .bind(parent.0)
    .execute(&mut *tx)
    .await?;
    let left = without(tx, parent, stats).await?;
    write(tx, next.version_id, &left).await
}

/// Takes the samples of the transaction's table `forgetting`, which say still what they said, out of a version's statistics.
/// Those of tokens go: they can be made again.
pub(crate) async fn subtract(tx: &mut PgConnection, version: VersionId) -> Result<(), StoreError> {
    let stats: serde_json::Value = sqlx::query_scalar("select stats from dataset_versions where id = $1")
        .bind(version.0)
        .fetch_one(&mut *tx)
        .await?;
    let left = without(tx, version, &json(stats)?).await?;
    write(tx, version, &left).await
}

/// A version's statistics without those samples. No other sample is read, however many there are: everybody waits meanwhile.
async fn without(tx: &mut PgConnection, version: VersionId, stats: &VersionStats) -> Result<VersionStats, StoreError> {
    let mut gone = StatsBuilder::new();
    let mut rows = sqlx::query(
        "select vs.split, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices from forgetting f \
         join version_samples vs on vs.sample_id = f.sample_id join samples s on s.id = f.sample_id where vs.version_id = $1",
    )
    .bind(version.0)
    .fetch(tx);
    while let Some(row) = rows.try_next().await? {
        let sample = samples::content(&row)?;
        gone.add(&sample, split_of(row.try_get("split")?)?, &content_hash(&sample));
    }
    Ok(gone.taken_from(stats))
}

async fn write(tx: &mut PgConnection, version: VersionId, stats: &VersionStats) -> Result<(), StoreError> {
    sqlx::query("update dataset_versions set stats = $2 where id = $1")
        .bind(version.0)
        .bind(to_json(stats)?)
        .execute(tx)
        .await?;
    Ok(())
}

/// Counts again what erased samples alone do not tell: copies of them that stay, and labels too many to be listed. Does
/// nothing for a version that nothing was erased from; done twice, it changes nothing.
pub async fn recount(db: &PgPool, version: VersionId) -> Result<(), StoreError> {
    while is_concerned(db, version).await? {
        let begun = forget::times(&mut *db.acquire().await?, version).await?;
        let counted = recounted(db, version).await?;
        let mut tx = db.begin().await?;
        // What was counted before an erasure quotes its labels.
        forget::hold_off(&mut tx, version).await?;
        if forget::times(&mut tx, version).await? == begun {
            // Tokens may be counted meanwhile: what else there is stays.
            sqlx::query("update dataset_versions set stats = stats || $2 where id = $1")
                .bind(version.0)
                .bind(counted)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            break;
        }
    }
    Ok(())
}

/// Whether samples were erased of this version, or left out of it when they were.
async fn is_concerned(db: &PgPool, version: VersionId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "select exists (select from dataset_versions v where v.id = $1 and (v.origin->>'kind' = 'forgotten' \
         or exists (select from samples s join version_samples vs on vs.sample_id = s.id \
            where s.forgotten_at is not null and vs.version_id = v.id)))",
    )
    .bind(version.0)
    .fetch_one(db)
    .await?)
}

/// Those statistics of the samples that were not erased.
async fn recounted(db: &PgPool, version: VersionId) -> Result<serde_json::Value, StoreError> {
    let exact_duplicates: i64 = sqlx::query_scalar(
        "select count(*) - count(distinct s.content_hash) from version_samples vs join samples s on s.id = vs.sample_id \
         where vs.version_id = $1 and s.forgotten_at is null",
    )
    .bind(version.0)
    .fetch_one(db)
    .await?;
    let labels: Vec<(String, i64, i64)> = sqlx::query_as(
        "select s.label, count(*), count(*) over () from version_samples vs join samples s on s.id = vs.sample_id \
         where vs.version_id = $1 and s.forgotten_at is null and s.label is not null \
         group by s.label order by count(*) desc, s.label collate \"C\" limit $2",
    )
    .bind(version.0)
    .bind(MAX_LABELS as i64)
    .fetch_all(db)
    .await?;
    let different_labels = labels.first().map_or(0, |(_, _, different)| *different);
    let labels: Vec<(String, i64)> = labels.into_iter().map(|(label, samples, _)| (label, samples)).collect();
    Ok(
        serde_json::json!({ "exact_duplicates": exact_duplicates, "labels": labels, "different_labels": different_labels }),
    )
}
