//! Putting answers in order, by buttons and keys. The fields with their places are what the form sends.

use super::dom::{all, closest, flag, one};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, Node};

/// Gives the answer of a button the next place: the first one that is picked is the best. When all have been picked, it
/// begins anew.
pub(super) fn pick(button: &Element) {
    let (Some(line), Some(list)) = (closest(button, "li"), closest(button, "[data-ranks]")) else { return };
    if line.has_attribute("data-placed") || one(&list, "li:not([data-placed])").is_none() {
        for placed in all(&list, "[data-placed]") {
            flag(&placed, "data-placed", false);
        }
    }
    let after = all(&list, "[data-placed]").len();
    let before = all(&list, "li").into_iter().filter(|l| *l != line).nth(after);
    let before: Option<Node> = before.map(Into::into);
    let _ = list.insert_before(&line, before.as_ref());
    flag(&line, "data-placed", true);
    number(&list);
}

/// Moves the line of a button one up or down.
pub(super) fn shift(button: &Element) {
    let (Some(line), Some(list)) = (closest(button, "li"), closest(button, "[data-ranks]")) else { return };
    let lines = all(&list, "li");
    let Some(at) = lines.iter().position(|l| *l == line) else { return };
    let before = match button.get_attribute("data-move").as_deref() {
        Some("-1") if at > 0 => lines.get(at - 1),
        Some("1") if at + 1 < lines.len() => lines.get(at + 2),
        _ => return,
    };
    let before: Option<Node> = before.cloned().map(Into::into);
    let _ = list.insert_before(&line, before.as_ref());
    number(&list);
    // Moving an element takes the focus away.
    if let Some(button) = button.dyn_ref::<web_sys::HtmlElement>() {
        let _ = button.focus();
    }
}

fn number(list: &Element) {
    for (at, field) in all(list, "[data-place]").into_iter().enumerate() {
        if let Ok(input) = field.dyn_into::<HtmlInputElement>() {
            input.set_value(&(at + 1).to_string());
        }
    }
}
