//! A sample's identity by content.

use domain::sample::Sample;
use sha2::{Digest, Sha256};

/// SHA-256 over the messages, the label, the rejected answer and the choices, each part preceded by its length so that no two
/// different samples are written alike. Slices are not content, and spans say what the answer says: the same text from two sources is
/// a duplicate.
#[must_use]
pub fn content_hash(sample: &Sample) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut part = |text: &str| {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    };
    for message in &sample.messages {
        part(message.role.as_str());
        part(&message.content);
        if message.ignored {
            part("ignored");
        }
    }
    if let Some(label) = &sample.label {
        part("label");
        part(label);
    }
    if let Some(rejected) = &sample.rejected {
        part("rejected");
        part(rejected);
    }
    if !sample.choices.is_empty() {
        part("choices");
        sample.choices.iter().for_each(|choice| part(choice));
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::sample::{Message, Speaker};

    fn sample(user: &str, answer: &str) -> Sample {
        let messages = vec![Message::new(Speaker::User, user), Message::new(Speaker::Assistant, answer)];
        Sample { messages, label: None, rejected: None, slices: Default::default(), ..Sample::default() }
    }

    #[test]
    fn content_counts_and_slices_do_not() {
        let a = sample("ab", "c");
        let mut sliced = a.clone();
        sliced.slices.insert("lang".to_owned(), "en".to_owned());
        assert_eq!(content_hash(&a), content_hash(&sliced));
        assert_ne!(content_hash(&a), content_hash(&sample("a", "bc")));
        let mut labelled = a.clone();
        labelled.label = Some("c".to_owned());
        assert_ne!(content_hash(&a), content_hash(&labelled));
        let pair = |text: &str| Sample { rejected: Some(text.to_owned()), ..a.clone() };
        assert_ne!(content_hash(&pair("c")), content_hash(&labelled));
        assert_ne!(content_hash(&pair("x")), content_hash(&pair("y")));
        let asked =
            |choices: &[&str]| Sample { choices: choices.iter().map(|c| (*c).to_owned()).collect(), ..a.clone() };
        assert_ne!(content_hash(&asked(&["c", "d"])), content_hash(&asked(&["c", "e"])));
        assert_ne!(content_hash(&asked(&["c"])), content_hash(&a));
    }
}
