//! Uploads in parts, by the tus protocol 1.0 (tus.io/protocols/resumable-upload): the core, with the extensions creation,
//! creation-with-upload, expiration, checksum and termination. A finished one is an upload like any other.

use crate::{
    partial::{self, Checksum, PartError, Taken},
    rest::{Path, Problem, auth::Caller, uploads::base_name},
    state::AppState,
};
use axum::{
    body::Body,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    access::Action,
    id::{PartialUploadId, ProjectId},
};
use store::{access::authorise, partial_uploads::PartialUpload};
use time::format_description::well_known::Rfc2822;
use utoipa_axum::{router::OpenApiRouter, routes};

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,expiration,checksum,termination";
const PART: &str = "application/offset+octet-stream";
/// What tus answers to a wrong checksum.
const CHECKSUM_MISMATCH: u16 = 460;
/// Names the upload that a finished file became.
const UPLOAD_ID: &str = "lathe-upload-id";

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(describe_tus, begin_tus))
        .routes(routes!(ask_tus, send_tus, end_tus))
        // The size was announced, and parts are counted.
        .layer(DefaultBodyLimit::disable())
}

impl From<PartError> for Problem {
    fn from(e: PartError) -> Self {
        let status = match e {
            PartError::Busy => StatusCode::LOCKED,
            PartError::Elsewhere { .. } => StatusCode::CONFLICT,
            PartError::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            PartError::Checksum => StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(StatusCode::BAD_REQUEST),
            PartError::Gone => StatusCode::GONE,
            PartError::Artifact(e) => return e.into(),
            PartError::Store(e) => return e.into(),
            PartError::Io(e) => return crate::artifacts::ArtifactError::Io(e).into(),
        };
        Self::new(status, e.to_string())
    }
}

