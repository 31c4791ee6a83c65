//! Views that are kept under a name: choosing one, sharing it, keeping what is shown, deleting one.

use super::{
    address::Here,
    api::{DeleteView, SaveView},
    text,
};
use crate::{
    role, routes,
    text::lang,
    ui::{
        copy::CopyText,
        field::{Confirm, Field},
        form::{PostForm, refusal_of},
        format::shortened,
    },
};
use domain::{
    access::{Action, Role},
    lang::Lang,
    table::{SavedView, view::NAME_CHARS},
};
use leptos::prelude::*;

/// The views to choose from, as tabs.
pub(super) fn tabs(here: &Here, views: &[SavedView]) -> impl IntoView + use<> {
    let l = lang();
    let open = here.saved.as_ref().map(|v| v.id);
    let all = routes::table(here.project);
    // A view of somebody else's that is open by its link stands among the reader's.
    let foreign = here.saved.iter().filter(|saved| !views.iter().any(|v| v.id == saved.id));
    let links = views.iter().chain(foreign).map(|v| {
        let is_open = open == Some(v.id);
        let is_changed = is_open && v.state != here.state;
        let note = if is_changed { text::changed(l) } else if v.is_shared { text::shared(l) } else { text::personal(l) };
        let href = format!("{all}?view={}", v.id);
        view! { <a href=href aria-current=is_open.then_some("page")><bdi>{shortened(&v.name)}</bdi>" "<span class="muted">{note}</span></a> }
    });
    let links = links.collect_view();
    view! {
        <nav class="tabs" aria-label=text::views(l)>
            <a href=all.clone() aria-current=open.is_none().then_some("page")>{text::all_runs(l)}</a>
            {links}
        </nav>
    }
}

/// The link of what is shown, and the form that keeps it.
pub(super) fn keep(here: &Here, site: &str) -> impl IntoView + use<> {
    let l = lang();
    let link = format!("{site}{}", here.to(&here.state));
    let form = role::may(Action::Annotate).then(|| save_form(here, l));
    let delete = here.saved.as_ref().and_then(|saved| delete_form(here, saved, l));
    let is_refused = refusal_of::<SaveView>().is_some();
    view! {
        <details class="fold card" id="keep" open=is_refused>
            <summary>{text::save_view(l)}</summary>
            <p class="field-label">{text::link(l)}</p>
            <CopyText id="view-link" text=link/>
            <p class="help">{text::link_help(l)}</p>
            {form}
            {delete}
        </details>
    }
}

fn save_form(here: &Here, l: Lang) -> impl IntoView + use<> {
    let state = serde_json::to_string(&here.state).unwrap_or_default();
    let (name, revision, is_shared) = match &here.saved {
        Some(saved) => (saved.name.clone(), saved.revision.to_string(), saved.is_shared),
        None => (String::new(), String::new(), false),
    };
    let project = here.project.to_string();
    view! {
        <PostForm action={ServerAction::<SaveView>::new()}>
            <input type="hidden" name="project" value=project/>
            <input type="hidden" name="state" value=state/>
            <input type="hidden" name="opened" value=name.clone()/>
            <input type="hidden" name="revision" value=revision/>
            <Field id="view-name" label=text::view_name(l) help=text::view_name_help(l)>
                <input id="view-name" name="name" required dir="auto" maxlength=NAME_CHARS.to_string() value=name aria-describedby="view-name-help"/>
            </Field>
            <div class="field checks">
                <label class="check"><input type="checkbox" name="shared" value="true" checked=is_shared/>{text::share_view(l)}</label>
                <label class="check"><input type="checkbox" name="overwrite" value="true"/>{text::overwrite(l)}</label>
            </div>
            <button class="button button-primary" type="submit">{text::save(l)}</button>
        </PostForm>
    }
}

/// For whoever may delete the open view: who made it, of a shared one also an owner of the project.
fn delete_form(here: &Here, saved: &SavedView, l: Lang) -> Option<impl IntoView + use<>> {
    let is_owner = use_context::<Role>() == Some(Role::Owner);
    let may = role::may(Action::Annotate) && (saved.is_own || saved.is_shared && is_owner);
    let (project, view, by) = (here.project.to_string(), saved.id.to_string(), saved.created_by.clone());
    may.then(|| {
        view! {
            <p class="muted"><bdi>{text::by_whom(l, by)}</bdi></p>
            <Confirm label=text::delete_view(l) question=text::delete_question(l) danger=true>
                <PostForm action={ServerAction::<DeleteView>::new()}>
                    <input type="hidden" name="project" value=project/>
                    <input type="hidden" name="view" value=view/>
                    <button class="button button-danger" type="submit">{text::delete(l)}</button>
                </PostForm>
            </Confirm>
        }
    })
}
