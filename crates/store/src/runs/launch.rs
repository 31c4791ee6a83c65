//! Launching runs, and asking them to stop.

use crate::{
    Stale, StoreError, activity,
    error::{json, to_json},
    jobs,
    preflights::{self, PreflightJob},
    queue::CHANNEL,
};
use domain::{
    estimate::Estimate,
    event::series::TOKENS_PER_SECOND,
    id::{DatasetId, JobId, ModelId, ProjectId, RunId, UserId, VersionId},
    recipe::Recipe,
    run::{Ancestry, LaunchChoices, ModelChoice, RunStatus, VersionChoice},
};
use sqlx::{PgConnection, PgPool, Row};

/// What a launch stores.
pub struct NewRun<'a> {
    pub project: ProjectId,
    pub by: UserId,
    pub name: &'a str,
    pub model: ModelId,
    pub version: VersionId,
    pub recipe: &'a Recipe,
    pub estimate: &'a Estimate,
    pub ancestry: Ancestry,
    /// Whether it is tried out before it is queued.
    pub preflight: bool,
    /// Why an owner lets it run though training has seen held-out samples.
    pub leak_reason: Option<&'a str>,
    /// Versions that training must not have seen, beside those of the project.
    pub benchmarks: &'a [VersionId],
    /// A second launch with the same key and settings in the same project yields the first one's run.
    pub idempotency_key: Option<&'a str>,
}

/// A launched run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launched {
    pub id: RunId,
    /// False when an earlier launch with the same key made it.
    pub is_new: bool,
}

/// Puts a run in the queue, or has it tried out before. The caller has checked that model and version are of the project.
pub async fn create(db: &PgPool, new: NewRun<'_>) -> Result<Launched, StoreError> {
    let mut tx = db.begin().await?;
    let launched = insert(&mut tx, &new).await?;
    if launched.is_new {
        let id = launched.id.to_string();
        activity::record(&mut *tx, new.project, Some(new.by), "run.launched", &id, new.name).await?;
        tx.commit().await?;
    }
    Ok(launched)
}

/// [`create`] as part of the caller's transaction, and without a word in the project's activity.
pub(crate) async fn insert(tx: &mut PgConnection, new: &NewRun<'_>) -> Result<Launched, StoreError> {
    // Numbers count up without gaps, so launches of one project go one after another.
    sqlx::query("select from projects where id = $1 for update").bind(new.project.0).execute(&mut *tx).await?;
    if let Some(id) = launched_before(tx, new).await? {
        return Ok(Launched { id, is_new: false });
    }
    let id = RunId::new();
    let job = match new.preflight {
        true => Some(jobs::create(tx, new.project, preflights::KIND, &PreflightJob { run_id: id }, new.by).await?),
        false => None,
    };
    sqlx::query(
        "insert into runs (id, project_id, number, name, model_id, version_id, recipe, cloned_from, estimate, total_steps, \
         idempotency_key, created_by, status, preflight_job, repeats, continues, benchmarks, leak_override) \
         select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $17, \
         case when $16::text is not null then jsonb_build_object('reason', $16, 'by', (select name from users where id = $11), \
            'at', now(), 'samples', coalesce((select \
            max(jsonb_array_length(leaks->'contaminated')) from split_checks where version_id = $5), 0)) end \
         from runs where project_id = $2",
    )
    .bind(id.0)
    .bind(new.project.0)
    .bind(new.name)
    .bind(new.model.0)
    .bind(new.version.0)
    .bind(to_json(new.recipe)?)
    .bind(new.ancestry.cloned_from.map(|r| r.0))
    .bind(to_json(new.estimate)?)
    .bind(i32::try_from(new.estimate.steps).unwrap_or(i32::MAX))
    .bind(new.idempotency_key)
    .bind(new.by.0)
    .bind(if job.is_some() { RunStatus::Checking } else { RunStatus::Queued }.as_str())
    .bind(job.map(|j| j.0))
    .bind(new.ancestry.repeats.map(|r| r.0))
    .bind(new.ancestry.continues.map(|r| r.0))
    .bind(new.leak_reason)
    .bind(new.benchmarks.iter().map(|version| version.0).collect::<Vec<_>>())
    .execute(&mut *tx)
    .await?;
    ring(tx, id).await?;
    Ok(Launched { id, is_new: true })
}

/// The run that the same key made earlier. Another launch under a used key is refused.
async fn launched_before(db: &mut PgConnection, new: &NewRun<'_>) -> Result<Option<RunId>, StoreError> {
    let Some(key) = new.idempotency_key else { return Ok(None) };
    let earlier: Option<(uuid::Uuid, bool)> = sqlx::query_as(
        "select id, model_id = $3 and version_id = $4 and recipe = $5 and continues is not distinct from $6 \
         from runs where project_id = $1 and idempotency_key = $2",
    )
    .bind(new.project.0)
    .bind(key)
    .bind(new.model.0)
    .bind(new.version.0)
    .bind(to_json(new.recipe)?)
    .bind(new.ancestry.continues.map(|r| r.0))
    .fetch_optional(db)
    .await?;
    match earlier {
        Some((_, false)) => Err(Stale::KeyUsed.into()),
        Some((id, true)) => Ok(Some(RunId(id))),
        None => Ok(None),
    }
}

