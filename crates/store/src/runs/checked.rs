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
    /// Whether the run is tried out before it is queued.
    pub preflight: bool,
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

/// Checks a launch, predicts its cost and puts it in the queue, or has it tried out first.
pub async fn launch(db: &PgPool, launch: &Launch) -> Result<Launched, LaunchError> {
    launch.recipe.check().map_err(LaunchError::Recipe)?;
    let choices = choices(db, launch.project).await?;
    let model = choices.model(launch.model).ok_or(LaunchError::Model)?;
    let version = choices.version(launch.version).ok_or(LaunchError::Version)?;
    let misfits = misfits(&launch.recipe, &model.card, &version.stats);
    if !misfits.is_empty() {
        return Err(LaunchError::Misfits(misfits));
    }
    let name = name_or(&launch.name, || default_name(&model.name, version)).ok_or(LaunchError::Name)?;
    let counted = version.stats.mean_tokens(launch.model);
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
        preflight: launch.preflight,
        idempotency_key: launch.idempotency_key.as_deref(),
    };
    Ok(create(db, new).await?)
}

/// Named after model and data.
pub(crate) fn default_name(model: &str, version: &VersionChoice) -> String {
    format!("{model} · {} v{}", version.dataset_name, version.number)
}

/// The given name, or of an empty one as much of the default as a name may have; `None` if it cannot be a name.
pub(crate) fn name_or(given: &str, default: impl FnOnce() -> String) -> Option<String> {
    let name = if given.trim().is_empty() { default().chars().take(200).collect() } else { given.to_owned() };
    parse_name(&name).ok()
}
