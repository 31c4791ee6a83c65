//! What an annotator sends, and whether it answers what was asked.

use super::{
    MAX_COMMENT_CHARS, MAX_TEXT_CHARS,
    design::{Design, Question, QuestionKind},
};
use crate::sample::{Message, Span, Speaker};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most spans of an answer, and most relations: each is compared with all others.
pub const MAX_SPANS: usize = 1000;
/// Longest answers of a draft together, in bytes of JSON: the longest text, all its characters escaped, and all spans fit.
const MAX_DRAFT_BYTES: usize = 400_000;

/// What is judged: a conversation, and answers to compare in their own order (shown in an order that hides it).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemContent {
    pub messages: Vec<Message>,
    /// Answers of models, or the two of a preference pair.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    /// The text that spans are marked in, as `Span` counts it: the last user turn, behind an instruction that all share.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub span_text: String,
}

/// A directed link between two spans, by their places in the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Relation {
    pub from: u32,
    pub to: u32,
    pub label: String,
}

/// Which of two answers is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Better {
    First,
    Second,
    Tie,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = GivenAnswer))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    Choice {
        value: String,
    },
    Choices {
        values: BTreeSet<String>,
    },
    Tree {
        value: String,
    },
    Spans {
        spans: Vec<Span>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        relations: Vec<Relation>,
    },
    Text {
        text: String,
    },
    Rating {
        value: i32,
    },
    Preference {
        value: Better,
    },
    /// Places of the answers in [`ItemContent::answers`], best first.
    Ranking {
        order: Vec<u32>,
    },
    /// Place of the message in the conversation → option.
    Turns {
        #[serde(deserialize_with = "by_place")]
        values: BTreeMap<u32, String>,
    },
}

/// Places as keys, which JSON writes as texts: serde turns those into numbers only where no tag is read before them.
fn by_place<'de, D: serde::Deserializer<'de>>(values: D) -> Result<BTreeMap<u32, String>, D::Error> {
    #[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    #[serde(untagged)]
    enum Place {
        Number(u32),
        Text(String),
    }
    let values = BTreeMap::<Place, String>::deserialize(values)?;
    let place = |place: Place| -> Result<u32, D::Error> {
        match place {
            Place::Number(place) => Ok(place),
            Place::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    };
    values.into_iter().map(|(at, value)| Ok((place(at)?, value))).collect()
}

/// All that a person says of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judgement {
    /// By the question's name.
    #[serde(default)]
    pub answers: BTreeMap<String, Answer>,
    /// The item cannot be judged; then nothing else is asked but why.
    #[serde(default)]
    pub cannot_judge: bool,
    #[serde(default)]
    pub comment: String,
}

/// Why an answer is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum AnswerProblem {
    #[error("{question}: an answer is needed")]
    Missing { question: String },
    #[error("{question}: this was not asked")]
    NotAsked { question: String },
    #[error("{question}: this is no answer to a question of this kind")]
    Kind { question: String },
    #[error("{question}: {value:?} is no option")]
    Option { question: String, value: String },
    #[error("{question}: choose {min} to {max}")]
    Count { question: String, min: u32, max: u32 },
    #[error("{question}: the span {start}..{end} is empty or outside of the text, which has {chars} characters")]
    Span { question: String, start: u32, end: u32, chars: u32 },
    #[error("{question}: the spans {start}..{end} and an earlier one overlap")]
    Overlap { question: String, start: u32, end: u32 },
    #[error("{question}: a relation goes from one span to another")]
    Relation { question: String },
    #[error("{question}: the text has at most {max} characters")]
    TooLong { question: String, max: u32 },
    #[error("{question}: the number is between {min} and {max}")]
    Range { question: String, min: i32, max: i32 },
    #[error("{question}: every answer has one place in the order")]
    Order { question: String },
    #[error("the comment has at most {MAX_COMMENT_CHARS} characters")]
    Comment,
    #[error("the text holds a NUL character")]
    Nul,
}

