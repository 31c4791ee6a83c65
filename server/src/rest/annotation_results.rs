//! What an annotation task comes to: agreement, consensus, the next dataset version, files.

use super::annotation_files;
use crate::{
    rest::{Json, Path, Problem, Query, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode, response::Response};
use dataprep::export::Formulas;
use domain::{
    access::Action,
    annotation::{
        agreement_view::{Agreement, Compute, Computed},
        exchange::{ExportKind, ImportJudgements, ImportKind},
        publish::{Publish, PublishTask},
        view::Board,
    },
    id::{ProjectId, TaskId, UploadId},
    job::Job,
};
use serde::Deserialize;
use store::{
    PgPool,
    access::authorise,
    annotation::{
        board, consensus, exchange,
        items::{self, Sees},
        publish, quality,
    },
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_annotation_board))
        .routes(routes!(get_annotation_agreement))
        .routes(routes!(compute_annotation_consensus))
        .routes(routes!(publish_annotation))
        .routes(routes!(export_annotation))
        .routes(routes!(import_annotation))
}

/// A task at work: how far it is, who does how much, what does not get on. Until the task is closed annotators get no other people's rows.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/board", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), responses((status = OK, body = Board)))]
async fn get_annotation_board(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
) -> Result<Json<Board>, Problem> {
    let role = authorise(&db, &caller, project, Action::Read).await?;
    let sees = items::sees(&db, project, task, caller.user_id, role).await?.ok_or_else(Problem::not_found)?;
    let found = board::board(&db, project, task).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(board::as_seen(found, sees)))
}

/// How well people agree on each question: Krippendorff's α, κ of each pair, by option, item, person and week.
///
/// Of more than 50,000 items that several judged, so many are drawn by a fixed seed; `measured` says how many.
/// It is computed when judgements have changed since the last time (`as_of`); one that takes long is computed less often, and then
/// `is_current` is false. Until the task is closed annotators, who judge blind, get none.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/agreement", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), responses((status = OK, body = Agreement)))]
async fn get_annotation_agreement(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
) -> Result<Json<Agreement>, Problem> {
    let role = authorise(&db, &caller, project, Action::Read).await?;
    let sees = items::sees(&db, project, task, caller.user_id, role).await?.ok_or_else(Problem::not_found)?;
    if sees != Sees::All {
        return Err(Problem::forbidden());
    }
    quality::agreement(&db, project, task).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Compute what the judgements of every judged item come to. What a reviewer or adjudicator decided stays.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/consensus", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), request_body = Compute, responses((status = OK, body = Computed)))]
async fn compute_annotation_consensus(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Json(request): Json<Compute>,
) -> Result<Json<Computed>, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    consensus::compute(&db, project, task, request.method).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Make the next version of the dataset from the task's labels. Answers with a job.
///
/// Confidence, agreement and the number of annotators become slice fields, so that a run can weigh samples by them.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/publish", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), request_body = Publish, responses((status = ACCEPTED, body = Job)))]
async fn publish_annotation(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Json(request): Json<Publish>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    let source = publish::source(&db, project, task).await?.ok_or_else(Problem::not_found)?;
    request.check(&source.design).map_err(|e| Problem::invalid("questions", e))?;
    let payload = PublishTask { task_id: task, publish: request };
    let id = store::jobs::enqueue(&db, project, publish::KIND, &payload, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// What the file holds.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FileQuery {
    #[param(inline)]
    kind: ExportKind,
    /// In CSV: write cells as they are. Else a `'` stands before those that a spreadsheet would run as a formula.
    #[serde(default)]
    keep_formulas: bool,
}

/// All judgements or what they come to as a file. Until the task is closed annotators get none.
#[utoipa::path(get, path = "/projects/{project}/annotation-tasks/{task}/export", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path), FileQuery), responses((status = OK, content_type = "application/octet-stream", body = [u8])))]
async fn export_annotation(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Query(query): Query<FileQuery>,
) -> Result<Response, Problem> {
    let role = authorise(&db, &caller, project, Action::Read).await?;
    let sees = items::sees(&db, project, task, caller.user_id, role).await?.ok_or_else(Problem::not_found)?;
    if sees != Sees::All {
        return Err(Problem::forbidden());
    }
    let design = exchange::design(&db, project, task).await?.ok_or_else(Problem::not_found)?;
    let formulas = if query.keep_formulas { Formulas::Keep } else { Formulas::Neutralise };
    annotation_files::file(db, task, design, query.kind, formulas)
}

/// A file with judgements that was uploaded.
#[derive(Deserialize, ToSchema)]
struct JudgementsFile {
    upload_id: UploadId,
    kind: ImportKind,
}

/// Read judgements from an uploaded file: Label Studio's JSON with annotations, lines, a table or tagged tokens (CoNLL, BIO or IOBES) as the
/// export writes them. Answers with a job, whose result says how many were taken, were here already, name no item, or do not answer what is asked.
#[utoipa::path(post, path = "/projects/{project}/annotation-tasks/{task}/import", tag = "annotation", params(("project" = ProjectId, Path), ("task" = TaskId, Path)), request_body = JudgementsFile, responses((status = ACCEPTED, body = Job)))]
async fn import_annotation(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, task)): Path<(ProjectId, TaskId)>,
    Json(request): Json<JudgementsFile>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    exchange::design(&db, project, task).await?.ok_or_else(Problem::not_found)?;
    if store::uploads::get(&db, project, request.upload_id).await?.is_none() {
        return Err(Problem::invalid("upload_id", "the project has no such upload"));
    }
    let payload = ImportJudgements { task_id: task, upload_id: request.upload_id, kind: request.kind };
    let id = store::jobs::enqueue(&db, project, publish::IMPORT_KIND, &payload, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
