//! The judgement form, and the keyboard that fills it and moves between cases, an island.

use super::{
    api::{Choices, JudgeBadCase},
    choices, text,
};
use crate::{
    text::lang,
    ui::{field::Field, form::PostForm, format::shortened},
};
use domain::{
    badcase::{BadCaseStatus, Cause, view::BadCase},
    id::ProjectId,
};
use leptos::prelude::*;

/// The form. The person sees the case in its revision; `next` is where "save and next" leads.
#[component]
pub fn Judge(project: ProjectId, case: BadCase, choices: Choices, here: String, next: Option<String>) -> impl IntoView {
    let l = lang();
    let s = case.summary;
    let causes = Cause::ALL.into_iter().enumerate().map(|(i, c)| {
        view! {
            <label class="check" title=text::cause_help(l, c)>
                <input type="radio" name="edit[cause]" value=c.as_str() checked={s.cause == Some(c)} data-key=(i + 1).to_string()/>
                <span>{text::cause_name(l, c)}</span><kbd>{i + 1}</kbd>
            </label>
        }
    });
    let causes = causes.collect_view();
    let own = (!choices.causes.is_empty()).then(|| {
        let options = choices::own_causes(&choices.causes, s.cause_id, l);
        view! {
            <Field id="own_cause" label=text::own_cause(l) help=text::own_cause_help(l)>
                <select id="own_cause" name="own_cause" aria-describedby="own_cause-help">
                    <option value="">{text::no_own_cause(l)}</option>
                    {options}
                </select>
            </Field>
        }
    });
    let severities = choices::severities(s.severity, l);
    let people = choices::people(&choices.people, s.owner_id);
    // What a run has resolved needs no correction any more.
    let correction = (s.status != BadCaseStatus::Resolved)
        .then(|| correction(s.correction.clone().unwrap_or_default(), case.labels));
    view! {
        <PostForm action={ServerAction::<JudgeBadCase>::new()} id="judge">
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="id" value=s.id.to_string()/>
            <input type="hidden" name="edit[revision]" value=case.revision.to_string()/>
            <fieldset>
                <legend>{text::cause(l)}</legend>
                <div class="checks">{causes}</div>
            </fieldset>
            {own}
            {correction}
            <div class="field-row">
                <Field id="severity" label=text::severity(l) help=text::severity_help(l)>
                    <select id="severity" name="severity" aria-describedby="severity-help">
                        <option value="">{text::unrated(l)}</option>
                        {severities}
                    </select>
                </Field>
                <Field id="owner" label=text::owner(l) help=text::owner_help(l)>
                    <select id="owner" name="owner" aria-describedby="owner-help">
                        <option value="">{text::nobody(l)}</option>
                        {people}
                    </select>
                </Field>
            </div>
            <div class="field">
                <label for="note">{text::note(l)}</label>
                <textarea id="note" name="edit[note]" dir="auto" rows="3" aria-describedby="note-help">{case.note}</textarea>
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

/// Keys: `j` next, `k` previous, `1`–`5` cause, Ctrl+Enter save and next. The arrow keys stay with the radio buttons.
#[island]
pub fn Shortcuts(previous: Option<String>, next: Option<String>) -> impl IntoView {
    let l = lang();
    #[cfg(feature = "hydrate")]
    keys::listen(previous, next);
    #[cfg(not(feature = "hydrate"))]
    let _ = (previous, next);
    view! {
        <p class="help keyboard-help needs-script">
            {text::shortcuts(l)}": "<kbd>"j"</kbd>" "<kbd>"k"</kbd>" "{text::shortcut_move(l)}" · "<kbd>"1"</kbd>"–"<kbd>"5"</kbd>" "
            {text::shortcut_cause(l)}" · "<kbd>"Ctrl"</kbd>"+"<kbd>"Enter"</kbd>" "{text::shortcut_save(l)}
        </p>
    }
}

#[cfg(feature = "hydrate")]
mod keys {
    use super::text;
    use crate::text::lang;
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
                "j" => go(next.as_deref()),
                "k" => go(previous.as_deref()),
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

    /// A key is pressed by mistake more easily than a link: what is not saved is thrown away only after a question.
    fn go(href: Option<&str>) {
        let Some(href) = href else { return };
        let question = text::unsaved(lang());
        if !is_changed() || window().confirm_with_message(question).unwrap_or(true) {
            let _ = window().location().set_href(href);
        }
    }

    /// Whether the form holds anything that the page did not come with.
    fn is_changed() -> bool {
        let Ok(controls) = document().query_selector_all("#judge input, #judge select, #judge textarea") else {
            return false;
        };
        (0..controls.length()).filter_map(|i| controls.item(i)).any(|control| {
            if let Some(input) = control.dyn_ref::<web_sys::HtmlInputElement>() {
                input.checked() != input.default_checked() || input.value() != input.default_value()
            } else if let Some(area) = control.dyn_ref::<web_sys::HtmlTextAreaElement>() {
                area.default_value().is_ok_and(|before| area.value() != before)
            } else {
                control.dyn_ref::<web_sys::HtmlSelectElement>().is_some_and(|s| s.value() != first_choice(s))
            }
        })
    }

    /// What a list showed at first: the option marked so, or the empty one above all.
    fn first_choice(select: &web_sys::HtmlSelectElement) -> String {
        let marked = select.query_selector("option[selected]").ok().flatten();
        marked.and_then(|option| option.get_attribute("value")).unwrap_or_default()
    }

    fn click(selector: &str) {
        if let Ok(Some(element)) = document().query_selector(selector)
            && let Ok(element) = element.dyn_into::<web_sys::HtmlElement>()
        {
            element.click();
        }
    }
}
