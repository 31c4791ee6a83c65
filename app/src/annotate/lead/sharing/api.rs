//! Server functions of groups, batches and deadlines.

use super::super::{api::Candidate, design::TaskForm};
use crate::error::AppError;
use domain::{
    annotation::{
        batch::{Batch, BatchStatus, Group},
        view::Task,
    },
    id::{GroupId, ProjectId, TaskId},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::super::api::end_of_day,
    super::text,
    crate::{api, routes, text::lang},
    domain::{
        access::Action,
        annotation::{
            batch::{BatchEdit, MAX_GROUPS, MAX_NAME_CHARS, NewGroup},
            overlap::MoreOverlap,
            view::TaskEdit,
        },
    },
    store::{
        StoreError,
        annotation::{batches, blind, items, tasks},
        groups,
    },
};

/// The groups of a project, and who can be in one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupsView {
    pub groups: Vec<Group>,
    pub people: Vec<Candidate>,
}

/// The groups of a project.
#[server]
pub async fn get_groups(project: ProjectId) -> Result<GroupsView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let groups = groups::list(&db, project).await?;
    Ok(GroupsView { groups, people: super::super::api::candidates(&db, project).await? })
}

/// A group as it was typed: its name, and `person.ID` for each of its people.
#[cfg(feature = "ssr")]
fn typed(form: &TaskForm) -> Result<NewGroup, AppError> {
    let name = form.get("name").to_owned();
    if !(1..=MAX_NAME_CHARS).contains(&name.chars().count()) {
        return Err(AppError::invalid("name", text::bad_name(lang())));
    }
    Ok(NewGroup { name, people: form.checked("person.").filter_map(|id| id.parse().ok()).collect() })
}

#[cfg(feature = "ssr")]
fn refused(error: StoreError) -> AppError {
    match error {
        StoreError::Taken(_) => AppError::invalid("name", text::name_taken(lang())),
        other => other.into(),
    }
}

/// Makes a group.
#[server]
pub async fn create_group(project: ProjectId, #[server(flatten)] form: TaskForm) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let new = typed(&form)?;
    if groups::list(&db, project).await?.len() >= MAX_GROUPS {
        return Err(AppError::Conflict(text::too_many(lang()).to_owned()));
    }
    groups::create(&db, project, &new, caller.user_id).await.map_err(refused)?;
    leptos_axum::redirect(&routes::annotation_groups(project));
    Ok(())
}

/// Gives a group another name and other people.
#[server]
pub async fn replace_group(
    project: ProjectId,
    group: GroupId,
    #[server(flatten)] form: TaskForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let new = typed(&form)?;
    if !groups::replace(&db, project, group, &new, caller.user_id).await.map_err(refused)? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::annotation_groups(project));
    Ok(())
}

/// Deletes a group to which nothing is given.
#[server]
pub async fn delete_group(project: ProjectId, group: GroupId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    if !groups::delete(&db, project, group, caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::annotation_groups(project));
    Ok(())
}

/// The batches of a task, and to whom they can be given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchesView {
    pub task: Task,
    pub batches: Vec<Batch>,
    pub groups: Vec<Group>,
}

/// The batches of a task.
#[server]
pub async fn get_batches(project: ProjectId, task: TaskId) -> Result<BatchesView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let mut found = tasks::get(&db, project, task).await?.ok_or(AppError::NotFound)?;
    let role = store::access::authorise(&db, &caller, project, Action::Read).await?;
    let sees = items::sees(&db, project, task, caller.user_id, role).await?.ok_or(AppError::NotFound)?;
    let seen = blind::as_seen(&db, caller.user_id, role, vec![found.summary.clone()]).await?;
    if let Some(summary) = seen.into_iter().next() {
        found.summary = summary;
    }
    let batches = blind::batches(batches::of_task(&db, project, task).await?, sees);
    Ok(BatchesView { task: found, batches, groups: groups::list(&db, project).await? })
}

/// Changes a batch: its name, status, group and deadline as they were typed.
#[server]
pub async fn edit_batch(
    project: ProjectId,
    task: TaskId,
    number: u32,
    #[server(default)] name: String,
    status: BatchStatus,
    #[server(default)] group: String,
    #[server(default)] deadline: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let l = lang();
    if name.trim().chars().count() > MAX_NAME_CHARS {
        return Err(AppError::invalid("name", text::bad_name(l)));
    }
    let (group, deadline) = (group.parse().ok(), end_of_day(l, deadline.trim())?);
    let edit = BatchEdit {
        name: Some(name),
        status: Some(status),
        group_id: group,
        clear_group: group.is_none(),
        deadline,
        clear_deadline: deadline.is_none(),
    };
    if !batches::edit(&db, project, task, number, &edit, caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&format!("{}#batch-{number}", routes::annotation_batches(project, task)));
    Ok(())
}

/// Gives a task to groups, beside the people whom it names: `group.ID` for each. The revision comes as text, since numbers beside
/// the fields of a form are not read.
#[server]
pub async fn set_task_groups(
    project: ProjectId,
    task: TaskId,
    revision: String,
    #[server(flatten)] form: TaskForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let groups = form.checked("group.").filter_map(|id| id.parse().ok()).collect();
    let revision = revision.parse().map_err(|_| AppError::NotFound)?;
    let edit = TaskEdit { revision, groups: Some(groups), ..TaskEdit::default() };
    if !tasks::edit(&db, project, task, &edit, caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::annotation_batches(project, task));
    Ok(())
}

/// Has items of a task judged by more people, a share of them as it was typed.
#[server]
pub async fn raise_overlap(
    project: ProjectId,
    task: TaskId,
    revision: i32,
    #[server(default)] overlap: String,
    #[server(default)] overlap_share: String,
    #[server(default)] reopen: bool,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    // What is no number is out of range.
    let (overlap, share) = (overlap.trim().parse().unwrap_or(0), overlap_share.trim().parse().unwrap_or(0.0));
    let more = MoreOverlap { revision, overlap, overlap_share: share, reopen };
    if let Some(problem) = more.problems().into_iter().next() {
        let range = super::super::text::problem_range(lang(), problem.min, problem.max);
        return Err(AppError::invalid(problem.field, range));
    }
    tasks::raise(&db, project, task, &more, caller.user_id).await?.ok_or(AppError::NotFound)?;
    leptos_axum::redirect(&routes::annotation_task(project, task));
    Ok(())
}

/// Sets the deadline of a task, or takes it away.
#[server]
pub async fn set_deadline(
    project: ProjectId,
    task: TaskId,
    revision: i32,
    #[server(default)] deadline: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let deadline = end_of_day(lang(), deadline.trim())?;
    let edit = TaskEdit { revision, deadline, clear_deadline: deadline.is_none(), ..TaskEdit::default() };
    if !tasks::edit(&db, project, task, &edit, caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::annotation_task(project, task));
    Ok(())
}
