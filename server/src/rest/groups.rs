//! Groups: members of a project under a name, to whom annotation is given together.

use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    annotation::batch::{Group, MAX_GROUP_PEOPLE, MAX_GROUPS, MAX_NAME_CHARS, NewGroup},
    id::{GroupId, ProjectId},
};
use store::{PgPool, access::authorise, groups};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_groups, create_group)).routes(routes!(replace_group, delete_group))
}

/// A project's groups by name, each with its people and how many tasks and batches are given to it.
#[utoipa::path(get, path = "/projects/{project}/groups", tag = "annotation", params(("project" = ProjectId, Path)), responses((status = OK, body = [Group])))]
async fn list_groups(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<Group>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(groups::list(&db, project).await?))
}

/// Make a group of members. 409 where the project has one of this name.
#[utoipa::path(post, path = "/projects/{project}/groups", tag = "annotation", params(("project" = ProjectId, Path)), request_body = NewGroup, responses((status = CREATED, body = Group)))]
async fn create_group(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(new): Json<NewGroup>,
) -> Result<(StatusCode, Json<Group>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    check(&new)?;
    if groups::list(&db, project).await?.len() >= MAX_GROUPS {
        return Err(Problem::conflict(format!("a project has at most {MAX_GROUPS} groups")));
    }
    let id = groups::create(&db, project, &new, caller.user_id).await?;
    Ok((StatusCode::CREATED, Json(get(&db, project, id).await?)))
}

/// Give a group another name and other people, all of them: whoever is not named leaves it.
#[utoipa::path(put, path = "/projects/{project}/groups/{group}", tag = "annotation", params(("project" = ProjectId, Path), ("group" = GroupId, Path)), request_body = NewGroup, responses((status = OK, body = Group)))]
async fn replace_group(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, group)): Path<(ProjectId, GroupId)>,
    Json(new): Json<NewGroup>,
) -> Result<Json<Group>, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    check(&new)?;
    if !groups::replace(&db, project, group, &new, caller.user_id).await? {
        return Err(Problem::not_found());
    }
    Ok(Json(get(&db, project, group).await?))
}

/// Delete a group. 409 while a task or batch is given to it.
#[utoipa::path(delete, path = "/projects/{project}/groups/{group}", tag = "annotation", params(("project" = ProjectId, Path), ("group" = GroupId, Path)), responses((status = NO_CONTENT)))]
async fn delete_group(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, group)): Path<(ProjectId, GroupId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    if groups::delete(&db, project, group, caller.user_id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

async fn get(db: &PgPool, project: ProjectId, id: GroupId) -> Result<Group, Problem> {
    groups::list(db, project).await?.into_iter().find(|group| group.id == id).ok_or_else(Problem::not_found)
}

fn check(new: &NewGroup) -> Result<(), Problem> {
    if !(1..=MAX_NAME_CHARS).contains(&new.name.trim().chars().count()) {
        return Err(Problem::invalid("name", format!("use 1 to {MAX_NAME_CHARS} characters")));
    }
    if new.people.len() > MAX_GROUP_PEOPLE {
        return Err(Problem::invalid("people", format!("a group has at most {MAX_GROUP_PEOPLE} people")));
    }
    Ok(())
}
