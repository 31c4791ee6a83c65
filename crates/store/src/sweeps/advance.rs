//! From one run of a sweep to the next. What is next is decided under a lock on the sweep's row, from
//! rows read after the lock was got, and written in the same transaction: of two servers that hear
//! the same run end, the second finds the next run launched and has nothing to do.

use super::runs_of;
use crate::{StoreError, activity, error::json, runs};
use domain::{
    dataset::VersionStats,
    estimate::estimate,
    id::{ModelId, ProjectId, RunId, SweepId, UserId, VersionId},
    model::ModelCard,
    run::Ancestry,
    sweep::{Launching, Next, RunFact, SweepPlan, SweepStatus, Trial, TrialRun, next},
};
use sqlx::{PgConnection, PgPool, Row};

/// A running sweep under lock, with what its runs need.
struct Locked {
    id: SweepId,
    project: ProjectId,
    name: String,
    model: ModelId,
    version: VersionId,
    by: UserId,
    plan: SweepPlan,
    trials: Vec<Trial>,
    card: ModelCard,
    stats: VersionStats,
}

/// Launches what is next in a running sweep, or ends it. Gives the launched runs.
pub async fn advance(db: &PgPool, sweep: SweepId) -> Result<Vec<RunId>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(sweep) = lock(&mut tx, sweep).await? else { return Ok(Vec::new()) };
    let runs = runs_of(&mut tx, sweep.id, sweep.plan.goal, &sweep.trials).await?;
    let facts: Vec<RunFact> = runs.iter().map(fact).collect();
    let used_seconds = runs.iter().map(|r| r.elapsed_seconds).sum();
    let mut launched = Vec::new();
    match next(&sweep.plan, sweep.trials.len() as u32, &facts, used_seconds) {
        Next::Launch(list) => {
            let flops = if list.is_empty() { None } else { runs::measured_flops(&mut tx, sweep.project).await? };
            for launching in list {
                launched.push(launch(&mut tx, &sweep, launching, flops).await?);
            }
        }
        Next::End(status) => end(&mut tx, &sweep, status).await?,
    }
    tx.commit().await?;
    Ok(launched)
}

fn fact(run: &TrialRun) -> RunFact {
    let (trial, rung, status) = (run.trial, run.rung, run.status);
    RunFact { trial, rung, status, goal: run.goal, failure: run.failure.clone() }
}

async fn lock(tx: &mut PgConnection, id: SweepId) -> Result<Option<Locked>, StoreError> {
    let row = sqlx::query(
        "select s.project_id, s.name, s.model_id, s.version_id, s.created_by, s.plan, s.trials, m.card, v.stats from sweeps s \
         join models m on m.id = s.model_id join dataset_versions v on v.id = s.version_id \
         where s.id = $1 and s.status = 'running' for update of s",
    )
    .bind(id.0)
    .fetch_optional(tx)
    .await?;
    row.map(|r| {
        Ok(Locked {
            id,
            project: ProjectId(r.try_get("project_id")?),
            name: r.try_get("name")?,
            model: ModelId(r.try_get("model_id")?),
            version: VersionId(r.try_get("version_id")?),
            by: UserId(r.try_get("created_by")?),
            plan: json(r.try_get("plan")?)?,
            trials: json(r.try_get("trials")?)?,
            card: json(r.try_get("card")?)?,
            stats: json(r.try_get("stats")?)?,
        })
    })
    .transpose()
}

