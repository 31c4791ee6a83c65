//! Values of metrics: one statement for a batch, and the history of one metric by pages.

use crate::StoreError;
use domain::{
    id::{ProjectId, TrackedRunId},
    tracking::{HistoryPoint, MetricPoint, cursor::HistoryCursor},
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row, SqlSafeStr};
use std::collections::BTreeMap;

/// Most values that are read at once while a page is written.
const STRETCH: u32 = 5_000;

/// Writes the series of a batch and its values. Values name their metric by its place among the keys: a number is sent
/// sooner than a text, and nothing is joined, which would cost what the planner guesses of a batch. `collate "C"` is the
/// order of [`newest`].
const STORE: &str = "with kept as (insert into tracked_series as t (run_id, key, step, logged_ms, value) \
         select $1, key, step, logged_ms, value from unnest($2::text[], $3::bigint[], $4::bigint[], $5::float8[]) \
             with ordinality as s(key, step, logged_ms, value, place) order by place \
         on conflict (run_id, key) do update set \
             step = case when (excluded.step, excluded.logged_ms, excluded.value) > (t.step, t.logged_ms, t.value) then excluded.step else t.step end, \
             logged_ms = case when (excluded.step, excluded.logged_ms, excluded.value) > (t.step, t.logged_ms, t.value) then excluded.logged_ms else t.logged_ms end, \
             value = case when (excluded.step, excluded.logged_ms, excluded.value) > (t.step, t.logged_ms, t.value) then excluded.value else t.value end \
         returning id, key) \
     insert into tracked_points (series_id, step, logged_ms, value) \
     select (select array_agg(id order by key collate \"C\") from kept)[s.place], s.step, s.logged_ms, s.value \
     from unnest($6::int[], $7::bigint[], $8::bigint[], $9::float8[]) as s(place, step, logged_ms, value)";

/// Stores values; those that are there already stay as they are. The newest value of a metric is the greatest
/// (step, time, value), whatever comes last.
pub async fn insert(db: &mut PgConnection, run: TrackedRunId, points: &[MetricPoint]) -> Result<(), StoreError> {
    Ok(store(db, AssertSqlSafe(format!("{STORE} on conflict do nothing")), run, points).await?)
}

/// [`insert`] outside of a transaction. Values are nearly always new, and to ask of each whether it is costs about as much
/// as to write it. So they are written as if they were; where one is there already, that statement leaves nothing behind,
/// and a second one asks.
pub(super) async fn insert_alone(
    db: &mut PgConnection,
    run: TrackedRunId,
    points: &[MetricPoint],
) -> Result<(), StoreError> {
    match store(db, STORE, run, points).await {
        Err(sqlx::Error::Database(e)) if e.is_unique_violation() => insert(db, run, points).await,
        done => Ok(done?),
    }
}

async fn store(
    db: &mut PgConnection,
    sql: impl SqlSafeStr,
    run: TrackedRunId,
    points: &[MetricPoint],
) -> Result<(), sqlx::Error> {
    if points.is_empty() {
        return Ok(());
    }
    let newest = newest(points);
    let (keys, last): (Vec<&str>, Vec<&MetricPoint>) = newest.iter().map(|(key, (_, point))| (*key, *point)).unzip();
    let place = |p: &MetricPoint| newest.get(p.key.as_str()).map_or(0, |(place, _)| *place);
    sqlx::query(sql)
        .bind(run.0)
        .bind(keys)
        .bind(last.iter().map(|p| p.step).collect::<Vec<_>>())
        .bind(last.iter().map(|p| p.timestamp_ms).collect::<Vec<_>>())
        .bind(last.iter().map(|p| p.value).collect::<Vec<_>>())
        .bind(points.iter().map(place).collect::<Vec<i32>>())
        .bind(points.iter().map(|p| p.step).collect::<Vec<_>>())
        .bind(points.iter().map(|p| p.timestamp_ms).collect::<Vec<_>>())
        .bind(points.iter().map(|p| p.value).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

/// The newest value of each metric, with the metric's place from 1 in the order of keys, in which series are written: so two
/// batches at once lock them alike.
fn newest(points: &[MetricPoint]) -> BTreeMap<&str, (i32, &MetricPoint)> {
    let mut found: BTreeMap<&str, (i32, &MetricPoint)> = BTreeMap::new();
    for point in points {
        let (_, newest) = found.entry(&point.key).or_insert((0, point));
        if is_newer(point, newest) {
            *newest = point;
        }
    }
    for (place, (number, _)) in (1..).zip(found.values_mut()) {
        *number = place;
    }
    found
}

/// As Postgres compares: NaN is greater than every number.
fn is_newer(a: &MetricPoint, b: &MetricPoint) -> bool {
    let number = |value: f64| if value.is_nan() { f64::NAN } else { value + 0.0 };
    let time = |p: &MetricPoint| (p.step, p.timestamp_ms);
    time(a).cmp(&time(b)).then_with(|| number(a.value).total_cmp(&number(b.value))).is_gt()
}

async fn series(
    db: &mut PgConnection,
    project: ProjectId,
    run: TrackedRunId,
    key: &str,
) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar(
        "select s.id from tracked_series s join tracked_runs r on r.id = s.run_id \
         join tracked_experiments e on e.id = r.experiment_id \
         where e.project_id = $1 and s.run_id = $2 and s.key = $3",
    )
    .bind(project.0)
    .bind(run.0)
    .bind(key)
    .fetch_optional(db)
    .await?)
}

