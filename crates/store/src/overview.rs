//! The project overview: a few aggregate queries.

use crate::{StoreError, activity, badcases, error::json, reports::digests, suites};
use domain::{
    badcase::view::BadCaseQuery,
    eval::EvalMetrics,
    id::{DatasetId, ProjectId, RunId},
    overview::{BestRun, Overview},
};
use sqlx::{PgPool, Row};

/// Entries of the activity list.
const ACTIVITY: i64 = 20;

/// The overview of a project.
pub async fn of_project(db: &PgPool, project: ProjectId) -> Result<Overview, StoreError> {
    let row = sqlx::query(
        "select (select count(*) from models where project_id = $1 and archived_at is null) as models, \
         (select count(*) from datasets where project_id = $1 and archived_at is null) as datasets, \
         (select coalesce(sum((v.stats->>'samples')::bigint), 0)::bigint from datasets d join lateral \
           (select stats from dataset_versions v where v.dataset_id = d.id order by number desc limit 1) v on true \
           where d.project_id = $1 and d.archived_at is null) as samples, \
         (select count(*) from runs where project_id = $1) as runs, \
         (select count(*) from runs where project_id = $1 and status in ('checking', 'queued', 'claimed', 'running', 'evaluating')) as active_runs",
    )
    .bind(project.0)
    .fetch_one(db)
    .await?;
    Ok(Overview {
        models: row.try_get("models")?,
        datasets: row.try_get("datasets")?,
        samples: row.try_get("samples")?,
        runs: row.try_get("runs")?,
        active_runs: row.try_get("active_runs")?,
        bad_cases: badcases::counts(db, project, &BadCaseQuery::default()).await?,
        best: best(db, project).await?,
        activity: activity::latest(db, project, ACTIVITY).await?,
        alarms: suites::alarms::open(db, project, None).await?,
        targets: suites::targets::standings(db, project, None).await?,
        digest: digests::list(db, project, None, 1).await?.pop(),
    })
}

/// Per dataset, the run whose tuned model has the best headline metric.
async fn best(db: &PgPool, project: ProjectId) -> Result<Vec<BestRun>, StoreError> {
    let rows = sqlx::query(
        "select d.id as dataset_id, d.name as dataset_name, r.id as run_id, r.number, r.name, t.metrics, b.metrics as base \
         from evals t join runs r on r.id = t.run_id join dataset_versions v on v.id = t.version_id \
         join datasets d on d.id = v.dataset_id \
         left join evals b on b.run_id = t.run_id and b.subject = 'base' and b.split = t.split \
         where t.project_id = $1 and t.subject = 'tuned' and t.split = 'test' and d.archived_at is null \
         order by d.name, d.id, r.number limit 2000",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?;
    let mut best: Vec<BestRun> = Vec::new();
    for row in rows {
        let metrics: EvalMetrics = json(row.try_get("metrics")?)?;
        let base: Option<EvalMetrics> = row.try_get::<Option<serde_json::Value>, _>("base")?.map(json).transpose()?;
        let (metric, tuned) = metrics.headline();
        let candidate = BestRun {
            dataset_id: DatasetId(row.try_get("dataset_id")?),
            dataset_name: row.try_get("dataset_name")?,
            run_id: RunId(row.try_get("run_id")?),
            run_number: row.try_get("number")?,
            run_name: row.try_get("name")?,
            metric: metric.to_owned(),
            base: base.map(|b| b.headline().1),
            tuned,
        };
        match best.last_mut().filter(|b| b.dataset_id == candidate.dataset_id) {
            Some(b) if candidate.tuned > b.tuned => *b = candidate,
            Some(_) => {}
            None => best.push(candidate),
        }
    }
    Ok(best)
}
