//! The one shape every training row has, whatever file it came from.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    System,
    User,
    Assistant,
}

impl Speaker {
    /// The word the chat template and OpenAI's format use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    pub role: Speaker,
    pub content: String,
    /// An assistant's turn that is only context: nothing is learned from it (OpenAI's `weight: 0`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
}

impl Message {
    #[must_use]
    pub fn new(role: Speaker, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), ignored: false }
    }
}

/// A stretch of a text with a label: characters `start..end` (Unicode scalar values, 0-based, end excluded).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Span {
    pub start: u32,
    pub end: u32,
    pub label: String,
}

/// A training or test row. `messages` ends with the assistant's turn, which is what a run
/// learns to write. `label` is set for classification data, where the assistant's last turn
/// is exactly the label. `rejected` is set for a preference pair: the answer that was not preferred
/// to the last turn, for the same prompt. `slices` are other scalar fields of the source row, kept
/// so that an evaluation can be cut by them. `spans` are marked in the last user turn's text, counted from where
/// that text begins behind an instruction; the assistant's turn says the same in words. `choices` make it a multiple-choice
/// question: the assistant's turn is the text of the right one, or its letter where the prompt lists them; then the letter is
/// the label too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sample {
    pub messages: Vec<Message>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slices: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
    /// Answers to choose from; empty for what is no multiple-choice question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

impl Sample {
    /// The turns given to the model: everything before the last assistant turn.
    #[must_use]
    pub fn prompt(&self) -> &[Message] {
        match self.messages.split_last() {
            Some((last, rest)) if last.role == Speaker::Assistant => rest,
            _ => &self.messages,
        }
    }

    /// The reference answer: the last assistant turn, if the sample ends with one.
    #[must_use]
    pub fn answer(&self) -> Option<&str> {
        self.messages.last().filter(|m| m.role == Speaker::Assistant).map(|m| m.content.as_str())
    }

    /// The same sample with another reference answer (and label, when it had one). It stays a pair unless the answer
    /// is the rejected one: then nothing is preferred to it any more.
    #[must_use]
    pub fn with_answer(&self, answer: &str) -> Self {
        let mut messages = self.prompt().to_vec();
        messages.push(Message::new(Speaker::Assistant, answer));
        Self {
            messages,
            label: self.label.as_ref().map(|_| answer.to_owned()),
            rejected: self.rejected.clone().filter(|rejected| rejected.trim() != answer.trim()),
            slices: self.slices.clone(),
            // They said what the old answer says.
            spans: if self.answer() == Some(answer) { self.spans.clone() } else { Vec::new() },
            choices: self.choices.clone(),
        }
    }

    /// Which of the choices is right: the one whose letter is the label, or else whose text is the answer. `None` where there
    /// are no choices, or the answer is none of them.
    #[must_use]
    pub fn right_choice(&self) -> Option<usize> {
        if let Some(place) = self.lettered() {
            return Some(place);
        }
        let answer = self.answer()?.trim();
        self.choices.iter().position(|choice| choice.trim() == answer)
    }

    /// What a model writes to take each of the choices: its letter where the answer is one, else its text.
    #[must_use]
    pub fn choice_answers(&self) -> Vec<String> {
        match self.lettered() {
            Some(_) => (0..self.choices.len()).filter_map(choice_letter).map(String::from).collect(),
            None => self.choices.clone(),
        }
    }

    /// Whether the prompt lists the choices and the answer is a letter.
    #[must_use]
    pub fn lists_choices(&self) -> bool {
        self.lettered().is_some()
    }

    /// The choice whose letter is label and answer.
    fn lettered(&self) -> Option<usize> {
        let answer = self.answer()?.trim();
        let is_label = self.label.as_deref().map(str::trim) == Some(answer);
        choice_of_letter(answer).filter(|place| is_label && *place < self.choices.len())
    }

