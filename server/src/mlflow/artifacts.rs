//! Files of runs: listed, and sent and fetched through the server, as MLflow's artifact proxy does it. A run's artifacts
//! have the address `mlflow-artifacts:/PROJECT/RUN/artifacts`.

use super::{
    Endpoint,
    access::Place,
    refusal::Refusal,
    wire::{Done, Json, Query, run_id},
};
use crate::{artifacts::Artifacts, state::AppState};
use axum::{
    body::Body,
    extract::{RawPathParams, Request, State},
    http::{HeaderMap, HeaderValue, Uri, header},
};
use domain::{
    id::{ProjectId, TrackedRunId},
    tracking::{limits::is_path, view::Entry},
};
use serde::{Deserialize, Serialize};
use store::{
    PgPool,
    tracking::{files, runs},
};

/// Where the proxy begins.
const PROXY: &str = "/mlflow-artifacts/artifacts";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/mlflow/artifacts/list", list),
        Endpoint::get("/mlflow-artifacts/artifacts", list_at),
        Endpoint::get("/mlflow-artifacts/artifacts/{*path}", download),
        Endpoint::put("/mlflow-artifacts/artifacts/{*path}", upload),
        Endpoint::delete("/mlflow-artifacts/artifacts/{*path}", remove),
    ]
}

/// A place among the artifacts of a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Location {
    pub(super) project: ProjectId,
    run: TrackedRunId,
    /// Below the run's artifacts; empty for all of them.
    path: String,
}

impl Location {
    /// `PROJECT/RUN/artifacts/PATH`. Some clients put the path of their tracking address in front of it:
    /// `mlflow/PROJECT/PROJECT/RUN/artifacts/PATH`.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches('/');
        let text = match text.strip_prefix("mlflow/") {
            Some(rest) => rest.split_once('/')?.1,
            None => text,
        };
        let mut parts = text.trim_start_matches('/').splitn(4, '/');
        let (project, run, folder) = (parts.next()?, parts.next()?, parts.next()?);
        let path = parts.next().unwrap_or_default();
        if folder != "artifacts" || !(path.is_empty() || is_path(path)) {
            return None;
        }
        Some(Self { project: project.parse().ok()?, run: run.parse().ok()?, path: path.to_owned() })
    }

    /// The place that a request to the proxy names; `None` for every other request.
    pub(super) fn of_request(params: &RawPathParams, uri: &Uri) -> Option<Self> {
        if let Some((_, path)) = params.iter().find(|(name, _)| *name == "path") {
            return Self::parse(path);
        }
        let query = uri.query().filter(|_| uri.path().ends_with(PROXY))?;
        let named = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "path")?;
        Self::parse(&named.1)
    }

    /// The same, of the project that the caller was let into.
    fn within(place: Place, params: &RawPathParams, uri: &Uri) -> Result<Self, Refusal> {
        let found = Self::of_request(params, uri).filter(|location| location.project == place.project);
        found.ok_or_else(|| Refusal::not_found("this is not the place of a run's artifacts"))
    }

    fn file(self) -> Result<Self, Refusal> {
        if self.path.is_empty() { Err(Refusal::missing("artifact_path")) } else { Ok(self) }
    }
}

#[derive(Deserialize)]
struct ListIn {
    run_id: Option<String>,
    run_uuid: Option<String>,
    path: Option<String>,
}

#[derive(Serialize)]
struct FileOut {
    path: String,
    is_dir: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_size: Option<u64>,
}

impl FileOut {
    /// `folder` is empty, or ends in a slash.
    fn new(folder: &str, entry: Entry) -> Self {
        Self { path: format!("{folder}{}", entry.name), is_dir: entry.is_folder, file_size: entry.size_bytes }
    }
}

#[derive(Serialize)]
struct Listing {
    root_uri: String,
    files: Vec<FileOut>,
}

