//! Judges: models that rate what other models answered. A judge has **versions** that never change; a **judging** asks one of
//! them about the answers of an evaluation (by criteria) or of two (which is better); what it says once is a **ruling**.
//!
//! Judges favour what stands first, and what is long (Zheng et al., Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena,
//! 2023, arXiv:2306.05685). So pairs are shown in both orders ([`results`]), what is judged is fenced off as data
//! ([`prompt`]), and a judge's figures count only once it agrees with people ([`calibration`]).

pub mod answer;
pub mod calibration;
pub mod criteria_text;
pub mod identity;
pub mod overall;
pub mod pairing;
pub mod prompt;
pub mod ranking;
pub mod results;
pub mod view;

pub use calibration::counts;

use crate::{lang::Lang, paraphrase::Writer};
use serde::{Deserialize, Serialize};

/// Longest name, title and anchor, in characters.
pub const MAX_NAME_CHARS: usize = 100;
/// Longest description of a criterion, in characters.
pub const MAX_HELP_CHARS: usize = 2000;
/// Longest template, in characters.
pub const MAX_TEMPLATE_CHARS: usize = 20_000;
pub const MAX_CRITERIA: usize = 10;
/// Most steps of a scale.
pub const MAX_SCALE: i32 = 20;
/// Most times that one question is asked.
pub const MAX_REPEATS: u32 = 10;
/// Longest answer of a judge, in tokens.
pub const MAX_ANSWER_TOKENS: u32 = 4096;
/// Most rulings of a judging.
pub const MAX_RULINGS: u64 = 50_000;

crate::annotation::words! {
    /// What a judge is asked.
    #[cfg_attr(feature = "openapi", schema(as = JudgeMode))]
    Mode {
        /// To rate one answer by criteria.
        Rubric = "rubric",
        /// To say which of two answers is better.
        Pairwise = "pairwise",
    }
}

/// What one number of a scale means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Anchor {
    pub value: i32,
    pub text: String,
}

/// What answers are rated by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = JudgeCriterion))]
pub struct Criterion {
    /// Its name in the judge's answer: lower-case letters, digits and `_`.
    pub name: String,
    /// What it asks.
    #[serde(default)]
    pub help: String,
    pub min: i32,
    pub max: i32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anchors: Vec<Anchor>,
}

/// One definition of a judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgeSpec {
    pub mode: Mode,
    /// The language of what is added to the template.
    #[serde(default)]
    pub lang: Lang,
    /// Of `rubric`: at least one. Of `pairwise`: none; the template says what is better.
    #[serde(default)]
    pub criteria: Vec<Criterion>,
    /// What is asked, with slots such as `{answer}` (see [`prompt::Slot`]). Empty: the usual one.
    #[serde(default)]
    pub template: String,
    /// Who judges.
    pub asked: Writer,
    /// How often each question is asked.
    #[serde(default = "one")]
    pub repeats: u32,
    /// 0 gives the likeliest answer; repeats then tell little.
    #[serde(default)]
    pub temperature: f64,
    /// Longest answer of the judge.
    #[serde(default = "answer_tokens")]
    pub max_tokens: u32,
}

fn one() -> u32 {
    1
}

fn answer_tokens() -> u32 {
    512
}

/// Why a definition cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum JudgeProblem {
    #[error("a rubric has 1 to {MAX_CRITERIA} criteria, and a comparison has none")]
    Criteria,
    #[error(
        "criterion {criterion}: the name has 1 to 40 lower-case letters, digits and underscores, begins with a letter and is not used twice"
    )]
    Name { criterion: u32 },
    #[error("criterion {criterion}: the lowest number is below the highest, and they are at most {MAX_SCALE} apart")]
    Scale { criterion: u32 },
    #[error("criterion {criterion}: an anchor lies on the scale, no number has two, and texts are not too long")]
    Anchors { criterion: u32 },
    #[error("the template has at most {MAX_TEMPLATE_CHARS} characters")]
    TooLong,
    #[error("the template must contain {{{slot}}}")]
    SlotMissing { slot: String },
    #[error("the template contains {{{slot}}}, which stands for nothing here")]
    SlotUnknown { slot: String },
    #[error("repeats must be 1 to {MAX_REPEATS}")]
    Repeats,
    #[error("temperature must be 0 to 2")]
    Temperature,
    #[error("max_tokens must be 64 to {MAX_ANSWER_TOKENS}")]
    MaxTokens,
}

impl JudgeProblem {
    /// The field that is wrong.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Criteria | Self::Name { .. } | Self::Scale { .. } | Self::Anchors { .. } => "criteria",
            Self::TooLong | Self::SlotMissing { .. } | Self::SlotUnknown { .. } => "template",
            Self::Repeats => "repeats",
            Self::Temperature => "temperature",
            Self::MaxTokens => "max_tokens",
        }
    }
}

impl JudgeSpec {
    /// Its template, the usual one where it has none of its own.
    #[must_use]
    pub fn template(&self) -> &str {
        if self.template.trim().is_empty() { prompt::usual(self.mode, self.lang) } else { &self.template }
    }

