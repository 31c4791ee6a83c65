//! Projects, their members and open invitations.

use crate::{
    rest::{Json, Path, Problem, Query, auth::Caller, paging::PageQuery},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::{Action, Role},
    account::{Email, parse_name},
    id::{InvitationId, ProjectId, UserId},
    page::Page,
    people::{Invitation, Member, Project},
};
use serde::{Deserialize, Serialize};
use store::{PgPool, access::authorise};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_projects, create_project))
        .routes(routes!(get_project, update_project, archive_project))
        .routes(routes!(list_members))
        .routes(routes!(set_member_role, remove_member))
        .routes(routes!(list_invitations, create_invitation))
        .routes(routes!(withdraw_invitation))
}

/// My projects, oldest first.
#[utoipa::path(get, path = "/projects", tag = "projects", params(PageQuery), responses((status = OK, body = Page<Project>)))]
async fn list_projects(
    State(db): State<PgPool>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Project>>, Problem> {
    Ok(Json(
        store::projects::page_of_user(&db, caller.user_id, caller.only_project, page.after()?, page.limit()).await?,
    ))
}

/// Name and description of a project.
#[derive(Deserialize, ToSchema)]
struct ProjectText {
    name: String,
    #[serde(default)]
    description: String,
}

impl ProjectText {
    fn check(self) -> Result<(String, String), Problem> {
        if self.description.chars().count() > 2000 {
            return Err(Problem::invalid("description", "at most 2000 characters"));
        }
        Ok((parse_name(&self.name)?, self.description.trim().to_owned()))
    }
}

/// Make a project; the caller becomes its owner.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = ProjectText, responses((status = CREATED, body = Project)))]
async fn create_project(
    State(db): State<PgPool>,
    caller: Caller,
    Json(text): Json<ProjectText>,
) -> Result<(StatusCode, Json<Project>), Problem> {
    caller.beyond_projects(true)?;
    let (name, description) = text.check()?;
    let id = store::projects::create(&db, caller.user_id, &name, &description).await?;
    Ok((StatusCode::CREATED, Json(find(&db, &caller, id).await?)))
}

async fn find(db: &PgPool, caller: &Caller, project: ProjectId) -> Result<Project, Problem> {
    store::projects::get(db, project, caller.user_id).await?.ok_or_else(Problem::not_found)
}

/// One project.
#[utoipa::path(get, path = "/projects/{project}", tag = "projects", params(("project" = ProjectId, Path)), responses((status = OK, body = Project)))]
async fn get_project(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Project>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(find(&db, &caller, project).await?))
}

/// Change a project's name and description.
#[utoipa::path(put, path = "/projects/{project}", tag = "projects", params(("project" = ProjectId, Path)), request_body = ProjectText, responses((status = OK, body = Project)))]
async fn update_project(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(text): Json<ProjectText>,
) -> Result<Json<Project>, Problem> {
    authorise(&db, &caller, project, Action::Administer).await?;
    let (name, description) = text.check()?;
    store::projects::update(&db, project, caller.user_id, &name, &description).await?;
    Ok(Json(find(&db, &caller, project).await?))
}

/// Archive a project.
///
/// Nobody sees it any more; nothing is deleted.
#[utoipa::path(delete, path = "/projects/{project}", tag = "projects", params(("project" = ProjectId, Path)), responses((status = NO_CONTENT)))]
async fn archive_project(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Administer).await?;
    store::projects::archive(&db, project, caller.user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Members, owners first.
#[utoipa::path(get, path = "/projects/{project}/members", tag = "projects", params(("project" = ProjectId, Path)), responses((status = OK, body = [Member])))]
async fn list_members(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<Member>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(store::projects::members(&db, project).await?))
}

/// A member's new role.
#[derive(Deserialize, ToSchema)]
struct NewRole {
    role: Role,
}

/// Change a member's role.
///
/// The last owner cannot be demoted.
#[utoipa::path(put, path = "/projects/{project}/members/{user}", tag = "projects", params(("project" = ProjectId, Path), ("user" = UserId, Path)), request_body = NewRole, responses((status = NO_CONTENT)))]
async fn set_member_role(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, user)): Path<(ProjectId, UserId)>,
    Json(new): Json<NewRole>,
) -> Result<StatusCode, Problem> {
    set_role(&db, &caller, project, user, Some(new.role)).await
}

/// Remove a member.
///
/// The last owner cannot be removed.
#[utoipa::path(delete, path = "/projects/{project}/members/{user}", tag = "projects", params(("project" = ProjectId, Path), ("user" = UserId, Path)), responses((status = NO_CONTENT)))]
async fn remove_member(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, user)): Path<(ProjectId, UserId)>,
) -> Result<StatusCode, Problem> {
    set_role(&db, &caller, project, user, None).await
}

async fn set_role(
    db: &PgPool,
    caller: &Caller,
    project: ProjectId,
    user: UserId,
    role: Option<Role>,
) -> Result<StatusCode, Problem> {
    authorise(db, caller, project, Action::Administer).await?;
    let found = store::projects::set_role(db, project, caller.user_id, user, role).await?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// Open invitations, newest first.
#[utoipa::path(get, path = "/projects/{project}/invitations", tag = "projects", params(("project" = ProjectId, Path)), responses((status = OK, body = [Invitation])))]
async fn list_invitations(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<Invitation>>, Problem> {
    authorise(&db, &caller, project, Action::Administer).await?;
    Ok(Json(store::invitations::of_project(&db, project).await?))
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
struct NewInvitation {
    role: Role,
    /// The only address that may accept; whoever holds the link when absent.
    email: Option<String>,
}

/// An invitation's link.
#[derive(Serialize, ToSchema)]
struct InvitationLink {
    /// Shown this once; only a hash is kept. Good for seven days.
    url: String,
}

/// Invite somebody by link.
#[utoipa::path(post, path = "/projects/{project}/invitations", tag = "projects", params(("project" = ProjectId, Path)), request_body = NewInvitation, responses((status = CREATED, body = InvitationLink)))]
async fn create_invitation(
    State(state): State<AppState>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(new): Json<NewInvitation>,
) -> Result<(StatusCode, Json<InvitationLink>), Problem> {
    authorise(&state.db, &caller, project, Action::Administer).await?;
    let email = new.email.as_deref().map(Email::parse).transpose()?;
    let secret = store::invitations::create(&state.db, caller.user_id, project, new.role, email.as_ref()).await?;
    let url = format!("{}{}", state.config.public_address(), app::routes::invitation(&secret));
    Ok((StatusCode::CREATED, Json(InvitationLink { url })))
}

/// Withdraw an open invitation.
#[utoipa::path(delete, path = "/projects/{project}/invitations/{invitation}", tag = "projects", params(("project" = ProjectId, Path), ("invitation" = InvitationId, Path)), responses((status = NO_CONTENT)))]
async fn withdraw_invitation(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, invitation)): Path<(ProjectId, InvitationId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Administer).await?;
    let found = store::invitations::withdraw(&db, project, invitation).await?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}
