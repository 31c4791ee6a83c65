//! Making a sweep, with everything checked before its first run.

use super::advance;
use crate::{StoreError, activity, error::to_json, runs::choices};
use domain::{
    account::parse_name,
    id::{ModelId, ProjectId, SweepId, UserId, VersionId},
    sweep::{Forecast, SweepError, SweepPlan, Trial},
};
use sqlx::{PgConnection, PgPool};

/// What somebody wants to sweep.
#[derive(Clone, Debug)]
pub struct NewSweep {
    pub project: ProjectId,
    pub by: UserId,
    /// Named after model, data and strategy when empty.
    pub name: String,
    pub model: ModelId,
    pub version: VersionId,
    pub plan: SweepPlan,
    /// A second request with the same key and plan in the same project yields the first one's sweep.
    pub idempotency_key: Option<String>,
}

/// Why a sweep was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("the name must have at most 200 characters, without control characters")]
    Name,
    #[error("choose a base model of this project")]
    Model,
    #[error("choose a dataset version of this project")]
    Version,
    #[error("the plan cannot be used")]
    Plan(Vec<SweepError>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A sweep that could begin.
#[derive(Clone, Debug)]
pub struct Ready {
    pub name: String,
    pub trials: Vec<Trial>,
    pub forecast: Forecast,
}

/// A sweep that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    pub id: SweepId,
    /// False when an earlier request with the same key made it.
    pub is_new: bool,
}

/// Checks a sweep and predicts its cost. Changes nothing.
pub async fn preview(db: &PgPool, new: &NewSweep) -> Result<Ready, CreateError> {
    let choices = choices(db, new.project).await?;
    let model = choices.models.iter().find(|m| m.id == new.model).ok_or(CreateError::Model)?;
    let version = choices.versions.iter().find(|v| v.id == new.version).ok_or(CreateError::Version)?;
    let trials = new.plan.check().map_err(CreateError::Plan)?;
    let misfits = new.plan.misfits(&trials, &model.card, &version.stats);
    if !misfits.is_empty() {
        return Err(CreateError::Plan(misfits));
    }
    let default_name =
        || format!("{} · {} v{} · {}", model.name, version.dataset_name, version.number, new.plan.strategy.as_str());
    let given = if new.name.trim().is_empty() { default_name().chars().take(200).collect() } else { new.name.clone() };
    let name = parse_name(&given).map_err(|_| CreateError::Name)?;
    let counted = version.stats.tokens.get(&new.model.to_string()).map(|t| t.mean);
    let forecast = new.plan.forecast(&trials, &model.card, &version.stats, counted, choices.measured_flops);
    Ok(Ready { name, trials, forecast })
}

/// Makes a sweep and launches its first runs.
pub async fn create(db: &PgPool, new: &NewSweep) -> Result<Created, CreateError> {
    let ready = preview(db, new).await?;
    let created = insert(db, new, &ready).await?;
    // Should this not come to pass, the next look at all running sweeps makes up for it.
    advance(db, created.id).await?;
    Ok(created)
}

async fn insert(db: &PgPool, new: &NewSweep, ready: &Ready) -> Result<Created, StoreError> {
    let mut tx = db.begin().await?;
    // Of two requests with one key the second waits here, and finds the first one's sweep.
    sqlx::query("select from projects where id = $1 for update").bind(new.project.0).execute(&mut *tx).await?;
    if let Some(id) = made_before(&mut tx, new).await? {
        return Ok(Created { id, is_new: false });
    }
    let id = SweepId::new();
    sqlx::query(
        "insert into sweeps (id, project_id, name, model_id, version_id, plan, trials, idempotency_key, created_by) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id.0)
    .bind(new.project.0)
    .bind(&ready.name)
    .bind(new.model.0)
    .bind(new.version.0)
    .bind(to_json(&new.plan)?)
    .bind(to_json(&ready.trials)?)
    .bind(new.idempotency_key.as_deref())
    .bind(new.by.0)
    .execute(&mut *tx)
    .await?;
    activity::record(&mut *tx, new.project, Some(new.by), "sweep.started", &id.to_string(), &ready.name).await?;
    tx.commit().await?;
    Ok(Created { id, is_new: true })
}

/// The sweep that the same key made earlier. Another plan under a used key is refused.
async fn made_before(db: &mut PgConnection, new: &NewSweep) -> Result<Option<SweepId>, StoreError> {
    let Some(key) = &new.idempotency_key else { return Ok(None) };
    let earlier: Option<(uuid::Uuid, bool)> = sqlx::query_as(
        "select id, model_id = $3 and version_id = $4 and plan = $5 from sweeps where project_id = $1 and idempotency_key = $2",
    )
    .bind(new.project.0)
    .bind(key)
    .bind(new.model.0)
    .bind(new.version.0)
    .bind(to_json(&new.plan)?)
    .fetch_optional(db)
    .await?;
    match earlier {
        Some((_, false)) => Err(StoreError::Taken("a sweep with this idempotency key and another plan")),
        Some((id, true)) => Ok(Some(SweepId(id))),
        None => Ok(None),
    }
}
