//! What a run logs in one request: all of it is kept, or nothing.

use super::{TrackError, metrics, runs};
use crate::StoreError;
use domain::{
    id::{ProjectId, TrackedRunId},
    tracking::{MetricPoint, NAME_TAG, Pair},
};
use sqlx::{Connection, PgConnection, PgPool};
use std::collections::BTreeMap;

/// Metrics, parameters and tags of one run.
#[derive(Debug, Default)]
pub struct Batch {
    pub metrics: Vec<MetricPoint>,
    pub params: Vec<Pair>,
    pub tags: Vec<Pair>,
}

/// Keeps a batch of an active run of the project.
pub async fn batch(db: &PgPool, project: ProjectId, run: TrackedRunId, batch: &Batch) -> Result<(), TrackError> {
    // One connection for all of it: the pool asks each that it lends whether it is alive.
    let mut connection = db.acquire().await?;
    runs::must_be_active(&mut *connection, project, run).await?;
    if batch.params.is_empty() && batch.tags.is_empty() {
        // One statement needs no transaction around it.
        return Ok(metrics::insert_alone(&mut connection, run, &batch.metrics).await?);
    }
    let mut tx = connection.begin().await?;
    set_params(&mut tx, run, &batch.params).await?;
    set_tags(&mut tx, run, &batch.tags).await?;
    metrics::insert(&mut tx, run, &batch.metrics).await?;
    tx.commit().await?;
    Ok(())
}

/// Of pairs with the same key, the last one; in the order of keys, so that two requests at once lock rows alike.
fn columns(pairs: &[Pair]) -> (Vec<&str>, Vec<&str>) {
    pairs.iter().map(|pair| (pair.key.as_str(), pair.value.as_str())).collect::<BTreeMap<_, _>>().into_iter().unzip()
}

async fn set_params(db: &mut PgConnection, run: TrackedRunId, params: &[Pair]) -> Result<(), TrackError> {
    if params.is_empty() {
        return Ok(());
    }
    let (keys, values) = columns(params);
    // The update that changes nothing makes `returning` answer with what is there.
    let kept: Vec<(String, String)> = sqlx::query_as(
        "insert into tracked_params as t (run_id, key, value) select $1, * from unnest($2::text[], $3::text[]) \
         on conflict (run_id, key) do update set value = t.value returning key, value",
    )
    .bind(run.0)
    .bind(keys)
    .bind(values)
    .fetch_all(db)
    .await?;
    let kept: BTreeMap<String, String> = kept.into_iter().collect();
    for Pair { key, value } in params {
        if let Some(old) = kept.get(key).filter(|old| *old != value) {
            return Err(TrackError::ParamChanged { key: key.clone(), old: old.clone(), new: value.clone() });
        }
    }
    Ok(())
}

/// Sets tags; the one that repeats the run's name renames it.
pub(super) async fn set_tags(db: &mut PgConnection, run: TrackedRunId, tags: &[Pair]) -> Result<(), StoreError> {
    if tags.is_empty() {
        return Ok(());
    }
    let (keys, values) = columns(tags);
    sqlx::query(
        "insert into tracked_tags (run_id, key, value) select $1, * from unnest($2::text[], $3::text[]) \
         on conflict (run_id, key) do update set value = excluded.value",
    )
    .bind(run.0)
    .bind(keys)
    .bind(values)
    .execute(&mut *db)
    .await?;
    if let Some(name) = tags.iter().rev().find(|tag| tag.key == NAME_TAG) {
        sqlx::query("update tracked_runs set name = $2 where id = $1")
            .bind(run.0)
            .bind(&name.value)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// Takes a tag away.
pub async fn delete_tag(db: &PgPool, run: TrackedRunId, key: &str) -> Result<(), TrackError> {
    let done = sqlx::query("delete from tracked_tags where run_id = $1 and key = $2")
        .bind(run.0)
        .bind(key)
        .execute(db)
        .await?;
    if done.rows_affected() == 0 { Err(TrackError::NoTag(key.to_owned())) } else { Ok(()) }
}
