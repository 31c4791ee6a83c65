//! Sends what waits, one letter at a time, and tries again as long as nobody answers. A round tries each letter once; the
//! next round begins after a pause, which grows with each that brought nothing.

use super::{
    super::{
        outbox::{Fate, Kind, Letter, Outbox, fate, pause_s},
        text,
    },
    Screen, aside,
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

/// What waits to be sent.
pub(super) struct Mail {
    /// The names under which the browser keeps it, and under which pages of the version before kept it: such a page may
    /// still be open.
    name: String,
    older_name: String,
    /// The same, where the browser has no room for it or keeps nothing at all.
    memory: RefCell<Option<String>>,
    /// Keys of all that was in memory while it was there.
    seen: RefCell<BTreeSet<String>>,
    /// Key of the letter that is under way.
    under_way: RefCell<Option<String>>,
    /// Keys of what this round has tried.
    tried: RefCell<BTreeSet<String>>,
    failures: Cell<u32>,
    is_signed_out: Cell<bool>,
    /// Why the server does not take it now; empty unless it said so.
    kept_because: RefCell<String>,
    retry: Cell<Option<TimeoutHandle>>,
}

impl Mail {
    pub(super) fn new(kept: &str) -> Self {
        Self {
            name: format!("{kept}-letters"),
            older_name: format!("{kept}-outbox"),
            memory: RefCell::default(),
            seen: RefCell::default(),
            under_way: RefCell::default(),
            tried: RefCell::default(),
            failures: Cell::default(),
            is_signed_out: Cell::default(),
            kept_because: RefCell::default(),
            retry: Cell::default(),
        }
    }

    /// What waits. Another tab may have added to it or sent it. What could not be kept comes first: what is kept is older.
    pub(super) fn outbox(&self) -> Outbox {
        let memory = self.memory.borrow().clone();
        let in_store = Outbox::read(&kept(&self.name).unwrap_or_default());
        let mut outbox = match memory {
            Some(memory) => {
                let mut outbox = Outbox::read(&memory);
                outbox.take_over(in_store, &mut self.seen.borrow_mut());
                outbox
            }
            None => in_store,
        };
        if let Some(older) = kept(&self.older_name) {
            outbox.put_before(Outbox::read(&older));
            if self.set(&outbox) {
                keep(&self.older_name, "");
            }
        }
        outbox
    }

    /// Whether the browser keeps it now.
    pub(super) fn set(&self, outbox: &Outbox) -> bool {
        let text = outbox.write();
        let is_kept = keep(&self.name, &text);
        *self.memory.borrow_mut() = if is_kept { None } else { Some(text) };
        if is_kept {
            self.seen.borrow_mut().clear();
        } else {
            outbox.note(&mut self.seen.borrow_mut());
        }
        is_kept
    }

    /// Adds a letter; false where a reload would lose it.
    pub(super) fn put(&self, letter: Letter) -> bool {
        let mut outbox = self.outbox();
        outbox.add(letter);
        self.set(&outbox)
    }

    fn waiting(&self) -> usize {
        self.outbox().waiting().len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting() == 0
    }

    /// The items that letters are about.
    pub(super) fn items(&self) -> BTreeSet<i64> {
        self.outbox().waiting().iter().map(|letter| letter.item).collect()
    }

    pub(super) fn holds(&self, item: i64) -> bool {
        self.items().contains(&item)
    }

    /// Takes a letter out; false when it is under way or has left.
    pub(super) fn take_back(&self, key: &str) -> bool {
        let mut outbox = self.outbox();
        if self.under_way.borrow().as_deref() == Some(key) || !outbox.remove(key) {
            return false;
        }
        self.set(&outbox);
        true
    }

    /// Says how the sending goes.
    pub(super) fn tell(&self) {
        let (l, waiting) = (lang(), self.waiting());
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
        let is_told = matches!(fate, Fate::Kept | Fate::Failed);
        *self.kept_because.borrow_mut() = if is_told { reason(answer) } else { String::new() };
        self.pause(screen);
    }

    /// Ends the round and tries again later.
    fn pause(&self, screen: &Rc<Screen>) {
        self.failures.set(self.failures.get().saturating_add(1));
        self.tell();
        let pending = self.retry.take();
        if pending.is_some() {
            return self.retry.set(pending);
        }
        let later = screen.clone();
        let pause = Duration::from_secs(pause_s(self.failures.get()));
        self.retry.set(set_timeout_with_handle(move || again(&later), pause).ok());
    }

    /// The server is there again: where nothing waits, there is no more to say of it.
    pub(super) fn reached(&self) {
        if self.failures.get() > 0 && self.is_empty() {
            self.worked();
            say("");
        }
    }

    /// The server did not take a letter; others are tried before it.
    fn not_taken(&self, letter: &Letter, why: &str) {
        self.tried.borrow_mut().insert(letter.key.clone());
        self.is_signed_out.set(false);
        why.clone_into(&mut self.kept_because.borrow_mut());
    }

    fn worked(&self) {
        self.failures.set(0);
        self.is_signed_out.set(false);
        // What this round has tried waits for its next one.
        if self.tried.borrow().is_empty() {
            self.kept_because.borrow_mut().clear();
            self.stop_waiting();
        }
    }

    fn stop_waiting(&self) {
        if let Some(timer) = self.retry.take() {
            timer.clear();
        }
    }

    /// Lets a letter be tried at once, whatever this round has tried.
    pub(super) fn forget_tried(&self, key: &str) {
        self.tried.borrow_mut().remove(key);
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
    screen.mail.tried.borrow_mut().clear();
    screen.mail.stop_waiting();
    if screen.mail.is_empty() { screen.take() } else { deliver(screen) }
}

/// Sends the next letter of the round, then the one behind it; when all have arrived, asks for items.
pub(super) fn deliver(screen: &Rc<Screen>) {
    let mail = &screen.mail;
    if mail.under_way.borrow().is_some() {
        return;
    }
    let outbox = mail.outbox();
    let Some(letter) = outbox.next(&mail.tried.borrow()).cloned() else { return };
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
    let mail = &screen.mail;
    *mail.under_way.borrow_mut() = None;
    match fate(status, answer) {
        Fate::Waits | Fate::SignIn => return mail.failed(screen, status, answer),
        Fate::Failed => mail.not_taken(letter, &reason(answer)),
        Fate::Kept => {
            let why = reason(answer);
            mail.not_taken(letter, &why);
            let mut outbox = mail.outbox();
            let is_aside = outbox.not_taken(&letter.key, &why);
            mail.set(&outbox);
            if is_aside {
                comes_back(screen, letter);
                aside::show(screen);
            }
        }
        Fate::Arrived => {
            mail.worked();
            take_out(screen, letter);
            // It is there still where the letter could not be kept.
            keep(&format!("{}-draft-{}", screen.kept, letter.item), "");
            if mail.is_empty() {
                say(text::saved(lang()));
            }
        }
        Fate::Refused => {
            mail.worked();
            let why = reason(answer);
            let mut outbox = mail.outbox();
            let is_to_be_changed = outbox.refused(&letter.key, status, &why);
            mail.set(&outbox);
            aside::show(screen);
            say(&why);
            screen.done.borrow_mut().remove(&letter.item);
            if is_to_be_changed {
                comes_back(screen, letter);
            }
        }
    }
    go_on(screen);
}

fn take_out(screen: &Rc<Screen>, letter: &Letter) {
    let mut outbox = screen.mail.outbox();
    outbox.remove(&letter.key);
    screen.mail.set(&outbox);
}

/// What is still in the person's hands comes back with the next items, as they had filled it in.
fn comes_back(screen: &Rc<Screen>, letter: &Letter) {
    screen.done.borrow_mut().remove(&letter.item);
    keep(&format!("{}-draft-{}", screen.kept, letter.item), &letter.body);
}

/// The next letter. At the end of the round, items: people go on with them while something still waits for another round.
fn go_on(screen: &Rc<Screen>) {
    let mail = &screen.mail;
    let outbox = mail.outbox();
    if outbox.next(&mail.tried.borrow()).is_some() {
        return deliver(screen);
    }
    if outbox.waiting().is_empty() {
        mail.tried.borrow_mut().clear();
        mail.worked();
    } else {
        mail.pause(screen);
    }
    screen.take();
}
