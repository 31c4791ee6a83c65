//! Server functions of projects, members and invitations.

use crate::error::AppError;
use domain::{
    access::Role,
    id::{InvitationId, ProjectId, UserId},
    people::{Invitation, Member, Person, Project},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{api, routes, session, text::lang, words},
    domain::{
        access::Action,
        account::{AccountError, Email, parse_name},
    },
    leptos_axum::redirect,
};

/// The person who asks and their projects.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProjectList {
    pub person: Person,
    pub projects: Vec<Project>,
}

/// My projects, by name.
#[server]
pub async fn my_projects() -> Result<ProjectList, AppError> {
    let caller = api::in_person()?;
    let db = api::services()?.db;
    let person = store::users::get(&db, caller.user_id).await?.ok_or(AppError::SignIn)?;
    let projects = store::projects::of_user(&db, caller.user_id).await?;
    Ok(ProjectList { person, projects })
}

/// What the frame of a project's pages shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Frame {
    pub project: Project,
    pub person: Person,
}

/// The project and the person who looks at it.
#[server]
pub async fn find_frame(project: ProjectId) -> Result<Frame, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let person = store::users::get(&db, caller.user_id).await?.ok_or(AppError::SignIn)?;
    let project = store::projects::get(&db, project, caller.user_id).await?.ok_or(AppError::NotFound)?;
    Ok(Frame { project, person })
}

#[cfg(feature = "ssr")]
fn invalid(field: &str, e: AccountError) -> AppError {
    AppError::invalid(field, words::account_problem(lang(), e))
}

#[cfg(feature = "ssr")]
fn check_description(text: &str) -> Result<&str, AppError> {
    let text = text.trim();
    if text.chars().count() > 2000 {
        Err(AppError::invalid("description", text::description_problem(lang())))
    } else {
        Ok(text)
    }
}

/// Makes a project; its maker owns it.
#[server]
pub async fn create_project(name: String, #[server(default)] description: String) -> Result<(), AppError> {
    let caller = api::in_person()?;
    let name = parse_name(&name).map_err(|e| invalid("name", e))?;
    let description = check_description(&description)?;
    let id = store::projects::create(&api::services()?.db, caller.user_id, &name, description).await?;
    redirect(&routes::project(id));
    Ok(())
}

/// Key of the message with a new invitation's link.
#[cfg(feature = "ssr")]
const NEW_LINK: &str = "new_invitation";

/// What the settings page shows. Invitations only to those who may make them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    pub project: Project,
    pub me: UserId,
    pub members: Vec<Member>,
    pub invitations: Vec<Invitation>,
    /// The link of an invitation just made, which is shown once.
    pub fresh_link: Option<String>,
}

impl Settings {
    /// Whether the person may change anything here.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.project.role == Role::Owner
    }
}

/// Name, members and open invitations of a project.
#[server]
pub async fn find_settings(project: ProjectId) -> Result<Settings, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let members = store::projects::members(&db, project).await?;
    let found = store::projects::get(&db, project, caller.user_id).await?.ok_or(AppError::NotFound)?;
    let mut settings =
        Settings { project: found, me: caller.user_id, members, invitations: Vec::new(), fresh_link: None };
    if settings.is_owner() && api::in_person().is_ok() {
        settings.invitations = store::invitations::of_project(&db, project).await?;
        settings.fresh_link = session::take(NEW_LINK).await?;
    }
    Ok(settings)
}

/// Changes name and description.
#[server]
pub async fn update_project(
    project: ProjectId,
    name: String,
    #[server(default)] description: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Administer).await?;
    let name = parse_name(&name).map_err(|e| invalid("name", e))?;
    store::projects::update(&db, project, caller.user_id, &name, check_description(&description)?).await?;
    redirect(&format!("{}?done=saved", routes::settings(project)));
    Ok(())
}

/// Puts a project out of sight.
#[server]
pub async fn archive_project(project: ProjectId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Administer).await?;
    store::projects::archive(&db, project, caller.user_id).await?;
    redirect(routes::PROJECTS);
    Ok(())
}

/// Changes a member's role.
#[server]
pub async fn set_member_role(project: ProjectId, user: UserId, role: Role) -> Result<(), AppError> {
    change_member(project, user, Some(role)).await
}

/// Removes a member.
#[server]
pub async fn remove_member(project: ProjectId, user: UserId) -> Result<(), AppError> {
    change_member(project, user, None).await
}

#[cfg(feature = "ssr")]
async fn change_member(project: ProjectId, user: UserId, role: Option<Role>) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Administer).await?;
    let found = store::projects::set_role(&db, project, caller.user_id, user, role).await?;
    if !found {
        return Err(AppError::NotFound);
    }
    let me_out = caller.user_id == user && role.is_none();
    redirect(&if me_out { routes::PROJECTS.to_owned() } else { format!("{}#members", routes::settings(project)) });
    Ok(())
}

/// Makes an invitation link; the settings page shows it once. `email` is empty for anybody.
#[server]
pub async fn invite(project: ProjectId, role: Role, #[server(default)] email: String) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Administer).await?;
    let email = match email.trim() {
        "" => None,
        text => Some(Email::parse(text).map_err(|e| invalid("email", e))?),
    };
    let secret = store::invitations::create(&db, caller.user_id, project, role, email.as_ref()).await?;
    session::leave(NEW_LINK, &format!("{}{}", api::services()?.public_url, routes::invitation(&secret))).await?;
    redirect(&format!("{}#invitations", routes::settings(project)));
    Ok(())
}

/// Withdraws an open invitation.
#[server]
pub async fn withdraw_invitation(project: ProjectId, invitation: InvitationId) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::Administer).await?;
    store::invitations::withdraw(&db, project, invitation).await?;
    redirect(&format!("{}#invitations", routes::settings(project)));
    Ok(())
}
