//! The next version of a dataset without samples that somebody asked to be forgotten.

use super::{
    corrections::count,
    import::{Made, insert_version, record},
};
use crate::{StoreError, error::json, error::to_json};
use domain::{
    dataset::{Origin, VersionStats},
    id::{DatasetId, ProjectId, UserId, VersionId},
};
use sqlx::{PgConnection, Row};

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
    write_stats(tx, next.version_id, stats.skipped_lines).await
}

/// Writes a version's statistics anew, from the samples that were not erased. Those of tokens go: they can be made again.
pub(crate) async fn recount(tx: &mut PgConnection, version: VersionId) -> Result<(), StoreError> {
    let stats: serde_json::Value = sqlx::query_scalar("select stats from dataset_versions where id = $1")
        .bind(version.0)
        .fetch_one(&mut *tx)
        .await?;
    write_stats(tx, version, json::<VersionStats>(stats)?.skipped_lines).await
}

async fn write_stats(tx: &mut PgConnection, version: VersionId, skipped_lines: u64) -> Result<(), StoreError> {
    let stats = VersionStats { skipped_lines, ..count(tx, version).await? };
    sqlx::query("update dataset_versions set stats = $2 where id = $1")
        .bind(version.0)
        .bind(to_json(&stats)?)
        .execute(tx)
        .await?;
    Ok(())
}
