//! Several bad cases at once, and taking a merge back.

use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::extract::State;
use domain::{
    access::Action,
    badcase::view::{BadCase, CasesEdit},
    id::{BadCaseId, ProjectId},
};
use serde::Serialize;
use store::{
    PgPool,
    access::authorise,
    badcases::bulk::{self, MAX_CASES},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(edit_bad_cases)).routes(routes!(unmerge_bad_case))
}

/// How many bad cases were changed.
#[derive(Serialize, ToSchema)]
struct Changed {
    changed: u64,
}

/// Assign, explain, dismiss or merge several bad cases at once.
///
/// What the body does not name stays as it is.
#[utoipa::path(post, path = "/projects/{project}/bad-case-edits", tag = "bad cases", params(("project" = ProjectId, Path)), request_body = CasesEdit, responses((status = OK, body = Changed)))]
async fn edit_bad_cases(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(edit): Json<CasesEdit>,
) -> Result<Json<Changed>, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    if edit.ids.len() > MAX_CASES {
        return Err(Problem::invalid("ids", format!("at most {MAX_CASES} at once")));
    }
    Ok(Json(Changed { changed: bulk::apply(&db, project, &edit, caller.user_id).await? }))
}

/// Take a merge back: the bad case is by itself again.
#[utoipa::path(post, path = "/projects/{project}/bad-cases/{bad_case}/unmerge", tag = "bad cases", params(("project" = ProjectId, Path), ("bad_case" = BadCaseId, Path)), responses((status = OK, body = BadCase)))]
async fn unmerge_bad_case(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, id)): Path<(ProjectId, BadCaseId)>,
) -> Result<Json<BadCase>, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    if !bulk::unmerge(&db, project, id, caller.user_id).await? {
        return Err(Problem::not_found());
    }
    store::badcases::get(&db, project, id).await?.map(Json).ok_or_else(Problem::not_found)
}