    /// Times that one answer or pair is shown: pairs in both orders.
    #[must_use]
    pub fn asks_per_sample(&self) -> u32 {
        match self.mode {
            Mode::Rubric => self.repeats,
            Mode::Pairwise => self.repeats * 2,
        }
    }

    /// All that is wrong with it.
    #[must_use]
    pub fn problems(&self) -> Vec<JudgeProblem> {
        let mut problems = Vec::new();
        let is_counted = match self.mode {
            Mode::Rubric => (1..=MAX_CRITERIA).contains(&self.criteria.len()),
            Mode::Pairwise => self.criteria.is_empty(),
        };
        if !is_counted {
            problems.push(JudgeProblem::Criteria);
        }
        for (at, criterion) in self.criteria.iter().enumerate().take(MAX_CRITERIA) {
            problems.extend(criterion.problem(at as u32 + 1, &self.criteria[..at]));
        }
        if self.template.chars().count() > MAX_TEMPLATE_CHARS {
            problems.push(JudgeProblem::TooLong);
        }
        problems.extend(prompt::slot_problem(self.mode, self.template()));
        if !(1..=MAX_REPEATS).contains(&self.repeats) {
            problems.push(JudgeProblem::Repeats);
        }
        if !(0.0..=2.0).contains(&self.temperature) {
            problems.push(JudgeProblem::Temperature);
        }
        if !(64..=MAX_ANSWER_TOKENS).contains(&self.max_tokens) {
            problems.push(JudgeProblem::MaxTokens);
        }
        problems
    }
}

impl Criterion {
    fn problem(&self, criterion: u32, earlier: &[Self]) -> Option<JudgeProblem> {
        if !is_name(&self.name) || earlier.iter().any(|e| e.name == self.name) {
            return Some(JudgeProblem::Name { criterion });
        }
        if self.min >= self.max || self.max.checked_sub(self.min).is_none_or(|steps| steps > MAX_SCALE) {
            return Some(JudgeProblem::Scale { criterion });
        }
        let is_good = |(at, anchor): (usize, &Anchor)| {
            (self.min..=self.max).contains(&anchor.value)
                && anchor.text.chars().count() <= MAX_HELP_CHARS
                && !self.anchors[..at].iter().any(|e| e.value == anchor.value)
        };
        let are_good = self.help.chars().count() <= MAX_HELP_CHARS && self.anchors.iter().enumerate().all(is_good);
        (!are_good).then_some(JudgeProblem::Anchors { criterion })
    }
}

pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn criterion(name: &str) -> Criterion {
        let anchors =
            vec![Anchor { value: 1, text: "wrong".to_owned() }, Anchor { value: 5, text: "right".to_owned() }];
        Criterion { name: name.to_owned(), help: "Is it right?".to_owned(), min: 1, max: 5, anchors }
    }

    pub(crate) fn rubric(criteria: &[&str]) -> JudgeSpec {
        JudgeSpec {
            mode: Mode::Rubric,
            lang: Lang::En,
            criteria: criteria.iter().map(|name| criterion(name)).collect(),
            template: String::new(),
            asked: Writer::Endpoint { name: "house".to_owned() },
            repeats: 2,
            temperature: 0.0,
            max_tokens: 512,
        }
    }

    pub(crate) fn pairwise() -> JudgeSpec {
        JudgeSpec { mode: Mode::Pairwise, criteria: Vec::new(), ..rubric(&[]) }
    }

    #[test]
    fn a_definition_is_checked() {
        for lang in Lang::ALL {
            assert_eq!(JudgeSpec { lang, ..rubric(&["fluency", "truth"]) }.problems(), []);
            assert_eq!(JudgeSpec { lang, ..pairwise() }.problems(), []);
        }
        assert_eq!(rubric(&[]).problems(), [JudgeProblem::Criteria]);
        assert_eq!(rubric(&["a", "a"]).problems(), [JudgeProblem::Name { criterion: 2 }]);
        let flat = Criterion { max: 1, ..criterion("a") };
        let bad = JudgeSpec { criteria: vec![flat], repeats: 0, temperature: f64::NAN, max_tokens: 1, ..rubric(&[]) };
        let scale = JudgeProblem::Scale { criterion: 1 };
        assert_eq!(bad.problems(), [scale, JudgeProblem::Repeats, JudgeProblem::Temperature, JudgeProblem::MaxTokens]);
        let off = Anchor { value: 9, text: String::new() };
        let bad = JudgeSpec { criteria: vec![Criterion { anchors: vec![off], ..criterion("a") }], ..rubric(&[]) };
        assert_eq!(bad.problems(), [JudgeProblem::Anchors { criterion: 1 }]);
        let own = |template: &str| JudgeSpec { template: template.to_owned(), ..rubric(&["a"]) };
        assert_eq!(own("Rate it.").problems(), [JudgeProblem::SlotMissing { slot: "answer".to_owned() }]);
        assert_eq!(own("{answer} {answr}").problems(), [JudgeProblem::SlotUnknown { slot: "answr".to_owned() }]);
        assert_eq!(own("Like {\"x\": 1}: {answer}").problems(), [], "JSON is no slot");
        assert_eq!(pairwise().asks_per_sample(), 4);
    }
}
