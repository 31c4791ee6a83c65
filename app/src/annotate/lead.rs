//! Annotation for those who lead it: the tasks of a project, a new one with its questions, the board, the guideline, the
//! items, and who is given which of them.

mod agreement;
pub mod api;
mod board;
pub mod design;
mod form;
mod guideline;
mod items;
mod labels;
mod list;
mod new;
#[cfg(feature = "ssr")]
mod preview;
pub mod sharing;
pub mod text;

pub use agreement::AgreementPage;
pub use board::TaskPage;
pub use guideline::GuidelinePage;
pub use items::{ItemListPage, ItemPage};
pub use labels::LabelsPage;
pub use list::TaskListPage;
pub use new::NewTaskPage;
pub use sharing::{BatchListPage, GroupListPage};

use crate::{error::AppError, routes};
use domain::{
    annotation::{ItemStatus, TaskStatus},
    id::{ProjectId, TaskId},
    lang::Lang,
};
use leptos::prelude::*;

/// The project and task of the page's address.
fn asked() -> Result<(ProjectId, TaskId), AppError> {
    Ok((routes::param("project")?, routes::param("task")?))
}

/// The task that a form is about.
fn ids(project: ProjectId, task: TaskId) -> impl IntoView {
    view! {
        <input type="hidden" name="project" value=project.to_string()/>
        <input type="hidden" name="task" value=task.to_string()/>
    }
}

/// A task's status in words, and the class of its badge.
#[must_use]
pub fn status(l: Lang, status: TaskStatus) -> (&'static str, &'static str) {
    match status {
        TaskStatus::Draft => (text::draft(l), "badge badge-quiet"),
        TaskStatus::Open => (text::open(l), "badge badge-busy"),
        TaskStatus::Paused => (text::paused(l), "badge badge-warn"),
        TaskStatus::Closed => (text::closed(l), "badge badge-good"),
    }
}

/// An item's status in words, and the class of its badge.
#[must_use]
pub fn item_status(l: Lang, status: ItemStatus) -> (&'static str, &'static str) {
    match status {
        ItemStatus::Open => (text::item_open(l), "badge badge-quiet"),
        ItemStatus::Judged => (text::item_judged(l), "badge badge-busy"),
        ItemStatus::Review => (text::item_review(l), "badge badge-warn"),
        ItemStatus::Adjudication => (text::item_adjudication(l), "badge badge-warn"),
        ItemStatus::Accepted => (text::item_accepted(l), "badge badge-good"),
        ItemStatus::Excluded => (text::item_excluded(l), "badge badge-bad"),
    }
}
