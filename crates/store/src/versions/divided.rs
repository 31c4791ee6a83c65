//! The next version of a dataset from the parent's own samples: some in other splits, some left out.

use super::import::{Made, insert_version, lock_dataset, record};
use crate::{StoreError, error::to_json, samples::split_code};
use domain::{
    dataset::{Origin, VersionStats},
    id::{DatasetId, ProjectId, UserId, VersionId},
    sample::Split,
};
use sqlx::PgPool;

/// Where each of the parent's samples that were not erased goes, in the order of their positions; `None` leaves it out.
pub type Division = [Option<Split>];

/// Makes the version in one transaction. `stats` are those of the result. `None` when the project has no such parent
/// of a dataset that is not archived; [`StoreError::Corrupt`] when `division` is not as long as the parent.
pub async fn create_divided(
    db: &PgPool,
    project: ProjectId,
    parent: VersionId,
    by: UserId,
    origin: &Origin,
    division: &Division,
    stats: &VersionStats,
) -> Result<Option<Made>, StoreError> {
    let mut tx = db.begin().await?;
    let dataset: Option<uuid::Uuid> = sqlx::query_scalar("select dataset_id from dataset_versions where id = $1")
        .bind(parent.0)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(dataset) = dataset.map(DatasetId) else { return Ok(None) };
    let Some(name) = lock_dataset(&mut tx, project, dataset).await? else { return Ok(None) };
    let made = insert_version(&mut tx, dataset, Some(parent), by, "", origin).await?;
    let codes: Vec<i16> = division.iter().map(|split| split.map_or(-1, split_code)).collect();
    let members: i64 = sqlx::query_scalar(
        "select count(*) from version_samples vs join samples s on s.id = vs.sample_id \
         where vs.version_id = $1 and s.forgotten_at is null",
    )
    .bind(parent.0)
    .fetch_one(&mut *tx)
    .await?;
    if usize::try_from(members).ok() != Some(codes.len()) {
        return Err(StoreError::Corrupt("a division must name every sample of its parent".to_owned()));
    }
    sqlx::query(
        "insert into version_samples (version_id, position, sample_id, split) \
         select $1, (row_number() over (order by p.position))::int - 1, p.sample_id, s.split \
         from (select vs.position, vs.sample_id, row_number() over (order by vs.position) as n from version_samples vs \
               join samples x on x.id = vs.sample_id where vs.version_id = $2 and x.forgotten_at is null) p \
         join unnest($3::smallint[]) with ordinality as s (split, n) using (n) where s.split >= 0",
    )
    .bind(made.version_id.0)
    .bind(parent.0)
    .bind(codes)
    .execute(&mut *tx)
    .await?;
    sqlx::query("update dataset_versions set stats = $2 where id = $1")
        .bind(made.version_id.0)
        .bind(to_json(stats)?)
        .execute(&mut *tx)
        .await?;
    record(&mut tx, project, by, &made, &name).await?;
    tx.commit().await?;
    Ok(Some(made))
}