impl Answer {
    /// The word for its kind, that of the question.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Choice { .. } => "choice",
            Self::Choices { .. } => "choices",
            Self::Tree { .. } => "tree",
            Self::Spans { .. } => "spans",
            Self::Text { .. } => "text",
            Self::Rating { .. } => "rating",
            Self::Preference { .. } => "preference",
            Self::Ranking { .. } => "ranking",
            Self::Turns { .. } => "turns",
        }
    }

    /// Whether it says nothing.
    fn is_empty(&self) -> bool {
        match self {
            Self::Choice { value } | Self::Tree { value } => value.is_empty(),
            Self::Choices { values } => values.is_empty(),
            Self::Text { text } => text.trim().is_empty(),
            Self::Turns { values } => values.is_empty(),
            Self::Ranking { order } => order.is_empty(),
            // That nothing is to be marked is an answer.
            Self::Spans { .. } | Self::Rating { .. } | Self::Preference { .. } => false,
        }
    }

    fn is_one_of(&self, values: &[String]) -> bool {
        match self {
            Self::Choice { value } | Self::Tree { value } => values.contains(value),
            Self::Choices { values: chosen } => chosen.iter().any(|v| values.contains(v)),
            Self::Rating { value } => values.contains(&value.to_string()),
            _ => false,
        }
    }
}

impl Judgement {
    /// Why it cannot be kept as a draft. A draft may be unfinished and wrong, but is neither endless nor holds what the database
    /// does not take.
    #[must_use]
    pub fn draft_problem(&self) -> Option<AnswerProblem> {
        if self.comment.chars().count() > MAX_COMMENT_CHARS {
            return Some(AnswerProblem::Comment);
        }
        if serde_json::to_value(self).is_ok_and(|value| is_nul_in(&value)) {
            return Some(AnswerProblem::Nul);
        }
        let bytes = |answer: &Answer| serde_json::to_string(answer).map_or(0, |json| json.len());
        let whole: usize = self.answers.iter().map(|(name, answer)| name.len() + bytes(answer)).sum();
        let (longest, _) = self.answers.iter().max_by_key(|(_, answer)| bytes(answer))?;
        let problem = || AnswerProblem::TooLong { question: longest.clone(), max: MAX_TEXT_CHARS as u32 };
        (whole > MAX_DRAFT_BYTES).then(problem)
    }
}

fn is_nul_in(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(items) => items.iter().any(is_nul_in),
        serde_json::Value::Object(fields) => fields.iter().any(|(name, field)| name.contains('\0') || is_nul_in(field)),
        _ => false,
    }
}

impl Design {
    /// Whether a question is asked after these answers.
    #[must_use]
    pub fn is_asked(&self, question: &Question, judgement: &Judgement) -> bool {
        let Some(when) = &question.when else { return true };
        // An answer to a question that is itself not asked counts for nothing.
        let earlier = self.question(&when.question).is_some_and(|q| self.is_asked(q, judgement));
        earlier && judgement.answers.get(&when.question).is_some_and(|a| a.is_one_of(&when.any_of))
    }

    /// All that is wrong with a judgement of an item.
    #[must_use]
    pub fn check(&self, item: &ItemContent, judgement: &Judgement) -> Vec<AnswerProblem> {
        let mut problems = Vec::new();
        if judgement.comment.chars().count() > MAX_COMMENT_CHARS {
            problems.push(AnswerProblem::Comment);
        }
        if has_nul(judgement) {
            problems.push(AnswerProblem::Nul);
        }
        for name in judgement.answers.keys() {
            let asked = self.question(name).is_some_and(|q| self.is_asked(q, judgement));
            if !asked || judgement.cannot_judge {
                problems.push(AnswerProblem::NotAsked { question: name.clone() });
            }
        }
        if judgement.cannot_judge {
            return problems;
        }
        for q in self.questions.iter().filter(|q| self.is_asked(q, judgement)) {
            match judgement.answers.get(&q.name).filter(|a| !a.is_empty()) {
                Some(answer) => problems.extend(check(q, answer, item)),
                None if q.required => problems.push(AnswerProblem::Missing { question: q.name.clone() }),
                None => {}
            }
        }
        problems
    }
}

fn has_nul(judgement: &Judgement) -> bool {
    let in_answer = |answer: &Answer| matches!(answer, Answer::Text { text } if text.contains('\0'));
    judgement.comment.contains('\0') || judgement.answers.values().any(in_answer)
}

