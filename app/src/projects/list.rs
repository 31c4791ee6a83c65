//! The start page: a person's projects, and the forms for a first or another one.

use super::{
    api::{CreateProject, ProjectList, my_projects},
    sample::SampleProjectButton,
    text,
};
use crate::{
    routes,
    text::lang,
    ui::{
        field::Field,
        form::{PostForm, refusal_of},
        frame::{PageHeader, PlainPage},
        load::load_page,
        notice::Empty,
    },
    words,
};
use domain::people::Project;
use leptos::{either::Either, prelude::*};

/// Every project the person is a member of.
#[component]
pub fn ProjectListPage() -> impl IntoView {
    load_page(my_projects(), |ProjectList { person, projects }| {
        let l = lang();
        view! {
            <PlainPage person=person.name>
                <PageHeader title=text::projects(l) lead=text::projects_lead(l)/>
                {if projects.is_empty() {
                    Either::Left(view! {
                        <Empty title=text::empty_title(l) hint=text::empty_hint(l)/>
                        <CreateForm/>
                        <SampleProjectButton/>
                    })
                } else {
                    Either::Right(view! {
                        <div class="grid">{projects.into_iter().map(|project| view! { <Card project/> }).collect_view()}</div>
                        <details class="fold" open={refusal_of::<CreateProject>().is_some()}>
                            <summary>{text::new_project(l)}</summary>
                            <div class="stack"><CreateForm/> <SampleProjectButton/></div>
                        </details>
                    })
                }}
            </PlainPage>
        }
    })
}

#[component]
fn Card(project: Project) -> impl IntoView {
    view! {
        <a class="card" href=routes::project(project.id)>
            <div class="card-title">
                <h2 dir="auto">{project.name}</h2>
                <span class="badge badge-quiet">{words::role(lang(), project.role)}</span>
            </div>
            {(!project.description.is_empty()).then(|| view! { <p class="muted" dir="auto">{project.description}</p> })}
        </a>
    }
}

#[component]
fn CreateForm() -> impl IntoView {
    let l = lang();
    view! {
        <PostForm action={ServerAction::<CreateProject>::new()} class="card">
            <Field id="name" label=text::name(l)>
                <input id="name" name="name" dir="auto" required maxlength="200" placeholder=text::name_example(l)/>
            </Field>
            <Field id="description" label=text::description(l) help=text::description_help(l)>
                <input id="description" name="description" dir="auto" maxlength="2000" aria-describedby="description-help"/>
            </Field>
            <button class="button button-primary" type="submit">{text::create(l)}</button>
        </PostForm>
    }
}
