//! What was sent and has not arrived: kept as text, so that a lost connection, a reload or a crash loses nothing. Whatever is
//! sent twice counts once on the server, by its key.
//!
//! Each letter goes by itself, except that those about one item keep their order. One that the server does not take, again
//! and again, is set aside, where a person sees it and decides; the others do not wait for it.

mod format;

use crate::error::AppError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How often a letter is not taken before it is set aside: half a minute where nothing else is taken either, since a server
/// that is being replaced is no reason.
const MAX_REFUSALS: u32 = 6;
/// Statuses of letters that were understood and cannot be taken so, or are too long.
const TO_BE_CHANGED: [u16; 2] = [422, 413];

/// What a letter asks for. Not an address: those may change while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Submit,
    Skip,
}

/// A post that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Letter {
    /// Tells it from others.
    pub(super) key: String,
    /// The item that it is about.
    pub(super) item: i64,
    pub(super) kind: Kind,
    pub(super) body: String,
    /// How often the server has not taken it, and what it said last.
    #[serde(default)]
    refusals: u32,
    #[serde(default)]
    because: String,
}

impl Letter {
    pub(super) fn new(key: String, item: i64, kind: Kind, body: String) -> Self {
        Self { key, item, kind, body, refusals: 0, because: String::new() }
    }
}

/// Something that was set aside, for a person to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Aside {
    /// Names it to [`Outbox::retry`] and [`Outbox::discard`].
    pub(super) key: String,
    /// What it asked for; `None` for what this page cannot read.
    pub(super) kind: Option<Kind>,
    /// What the server said; empty for what this page cannot read, which cannot be sent either.
    pub(super) because: String,
    pub(super) body: String,
}

/// What waits, in the order in which it was sent, and what was set aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outbox {
    waiting: Vec<Letter>,
    aside: Vec<Letter>,
    /// Texts that this page cannot read, as they are: a newer page may.
    unread: Vec<String>,
}

impl Outbox {
    /// One more, behind the others; one of the same key is there once. What was set aside of its item is out of date.
    pub(super) fn add(&mut self, letter: Letter) {
        self.waiting.retain(|l| l.key != letter.key);
        self.aside.retain(|l| l.item != letter.item);
        self.waiting.push(letter);
    }

    /// Takes out what waits under a key; whether it was there.
    pub(super) fn remove(&mut self, key: &str) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|l| l.key != key);
        self.waiting.len() < before
    }

    /// What waits and has not been tried yet, the first of it; not what is about an item of one that has been tried.
    pub(super) fn next(&self, tried: &BTreeSet<String>) -> Option<&Letter> {
        let blocked: BTreeSet<i64> = self.waiting.iter().filter(|l| tried.contains(&l.key)).map(|l| l.item).collect();
        self.waiting.iter().find(|l| !tried.contains(&l.key) && !blocked.contains(&l.item))
    }

    /// The server did not take it. Whether it is set aside now.
    pub(super) fn not_taken(&mut self, key: &str, because: &str) -> bool {
        let Some(at) = self.waiting.iter().position(|l| l.key == key) else { return false };
        let letter = &mut self.waiting[at];
        letter.refusals += 1;
        because.clone_into(&mut letter.because);
        let is_aside = letter.refusals >= MAX_REFUSALS;
        if is_aside {
            let letter = self.waiting.remove(at);
            self.aside.push(letter);
        }
        is_aside
    }

    /// The server has decided not to take it, with this status. Whether its form has to be changed, which then is the person's
    /// again; all else is set aside, judgements and skips alike: the lead may give more time, or open the task again.
    pub(super) fn refused(&mut self, key: &str, status: u16, because: &str) -> bool {
        let is_to_be_changed = TO_BE_CHANGED.contains(&status);
        let Some(at) = self.waiting.iter().position(|l| l.key == key) else { return is_to_be_changed };
        let mut letter = self.waiting.remove(at);
        if !is_to_be_changed {
            because.clone_into(&mut letter.because);
            self.aside.push(letter);
        }
        is_to_be_changed
    }

    /// Takes over what another page has left and this one has not seen, before what is here. `seen` are the keys of all that this
    /// page has had, to which those are added: what it has taken out since does not come back.
    pub(super) fn take_over(&mut self, mut others: Self, seen: &mut BTreeSet<String>) {
        others.waiting.retain(|l| !seen.contains(&l.key));
        others.aside.retain(|l| !seen.contains(&l.key));
        others.unread.retain(|text| !seen.contains(text));
        self.put_before(others);
        self.note(seen);
    }

    /// Adds the keys of what is here, and the texts that have none.
    pub(super) fn note(&self, seen: &mut BTreeSet<String>) {
        seen.extend(self.waiting.iter().chain(&self.aside).map(|l| l.key.clone()));
        seen.extend(self.unread.iter().cloned());
    }

    /// Sends again what was set aside; whether it was there and can be sent.
    pub(super) fn retry(&mut self, key: &str) -> bool {
        let Some(at) = self.aside.iter().position(|l| l.key == key) else { return false };
        let letter = self.aside.remove(at);
        self.add(Letter::new(letter.key, letter.item, letter.kind, letter.body));
        true
    }

    /// Forgets what was set aside.
    pub(super) fn discard(&mut self, key: &str) {
        self.aside.retain(|l| l.key != key);
        if let Some(at) = place_of_unread(key).filter(|at| *at < self.unread.len()) {
            self.unread.remove(at);
        }
    }

    /// What was set aside, oldest first.
    pub(super) fn aside(&self) -> Vec<Aside> {
        let letters = self.aside.iter().map(|l| Aside {
            key: l.key.clone(),
            kind: Some(l.kind),
            because: l.because.clone(),
            body: l.body.clone(),
        });
        let unread = self.unread.iter().enumerate().map(|(at, text)| Aside {
            key: format!("{UNREAD}{at}"),
            kind: None,
            because: String::new(),
            body: text.clone(),
        });
        letters.chain(unread).collect()
    }

    /// Puts what another page has left before what is here.
    pub(super) fn put_before(&mut self, mut older: Self) {
        for letter in std::mem::take(&mut self.waiting) {
            older.add(letter);
        }
        older.aside.append(&mut self.aside);
        older.unread.append(&mut self.unread);
        *self = older;
    }

    pub(super) fn waiting(&self) -> &[Letter] {
        &self.waiting
    }
}

