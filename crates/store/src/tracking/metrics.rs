//! Values of metrics: one statement for a batch, and the history of one metric by pages.

use crate::StoreError;
use domain::{
    id::{ProjectId, TrackedRunId},
    tracking::{MetricPoint, cursor::HistoryCursor},
};
use sqlx::{PgConnection, PgPool, Row};
use std::collections::BTreeMap;

/// Stores values; those that are there already stay as they are. The newest value of a metric is the greatest
/// (step, time, value), whatever comes last.
pub async fn insert(db: &mut PgConnection, run: TrackedRunId, points: &[MetricPoint]) -> Result<(), StoreError> {
    if points.is_empty() {
        return Ok(());
    }
    let newest = newest(points);
    let (keys, last): (Vec<&str>, Vec<&MetricPoint>) = newest.iter().map(|(key, (_, point))| (*key, *point)).unzip();
    // Values name their metric by its place among the keys: a number is sent and joined sooner than a text.
    let place = |p: &MetricPoint| newest.get(p.key.as_str()).map_or(0, |(place, _)| *place);
    sqlx::query(
        "with named as (select * from unnest($2::text[], $3::bigint[], $4::bigint[], $5::float8[]) \
             with ordinality as s(key, step, logged_ms, value, place)), \
         kept as (insert into tracked_series as t (run_id, key, step, logged_ms, value) \
             select $1, key, step, logged_ms, value from named order by place \
             on conflict (run_id, key) do update set \
                 step = case when (excluded.step, excluded.logged_ms, excluded.value) > (t.step, t.logged_ms, t.value) then excluded.step else t.step end, \
                 logged_ms = case when (excluded.step, excluded.logged_ms, excluded.value) > (t.step, t.logged_ms, t.value) then excluded.logged_ms else t.logged_ms end, \
                 value = case when (excluded.step, excluded.logged_ms, excluded.value) > (t.step, t.logged_ms, t.value) then excluded.value else t.value end \
             returning id, key) \
         insert into tracked_points (series_id, step, logged_ms, value) \
         select k.id, s.step, s.logged_ms, s.value from unnest($6::bigint[], $7::bigint[], $8::bigint[], $9::float8[]) as s(place, step, logged_ms, value) \
         join named n on n.place = s.place join kept k on k.key = n.key on conflict do nothing",
    )
    .bind(run.0)
    .bind(keys)
    .bind(last.iter().map(|p| p.step).collect::<Vec<_>>())
    .bind(last.iter().map(|p| p.timestamp_ms).collect::<Vec<_>>())
    .bind(last.iter().map(|p| p.value).collect::<Vec<_>>())
    .bind(points.iter().map(place).collect::<Vec<i64>>())
    .bind(points.iter().map(|p| p.step).collect::<Vec<_>>())
    .bind(points.iter().map(|p| p.timestamp_ms).collect::<Vec<_>>())
    .bind(points.iter().map(|p| p.value).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}

/// The newest value of each metric, with the metric's place from 1 in the order of keys, in which series are written: so two
/// batches at once lock them alike.
fn newest(points: &[MetricPoint]) -> BTreeMap<&str, (i64, &MetricPoint)> {
    let mut found: BTreeMap<&str, (i64, &MetricPoint)> = BTreeMap::new();
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

async fn series(db: &PgPool, project: ProjectId, run: TrackedRunId, key: &str) -> Result<Option<i64>, StoreError> {
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

/// Values of a metric behind `after` by rising (step, time, value), at most `limit`; whether more follow.
pub async fn history(
    db: &PgPool,
    project: ProjectId,
    run: TrackedRunId,
    key: &str,
    after: HistoryCursor,
    limit: u32,
) -> Result<(Vec<MetricPoint>, bool), StoreError> {
    let Some(series) = series(db, project, run, key).await? else { return Ok((Vec::new(), false)) };
    let mut rows: Vec<(i64, i64, f64)> = sqlx::query_as(
        "select step, logged_ms, value from tracked_points \
         where series_id = $1 and (step, logged_ms, value) > ($2, $3, $4) order by step, logged_ms, value limit $5",
    )
    .bind(series)
    .bind(after.step)
    .bind(after.timestamp_ms)
    .bind(after.value)
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let point = |(step, timestamp_ms, value)| MetricPoint { key: key.to_owned(), value, timestamp_ms, step };
    Ok((rows.into_iter().map(point).collect(), has_more))
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
    let Some(series) = series(db, project, run, key).await? else { return Ok(Vec::new()) };
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
    .fetch_all(db)
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
