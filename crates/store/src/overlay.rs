//! Curves of many runs over each other: those trained here and tracked ones, on one axis. A source is read in a few
//! statements at once, each in one pass over the points of its share of the runs.

use crate::{StoreError, points, tracking};
use domain::{
    id::{ProjectId, RunId, TrackedRunId},
    overlay::{Ask, Axis, Columns, Named, series_of},
};
use futures::future::try_join_all;
use sqlx::{PgPool, Row};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Statements of one source at a time.
const AT_ONCE: usize = 4;
/// Names of metrics that are offered.
const MOST_METRICS: i64 = 200;

/// The curves, in the order of the runs asked for. Runs that the project does not have are left out.
pub async fn of_runs(db: &PgPool, project: ProjectId, ask: &Ask) -> Result<Vec<(Named, Columns)>, StoreError> {
    let named = named(db, project, &ask.runs).await?;
    let own: Vec<RunId> = named.iter().filter(|n| !n.tracked).map(|n| RunId(n.id)).collect();
    let tracked: Vec<TrackedRunId> = named.iter().filter(|n| n.tracked).map(|n| TrackedRunId(n.id)).collect();
    let mut found = match range(db, project, ask, (&own, &tracked)).await? {
        Some(range) => read(db, project, ask, (&own, &tracked), range).await?,
        None => BTreeMap::new(),
    };
    let with_columns = |named: Named| {
        let columns = found.remove(&named.id).unwrap_or_default();
        (named, columns)
    };
    Ok(named.into_iter().map(with_columns).collect())
}

/// These runs of the project by name, in their order.
pub async fn named(db: &PgPool, project: ProjectId, runs: &[Uuid]) -> Result<Vec<Named>, StoreError> {
    let rows = sqlx::query(
        "select * from (select r.id, '#' || r.number || ' ' || r.name as name, false as tracked from runs r \
             where r.project_id = $1 and r.id = any($2) \
         union all select r.id, r.name, true from tracked_runs r join tracked_experiments e on e.id = r.experiment_id \
             where e.project_id = $1 and r.id = any($2)) x order by array_position($2, id)",
    )
    .bind(project.0)
    .bind(runs)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| Ok(Named { id: row.try_get("id")?, name: row.try_get("name")?, tracked: row.try_get("tracked")? }))
        .collect()
}

/// Names of what these runs measured, at most 200.
pub async fn metrics(db: &PgPool, project: ProjectId, runs: &[Uuid]) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "select key from (select s.key from series s join runs r on r.id = s.run_id where r.project_id = $1 and r.id = any($2) \
             union select s.key from tracked_series s join tracked_runs r on r.id = s.run_id \
             join tracked_experiments e on e.id = r.experiment_id where e.project_id = $1 and r.id = any($2)) x order by key limit $3",
    )
    .bind(project.0)
    .bind(runs)
    .bind(MOST_METRICS)
    .fetch_all(db)
    .await?)
}

/// The part of the axis that is shown: what was asked for, and at open ends all that the runs have.
async fn range(
    db: &PgPool,
    project: ProjectId,
    ask: &Ask,
    (own, tracked): (&[RunId], &[TrackedRunId]),
) -> Result<Option<(f64, f64)>, StoreError> {
    if let (Some(from), Some(to)) = (ask.from, ask.to) {
        return Ok((from <= to).then_some((from, to)));
    }
    let ours = points::extent(db, project, own, series_of(&ask.metric), ask.axis).await?;
    let theirs = tracking::cells::extent(db, project, tracked, &ask.metric, ask.axis).await?;
    let all = ours.into_iter().chain(theirs).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let shown = all.map(|(low, high)| (ask.from.unwrap_or(low), ask.to.unwrap_or(high)));
    Ok(shown.filter(|(from, to)| from <= to))
}

