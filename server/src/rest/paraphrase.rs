//! Texts that a model writes from training samples: ask for them, decide on them, make the next version with them.

use crate::{
    jobs::paraphrase::{self, ParaphraseVersion},
    rest::{Json, Path, Problem, Query, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    id::{ProjectId, VersionId},
    job::Job,
    page::clamp_limit,
    paraphrase::{Decide, Decision, Paraphrase, Proposal, ProposalCounts, TakeProposals, Writer},
};
use serde::{Deserialize, Serialize};
use store::{PgPool, access::authorise, proposals};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(paraphrase_version))
        .routes(routes!(list_proposals))
        .routes(routes!(decide_proposals))
        .routes(routes!(take_proposals))
        .routes(routes!(list_endpoints))
}

/// Have training samples written anew by a model. Answers with a job; the texts wait for decisions.
///
/// Validation and test are never touched. Every text passes a gate: it must differ, be of about the same length and the
/// same language, and stand nowhere in the version.
#[utoipa::path(post, path = "/projects/{project}/versions/{version}/paraphrases", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), request_body = Paraphrase, responses((status = ACCEPTED, body = Job)))]
async fn paraphrase_version(
    State(state): State<AppState>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Json(request): Json<Paraphrase>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let db = &state.db;
    authorise(db, &caller, project, Action::EditDatasets).await?;
    super::versions::find(db, project, version).await?;
    request.check().map_err(|e| Problem::invalid(e.field(), &e))?;
    match &request.writer {
        Writer::Endpoint { name } if state.config.endpoints.iter().all(|e| e.name != *name) => {
            return Err(Problem::invalid("writer.name", "the server's settings name no such endpoint"));
        }
        Writer::Model { model_id, .. } if store::models::get(db, project, *model_id).await?.is_none() => {
            return Err(Problem::invalid("writer.model_id", "the project has no such model"));
        }
        Writer::Endpoint { .. } | Writer::Model { .. } => {}
    }
    let request = ParaphraseVersion { version_id: version, request };
    let id = store::jobs::enqueue(db, project, paraphrase::KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ProposalQuery {
    /// Those with this decision; `waiting` when absent.
    #[serde(default)]
    #[param(inline)]
    decision: Decision,
    /// Those that passed the gate, or those that did not, alone.
    passed: Option<bool>,
    /// The last id of the page before.
    #[serde(default)]
    after: i64,
    /// Texts at most, 1–500; 50 when absent.
    limit: Option<u32>,
}

/// A page of texts, and how many there are of each kind.
#[derive(Serialize, ToSchema)]
struct Proposals {
    counts: ProposalCounts,
    items: Vec<Proposal>,
}

/// Texts that wait for a decision, or that have one.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/proposals", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path), ProposalQuery), responses((status = OK, body = Proposals)))]
async fn list_proposals(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Query(query): Query<ProposalQuery>,
) -> Result<Json<Proposals>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    super::versions::find(&db, project, version).await?;
    let limit = clamp_limit(query.limit);
    Ok(Json(Proposals {
        counts: proposals::counts(&db, version).await?,
        items: proposals::page(&db, version, query.decision, query.passed, query.after, limit).await?,
    }))
}

/// How many texts a decision concerned.
#[derive(Serialize, ToSchema)]
struct Decided {
    decided: u64,
}

/// Accept or reject texts.
#[utoipa::path(post, path = "/projects/{project}/versions/{version}/proposals/decide", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), request_body = Decide, responses((status = OK, body = Decided)))]
async fn decide_proposals(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Json(request): Json<Decide>,
) -> Result<Json<Decided>, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    super::versions::find(&db, project, version).await?;
    Ok(Json(Decided { decided: proposals::decide(&db, version, &request, caller.user_id).await? }))
}

/// Make the next version: this one's samples and the accepted texts. Answers with a job.
#[utoipa::path(post, path = "/projects/{project}/versions/{version}/proposals/take", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = ACCEPTED, body = Job)))]
async fn take_proposals(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    super::versions::find(&db, project, version).await?;
    let request = TakeProposals { version_id: version };
    let id = store::jobs::enqueue(&db, project, paraphrase::TAKE_KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Names of the endpoints that the server's settings give, for `writer`.
#[utoipa::path(get, path = "/projects/{project}/endpoints", tag = "datasets", params(("project" = ProjectId, Path)), responses((status = OK, body = [String])))]
async fn list_endpoints(
    State(state): State<AppState>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<String>>, Problem> {
    authorise(&state.db, &caller, project, Action::Read).await?;
    Ok(Json(state.config.endpoints.iter().map(|e| e.name.clone()).collect()))
}
