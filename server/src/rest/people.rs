//! The caller: who they are, and their API tokens.

use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::TokenScope,
    account::parse_name,
    id::{ProjectId, TokenId},
    people::{Person, TokenInfo},
};
use serde::{Deserialize, Serialize};
use store::PgPool;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(me)).routes(routes!(list_tokens, create_token)).routes(routes!(revoke_token))
}

/// Who asks, and with which rights.
#[derive(Serialize, ToSchema)]
struct Me {
    #[serde(flatten)]
    person: Person,
    /// What the token may do; absent for a browser session.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<TokenScope>,
    /// The only project the token opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<ProjectId>,
}

/// Who am I?
#[utoipa::path(get, path = "/me", tag = "people", responses((status = OK, body = Me)))]
async fn me(State(db): State<PgPool>, caller: Caller) -> Result<Json<Me>, Problem> {
    let person = store::users::get(&db, caller.user_id).await?.ok_or_else(Problem::unauthorised)?;
    Ok(Json(Me { person, scope: caller.scope, project_id: caller.only_project }))
}

/// My live API tokens, newest first.
///
/// Not for a token that is bound to one project.
#[utoipa::path(get, path = "/tokens", tag = "people", responses((status = OK, body = [TokenInfo])))]
async fn list_tokens(State(db): State<PgPool>, caller: Caller) -> Result<Json<Vec<TokenInfo>>, Problem> {
    caller.beyond_projects(false)?;
    Ok(Json(store::tokens::of_user(&db, caller.user_id).await?))
}

/// What a new token is for.
#[derive(Deserialize, ToSchema)]
struct NewToken {
    name: String,
    scope: TokenScope,
    /// The only project it opens; every project of yours when absent.
    project_id: Option<ProjectId>,
    /// Life in days.
    #[schema(minimum = 1, maximum = 366)]
    days: i32,
}

/// A fresh token.
#[derive(Serialize, ToSchema)]
struct CreatedToken {
    id: TokenId,
    /// Shown this once; only its hash is kept.
    secret: String,
}

/// Make an API token.
///
/// Needs a browser session: a token cannot make tokens.
#[utoipa::path(post, path = "/tokens", tag = "people", request_body = NewToken, responses((status = CREATED, body = CreatedToken)))]
async fn create_token(
    State(db): State<PgPool>,
    caller: Caller,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), Problem> {
    caller.in_person()?;
    let name = parse_name(&new.name)?;
    if !(1..=366).contains(&new.days) {
        return Err(Problem::invalid("days", "a token lives 1 to 366 days"));
    }
    if let Some(project) = new.project_id {
        store::projects::get(&db, project, caller.user_id)
            .await?
            .ok_or_else(|| Problem::invalid("project_id", "no project of yours"))?;
    }
    let new = store::tokens::NewToken {
        user: caller.user_id,
        name: &name,
        scope: new.scope,
        project: new.project_id,
        days: new.days,
    };
    let (id, secret) = store::tokens::create(&db, new).await?;
    Ok((StatusCode::CREATED, Json(CreatedToken { id, secret })))
}

/// Revoke one of my tokens.
#[utoipa::path(delete, path = "/tokens/{token}", tag = "people", params(("token" = TokenId, Path)), responses((status = NO_CONTENT)))]
async fn revoke_token(
    State(db): State<PgPool>,
    caller: Caller,
    Path(token): Path<TokenId>,
) -> Result<StatusCode, Problem> {
    caller.beyond_projects(true)?;
    if store::tokens::revoke(&db, caller.user_id, token).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
