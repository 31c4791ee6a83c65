//! Data recipes on a version: try one, make the next version with it, read the one that made a version.

use crate::{
    jobs::clean::{self, CleanVersion},
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use domain::{
    access::Action,
    dataset::Origin,
    id::{ProjectId, VersionId},
    job::Job,
    steps::{DataRecipe, StepError},
};
use store::{PgPool, access::authorise};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(preview_steps)).routes(routes!(apply_steps)).routes(routes!(steps_toml))
}

impl From<StepError> for Problem {
    fn from(e: StepError) -> Self {
        let field = match &e {
            StepError::Range { step, field, .. } => format!("steps[{}].{field}", step - 1),
            StepError::Nothing { step, .. }
            | StepError::Unscored { step }
            | StepError::NoEmbeddings { step }
            | StepError::Labels { step, .. } => format!("steps[{}]", step - 1),
            StepError::Empty | StepError::TooMany | StepError::Unreadable { .. } => "steps".to_owned(),
        };
        Self::invalid(&field, e)
    }
}

/// Try a data recipe on a version.
///
/// Changes nothing. Answers with a job; its result holds counts, examples before and after, and groups of copies for
/// every step.
#[utoipa::path(post, path = "/projects/{project}/versions/{version}/steps/preview", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), request_body = DataRecipe, responses((status = ACCEPTED, body = Job)))]
async fn preview_steps(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Json(recipe): Json<DataRecipe>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    enqueue(&db, &caller, project, version, clean::PREVIEW_KIND, recipe).await
}

/// Do a data recipe: makes the dataset's next version. Answers with a job.
#[utoipa::path(post, path = "/projects/{project}/versions/{version}/steps", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), request_body = DataRecipe, responses((status = ACCEPTED, body = Job)))]
async fn apply_steps(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Json(recipe): Json<DataRecipe>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    enqueue(&db, &caller, project, version, clean::APPLY_KIND, recipe).await
}

/// The data recipe that made a version, as TOML: `server data apply` and this API take it. 404 for versions that no
/// recipe made.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/steps.toml", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = OK, content_type = "application/toml", body = String)))]
async fn steps_toml(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<impl IntoResponse, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    match super::versions::find(&db, project, version).await?.origin {
        Origin::Cleaned { recipe, .. } => Ok(([(header::CONTENT_TYPE, "application/toml")], recipe.to_toml())),
        _ => Err(Problem::not_found()),
    }
}

async fn enqueue(
    db: &PgPool,
    caller: &Caller,
    project: ProjectId,
    version: VersionId,
    kind: &str,
    recipe: DataRecipe,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(db, caller, project, Action::EditDatasets).await?;
    super::versions::find(db, project, version).await?;
    recipe.check()?;
    let request = CleanVersion { version_id: version, recipe };
    let id = store::jobs::enqueue(db, project, kind, &request, caller.user_id).await?;
    let job = store::jobs::get(db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
