//! A form as the body of its post, and back.

use super::dom::all;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Element, FormData, HtmlFormElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement, UrlSearchParams,
};

/// What the form would send, as `application/x-www-form-urlencoded`.
pub(in crate::annotate) fn body(form: &Element) -> Option<String> {
    let form = form.dyn_ref::<HtmlFormElement>()?;
    let data = FormData::new_with_form(form).ok()?;
    let data: &JsValue = data.as_ref();
    let pairs = UrlSearchParams::new_with_str_sequence_sequence(data).ok()?;
    let pairs: &js_sys::Object = pairs.as_ref();
    Some(String::from(pairs.to_string()))
}

/// Puts the answers of a body into the fields; whatever it does not say is emptied. Names such as `item` stay as they are.
pub(in crate::annotate) fn fill(form: &Element, body: &str) {
    let Ok(pairs) = UrlSearchParams::new_with_str(body) else { return };
    let values = |name: &str| -> Vec<String> { pairs.get_all(name).iter().filter_map(|v| v.as_string()).collect() };
    for field in all(form, "input, textarea, select") {
        let Some(name) = field.get_attribute("name").filter(|name| is_answer(name)) else { continue };
        let given = values(&name);
        let first = given.first().cloned().unwrap_or_default();
        if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
            match input.type_().as_str() {
                "radio" | "checkbox" => input.set_checked(given.contains(&input.value())),
                _ => input.set_value(&first),
            }
        } else if let Some(area) = field.dyn_ref::<HtmlTextAreaElement>() {
            area.set_value(&first);
        } else if let Some(select) = field.dyn_ref::<HtmlSelectElement>() {
            select.set_value(&first);
        }
    }
}

/// What a body says under a name.
pub(in crate::annotate) fn said(body: &str, name: &str) -> Option<String> {
    UrlSearchParams::new_with_str(body).ok()?.get(name)
}

fn is_answer(name: &str) -> bool {
    name.starts_with("form[")
}

/// Sets a field of the form that nobody sees.
pub(in crate::annotate) fn set(form: &Element, name: &str, value: &str) {
    let field = super::dom::one(form, &format!("input[name={name}]"));
    if let Some(input) = field.and_then(|e| e.dyn_into::<HtmlInputElement>().ok()) {
        input.set_value(value);
    }
}

/// The value of such a field.
pub(in crate::annotate) fn get(form: &Element, name: &str) -> Option<String> {
    let field = super::dom::one(form, &format!("input[name={name}]"))?;
    Some(field.dyn_into::<HtmlInputElement>().ok()?.value())
}
