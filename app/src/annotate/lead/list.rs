//! The list of a project's annotation tasks.

use super::{api::list_tasks, sharing, status, text};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        format::{Time, integer},
        frame::PageHeader,
        load::{load, refuse},
        notice::Empty,
    },
};
use domain::{
    access::Action,
    annotation::{TaskStatus, view::TaskSummary},
    id::ProjectId,
    lang::Lang,
};
use leptos::prelude::*;

/// `/p/:project/annotation`.
#[component]
pub fn TaskListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            {role::may(Action::EditDatasets).then(|| view! { <a class="button" href=routes::annotation_groups(project)>{sharing::text::to_groups(l)}</a> })}
            {role::may(Action::EditDatasets).then(|| new_button(project))}
        </PageHeader>
        {load(list_tasks(project), move |tasks| table(project, tasks))}
    }
    .into_any()
}

fn new_button(project: ProjectId) -> impl IntoView {
    view! { <a class="button button-primary" href=routes::new_annotation(project)>{text::new_task(lang())}</a> }
}

fn table(project: ProjectId, tasks: Vec<TaskSummary>) -> impl IntoView {
    let l = lang();
    if tasks.is_empty() {
        return view! {
            <Empty title=text::none_title(l) hint=text::none_hint(l)>
                {role::may(Action::EditDatasets).then(|| new_button(project))}
            </Empty>
        }
        .into_any();
    }
    let rows = tasks.into_iter().map(|task| row(project, l, task)).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead>
                    <tr>
                        <th scope="col">{text::name(l)}</th>
                        <th scope="col">{text::status_label(l)}</th>
                        <th scope="col">{text::data(l)}</th>
                        <th scope="col">{text::done_label(l)}</th>
                        <th scope="col">{text::deadline(l)}</th>
                        <th scope="col">{text::created(l)}</th>
                        <th scope="col"><span class="visually-hidden">{text::work(l)}</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(project: ProjectId, l: Lang, task: TaskSummary) -> impl IntoView {
    let (words, class) = status(l, task.status);
    let counts = task.counts;
    let may_work = task.status == TaskStatus::Open && role::may(Action::Annotate);
    let work = may_work.then(|| {
        view! { <a class="button button-small" href=routes::annotation_work(project, task.id)>{text::work(l)}</a> }
    });
    let data = text::version_name(l, &task.dataset_name, task.version_number);
    let to_data = routes::version(project, task.dataset_id, task.version_number.cast_signed());
    view! {
        <tr>
            <th scope="row"><a href=routes::annotation_task(project, task.id)><bdi>{task.name}</bdi></a></th>
            <td data-label=text::status_label(l)><span class=class>{words}</span></td>
            <td data-label=text::data(l)><a href=to_data dir="auto">{data}</a></td>
            <td data-label=text::done_label(l)>{given(l, task.filled, counts.given, counts.wanted)}</td>
            <td class="nowrap" data-label=text::deadline(l)>{task.deadline.map(|at| day(&at))}{sharing::mark(l, task.overdue)}</td>
            <td class="nowrap" data-label=text::created(l)><Time at=task.created_at/><div class="muted">{task.created_by}</div></td>
            <td>{work}</td>
        </tr>
    }
}

/// How many of the wanted judgements are there.
pub(super) fn given(l: Lang, filled: bool, given: u64, wanted: u64) -> impl IntoView {
    if !filled {
        return view! { <span class="muted">{text::filling(l)}</span> }.into_any();
    }
    let words = text::of(l, integer(given), integer(wanted));
    view! {
        <div class="annotation-given">
            <progress max=wanted.max(1).to_string() value=given.to_string() aria-hidden="true"></progress>
            <span>{words}</span>
        </div>
    }
    .into_any()
}

/// The day of a deadline, as `2026-05-31`.
pub(super) fn day(at: &time::OffsetDateTime) -> String {
    at.date().to_string()
}
