//! Short ways to elements, events and the browser's store.

use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, EventTarget, HtmlElement};

/// The element with this id.
pub(in crate::annotate) fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Every element inside of another that a selector names.
pub(in crate::annotate) fn all(root: &Element, selector: &str) -> Vec<Element> {
    let Ok(list) = root.query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|i| list.item(i)?.dyn_into().ok()).collect()
}

/// The first of them.
pub(in crate::annotate) fn one(root: &Element, selector: &str) -> Option<Element> {
    root.query_selector(selector).ok().flatten()
}

/// The element itself, or the first one around it, that a selector names.
pub(in crate::annotate) fn closest(element: &Element, selector: &str) -> Option<Element> {
    element.closest(selector).ok().flatten()
}

/// The element that an event happened to.
pub(in crate::annotate) fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// Calls `then` at each event, as long as the page lives.
pub(in crate::annotate) fn listen(target: &EventTarget, event: &str, then: impl FnMut(Event) + 'static) {
    let listener = Closure::<dyn FnMut(Event)>::new(then).into_js_value();
    let _ = target.add_event_listener_with_callback(event, listener.unchecked_ref());
}

/// Sets an attribute without a value, or takes it away.
pub(in crate::annotate) fn flag(element: &Element, name: &str, on: bool) {
    let _ = if on { element.set_attribute(name, "") } else { element.remove_attribute(name) };
}

/// As a click of the mouse would.
pub(in crate::annotate) fn click(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        element.click();
    }
}

/// Whether keys belong to a field that is being typed into.
pub(in crate::annotate) fn is_typing(event: &Event) -> bool {
    target(event).is_some_and(|field| {
        let kind = field.get_attribute("type").unwrap_or_default();
        match field.tag_name().as_str() {
            "TEXTAREA" | "SELECT" => true,
            "INPUT" => !matches!(kind.as_str(), "radio" | "checkbox" | "button" | "submit"),
            _ => false,
        }
    })
}

/// Whether a key has a meaning of its own on what is in focus: a button, a link, a fold.
pub(in crate::annotate) fn is_on_control(event: &Event) -> bool {
    target(event).is_some_and(|e| matches!(e.tag_name().as_str(), "BUTTON" | "A" | "SUMMARY"))
}

/// A text as HTML.
pub(in crate::annotate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What this browser keeps for the site; `None` where it may keep nothing.
pub(in crate::annotate) fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// What is kept under a name.
pub(in crate::annotate) fn kept(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Keeps a text under a name; an empty one is forgotten.
pub(in crate::annotate) fn keep(name: &str, text: &str) -> bool {
    let Some(storage) = storage() else { return false };
    if text.is_empty() { storage.remove_item(name).is_ok() } else { storage.set_item(name, text).is_ok() }
}
