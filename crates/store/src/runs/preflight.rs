//! Launching with everything checked: the way of the form and of the REST API.

use super::{Launched, NewRun, choices, create};
use crate::StoreError;
use domain::{
    account::parse_name,
    estimate::{Misfit, estimate, misfits},
    id::{ModelId, ProjectId, RunId, UserId, VersionId},
    recipe::{Recipe, RecipeError},
    run::VersionChoice,
};
use sqlx::PgPool;

/// What somebody wants to run.
#[derive(Clone, Debug)]
pub struct Launch {
    pub project: ProjectId,
    pub by: UserId,
    /// Named after model and data when empty.
    pub name: String,
    pub model: ModelId,
    pub version: VersionId,
    pub recipe: Recipe,
    pub cloned_from: Option<RunId>,
    pub idempotency_key: Option<String>,
}

/// Why a run was not launched.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error("the name must have at most 200 characters, without control characters")]
    Name,
    #[error("choose a base model of this project")]
    Model,
    #[error("choose a dataset version of this project")]
    Version,
    #[error("the recipe has fields out of range")]
    Recipe(Vec<RecipeError>),
    #[error("recipe, model and data do not fit together")]
    Misfits(Vec<Misfit>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks a launch, predicts its cost and puts it in the queue.
pub async fn launch(db: &PgPool, launch: &Launch) -> Result<Launched, LaunchError> {
    launch.recipe.check().map_err(LaunchError::Recipe)?;
    let choices = choices(db, launch.project).await?;
    let model = choices.models.iter().find(|m| m.id == launch.model).ok_or(LaunchError::Model)?;
    let version = choices.versions.iter().find(|v| v.id == launch.version).ok_or(LaunchError::Version)?;
    let misfits = misfits(&launch.recipe, &model.card, &version.stats);
    if !misfits.is_empty() {
        return Err(LaunchError::Misfits(misfits));
    }
    let given = if launch.name.trim().is_empty() { default_name(&model.name, version) } else { launch.name.clone() };
    let name = parse_name(&given).map_err(|_| LaunchError::Name)?;
    let counted = version.stats.tokens.get(&launch.model.to_string()).map(|t| t.mean);
    let estimate = estimate(&launch.recipe, &model.card, &version.stats, counted, choices.measured_flops);
    let new = NewRun {
        project: launch.project,
        by: launch.by,
        name: &name,
        model: launch.model,
        version: launch.version,
        recipe: &launch.recipe,
        estimate: &estimate,
        cloned_from: launch.cloned_from,
        idempotency_key: launch.idempotency_key.as_deref(),
    };
    Ok(create(db, new).await?)
}

fn default_name(model: &str, version: &VersionChoice) -> String {
    format!("{model} · {} v{}", version.dataset_name, version.number).chars().take(200).collect()
}