async fn read(
    db: &PgPool,
    project: ProjectId,
    ask: &Ask,
    (own, tracked): (&[RunId], &[TrackedRunId]),
    range: (f64, f64),
) -> Result<BTreeMap<Uuid, Columns>, StoreError> {
    let view: (Axis, (f64, f64), u32) = (ask.axis, range, ask.columns_each());
    let key = series_of(&ask.metric);
    let ours = own.chunks(share(own.len())).map(|runs| points::cells(db, project, runs, key, view));
    let theirs =
        tracked.chunks(share(tracked.len())).map(|runs| tracking::cells::cells(db, project, runs, &ask.metric, view));
    let mut found = BTreeMap::new();
    for mut part in try_join_all(ours).await?.into_iter().chain(try_join_all(theirs).await?) {
        found.append(&mut part);
    }
    Ok(found)
}

/// Runs of one statement.
fn share(runs: usize) -> usize {
    runs.div_ceil(AT_ONCE).max(1)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::{evals::tests::place, points::NewPoint};
    use domain::{downsample, overlay::Overlay};

    fn ask(runs: Vec<Uuid>, axis: Axis) -> Ask {
        Ask { runs, metric: "loss".to_owned(), axis, from: None, to: None, smooth: 0.0, columns: 40 }
    }

    fn points(key: &str, steps: std::ops::Range<u32>, value: impl Fn(u32) -> f64) -> Vec<NewPoint> {
        let point =
            |step| NewPoint { key: key.to_owned(), step, value: value(step), elapsed_ms: u64::from(step) * 500 };
        steps.map(point).collect()
    }

    /// Jumps about, with two spikes.
    fn jumpy(step: u32) -> f64 {
        match step {
            1_234 => 50.0,
            3_333 => -50.0,
            step => f64::from(step.wrapping_mul(7919) % 1000) / 100.0,
        }
    }

    async fn write(db: &PgPool, run: RunId, attempt: i32, all: &[NewPoint]) {
        let mut connection = db.acquire().await.unwrap();
        for part in all.chunks(5000) {
            crate::points::insert(&mut connection, run, attempt, part).await.unwrap();
        }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_database_draws_what_the_rule_draws(db: PgPool) {
        let p = place(db).await;
        write(&p.db, p.run, 1, &points("train_loss", 0..5000, jumpy)).await;
        let found = of_runs(&p.db, p.project, &ask(vec![p.run.0], Axis::Step)).await.unwrap();
        let all: Vec<_> = (0..5000).map(|step| (f64::from(step), jumpy(step))).collect();
        let wanted = downsample::cells(&all, (0.0, 4999.0), 40);
        let ends = |c: &domain::downsample::Cell| (c.first, c.low.1, c.high.1, c.last, c.points);
        let cells = &found[0].1.cells;
        assert_eq!(cells.iter().map(ends).collect::<Vec<_>>(), wanted.iter().map(ends).collect::<Vec<_>>());
        assert!(cells.iter().zip(&wanted).all(|(a, b)| (a.mean - b.mean).abs() < 1e-9));
        let overlay = Overlay::of(found, 0.0);
        assert_eq!((overlay.points, overlay.columns), (5000, 40));
        assert!([50.0, -50.0].iter().all(|spike| overlay.runs[0].line.iter().any(|p| p.1 == *spike)), "both spikes");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_part_of_any_axis_can_be_read(db: PgPool) {
        let p = place(db).await;
        write(&p.db, p.run, 1, &points("train_loss", 0..100, f64::from)).await;
        write(&p.db, p.run, 1, &points("tokens", 1..100, |step| f64::from(step) * 10.0)).await;
        // The second attempt begins again at step 50; its clock goes on from the first one's 49.5 s.
        write(&p.db, p.run, 2, &points("train_loss", 50..60, |step| f64::from(step) + 1000.0)).await;
        let of = async |axis, from, to| {
            let ask = Ask { from, to, ..ask(vec![p.run.0], axis) };
            let found = of_runs(&p.db, p.project, &ask).await.unwrap();
            downsample::line(&found[0].1.cells)
        };
        let by_step = of(Axis::Step, Some(48.0), Some(51.0)).await;
        assert_eq!(by_step, [(48.0, 48.0), (49.0, 49.0), (50.0, 1050.0), (51.0, 1051.0)]);
        let by_time = of(Axis::Time, Some(24.5), None).await;
        assert_eq!((by_time[0], by_time[1]), ((24.5, 49.0), (74.5, 1050.0)));
        let by_tokens = of(Axis::Tokens, None, Some(20.0)).await;
        assert_eq!(by_tokens, [(0.0, 0.0), (10.0, 1.0), (20.0, 2.0)]);
        assert!(of(Axis::Step, Some(9.0), Some(3.0)).await.is_empty());
        let foreign = of_runs(&p.db, ProjectId::new(), &ask(vec![p.run.0], Axis::Step)).await.unwrap();
        assert!(foreign.is_empty());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn tracked_runs_lie_beside_and_what_is_no_number_is_a_gap(db: PgPool) {
        use domain::tracking::MetricPoint;
        let p = place(db).await;
        let experiment: i64 = sqlx::query_scalar(
            "insert into tracked_experiments (project_id, number, name) values ($1, 1, 'e') returning id",
        )
        .bind(p.project.0)
        .fetch_one(&p.db)
        .await
        .unwrap();
        let (stepped, unstepped) = (TrackedRunId::new(), TrackedRunId::new());
        for run in [stepped, unstepped] {
            sqlx::query(
                "insert into tracked_runs (id, experiment_id, name, started_ms) values ($1, $2, 'theirs', 1000)",
            )
            .bind(run.0)
            .bind(experiment)
            .execute(&p.db)
            .await
            .unwrap();
        }
        let point = |step, ms, value| MetricPoint { key: "loss".to_owned(), value, timestamp_ms: ms, step };
        let mut connection = p.db.acquire().await.unwrap();
        let values =
            [point(0, 1000, 3.0), point(1, 2000, f64::NAN), point(2, 3000, f64::INFINITY), point(3, 4000, 1.0)];
        tracking::metrics::insert(&mut connection, stepped, &values).await.unwrap();
        let side_by_side = [point(0, 1000, 5.0), point(0, 1500, 4.0), point(0, 2500, 6.0)];
        tracking::metrics::insert(&mut connection, unstepped, &side_by_side).await.unwrap();
        drop(connection);
        write(&p.db, p.run, 1, &points("train_loss", 0..4, f64::from)).await;
        let runs = vec![unstepped.0, p.run.0, Uuid::nil(), stepped.0];
        let found = of_runs(&p.db, p.project, &ask(runs.clone(), Axis::Step)).await.unwrap();
        assert_eq!(found.iter().map(|(n, _)| n.tracked).collect::<Vec<_>>(), [true, false, true]);
        let lines: Vec<_> = found.iter().map(|(_, c)| downsample::line(&c.cells)).collect();
        assert_eq!(lines[0], [(0.0, 5.0), (1.0, 4.0), (2.0, 6.0)]);
        assert_eq!(lines[1].len(), 4);
        assert_eq!(lines[2], [(0.0, 3.0), (3.0, 1.0)]);
        assert_eq!(found[2].1.gaps.iter().map(|g| (g.x, g.values)).collect::<Vec<_>>(), [(1.0, 1), (2.0, 1)]);
        let by_time = of_runs(&p.db, p.project, &ask(runs.clone(), Axis::Time)).await.unwrap();
        assert_eq!(downsample::line(&by_time[0].1.cells), [(0.0, 5.0), (0.5, 4.0), (1.5, 6.0)]);
        // A value that is logged late for an early step, with a clock that is off.
        let mut connection = p.db.acquire().await.unwrap();
        tracking::metrics::insert(&mut connection, unstepped, &[point(-1, i64::MAX, 7.0)]).await.unwrap();
        tracking::metrics::insert(&mut connection, stepped, &[point(1, 9000, 2.0)]).await.unwrap();
        drop(connection);
        let late = of_runs(&p.db, p.project, &ask(vec![stepped.0], Axis::Time)).await.unwrap();
        assert_eq!(downsample::line(&late[0].1.cells).last(), Some(&(8.0, 2.0)));
        assert_eq!(of_runs(&p.db, p.project, &ask(vec![unstepped.0], Axis::Time)).await.unwrap().len(), 1);
        assert_eq!(metrics(&p.db, p.project, &runs).await.unwrap(), ["loss", "train_loss"]);
    }
}
