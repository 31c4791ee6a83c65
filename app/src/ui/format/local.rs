//! Times in the zone of the person who reads the page.

use js_sys::Date;
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

/// Rewrites every `<time>` of the page, which the server has written in UTC.
pub fn show() {
    let Ok(times) = document().query_selector_all("time[datetime]") else { return };
    for element in (0..times.length()).filter_map(|i| times.item(i)?.dyn_into::<Element>().ok()) {
        let Some(date) = element.get_attribute("datetime").and_then(|at| date(&at)) else { continue };
        let words = if element.class_name() == "clock" { clock(&date) } else { minute(&date) };
        element.set_text_content(Some(&words));
    }
}

/// Reads an RFC 3339 time.
pub(super) fn date(at: &str) -> Option<Date> {
    Some(Date::new(&JsValue::from_str(at))).filter(|date| !date.get_time().is_nan())
}

/// "13:07:09"
pub(super) fn clock(date: &Date) -> String {
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// "2026-05-04 13:07"
fn minute(date: &Date) -> String {
    let (year, month, day) = (date.get_full_year(), date.get_month() + 1, date.get_date());
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", date.get_hours(), date.get_minutes())
}
