//! Reading runs with what they logged: the runs first, then everything of all of them at once.

use crate::{
    StoreError,
    error::{json, word},
};
use domain::{
    id::TrackedRunId,
    tracking::{Input, MetricPoint, Pair, view::TrackedRun},
};
use sqlx::{PgPool, Row, postgres::PgRow};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// What [`bare`] reads, of [`FROM`].
pub(super) const COLUMNS: &str = "r.id, e.number as experiment, r.name, r.user_name, r.status, r.started_ms, r.ended_ms, \
     (r.deleted_at is not null or e.deleted_at is not null) as is_deleted";

pub(super) const FROM: &str = "tracked_runs r join tracked_experiments e on e.id = r.experiment_id";

/// A run without what it logged.
pub(super) fn bare(row: &PgRow) -> Result<TrackedRun, StoreError> {
    Ok(TrackedRun {
        id: TrackedRunId(row.try_get("id")?),
        experiment: row.try_get("experiment")?,
        name: row.try_get("name")?,
        user_name: row.try_get("user_name")?,
        status: word(row.try_get("status")?)?,
        started_ms: row.try_get("started_ms")?,
        ended_ms: row.try_get("ended_ms")?,
        is_deleted: row.try_get("is_deleted")?,
        metrics: Vec::new(),
        params: Vec::new(),
        tags: Vec::new(),
        inputs: Vec::new(),
    })
}

/// Adds what the runs logged.
pub(super) async fn fill(db: &PgPool, runs: &mut [TrackedRun]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = runs.iter().map(|run| run.id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let of = |sql: &'static str| sqlx::query(sql).bind(ids.clone()).fetch_all(db);
    let (metrics, params, tags, inputs) = tokio::try_join!(
        of(
            "select run_id, key, value, logged_ms, step from tracked_series where run_id = any($1) order by run_id, key"
        ),
        of("select run_id, key, value from tracked_params where run_id = any($1) order by run_id, key"),
        of("select run_id, key, value from tracked_tags where run_id = any($1) order by run_id, key"),
        of("select * from tracked_inputs where run_id = any($1) order by run_id, name, digest"),
    )?;
    let places: HashMap<Uuid, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let place = |row: &PgRow| -> Result<usize, StoreError> {
        let run: Uuid = row.try_get("run_id")?;
        places.get(&run).copied().ok_or_else(|| StoreError::Corrupt("a row of another run".to_owned()))
    };
    for row in &metrics {
        runs[place(row)?].metrics.push(metric(row)?);
    }
    for row in &params {
        runs[place(row)?].params.push(pair(row)?);
    }
    for row in &tags {
        runs[place(row)?].tags.push(pair(row)?);
    }
    for row in &inputs {
        runs[place(row)?].inputs.push(input(row)?);
    }
    Ok(())
}

fn metric(row: &PgRow) -> Result<MetricPoint, StoreError> {
    Ok(MetricPoint {
        key: row.try_get("key")?,
        value: row.try_get("value")?,
        timestamp_ms: row.try_get("logged_ms")?,
        step: row.try_get("step")?,
    })
}

fn pair(row: &PgRow) -> Result<Pair, StoreError> {
    Ok(Pair { key: row.try_get("key")?, value: row.try_get("value")? })
}

fn input(row: &PgRow) -> Result<Input, StoreError> {
    let tags: BTreeMap<String, String> = json(row.try_get("tags")?)?;
    Ok(Input {
        name: row.try_get("name")?,
        digest: row.try_get("digest")?,
        source_type: row.try_get("source_type")?,
        source: row.try_get("source")?,
        schema: row.try_get("schema")?,
        profile: row.try_get("profile")?,
        tags: tags.into_iter().map(|(key, value)| Pair { key, value }).collect(),
    })
}
