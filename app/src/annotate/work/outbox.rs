//! What was sent and has not arrived: kept as text in the order in which it was sent, so that a lost connection, a reload or
//! a crash loses nothing. Whatever is sent twice counts once on the server, by its key.

use serde::{Deserialize, Serialize};

/// A post that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Letter {
    /// Tells it from others.
    pub(super) key: String,
    /// The item that it is about.
    pub(super) item: i64,
    /// The path to post to.
    pub(super) to: String,
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
    /// It will never be taken; the person is told.
    Refused,
}

/// What an HTTP status means for a letter; 0 is no answer at all.
pub(super) fn fate(status: u16) -> Fate {
    match status {
        200..=299 => Fate::Arrived,
        401 => Fate::SignIn,
        // Too many requests, or a proxy that gave up.
        0 | 408 | 429 | 500.. => Fate::Waits,
        _ => Fate::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(key: &str, body: &str) -> Letter {
        Letter { key: key.to_owned(), item: 1, to: "/api/x".to_owned(), body: body.to_owned() }
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
        assert_eq!(
            [200, 0, 503, 401, 422, 409].map(fate),
            [Fate::Arrived, Fate::Waits, Fate::Waits, Fate::SignIn, Fate::Refused, Fate::Refused]
        );
    }

    #[test]
    fn tries_become_rarer() {
        assert_eq!([1, 2, 3, 6, 60].map(pause_s), [1, 2, 4, 30, 30]);
    }
}
