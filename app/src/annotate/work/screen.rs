//! The screen without page loads: items that were asked for before, judgements that are sent in the background, and keys.

mod aside;
mod keys;
mod mail;
mod send;

use super::{
    api::{Sheet, Taken},
    clock::Clock,
    outbox::Letter,
    text,
};
use crate::{
    annotate::browser::{
        self, Change,
        dom::{by_id, closest, keep, kept, listen, one, target},
        form, marks, questions,
    },
    text::lang,
    ui::fetch,
};
use leptos::prelude::{TimeoutHandle, document, set_timeout_with_handle, window};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, VecDeque},
    rc::Rc,
    time::Duration,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, MouseEvent};

/// How long a form rests before its draft is saved.
const REST: Duration = Duration::from_millis(800);

/// Links that lead away from the page: not those to a place on it, to another tab or to a file.
const LEADS_AWAY: &str = "a[href]:not([href^=\"#\"], [data-undo], [target=\"_blank\"], [download])";

/// Where the screen posts to, and what it says with it.
pub(super) struct Addresses {
    pub(super) take: String,
    pub(super) submit: String,
    pub(super) skip: String,
    pub(super) draft: String,
    pub(super) undo: String,
    pub(super) leave: String,
    /// What a post without a form says.
    pub(super) ids: String,
    /// The id of the person that the page is shown to.
    pub(super) me: String,
}

impl Addresses {
    /// The body of a form together with whom the page is shown to: somebody else may have signed in since, in another tab.
    fn signed(&self, body: &str) -> String {
        format!("{body}&shown_to={}", self.me)
    }
}

struct Screen {
    addresses: Addresses,
    /// The name under which this browser keeps what waits to be sent.
    kept: String,
    place: Element,
    /// The item in view, as it came.
    current: RefCell<Option<Sheet>>,
    ready: RefCell<VecDeque<Sheet>>,
    /// Items that were sent or skipped since items were last asked for: an answer on its way may still hold them.
    done: RefCell<BTreeSet<i64>>,
    is_taking: Cell<bool>,
    /// What was sent last from here, until it has arrived: it can be taken back without asking anybody.
    last: RefCell<Option<(Sheet, Letter)>>,
    mail: mail::Mail,
    clock: Cell<Clock>,
    resting: Cell<Option<TimeoutHandle>>,
}

/// Takes the page over.
pub(super) fn start(addresses: Addresses, kept: String) {
    let Some(place) = by_id("work") else { return };
    let screen = Rc::new(Screen {
        mail: mail::Mail::new(&kept),
        addresses,
        kept,
        place,
        current: RefCell::default(),
        ready: RefCell::default(),
        done: RefCell::default(),
        is_taking: Cell::default(),
        last: RefCell::default(),
        clock: Cell::default(),
        resting: Cell::default(),
    });
    screen.adopt();
    let told = screen.clone();
    browser::follow(&screen.place, Rc::new(move |change: Change| told.changed(change)));
    let posted = screen.clone();
    listen(&screen.place, "submit", move |event| {
        let skips = event
            .dyn_ref::<web_sys::SubmitEvent>()
            .and_then(web_sys::SubmitEvent::submitter)
            .is_some_and(|button| button.has_attribute("data-skip"));
        if posted.form().is_some() {
            event.prevent_default();
            if skips {
                posted.skip();
            } else {
                posted.submit();
            }
        }
    });
    let seen = screen.clone();
    listen(&document(), "visibilitychange", move |_| seen.watch());
    let left = screen.clone();
    listen(&document(), "click", move |event| {
        let link = target(&event).and_then(|e| closest(&e, LEADS_AWAY));
        // With one of these keys the page stays and another one opens.
        let stays = |m: &MouseEvent| m.ctrl_key() || m.meta_key() || m.shift_key();
        if link.is_some() && !event.dyn_ref::<MouseEvent>().is_some_and(stays) {
            left.leave();
        }
    });
    screen.remember_options();
    keys::follow(&screen);
    aside::follow(&screen);
    mail::begin(&screen);
    screen.take();
}

fn now_ms() -> f64 {
    js_sys::Date::now()
}

impl Screen {
    fn form(&self) -> Option<Element> {
        one(&self.place, ".work-form")
    }

    /// Takes the item that the server has written into the page for the current one, unless it was judged here already.
    fn adopt(self: &Rc<Self>) {
        let Some(item) = one(&self.place, "[data-item]") else { return };
        let id = item.get_attribute("data-item").and_then(|id| id.parse().ok()).unwrap_or_default();
        if self.mail.holds(id) {
            self.next();
        } else {
            *self.current.borrow_mut() = Some(Sheet { id, html: item.outer_html() });
            self.begin();
        }
    }

    /// Shows an item in the place of the one before.
    fn show(self: &Rc<Self>, sheet: Sheet) {
        self.place.set_inner_html(&sheet.html);
        // What had the focus is gone: the keyboard and screen readers go on from here.
        if let Some(place) = self.place.dyn_ref::<HtmlElement>() {
            let _ = place.focus();
        }
        *self.current.borrow_mut() = Some(sheet);
        self.begin();
        if self.place.get_bounding_client_rect().top() < 0.0 {
            self.place.scroll_into_view_with_bool(true);
        }
    }

