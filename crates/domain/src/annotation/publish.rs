//! From labels to a dataset version: which question becomes what of a sample, and which samples stay.

use super::{
    answer::{Answer, Better, ItemContent},
    design::{Design, QuestionKind},
    exchange::cell,
    words,
};
use crate::id::TaskId;
use crate::sample::{Message, Sample, Speaker, spans_in_words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Slice field: how sure the least sure of the published answers is, 0 to 1.
pub const CONFIDENCE: &str = "annotation_confidence";
/// Slice field: how alike the judgements of the item are, 0 to 1.
pub const AGREEMENT: &str = "annotation_agreement";
/// Slice field: how many people judged the item.
pub const ANNOTATORS: &str = "annotators";

words! {
    /// What an answer becomes of its sample.
    Becomes {
        /// The label, which is the assistant's turn as well.
        Label = "label",
        /// The assistant's last turn.
        Answer = "answer",
        /// The spans, and the assistant's last turn that lists them.
        Spans = "spans",
        /// The better answer and the one that was not preferred to it.
        Pair = "pair",
        /// A slice field of the question's name.
        Slice = "slice",
    }
}

impl Becomes {
    /// Whether answers of this kind can become that.
    #[must_use]
    pub fn suits(self, kind: &QuestionKind) -> bool {
        match self {
            Self::Label => {
                matches!(kind, QuestionKind::Choice { .. } | QuestionKind::Tree { .. } | QuestionKind::Rating { .. })
            }
            Self::Answer => matches!(
                kind,
                QuestionKind::Text { .. }
                    | QuestionKind::Choice { .. }
                    | QuestionKind::Choices { .. }
                    | QuestionKind::Tree { .. }
                    | QuestionKind::Rating { .. }
            ),
            Self::Spans => matches!(kind, QuestionKind::Spans { .. }),
            Self::Pair => matches!(kind, QuestionKind::Preference { .. } | QuestionKind::Ranking),
            Self::Slice => true,
        }
    }
}

/// How to make a version of a task's labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// Question → what its answers become; a question that is not named is left out.
    pub questions: BTreeMap<String, Becomes>,
    /// Samples whose answers are less sure are left out of the version (0 to 1).
    #[serde(default)]
    pub min_confidence: f64,
    /// Only samples that the task decided; else the others stay as they are.
    #[serde(default)]
    pub only_judged: bool,
    /// Whether the slices of confidence, agreement and number of annotators are written.
    #[serde(default = "yes")]
    pub with_slices: bool,
}

fn yes() -> bool {
    true
}

/// Why a version cannot be made so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum PublishProblem {
    #[error("name at least one question")]
    Nothing,
    #[error("{question}: the task has no such question")]
    Question { question: String },
    #[error("{question}: answers of this kind cannot become that")]
    Kind { question: String },
    #[error("only one question can become the sample's answer, label, spans or pair")]
    Twice,
    #[error("the least confidence is between 0 and 1")]
    Confidence,
}

/// The payload of the job that does it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublishTask {
    pub task_id: TaskId,
    pub publish: Publish,
}

impl Publish {
    /// What is wrong with it for a task with these questions.
    pub fn check(&self, design: &Design) -> Result<(), PublishProblem> {
        if self.questions.is_empty() {
            return Err(PublishProblem::Nothing);
        }
        for (name, becomes) in &self.questions {
            let question = || name.clone();
            let asked = design.question(name).ok_or_else(|| PublishProblem::Question { question: question() })?;
            if !becomes.suits(&asked.kind) {
                return Err(PublishProblem::Kind { question: question() });
            }
        }
        if self.questions.values().filter(|b| **b != Becomes::Slice).count() > 1 {
            return Err(PublishProblem::Twice);
        }
        if !(0.0..=1.0).contains(&self.min_confidence) {
            return Err(PublishProblem::Confidence);
        }
        Ok(())
    }

    /// How sure the least sure of the published answers is; `None` where none of them is answered.
    #[must_use]
    pub fn confidence(&self, confidence: &BTreeMap<String, f64>) -> Option<f64> {
        self.questions.keys().filter_map(|name| confidence.get(name)).copied().reduce(f64::min)
    }

    /// The sample with these answers; `None` where it stays as it is, because nothing that is published was answered.
    #[must_use]
    pub fn apply(&self, sample: &Sample, content: &ItemContent, answers: &BTreeMap<String, Answer>) -> Option<Sample> {
        let mut made = sample.clone();
        let mut is_changed = false;
        for (name, becomes) in &self.questions {
            let Some(answer) = answers.get(name) else { continue };
            is_changed |= match becomes {
                Becomes::Slice => {
                    made.slices.insert(name.clone(), cell(answer));
                    true
                }
                Becomes::Label | Becomes::Answer => {
                    let text = cell(answer);
                    answered(&mut made, &text);
                    made.label = (*becomes == Becomes::Label).then_some(text);
                    made.spans = Vec::new();
                    true
                }
                Becomes::Spans => marked(&mut made, content, answer),
                Becomes::Pair => paired(&mut made, content, answer),
            };
        }
        is_changed.then_some(made)
    }
}