    /// The conversation with the rejected answer at its end; `None` for what is no pair.
    #[must_use]
    pub fn rejected_messages(&self) -> Option<Vec<Message>> {
        let rejected = self.rejected.as_ref()?;
        Some(self.prompt().iter().cloned().chain([Message::new(Speaker::Assistant, rejected.clone())]).collect())
    }
}

/// The letter of a choice by its place, `A` being the first; `None` beyond `Z`.
#[must_use]
pub fn choice_letter(place: usize) -> Option<char> {
    u8::try_from(place).ok().filter(|place| *place < 26).map(|place| char::from(b'A' + place))
}

/// The place of a choice by its letter.
#[must_use]
pub fn choice_of_letter(text: &str) -> Option<usize> {
    match text.as_bytes() {
        [letter @ b'A'..=b'Z'] => Some(usize::from(letter - b'A')),
        _ => None,
    }
}

/// What a model learns to write of a text's spans: a JSON list, empty where nothing is marked.
#[must_use]
pub fn spans_in_words(text: &str, spans: &[Span]) -> String {
    #[derive(Serialize)]
    struct Said<'a> {
        label: &'a str,
        text: String,
    }
    let said = spans.iter().map(|s| Said {
        label: &s.label,
        text: text.chars().skip(s.start as usize).take(s.end.saturating_sub(s.start) as usize).collect(),
    });
    serde_json::to_string(&said.collect::<Vec<_>>()).unwrap_or_default()
}

/// Which part of a dataset version a sample belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Split {
    Train,
    Validation,
    /// Sealed: read by evaluation only, never by training.
    Test,
}

impl Split {
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

impl std::str::FromStr for Split {
    type Err = UnknownSplit;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| UnknownSplit(s.to_owned()))
    }
}

/// A word that names no split.
#[derive(Debug, thiserror::Error)]
#[error("unknown split {0:?}: expected train, validation or test")]
pub struct UnknownSplit(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_stays_a_pair_unless_it_is_what_was_rejected() {
        let messages = vec![Message::new(Speaker::User, "q"), Message::new(Speaker::Assistant, "good")];
        let pair = Sample { messages, label: None, rejected: Some("bad".to_owned()), ..Sample::default() };
        assert_eq!(pair.with_answer("better").rejected.as_deref(), Some("bad"));
        assert_eq!(pair.with_answer(" bad ").rejected, None);
        let ends: Vec<_> = pair.rejected_messages().into_iter().flatten().map(|m| m.content).collect();
        assert_eq!(ends, ["q", "bad"]);
        assert_eq!(pair.with_answer("bad").rejected_messages(), None);
    }

    #[test]
    fn the_right_choice_is_found_by_its_text_or_its_letter() {
        let asked = |answer: &str, label: Option<&str>, choices: &[&str]| Sample {
            messages: vec![Message::new(Speaker::User, "q"), Message::new(Speaker::Assistant, answer)],
            label: label.map(str::to_owned),
            choices: choices.iter().map(|c| (*c).to_owned()).collect(),
            ..Sample::default()
        };
        let by_text = asked("iron", None, &["gold", "iron"]);
        assert_eq!((by_text.right_choice(), by_text.choice_answers()), (Some(1), by_text.choices.clone()));
        let by_letter = asked("B", Some("B"), &["gold", "iron"]);
        assert_eq!((by_letter.right_choice(), by_letter.choice_answers().concat()), (Some(1), "AB".to_owned()));
        // The text of the first choice is the letter of the second.
        assert_eq!(asked("B", Some("B"), &["B", "A"]).right_choice(), Some(1));
        assert_eq!(asked("B", None, &["B", "A"]).right_choice(), Some(0));
        assert_eq!(asked("C", Some("C"), &["gold", "iron"]).right_choice(), None);
        assert_eq!(asked("B", Some("B"), &[]).right_choice(), None);
        assert_eq!(by_text.with_answer("gold").right_choice(), Some(0));
    }
}