/// What is wrong with an answer to a question.
fn check(q: &Question, answer: &Answer, item: &ItemContent) -> Option<AnswerProblem> {
    let question = || q.name.clone();
    let no_option = |value: &String| AnswerProblem::Option { question: question(), value: value.clone() };
    match (&q.kind, answer) {
        (QuestionKind::Choice { options }, Answer::Choice { value }) => {
            (!options.iter().any(|o| o.value == *value)).then(|| no_option(value))
        }
        (QuestionKind::Tree { options }, Answer::Tree { value }) => {
            let is_place = |o: &super::design::Choice| {
                o.value == *value || o.value.strip_prefix(value.as_str()).is_some_and(|rest| rest.starts_with('/'))
            };
            (!options.iter().any(is_place)).then(|| no_option(value))
        }
        (QuestionKind::Choices { options, min, max }, Answer::Choices { values }) => {
            let most = if *max == 0 { options.len() as u32 } else { *max };
            let unknown = values.iter().find(|v| !options.iter().any(|o| o.value == **v));
            let count = AnswerProblem::Count { question: question(), min: *min, max: most };
            unknown.map(no_option).or_else(|| (!(*min..=most).contains(&(values.len() as u32))).then_some(count))
        }
        (QuestionKind::Spans { labels, relations, overlap }, Answer::Spans { spans, relations: links }) => {
            let unknown = spans.iter().find(|s| !labels.iter().any(|o| o.value == s.label)).map(|s| &s.label);
            let unknown = unknown
                .or_else(|| links.iter().find(|r| !relations.iter().any(|o| o.value == r.label)).map(|r| &r.label));
            unknown.map(no_option).or_else(|| check_spans(q, spans, links, *overlap, &item.span_text))
        }
        (QuestionKind::Text { max_chars, .. }, Answer::Text { text }) => {
            let max = if *max_chars == 0 { MAX_TEXT_CHARS } else { (*max_chars as usize).min(MAX_TEXT_CHARS) };
            (text.chars().count() > max).then(|| AnswerProblem::TooLong { question: question(), max: max as u32 })
        }
        (QuestionKind::Rating { min, max, .. }, Answer::Rating { value }) => (!(*min..=*max).contains(value))
            .then(|| AnswerProblem::Range { question: question(), min: *min, max: *max }),
        (QuestionKind::Preference { tie }, Answer::Preference { value }) => {
            (*value == Better::Tie && !tie).then(|| no_option(&"tie".to_owned()))
        }
        (QuestionKind::Ranking, Answer::Ranking { order }) => {
            let mut places = order.clone();
            places.sort_unstable();
            let is_full = places.iter().copied().eq(0..item.answers.len() as u32);
            (!is_full).then(|| AnswerProblem::Order { question: question() })
        }
        (QuestionKind::Turns { options }, Answer::Turns { values }) => check_turns(q, options, values, &item.messages),
        _ => Some(AnswerProblem::Kind { question: question() }),
    }
}

fn check_spans(
    q: &Question,
    spans: &[Span],
    relations: &[Relation],
    overlap: bool,
    text: &str,
) -> Option<AnswerProblem> {
    let question = || q.name.clone();
    if spans.len().max(relations.len()) > MAX_SPANS {
        return Some(AnswerProblem::Count { question: question(), min: 0, max: MAX_SPANS as u32 });
    }
    let chars = text.chars().count() as u32;
    for (at, span) in spans.iter().enumerate() {
        let (start, end) = (span.start, span.end);
        if start >= end || end > chars {
            return Some(AnswerProblem::Span { question: question(), start, end, chars });
        }
        if !overlap && spans[..at].iter().any(|s| s.start < end && start < s.end) {
            return Some(AnswerProblem::Overlap { question: question(), start, end });
        }
    }
    let there = |at: u32| (at as usize) < spans.len();
    let is_link = |r: &Relation| r.from != r.to && there(r.from) && there(r.to);
    (!relations.iter().all(is_link)).then(|| AnswerProblem::Relation { question: question() })
}

fn check_turns(
    q: &Question,
    options: &[super::design::Choice],
    values: &BTreeMap<u32, String>,
    messages: &[Message],
) -> Option<AnswerProblem> {
    let question = || q.name.clone();
    if let Some(value) = values.values().find(|v| !options.iter().any(|o| o.value == **v)) {
        return Some(AnswerProblem::Option { question: question(), value: value.clone() });
    }
    let mut turns = messages.iter().enumerate().filter(|(_, m)| m.role == Speaker::Assistant).map(|(at, _)| at as u32);
    let is_turn = |at: &u32| messages.get(*at as usize).is_some_and(|m| m.role == Speaker::Assistant);
    if !values.keys().all(is_turn) {
        return Some(AnswerProblem::Kind { question: question() });
    }
    (q.required && !turns.all(|at| values.contains_key(&at))).then(|| AnswerProblem::Missing { question: question() })
}

#[cfg(test)]
mod tests;
