//! What the browser does with the questions of a form: conditions, keys, ranking, spans. It knows the controls by their
//! `data-` attributes (`fields` writes them) and nothing of tasks.

pub(super) mod dom;
pub(super) mod form;
pub(super) mod marks;
pub(super) mod questions;
pub(super) mod ranks;

use dom::{all, closest, listen, target};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement, KeyboardEvent};

/// What happened to a form: a radio button was chosen, or anything else was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Chosen,
    Edited,
}

/// Follows everything that is done to forms inside of an element, also to those that come later, and tells of it.
pub(super) fn follow(root: &Element, tell: Rc<dyn Fn(Change)>) {
    marks::follow_selection();
    let on_change = tell.clone();
    listen(root, "change", move |event| changed(&event, on_change.as_ref()));
    let on_input = tell.clone();
    listen(root, "input", move |event| {
        match target(&event) {
            Some(filter) if filter.has_attribute("data-filter") => questions::filter(&filter),
            // Radio buttons and checkboxes tell by `change`.
            Some(field) if is_ticked(&field) => {}
            _ => on_input(Change::Edited),
        }
    });
    let on_click = tell.clone();
    listen(root, "click", move |event| {
        if clicked(&event) {
            on_click(Change::Edited);
        }
    });
    listen(root, "keydown", move |event| {
        let text = target(&event).and_then(|e| closest(&e, "[data-marks]"));
        if let (Some(text), Some(key)) = (text, event.dyn_ref::<KeyboardEvent>()) {
            match marks::pressed(&text, key) {
                marks::Pressed::Other => return,
                marks::Pressed::Moved => {}
                marks::Pressed::Changed => tell(Change::Edited),
            }
            event.prevent_default();
        }
    });
}

/// Makes a form that has just come ready.
pub(super) fn begin(form: &Element) {
    questions::ask(form);
    for text in all(form, "[data-marks]") {
        marks::begin(&text);
    }
}

fn is_ticked(field: &Element) -> bool {
    field.dyn_ref::<HtmlInputElement>().is_some_and(|input| matches!(input.type_().as_str(), "radio" | "checkbox"))
}

fn changed(event: &Event, tell: &dyn Fn(Change)) {
    let Some(field) = target(event) else { return };
    let Some(form) = closest(&field, "form") else { return };
    questions::ask(&form);
    if let Some(question) = closest(&field, ".question") {
        questions::make_current(&form, &question);
    }
    // That no answer is given is no choice.
    let is_chosen = |input: &HtmlInputElement| input.type_() == "radio" && !input.value().is_empty();
    let chosen = field.dyn_ref::<HtmlInputElement>().is_some_and(is_chosen);
    tell(if chosen { Change::Chosen } else { Change::Edited });
}

/// Does what a button of a field is for; whether it changed anything.
fn clicked(event: &Event) -> bool {
    let Some(button) = target(event).and_then(|e| closest(&e, "button")) else { return false };
    if button.has_attribute("data-rank") {
        ranks::pick(&button);
    } else if button.has_attribute("data-move") {
        ranks::shift(&button);
    } else if button.has_attribute("data-label") {
        return marks::label(&button);
    } else if button.has_attribute("data-drop") || button.has_attribute("data-unlink") {
        return marks::remove(&button);
    } else if button.has_attribute("data-relate") {
        return marks::relate(&button);
    } else {
        return false;
    }
    true
}

/// Tells what cannot be seen at the place where it happened.
pub(super) fn say(words: &str) {
    if let Some(state) = dom::by_id("work-state") {
        state.set_text_content(Some(words));
    }
}
