//! A project's own causes of bad cases.

use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    badcase::{
        Cause,
        taxonomy::{MAX_NAME_CHARS, OwnCause, parse_name},
    },
    id::{CauseId, ProjectId},
};
use serde::Deserialize;
use store::{PgPool, access::authorise, badcases::causes};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_causes, add_cause))
        .routes(routes!(update_cause))
        .routes(routes!(merge_cause))
}

/// The project's own causes, each below one of the five built-in kinds.
#[utoipa::path(get, path = "/projects/{project}/bad-case-causes", tag = "bad cases", params(("project" = ProjectId, Path)), responses((status = OK, body = Vec<OwnCause>)))]
async fn list_causes(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<OwnCause>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(causes::list(&db, project).await?))
}

/// A cause to add.
#[derive(Deserialize, ToSchema)]
struct NewCause {
    /// The kind below which it hangs; that of the parent where one is named.
    kind: Cause,
    #[serde(default)]
    parent_id: Option<CauseId>,
    name: String,
}

/// Add a cause.
#[utoipa::path(post, path = "/projects/{project}/bad-case-causes", tag = "bad cases", params(("project" = ProjectId, Path)), request_body = NewCause, responses((status = CREATED, body = OwnCause)))]
async fn add_cause(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(new): Json<NewCause>,
) -> Result<(StatusCode, Json<OwnCause>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    let name = name(&new.name)?;
    let id = causes::add(&db, project, new.kind, new.parent_id, &name, caller.user_id).await?;
    Ok((StatusCode::CREATED, Json(find(&db, project, id).await?)))
}

/// What a cause is called from now on.
#[derive(Deserialize, ToSchema)]
struct CauseUpdate {
    name: String,
    /// Not to be chosen any more; bad cases that have it keep it.
    #[serde(default)]
    archived: bool,
}

/// Rename a cause, put it away, or take it out again.
#[utoipa::path(put, path = "/projects/{project}/bad-case-causes/{cause}", tag = "bad cases", params(("project" = ProjectId, Path), ("cause" = CauseId, Path)), request_body = CauseUpdate, responses((status = OK, body = OwnCause)))]
async fn update_cause(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, cause)): Path<(ProjectId, CauseId)>,
    Json(update): Json<CauseUpdate>,
) -> Result<Json<OwnCause>, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    let name = name(&update.name)?;
    if !causes::update(&db, project, cause, &name, update.archived).await? {
        return Err(Problem::not_found());
    }
    Ok(Json(find(&db, project, cause).await?))
}

/// Where a cause goes.
#[derive(Deserialize, ToSchema)]
struct MergeCause {
    into: CauseId,
}

/// Merge a cause into another: its bad cases and the causes below it go over, then it is gone.
#[utoipa::path(post, path = "/projects/{project}/bad-case-causes/{cause}/merge", tag = "bad cases", params(("project" = ProjectId, Path), ("cause" = CauseId, Path)), request_body = MergeCause, responses((status = OK, body = OwnCause)))]
async fn merge_cause(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, cause)): Path<(ProjectId, CauseId)>,
    Json(merge): Json<MergeCause>,
) -> Result<Json<OwnCause>, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    if !causes::merge(&db, project, cause, merge.into).await? {
        return Err(Problem::not_found());
    }
    Ok(Json(find(&db, project, merge.into).await?))
}

fn name(name: &str) -> Result<String, Problem> {
    parse_name(name).ok_or_else(|| Problem::invalid("name", format!("1 to {MAX_NAME_CHARS} characters")))
}

async fn find(db: &PgPool, project: ProjectId, id: CauseId) -> Result<OwnCause, Problem> {
    let all = causes::list(db, project).await?;
    all.into_iter().find(|c| c.id == id).ok_or_else(Problem::not_found)
}
