//! The browser's side of a transfer (tus 1.0): begin, ask how far it is, send the rest, try again.
//!
//! XMLHttpRequest, since `fetch` reports no upload progress. Where a file goes is remembered under its fingerprint (name,
//! size, time of change), so that it goes on after the page was left.

use super::{State, broken, cancelled, refusal};
use domain::id::ProjectId;
use leptos::{__reexports::send_wrapper::SendWrapper, prelude::*};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Blob, File, XmlHttpRequest};

pub(super) type Files = web_sys::FileList;
/// The browser has one thread; the wrapper says so to the compiler.
pub(super) type Cancel = SendWrapper<Rc<Transfer>>;

/// Tries without getting on.
const TRIES: u32 = 12;
const LONGEST_WAIT_MS: u64 = 15_000;

pub(super) fn chosen(input: NodeRef<leptos::html::Input>) -> Option<Files> {
    input.get_untracked()?.files()
}

pub(super) fn dropped(event: &web_sys::DragEvent) -> Option<Files> {
    event.data_transfer()?.files()
}

pub(super) fn count(list: &Files) -> u32 {
    list.length()
}

pub(super) fn stop(transfers: &[Cancel], index: usize) {
    if let Some(transfer) = transfers.get(index) {
        transfer.cancel();
    }
}

pub(super) fn pause(transfers: &[Cancel], index: usize) {
    if let Some(transfer) = transfers.get(index) {
        transfer.halt();
        transfer.set(State::Paused { done: transfer.shown.get(), total: transfer.file.size() });
    }
}

pub(super) fn resume(transfers: &[Cancel], index: usize) {
    if let Some(transfer) = transfers.get(index) {
        transfer.tries.set(0);
        Transfer::begin(transfer);
    }
}

pub(super) fn submit_form_of(hidden: NodeRef<leptos::html::Input>, ids: &str) {
    if let Some(input) = hidden.get_untracked() {
        input.set_value(ids);
        if let Some(form) = input.form() {
            let _ = form.request_submit();
        }
    }
}

/// Sends every file, each by itself.
pub(super) fn all(project: ProjectId, list: Files, files: RwSignal<Vec<(String, State)>>) -> Vec<Cancel> {
    let chosen: Vec<_> = (0..list.length()).filter_map(|i| list.get(i)).collect();
    files.set(chosen.iter().map(|f| (f.name(), State::Sending { done: 0.0, total: f.size(), rate: 0.0 })).collect());
    let begin = |(index, file): (usize, File)| {
        let transfer = Rc::new(Transfer {
            address: format!("/api/v1/projects/{project}/uploads/tus"),
            file,
            index,
            files,
            request: RefCell::default(),
            // What an earlier request of this transfer says is not listened to.
            turn: Cell::default(),
            done: Cell::default(),
            shown: Cell::default(),
            tries: Cell::default(),
        });
        Transfer::begin(&transfer);
        SendWrapper::new(transfer)
    };
    chosen.into_iter().enumerate().map(begin).collect()
}

/// One file on its way.
pub(super) struct Transfer {
    /// Where transfers begin.
    address: String,
    file: File,
    index: usize,
    files: RwSignal<Vec<(String, State)>>,
    request: RefCell<Option<XmlHttpRequest>>,
    turn: Cell<u32>,
    /// Bytes that the server has, as far as it said.
    done: Cell<f64>,
    /// Bytes that were sent, some of them perhaps not taken.
    shown: Cell<f64>,
    tries: Cell<u32>,
}

/// What a request led to; nothing when the connection broke.
struct Answer(XmlHttpRequest);

impl Answer {
    /// 0 without an answer.
    fn status(&self) -> u16 {
        self.0.status().unwrap_or(0)
    }

    fn header(&self, name: &str) -> Option<String> {
        self.0.get_response_header(name).ok().flatten()
    }
}

impl Transfer {
    fn set(&self, state: State) {
        self.files.update(|f| {
            if let Some(entry) = f.get_mut(self.index) {
                entry.1 = state;
            }
        });
    }

    /// The key under which the browser remembers where this file goes.
    fn key(&self) -> String {
        let file = &self.file;
        format!("lathe.upload|{}|{}|{}|{}", self.address, file.name(), file.size(), file.last_modified())
    }

    fn place(&self) -> Option<String> {
        storage()?.get_item(&self.key()).ok().flatten()
    }

    fn forget(&self) {
        if let Some(storage) = storage() {
            let _ = storage.remove_item(&self.key());
        }
    }

    /// Ends the request on its way.
    fn halt(&self) {
        self.turn.set(self.turn.get() + 1);
        if let Some(request) = self.request.borrow_mut().take() {
            let _ = request.abort();
        }
    }

    fn cancel(&self) {
        self.halt();
        if let Some(place) = self.place()
            && let Ok(request) = XmlHttpRequest::new()
            && request.open("DELETE", &place).is_ok()
        {
            let _ = request.set_request_header("tus-resumable", "1.0.0");
            let _ = request.send();
        }
        self.forget();
        self.set(State::Failed(cancelled(crate::text::lang()).to_owned()));
    }

    /// Begins, or goes on with what began before.
    fn begin(this: &Rc<Self>) {
        match this.place() {
            Some(place) => Self::ask(this, place),
            None => Self::create(this),
        }
    }

