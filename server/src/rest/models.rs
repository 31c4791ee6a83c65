//! Base models: the registered ones, their files, registration.

use crate::{
    artifacts::Artifacts,
    jobs::register_model,
    rest::{Json, Path, Problem, auth::Caller, export::attachment},
    state::AppState,
};
use axum::{body::Body, extract::State, http::StatusCode, response::Response};
use domain::{
    access::Action,
    id::{ModelId, ProjectId, UploadId},
    job::Job,
    model::{Model, ModelFile, ModelOrigin, RegisterModel},
};
use serde::Serialize;
use store::{PgPool, access::authorise};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_models, register))
        .routes(routes!(get_model, archive_model))
        .routes(routes!(download_file))
}

/// A project's models, newest first; the 500 latest.
#[utoipa::path(get, path = "/projects/{project}/models", tag = "models", params(("project" = ProjectId, Path)), responses((status = OK, body = [Model])))]
async fn list_models(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<Model>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(store::models::list(&db, project).await?))
}

/// Register a base model.
///
/// Answers with a job to follow at `/projects/{project}/jobs/{job}`; its result names the model.
/// The files are checked as hostile input: whatever is wrong with them, nothing is registered.
#[utoipa::path(post, path = "/projects/{project}/models", tag = "models", params(("project" = ProjectId, Path)), request_body = RegisterModel, responses((status = ACCEPTED, body = Job)))]
async fn register(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<RegisterModel>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditModels).await?;
    if request.name.chars().count() > 200 {
        return Err(Problem::invalid("name", "at most 200 characters"));
    }
    if let ModelOrigin::Uploads { uploads } = &request.origin {
        check_uploads(&db, project, uploads).await?;
    }
    let id = store::jobs::enqueue(&db, project, register_model::KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Whether all of these are uploads of the project, and at least one.
async fn check_uploads(db: &PgPool, project: ProjectId, uploads: &[UploadId]) -> Result<(), Problem> {
    if uploads.is_empty() {
        return Err(Problem::invalid("origin.uploads", "name at least one upload"));
    }
    for upload in uploads {
        if store::uploads::get(db, project, *upload).await?.is_none() {
            return Err(Problem::invalid("origin.uploads", format!("this project has no upload {upload}")));
        }
    }
    Ok(())
}

async fn find(db: &PgPool, project: ProjectId, model: ModelId) -> Result<Model, Problem> {
    store::models::get(db, project, model).await?.ok_or_else(Problem::not_found)
}

/// A model with its files.
#[derive(Serialize, ToSchema)]
struct ModelDetail {
    #[serde(flatten)]
    model: Model,
    files: Vec<ModelFile>,
}

/// One model with its files. Archived ones are found too, since old runs name them.
#[utoipa::path(get, path = "/projects/{project}/models/{model}", tag = "models", params(("project" = ProjectId, Path), ("model" = ModelId, Path)), responses((status = OK, body = ModelDetail)))]
async fn get_model(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, model)): Path<(ProjectId, ModelId)>,
) -> Result<Json<ModelDetail>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let model = find(&db, project, model).await?;
    let files = store::models::files(&db, model.id).await?;
    Ok(Json(ModelDetail { model, files }))
}

/// Archive a model.
///
/// It leaves lists and forms; nothing is deleted, and its runs stay whole.
#[utoipa::path(delete, path = "/projects/{project}/models/{model}", tag = "models", params(("project" = ProjectId, Path), ("model" = ModelId, Path)), responses((status = NO_CONTENT)))]
async fn archive_model(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, model)): Path<(ProjectId, ModelId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::EditModels).await?;
    if store::models::archive(&db, project, model).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// Download one file of a model. Write `%2F` for `/` in its path.
#[utoipa::path(get, path = "/projects/{project}/models/{model}/files/{file}", tag = "models", params(("project" = ProjectId, Path), ("model" = ModelId, Path), ("file" = String, Path)), responses((status = OK, content_type = "application/octet-stream", body = [u8])))]
async fn download_file(
    State(db): State<PgPool>,
    State(artifacts): State<Artifacts>,
    caller: Caller,
    Path((project, model, path)): Path<(ProjectId, ModelId, String)>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let model = find(&db, project, model).await?;
    let files = store::models::files(&db, model.id).await?;
    let file = files.into_iter().find(|f| f.path == path).ok_or_else(Problem::not_found)?;
    let name = path.rsplit('/').next().unwrap_or(&path);
    let body = Body::from_stream(artifacts.get(&file.sha256).await?);
    Ok(attachment(name, "application/octet-stream", body))
}