/// What the keys of unread texts begin with; those of letters do not.
const UNREAD: &str = "unread:";

fn place_of_unread(key: &str) -> Option<usize> {
    key.strip_prefix(UNREAD)?.parse().ok()
}

/// Seconds to wait before the next try, after so many failures in a row: 1, 2, 4 … 30.
pub(super) fn pause_s(failures: u32) -> u64 {
    (1_u64 << failures.saturating_sub(1).min(5)).min(30)
}

/// What becomes of a letter after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Arrived,
    /// It is tried again, and so are all: nobody answered, or the server could not.
    Waits,
    /// The server failed at this one; others are tried before it.
    Failed,
    /// It waits until somebody has signed in.
    SignIn,
    /// It is not taken now: the page may be of an older server, or the person's role may have changed. Others are tried
    /// before it; when that does not change, it is set aside.
    Kept,
    /// It is not taken as it is; the person is told.
    Refused,
}

/// What an HTTP status (0: no answer at all) and the text of an answer mean for a letter. It is given up only when the
/// server itself has decided on it: a proxy or a network that asks for a password answers too.
pub(super) fn fate(status: u16, answer: &str) -> Fate {
    match status {
        200..=299 if serde_json::from_str::<serde_json::Value>(answer).is_ok() => Fate::Arrived,
        401 => Fate::SignIn,
        500 => Fate::Failed,
        // Too many requests, or a proxy that gave up.
        0 | 200..=299 | 408 | 429 | 501.. => Fate::Waits,
        409 | 422 if serde_json::from_str::<AppError>(answer).is_ok() => Fate::Refused,
        // Whoever says so, it does not become shorter.
        413 => Fate::Refused,
        _ => Fate::Kept,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    pub(super) fn letter(key: &str, item: i64) -> Letter {
        Letter::new(key.to_owned(), item, Kind::Submit, format!("item={item}&form[x]=北京👍"))
    }

    fn of(letters: &[(&str, i64)]) -> Outbox {
        let mut outbox = Outbox::default();
        for (key, item) in letters {
            outbox.add(letter(key, *item));
        }
        outbox
    }

    fn keys(outbox: &Outbox) -> Vec<&str> {
        outbox.waiting().iter().map(|l| l.key.as_str()).collect()
    }

    #[test]
    fn letters_wait_in_their_order_and_once() {
        let mut outbox = of(&[("a", 1), ("b", 2), ("a", 1)]);
        assert_eq!(keys(&outbox), ["b", "a"]);
        assert!(outbox.remove("b") && !outbox.remove("b"));
        assert_eq!(keys(&outbox), ["a"]);
    }

    #[test]
    fn a_letter_that_is_not_taken_holds_up_nothing_but_its_own_item() {
        let outbox = of(&[("stuck", 1), ("later", 1), ("other", 2)]);
        let mut tried = BTreeSet::new();
        assert_eq!(outbox.next(&tried).unwrap().key, "stuck");
        tried.insert("stuck".to_owned());
        assert_eq!(
            outbox.next(&tried).unwrap().key,
            "other",
            "a later word on an item does not overtake an earlier one"
        );
        tried.insert("other".to_owned());
        assert_eq!(outbox.next(&tried), None);
    }

    #[test]
    fn what_is_never_taken_is_set_aside_until_somebody_decides() {
        let mut outbox = of(&[("poisoned", 1), ("other", 2)]);
        for _ in 1..MAX_REFUSALS {
            assert!(!outbox.not_taken("poisoned", "no"));
        }
        assert!(outbox.not_taken("poisoned", "not yours"));
        assert_eq!(keys(&outbox), ["other"]);
        assert_eq!(
            outbox.aside().iter().map(|a| (a.key.as_str(), a.because.as_str())).collect::<Vec<_>>(),
            [("poisoned", "not yours")]
        );
        let before = outbox.clone();
        assert!(outbox.retry("poisoned") && !outbox.retry("poisoned"));
        assert_eq!(keys(&outbox), ["other", "poisoned"]);
        assert!(!outbox.not_taken("poisoned", "no"), "it is counted anew");
        outbox = before.clone();
        outbox.discard("poisoned");
        assert_eq!(outbox.aside(), []);
        outbox = before;
        outbox.add(letter("said anew", 1));
        assert_eq!(outbox.aside(), [], "the item has a newer answer");
    }

    #[test]
    fn what_another_page_left_comes_first() {
        let mut outbox = of(&[("new", 3), ("both", 2)]);
        outbox.put_before(of(&[("old", 1), ("both", 2)]));
        assert_eq!(keys(&outbox), ["old", "new", "both"]);
    }

    #[test]
    fn what_is_refused_is_set_aside_with_its_reason() {
        let mut outbox = of(&[("late", 1), ("other", 2)]);
        assert!(!outbox.refused("late", 409, "too late"));
        assert!(!outbox.refused("unknown", 409, "no"));
        assert_eq!(keys(&outbox), ["other"]);
        assert_eq!(outbox.aside().iter().map(|a| a.because.as_str()).collect::<Vec<_>>(), ["too late"]);
        assert!(outbox.retry("late"));
    }

    #[test]
    fn a_refused_skip_is_kept_as_a_judgement_is() {
        let mut outbox = of(&[("said", 1)]);
        outbox.add(Letter::new("skip-k".to_owned(), 2, Kind::Skip, "item=2".to_owned()));
        assert!(!outbox.refused("skip-k", 409, "not yours"));
        let aside = outbox.aside();
        assert_eq!(
            aside.iter().map(|a| (a.kind, a.because.as_str())).collect::<Vec<_>>(),
            [(Some(Kind::Skip), "not yours")]
        );
        assert!(outbox.retry("skip-k"));
        assert_eq!(outbox.waiting().iter().map(|l| l.kind).collect::<Vec<_>>(), [Kind::Submit, Kind::Skip]);
    }

    #[test]
    fn a_form_that_has_to_be_changed_goes_back_to_the_person() {
        let mut outbox = of(&[("wrong", 1), ("long", 2)]);
        assert!(outbox.refused("wrong", 422, "no answer") && outbox.refused("long", 413, "too long"));
        assert_eq!((keys(&outbox), outbox.aside()), (Vec::new(), Vec::new()));
    }

    #[test]
    fn what_another_tab_adds_is_taken_over_and_what_was_sent_stays_gone() {
        let (mut outbox, mut seen) = (of(&[("sent", 1), ("mine", 2)]), BTreeSet::new());
        outbox.note(&mut seen);
        outbox.remove("sent");
        // The store has no room for what this tab says: it still says what it said before, and what another tab has added.
        outbox.take_over(of(&[("sent", 1), ("theirs", 3)]), &mut seen);
        assert_eq!(keys(&outbox), ["theirs", "mine"]);
        outbox.remove("theirs");
        outbox.take_over(of(&[("sent", 1), ("theirs", 3)]), &mut seen);
        assert_eq!(keys(&outbox), ["mine"]);
    }

    #[test]
    fn a_letter_is_given_up_only_when_it_was_understood_and_refused() {
        let conflict = serde_json::to_string(&AppError::Conflict("late".to_owned())).unwrap();
        let answers =
            [(200, "true"), (0, ""), (503, ""), (401, ""), (409, conflict.as_str()), (422, conflict.as_str())];
        assert_eq!(
            answers.map(|(status, answer)| fate(status, answer)),
            [Fate::Arrived, Fate::Waits, Fate::Waits, Fate::SignIn, Fate::Refused, Fate::Refused]
        );
        // Others may answer in the server's place, and an address may be of an older one.
        assert_eq!(fate(200, "<html>Sign in to this network</html>"), Fate::Waits);
        assert_eq!([400, 403, 404, 409].map(|status| fate(status, "<html></html>")), [Fate::Kept; 4]);
        assert_eq!(fate(500, ""), Fate::Failed);
    }

    #[test]
    fn tries_become_rarer() {
        assert_eq!([1, 2, 3, 6, 60].map(pause_s), [1, 2, 4, 30, 30]);
    }
}