/// Lists a folder with paths from the run's artifacts on.
async fn list(State(db): State<PgPool>, place: Place, Query(asked): Query<ListIn>) -> Result<Json<Listing>, Refusal> {
    let run = run_id(asked.run_id.as_deref(), asked.run_uuid.as_deref())?;
    let folder = asked.path.unwrap_or_default();
    if !folder.is_empty() && !is_path(&folder) {
        return Err(Refusal::invalid("invalid path"));
    }
    let found = files::list(&db, place.project, run, &folder).await?;
    let prefix = if folder.is_empty() { folder } else { format!("{folder}/") };
    let files = found.into_iter().map(|entry| FileOut::new(&prefix, entry)).collect();
    let root_uri = format!("mlflow-artifacts:/{}/{}/artifacts", place.project, runs::simple(run));
    Ok(Json(Listing { root_uri, files }))
}

#[derive(Serialize)]
struct ProxyListing {
    files: Vec<FileOut>,
}

/// Lists a folder with names alone.
async fn list_at(
    State(db): State<PgPool>,
    place: Place,
    params: RawPathParams,
    uri: Uri,
) -> Result<Json<ProxyListing>, Refusal> {
    let location = Location::within(place, &params, &uri)?;
    let found = files::list(&db, place.project, location.run, &location.path).await?;
    Ok(Json(ProxyListing { files: found.into_iter().map(|entry| FileOut::new("", entry)).collect() }))
}

async fn download(
    State(db): State<PgPool>,
    State(artifacts): State<Artifacts>,
    place: Place,
    params: RawPathParams,
    uri: Uri,
) -> Result<(HeaderMap, Body), Refusal> {
    let location = Location::within(place, &params, &uri)?.file()?;
    let found = files::get(&db, place.project, location.run, &location.path).await?;
    let (sha256, size) = found.ok_or_else(|| Refusal::not_found(format!("no such artifact: '{}'", location.path)))?;
    let mut headers = HeaderMap::new();
    // Never shown as a page of this site: a run may have logged anything.
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    Ok((headers, Body::from_stream(artifacts.get(&sha256).await?)))
}

async fn upload(
    State(state): State<AppState>,
    place: Place,
    params: RawPathParams,
    request: Request,
) -> Result<Json<Done>, Refusal> {
    let location = Location::within(place, &params, request.uri())?.file()?;
    runs::must_be_active(&state.db, place.project, location.run).await?;
    let bytes = request.into_body().into_data_stream();
    let stored = state.artifacts.put_stream(bytes, state.config.max_upload_bytes).await?;
    files::put(&state.db, location.run, &location.path, &stored.sha256, stored.size_bytes).await?;
    Ok(Json(Done {}))
}

async fn remove(
    State(db): State<PgPool>,
    place: Place,
    params: RawPathParams,
    uri: Uri,
) -> Result<Json<Done>, Refusal> {
    let location = Location::within(place, &params, &uri)?.file()?;
    runs::must_be_active(&db, place.project, location.run).await?;
    files::remove(&db, location.run, &location.path).await?;
    Ok(Json(Done {}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_with_and_without_the_tracking_path() {
        let (project, run) = (ProjectId::new(), TrackedRunId::new());
        let plain = format!("{project}/{}/artifacts", run.0.simple());
        let at = |path: &str| Some(Location { project, run, path: path.to_owned() });
        assert_eq!(Location::parse(&plain), at(""));
        assert_eq!(Location::parse(&format!("{plain}/model/a b.bin")), at("model/a b.bin"));
        assert_eq!(Location::parse(&format!("mlflow/{project}/{plain}/x")), at("x"));
        for bad in ["/../x", "/a//b", "/./a"] {
            assert_eq!(Location::parse(&format!("{plain}{bad}")), None, "{bad}");
        }
        assert_eq!(Location::parse(&format!("{project}/{}/elsewhere/x", run.0.simple())), None);
        assert_eq!(Location::parse("a/b/artifacts"), None);
    }
}
