//! The settings of a project: name, members, invitations, archiving. Members who are not owners
//! see who is in.

use super::{
    api::{ArchiveProject, Settings, UpdateProject, find_settings},
    members::{Invitations, Members},
    text,
};
use crate::{
    routes,
    text::lang,
    ui::{
        field::{Confirm, Field},
        form::{PostForm, is_refused},
        frame::PageHeader,
        load::load,
    },
};
use domain::{id::ProjectId, people::Project};
use leptos::{form::ActionForm, prelude::*};

/// The page.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let project = routes::param::<ProjectId>("project");
    load(async move { find_settings(project?).await }, |settings| {
        let l = lang();
        let owner = settings.is_owner();
        let lead = if owner { text::settings_lead_owner(l) } else { text::settings_lead(l) };
        let Settings { project, me, members, invitations, fresh_link } = settings;
        let id = project.id;
        view! {
            <PageHeader title=text::settings(l) lead/>
            <Done/>
            {owner.then(|| view! { <Names project=project.clone()/> })}
            <Members project=id me members owner/>
            {owner.then(|| view! {
                <Invitations project=id invitations fresh_link/>
                <Archive project/>
            })}
        }
    })
}

/// What the form before this page has done.
#[component]
fn Done() -> impl IntoView {
    let done = routes::query::<String>("done").filter(|_| !is_refused());
    done.map(|_| view! { <p class="notice notice-good" role="status">{text::saved(lang())}</p> })
}

#[component]
fn Names(project: Project) -> impl IntoView {
    let l = lang();
    view! {
        <PostForm action={ServerAction::<UpdateProject>::new()} class="card">
            <input type="hidden" name="project" value=project.id.to_string()/>
            <Field id="name" label=text::name(l)>
                <input id="name" name="name" dir="auto" required maxlength="200" value=project.name/>
            </Field>
            <Field id="description" label=text::description(l) help=text::description_help(l)>
                <textarea id="description" name="description" dir="auto" maxlength="2000" rows="2" aria-describedby="description-help">{project.description}</textarea>
            </Field>
            <button class="button" type="submit">{text::save(l)}</button>
        </PostForm>
    }
}

#[component]
fn Archive(project: Project) -> impl IntoView {
    let l = lang();
    view! {
        <section class="card">
            <h2>{text::archive_title(l)}</h2>
            <p class="muted">{text::archive_hint(l)}</p>
            <Confirm label=text::archive(l) question=text::archive_question(l, project.name)>
                <ActionForm action={ServerAction::<ArchiveProject>::new()}>
                    <input type="hidden" name="project" value=project.id.to_string()/>
                    <button class="button button-danger" type="submit">{text::archive(l)}</button>
                </ActionForm>
            </Confirm>
        </section>
    }
}
