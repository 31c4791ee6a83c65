//! The texts that are looked for, and taking them out of JSON that the database keeps.

use crate::samples::contains;
use domain::forget::TOMBSTONE;
use serde_json::Value;
use uuid::Uuid;

/// Texts to look for, whatever their case.
pub(super) struct Texts {
    lower: Vec<String>,
}

impl Texts {
    pub(super) fn new(texts: &[String]) -> Self {
        Self { lower: texts.iter().map(|text| text.trim().to_lowercase()).collect() }
    }

    /// `like` patterns of the texts, for what is in lower case.
    pub(super) fn patterns(&self) -> Vec<String> {
        self.lower.iter().map(|text| contains(text)).collect()
    }

    /// The same for JSON as the database writes it out, where quotation marks and backslashes are escaped.
    pub(super) fn json_patterns(&self) -> Vec<String> {
        let escaped = |text: &String| {
            let json = Value::from(text.as_str()).to_string();
            contains(json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(&json))
        };
        self.lower.iter().map(escaped).collect()
    }

    /// Whether a text holds one of them.
    pub(super) fn are_in_text(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.lower.iter().any(|part| text.contains(part.as_str()))
    }

    /// Whether some text in the value holds one of them.
    pub(super) fn are_in(&self, value: &Value) -> bool {
        !self.places(value).is_empty()
    }

    /// The value without these texts; `None` where nothing changes. `is_usable` says whether a value still is what it should
    /// be: a word of our own, such as the name of a kind, stays though a text is a part of it.
    pub(super) fn erased_from(&self, value: &Value, is_usable: impl Fn(&Value) -> bool) -> Option<Value> {
        let mut now = value.clone();
        for place in self.places(value) {
            let mut next = now.clone();
            if let Some(text) = next.pointer_mut(&place) {
                *text = TOMBSTONE.into();
            }
            if is_usable(&next) {
                now = next;
            }
        }
        (now != *value).then_some(now)
    }

    /// JSON pointers (RFC 6901) of all texts that hold one of them.
    fn places(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.collect(value, String::new(), &mut found);
        found
    }

    fn collect(&self, value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::String(text) if self.are_in_text(text) && !is_id(text) => found.push(at),
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.collect(item, format!("{at}/{i}"), found);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    self.collect(field, format!("{at}/{name}"), found);
                }
            }
            _ => {}
        }
    }
}

/// Whether a text is an id or a SHA-256 of ours, in which any digits may stand.
fn is_id(text: &str) -> bool {
    Uuid::try_parse(text).is_ok() || (text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use domain::edit::EditAction;
    use serde_json::json;

    #[test]
    fn words_of_our_own_stay() {
        let texts = Texts::new(&["Rep".to_owned(), "say \"hi\"".to_owned()]);
        let action = json!({ "kind": "replace", "find": "a REP of us", "with": "They say \"Hi\"!" });
        let is_action = |value: &Value| serde_json::from_value::<EditAction>(value.clone()).is_ok();
        assert!(is_action(&action), "the test knows what an edit is");
        let erased = texts.erased_from(&action, is_action).unwrap();
        assert_eq!(erased, json!({ "kind": "replace", "find": TOMBSTONE, "with": TOMBSTONE }));
        assert_eq!(texts.erased_from(&erased, is_action), None);
        assert_eq!(texts.json_patterns()[1], r#"%say \\"hi\\"%"#);
    }

    #[test]
    fn ids_are_no_texts_of_anybody() {
        let texts = Texts::new(&["0000".to_owned()]);
        let value = json!({ "id": Uuid::nil().to_string(), "sha256": "0".repeat(64), "note": ["call 0000", 7] });
        assert!(texts.are_in(&value));
        let erased = texts.erased_from(&value, |_| true).unwrap();
        assert_eq!((&erased["id"], &erased["note"]), (&value["id"], &json!([TOMBSTONE, 7])));
    }
}
