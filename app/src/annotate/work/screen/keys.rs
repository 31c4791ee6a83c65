//! The keys of the screen.

use super::Screen;
use crate::annotate::browser::{
    dom::{by_id, click, flag, is_on_control, is_typing, listen, one, target},
    marks, questions,
};
use leptos::prelude::{document, window};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlDialogElement, HtmlElement, KeyboardEvent};

pub(super) fn follow(screen: &Rc<Screen>) {
    let pressed = screen.clone();
    listen(&window(), "keydown", move |event| {
        if event.default_prevented() {
            return;
        }
        let done = event.dyn_ref::<KeyboardEvent>().is_some_and(|key| press(&pressed, &event, key));
        if done {
            event.prevent_default();
        }
    });
    if let Some(button) = by_id("work-help") {
        listen(&button, "click", |_| help());
    }
    let undone = screen.clone();
    if let Some(link) = document().query_selector("[data-undo]").ok().flatten() {
        listen(&link, "click", move |event| {
            event.prevent_default();
            undone.undo();
        });
    }
}

/// Does what a key is for; whether it is for anything.
fn press(screen: &Rc<Screen>, event: &Event, key: &KeyboardEvent) -> bool {
    let name = key.key();
    if dialog().is_some_and(|dialog| dialog.open()) {
        return false;
    }
    if (key.ctrl_key() || key.meta_key()) && name == "Enter" {
        screen.submit();
        return true;
    }
    if key.ctrl_key() || key.meta_key() || key.alt_key() || key.is_composing() {
        return false;
    }
    if is_typing(event) {
        if name == "Escape" {
            leave(event);
        }
        return false;
    }
    // A key that is held down shall not run through the items.
    if key.repeat() && !name.starts_with("Arrow") {
        return false;
    }
    if matches!(name.as_str(), "Enter" | " ") && is_on_control(event) {
        return false;
    }
    if name == " " && is_on_choice(event) {
        return false;
    }
    let Some(form) = screen.form() else { return general(screen, &name) };
    let mut letters = name.chars();
    if let (Some(letter), None) = (letters.next(), letters.next())
        && letter.is_ascii_alphanumeric()
        && let Some(was_chosen) = questions::choose(&form, letter)
    {
        // What is chosen already does not change, and so tells nothing.
        if was_chosen {
            screen.chosen(&form);
        }
        return true;
    }
    match name.as_str() {
        "Enter" => screen.submit(),
        " " | "s" => screen.skip(),
        "x" => {
            let Some(field) = one(&form, "[data-cannot-judge]") else { return false };
            click(&field);
        }
        "ArrowLeft" | "ArrowRight" | "ArrowDown" if !is_on_choice(event) && questions::choose_arrow(&form, &name) => {}
        "ArrowDown" | "ArrowUp" if !is_on_choice(event) => {
            questions::step(&form, name == "ArrowDown");
            marks::focus(&form);
        }
        _ => return general(screen, &name),
    }
    true
}

/// Keys that need no item.
fn general(screen: &Rc<Screen>, name: &str) -> bool {
    match name {
        "z" => screen.undo(),
        "g" => {
            let Some(fold) = by_id("work-guideline") else { return false };
            flag(&fold, "open", !fold.has_attribute("open"));
        }
        "?" => help(),
        _ => return false,
    }
    true
}

fn dialog() -> Option<HtmlDialogElement> {
    by_id("work-keys")?.dyn_into().ok()
}

fn help() {
    if let Some(dialog) = dialog() {
        let _ = dialog.show_modal();
    }
}

fn leave(event: &Event) {
    if let Some(field) = target(event).and_then(|t| t.dyn_into::<HtmlElement>().ok()) {
        let _ = field.blur();
    }
}

/// Whether a radio button or checkbox has the focus: it has keys of its own.
fn is_on_choice(event: &Event) -> bool {
    target(event).is_some_and(|e| e.tag_name() == "INPUT")
}
