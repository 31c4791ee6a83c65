//! Views of the run table that are kept under a name.

use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::{Action, Role},
    id::{ProjectId, ViewId},
    table::{NewView, SavedView, view::NAME_CHARS},
};
use store::{PgPool, access::authorise, table::views};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_table_views, save_table_view))
        .routes(routes!(get_table_view, delete_table_view))
}

/// The caller's own views of the run table and those that are shared.
#[utoipa::path(get, path = "/projects/{project}/table/views", tag = "run table", params(("project" = ProjectId, Path)), responses((status = OK, body = Vec<SavedView>)))]
async fn list_table_views(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<SavedView>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(views::list(&db, project, caller.user_id).await?))
}

/// Keep a view under a name, or overwrite the one that has it (`overwrites`: its revision).
#[utoipa::path(post, path = "/projects/{project}/table/views", tag = "run table", params(("project" = ProjectId, Path)), request_body = NewView, responses((status = CREATED, body = SavedView)))]
async fn save_table_view(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(mut new): Json<NewView>,
) -> Result<(StatusCode, Json<SavedView>), Problem> {
    let role = authorise(&db, &caller, project, Action::Annotate).await?;
    new.name = new.name.trim().to_owned();
    if new.name.is_empty() || new.name.chars().count() > NAME_CHARS {
        return Err(Problem::invalid("name", format!("1 to {NAME_CHARS} characters")));
    }
    new.state = new.state.checked().map_err(|problem| Problem::invalid("state", problem))?;
    let id = views::save(&db, project, &new, caller.user_id, role == Role::Owner).await?;
    let saved = views::get(&db, project, id, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::CREATED, Json(saved)))
}

/// One view. Whoever has its id may read it, shared or not.
#[utoipa::path(get, path = "/projects/{project}/table/views/{view}", tag = "run table", params(("project" = ProjectId, Path), ("view" = ViewId, Path)), responses((status = OK, body = SavedView)))]
async fn get_table_view(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, view)): Path<(ProjectId, ViewId)>,
) -> Result<Json<SavedView>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    views::get(&db, project, view, caller.user_id).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Delete a view of one's own; an owner also a shared one of somebody else's.
#[utoipa::path(delete, path = "/projects/{project}/table/views/{view}", tag = "run table", params(("project" = ProjectId, Path), ("view" = ViewId, Path)), responses((status = NO_CONTENT)))]
async fn delete_table_view(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, view)): Path<(ProjectId, ViewId)>,
) -> Result<StatusCode, Problem> {
    let role = authorise(&db, &caller, project, Action::Annotate).await?;
    let is_gone = views::delete(&db, project, view, caller.user_id, role == Role::Owner).await?;
    if is_gone { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}
