//! Forgetting rows: what holds some texts, erasing it, and deleting uploaded files.

use crate::{
    jobs::delete_upload::{self, DeleteUpload},
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    forget::{ForgetError, ForgetFound, Forgetting, parse_texts},
    id::{ProjectId, UploadId, VersionId},
    job::Job,
};
use serde::{Deserialize, Serialize};
use store::{PgPool, access::authorise, forget::EraseError};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_rows))
        .routes(routes!(forget_rows))
        .routes(routes!(list_forgettings))
        .routes(routes!(remove_upload))
}

impl From<EraseError> for Problem {
    fn from(e: EraseError) -> Self {
        match e {
            EraseError::Store(e) => e.into(),
            EraseError::Busy(busy) => Self::conflict(busy.to_string()),
        }
    }
}

impl From<ForgetError> for Problem {
    fn from(e: ForgetError) -> Self {
        Self::invalid("texts", e)
    }
}

/// What to look for: an e-mail address, a name, an account number.
#[derive(Deserialize, ToSchema)]
struct ForgetTexts {
    /// 1 to 20 texts of 3 to 200 characters, looked for as they are, whatever their case.
    texts: Vec<String>,
}

/// What to erase.
#[derive(Deserialize, ToSchema)]
struct ForgetRows {
    texts: Vec<String>,
    /// The number of samples that the preview has found: nothing is erased where there are others by now.
    samples: u64,
}

/// What was done.
#[derive(Serialize, ToSchema)]
struct Forgotten {
    /// The new versions, one for each dataset whose newest version held such samples.
    versions: Vec<VersionId>,
}

/// Find what holds some texts, in all versions of all datasets of a project. Changes nothing.
#[utoipa::path(post, path = "/projects/{project}/forgettings/preview", tag = "datasets", params(("project" = ProjectId, Path)), request_body = ForgetTexts, responses((status = OK, body = ForgetFound)))]
async fn find_rows(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<ForgetTexts>,
) -> Result<Json<ForgetFound>, Problem> {
    authorise(&db, &caller, project, Action::Administer).await?;
    let texts = parse_texts(request.texts.iter().map(String::as_str))?;
    Ok(Json(store::forget::find(&db, project, &texts).await?))
}

/// Erase what holds some texts. This cannot be undone.
///
/// The newest version of each dataset is followed by one without the samples; in older versions they keep their places
/// and say nothing. Stored answers and bad cases about them are erased, and runs that have seen them are marked. It is
/// refused (409) while a job of the project is at work, or a run on such samples is not over: the answer names it.
#[utoipa::path(post, path = "/projects/{project}/forgettings", tag = "datasets", params(("project" = ProjectId, Path)), request_body = ForgetRows, responses((status = OK, body = Forgotten)))]
async fn forget_rows(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<ForgetRows>,
) -> Result<Json<Forgotten>, Problem> {
    authorise(&db, &caller, project, Action::Administer).await?;
    let texts = parse_texts(request.texts.iter().map(String::as_str))?;
    let made = store::forget::erase(&db, project, caller.user_id, &texts, request.samples).await?;
    Ok(Json(Forgotten { versions: made.into_iter().map(|made| made.version_id).collect() }))
}

/// What was forgotten in a project: who, when, how many samples, and which uploaded files hold them still.
#[utoipa::path(get, path = "/projects/{project}/forgettings", tag = "datasets", params(("project" = ProjectId, Path)), responses((status = OK, body = [Forgetting])))]
async fn list_forgettings(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<Forgetting>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(store::forget::list(&db, project).await?))
}

/// Delete an uploaded file. Versions that were made from it stay. Answers with a job.
#[utoipa::path(delete, path = "/projects/{project}/uploads/{upload}", tag = "uploads", params(("project" = ProjectId, Path), ("upload" = UploadId, Path)), responses((status = ACCEPTED, body = Job)))]
async fn remove_upload(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, upload)): Path<(ProjectId, UploadId)>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::Administer).await?;
    let found = store::uploads::get(&db, project, upload).await?.ok_or_else(Problem::not_found)?;
    let request = DeleteUpload { upload_id: upload, sha256: found.sha256 };
    let id = store::jobs::enqueue(&db, project, delete_upload::KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