/// Puts an answer at the end of the conversation.
fn answered(sample: &mut Sample, text: &str) {
    let mut messages = sample.prompt().to_vec();
    messages.push(Message::new(Speaker::Assistant, text));
    sample.messages = messages;
    sample.rejected = sample.rejected.take().filter(|rejected| rejected.trim() != text.trim());
}

/// Spans, and the turn that says the same in words.
fn marked(sample: &mut Sample, content: &ItemContent, answer: &Answer) -> bool {
    let Answer::Spans { spans, .. } = answer else { return false };
    let mut spans = spans.clone();
    spans.sort_by(|a, b| (a.start, a.end, &a.label).cmp(&(b.start, b.end, &b.label)));
    let words = spans_in_words(&content.span_text, &spans);
    answered(sample, &words);
    sample.label = None;
    sample.spans = spans;
    true
}

/// The better answer becomes the last turn, the other the rejected one; a tie changes nothing.
fn paired(sample: &mut Sample, content: &ItemContent, answer: &Answer) -> bool {
    let (better, worse) = match answer {
        Answer::Preference { value: Better::First } => (0, 1),
        Answer::Preference { value: Better::Second } => (1, 0),
        Answer::Ranking { order } => match (order.first(), order.last()) {
            (Some(first), Some(last)) if first != last => (*first as usize, *last as usize),
            _ => return false,
        },
        _ => return false,
    };
    let (Some(better), Some(worse)) = (content.answers.get(better), content.answers.get(worse)) else { return false };
    // A model cannot learn from two answers that are the same.
    if better.trim() == worse.trim() {
        return false;
    }
    answered(sample, better);
    sample.label = None;
    sample.spans = Vec::new();
    sample.rejected = Some(worse.clone());
    true
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::sample::Span;

    fn publish(becomes: Becomes) -> Publish {
        Publish {
            questions: BTreeMap::from([("q".to_owned(), becomes)]),
            min_confidence: 0.0,
            only_judged: false,
            with_slices: true,
        }
    }

    fn apply(becomes: Becomes, content: &ItemContent, answer: Answer) -> Option<Sample> {
        let messages = vec![Message::new(Speaker::User, "Mark: 王小明😀"), Message::new(Speaker::Assistant, "old")];
        let sample = Sample { messages, label: Some("old".to_owned()), ..Sample::default() };
        publish(becomes).apply(&sample, content, &BTreeMap::from([("q".to_owned(), answer)]))
    }

    #[test]
    fn an_answer_becomes_what_it_is_said_to() {
        let content = ItemContent {
            answers: vec!["good".to_owned(), "bad".to_owned()],
            span_text: "王小明😀".to_owned(),
            ..ItemContent::default()
        };
        let labelled = apply(Becomes::Label, &content, Answer::Choice { value: "new".to_owned() }).unwrap();
        assert_eq!((labelled.label.as_deref(), labelled.answer()), (Some("new"), Some("new")));
        let sliced = apply(Becomes::Slice, &content, Answer::Rating { value: 4 }).unwrap();
        assert_eq!((sliced.slices["q"].as_str(), sliced.answer()), ("4", Some("old")));
        let pair = apply(Becomes::Pair, &content, Answer::Preference { value: Better::Second }).unwrap();
        assert_eq!((pair.answer(), pair.rejected.as_deref()), (Some("bad"), Some("good")));
        assert_eq!(apply(Becomes::Pair, &content, Answer::Preference { value: Better::Tie }), None);
        let spans =
            vec![Span { start: 3, end: 4, label: "E".to_owned() }, Span { start: 0, end: 3, label: "P".to_owned() }];
        let marked = apply(Becomes::Spans, &content, Answer::Spans { spans, relations: Vec::new() }).unwrap();
        assert_eq!(marked.answer(), Some(r#"[{"label":"P","text":"王小明"},{"label":"E","text":"😀"}]"#));
        assert_eq!(marked.spans[0].start, 0);
    }

    #[test]
    fn what_cannot_be_published_is_refused() {
        let design: Design = serde_json::from_str(
            r#"{"questions": [{"name": "q", "title": "Q", "kind": "text"}, {"name": "r", "title": "R", "kind": "rating", "min": 1, "max": 5}]}"#,
        )
        .unwrap();
        assert_eq!(publish(Becomes::Answer).check(&design), Ok(()));
        assert_eq!(publish(Becomes::Spans).check(&design), Err(PublishProblem::Kind { question: "q".to_owned() }));
        let mut two = publish(Becomes::Answer);
        two.questions.insert("r".to_owned(), Becomes::Label);
        assert_eq!(two.check(&design), Err(PublishProblem::Twice));
        two.questions.insert("r".to_owned(), Becomes::Slice);
        assert_eq!(two.check(&design), Ok(()));
        let sure = BTreeMap::from([("q".to_owned(), 0.9), ("r".to_owned(), 0.6), ("other".to_owned(), 0.1)]);
        assert_eq!(two.confidence(&sure), Some(0.6));
    }
}
