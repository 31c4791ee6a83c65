//! The outbox as the text that a browser keeps. Pages of all ages meet there, so whatever a page cannot read it leaves as it
//! is.
//!
//! | version | text |
//! |---|---|
//! | 2 | `{"version": 2, "waiting": [letter …], "aside": [letter …], "unread": [text …]}` |
//! | 1 | `[{"key", "item", "kind", "body"} …]` |
//! | 0 | `[{"key", "item", "to", "body"} …]`, with the path of the server function in the place of the kind |

use super::{Kind, Letter, Outbox};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const VERSION: u32 = 2;

/// A letter of version 0.
#[derive(Deserialize)]
struct Addressed {
    key: String,
    item: i64,
    to: String,
    body: String,
}

/// Letters are read one by one: one that cannot be read takes none with it.
#[derive(Default, Serialize, Deserialize)]
struct Text {
    version: u32,
    #[serde(default)]
    waiting: Vec<Value>,
    #[serde(default)]
    aside: Vec<Value>,
    #[serde(default)]
    unread: Vec<String>,
}

impl Outbox {
    /// What a text of any version holds.
    pub(in crate::annotate::work) fn read(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        let parts = match serde_json::from_str(text) {
            Ok(Value::Array(waiting)) => Text { waiting, ..Text::default() },
            Ok(value @ Value::Object(_)) => match serde_json::from_value::<Text>(value) {
                Ok(parts) => parts,
                Err(_) => return Self { unread: vec![text.to_owned()], ..Self::default() },
            },
            _ => return Self { unread: vec![text.to_owned()], ..Self::default() },
        };
        let mut outbox = Self { unread: parts.unread, ..Self::default() };
        for value in parts.waiting {
            match letter(&value) {
                Some(letter) => outbox.waiting.push(letter),
                None => outbox.unread.push(value.to_string()),
            }
        }
        for value in parts.aside {
            match letter(&value) {
                Some(letter) => outbox.aside.push(letter),
                None => outbox.unread.push(value.to_string()),
            }
        }
        outbox
    }

    /// The text of it in the newest version; empty when there is nothing.
    pub(in crate::annotate::work) fn write(&self) -> String {
        if *self == Self::default() {
            return String::new();
        }
        let values = |letters: &[Letter]| letters.iter().filter_map(|l| serde_json::to_value(l).ok()).collect();
        let text = Text {
            version: VERSION,
            waiting: values(&self.waiting),
            aside: values(&self.aside),
            unread: self.unread.clone(),
        };
        serde_json::to_string(&text).unwrap_or_default()
    }
}

fn letter(value: &Value) -> Option<Letter> {
    if let Ok(letter) = Letter::deserialize(value) {
        return Some(letter);
    }
    let Addressed { key, item, to, body } = Addressed::deserialize(value).ok()?;
    let kind = match to {
        to if to.contains("submit_judgement") => Kind::Submit,
        to if to.contains("skip_item") => Kind::Skip,
        _ => return None,
    };
    Some(Letter::new(key, item, kind, body))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::letter, *};

    #[test]
    fn a_text_is_read_as_it_was_written() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.write(), "");
        outbox.add(letter("a", 1));
        outbox.add(letter("b", 2));
        for _ in 0..super::super::MAX_REFUSALS {
            outbox.not_taken("b", "不在您手中");
        }
        assert_eq!(Outbox::read(&outbox.write()), outbox);
        assert_eq!(outbox.aside().len(), 1);
    }

    #[test]
    fn letters_of_older_pages_are_read() {
        let older = r#"[{"key": "k", "item": 7, "to": "/api/submit_judgement1234", "body": "x=1"},
            {"key": "s", "item": 8, "kind": "skip", "body": "x=2"}, {"key": "t", "item": 9, "to": "/elsewhere", "body": "x=3"}]"#;
        let outbox = Outbox::read(older);
        let read: Vec<(&str, i64, Kind)> = outbox.waiting().iter().map(|l| (l.key.as_str(), l.item, l.kind)).collect();
        assert_eq!(read, [("k", 7, Kind::Submit), ("s", 8, Kind::Skip)]);
        assert_eq!(outbox.aside().len(), 1, "what nobody knows is shown");
    }

    #[test]
    fn what_cannot_be_read_stays_and_takes_nothing_with_it() {
        let newer = r#"{"version": 9, "waiting": [{"key": "a", "item": 1, "kind": "fly", "body": ""}, {"key": "b", "item": 2, "kind": "skip", "body": ""}]}"#;
        let outbox = Outbox::read(newer);
        assert_eq!(outbox.waiting().len(), 1);
        let again = Outbox::read(&outbox.write());
        assert_eq!(again, outbox);
        let mut foreign = Outbox::read("not ours");
        let aside = foreign.aside();
        assert_eq!(aside.iter().map(|a| a.body.as_str()).collect::<Vec<_>>(), ["not ours"]);
        assert!(!foreign.retry(&aside[0].key), "what cannot be read cannot be sent");
        foreign.discard(&aside[0].key);
        assert_eq!(foreign.write(), "");
    }
}
