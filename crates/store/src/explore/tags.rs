//! Tags on samples. They belong to the sample, so every version that has it shows them.

use super::cache::{self, Key, Weight};
use crate::StoreError;
use domain::id::{SampleId, UserId, VersionId};
use roaring::RoaringBitmap;
use sqlx::{PgConnection, PgPool, Row};
use std::{collections::HashMap, sync::Arc};

/// Every tag in a version with its rows, most frequent first.
#[derive(Default)]
pub(super) struct Tags(pub(super) Vec<(String, RoaringBitmap)>);

impl Weight for Tags {
    fn bytes(&self) -> u64 {
        self.0.iter().map(|(tag, rows)| tag.len() as u64 + rows.bytes() + 50).sum()
    }
}

/// The tags of a version's samples.
pub(super) async fn of_version(db: &PgPool, version: VersionId) -> Result<Arc<Tags>, StoreError> {
    let revision: i64 = sqlx::query_scalar(
        "select d.tag_revision from datasets d join dataset_versions v on v.dataset_id = d.id where v.id = $1",
    )
    .bind(version.0)
    .fetch_one(db)
    .await?;
    if revision == 0 {
        return Ok(Arc::default());
    }
    let key = Key::Tags(version, revision);
    if let Some(kept) = cache::get(&key) {
        return Ok(kept);
    }
    let found = sqlx::query(
        "select t.tag, array_agg(vs.position) as positions from sample_tags t \
         join version_samples vs on vs.sample_id = t.sample_id and vs.version_id = $1 \
         where t.sample_id in (select id from samples where dataset_id = (select dataset_id from dataset_versions where id = $1)) \
         group by t.tag order by count(*) desc, t.tag",
    )
    .bind(version.0)
    .fetch_all(db)
    .await?;
    let mut tags = Vec::with_capacity(found.len());
    for row in &found {
        let positions: Vec<i32> = row.try_get("positions")?;
        tags.push((row.try_get("tag")?, positions.into_iter().map(i32::cast_unsigned).collect()));
    }
    Ok(cache::put(key, Tags(tags)))
}

/// The tags of these samples, in order.
pub async fn of_samples(db: &PgPool, samples: &[SampleId]) -> Result<HashMap<SampleId, Vec<String>>, StoreError> {
    let ids: Vec<i64> = samples.iter().map(|sample| sample.0).collect();
    sqlx::query("select sample_id, array_agg(tag order by tag) as tags from sample_tags where sample_id = any($1) group by sample_id")
        .bind(ids)
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| Ok((SampleId(row.try_get("sample_id")?), row.try_get("tags")?)))
        .collect()
}

/// Puts a tag on a sample of a version; false when the version has no such sample.
pub async fn add(db: &PgPool, version: VersionId, sample: SampleId, tag: &str, by: UserId) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if !touch(&mut tx, version, sample).await? {
        return Ok(false);
    }
    sqlx::query("insert into sample_tags (sample_id, tag, added_by) values ($1, $2, $3) on conflict do nothing")
        .bind(sample.0)
        .bind(tag)
        .bind(by.0)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// Takes a tag off a sample; false when the version has no such sample.
pub async fn remove(db: &PgPool, version: VersionId, sample: SampleId, tag: &str) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if !touch(&mut tx, version, sample).await? {
        return Ok(false);
    }
    sqlx::query("delete from sample_tags where sample_id = $1 and tag = $2")
        .bind(sample.0)
        .bind(tag)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// Puts a tag on the samples at these positions.
pub async fn add_to_all(
    db: &PgPool,
    version: VersionId,
    positions: &[u32],
    tag: &str,
    by: UserId,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    touch_all(&mut tx, version).await?;
    sqlx::query(
        "insert into sample_tags (sample_id, tag, added_by) select distinct sample_id, $3, $4::uuid from version_samples \
         where version_id = $1 and position = any($2) on conflict do nothing",
    )
    .bind(version.0)
    .bind(positions.iter().map(|position| position.cast_signed()).collect::<Vec<_>>())
    .bind(tag)
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a tag off the samples at these positions.
pub async fn remove_from_all(db: &PgPool, version: VersionId, positions: &[u32], tag: &str) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    touch_all(&mut tx, version).await?;
    sqlx::query(
        "delete from sample_tags where tag = $3 and sample_id in \
         (select sample_id from version_samples where version_id = $1 and position = any($2))",
    )
    .bind(version.0)
    .bind(positions.iter().map(|position| position.cast_signed()).collect::<Vec<_>>())
    .bind(tag)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

async fn touch_all(tx: &mut PgConnection, version: VersionId) -> Result<(), StoreError> {
    sqlx::query(
        "update datasets set tag_revision = tag_revision + 1 where id = (select dataset_id from dataset_versions where id = $1)",
    )
    .bind(version.0)
    .execute(tx)
    .await?;
    Ok(())
}

/// Makes what is known of the dataset's tags old. The row's lock lasts until the change is seen, so that nobody
/// keeps old tags under the new revision.
async fn touch(tx: &mut PgConnection, version: VersionId, sample: SampleId) -> Result<bool, StoreError> {
    let touched = sqlx::query(
        "update datasets set tag_revision = tag_revision + 1 where id = (select dataset_id from dataset_versions where id = $1) \
         and exists (select from version_samples where version_id = $1 and sample_id = $2)",
    )
    .bind(version.0)
    .bind(sample.0)
    .execute(tx)
    .await?;
    Ok(touched.rows_affected() == 1)
}