    fn create(this: &Rc<Self>) {
        let name = base64(&this.file.name()).unwrap_or_default();
        let headers =
            [("upload-length", this.file.size().to_string()), ("upload-metadata", format!("filename {name}"))];
        let address = this.address.clone();
        Self::request(this, "POST", &address, &headers, None, |this, answer| {
            match (answer.status(), answer.header("location")) {
                (201, Some(place)) => {
                    if let Some(storage) = storage() {
                        let _ = storage.set_item(&this.key(), &place);
                    }
                    Self::send(this, place, 0.0);
                }
                (status, _) => Self::fail(this, status),
            }
        });
    }

    /// Asks how far the server has the file.
    fn ask(this: &Rc<Self>, place: String) {
        let at = place.clone();
        Self::request(this, "HEAD", &place, &[], None, move |this, answer| match answer.status() {
            200 => {
                match (answer.header("lathe-upload-id"), answer.header("upload-offset").and_then(|n| n.parse().ok())) {
                    (Some(id), _) => this.finish(id),
                    (None, Some(offset)) => Self::send(this, at, offset),
                    (None, None) => Self::fail(this, 502),
                }
            }
            404 | 410 => {
                this.forget();
                Self::create(this);
            }
            status => Self::fail(this, status),
        });
    }

    /// Sends what follows the first `offset` bytes.
    fn send(this: &Rc<Self>, place: String, offset: f64) {
        if offset > this.done.get() {
            this.tries.set(0);
        }
        this.done.set(offset);
        this.shown.set(offset);
        let Ok(rest) = this.file.slice_with_f64(offset) else { return Self::fail(this, 0) };
        let headers =
            [("upload-offset", offset.to_string()), ("content-type", "application/offset+octet-stream".to_owned())];
        let at = place.clone();
        Self::request(this, "PATCH", &place, &headers, Some(&rest), move |this, answer| {
            match (answer.status(), answer.header("lathe-upload-id")) {
                (204, Some(id)) => this.finish(id),
                (204, None) => Self::ask(this, at),
                (status, _) => Self::fail(this, status),
            }
        });
    }

    fn finish(&self, id: String) {
        self.forget();
        self.set(State::Sent { id, size: self.file.size() });
    }

    /// Tries again what may pass, and says what may not.
    fn fail(this: &Rc<Self>, status: u16) {
        let l = crate::text::lang();
        if !matches!(status, 0 | 409 | 410 | 423 | 460 | 500 | 502..=504) {
            return this.set(State::Failed(refusal(l, status)));
        }
        let tries = this.tries.get() + 1;
        this.tries.set(tries);
        if tries > TRIES {
            return this.set(State::Failed(broken(l).to_owned()));
        }
        this.set(State::Waiting { done: this.done.get(), total: this.file.size() });
        let (turn, again) = (this.turn.get(), SendWrapper::new(this.clone()));
        let wait = Duration::from_millis((500u64 << tries.min(5)).min(LONGEST_WAIT_MS));
        set_timeout(
            move || {
                if again.turn.get() == turn {
                    Self::begin(&again);
                }
            },
            wait,
        );
    }

    /// Sends a request; `then` hears of its end, unless the transfer was halted before.
    fn request(
        this: &Rc<Self>,
        method: &str,
        address: &str,
        headers: &[(&str, String)],
        body: Option<&Blob>,
        then: impl FnOnce(&Rc<Self>, Answer) + 'static,
    ) {
        let Ok(request) = XmlHttpRequest::new() else { return };
        let turn = this.turn.get() + 1;
        this.turn.set(turn);
        let (me, answered) = (this.clone(), request.clone());
        let ended = Closure::once_into_js(move || {
            if me.turn.get() == turn {
                then(&me, Answer(answered));
            }
        });
        request.set_onloadend(Some(ended.unchecked_ref()));
        if body.is_some() {
            this.watch(&request);
        }
        let is_open = request.open_with_async(method, address, true).is_ok();
        let _ = request.set_request_header("tus-resumable", "1.0.0");
        for (name, value) in headers {
            let _ = request.set_request_header(name, value);
        }
        if is_open {
            let _ = match body {
                Some(body) => request.send_with_opt_blob(Some(body)),
                None => request.send(),
            };
        }
        *this.request.borrow_mut() = Some(request);
    }

    /// Shows how far a part is.
    fn watch(self: &Rc<Self>, request: &XmlHttpRequest) {
        let (me, started, from) = (self.clone(), js_sys::Date::now(), self.done.get());
        me.set(State::Sending { done: from, total: me.file.size(), rate: 0.0 });
        let progress = Closure::<dyn FnMut(web_sys::ProgressEvent)>::new(move |e: web_sys::ProgressEvent| {
            let seconds = (js_sys::Date::now() - started) / 1000.0;
            let rate = e.loaded() / seconds.max(0.001);
            me.shown.set(from + e.loaded());
            me.set(State::Sending { done: from + e.loaded(), total: me.file.size(), rate });
        });
        if let Ok(upload) = request.upload() {
            upload.set_onprogress(Some(progress.into_js_value().unchecked_ref()));
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// Base64 of a text's UTF-8.
fn base64(text: &str) -> Option<String> {
    let bytes: String = text.bytes().map(char::from).collect();
    window().btoa(&bytes).ok()
}
