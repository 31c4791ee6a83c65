//! What a comparison of runs is made of: their recipes, evaluations and curves.

use crate::{StoreError, error::json, evals, points, runs};
use domain::{
    compare::{Comparison, Contestant, DataRow},
    dataset::VersionStats,
    diff::Counted,
    eval::Subject,
    id::{ProjectId, RunId},
    recipe::Recipe,
    run::{Point, RunSummary, manifest_lines},
};
use sqlx::{PgPool, Row, postgres::PgRow};
use std::collections::BTreeMap;

/// Points of all curves together, about.
const POINTS: u32 = 6000;

/// These runs of the project side by side, in the order given; others are left out. `None` when
/// none is left.
pub async fn of_runs(
    db: &PgPool,
    project: ProjectId,
    ids: &[RunId],
    baseline: Option<RunId>,
) -> Result<Option<Comparison>, StoreError> {
    let mut recipes = recipes(db, project, ids).await?;
    let mut tuned: BTreeMap<RunId, _> = evals::of_runs(db, project, ids)
        .await?
        .into_iter()
        .filter(|e| e.subject == Subject::Tuned)
        .map(|e| (e.run_id, e))
        .collect();
    let mut contestants = Vec::with_capacity(ids.len());
    for run in runs::of_ids(db, project, ids).await? {
        let evaluation = match tuned.remove(&run.id) {
            Some(e) => Some((e.metrics, evals::scores(db, e.id).await?)),
            None => None,
        };
        if let Some((recipe, manifest)) = recipes.remove(&run.id) {
            contestants.push(Contestant { run, recipe, evaluation, manifest });
        }
    }
    tokio::task::spawn_blocking(move || Comparison::new(&contestants, baseline))
        .await
        .map_err(|e| StoreError::Corrupt(e.to_string()))
}

/// Recipes, and what manifests say.
async fn recipes(
    db: &PgPool,
    project: ProjectId,
    ids: &[RunId],
) -> Result<BTreeMap<RunId, (Recipe, BTreeMap<String, String>)>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|r| r.0).collect();
    let rows = sqlx::query("select id, recipe, manifest from runs where project_id = $1 and id = any($2)")
        .bind(project.0)
        .bind(ids)
        .fetch_all(db)
        .await?;
    let entry = |row: &PgRow| {
        let manifest: Option<serde_json::Value> = row.try_get("manifest")?;
        let manifest = manifest.map(|m| manifest_lines(&m)).unwrap_or_default();
        Ok((RunId(row.try_get("id")?), (json(row.try_get("recipe")?)?, manifest)))
    };
    rows.iter().map(entry).collect()
}

/// The data of these runs of the project, in their order, beside the baseline's. Changes are counted where the versions have
/// been compared.
pub async fn data(db: &PgPool, project: ProjectId, ids: &[RunId], baseline: RunId) -> Result<Vec<DataRow>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|r| r.0).collect();
    let rows = sqlx::query(
        "select r.id, v.stats, x.counts from runs r join dataset_versions v on v.id = r.version_id \
         left join runs b on b.id = $3 and b.project_id = r.project_id \
         left join version_diffs x on x.from_id = b.version_id and x.to_id = r.version_id and x.counts <> '{}' \
         where r.project_id = $1 and r.id = any($2) order by array_position($2, r.id)",
    )
    .bind(project.0)
    .bind(ids)
    .bind(baseline.0)
    .fetch_all(db)
    .await?;
    let row = |row: &PgRow| {
        let stats: VersionStats = json(row.try_get("stats")?)?;
        let counted: Option<Counted> = row.try_get::<Option<serde_json::Value>, _>("counts")?.map(json).transpose()?;
        Ok(DataRow {
            run: RunId(row.try_get("id")?),
            train: stats.train,
            validation: stats.validation,
            test: stats.test,
            changes: counted.map(|c| c.open),
        })
    };
    rows.iter().map(row).collect()
}

/// One series of each of these runs of the project as lines that rise in step: where an attempt
/// repeats steps of the one before, its points count. Long series are thinned out.
pub async fn curves(
    db: &PgPool,
    project: ProjectId,
    ids: &[RunId],
    key: &str,
) -> Result<Vec<(RunSummary, Vec<Point>)>, StoreError> {
    let found = runs::of_ids(db, project, ids).await?;
    let buckets = POINTS / 2 / u32::try_from(found.len()).unwrap_or(1).max(1);
    let mut curves = Vec::with_capacity(found.len());
    for run in found {
        let points = points::downsampled(db, run.id, key, buckets).await?;
        curves.push((run, one_line(points)));
    }
    Ok(curves)
}

/// Drops what a later attempt measured again. `points` are ordered by attempt and step.
pub(crate) fn one_line(points: Vec<Point>) -> Vec<Point> {
    let mut line: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        while line.last().is_some_and(|last| last.step >= point.step) {
            line.pop();
        }
        line.push(point);
    }
    line
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::{evals::tests::place, points::NewPoint};

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_resumed_run_is_one_line(db: PgPool) {
        let p = place(db).await;
        let point = |step, value| NewPoint { key: "train_loss".to_owned(), step, value, elapsed_ms: 1 };
        let mut connection = p.db.acquire().await.unwrap();
        points::insert(&mut connection, p.run, 1, &[point(1, 5.0), point(2, 4.0), point(3, 9.0)]).await.unwrap();
        points::insert(&mut connection, p.run, 2, &[point(3, 3.0), point(4, 2.0)]).await.unwrap();
        let curves = curves(&p.db, p.project, &[p.run], "train_loss").await.unwrap();
        let line: Vec<_> = curves[0].1.iter().map(|p| (p.step, p.value)).collect();
        assert_eq!(line, [(1, 5.0), (2, 4.0), (3, 3.0), (4, 2.0)]);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn runs_of_other_projects_are_not_compared(db: PgPool) {
        let p = place(db).await;
        p.record(Subject::Tuned, ["yes", "no", "no"]).await;
        let found = of_runs(&p.db, p.project, &[p.run, RunId::new()], None).await.unwrap().unwrap();
        assert_eq!((found.runs.len(), found.baseline), (1, p.run));
        assert_eq!(found.metrics[0].metric, "accuracy");
        let data = data(&p.db, p.project, &[p.run], p.run).await.unwrap();
        assert_eq!((data.len(), data[0].test, data[0].changes), (1, 3, None));
        assert_eq!(of_runs(&p.db, ProjectId::new(), &[p.run], None).await.unwrap(), None);
        assert!(curves(&p.db, ProjectId::new(), &[p.run], "train_loss").await.unwrap().is_empty());
    }
}
