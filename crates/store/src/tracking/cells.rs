//! Long histories of a metric of many tracked runs in columns of pixels. Scripts that name no step have all values at one
//! step: on the axis of steps those stand side by side in their order.

use crate::{StoreError, points::ask};
use domain::{
    id::{ProjectId, TrackedRunId},
    overlay::{Axis, Columns},
};
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The metric `$3` of the runs `$1` of project `$2`, with its first and last value.
const LINES: &str = "lines as (select r.id as run_id, s.id, a.step as first_step, z.step as last_step, \
    coalesce(r.started_ms, (select min(logged_ms) from tracked_points where series_id = s.id))::float8 as begin_ms, \
    a.step <> z.step as is_stepped \
    from unnest($1::uuid[]) as w(run_id) join tracked_runs r on r.id = w.run_id \
    join tracked_experiments e on e.id = r.experiment_id and e.project_id = $2 \
    join tracked_series s on s.run_id = r.id and s.key = $3 \
    cross join lateral (select step from tracked_points where series_id = s.id order by step, logged_ms, value limit 1) a \
    cross join lateral (select step from tracked_points where series_id = s.id order by step desc, logged_ms desc, value desc limit 1) z)";

/// Where the metric of the runs begins and ends on the axis; `None` without values, and for tokens, which nobody logs here.
pub async fn extent(
    db: &PgPool,
    project: ProjectId,
    runs: &[TrackedRunId],
    key: &str,
    axis: Axis,
) -> Result<Option<(f64, f64)>, StoreError> {
    let (low, high) = match axis {
        Axis::Step => (
            "min(case when is_stepped then first_step else 0 end)::float8",
            "max(case when is_stepped then last_step else (select count(*) - 1 from tracked_points where series_id = id) end)::float8",
        ),
        Axis::Time => (
            // The last step need not be the latest. In floating point, since clients send any times.
            "0.0::float8",
            "max((select max(logged_ms) from tracked_points where series_id = id)::float8 - begin_ms) / 1000.0",
        ),
        Axis::Tokens => return Ok(None),
    };
    let sql = format!("with {LINES} select {low} as low, {high} as high from lines");
    let row: (Option<f64>, Option<f64>) =
        sqlx::query_as(AssertSqlSafe(sql)).bind(ids(runs)).bind(project.0).bind(key).fetch_one(db).await?;
    Ok(row.0.zip(row.1))
}

/// The metric in `columns` columns of this range of the axis, by run.
pub async fn cells(
    db: &PgPool,
    project: ProjectId,
    runs: &[TrackedRunId],
    key: &str,
    range: (Axis, (f64, f64), u32),
) -> Result<BTreeMap<Uuid, Columns>, StoreError> {
    let values = match range.0 {
        Axis::Step => {
            "select l.run_id, l.id, p.step, p.logged_ms, p.value, p.step::float8 as x from lines l \
                 join tracked_points p on p.series_id = l.id and p.step >= $7 and p.step <= $8 where l.is_stepped \
             union all select l.run_id, l.id, p.step, p.logged_ms, p.value, p.place::float8 as x from lines l cross join lateral \
                 (select q.*, row_number() over (order by q.step, q.logged_ms, q.value) - 1 as place from tracked_points q where q.series_id = l.id) p \
                 where not l.is_stepped"
        }
        Axis::Time => {
            "select l.run_id, l.id, p.step, p.logged_ms, p.value, (p.logged_ms::float8 - l.begin_ms) / 1000.0 as x \
             from lines l join tracked_points p on p.series_id = l.id and p.step >= $7 and p.step <= $8"
        }
        Axis::Tokens => return Ok(BTreeMap::new()),
    };
    let sql = format!(
        "with {LINES}, \
         xs as (select *, case when value > '-infinity' and value < 'infinity' then value end as v from ({values}) y), \
         cells as (select run_id, id, least($6 - 1, floor((x - $4) / $9 * $6))::int as cell, count(*) as n, count(v) as good, \
             min(step) as first_step, max(step) as last_step, min(logged_ms) as first_ms, max(logged_ms) as last_ms, \
             min(x) as first_x, max(x) as last_x, min(v) as low, max(v) as high, sum(v) as total, \
             min(case when v is null then x end) as gap_x \
             from xs where x >= $4 and x <= $5 group by 1, 2, 3) \
         select c.run_id, c.n, c.good, c.first_x, c.last_x, c.low, c.high, c.total, c.gap_x, \
             (select value from tracked_points where series_id = c.id and step = c.first_step and logged_ms >= c.first_ms \
                 order by logged_ms, value limit 1) as first_value, \
             (select value from tracked_points where series_id = c.id and step = c.last_step and logged_ms <= c.last_ms \
                 order by logged_ms desc, value desc limit 1) as last_value \
         from cells c order by c.run_id, c.cell, c.first_x"
    );
    ask(db, sql, (ids(runs), project, key), range).await
}

fn ids(runs: &[TrackedRunId]) -> Vec<Uuid> {
    runs.iter().map(|r| r.0).collect()
}
