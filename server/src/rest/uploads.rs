//! Receiving files. The bytes go from the connection to the artifact store as they come; memory
//! does not grow with the file.

use crate::{
    artifacts::{ArtifactError, Artifacts},
    datafile::{self, DataFileError},
    fetch::allowed,
    jobs,
    rest::{Json, Path, Problem, Query, auth::Caller},
    state::AppState,
};
use axum::{
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Multipart, State},
    http::StatusCode,
    response::Redirect,
};
use domain::{
    access::Action,
    id::{ProjectId, UploadId},
    import::{FetchUpload, ImportProblem, Preview, PreviewRequest, TaskUpload, Upload},
    job::Job,
};
use futures::{Stream, TryStreamExt};
use serde::Deserialize;
use store::{PgPool, access::authorise};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

const MAX_NAME_CHARS: usize = 200;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_uploads, send_upload))
        .routes(routes!(send_upload_form))
        .routes(routes!(preview_upload))
        .routes(routes!(fetch_upload))
        .routes(routes!(render_task))
        // The artifact store counts the bytes itself.
        .layer(DefaultBodyLimit::disable())
}

impl From<ArtifactError> for Problem {
    fn from(e: ArtifactError) -> Self {
        match e {
            ArtifactError::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, e.to_string()),
            ArtifactError::Broken(_) => Self::new(StatusCode::BAD_REQUEST, e.to_string()),
            ArtifactError::Io(io) if io.kind() == std::io::ErrorKind::StorageFull => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "the server's disk is full: ask the administrator to make room",
            ),
            ArtifactError::Io(_) | ArtifactError::Remote(_) | ArtifactError::Missing(_) | ArtifactError::Store(_) => {
                Self::internal(e)
            }
        }
    }
}

impl From<DataFileError> for Problem {
    fn from(e: DataFileError) -> Self {
        match e {
            DataFileError::Problem(problem) => {
                let field = match problem {
                    ImportProblem::UnknownEncoding { .. } => "encoding",
                    ImportProblem::NoMapping => "mapping",
                    ImportProblem::NoFileFits { .. } | ImportProblem::MixedSyntaxes { .. } => "inside",
                    _ => "syntax",
                };
                Self::invalid(field, problem)
            }
            DataFileError::Artifact(e) => e.into(),
            DataFileError::Io(e) => Self::internal(e),
        }
    }
}

/// The project's latest uploads, newest first, at most 50.
#[utoipa::path(get, path = "/projects/{project}/uploads", tag = "datasets", params(("project" = ProjectId, Path)), responses((status = OK, body = [Upload])))]
async fn list_uploads(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<Upload>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(store::uploads::latest(&db, project, 50).await?))
}

/// How the file is called.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UploadQuery {
    /// The file's name; its ending helps to recognise the syntax.
    file_name: String,
}

/// Send a file.
///
/// The body is the file itself, up to the size that the server is set to (4 GiB by default): `curl --data-binary @reviews.csv …` or, without
/// reading it into memory first, `curl -T reviews.csv -X POST …`.
#[utoipa::path(post, path = "/projects/{project}/uploads", tag = "datasets", params(("project" = ProjectId, Path), UploadQuery), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = CREATED, body = Upload)))]
async fn send_upload(
    State(state): State<AppState>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(query): Query<UploadQuery>,
    body: Body,
) -> Result<(StatusCode, Json<Upload>), Problem> {
    authorise(&state.db, &caller, project, Action::EditDatasets).await?;
    let upload = receive(&state, &caller, project, &query.file_name, body.into_data_stream()).await?;
    Ok((StatusCode::CREATED, Json(upload)))
}

/// A form with one file, for pages without JavaScript.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form in the OpenAPI document")]
struct UploadForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Send a file by an HTML form; goes on to its preview page.
#[utoipa::path(post, path = "/projects/{project}/uploads/form", tag = "datasets", params(("project" = ProjectId, Path)), request_body(content = UploadForm, content_type = "multipart/form-data"), responses((status = SEE_OTHER)))]
async fn send_upload_form(
    State(state): State<AppState>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    mut form: Multipart,
) -> Result<Redirect, Problem> {
    authorise(&state.db, &caller, project, Action::EditDatasets).await?;
    let broken = |e: axum::extract::multipart::MultipartError| Problem::new(e.status(), e.body_text());
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("file") {
            let name = field.file_name().unwrap_or_default().to_owned();
            let upload = receive(&state, &caller, project, &name, field.map_err(|e| e.body_text())).await?;
            return Ok(Redirect::to(&format!("{}?upload={}", app::routes::new_dataset(project), upload.id)));
        }
    }
    Err(Problem::invalid("file", "choose a file"))
}

