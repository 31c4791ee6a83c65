//! The ways to register a model: one small form each, so that a page without JavaScript works.

use super::{api::RegisterModelForm, text};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::{PostForm, refusal_of},
        frame::PageHeader,
        load::refuse,
        upload::UploadField,
    },
};
use domain::{access::Action, id::ProjectId};
use leptos::prelude::*;

/// `/p/:project/models/new`
#[component]
pub fn NewModelPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    if !role::may(Action::EditModels) {
        return refuse(AppError::Forbidden).into_any();
    }
    let ways = [
        ("package", text::way_package(l)),
        ("upload", text::way_upload(l)),
        ("hub", text::way_hub(l)),
        ("path", text::way_path(l)),
    ];
    let asked: Option<String> = routes::query("way");
    let way = ways.iter().map(|w| w.0).find(|w| asked.as_deref() == Some(w)).unwrap_or("package");
    let tabs = ways.map(|(key, name)| {
        let href = format!("{}?way={key}", routes::new_model(project));
        view! { <a href=href aria-current=(key == way).then_some("page")>{name}</a> }
    });
    view! {
        <PageHeader title=text::new_title(l) lead=text::new_lead(l)/>
        <nav class="tabs" aria-label=text::new_title(l)>{tabs.collect_view()}</nav>
        <Form project way/>
    }
    .into_any()
}

#[component]
fn Form(project: ProjectId, way: &'static str) -> impl IntoView {
    let l = lang();
    let action = ServerAction::<RegisterModelForm>::new();
    let (lead, button) = match way {
        "hub" => (text::way_hub_lead(l), text::fetch_button(l)),
        "path" => (text::way_path_lead(l), text::register_button(l)),
        "upload" => (text::way_upload_lead(l), text::register_button(l)),
        _ => (text::way_package_lead(l), text::fetch_button(l)),
    };
    view! {
        <section class="card">
            <p>{lead}</p>
            <PostForm action>
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="way" value=way/>
                {fields(project, way)}
                <Field id="name" label=text::name(l) help=text::name_help(l)>
                    <input id="name" name="name" dir="auto" maxlength="200" autocomplete="off" aria-describedby="name-help"/>
                </Field>
                <div class="actions">
                    <button class="button button-primary" type="submit">{button}</button>
                </div>
            </PostForm>
        </section>
    }
}

/// The files that were sent for a form that was refused.
fn sent_before() -> String {
    let typed = refusal_of::<RegisterModelForm>().map(|r| r.typed).unwrap_or_default();
    typed.into_iter().find(|(name, _)| name == "uploads").map(|(_, ids)| ids).unwrap_or_default()
}

fn fields(project: ProjectId, way: &'static str) -> AnyView {
    let l = lang();
    match way {
        "hub" => view! {
            <div class="field-row">
                <Field id="repo" label=text::repo(l) help=text::repo_help(l)>
                    <input id="repo" name="repo" required autocomplete="off" spellcheck="false" aria-describedby="repo-help"/>
                </Field>
                <Field id="revision" label=text::revision(l) help=text::revision_help(l)>
                    <input id="revision" name="revision" autocomplete="off" spellcheck="false" aria-describedby="revision-help"/>
                </Field>
            </div>
        }
        .into_any(),
        "path" => view! {
            <Field id="path" label=text::path(l) help=text::path_help(l)>
                <input id="path" name="path" required autocomplete="off" spellcheck="false" aria-describedby="path-help"/>
            </Field>
        }
        .into_any(),
        "upload" => view! {
            <UploadField
                project name="uploads".to_owned() help=text::upload_help(l).to_owned()
                accept=".gguf,.safetensors,.json,.jinja".to_owned() multiple=true submit=false given=sent_before()
            />
        }
        .into_any(),
        _ => ().into_any(),
    }
}
