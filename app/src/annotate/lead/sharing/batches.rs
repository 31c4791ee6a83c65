//! The batches of a task: how far each is, whose it is, until when, and the forms that change that.

use super::{
    api::{BatchesView, EditBatch, SetTaskGroups, get_batches},
    mark, text,
};
use crate::{
    annotate::lead::{asked, ids, list::day, list::given},
    error::AppError,
    role, routes,
    text::lang,
    ui::{field::Field, form::PostForm, format::integer, frame::PageHeader, load::load},
};
use domain::{
    access::Action,
    annotation::{
        batch::{Batch, BatchStatus, Group},
        view::Task,
    },
    id::{ProjectId, TaskId},
    lang::Lang,
};
use leptos::prelude::*;

/// `/p/:project/annotation/:task/batches`.
#[component]
pub fn BatchListPage() -> impl IntoView {
    let asked = asked();
    let data = async move {
        let (project, task) = asked?;
        Ok::<_, AppError>((project, task, get_batches(project, task).await?))
    };
    load(data, |(project, task, view)| page(project, task, view))
}

fn page(project: ProjectId, task: TaskId, view: BatchesView) -> impl IntoView {
    let l = lang();
    let may = role::may(Action::EditDatasets);
    let rows = view.batches.iter().map(|batch| row(l, batch, view.task.summary.filled)).collect_view();
    let forms =
        may.then(|| view.batches.iter().map(|batch| form(project, task, l, batch, &view.groups)).collect_view());
    let given_to = may.then(|| given_to(project, l, &view.task, &view.groups));
    view! {
        <PageHeader title=format!("{}: {}", text::batches_title(l), view.task.summary.name) lead=text::batches_lead(l)>
            <a class="button" href=routes::annotation_groups(project)>{text::to_groups(l)}</a>
            <a class="button" href=routes::annotation_task(project, task)>{crate::annotate::lead::text::back(l)}</a>
        </PageHeader>
        <div class="table-wrap">
            <table class="table table-cards">
                <thead>
                    <tr>
                        <th scope="col">{text::batch_name(l)}</th>
                        <th scope="col">{text::batch_status(l)}</th>
                        <th scope="col">{text::batch_progress(l)}</th>
                        <th scope="col" class="num">{text::batch_items(l)}</th>
                        <th scope="col" class="num">{text::batch_waiting_for(l)}</th>
                        <th scope="col">{text::batch_group(l)}</th>
                        <th scope="col">{text::deadline(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {given_to}
        {forms}
    }
}

/// The groups to whom the whole task is given.
fn given_to(project: ProjectId, l: Lang, task: &Task, groups: &[Group]) -> Option<impl IntoView + use<>> {
    let boxes = groups.iter().map(|group| {
        let name = format!("group.{}", group.id);
        let checked = task.groups.iter().any(|g| g.id == group.id);
        view! { <label class="check"><input type="checkbox" name=name value="on" checked=checked/><bdi>{group.name.clone()}</bdi></label> }
    });
    let boxes = boxes.collect_view();
    let (id, revision) = (task.summary.id, task.revision.to_string());
    (!groups.is_empty()).then(|| {
        view! {
            <details class="card fold">
                <summary>{text::task_groups(l)}</summary>
                <PostForm action={ServerAction::<SetTaskGroups>::new()} class="stack">
                    {ids(project, id)}
                    <input type="hidden" name="revision" value=revision/>
                    <div class="checks">{boxes}</div>
                    <p class="help">{text::task_groups_help(l)}</p>
                    <div class="actions"><button class="button" type="submit">{text::save(l)}</button></div>
                </PostForm>
            </details>
        }
    })
}

/// What a batch is called: its number, and its name where it has one.
fn title(l: Lang, batch: &Batch) -> String {
    let number = text::batch(l, batch.number);
    if batch.name.is_empty() { number } else { format!("{number} · {}", batch.name) }
}

fn row(l: Lang, batch: &Batch, filled: bool) -> impl IntoView + use<> {
    let (words, class) = text::status(l, batch.status);
    let counts = batch.counts;
    let group = batch.group.as_ref().map_or_else(|| text::everybody(l).to_owned(), |g| g.name.clone());
    let href = format!("#batch-{}", batch.number);
    view! {
        <tr>
            <th scope="row"><a href=href dir="auto">{title(l, batch)}</a></th>
            <td data-label=text::batch_status(l)><span class=class>{words}</span></td>
            <td data-label=text::batch_progress(l)>{given(l, filled, counts.given, counts.wanted)}</td>
            <td class="num" data-label=text::batch_items(l)>{integer(counts.total() + counts.gold)}</td>
            <td class="num" data-label=text::batch_waiting_for(l)>{integer(counts.review + counts.adjudication)}</td>
            <td data-label=text::batch_group(l) dir="auto">{group}</td>
            <td class="nowrap" data-label=text::deadline(l)>{batch.deadline.map(|at| day(&at))}{mark(l, batch.overdue)}</td>
        </tr>
    }
}

fn form(project: ProjectId, task: TaskId, l: Lang, batch: &Batch, groups: &[Group]) -> impl IntoView + use<> {
    let (number, title, name) = (batch.number, title(l, batch), batch.name.clone());
    let key = move |name: &str| format!("{name}-{number}");
    let described = move |name: &str| format!("{name}-{number}-help");
    let statuses = BatchStatus::ALL.iter().map(|status| {
        view! { <option value=status.as_str() selected=*status == batch.status>{text::status(l, *status).0}</option> }
    });
    let statuses = statuses.collect_view();
    let chosen = batch.group.as_ref().map(|g| g.id);
    let groups = groups.iter().map(|group| {
        view! { <option value=group.id.to_string() selected=chosen == Some(group.id)>{group.name.clone()}</option> }
    });
    let groups = groups.collect_view();
    let deadline = batch.deadline.map(|at| day(&at)).unwrap_or_default();
    view! {
        <details class="card fold" id=format!("batch-{number}")>
            <summary dir="auto">{text::batch_change(l)}" · "{title}</summary>
            <PostForm action={ServerAction::<EditBatch>::new()} class="stack">
                {ids(project, task)}
                <input type="hidden" name="number" value=number.to_string()/>
                <div class="field-row">
                    <Field id=key("name") label=text::batch_name(l) help=text::batch_name_help(l)>
                        <input id=key("name") name="name" dir="auto" maxlength="100" value=name aria-describedby=described("name")/>
                    </Field>
                    <Field id=key("status") label=text::batch_status(l) help=text::batch_status_help(l)>
                        <select id=key("status") name="status" aria-describedby=described("status")>{statuses}</select>
                    </Field>
                </div>
                <div class="field-row">
                    <Field id=key("group") label=text::batch_group(l) help=text::batch_group_help(l)>
                        <select id=key("group") name="group" aria-describedby=described("group")>
                            <option value="">{text::everybody(l)}</option>
                            {groups}
                        </select>
                    </Field>
                    <Field id=key("deadline") label=text::deadline(l) help=text::deadline_help(l)>
                        <input id=key("deadline") name="deadline" type="date" value=deadline aria-describedby=described("deadline")/>
                    </Field>
                </div>
                <div class="actions"><button class="button" type="submit">{text::save(l)}</button></div>
            </PostForm>
        </details>
    }
}
