//! Asking our own server for something from the browser.
#![cfg(feature = "hydrate")]

use leptos::prelude::set_timeout;
use std::{cell::Cell, rc::Rc, time::Duration};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::XmlHttpRequest;

/// How long an answer to a post is waited for.
const POST_PATIENCE_MS: u32 = 30_000;

/// Gets an address and hands on its text, if the answer is a good one. A failure is no news: who
/// asks again and again just asks again.
pub fn get(address: &str, then: impl FnOnce(String) + 'static) {
    let Ok(request) = XmlHttpRequest::new() else { return };
    let answered = request.clone();
    let done = Closure::once_into_js(move || {
        if let (Ok(200), Ok(Some(text))) = (answered.status(), answered.response_text()) {
            then(text);
        }
    });
    request.set_onload(Some(done.unchecked_ref()));
    if request.open("GET", address).is_ok() {
        let _ = request.send();
    }
}

/// One question at a time: a new one takes the place of one that has no answer yet.
#[derive(Default)]
pub struct Latest(std::cell::RefCell<Option<XmlHttpRequest>>);

impl Latest {
    /// Gets an address and hands on its text, `None` where there was no good answer; nothing when another question was asked
    /// meanwhile.
    pub fn get(&self, address: &str, then: impl FnOnce(Option<String>) + 'static) {
        if let Some(earlier) = self.0.take() {
            earlier.set_onloadend(None);
            let _ = earlier.abort();
        }
        let Ok(request) = XmlHttpRequest::new() else { return };
        let answered = request.clone();
        let done = Closure::once_into_js(move || {
            let is_good = answered.status() == Ok(200);
            then(answered.response_text().ok().flatten().filter(|_| is_good));
        });
        request.set_onloadend(Some(done.unchecked_ref()));
        if request.open("GET", address).is_ok() {
            let _ = request.send();
        }
        self.0.replace(Some(request));
    }
}

/// Posts a form's body and hands on the status and text of the answer; status 0 where there was none, also where the browser does
/// not even ask.
pub fn post(address: &str, body: &str, then: impl FnOnce(u16, String) + 'static) {
    let then = Rc::new(Cell::new(Some(then)));
    let is_sent = XmlHttpRequest::new().is_ok_and(|request| send(&request, address, body, then.clone()));
    if !is_sent {
        // Not before the caller is done.
        set_timeout(move || call(&then, 0, String::new()), Duration::ZERO);
    }
}

/// What an answer is handed to, until it is.
type Then<F> = Rc<Cell<Option<F>>>;

fn call<F: FnOnce(u16, String)>(then: &Then<F>, status: u16, text: String) {
    if let Some(then) = then.take() {
        then(status, text);
    }
}

/// Whether it is under way.
fn send<F: FnOnce(u16, String) + 'static>(request: &XmlHttpRequest, address: &str, body: &str, then: Then<F>) -> bool {
    let answered = request.clone();
    let done = Closure::once_into_js(move || {
        let text = answered.response_text().ok().flatten().unwrap_or_default();
        call(&then, answered.status().unwrap_or_default(), text);
    });
    request.set_onloadend(Some(done.unchecked_ref()));
    let opened = request.open("POST", address).is_ok()
        && request.set_request_header("content-type", "application/x-www-form-urlencoded").is_ok()
        && request.set_request_header("accept", "application/json").is_ok();
    request.set_timeout(POST_PATIENCE_MS);
    opened && request.send_with_opt_str(Some(body)).is_ok()
}
