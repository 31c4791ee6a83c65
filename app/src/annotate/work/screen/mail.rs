//! Sends what waits, in its order and one at a time, and tries again as long as nobody answers.

use super::{
    super::{
        outbox::{Fate, Kind, Letter, fate, pause_s, read, with, without, write},
        text,
    },
    Screen,
};
use crate::{
    annotate::browser::{
        dom::{keep, kept, listen},
        say,
    },
    error::AppError,
    text::lang,
    ui::fetch,
};
use leptos::prelude::{TimeoutHandle, set_timeout_with_handle, window};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    rc::Rc,
    time::Duration,
};

/// The answers were understood and cannot be taken so, or are too long.
const TO_BE_CHANGED: [u16; 2] = [422, 413];

/// What waits to be sent.
pub(super) struct Mail {
    /// The name under which the browser keeps it.
    name: String,
    /// The same, where the browser has no room for it or keeps nothing at all.
    memory: RefCell<Option<String>>,
    /// Key of the letter that is under way.
    under_way: RefCell<Option<String>>,
    failures: Cell<u32>,
    is_signed_out: Cell<bool>,
    /// Why the server does not take it now; empty unless it said so.
    kept_because: RefCell<String>,
    retry: Cell<Option<TimeoutHandle>>,
}

impl Mail {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            memory: RefCell::default(),
            under_way: RefCell::default(),
            failures: Cell::default(),
            is_signed_out: Cell::default(),
            kept_because: RefCell::default(),
            retry: Cell::default(),
        }
    }

    /// What waits. Another tab may have added to it or sent it. What could not be kept comes first: what is kept is older.
    fn text(&self) -> String {
        let memory = self.memory.borrow().clone();
        memory.or_else(|| kept(&self.name)).unwrap_or_default()
    }

    /// Whether the browser keeps it now.
    fn set(&self, text: String) -> bool {
        let is_kept = keep(&self.name, &text);
        *self.memory.borrow_mut() = if is_kept { None } else { Some(text) };
        is_kept
    }

    /// Adds a letter; false where a reload would lose it.
    pub(super) fn put(&self, letter: Letter) -> bool {
        self.set(with(&self.text(), letter))
    }

    pub(super) fn is_empty(&self) -> bool {
        read(&self.text()).is_empty()
    }

    /// The items that letters are about.
    pub(super) fn items(&self) -> BTreeSet<i64> {
        read(&self.text()).into_iter().map(|letter| letter.item).collect()
    }

    pub(super) fn holds(&self, item: i64) -> bool {
        self.items().contains(&item)
    }

    /// Takes a letter out; false when it is under way or has left.
    pub(super) fn take_back(&self, key: &str) -> bool {
        let mut letters = read(&self.text());
        let is_here = letters.iter().any(|letter| letter.key == key);
        if !is_here || self.under_way.borrow().as_deref() == Some(key) {
            return false;
        }
        letters.retain(|letter| letter.key != key);
        self.set(write(&letters));
        true
    }

    /// Says how the sending goes.
    pub(super) fn tell(&self) {
        let (l, waiting) = (lang(), read(&self.text()).len());
        match waiting {
            _ if self.is_signed_out.get() => say(&text::signed_out(l, waiting)),
            0 if !self.kept_because.borrow().is_empty() => say(&self.kept_because.borrow()),
            _ if !self.kept_because.borrow().is_empty() => {
                say(&text::not_now(l, self.kept_because.borrow().as_str(), waiting));
            }
            0 if self.failures.get() == 0 => {}
            _ if self.failures.get() > 0 => say(&text::offline(l, waiting)),
            _ => say(text::sending(l)),
        }
    }

    /// Nobody answered, nobody is signed in, or it is not taken now: tries again later. What is refused is refused again.
    pub(super) fn failed(&self, screen: &Rc<Screen>, status: u16, answer: &str) {
        let fate = fate(status, answer);
        if fate == Fate::Refused {
            return say(&reason(answer));
        }
        self.is_signed_out.set(fate == Fate::SignIn);
        *self.kept_because.borrow_mut() = if fate == Fate::Kept { reason(answer) } else { String::new() };
        self.failures.set(self.failures.get().saturating_add(1));
        self.tell();
        let later = screen.clone();
        let pause = Duration::from_secs(pause_s(self.failures.get()));
        let retry = set_timeout_with_handle(move || again(&later), pause).ok();
        if let Some(before) = self.retry.replace(retry) {
            before.clear();
        }
    }

    /// The server is there again: where nothing waits, there is no more to say of it.
    pub(super) fn reached(&self) {
        if self.failures.get() > 0 && self.is_empty() {
            self.worked();
            say("");
        }
    }

    fn worked(&self) {
        self.failures.set(0);
        self.is_signed_out.set(false);
        self.kept_because.borrow_mut().clear();
        if let Some(timer) = self.retry.take() {
            timer.clear();
        }
    }
}

/// Sends what an earlier page has left, and whatever waits as soon as there is a connection again.
pub(super) fn begin(screen: &Rc<Screen>) {
    let back = screen.clone();
    listen(&window(), "online", move |_| again(&back));
    let lost = screen.clone();
    listen(&window(), "offline", move |_| {
        lost.mail.failures.set(lost.mail.failures.get().max(1));
        lost.mail.tell();
    });
    deliver(screen);
}

fn again(screen: &Rc<Screen>) {
    if screen.mail.is_empty() { screen.take() } else { deliver(screen) }
}

/// Sends the first letter, then the next; when all have arrived, asks for items.
pub(super) fn deliver(screen: &Rc<Screen>) {
    let mail = &screen.mail;
    if mail.under_way.borrow().is_some() {
        return;
    }
    let Some(letter) = read(&mail.text()).into_iter().next() else { return };
    *mail.under_way.borrow_mut() = Some(letter.key.clone());
    mail.tell();
    let to = match letter.kind {
        Kind::Submit => &screen.addresses.submit,
        Kind::Skip => &screen.addresses.skip,
    };
    let (to, body) = (to.clone(), screen.addresses.signed(&letter.body));
    let screen = screen.clone();
    fetch::post(&to, &body, move |status, answer| answered(&screen, &letter, status, &answer));
}

/// What the server says is wrong; words of our own where it says nothing that can be read.
fn reason(answer: &str) -> String {
    let said = serde_json::from_str::<AppError>(answer).map(|e| e.text(lang())).unwrap_or_default();
    if said.is_empty() { text::not_taken(lang()).to_owned() } else { said }
}

fn answered(screen: &Rc<Screen>, letter: &Letter, status: u16, answer: &str) {
    let (mail, l) = (&screen.mail, lang());
    *mail.under_way.borrow_mut() = None;
    let fate = fate(status, answer);
    if matches!(fate, Fate::Waits | Fate::SignIn | Fate::Kept) {
        return mail.failed(screen, status, answer);
    }
    mail.worked();
    mail.set(without(&mail.text(), &letter.key));
    if fate == Fate::Arrived {
        // It is there still where the letter could not be kept.
        keep(&format!("{}-draft-{}", screen.kept, letter.item), "");
    }
    if fate == Fate::Refused {
        say(&reason(answer));
        // What is still in the person's hands comes back with the next items, as they had filled it in.
        screen.done.borrow_mut().remove(&letter.item);
        if TO_BE_CHANGED.contains(&status) {
            keep(&format!("{}-draft-{}", screen.kept, letter.item), &letter.body);
        }
    }
    if !mail.is_empty() {
        return deliver(screen);
    }
    if fate == Fate::Arrived {
        say(text::saved(l));
    }
    screen.take();
}
