//! Marking spans. The lines of the text field say what is marked; everything else is drawn from them. What is picked
//! stands at the text as `data-picked`: two places, the caret last. Places count characters, as the lines do.

mod paint;

use super::{
    dom::{all, by_id, closest, flag, one},
    say,
};
use crate::annotate::spans::{
    Marks,
    drawing::{step, trimmed},
};
use domain::{annotation::answer::Relation, sample::Span};
use leptos::prelude::{document, window};
use paint::Drawing;
use std::cell::Cell;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlSelectElement, HtmlTextAreaElement, KeyboardEvent, Node, Range};

/// What a key did in the text.
pub(super) enum Pressed {
    Moved,
    Changed,
    /// It has no meaning here.
    Other,
}

/// Shows the text in the place of its lines.
pub(super) fn begin(text: &Element) {
    let Some(question) = closest(text, ".question") else { return };
    if let Some(field) = one(&question, "[data-lines-field]") {
        flag(&field, "hidden", true);
    }
    draw(text);
}

fn chars(text: &Element) -> Vec<char> {
    text.text_content().unwrap_or_default().chars().collect()
}

fn lines(question: &Element) -> Option<HtmlTextAreaElement> {
    one(question, "[data-lines]")?.dyn_into().ok()
}

fn marks(question: &Element) -> Marks {
    lines(question).and_then(|field| Marks::parse(&field.value())).unwrap_or_default()
}

fn picked(text: &Element) -> Option<(u32, u32)> {
    let picked = text.get_attribute("data-picked")?;
    let (from, caret) = picked.split_once(' ')?;
    Some((from.parse().ok()?, caret.parse().ok()?))
}

fn pick(text: &Element, picked: Option<(u32, u32)>) {
    let _ = match picked {
        Some((from, caret)) => text.set_attribute("data-picked", &format!("{from} {caret}")),
        None => text.remove_attribute("data-picked"),
    };
}

thread_local! {
    static FOLLOWS: Cell<bool> = const { Cell::new(false) };
}

/// Notes what is selected by mouse or finger, once for the page.
pub(super) fn follow_selection() {
    if FOLLOWS.replace(true) {
        return;
    }
    let listener = Closure::<dyn FnMut()>::new(selected).into_js_value();
    let _ = document().add_event_listener_with_callback("selectionchange", listener.unchecked_ref());
}

fn selected() {
    let Ok(Some(selection)) = window().get_selection() else { return };
    let (Some(from), Some(to)) = (selection.anchor_node(), selection.focus_node()) else { return };
    let text_of = |node: &Node| {
        let element = node.dyn_ref::<Element>().cloned().or_else(|| node.parent_element())?;
        closest(&element, "[data-marks]")
    };
    let (Some(text), Some(end)) = (text_of(&from), text_of(&to)) else { return };
    if text != end {
        return;
    }
    let place = |node: &Node, offset: u32| chars_before(&text, node, offset);
    let (Some(from), Some(to)) = (place(&from, selection.anchor_offset()), place(&to, selection.focus_offset())) else {
        return;
    };
    pick(&text, Some((from, to)));
    // Drawing anew would take the selection away; what the keyboard had picked just loses its looks.
    for old in all(&text, ".picked, .caret") {
        old.set_class_name("");
    }
}

/// Characters of the text before a place in the document.
fn chars_before(text: &Element, node: &Node, offset: u32) -> Option<u32> {
    let range = Range::new().ok()?;
    range.set_start(text, 0).ok()?;
    range.set_end(node, offset).ok()?;
    let range: &js_sys::Object = range.as_ref();
    Some(String::from(range.to_string()).chars().count() as u32)
}

/// Moves the caret, picks, or deletes the mark under the caret.
pub(super) fn pressed(text: &Element, key: &KeyboardEvent) -> Pressed {
    if key.ctrl_key() || key.alt_key() || key.meta_key() {
        return Pressed::Other;
    }
    let chars = chars(text);
    let (from, caret) = picked(text).unwrap_or_default();
    let to = match key.key().as_str() {
        "ArrowRight" => step(&chars, caret as usize, true),
        "ArrowLeft" => step(&chars, caret as usize, false),
        "Home" => 0,
        "End" => chars.len(),
        "Escape" => caret as usize,
        "Delete" | "Backspace" => return if delete_at(text, caret) { Pressed::Changed } else { Pressed::Moved },
        _ => return Pressed::Other,
    } as u32;
    if let Ok(Some(selection)) = window().get_selection() {
        let _ = selection.remove_all_ranges();
    }
    let is_picking = key.shift_key() && key.key() != "Escape";
    pick(text, Some((if is_picking { from } else { to }, to)));
    draw(text);
    Pressed::Moved
}