async fn ring(db: &mut PgConnection, run: RunId) -> Result<(), StoreError> {
    sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(run.to_string()).execute(db).await?;
    Ok(())
}

/// Asks a run to stop: a waiting run is cancelled at once, a working one by its worker. False
/// when the project has no such open run.
pub async fn request_cancel(db: &PgPool, project: ProjectId, run: RunId, by: UserId) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let is_open = cancel(&mut tx, project, run, by).await?;
    tx.commit().await?;
    Ok(is_open)
}

/// [`request_cancel`] as part of the caller's transaction.
pub(crate) async fn cancel(
    tx: &mut PgConnection,
    project: ProjectId,
    run: RunId,
    by: UserId,
) -> Result<bool, StoreError> {
    // Whoever changes a run together with its preflight's job locks the job first.
    sqlx::query(
        "select from jobs where id = (select preflight_job from runs where id = $1 and project_id = $2) for update",
    )
    .bind(run.0)
    .bind(project.0)
    .execute(&mut *tx)
    .await?;
    let found: Option<(String, Option<uuid::Uuid>)> = sqlx::query_as(
        "update runs set cancel_requested_at = coalesce(cancel_requested_at, now()), \
         ended_at = case when status in ('checking', 'queued') then now() end, \
         phase = case when status = 'checking' then null else phase end, \
         status = case when status in ('checking', 'queued') then 'cancelled' else status end \
         where id = $1 and project_id = $2 and status in ('checking', 'queued', 'claimed', 'running', 'evaluating') \
         returning name, preflight_job",
    )
    .bind(run.0)
    .bind(project.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some((name, job)) = found else { return Ok(false) };
    if let Some(job) = job {
        jobs::cancel(tx, project, JobId(job)).await?;
    }
    activity::record(&mut *tx, project, Some(by), "run.cancelled", &run.to_string(), &name).await?;
    ring(tx, run).await?;
    Ok(true)
}

/// The models and versions that a run of this project can be launched with, newest first, at
/// most 500 of each.
pub async fn choices(db: &PgPool, project: ProjectId) -> Result<LaunchChoices, StoreError> {
    let models = sqlx::query(
        "select id, name, card from models where project_id = $1 and archived_at is null order by created_at desc limit 500",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?;
    let versions = sqlx::query(
        "select v.id, d.id as dataset_id, d.name, v.number, v.stats from dataset_versions v join datasets d on d.id = v.dataset_id \
         where d.project_id = $1 and d.archived_at is null order by v.created_at desc, v.number desc limit 500",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?;
    Ok(LaunchChoices {
        models: models
            .into_iter()
            .map(|r| {
                Ok(ModelChoice {
                    id: ModelId(r.try_get("id")?),
                    name: r.try_get("name")?,
                    card: json(r.try_get("card")?)?,
                })
            })
            .collect::<Result<_, StoreError>>()?,
        versions: versions
            .into_iter()
            .map(|r| {
                Ok(VersionChoice {
                    id: VersionId(r.try_get("id")?),
                    dataset_id: DatasetId(r.try_get("dataset_id")?),
                    dataset_name: r.try_get("name")?,
                    number: r.try_get("number")?,
                    stats: json(r.try_get("stats")?)?,
                })
            })
            .collect::<Result<_, StoreError>>()?,
        measured_flops: measured_flops(&mut *db.acquire().await?, project).await?,
    })
}

/// Speed of the project's latest finished runs, or before there are any of its latest preflights: tokens per second times
/// operations per token.
pub(crate) async fn measured_flops(db: &mut PgConnection, project: ProjectId) -> Result<Option<f64>, StoreError> {
    Ok(sqlx::query_scalar(
        "select coalesce((select avg(x.speed * x.flops_per_token) from (select \
            (select avg(p.value) from series s join points p on p.series_id = s.id where s.run_id = r.id and s.key = $2) as speed, \
            (r.estimate->>'flops_per_token')::float8 as flops_per_token \
            from runs r where r.project_id = $1 and r.status = 'succeeded' order by r.ended_at desc limit 3) x), \
            (select avg(y.speed * y.flops_per_token) from (select \
            (p.report->'overfit'->>'tokens')::float8 / nullif((p.report->'overfit'->>'pass_seconds')::float8, 0) as speed, \
            (r.estimate->>'flops_per_token')::float8 as flops_per_token \
            from preflights p join runs r on r.id = p.run_id where r.project_id = $1 order by p.created_at desc limit 3) y))",
    )
    .bind(project.0)
    .bind(TOKENS_PER_SECOND)
    .fetch_one(db)
    .await?)
}
