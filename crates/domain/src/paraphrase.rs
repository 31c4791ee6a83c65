//! More training samples from a model: it writes texts of the train split anew, each passes a gate, and people decide which
//! of them join the next version.
//!
//! Paraphrase and back-translation as augmentation: Sennrich et al. 2016 (arXiv:1511.06709) for translating there and back;
//! Feng et al. 2021 (arXiv:2105.03075) for the family.

use crate::{
    explore::is_han,
    id::{ModelId, RunId, SampleId, VersionId},
};
use serde::{Deserialize, Serialize};

/// Samples that one request may write anew.
pub const MAX_SAMPLES: u32 = 5000;
/// Longest instruction of one's own, in characters.
pub const MAX_INSTRUCTION_CHARS: usize = 2000;
/// What stands for the text in an instruction.
pub const TEXT_SLOT: &str = "{text}";
/// Share of the text's length that a rewritten one may have.
const LENGTHS: std::ops::RangeInclusive<f64> = 0.4..=2.5;
/// Slice that says of a sample that it was written by a model, and how.
pub const SLICE: &str = "augmented";

/// How a text is written anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// In other words of the same language.
    #[default]
    Paraphrase,
    /// Into another language (Chinese into English, everything else into Chinese) and back.
    BackTranslation,
}

impl Way {
    pub const ALL: [Self; 2] = [Self::Paraphrase, Self::BackTranslation];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paraphrase => "paraphrase",
            Self::BackTranslation => "back_translation",
        }
    }

    /// What the model is asked, one question after the other; each answer is the next question's text.
    #[must_use]
    pub fn questions(self, is_chinese: bool) -> &'static [&'static str] {
        match (self, is_chinese) {
            (Self::Paraphrase, true) => {
                &["请用不同的说法改写下面的文本，意思和语气保持不变。只输出改写后的文本。\n\n{text}"]
            }
            (Self::Paraphrase, false) => &[
                "Rewrite the text below in other words. Keep its meaning and tone. Answer with the new text alone.\n\n{text}",
            ],
            (Self::BackTranslation, true) => &[
                "请把下面的文本翻译成英文。只输出译文。\n\n{text}",
                "Translate the text below into Chinese. Answer with the translation alone.\n\n{text}",
            ],
            (Self::BackTranslation, false) => &[
                "Translate the text below into Chinese. Answer with the translation alone.\n\n{text}",
                "请把下面的文本翻译成英文。只输出译文。\n\n{text}",
            ],
        }
    }
}

/// Who writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Writer {
    /// An OpenAI-compatible service that the administrator named in the server's settings.
    Endpoint { name: String },
    /// A model of the project on this machine, perhaps as a run has tuned it.
    Model {
        model_id: ModelId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run_id: Option<RunId>,
    },
}

/// A request for texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Paraphrase {
    pub writer: Writer,
    #[serde(default)]
    pub way: Way,
    /// Training samples that are written anew, chosen by the seed.
    pub samples: u32,
    #[serde(default)]
    pub seed: u64,
    /// 0 writes the likeliest words; larger is more varied.
    #[serde(default = "default_temperature")]
    pub temperature: f64,
    /// Asked instead of the usual question; `{text}` stands for the text.
    #[serde(default)]
    pub instruction: Option<String>,
}

fn default_temperature() -> f64 {
    0.7
}

/// Why a request cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParaphraseError {
    #[error("samples must be 1 to {MAX_SAMPLES}")]
    Samples,
    #[error("temperature must be 0 to 2")]
    Temperature,
    #[error("an instruction must contain {TEXT_SLOT} and be at most {MAX_INSTRUCTION_CHARS} characters long")]
    Instruction,
}

impl ParaphraseError {
    /// The field that is wrong.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Samples => "samples",
            Self::Temperature => "temperature",
            Self::Instruction => "instruction",
        }
    }
}

impl Paraphrase {
    pub fn check(&self) -> Result<(), ParaphraseError> {
        if !(1..=MAX_SAMPLES).contains(&self.samples) {
            return Err(ParaphraseError::Samples);
        }
        if !(0.0..=2.0).contains(&self.temperature) {
            return Err(ParaphraseError::Temperature);
        }
        match &self.instruction {
            Some(own) if !own.contains(TEXT_SLOT) || own.chars().count() > MAX_INSTRUCTION_CHARS => {
                Err(ParaphraseError::Instruction)
            }
            _ => Ok(()),
        }
    }

    /// What the model is asked about a text, one question after the other.
    #[must_use]
    pub fn questions(&self, is_chinese: bool) -> Vec<String> {
        match &self.instruction {
            Some(own) => vec![own.clone()],
            None => self.way.questions(is_chinese).iter().map(|&q| q.to_owned()).collect(),
        }
    }
}

/// What the gate says of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    Passed,
    Empty,
    /// Nothing but case, spaces or punctuation differs.
    Unchanged,
    TooShort,
    TooLong,
    /// Chinese became another language, or the other way round.
    OtherLanguage,
    /// The version has this text already, perhaps in validation or test.
    Known,
    /// The model repeats the question or talks about the task.
    Chatter,
}

