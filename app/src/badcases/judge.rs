//! The judgement form, and the keyboard that fills it and moves between cases, an island.

use super::{api::JudgeBadCase, text};
use crate::{
    text::lang,
    ui::{form::PostForm, format::shortened},
};
use domain::{
    badcase::Cause,
    id::{BadCaseId, ProjectId},
};
use leptos::prelude::*;

/// The form. `revision` is the one the person sees; `labels` are the choices for labelled data;
/// `next` is where "save and next" leads.
#[component]
pub fn Judge(
    project: ProjectId,
    id: BadCaseId,
    revision: i32,
    cause: Option<Cause>,
    note: String,
    given: String,
    labels: Vec<String>,
    here: String,
    next: Option<String>,
) -> impl IntoView {
    let l = lang();
    let causes = Cause::ALL.into_iter().enumerate().map(|(i, c)| {
        view! {
            <label class="check" title=text::cause_help(l, c)>
                <input type="radio" name="edit[cause]" value=c.as_str() checked=cause == Some(c) data-key=(i + 1).to_string()/>
                <span>{text::cause_name(l, c)}</span><kbd>{i + 1}</kbd>
            </label>
        }
    });
    let causes = causes.collect_view();
    view! {
        <PostForm action={ServerAction::<JudgeBadCase>::new()} id="judge">
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="edit[revision]" value=revision.to_string()/>
            <fieldset>
                <legend>{text::cause(l)}</legend>
                <div class="checks">{causes}</div>
            </fieldset>
            {correction(given, labels)}
            <div class="field">
                <label for="note">{text::note(l)}</label>
                <textarea id="note" name="edit[note]" dir="auto" rows="3" aria-describedby="note-help">{note}</textarea>
                <p class="help" id="note-help">{text::note_help(l)}</p>
            </div>
            <p><label class="check"><input type="checkbox" name="edit[dismiss]" value="true"/><span>{text::dismiss(l)}</span></label></p>
            <div class="actions">
                {next.map(|next| view! {
                    <button class="button button-primary" type="submit" name="then" value=next data-key="save">{text::save_next(l)}</button>
                })}
                <button class="button" type="submit" name="then" value=here>{text::save(l)}</button>
            </div>
        </PostForm>
    }
}

/// A choice among the labels, or free text.
fn correction(given: String, labels: Vec<String>) -> impl IntoView {
    let l = lang();
    let control = if labels.is_empty() {
        view! { <textarea id="correction" name="edit[correction]" dir="auto" rows="4" aria-describedby="correction-help">{given}</textarea> }.into_any()
    } else {
        let options = labels
            .iter()
            .map(|x| view! { <option value=x.clone() selected=*x == given>{shortened(x)}</option> })
            .collect_view();
        view! {
            <select id="correction" name="edit[correction]" aria-describedby="correction-help">
                <option value="">{text::no_correction(l)}</option>
                {options}
            </select>
        }
        .into_any()
    };
    view! {
        <div class="field">
            <label for="correction">{text::correction(l)}</label>
            {control}
            <p class="help" id="correction-help">{text::correction_help(l)}</p>
        </div>
    }
}

/// Keys: `j`/`→` next, `k`/`←` previous, `1`–`5` cause, Ctrl+Enter save and next.
#[island]
pub fn Shortcuts(previous: Option<String>, next: Option<String>) -> impl IntoView {
    let l = lang();
    #[cfg(feature = "hydrate")]
    keys::listen(previous, next);
    #[cfg(not(feature = "hydrate"))]
    let _ = (previous, next);
    view! {
        <p class="help">
            {text::shortcuts(l)}": "<kbd>"j"</kbd>" "<kbd>"k"</kbd>" "{text::shortcut_move(l)}" · "<kbd>"1"</kbd>"–"<kbd>"5"</kbd>" "
            {text::shortcut_cause(l)}" · "<kbd>"Ctrl"</kbd>"+"<kbd>"Enter"</kbd>" "{text::shortcut_save(l)}
        </p>
    }
}

#[cfg(feature = "hydrate")]
mod keys {
    use leptos::prelude::*;
    use wasm_bindgen::JsCast;

    pub(super) fn listen(previous: Option<String>, next: Option<String>) {
        let handle = window_event_listener(leptos::ev::keydown, move |e| {
            if (e.ctrl_key() || e.meta_key()) && e.key() == "Enter" {
                click("#judge [data-key=save], #judge button[type=submit]");
                return;
            }
            if e.ctrl_key() || e.meta_key() || e.alt_key() || is_typing(&e) {
                return;
            }
            match e.key().as_str() {
                "j" | "ArrowRight" => go(next.as_deref()),
                "k" | "ArrowLeft" => go(previous.as_deref()),
                key @ ("1" | "2" | "3" | "4" | "5") => click(&format!("#judge [data-key=\"{key}\"]")),
                _ => {}
            }
        });
        on_cleanup(move || handle.remove());
    }

    /// Keys belong to the field while one is being typed into.
    fn is_typing(event: &web_sys::KeyboardEvent) -> bool {
        let target = event.target().and_then(|t| t.dyn_into::<web_sys::HtmlElement>().ok());
        target.is_some_and(|t| {
            let kind = t.get_attribute("type").unwrap_or_default();
            matches!(t.tag_name().as_str(), "TEXTAREA" | "SELECT")
                || (t.tag_name() == "INPUT" && kind != "radio" && kind != "checkbox")
        })
    }

    fn go(href: Option<&str>) {
        if let Some(href) = href {
            let _ = window().location().set_href(href);
        }
    }

    fn click(selector: &str) {
        if let Ok(Some(element)) = document().query_selector(selector)
            && let Ok(element) = element.dyn_into::<web_sys::HtmlElement>()
        {
            element.click();
        }
    }
}
