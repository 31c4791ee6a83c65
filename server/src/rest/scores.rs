//! What models say of the samples of a version, for the steps of data recipes that read it.

use crate::{
    jobs::score_version,
    rest::{Json, Path, Problem, Query, auth::Caller, versions::OneSampleQuery},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    id::{ProjectId, SampleId, VersionId},
    job::Job,
    score::{SampleScore, ScoreVersion, Scoring},
};
use store::{PgPool, access::authorise};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(start_scoring))
        .routes(routes!(list_scorings))
        .routes(routes!(get_sample_scores))
}

/// Score a version with a model.
///
/// Answers with a job. Afterwards the steps `perplexity`, `outliers` and `label_problems` (both with embeddings) can be done
/// on the version. Scoring once more with the same model replaces its scores.
#[utoipa::path(post, path = "/projects/{project}/scores", tag = "datasets", params(("project" = ProjectId, Path)), request_body = ScoreVersion, responses((status = ACCEPTED, body = Job)))]
async fn start_scoring(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<ScoreVersion>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    super::versions::find(&db, project, request.version_id).await?;
    if store::models::get(&db, project, request.model_id).await?.is_none() {
        return Err(Problem::invalid("model_id", "this project has no such model"));
    }
    if let Some(run) = request.run_id {
        let run = store::runs::get(&db, project, run).await?;
        if !run.is_some_and(|run| run.summary.model_id == request.model_id && !run.adapter.is_empty()) {
            return Err(Problem::invalid("run_id", "choose a run of this project and model that has an adapter"));
        }
    }
    let id = store::jobs::enqueue(&db, project, score_version::KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Models that have scored a version, latest first.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/scores", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = OK, body = Vec<Scoring>)))]
async fn list_scorings(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<Json<Vec<Scoring>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    super::versions::find(&db, project, version).await?;
    Ok(Json(store::scores::list(&db, project, version).await?))
}

/// What the models that have scored a version say of one of its samples, latest first. 409 for one of the sealed test split,
/// unless `include_test` is true.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/samples/{sample}/scores", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path), ("sample" = SampleId, Path), OneSampleQuery), responses((status = OK, body = Vec<SampleScore>)))]
async fn get_sample_scores(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version, sample)): Path<(ProjectId, VersionId, SampleId)>,
    Query(query): Query<OneSampleQuery>,
) -> Result<Json<Vec<SampleScore>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let version = super::versions::find(&db, project, version).await?;
    let row = super::versions::open_sample(&db, &caller, &version, sample, &query).await?;
    Ok(Json(store::scores::of_sample(&db, project, version.id, row.id).await?))
}
