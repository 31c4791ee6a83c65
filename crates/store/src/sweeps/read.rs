//! Sweeps as people see them.

use super::runs_of;
use crate::{
    StoreError,
    error::{json, word},
};
use domain::{
    id::{DatasetId, ModelId, ProjectId, RunId, SweepId, VersionId},
    page::Page,
    sweep::{SweepDetail, SweepPlan, SweepSummary, Trial, TrialRun, analyse, failure},
};
use sqlx::{AssertSqlSafe, PgPool, Row, postgres::PgRow};

/// A [`SweepSummary`] but for what its plan says.
const SELECT: &str = "select s.id, s.name, s.status, s.plan, s.trials, s.model_id, m.name as model_name, d.id as dataset_id, \
     d.name as dataset_name, s.version_id, v.number as version_number, u.name as created_by, s.created_at, s.ended_at, \
     x.launched, x.ended, x.used_seconds from sweeps s join models m on m.id = s.model_id \
     join dataset_versions v on v.id = s.version_id join datasets d on d.id = v.dataset_id join users u on u.id = s.created_by \
     cross join lateral (select count(*) as launched, \
        count(*) filter (where r.status in ('succeeded', 'failed', 'cancelled')) as ended, \
        coalesce(sum(extract(epoch from coalesce(r.ended_at, now()) - r.started_at)), 0)::bigint as used_seconds \
        from sweep_runs sr join runs r on r.id = sr.run_id where sr.sweep_id = s.id) x";

fn plan(row: &PgRow) -> Result<SweepPlan, StoreError> {
    json(row.try_get("plan")?)
}

fn trials(row: &PgRow) -> Result<Vec<Trial>, StoreError> {
    json(row.try_get("trials")?)
}

fn summary(row: &PgRow) -> Result<SweepSummary, StoreError> {
    let plan = plan(row)?;
    let count = |name: &str| -> Result<u32, StoreError> {
        u32::try_from(row.try_get::<i64, _>(name)?).map_err(|e| StoreError::Corrupt(e.to_string()))
    };
    // A random plan may have fewer trials than it asked for.
    let planned = if plan.strategy.rungs().is_empty() { trials(row)?.len() as u64 } else { plan.planned_runs() };
    Ok(SweepSummary {
        id: SweepId(row.try_get("id")?),
        name: row.try_get("name")?,
        strategy: plan.strategy.as_str().to_owned(),
        goal: plan.goal,
        status: word(row.try_get("status")?)?,
        model_id: ModelId(row.try_get("model_id")?),
        model_name: row.try_get("model_name")?,
        dataset_id: DatasetId(row.try_get("dataset_id")?),
        dataset_name: row.try_get("dataset_name")?,
        version_id: VersionId(row.try_get("version_id")?),
        version_number: row.try_get("version_number")?,
        planned_runs: planned,
        launched_runs: count("launched")?,
        ended_runs: count("ended")?,
        used_seconds: row.try_get::<i64, _>("used_seconds")?.max(0).cast_unsigned(),
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
        ended_at: row.try_get("ended_at")?,
    })
}

/// A page of the project's sweeps, newest first; `after` is the last of the page before.
pub async fn list(
    db: &PgPool,
    project: ProjectId,
    after: Option<SweepId>,
    limit: u32,
) -> Result<Page<SweepSummary>, StoreError> {
    let rows = sqlx::query(AssertSqlSafe(format!(
        "{SELECT} where s.project_id = $1 and ($2::uuid is null or s.id < $2) order by s.id desc limit $3"
    )))
    .bind(project.0)
    .bind(after.map(|s| s.0))
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?;
    let shown = &rows[..rows.len().min(limit as usize)];
    let items = shown.iter().map(summary).collect::<Result<Vec<_>, _>>()?;
    let next_cursor = items.last().filter(|_| rows.len() > shown.len()).map(|s| s.id.to_string());
    Ok(Page { items, next_cursor })
}

/// A sweep of the project with its runs and what they say.
pub async fn get(
    db: &PgPool,
    project: ProjectId,
    sweep: SweepId,
) -> Result<Option<(SweepDetail, Vec<TrialRun>)>, StoreError> {
    let row = sqlx::query(AssertSqlSafe(format!("{SELECT} where s.project_id = $1 and s.id = $2")))
        .bind(project.0)
        .bind(sweep.0)
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (summary, plan, trials) = (summary(&row)?, plan(&row)?, trials(&row)?);
    let runs = runs_of(&mut *db.acquire().await?, sweep, plan.goal, &trials).await?;
    let analysis = analyse(&plan, &runs);
    let failure = failure(summary.status, runs.iter().filter_map(|r| r.failure.as_ref())).cloned();
    Ok(Some((SweepDetail { summary, plan, failure, analysis }, runs)))
}

/// The sweep that a run of the project belongs to, with its name.
pub async fn of_run(db: &PgPool, project: ProjectId, run: RunId) -> Result<Option<(SweepId, String)>, StoreError> {
    let found: Option<(uuid::Uuid, String)> = sqlx::query_as(
        "select s.id, s.name from sweep_runs sr join sweeps s on s.id = sr.sweep_id where sr.run_id = $1 and s.project_id = $2",
    )
    .bind(run.0)
    .bind(project.0)
    .fetch_optional(db)
    .await?;
    Ok(found.map(|(id, name)| (SweepId(id), name)))
}
