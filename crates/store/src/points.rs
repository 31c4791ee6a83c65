//! What runs measured and said, as workers write it: points of series, log lines, previews; and
//! how points are read again.
//!
//! A point is named by (run, attempt, key, step); writing it again replaces it.

mod cells;
#[cfg(test)]
mod tests;

pub(crate) use cells::ask;
pub use cells::{cells, extent};

use crate::StoreError;
use domain::{
    event::Level,
    id::RunId,
    run::{Point, Preview},
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use std::collections::BTreeMap;

/// A measured value to store.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPoint {
    /// A [`domain::event::series`] name.
    pub key: String,
    pub step: u32,
    pub value: f64,
    /// Since the attempt began.
    pub elapsed_ms: u64,
}

/// Stores points of one attempt.
pub async fn insert(db: &mut PgConnection, run: RunId, attempt: i32, points: &[NewPoint]) -> Result<(), StoreError> {
    // One statement cannot write the same row twice: of doubles, the last one counts.
    let mut unique: BTreeMap<(&str, u32), &NewPoint> = BTreeMap::new();
    for point in points {
        unique.insert((&point.key, point.step), point);
    }
    let mut ids: BTreeMap<&str, i32> = BTreeMap::new();
    for (key, _) in unique.keys() {
        if !ids.contains_key(key) {
            ids.insert(key, series(db, run, attempt, key).await?);
        }
    }
    let mut columns: (Vec<i32>, Vec<i32>, Vec<f64>, Vec<i64>) = Default::default();
    let mut ordered: Vec<_> = unique.into_iter().collect();
    ordered.sort_by_key(|((_, step), _)| *step);
    for ((key, step), point) in ordered {
        columns.0.extend(ids.get(key));
        columns.1.push(step.cast_signed());
        columns.2.push(point.value);
        columns.3.push(point.elapsed_ms.cast_signed());
    }
    sqlx::query(
        "insert into points (series_id, step, value, elapsed_ms) \
         select * from unnest($1::int[], $2::int[], $3::float8[], $4::bigint[]) \
         on conflict (series_id, step) do update set value = excluded.value, elapsed_ms = excluded.elapsed_ms, seq = default",
    )
    .bind(columns.0)
    .bind(columns.1)
    .bind(columns.2)
    .bind(columns.3)
    .execute(db)
    .await?;
    Ok(())
}

async fn series(db: &mut PgConnection, run: RunId, attempt: i32, key: &str) -> Result<i32, StoreError> {
    // The update that changes nothing makes `returning` answer for a row that exists.
    Ok(sqlx::query_scalar(
        "insert into series (run_id, attempt, key) values ($1, $2, $3) \
         on conflict (run_id, attempt, key) do update set key = excluded.key returning id",
    )
    .bind(run.0)
    .bind(attempt)
    .bind(key)
    .fetch_one(db)
    .await?)
}

/// Deletes what an attempt measured after `step`: it went back there.
pub async fn forget_after(db: &mut PgConnection, run: RunId, attempt: i32, step: u32) -> Result<(), StoreError> {
    sqlx::query(
        "delete from points p using series s \
         where p.series_id = s.id and s.run_id = $1 and s.attempt = $2 and p.step > $3",
    )
    .bind(run.0)
    .bind(attempt)
    .bind(step.cast_signed())
    .execute(db)
    .await?;
    Ok(())
}