async fn launch(
    tx: &mut PgConnection,
    sweep: &Locked,
    Launching { trial, rung, preflight }: Launching,
    flops: Option<f64>,
) -> Result<RunId, StoreError> {
    let settings = sweep.trials.get(trial as usize).ok_or_else(|| StoreError::Corrupt(format!("no trial {trial}")))?;
    let recipe = sweep.plan.recipe_of(settings, rung).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let counted = sweep.stats.mean_tokens(sweep.model);
    let estimate = estimate(&recipe, &sweep.card, &sweep.stats, counted, flops);
    let new = runs::NewRun {
        project: sweep.project,
        by: sweep.by,
        name: &run_name(sweep, trial, rung),
        model: sweep.model,
        version: sweep.version,
        recipe: &recipe,
        estimate: &estimate,
        ancestry: Ancestry::default(),
        preflight,
        leak_reason: None,
        benchmarks: &[],
        idempotency_key: Some(&format!("sweep:{}:{trial}:{rung}", sweep.id)),
    };
    let run = runs::insert(tx, &new).await?.id;
    sqlx::query("insert into sweep_runs (sweep_id, trial, rung, run_id) values ($1, $2, $3, $4)")
        .bind(sweep.id.0)
        .bind(trial.cast_signed())
        .bind(rung.cast_signed())
        .bind(run.0)
        .execute(tx)
        .await?;
    Ok(run)
}

/// "sweep · 7", on higher rungs "sweep · 7 ↑1", within what a run's name may have.
fn run_name(sweep: &Locked, trial: u32, rung: u32) -> String {
    let place = if rung == 0 { format!(" · {}", trial + 1) } else { format!(" · {} ↑{rung}", trial + 1) };
    let room = 200 - place.chars().count();
    sweep.name.chars().take(room).collect::<String>() + &place
}

async fn end(tx: &mut PgConnection, sweep: &Locked, status: SweepStatus) -> Result<(), StoreError> {
    sqlx::query("update sweeps set status = $2, ended_at = now() where id = $1 and status = 'running'")
        .bind(sweep.id.0)
        .bind(status.as_str())
        .execute(&mut *tx)
        .await?;
    activity::record(&mut *tx, sweep.project, None, "sweep.ended", &sweep.id.to_string(), &sweep.name).await
}

/// Ends a sweep and asks its open runs to stop. False when the project has no such running sweep.
pub async fn cancel(db: &PgPool, project: ProjectId, sweep: SweepId, by: UserId) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let name: Option<String> = sqlx::query_scalar(
        "update sweeps set status = 'cancelled', ended_at = now() where id = $1 and project_id = $2 and status = 'running' \
         returning name",
    )
    .bind(sweep.0)
    .bind(project.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(name) = name else { return Ok(false) };
    let open: Vec<uuid::Uuid> = sqlx::query_scalar(
        "select r.id from sweep_runs sr join runs r on r.id = sr.run_id where sr.sweep_id = $1 \
         and r.status in ('checking', 'queued', 'claimed', 'running', 'evaluating') order by r.id",
    )
    .bind(sweep.0)
    .fetch_all(&mut *tx)
    .await?;
    for run in open {
        runs::cancel(&mut tx, project, RunId(run), by).await?;
    }
    activity::record(&mut *tx, project, Some(by), "sweep.cancelled", &sweep.to_string(), &name).await?;
    tx.commit().await?;
    Ok(true)
}

/// Every running sweep.
pub async fn running(db: &PgPool) -> Result<Vec<SweepId>, StoreError> {
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from sweeps where status = 'running' order by id").fetch_all(db).await?;
    Ok(ids.into_iter().map(SweepId).collect())
}

/// The running sweep that may go on now that this run has ended or has passed its preflight; `None` for any other run.
pub async fn waiting_for(db: &PgPool, run: RunId) -> Result<Option<SweepId>, StoreError> {
    let id: Option<uuid::Uuid> = sqlx::query_scalar(
        "select s.id from sweep_runs sr join sweeps s on s.id = sr.sweep_id join runs r on r.id = sr.run_id \
         where sr.run_id = $1 and s.status = 'running' and r.status in ('queued', 'succeeded', 'failed', 'cancelled')",
    )
    .bind(run.0)
    .fetch_optional(db)
    .await?;
    Ok(id.map(SweepId))
}
