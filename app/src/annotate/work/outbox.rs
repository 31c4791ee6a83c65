//! What was sent and has not arrived: kept as text in the order in which it was sent, so that a lost connection, a reload or
//! a crash loses nothing. Whatever is sent twice counts once on the server, by its key.

use crate::error::AppError;
use serde::{Deserialize, Serialize};

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
}

/// What waits; a text that cannot be read holds nothing.
pub(super) fn read(text: &str) -> Vec<Letter> {
    serde_json::from_str(text).unwrap_or_default()
}

/// The text of what waits; empty when nothing does.
pub(super) fn write(letters: &[Letter]) -> String {
    if letters.is_empty() { String::new() } else { serde_json::to_string(letters).unwrap_or_default() }
}

/// The text with one more, behind the others; one of the same key is there once.
pub(super) fn with(text: &str, letter: Letter) -> String {
    let mut letters = read(text);
    letters.retain(|l| l.key != letter.key);
    letters.push(letter);
    write(&letters)
}

/// The text without one.
pub(super) fn without(text: &str, key: &str) -> String {
    let mut letters = read(text);
    letters.retain(|l| l.key != key);
    write(&letters)
}

/// Seconds to wait before the next try, after so many failures in a row: 1, 2, 4 … 30.
pub(super) fn pause_s(failures: u32) -> u64 {
    (1_u64 << failures.saturating_sub(1).min(5)).min(30)
}

/// What becomes of a letter after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Arrived,
    /// It is tried again: nobody answered, or the server could not.
    Waits,
    /// It waits until somebody has signed in.
    SignIn,
    /// It is not taken now, and waits: the page may be of an older server, or the person's role may have changed. They are
    /// told.
    Kept,
    /// It will never be taken; the person is told.
    Refused,
}

/// What an HTTP status (0: no answer at all) and the text of an answer mean for a letter. It is given up only when the
/// server itself has decided on it: a proxy or a network that asks for a password answers too.
pub(super) fn fate(status: u16, answer: &str) -> Fate {
    match status {
        200..=299 if serde_json::from_str::<serde_json::Value>(answer).is_ok() => Fate::Arrived,
        401 => Fate::SignIn,
        // Too many requests, or a proxy that gave up.
        0 | 200..=299 | 408 | 429 | 500.. => Fate::Waits,
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

    fn letter(key: &str, body: &str) -> Letter {
        Letter { key: key.to_owned(), item: 1, kind: Kind::Submit, body: body.to_owned() }
    }

    #[test]
    fn letters_wait_in_their_order_and_once() {
        let text = with(&with(&with("", letter("a", "1")), letter("b", "北京👍")), letter("a", "2"));
        assert_eq!(read(&text), [letter("b", "北京👍"), letter("a", "2")]);
        assert_eq!(without(&without(&text, "b"), "a"), "");
        assert_eq!(read("not ours"), []);
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
    }

    #[test]
    fn tries_become_rarer() {
        assert_eq!([1, 2, 3, 6, 60].map(pause_s), [1, 2, 4, 30, 30]);
    }
}
