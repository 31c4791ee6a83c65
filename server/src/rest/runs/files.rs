//! What a run leaves to take home: its recipe and its adapter, in PEFT's format where PEFT has the method.

use crate::{
    artifacts::Artifacts,
    rest::{Path, Problem, auth::Caller, export::attachment},
    state::AppState,
};
use axum::{body::Body, extract::State, response::Response};
use domain::{
    id::{ProjectId, RunId},
    run::{AdapterFile, RunDetail},
};
use futures::TryStreamExt;
use std::io::{Seek, Write};
use store::PgPool;
use tokio_util::io::ReaderStream;
use utoipa_axum::{router::OpenApiRouter, routes};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(run_recipe)).routes(routes!(adapter_zip)).routes(routes!(adapter_file))
}

/// The recipe as the TOML that `trainer run` takes.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/recipe.toml", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path)), responses((status = OK, content_type = "application/toml", body = String)))]
async fn run_recipe(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
) -> Result<Response, Problem> {
    let found = super::find(&db, &caller, project, run).await?;
    let name = format!("run-{}.toml", found.summary.number);
    Ok(attachment(&name, "application/toml", Body::from(found.recipe.to_toml())))
}

/// The run, if it has an adapter.
async fn with_adapter(db: &PgPool, caller: &Caller, project: ProjectId, run: RunId) -> Result<RunDetail, Problem> {
    let found = super::find(db, caller, project, run).await?;
    if found.adapter.is_empty() {
        return Err(Problem::conflict("the run has no adapter: it has not succeeded"));
    }
    Ok(found)
}

/// One file of the adapter.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/adapter/{file}", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path), ("file" = String, Path)), responses((status = OK, content_type = "application/octet-stream", body = [u8])))]
async fn adapter_file(
    State(db): State<PgPool>,
    State(artifacts): State<Artifacts>,
    caller: Caller,
    Path((project, run, path)): Path<(ProjectId, RunId, String)>,
) -> Result<Response, Problem> {
    let found = with_adapter(&db, &caller, project, run).await?;
    let file = found.adapter.into_iter().find(|f| f.path == path).ok_or_else(Problem::not_found)?;
    let body = Body::from_stream(artifacts.get(&file.sha256).await?);
    Ok(attachment(&file.path, "application/octet-stream", body))
}

/// The adapter as a zip, whose folder `PeftModel.from_pretrained` takes unless the method is `bottleneck`.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/adapter.zip", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path)), responses((status = OK, content_type = "application/zip", body = [u8])))]
async fn adapter_zip(
    State(db): State<PgPool>,
    State(artifacts): State<Artifacts>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
) -> Result<Response, Problem> {
    let found = with_adapter(&db, &caller, project, run).await?;
    let folder = format!("run-{}-adapter", found.summary.number);
    let zip = zip_of(&artifacts, &folder, &found.adapter).await.map_err(Problem::internal)?;
    let file = tokio::fs::File::from_std(zip);
    Ok(attachment(&format!("{folder}.zip"), "application/zip", Body::from_stream(ReaderStream::new(file))))
}

/// A temporary file, gone when it is closed. Weights do not compress, so nothing is.
async fn zip_of(artifacts: &Artifacts, folder: &str, files: &[AdapterFile]) -> anyhow::Result<std::fs::File> {
    let mut zip = ZipWriter::new(tempfile::tempfile()?);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    for file in files {
        zip.start_file(format!("{folder}/{}", file.path), options)?;
        let mut bytes = artifacts.get(&file.sha256).await?;
        while let Some(chunk) = bytes.try_next().await? {
            zip.write_all(&chunk)?;
        }
    }
    let mut file = zip.finish()?;
    file.rewind()?;
    Ok(file)
}
