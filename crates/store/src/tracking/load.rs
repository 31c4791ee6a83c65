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
use std::collections::BTreeMap;
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

/// The newest values of the runs `$1`, by a run's place from 1. One row for a run: as many rows as values take longer to send
/// and to read.
const METRICS: &str = "select w.place, s.* from unnest($1::uuid[]) with ordinality as w(run_id, place) cross join lateral \
     (select array_agg(key) as keys, array_agg(value), array_agg(logged_ms), array_agg(step) from tracked_series \
         where run_id = w.run_id) s where s.keys is not null";

type Metrics = (i64, Vec<String>, Vec<f64>, Vec<i64>, Vec<i64>);

/// Parameters or tags of the runs `$1`, likewise.
macro_rules! pairs_of {
    ($table:literal) => {
        concat!(
            "select w.place, s.* from unnest($1::uuid[]) with ordinality as w(run_id, place) cross join lateral \
             (select array_agg(key) as keys, array_agg(value) from ",
            $table,
            " where run_id = w.run_id) s where s.keys is not null"
        )
    };
}

type Pairs = (i64, Vec<String>, Vec<String>);

const INPUTS: &str = "select w.place, i.* from unnest($1::uuid[]) with ordinality as w(run_id, place) \
     join tracked_inputs i on i.run_id = w.run_id order by w.place, i.name, i.digest";

/// Adds what the runs logged, each by its key.
pub(super) async fn fill(db: &PgPool, runs: &mut [TrackedRun]) -> Result<(), StoreError> {
    if runs.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = runs.iter().map(|run| run.id.0).collect();
    let (metrics, params, tags, inputs) = tokio::try_join!(
        sqlx::query_as::<_, Metrics>(METRICS).bind(&ids).fetch_all(db),
        sqlx::query_as::<_, Pairs>(pairs_of!("tracked_params")).bind(&ids).fetch_all(db),
        sqlx::query_as::<_, Pairs>(pairs_of!("tracked_tags")).bind(&ids).fetch_all(db),
        sqlx::query(INPUTS).bind(&ids).fetch_all(db),
    )?;
    for (place, keys, values, times, steps) in metrics {
        let logged = keys.into_iter().zip(values).zip(times).zip(steps);
        let point = |(((key, value), timestamp_ms), step)| MetricPoint { key, value, timestamp_ms, step };
        let run = at(runs, place)?;
        run.metrics = logged.map(point).collect();
        run.metrics.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    }
    for (place, keys, values) in params {
        at(runs, place)?.params = pairs(keys, values);
    }
    for (place, keys, values) in tags {
        at(runs, place)?.tags = pairs(keys, values);
    }
    for row in &inputs {
        at(runs, row.try_get("place")?)?.inputs.push(input(row)?);
    }
    Ok(())
}

/// The run in this place, from 1.
fn at(runs: &mut [TrackedRun], place: i64) -> Result<&mut TrackedRun, StoreError> {
    let index = usize::try_from(place - 1).ok();
    index.and_then(|i| runs.get_mut(i)).ok_or_else(|| StoreError::Corrupt("a row of another run".to_owned()))
}

fn pairs(keys: Vec<String>, values: Vec<String>) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = keys.into_iter().zip(values).map(|(key, value)| Pair { key, value }).collect();
    pairs.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    pairs
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