async fn receive<E: std::fmt::Display>(
    state: &AppState,
    caller: &Caller,
    project: ProjectId,
    file_name: &str,
    bytes: impl Stream<Item = Result<Bytes, E>>,
) -> Result<Upload, Problem> {
    let name = base_name(file_name)
        .ok_or_else(|| Problem::invalid("file_name", "give the file's name, at most 200 characters"))?;
    let stored = state.artifacts.put_stream(bytes, state.config.max_upload_bytes).await?;
    if stored.size_bytes == 0 {
        return Err(Problem::invalid("file", "the file is empty"));
    }
    Ok(store::uploads::create(&state.db, project, caller.user_id, &name, &stored.sha256, stored.size_bytes).await?)
}

/// Whether a character turns the direction of writing, so that a name is shown as another one
/// (UAX #9, explicit directional formatting and implicit marks).
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A file's name without folders, control characters and surrounding space.
pub(super) fn base_name(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control() && !turns_direction(*c)).collect();
    let name = name.trim();
    (!name.is_empty() && name.chars().count() <= MAX_NAME_CHARS).then(|| name.to_owned())
}

/// Fetch a file from an address.
///
/// Answers with a job to follow; its result names the upload. Only hosts that the server's settings allow are asked, also
/// behind redirects. A transfer that breaks off goes on where it was.
#[utoipa::path(post, path = "/projects/{project}/uploads/from-url", tag = "datasets", params(("project" = ProjectId, Path)), request_body = FetchUpload, responses((status = ACCEPTED, body = Job)))]
async fn fetch_upload(
    State(state): State<AppState>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<FetchUpload>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&state.db, &caller, project, Action::EditDatasets).await?;
    allowed::parse(&request.url, &state.config.import_hosts).map_err(|e| Problem::invalid("url", e))?;
    let id = store::jobs::enqueue(&state.db, project, jobs::fetch_upload::KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&state.db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Make samples of a task file of lm-evaluation-harness.
///
/// The YAML and its data are two uploads. Answers with a job to follow; its result names a third upload, whose rows have prompts
/// with examples, answers and choices, to be imported like any file. The version that is imported from it keeps the task.
#[utoipa::path(post, path = "/projects/{project}/uploads/task", tag = "datasets", params(("project" = ProjectId, Path)), request_body = TaskUpload, responses((status = ACCEPTED, body = Job)))]
async fn render_task(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<TaskUpload>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    for upload in [request.task_upload_id, request.data_upload_id] {
        store::uploads::get(&db, project, upload).await?.ok_or_else(Problem::not_found)?;
    }
    let id = store::jobs::enqueue(&db, project, jobs::render_task::KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// A first look at an upload.
///
/// Detects encoding, syntax and mapping where the request does not give them, and shows fields,
/// rows, samples and bad lines of the first 1000 rows. Nothing is changed.
#[utoipa::path(post, path = "/projects/{project}/uploads/{upload}/preview", tag = "datasets", params(("project" = ProjectId, Path), ("upload" = UploadId, Path)), request_body = PreviewRequest, responses((status = OK, body = Preview)))]
async fn preview_upload(
    State(db): State<PgPool>,
    State(artifacts): State<Artifacts>,
    caller: Caller,
    Path((project, upload)): Path<(ProjectId, UploadId)>,
    Json(request): Json<PreviewRequest>,
) -> Result<Json<Preview>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let upload = store::uploads::get(&db, project, upload).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(datafile::preview(&artifacts, upload, request).await?))
}

#[cfg(test)]
mod tests {
    use super::base_name;

    #[test]
    fn names_lose_their_folders() {
        assert_eq!(base_name("C:\\data\\评论.csv").as_deref(), Some("评论.csv"));
        assert_eq!(base_name("../../etc/passwd\n").as_deref(), Some("passwd"));
        assert_eq!(base_name("a/"), None);
        assert_eq!(base_name("data\u{202e}vsc.exe").as_deref(), Some("datavsc.exe"));
    }
}