/// Stores log lines of one attempt.
pub async fn insert_logs(
    db: &mut PgConnection,
    run: RunId,
    attempt: i32,
    lines: &[(Level, String)],
) -> Result<(), StoreError> {
    let levels: Vec<&str> = lines.iter().map(|(level, _)| level_word(*level)).collect();
    // Postgres text holds no NUL.
    let messages: Vec<String> = lines.iter().map(|(_, message)| message.replace('\0', "\u{fffd}")).collect();
    sqlx::query(
        "insert into run_logs (run_id, attempt, level, message) select $1, $2, * from unnest($3::text[], $4::text[])",
    )
    .bind(run.0)
    .bind(attempt)
    .bind(levels)
    .bind(messages)
    .execute(db)
    .await?;
    Ok(())
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

/// Stores previews, replacing those of the same step.
pub async fn insert_previews(db: &mut PgConnection, run: RunId, previews: &[Preview]) -> Result<(), StoreError> {
    for p in previews {
        sqlx::query(
            "insert into previews (run_id, step, index, prompt, expected, output) values ($1, $2, $3, $4, $5, $6) \
             on conflict (run_id, step, index) do update \
             set prompt = excluded.prompt, expected = excluded.expected, output = excluded.output",
        )
        .bind(run.0)
        .bind(p.step.cast_signed())
        .bind(p.index.cast_signed())
        .bind(p.prompt.replace('\0', "\u{fffd}"))
        .bind(p.expected.replace('\0', "\u{fffd}"))
        .bind(p.output.replace('\0', "\u{fffd}"))
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

fn point(row: &PgRow) -> Result<Point, StoreError> {
    Ok(Point {
        seq: row.try_get("seq")?,
        key: row.try_get("key")?,
        attempt: row.try_get::<i32, _>("attempt")?.cast_unsigned(),
        step: row.try_get::<i32, _>("step")?.cast_unsigned(),
        value: row.try_get("value")?,
        elapsed_ms: row.try_get::<i64, _>("elapsed_ms")?.cast_unsigned(),
    })
}

/// Points with a `seq` above `after`, oldest first, at most `limit`.
pub async fn since(db: &PgPool, run: RunId, after: i64, limit: u32) -> Result<Vec<Point>, StoreError> {
    let rows = sqlx::query(
        "select p.seq, s.key, s.attempt, p.step, p.value, p.elapsed_ms \
         from series s cross join lateral \
         (select * from points where series_id = s.id and seq > $2 order by seq limit $3) p \
         where s.run_id = $1 order by p.seq limit $3",
    )
    .bind(run.0)
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    rows.iter().map(point).collect()
}

/// The newest `seq` of a run; 0 without points.
pub async fn last_seq(db: &PgPool, run: RunId) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "select coalesce(max(p.seq), 0) from series s cross join lateral \
         (select seq from points where series_id = s.id order by seq desc limit 1) p where s.run_id = $1",
    )
    .bind(run.0)
    .fetch_one(db)
    .await?)
}

/// One series, ordered by attempt and step. With more than twice `buckets` points it is thinned
/// out: per attempt and range of steps the smallest and the largest value stay, and the ends of
/// each attempt, so no spike is lost.
pub async fn downsampled(db: &PgPool, run: RunId, key: &str, buckets: u32) -> Result<Vec<Point>, StoreError> {
    thinned(db, run, Some(key), 0, i64::MAX, buckets).await
}

/// Every series' points with a `seq` above `after` and up to `last`, thinned out like
/// [`downsampled`], ordered by series, attempt and step.
pub async fn thinned_between(
    db: &PgPool,
    run: RunId,
    after: i64,
    last: i64,
    buckets: u32,
) -> Result<Vec<Point>, StoreError> {
    thinned(db, run, None, after, last, buckets).await
}

async fn thinned(
    db: &PgPool,
    run: RunId,
    key: Option<&str>,
    after: i64,
    last: i64,
    buckets: u32,
) -> Result<Vec<Point>, StoreError> {
    let rows = sqlx::query(
        "with all_points as ( \
             select p.seq, s.key, s.attempt, p.step, p.value, p.elapsed_ms, count(*) over (partition by s.key) as n, \
             min(p.step) over (partition by s.key) as lowest, max(p.step) over (partition by s.key) as highest, \
             min(p.step) over (partition by s.key, s.attempt) as first_step, \
             max(p.step) over (partition by s.key, s.attempt) as last_step \
             from series s join points p on p.series_id = s.id \
             where s.run_id = $1 and ($2::text is null or s.key = $2) and p.seq > $4 and p.seq <= $5), \
         placed as (select *, (step - lowest)::bigint * $3 / (highest - lowest + 1) as bucket from all_points), \
         ranked as (select *, row_number() over (partition by key, attempt, bucket order by value, step) as from_below, \
             row_number() over (partition by key, attempt, bucket order by value desc, step) as from_above from placed) \
         select seq, key, attempt, step, value, elapsed_ms from ranked \
         where n <= 2 * $3 or from_below = 1 or from_above = 1 or step in (first_step, last_step) \
         order by key, attempt, step",
    )
    .bind(run.0)
    .bind(key)
    .bind(i64::from(buckets.max(1)))
    .bind(after)
    .bind(last)
    .fetch_all(db)
    .await?;
    rows.iter().map(point).collect()
}