/// Values of a metric behind `after` by rising (step, time, value), at most `limit`: each stretch of them is given to
/// `each` while the database looks for the next one. Where the next page begins, if more follow.
pub async fn history(
    db: &PgPool,
    project: ProjectId,
    run: TrackedRunId,
    key: &str,
    after: HistoryCursor,
    limit: u32,
    mut each: impl FnMut(&[HistoryPoint]),
) -> Result<Option<HistoryCursor>, StoreError> {
    let mut connection = db.acquire().await?;
    let Some(series) = series(&mut connection, project, run, key).await? else { return Ok(None) };
    let (mut cursor, mut left, mut ready) = (after, limit, Vec::<HistoryPoint>::new());
    loop {
        let reading = stretch(&mut connection, series, cursor, left.min(STRETCH));
        let (read, ()) = tokio::join!(reading, async { each(&ready) });
        let (points, has_more) = read?;
        ready = points;
        left = left.saturating_sub(u32::try_from(ready.len()).unwrap_or(u32::MAX));
        let more = ready.last().filter(|_| has_more).map(HistoryCursor::behind);
        match more {
            Some(behind) if left > 0 => cursor = behind,
            end => {
                each(&ready);
                return Ok(end);
            }
        }
    }
}

/// Values behind `after`, at most `limit`; whether more follow. They come as three arrays: as rows they would take longer to
/// send and to read.
async fn stretch(
    db: &mut PgConnection,
    series: i64,
    after: HistoryCursor,
    limit: u32,
) -> Result<(Vec<HistoryPoint>, bool), StoreError> {
    let (steps, times, values): (Vec<i64>, Vec<i64>, Vec<f64>) = sqlx::query_as(
        "select coalesce(array_agg(step), '{}'), coalesce(array_agg(logged_ms), '{}'), coalesce(array_agg(value), '{}') from \
         (select step, logged_ms, value from tracked_points where series_id = $1 and (step, logged_ms, value) > ($2, $3, $4) \
             order by step, logged_ms, value limit $5) p",
    )
    .bind(series)
    .bind(after.step)
    .bind(after.timestamp_ms)
    .bind(after.value)
    .bind(i64::from(limit) + 1)
    .fetch_one(db)
    .await?;
    let has_more = steps.len() > limit as usize;
    let point = |((step, timestamp_ms), value)| HistoryPoint { step, timestamp_ms, value };
    Ok((steps.into_iter().zip(times).zip(values).map(point).take(limit as usize).collect(), has_more))
}

/// A metric to be drawn. With more than twice `buckets` values it is thinned out: of each of as many equally long
/// stretches the smallest and the largest value stay, and both ends, so no spike is lost.
pub async fn thinned(
    db: &PgPool,
    project: ProjectId,
    run: TrackedRunId,
    key: &str,
    buckets: u32,
) -> Result<Vec<MetricPoint>, StoreError> {
    let mut connection = db.acquire().await?;
    let Some(series) = series(&mut connection, project, run, key).await? else { return Ok(Vec::new()) };
    let rows = sqlx::query(
        "with numbered as (select step, logged_ms, value, row_number() over (order by step, logged_ms, value) as n, \
             count(*) over () as total from tracked_points where series_id = $1), \
         ranked as (select *, row_number() over (partition by (n - 1) * $2 / total order by value, n) as from_below, \
             row_number() over (partition by (n - 1) * $2 / total order by value desc, n) as from_above from numbered) \
         select step, logged_ms, value from ranked \
         where total <= 2 * $2 or from_below = 1 or from_above = 1 or n = 1 or n = total order by n",
    )
    .bind(series)
    .bind(i64::from(buckets.max(1)))
    .fetch_all(&mut *connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(MetricPoint {
                key: key.to_owned(),
                value: row.try_get("value")?,
                timestamp_ms: row.try_get("logged_ms")?,
                step: row.try_get("step")?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_the_greatest_by_step_time_and_value() {
        let point = |key: &str, step, value| MetricPoint { key: key.to_owned(), value, timestamp_ms: 1, step };
        let points = [
            point("b", 2, 1.0),
            point("a", 5, f64::INFINITY),
            point("b", 3, 0.0),
            point("a", 5, f64::NAN),
            point("b", 3, -1.0),
        ];
        let found = newest(&points);
        assert_eq!(
            found.iter().map(|(key, (place, p))| (*key, *place, p.step)).collect::<Vec<_>>(),
            [("a", 1, 5), ("b", 2, 3)]
        );
        assert!(found["a"].1.value.is_nan());
        assert_eq!(found["b"].1.value, 0.0);
    }
}