/// An answer with the headers that every one has.
fn answer(status: StatusCode, headers: &[(&'static str, String)]) -> Response {
    let mut response = status.into_response();
    let values = headers.iter().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in [("tus-resumable", VERSION)].into_iter().chain(values) {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Refuses other versions of the protocol.
fn check_version(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get("tus-resumable").map(HeaderValue::as_bytes) {
        Some(version) if version == VERSION.as_bytes() => Ok(()),
        _ => Err(Problem::new(StatusCode::PRECONDITION_FAILED, "send the header `Tus-Resumable: 1.0.0`")),
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The file's name in `Upload-Metadata`: pairs of a key and its value in Base64, separated by commas.
fn file_name(headers: &HeaderMap) -> Option<String> {
    let metadata = headers.get("upload-metadata")?.to_str().ok()?;
    let pairs = metadata.split(',').filter_map(|pair| pair.trim().split_once(' '));
    let (_, value) = pairs.into_iter().find(|(key, _)| matches!(*key, "filename" | "name"))?;
    base_name(&String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?)
}

fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Problem> {
    let Some(value) = headers.get("upload-checksum") else { return Ok(None) };
    let wrong = || Problem::new(StatusCode::BAD_REQUEST, "`Upload-Checksum` is `sha1` or `sha256` and a Base64 value");
    let (algorithm, value) = value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or_else(wrong)?;
    let value = STANDARD.decode(value.trim()).map_err(|_| wrong())?;
    match algorithm {
        "sha1" => Ok(Some(Checksum::Sha1(value))),
        "sha256" => Ok(Some(Checksum::Sha256(value))),
        _ => Err(wrong()),
    }
}

fn is_part(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == PART.as_bytes())
}

fn expiry(partial: &PartialUpload) -> (&'static str, String) {
    // RFC 9110 dates are those of RFC 2822 with GMT for +0000.
    ("upload-expires", partial.expires_at.format(&Rfc2822).unwrap_or_default().replace("+0000", "GMT"))
}

/// What the tus protocol can do here.
#[utoipa::path(options, path = "/projects/{project}/uploads/tus", tag = "datasets", params(("project" = ProjectId, Path)), responses((status = NO_CONTENT)))]
async fn describe_tus(
    State(state): State<AppState>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Response, Problem> {
    authorise(&state.db, &caller, project, Action::EditDatasets).await?;
    Ok(answer(
        StatusCode::NO_CONTENT,
        &[
            ("tus-version", VERSION.to_owned()),
            ("tus-extension", EXTENSIONS.to_owned()),
            ("tus-max-size", state.config.max_upload_bytes.to_string()),
            ("tus-checksum-algorithm", "sha1,sha256".to_owned()),
        ],
    ))
}

/// Begin an upload in parts (tus 1.0).
///
/// Send `Tus-Resumable: 1.0.0`, `Upload-Length` (bytes of the whole file) and `Upload-Metadata: filename` with the name in
/// Base64. The answer's `Location` is where parts are sent. The body may be the first part.
#[utoipa::path(post, path = "/projects/{project}/uploads/tus", tag = "datasets", params(("project" = ProjectId, Path)), request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"), responses((status = CREATED)))]
async fn begin_tus(
    State(state): State<AppState>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    authorise(&state.db, &caller, project, Action::EditDatasets).await?;
    check_version(&headers)?;
    let size = number(&headers, "upload-length").filter(|n| *n > 0).ok_or_else(|| {
        Problem::new(StatusCode::BAD_REQUEST, "send `Upload-Length`, the file's size in bytes, above 0")
    })?;
    if size > state.config.max_upload_bytes {
        let limit_bytes = state.config.max_upload_bytes;
        return Err(crate::artifacts::ArtifactError::TooLarge { limit_bytes }.into());
    }
    let name = file_name(&headers).ok_or_else(|| {
        Problem::new(StatusCode::BAD_REQUEST, "send `Upload-Metadata: filename` with the name in Base64")
    })?;
    let checksum = checksum(&headers)?;
    let partial = store::partial_uploads::create(&state.db, project, caller.user_id, &name, size).await?;
    let partial = partial.ok_or_else(|| {
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many unfinished uploads: finish or delete some of them")
    })?;
    let location = format!("{}/projects/{project}/uploads/tus/{}", crate::rest::PREFIX, partial.id);
    let mut answered = vec![("location", location), expiry(&partial)];
    if is_part(&headers) {
        let taken = take(&state, partial, 0, checksum, body).await?;
        answered.extend(progress(&taken));
    }
    Ok(answer(StatusCode::CREATED, &answered))
}

/// Writes a part in a task of its own, which goes on when this request is dropped.
async fn take(
    state: &AppState,
    partial: PartialUpload,
    offset: u64,
    checksum: Option<Checksum>,
    body: Body,
) -> Result<Taken, PartError> {
    let (db, artifacts) = (state.db.clone(), state.artifacts.clone());
    let work = async move { partial::take(&db, &artifacts, &partial, offset, checksum, body.into_data_stream()).await };
    tokio::spawn(work).await.map_err(std::io::Error::other)?
}

fn progress(taken: &Taken) -> Vec<(&'static str, String)> {
    let mut headers = vec![("upload-offset", taken.received_bytes.to_string())];
    headers.extend(taken.upload.as_ref().map(|upload| (UPLOAD_ID, upload.id.to_string())));
    headers
}

async fn find(state: &AppState, project: ProjectId, id: PartialUploadId) -> Result<PartialUpload, Problem> {
    store::partial_uploads::get(&state.db, project, id).await?.ok_or_else(Problem::not_found)
}

/// How far an upload in parts is: `Upload-Offset` bytes are safe. `Lathe-Upload-Id` names the upload of a finished one.
#[utoipa::path(head, path = "/projects/{project}/uploads/tus/{partial}", tag = "datasets", params(("project" = ProjectId, Path), ("partial" = PartialUploadId, Path)), responses((status = OK)))]
async fn ask_tus(
    State(state): State<AppState>,
    caller: Caller,
    Path((project, id)): Path<(ProjectId, PartialUploadId)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorise(&state.db, &caller, project, Action::EditDatasets).await?;
    check_version(&headers)?;
    let mut partial = find(&state, project, id).await?;
    if partial.upload.is_none() && partial.received_bytes == partial.size_bytes {
        // A client that sees all bytes here sends no more: it is told what the file became, and what was left to do for
        // that when the last answer was lost is done now.
        let end = partial.size_bytes;
        match take(&state, partial, end, None, Body::empty()).await {
            // Where the disk has lost some of it, the rest is to be sent again.
            Ok(_) | Err(PartError::Elsewhere { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        partial = find(&state, project, id).await?;
    }
    let mut answered = vec![
        ("upload-offset", partial.received_bytes.to_string()),
        ("upload-length", partial.size_bytes.to_string()),
        ("cache-control", "no-store".to_owned()),
        expiry(&partial),
    ];
    answered.extend(partial.upload.map(|upload| (UPLOAD_ID, upload.to_string())));
    Ok(answer(StatusCode::OK, &answered))
}

/// Send a part.
///
/// The body is what follows the first `Upload-Offset` bytes. Whatever arrives is kept, also when the connection breaks. The
/// answer to the last part names the upload in `Lathe-Upload-Id`; an empty part at the file's end asks for it again.
#[utoipa::path(patch, path = "/projects/{project}/uploads/tus/{partial}", tag = "datasets", params(("project" = ProjectId, Path), ("partial" = PartialUploadId, Path)), request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"), responses((status = NO_CONTENT)))]
async fn send_tus(
    State(state): State<AppState>,
    caller: Caller,
    Path((project, id)): Path<(ProjectId, PartialUploadId)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    authorise(&state.db, &caller, project, Action::EditDatasets).await?;
    check_version(&headers)?;
    if !is_part(&headers) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("send the part as `{PART}`")));
    }
    let offset = number(&headers, "upload-offset")
        .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "send `Upload-Offset`, the bytes before this part"))?;
    let checksum = checksum(&headers)?;
    let partial = find(&state, project, id).await?;
    let mut answered = vec![expiry(&partial)];
    answered.extend(progress(&take(&state, partial, offset, checksum, body).await?));
    Ok(answer(StatusCode::NO_CONTENT, &answered))
}

/// Give an upload in parts up. What it became, if it was finished, stays.
#[utoipa::path(delete, path = "/projects/{project}/uploads/tus/{partial}", tag = "datasets", params(("project" = ProjectId, Path), ("partial" = PartialUploadId, Path)), responses((status = NO_CONTENT)))]
async fn end_tus(
    State(state): State<AppState>,
    caller: Caller,
    Path((project, id)): Path<(ProjectId, PartialUploadId)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorise(&state.db, &caller, project, Action::EditDatasets).await?;
    check_version(&headers)?;
    if !store::partial_uploads::delete(&state.db, project, id).await? {
        return Err(Problem::not_found());
    }
    state.artifacts.forget_staged(&partial::file_name(id)).await?;
    Ok(answer(StatusCode::NO_CONTENT, &[]))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        [(header::HeaderName::from_static(name), value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn names_and_checksums_are_read() {
        let name = |value: &str| file_name(&headers("upload-metadata", value));
        assert_eq!(name("filetype dGV4dA==,filename 6K+E6K66LmNzdg==").as_deref(), Some("评论.csv"));
        assert_eq!(name("filename Li4vLi4vYS5jc3Y=").as_deref(), Some("a.csv"));
        assert_eq!((name("filename"), name("filename !!"), name("")), (None, None, None));
        let of = |value: &str| checksum(&headers("upload-checksum", value));
        assert_eq!(of("sha1 AAE=").unwrap(), Some(Checksum::Sha1(vec![0, 1])));
        assert!(of("md5 AAE=").is_err() && of("sha1").is_err() && of("sha256 !").is_err());
    }
}
