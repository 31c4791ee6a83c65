//! Long series of many runs in columns of pixels, read in one pass over their points.

use crate::StoreError;
use domain::{
    downsample::Cell,
    id::{ProjectId, RunId},
    overlay::{Axis, Columns, Gap},
};
use sqlx::{AssertSqlSafe, PgPool, Row, postgres::PgRow};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The series `$3` of the runs `$1` of project `$2`, one line for each attempt: its first step, up to which step it counts
/// (where a later attempt began again), and the milliseconds that the attempts before it took.
const LINES: &str = "wanted as (select r.id as run_id from unnest($1::uuid[]) as w(run_id) join runs r on r.id = w.run_id and r.project_id = $2), \
    found as (select w.run_id, s.id, s.attempt, a.step as first_step, z.step as last_step, z.elapsed_ms as last_ms, \
        (select t.id from series t where t.run_id = s.run_id and t.attempt = s.attempt and t.key = 'tokens') as tokens_id \
        from wanted w join series s on s.run_id = w.run_id and s.key = $3 \
        cross join lateral (select step from points where series_id = s.id order by step limit 1) a \
        cross join lateral (select step, elapsed_ms from points where series_id = s.id order by step desc limit 1) z), \
    lines as (select *, min(first_step) over (partition by run_id order by attempt desc rows between unbounded preceding and 1 preceding) as until, \
        coalesce(sum(last_ms) over (partition by run_id order by attempt rows between unbounded preceding and 1 preceding), 0)::float8 as before_ms \
        from found)";

/// Where the series of the runs begin and end on the axis; `None` without points.
pub async fn extent(
    db: &PgPool,
    project: ProjectId,
    runs: &[RunId],
    key: &str,
    axis: Axis,
) -> Result<Option<(f64, f64)>, StoreError> {
    let (low, high) = match axis {
        Axis::Step => ("min(first_step)::float8", "max(least(last_step, until - 1))::float8"),
        Axis::Time => ("min(before_ms) / 1000.0", "max(before_ms + last_ms) / 1000.0"),
        Axis::Tokens => (
            "case when count(tokens_id) > 0 then 0.0::float8 end",
            "max((select value from points where series_id = tokens_id order by step desc limit 1))",
        ),
    };
    let sql = format!("with {LINES} select {low} as low, {high} as high from lines");
    let row: (Option<f64>, Option<f64>) =
        sqlx::query_as(AssertSqlSafe(sql)).bind(ids(runs)).bind(project.0).bind(key).fetch_one(db).await?;
    Ok(row.0.zip(row.1))
}

/// The series in `columns` columns of this range of the axis, by run.
pub async fn cells(
    db: &PgPool,
    project: ProjectId,
    runs: &[RunId],
    key: &str,
    range: (Axis, (f64, f64), u32),
) -> Result<BTreeMap<Uuid, Columns>, StoreError> {
    let axis = range.0;
    let (x, join) = match axis {
        Axis::Step => ("p.step::float8", ""),
        Axis::Time => ("(l.before_ms + p.elapsed_ms) / 1000.0", ""),
        // Nothing is read yet at step 0.
        Axis::Tokens => (
            "case when p.step = 0 then 0.0 else t.value end",
            "left join points t on t.series_id = l.tokens_id and t.step = p.step",
        ),
    };
    let sql = format!(
        "with {LINES}, \
         xs as (select l.run_id, l.id, p.step, p.value, {x} as x, \
             case when p.value > '-infinity' and p.value < 'infinity' then p.value end as v \
             from lines l join points p on p.series_id = l.id and (l.until is null or p.step < l.until) \
             and p.step >= $7 and p.step <= $8 {join} {}), \
         cells as (select run_id, id, least($6 - 1, floor((x - $4) / $9 * $6))::int as cell, count(*) as n, count(v) as good, \
             min(step) as first_step, max(step) as last_step, min(x) as first_x, max(x) as last_x, \
             min(v) as low, max(v) as high, sum(v) as total, min(case when v is null then x end) as gap_x \
             from xs where x >= $4 and x <= $5 group by 1, 2, 3) \
         select c.run_id, c.n, c.good, c.first_x, c.last_x, c.low, c.high, c.total, c.gap_x, \
             (select value from points where series_id = c.id and step = c.first_step) as first_value, \
             (select value from points where series_id = c.id and step = c.last_step) as last_value \
         from cells c order by c.run_id, c.cell, c.first_x",
        if axis == Axis::Tokens { "where l.tokens_id is not null" } else { "" }
    );
    ask(db, sql, (ids(runs), project, key), range).await
}

/// The series `$3` of the runs `$1` of project `$2`, by run: on the axis from `$4` to `$5`, which is `$9` long, in `$6` columns; of
/// steps `$7` to `$8`, all where that is not the axis.
pub(crate) async fn ask(
    db: &PgPool,
    sql: String,
    (runs, project, key): (Vec<Uuid>, ProjectId, &str),
    (axis, (low, high), columns): (Axis, (f64, f64), u32),
) -> Result<BTreeMap<Uuid, Columns>, StoreError> {
    // On the axis of steps the index finds the range.
    let steps = if axis == Axis::Step { (low.ceil() as i64, high.floor() as i64) } else { (i64::MIN, i64::MAX) };
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(runs)
        .bind(project.0)
        .bind(key)
        .bind(low)
        .bind(high)
        .bind(i32::try_from(columns).unwrap_or(i32::MAX))
        .bind(steps.0)
        .bind(steps.1)
        .bind((high - low).max(1e-9))
        .fetch_all(db)
        .await?;
    by_run(&rows)
}

fn ids(runs: &[RunId]) -> Vec<Uuid> {
    runs.iter().map(|r| r.0).collect()
}

/// Rows of columns, in their order, by run.
fn by_run(rows: &[PgRow]) -> Result<BTreeMap<Uuid, Columns>, StoreError> {
    let mut out: BTreeMap<Uuid, Columns> = BTreeMap::new();
    for row in rows {
        let curve = out.entry(row.try_get("run_id")?).or_default();
        let (all, good): (i64, i64) = (row.try_get("n")?, row.try_get("good")?);
        if let Some(x) = row.try_get::<Option<f64>, _>("gap_x")? {
            curve.gaps.push(Gap { x, values: (all - good).cast_unsigned() });
        }
        if good > 0 {
            curve.cells.push(cell(row, good)?);
        }
    }
    Ok(out)
}

fn cell(row: &PgRow, good: i64) -> Result<Cell, StoreError> {
    let (first_x, last_x): (f64, f64) = (row.try_get("first_x")?, row.try_get("last_x")?);
    let (low, high): (f64, f64) = (row.try_get("low")?, row.try_get("high")?);
    // A column may begin or end with a value that is no number.
    let number = |value: Option<f64>| value.filter(|v| v.is_finite()).unwrap_or(low);
    let (first, last) = ((first_x, number(row.try_get("first_value")?)), (last_x, number(row.try_get("last_value")?)));
    let middle = (first_x + last_x) / 2.0;
    let place = |value: f64| match value {
        v if v == first.1 => first,
        v if v == last.1 => last,
        v => (middle, v),
    };
    let mean = row.try_get::<f64, _>("total")? / good as f64;
    Ok(Cell {
        first,
        low: place(low),
        high: place(high),
        last,
        // The sum of huge values may be none.
        mean: if mean.is_finite() { mean } else { f64::midpoint(low, high) },
        points: good.cast_unsigned(),
    })
}
