//! Which questions are asked, which one the keys are for, and what is still to be answered.

use super::dom::{all, click, closest, flag, one};
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlTextAreaElement};

/// Pixels at the top that the bar of the page covers.
const BAR: f64 = 56.0;

/// Shows the questions that are asked after what is chosen, and keeps the others from being sent.
pub(in crate::annotate) fn ask(form: &Element) {
    let cannot_judge = is_checked(form, "[data-cannot-judge]");
    for question in all(form, ".question") {
        let hidden = !is_asked(form, &question);
        flag(&question, "hidden", hidden);
        flag(&question, "disabled", hidden || cannot_judge);
        if cannot_judge || is_answered(&question) {
            flag(&question, "data-missing", false);
        }
    }
    if one(form, ".question.current:not([hidden])").is_none()
        && let Some(first) = one(form, ".question:not([hidden])")
    {
        make_current(form, &first);
    }
}

fn is_checked(form: &Element, selector: &str) -> bool {
    one(form, selector).and_then(|e| e.dyn_into::<HtmlInputElement>().ok()).is_some_and(|input| input.checked())
}

fn is_asked(form: &Element, question: &Element) -> bool {
    let Some(on) = question.get_attribute("data-when") else { return true };
    let any_of = question.get_attribute("data-any").unwrap_or_default();
    let any_of: Vec<String> = serde_json::from_str(&any_of).unwrap_or_default();
    one(form, &format!(".question[data-question=\"{on}\"]"))
        .is_some_and(|earlier| !earlier.has_attribute("hidden") && values(&earlier).iter().any(|v| any_of.contains(v)))
}

/// What is chosen in a question.
fn values(question: &Element) -> Vec<String> {
    let chosen = all(question, "input:checked, input[type=number]");
    let value = |e: &Element| e.dyn_ref::<HtmlInputElement>().map(HtmlInputElement::value);
    chosen.iter().filter_map(value).filter(|v| !v.is_empty()).collect()
}

/// Whether a question has an answer.
pub(in crate::annotate) fn is_answered(question: &Element) -> bool {
    match question.get_attribute("data-need").as_deref() {
        None => true,
        Some("text") => {
            let written =
                |e: &Element| e.dyn_ref::<HtmlTextAreaElement>().is_some_and(|t| !t.value().trim().is_empty());
            all(question, "textarea").iter().any(written) || !values(question).is_empty()
        }
        Some(need) => values(question).len() >= need.parse().unwrap_or(1),
    }
}

/// The questions that are asked now.
pub(in crate::annotate) fn asked(form: &Element) -> Vec<Element> {
    all(form, ".question:not([hidden])")
}

/// The first question that must be answered before the form can be sent.
pub(in crate::annotate) fn missing(form: &Element) -> Option<Element> {
    if is_checked(form, "[data-cannot-judge]") {
        return None;
    }
    asked(form).into_iter().find(|q| q.has_attribute("data-required") && !is_answered(q))
}

/// Gives the keys to a question.
pub(in crate::annotate) fn make_current(form: &Element, question: &Element) {
    for other in all(form, ".question.current") {
        let _ = other.class_list().remove_1("current");
    }
    let _ = question.class_list().add_1("current");
}

/// Brings a question into sight.
pub(in crate::annotate) fn show(question: &Element) {
    let place = question.get_bounding_client_rect();
    let height = window().inner_height().ok().and_then(|h| h.as_f64()).unwrap_or_default();
    if place.top() < BAR || place.bottom() > height {
        question.scroll_into_view_with_bool(place.top() < BAR);
    }
}

/// Gives the keys to the next question, or the one before.
pub(in crate::annotate) fn step(form: &Element, forward: bool) {
    let asked = asked(form);
    let at = asked.iter().position(|q| q.class_list().contains("current")).unwrap_or_default();
    let to = if forward { at + 1 } else { at.saturating_sub(1) };
    if let Some(question) = asked.get(to.min(asked.len().saturating_sub(1))) {
        make_current(form, question);
        show(question);
    }
}

/// Gives the keys to the next question that has no answer.
pub(in crate::annotate) fn advance(form: &Element) {
    let asked = asked(form);
    let at = asked.iter().position(|q| q.class_list().contains("current")).unwrap_or_default();
    if !asked.get(at).is_some_and(is_answered) {
        return;
    }
    if let Some(next) = asked.iter().skip(at + 1).find(|q| !is_answered(q)) {
        make_current(form, next);
        show(next);
    }
}

/// Chooses what a key stands for: in the current question first, then in the others. `None` where there is no such thing;
/// whether it was chosen already, so that nothing changed.
pub(in crate::annotate) fn choose(form: &Element, key: char) -> Option<bool> {
    let mut questions = asked(form);
    questions.sort_by_key(|q| !q.class_list().contains("current"));
    let selector = format!("[data-key=\"{}\"]", key.to_ascii_lowercase());
    let (question, control) = questions.into_iter().find_map(|q| Some((q.clone(), control(&q, &selector)?)))?;
    let was_checked =
        control.dyn_ref::<HtmlInputElement>().is_some_and(|input| input.type_() == "radio" && input.checked());
    make_current(form, &question);
    // A key takes back what it chose where no answer is needed.
    let takes_back = one(&question, "input[type=radio][value=\"\"]").filter(|_| was_checked);
    click(takes_back.as_ref().unwrap_or(&control));
    Some(was_checked && takes_back.is_none())
}

/// What has the key in a question. Of several turns, that of the first one without an answer.
fn control(question: &Element, selector: &str) -> Option<Element> {
    let found = all(question, selector);
    let is_open = |e: &Element| closest(e, "[data-group]").is_some_and(|group| one(&group, "input:checked").is_none());
    found.iter().find(|e| is_open(e)).or(found.first()).cloned()
}

/// Chooses what an arrow key stands for in the current question.
pub(in crate::annotate) fn choose_arrow(form: &Element, key: &str) -> bool {
    let chosen = one(form, &format!(".question.current:not([hidden]) [data-arrow=\"{key}\"]"));
    if let Some(control) = &chosen {
        click(control);
    }
    chosen.is_some()
}

/// Shows the places of a tree whose way or title holds what was typed.
pub(in crate::annotate) fn filter(field: &Element) {
    let wanted = field.dyn_ref::<HtmlInputElement>().map(|f| f.value().trim().to_lowercase()).unwrap_or_default();
    let Some(question) = closest(field, ".question") else { return };
    for place in all(&question, "[data-way]") {
        let text = format!(
            "{} {}",
            place.get_attribute("data-way").unwrap_or_default(),
            place.text_content().unwrap_or_default()
        );
        flag(&place, "hidden", !text.to_lowercase().contains(&wanted));
    }
}