    fn begin(self: &Rc<Self>) {
        let Some(form) = self.form() else { return };
        let number = |text: Option<String>| text.and_then(|n| n.parse::<i64>().ok()).unwrap_or_default();
        // The server may have a newer one, of another device.
        let is_newest = |draft: &String| number(form::said(draft, "number")) >= number(form::get(&form, "number"));
        if let Some(draft) = kept(&self.draft_name()).filter(is_newest) {
            form::fill(&form, &draft);
            form::set(&form, "number", &number(form::said(&draft, "number")).to_string());
        }
        browser::begin(&form);
        marks::focus(&form);
        self.clock.set(Clock::begin(now_ms(), !document().hidden()));
    }

    fn draft_name(&self) -> String {
        let item = self.current.borrow().as_ref().map(|sheet| sheet.id).unwrap_or_default();
        format!("{}-draft-{item}", self.kept)
    }

    /// Goes on to the next item; while there is none, says that it is asked for.
    fn next(self: &Rc<Self>) {
        let next = self.ready.borrow_mut().pop_front();
        match next {
            Some(sheet) => self.show(sheet),
            None => {
                *self.current.borrow_mut() = None;
                self.place.set_text_content(Some(text::loading(lang())));
            }
        }
    }

    /// An answer to this item is on its way after all: nobody is asked for another.
    fn is_answered(self: &Rc<Self>, item: i64) {
        self.done.borrow_mut().insert(item);
        self.ready.borrow_mut().retain(|sheet| sheet.id != item);
        let is_shown = self.current.borrow().as_ref().is_some_and(|sheet| sheet.id == item);
        if is_shown {
            self.next();
        }
    }

    /// Asks for items, once at a time.
    fn take(self: &Rc<Self>) {
        if self.is_taking.replace(true) {
            return;
        }
        *self.done.borrow_mut() = self.mail.items();
        let screen = self.clone();
        fetch::post(&self.addresses.take, &self.addresses.ids, move |status, text| {
            screen.is_taking.set(false);
            match serde_json::from_str::<Taken>(&text) {
                Ok(taken) if status == 200 => {
                    screen.mail.reached();
                    screen.took(taken);
                }
                _ => screen.mail.failed(&screen, status, &text),
            }
        });
    }

    fn took(self: &Rc<Self>, taken: Taken) {
        let current = self.current.borrow().as_ref().map(|sheet| sheet.id);
        {
            let (mut ready, done) = (self.ready.borrow_mut(), self.done.borrow());
            let is_new = |sheet: &Sheet| Some(sheet.id) != current && !done.contains(&sheet.id);
            // The newest word counts: an item may have been given to somebody else meanwhile.
            *ready = taken.items.into_iter().filter(is_new).collect();
        }
        if let Some(bar) = by_id("work-progress").filter(|_| !taken.progress.is_empty()) {
            bar.set_inner_html(&taken.progress);
        }
        if current.is_none() {
            if self.ready.borrow().is_empty() && self.mail.is_empty() {
                self.place.set_inner_html(&taken.nothing);
            } else {
                self.next();
            }
        }
        self.mail.tell();
    }

    fn changed(self: &Rc<Self>, change: Change) {
        let Some(form) = self.form() else { return };
        if let Some(timer) = self.resting.take() {
            timer.clear();
        }
        // Here at once: a page may be left before it rests.
        if let Some(body) = form::body(&form) {
            keep(&self.draft_name(), &body);
        }
        let screen = self.clone();
        self.resting.set(set_timeout_with_handle(move || screen.save_draft(), REST).ok());
        if change == Change::Chosen {
            self.chosen(&form);
        }
    }

    /// After a choice: the next question, or off it goes.
    fn chosen(self: &Rc<Self>, form: &Element) {
        if self.sends_at_once() && questions::missing(form).is_none() {
            self.submit();
        } else {
            questions::advance(form);
            marks::focus(form);
        }
    }

    /// Keeps what is entered, here and on the server.
    fn save_draft(&self) {
        let Some(form) = self.form() else { return };
        let number = form::get(&form, "number").and_then(|n| n.parse::<i64>().ok()).unwrap_or_default() + 1;
        form::set(&form, "number", &number.to_string());
        if let Some(body) = form::body(&form) {
            keep(&self.draft_name(), &body);
            fetch::post(&self.addresses.draft, &self.addresses.signed(&body), |_, _| ());
        }
    }

    /// Lets others have what was asked for in advance, unless something still waits to be sent.
    fn leave(&self) {
        if self.mail.is_empty() {
            let Addresses { leave, ids, .. } = &self.addresses;
            let _ = window().navigator().send_beacon_with_opt_str(leave, Some(ids));
        }
    }

    /// Time does not count while the page is not in view.
    fn watch(&self) {
        let mut clock = self.clock.get();
        clock.set_in_view(now_ms(), !document().hidden());
        self.clock.set(clock);
    }

    fn at_once(&self) -> Option<HtmlInputElement> {
        by_id("work-at-once")?.dyn_into().ok()
    }

    fn sends_at_once(&self) -> bool {
        self.at_once().is_some_and(|field| field.checked())
    }

    /// The choice for this screen as it was made last time.
    fn remember_options(&self) {
        const NAME: &str = "annotation-at-once";
        let Some(field) = self.at_once() else { return };
        field.set_checked(kept(NAME).is_some());
        let set = field.clone();
        listen(&field, "change", move |_| {
            keep(NAME, if set.checked() { "1" } else { "" });
        });
    }
}
