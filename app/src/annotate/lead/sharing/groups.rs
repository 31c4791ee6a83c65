//! The groups of a project: made, changed and deleted.

use super::{
    api::{CreateGroup, DeleteGroup, GroupsView, ReplaceGroup, get_groups},
    text,
};
use crate::{
    annotate::lead::api::Candidate,
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::{Confirm, Field},
        form::PostForm,
        format::integer,
        frame::PageHeader,
        load::{load, refuse},
        notice::Empty,
    },
};
use domain::{
    access::Action,
    annotation::{batch::Group, view::Person},
    id::{GroupId, ProjectId},
    lang::Lang,
};
use leptos::prelude::*;

/// `/p/:project/annotation/groups`.
#[component]
pub fn GroupListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    view! {
        <PageHeader title=text::groups_title(l) lead=text::groups_lead(l)>
            <a class="button" href=routes::annotation(project)>{text::to_tasks(l)}</a>
        </PageHeader>
        {load(get_groups(project), move |view| page(project, view))}
    }
    .into_any()
}

fn page(project: ProjectId, view: GroupsView) -> impl IntoView {
    let l = lang();
    let may = role::may(Action::EditDatasets);
    let new = may.then(|| {
        let fields = fields(l, "new", "", &[], &view.people);
        view! {
            <PostForm action={ServerAction::<CreateGroup>::new()} class="card stack">
                <h2>{text::new_group(l)}</h2>
                <input type="hidden" name="project" value=project.to_string()/>
                {fields}
                <div class="actions"><button class="button button-primary" type="submit">{text::make_group(l)}</button></div>
            </PostForm>
        }
    });
    let is_empty = view.groups.is_empty();
    let cards = view.groups.iter().map(|group| card(project, l, group, &view.people, may)).collect_view();
    let none = is_empty.then(|| view! { <Empty title=text::no_groups(l) hint=text::no_groups_hint(l)/> });
    view! { {none} {cards} {new} }
}

fn card(project: ProjectId, l: Lang, group: &Group, people: &[Candidate], may: bool) -> impl IntoView + use<> {
    let names = group.people.iter().map(|p| p.name.clone()).collect::<Vec<_>>().join(", ");
    let names = if names.is_empty() { text::nobody_in_it(l).to_owned() } else { names };
    let used = (group.uses > 0).then(|| view! { <p class="help">{text::used(l, integer(group.uses))}</p> });
    let change = may.then(|| change(project, l, group, people));
    view! {
        <section class="card stack" id=format!("group-{}", group.id)>
            <h2 dir="auto">{group.name.clone()}</h2>
            <p dir="auto">{names}</p>
            {used}
            {change}
        </section>
    }
}

fn change(project: ProjectId, l: Lang, group: &Group, people: &[Candidate]) -> impl IntoView + use<> {
    let ids = |group: GroupId| {
        view! {
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="group" value=group.to_string()/>
        }
    };
    let (changed, deleted, question) = (ids(group.id), ids(group.id), text::delete_question(l, &group.name));
    let delete = (group.uses == 0).then(|| {
        view! {
            <Confirm label=text::delete_group(l) question danger=true>
                <PostForm action={ServerAction::<DeleteGroup>::new()}>
                    {deleted}
                    <button class="button button-danger" type="submit">{text::delete_group(l)}</button>
                </PostForm>
            </Confirm>
        }
    });
    let fields = fields(l, &group.id.to_string(), &group.name, &group.people, people);
    view! {
        <details class="fold">
            <summary>{text::batch_change(l)}</summary>
            <PostForm action={ServerAction::<ReplaceGroup>::new()} class="stack">
                {changed}
                {fields}
                <div class="actions"><button class="button" type="submit">{text::save(l)}</button></div>
            </PostForm>
            {delete}
        </details>
    }
}

/// Name and people of a group. `key` makes the ids of its fields its own.
fn fields(l: Lang, key: &str, name: &str, chosen: &[Person], people: &[Candidate]) -> impl IntoView + use<> {
    let (id, name) = (format!("name-{key}"), name.to_owned());
    let described = format!("{id}-help");
    let boxes = people.iter().filter(|p| p.may_annotate || chosen.iter().any(|c| c.id == p.id)).map(|p| {
        let checked = chosen.iter().any(|c| c.id == p.id);
        let name = format!("person.{}", p.id);
        view! { <label class="check"><input type="checkbox" name=name value="on" checked=checked/><bdi>{p.name.clone()}</bdi></label> }
    });
    let boxes = boxes.collect_view();
    view! {
        <Field id=id.clone() label=text::group_name(l) help=text::group_name_help(l)>
            <input id=id name="name" dir="auto" maxlength="100" required value=name aria-describedby=described/>
        </Field>
        <div class="field">
            <span class="field-label">{text::group_people(l)}</span>
            <div class="checks">{boxes}</div>
            <p class="help">{text::group_people_help(l)}</p>
        </div>
    }
}
