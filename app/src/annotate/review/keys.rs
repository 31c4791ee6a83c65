//! Keys of review and adjudication, an island: every control with a key is pressed by it. Inside of an open form the keys
//! choose its answers first.

use super::text;
use crate::text::lang;
use leptos::prelude::*;

/// The keys in words, where there is a keyboard.
pub(super) fn shortcuts(keys: &[(&'static str, &'static str)]) -> impl IntoView + use<> {
    let shown = keys.iter().map(|(key, what)| view! { " · " <kbd>{*key}</kbd> " " {*what} }).collect_view();
    view! { <p class="help keyboard-help needs-script">{text::shortcuts(lang())}{shown}</p> }
}

/// Follows the keys of the page.
#[island]
pub fn Keys() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(|_| follow::start());
    view! { <span hidden></span> }
}

#[cfg(feature = "hydrate")]
mod follow {
    use crate::annotate::browser::{
        self, Change,
        dom::{all, by_id, click, closest, is_on_control, is_typing, listen, one, target},
        questions,
    };
    use leptos::prelude::window;
    use std::rc::Rc;
    use wasm_bindgen::JsCast;
    use web_sys::{Element, Event, HtmlElement, KeyboardEvent};

    pub(super) fn start() {
        let Some(page) = by_id("content") else { return };
        for form in all(&page, ".work-form") {
            browser::begin(&form);
        }
        browser::follow(&page, Rc::new(|_: Change| ()));
        listen(&window(), "keydown", move |event| {
            let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
            if !event.default_prevented() && pressed(&page, &event, key) {
                event.prevent_default();
            }
        });
    }

    fn pressed(page: &Element, event: &Event, key: &KeyboardEvent) -> bool {
        if key.ctrl_key() || key.meta_key() || key.alt_key() || key.is_composing() {
            return false;
        }
        let name = key.key();
        if is_typing(event) {
            if let Some(field) =
                target(event).filter(|_| name == "Escape").and_then(|t| t.dyn_into::<HtmlElement>().ok())
            {
                let _ = field.blur();
            }
            return false;
        }
        let form = one(page, ".review-fix[open] .work-form");
        let mut letters = name.chars();
        let (Some(letter), None) = (letters.next(), letters.next()) else {
            return match (name.as_str(), form) {
                ("Enter", Some(form)) if !is_on_control(event) => press_button(&form),
                ("ArrowDown" | "ArrowUp", Some(form)) if target(event).is_none_or(|e| e.tag_name() != "INPUT") => {
                    questions::step(&form, name == "ArrowDown");
                    true
                }
                _ => false,
            };
        };
        if !letter.is_ascii_alphanumeric() {
            return false;
        }
        if form.is_some_and(|form| questions::choose(&form, letter).is_some()) {
            return true;
        }
        let selector = format!("[data-key=\"{}\"]", letter.to_ascii_lowercase());
        // Controls of forms that are folded in have keys too, but not now.
        let Some(control) = all(page, &selector).into_iter().find(|e| closest(e, ".work-form").is_none()) else {
            return false;
        };
        click(&control);
        if let Some(fold) = closest(&control, "details") {
            into(&fold);
        }
        true
    }

    fn press_button(form: &Element) -> bool {
        let button = one(form, "button[type=submit]");
        if let Some(button) = &button {
            click(button);
        }
        button.is_some()
    }

    /// Puts the cursor where something is to be written.
    fn into(fold: &Element) {
        if let Some(field) =
            one(fold, "textarea[name=\"ruling[reason]\"]").and_then(|f| f.dyn_into::<HtmlElement>().ok())
        {
            let _ = field.focus();
        }
    }
}
