//! Launching with everything checked: the way of the form and of the REST API.

use super::{Launched, NewRun, choices, create};
use crate::{StoreError, benchmarks};
use domain::{
    account::parse_name,
    estimate::{Misfit, estimate, misfits},
    id::{ModelId, ProjectId, UserId, VersionId},
    recipe::{Recipe, RecipeError},
    run::{Ancestry, RunDetail, VersionChoice},
    split::MAX_BENCHMARKS,
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
    pub ancestry: Ancestry,
    /// Whether the run is tried out before it is queued.
    pub preflight: bool,
    /// Why an owner lets it run though training has seen held-out samples. The caller has checked who says so.
    pub leak_reason: Option<String>,
    /// Versions that training must not have seen, beside those of the project.
    pub benchmarks: Vec<VersionId>,
    pub idempotency_key: Option<String>,
}

impl Launch {
    /// The same run once more, to be compared with the first.
    #[must_use]
    pub fn again(project: ProjectId, by: UserId, original: RunDetail) -> Self {
        let continues = original.continues.map(|(run, _)| run);
        Self {
            project,
            by,
            name: original.summary.name,
            model: original.summary.model_id,
            version: original.summary.version_id,
            recipe: original.recipe,
            ancestry: Ancestry { repeats: Some(original.summary.id), continues, ..Ancestry::default() },
            // The same has run before.
            preflight: false,
            leak_reason: None,
            benchmarks: Vec::new(),
            idempotency_key: None,
        }
    }
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
    #[error("only a run of this project that has succeeded, with the same base model and method, can be continued")]
    Continues,
    #[error("only a run of this project that has succeeded can be repeated")]
    Repeats,
    #[error("choose benchmarks among the dataset versions of this project, at most {MAX_BENCHMARKS}")]
    Benchmarks,
    #[error("the recipe has fields out of range")]
    Recipe(Vec<RecipeError>),
    #[error("recipe, model and data do not fit together")]
    Misfits(Vec<Misfit>),
    #[error("give the reason for launching in spite of leaks in at most 2000 characters")]
    LeakReason,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks a launch, predicts its cost and puts it in the queue, or has it tried out first.
pub async fn launch(db: &PgPool, launch: &Launch) -> Result<Launched, LaunchError> {
    launch.recipe.check().map_err(LaunchError::Recipe)?;
    let choices = choices(db, launch.project).await?;
    let model = choices.model(launch.model).ok_or(LaunchError::Model)?;
    let version = choices.version(launch.version).ok_or(LaunchError::Version)?;
    let (can_continue, can_repeat) = ancestors_fit(db, launch).await?;
    if !can_continue {
        return Err(LaunchError::Continues);
    }
    if !can_repeat {
        return Err(LaunchError::Repeats);
    }
    let misfits = misfits(&launch.recipe, &model.card, &version.stats);
    if !misfits.is_empty() {
        return Err(LaunchError::Misfits(misfits));
    }
    if launch.leak_reason.as_ref().is_some_and(|r| r.trim().is_empty() || r.chars().count() > 2000) {
        return Err(LaunchError::LeakReason);
    }
    let has_known_benchmarks = benchmarks::are_known(db, launch.project, &launch.benchmarks).await?;
    if launch.benchmarks.len() > MAX_BENCHMARKS || !has_known_benchmarks {
        return Err(LaunchError::Benchmarks);
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
        ancestry: launch.ancestry,
        preflight: launch.preflight,
        leak_reason: launch.leak_reason.as_deref(),
        benchmarks: &launch.benchmarks,
        idempotency_key: launch.idempotency_key.as_deref(),
    };
    Ok(create(db, new).await?)
}

/// Whether the run that is to be continued, if there is one, left an adapter that fits; and whether the run that is to be
/// repeated, if there is one, has a result to compare with.
async fn ancestors_fit(db: &PgPool, launch: &Launch) -> Result<(bool, bool), StoreError> {
    let Ancestry { continues, repeats, .. } = launch.ancestry;
    if continues.is_none() && repeats.is_none() {
        return Ok((true, true));
    }
    Ok(sqlx::query_as(
        "with left_one as (select id, model_id, recipe from runs where project_id = $1 and jsonb_array_length(adapter) > 0) \
         select $2::uuid is null or exists (select from left_one where id = $2 and model_id = $4 and recipe->>'method' = $5), \
            $3::uuid is null or exists (select from left_one where id = $3)",
    )
    .bind(launch.project.0)
    .bind(continues.map(|run| run.0))
    .bind(repeats.map(|run| run.0))
    .bind(launch.model.0)
    .bind(launch.recipe.method.as_str())
    .fetch_one(db)
    .await?)
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