impl Gate {
    pub const ALL: [Self; 8] = [
        Self::Passed,
        Self::Empty,
        Self::Unchanged,
        Self::TooShort,
        Self::TooLong,
        Self::OtherLanguage,
        Self::Known,
        Self::Chatter,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Empty => "empty",
            Self::Unchanged => "unchanged",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::OtherLanguage => "other_language",
            Self::Known => "known",
            Self::Chatter => "chatter",
        }
    }

    /// Judges a text by the one that it was made of. `is_known` says whether the version has it.
    #[must_use]
    pub fn of(before: &str, after: &str, is_known: impl FnOnce(&str) -> bool) -> Self {
        let ratio = after.chars().count() as f64 / before.chars().count().max(1) as f64;
        if bare(after).is_empty() {
            Self::Empty
        } else if bare(before) == bare(after) {
            Self::Unchanged
        } else if is_chinese(before) != is_chinese(after) {
            Self::OtherLanguage
        } else if CHATTER
            .iter()
            .any(|words| after.to_lowercase().contains(words) && !before.to_lowercase().contains(words))
        {
            Self::Chatter
        } else if ratio < *LENGTHS.start() {
            Self::TooShort
        } else if ratio > *LENGTHS.end() {
            Self::TooLong
        } else if is_known(after) {
            Self::Known
        } else {
            Self::Passed
        }
    }
}

impl std::str::FromStr for Gate {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|gate| gate.as_str() == s).ok_or(())
    }
}

/// What answers say that are about the task.
const CHATTER: [&str; 10] = [
    "in other words",
    "here is the",
    "here's the",
    "rewritten text",
    "answer with the",
    "as an ai",
    "translation:",
    "改写后的文本",
    "只输出",
    "作为一个ai",
];

/// Letters and digits alone, in lower case.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a text is Chinese: a third of its letters at least are Han.
#[must_use]
pub fn is_chinese(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic());
    let (han, all) = letters.fold((0_usize, 0_usize), |(han, all), c| (han + usize::from(is_han(c)), all + 1));
    han * 3 >= all.max(1)
}

/// What people have decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    #[default]
    Waiting,
    Accepted,
    Rejected,
}

impl Decision {
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Accepted, Self::Rejected];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }
}

impl std::str::FromStr for Decision {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|d| d.as_str() == s).ok_or(())
    }
}

/// A text that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Proposal {
    pub id: i64,
    pub sample_id: SampleId,
    pub way: Way,
    /// Who wrote it, in words.
    pub writer: String,
    pub before: String,
    pub after: String,
    pub gate: Gate,
    pub decision: Decision,
}

/// How many texts are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalCounts {
    /// Passed the gate and wait.
    pub waiting: u64,
    /// Did not pass and wait; who reads them may accept them still.
    pub stopped: u64,
    pub accepted: u64,
    pub rejected: u64,
}

/// What to decide on: single texts, or all that passed the gate and wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decide {
    /// Empty: all that passed the gate and wait.
    #[serde(default)]
    pub ids: Vec<i64>,
    pub decision: Decision,
}

/// A version whose accepted texts become samples of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeProposals {
    pub version_id: VersionId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_lets_through_what_differs_and_means_to() {
        let judge = |before, after| Gate::of(before, after, |text| text == "The known text is here.");
        assert_eq!(judge("The film was good.", "I liked the movie."), Gate::Passed);
        assert_eq!(judge("这部电影很好看", "这个片子挺不错的"), Gate::Passed);
        assert_eq!(judge("The film was good.", "the film was good!"), Gate::Unchanged);
        assert_eq!(judge("The film was good.", " … "), Gate::Empty);
        assert_eq!(judge("The film was good.", "电影很好"), Gate::OtherLanguage);
        assert_eq!(judge("The film was good.", "Good."), Gate::TooShort);
        assert_eq!(judge("Good.", "This was one of the best films of all."), Gate::TooLong);
        assert_eq!(judge("The known text was there.", "The known text is here."), Gate::Known);
        assert_eq!(judge("The film was good.", "Here is the text: a good film."), Gate::Chatter);
    }

    #[test]
    fn compatibility_ideographs_are_chinese_too() {
        assert!(is_chinese("\u{f9d1}\u{f9dc}\u{fa0d}") && is_chinese("好看 film") && !is_chinese("film 好"));
    }

    #[test]
    fn a_request_is_checked() {
        let good = Paraphrase {
            writer: Writer::Endpoint { name: "x".to_owned() },
            way: Way::Paraphrase,
            samples: 10,
            seed: 0,
            temperature: 0.7,
            instruction: None,
        };
        assert_eq!(good.check(), Ok(()));
        assert_eq!(Paraphrase { samples: 0, ..good.clone() }.check(), Err(ParaphraseError::Samples));
        assert_eq!(Paraphrase { temperature: f64::NAN, ..good.clone() }.check(), Err(ParaphraseError::Temperature));
        let own = |text: &str| Paraphrase { instruction: Some(text.to_owned()), ..good.clone() };
        assert_eq!(own("Say it").check(), Err(ParaphraseError::Instruction));
        assert_eq!(own("Shorten: {text}").questions(true), ["Shorten: {text}"]);
        for way in Way::ALL {
            assert!(way.questions(true).iter().chain(way.questions(false)).all(|q| q.contains(TEXT_SLOT)));
        }
    }
}
