//! Comments on bad cases, and those that name the caller.

use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    badcase::{
        mention::MAX_COMMENT_CHARS,
        view::{CaseComment, CaseMention},
    },
    id::{BadCaseId, ProjectId},
};
use serde::Deserialize;
use store::{PgPool, access::authorise, badcases::comments};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_comments, add_comment)).routes(routes!(list_mentions))
}

/// The comments on a bad case, oldest first.
#[utoipa::path(get, path = "/projects/{project}/bad-cases/{bad_case}/comments", tag = "bad cases", params(("project" = ProjectId, Path), ("bad_case" = BadCaseId, Path)), responses((status = OK, body = Vec<CaseComment>)))]
async fn list_comments(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, case)): Path<(ProjectId, BadCaseId)>,
) -> Result<Json<Vec<CaseComment>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(comments::list(&db, project, case).await?))
}

/// What is said.
#[derive(Deserialize, ToSchema)]
struct NewComment {
    /// `@` and a member's name lets the comment show up among that one's mentions.
    body: String,
}

/// Comment on a bad case.
#[utoipa::path(post, path = "/projects/{project}/bad-cases/{bad_case}/comments", tag = "bad cases", params(("project" = ProjectId, Path), ("bad_case" = BadCaseId, Path)), request_body = NewComment, responses((status = CREATED, body = CaseComment)))]
async fn add_comment(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, case)): Path<(ProjectId, BadCaseId)>,
    Json(new): Json<NewComment>,
) -> Result<(StatusCode, Json<CaseComment>), Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    let body = new.body.trim();
    if body.is_empty() || body.chars().count() > MAX_COMMENT_CHARS {
        return Err(Problem::invalid("body", format!("1 to {MAX_COMMENT_CHARS} characters")));
    }
    let comment = comments::add(&db, project, case, caller.user_id, body).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::CREATED, Json(comment)))
}

/// Comments that name the caller, those not seen first.
#[utoipa::path(get, path = "/projects/{project}/bad-case-mentions", tag = "bad cases", params(("project" = ProjectId, Path)), responses((status = OK, body = Vec<CaseMention>)))]
async fn list_mentions(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<CaseMention>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(comments::mentions(&db, project, caller.user_id).await?))
}
