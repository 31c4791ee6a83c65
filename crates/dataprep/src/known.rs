//! Which texts some samples have, as a reader sees them: by a hash of each text's normal form, so that a million fit in
//! little memory. Of a billion other texts hardly one is taken for one that is there.

use crate::similar::{hash, normal_form};
use domain::sample::Sample;
use std::collections::HashSet;

/// Texts of samples.
#[derive(Clone, Debug, Default)]
pub struct KnownTexts {
    hashes: HashSet<u64>,
}

impl KnownTexts {
    /// Knows each message of the sample, and its rejected answer.
    pub fn add(&mut self, sample: &Sample) {
        let texts = sample.messages.iter().map(|message| message.content.as_str()).chain(sample.rejected.as_deref());
        self.hashes.extend(texts.filter_map(key));
    }

    /// Knows this text.
    pub fn add_text(&mut self, text: &str) {
        self.hashes.extend(key(text));
    }

    /// Whether the text is one of them but for case, width, punctuation and space. A text without letters and digits is none.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        key(text).is_some_and(|key| self.hashes.contains(&key))
    }
}

fn key(text: &str) -> Option<u64> {
    let normal = normal_form(text);
    (!normal.is_empty()).then(|| hash(normal.bytes().map(u64::from)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::sample::{Message, Speaker};

    #[test]
    fn what_reads_the_same_is_known() {
        let mut known = KnownTexts::default();
        let messages = vec![Message::new(Speaker::User, "It was a GOOD film!"), Message::new(Speaker::Assistant, "…")];
        known.add(&Sample { messages, rejected: Some("差评。".to_owned()), ..Sample::default() });
        assert!(known.has("it was a good film") && known.has("It was a ｇｏｏｄ film.") && known.has("差评"));
        assert!(!known.has("It was a good movie!") && !known.has("…") && !known.has(""));
        known.add_text("It was a good movie!");
        assert!(known.has("it was a GOOD movie"));
    }
}
