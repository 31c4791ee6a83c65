//! Clusters of bad cases.

use crate::{
    jobs::cluster_bad_cases::{ClusterBadCases, KIND},
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    badcase::{
        taxonomy::{MAX_NAME_CHARS, parse_name},
        view::CaseCluster,
    },
    id::{ClusterId, ProjectId},
    job::Job,
};
use serde::Deserialize;
use store::{PgPool, access::authorise, badcases::clusters};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_clusters, find_clusters)).routes(routes!(rename_cluster))
}

/// The project's clusters, largest first.
#[utoipa::path(get, path = "/projects/{project}/bad-case-clusters", tag = "bad cases", params(("project" = ProjectId, Path)), responses((status = OK, body = Vec<CaseCluster>)))]
async fn list_clusters(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<CaseCluster>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(clusters::list(&db, project).await?))
}

/// Group the bad cases that are work still, open, confirmed or corrected, of the project or of one dataset. Answers with a job.
///
/// By the embeddings of a model that has scored all of their samples, else by their words; labels that were taken for each other
/// count, too. Clusters that people have named keep their names.
#[utoipa::path(post, path = "/projects/{project}/bad-case-clusters", tag = "bad cases", params(("project" = ProjectId, Path)), request_body = ClusterBadCases, responses((status = ACCEPTED, body = Job)))]
async fn find_clusters(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<ClusterBadCases>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    let id = store::jobs::enqueue(&db, project, KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// What a cluster is called from now on.
#[derive(Deserialize, ToSchema)]
struct ClusterName {
    name: String,
}

/// Name a cluster.
#[utoipa::path(put, path = "/projects/{project}/bad-case-clusters/{cluster}", tag = "bad cases", params(("project" = ProjectId, Path), ("cluster" = ClusterId, Path)), request_body = ClusterName, responses((status = NO_CONTENT)))]
async fn rename_cluster(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, cluster)): Path<(ProjectId, ClusterId)>,
    Json(new): Json<ClusterName>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    let name =
        parse_name(&new.name).ok_or_else(|| Problem::invalid("name", format!("1 to {MAX_NAME_CHARS} characters")))?;
    let is_there = clusters::rename(&db, project, cluster, &name).await?;
    if is_there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}
