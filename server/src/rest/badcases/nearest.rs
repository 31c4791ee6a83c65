//! Training rows that are nearest to bad cases by embeddings.

use crate::{
    jobs::nearest_to_bad_cases::{MAX_CASES, NearestToBadCases},
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{access::Action, id::ProjectId, job::Job};
use store::{PgPool, access::authorise, badcases::evidence::embedded::KIND};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find_nearest))
}

/// Find the training rows that are nearest to bad cases by a model's embeddings. Answers with a job; what it finds is then part
/// of each case's evidence.
///
/// Cases whose training version no model has scored with embeddings are left out. Embeddings of the run that failed come before
/// those of its model alone, and these before others.
#[utoipa::path(post, path = "/projects/{project}/bad-case-neighbours", tag = "bad cases", params(("project" = ProjectId, Path)), request_body = NearestToBadCases, responses((status = ACCEPTED, body = Job)))]
async fn find_nearest(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<NearestToBadCases>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    if !(1..=MAX_CASES).contains(&request.ids.len()) {
        return Err(Problem::invalid("ids", format!("name 1 to {MAX_CASES} bad cases")));
    }
    let id = store::jobs::enqueue(&db, project, KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