/// Takes the newest mark at the caret away.
fn delete_at(text: &Element, caret: u32) -> bool {
    let Some(question) = closest(text, ".question") else { return false };
    let mut marks = marks(&question);
    let Some(at) = marks.spans.iter().rposition(|s| s.start <= caret && caret <= s.end) else { return false };
    marks.remove(at);
    write(&question, &marks)
}

/// Marks what is picked with the label of a button.
pub(super) fn label(button: &Element) -> bool {
    let (Some(question), Some(label)) = (closest(button, ".question"), button.get_attribute("data-label")) else {
        return false;
    };
    let Some(text) = one(&question, "[data-marks]") else { return false };
    let Some((start, end)) = picked(&text).and_then(|p| trimmed(&chars(&text), p)) else {
        say(&text.get_attribute("data-pick-first").unwrap_or_default());
        return false;
    };
    let mut marks = marks(&question);
    if marks.spans.iter().any(|s| (s.start, s.end, &s.label) == (start, end, &label)) {
        return false;
    }
    if let Some(why) = text.get_attribute("data-no-overlap").filter(|_| marks.overlaps(start, end)) {
        say(&why);
        return false;
    }
    marks.spans.push(Span { start, end, label });
    pick(&text, Some((end, end)));
    write(&question, &marks)
}

/// Takes the mark or relation of a button away.
pub(super) fn remove(button: &Element) -> bool {
    let Some(question) = closest(button, ".question") else { return false };
    let mut marks = marks(&question);
    let at = |name: &str| button.get_attribute(name).and_then(|at| at.parse::<usize>().ok());
    if let Some(at) = at("data-drop") {
        marks.remove(at);
    } else if let Some(at) = at("data-unlink").filter(|at| *at < marks.relations.len()) {
        marks.relations.remove(at);
    }
    write(&question, &marks)
}

/// Links the two spans that are chosen.
pub(super) fn relate(button: &Element) -> bool {
    let Some(question) = closest(button, ".question") else { return false };
    let chosen = |selector: &str| one(&question, selector)?.dyn_into::<HtmlSelectElement>().ok().map(|s| s.value());
    let place = |selector: &str| chosen(selector)?.parse::<u32>().ok();
    let (Some(from), Some(to), Some(label)) = (place("[data-from]"), place("[data-to]"), chosen("[data-link]")) else {
        return false;
    };
    let mut marks = marks(&question);
    let relation = Relation { from, to, label };
    if from == to || marks.relations.contains(&relation) {
        return false;
    }
    marks.relations.push(relation);
    write(&question, &marks)
}

fn write(question: &Element, marks: &Marks) -> bool {
    if let Some(field) = lines(question) {
        field.set_value(&marks.lines());
    }
    if let Some(text) = one(question, "[data-marks]") {
        draw(&text);
    }
    true
}

/// Draws the text, the list of marks and the choices for relations.
pub(in crate::annotate) fn draw(text: &Element) {
    let Some(question) = closest(text, ".question") else { return };
    let (chars, marks) = (chars(text), marks(&question));
    let labels: Vec<(String, String)> = all(&question, "[data-label]")
        .iter()
        .map(|b| {
            let title = one(b, "span").and_then(|s| s.text_content()).unwrap_or_default();
            (b.get_attribute("data-label").unwrap_or_default(), title)
        })
        .collect();
    let drawing = Drawing { chars: &chars, marks: &marks, labels: &labels };
    text.set_inner_html(&drawing.text(picked(text)));
    if let Some(list) = one(&question, "[data-list]") {
        let remove = text.get_attribute("data-remove").unwrap_or_default();
        list.set_inner_html(&drawing.list(&remove));
    }
    for select in all(&question, "[data-from], [data-to]") {
        select.set_inner_html(&drawing.options());
    }
}

/// Puts the caret into the first text to mark of an element, for the keyboard.
pub(in crate::annotate) fn focus(form: &Element) {
    let Some(text) = one(form, ".question.current [data-marks]") else { return };
    if by_id("work-keys").is_some_and(|d| d.has_attribute("open")) {
        return;
    }
    if let Some(text) = text.dyn_ref::<web_sys::HtmlElement>() {
        let _ = text.focus();
    }
}
