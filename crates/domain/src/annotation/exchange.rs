//! Judgements as other tools write and read them. [`label_studio`] is Label Studio's JSON, [`conll`] the columns of CoNLL-2003,
//! [`table`] CSV, [`Raw`] our own lines.

pub mod conll;
pub mod label_studio;
pub mod table;
#[cfg(test)]
mod tests;

use super::{Origin, answer::Answer, answer::Judgement, view::ConsensusMethod};
use crate::id::{ItemId, SampleId, TaskId, UploadId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;

super::words! {
    /// What a file holds and how.
    ExportKind {
        /// Every judgement, a line of JSON each.
        Judgements = "judgements",
        /// What the judgements of each item come to, a line of JSON each.
        Consensus = "consensus",
        /// The same as a table, a column a question.
        Csv = "csv",
        /// All judgements by item, for Label Studio.
        LabelStudio = "label_studio",
        /// Tokens with the tag of the span that they are in: the consensus of the first question that asks for spans.
        Conll = "conll",
    }
}

super::words! {
    /// How a file of judgements is written.
    ImportKind {
        /// Lines of JSON as [`Raw`].
        Judgements = "judgements",
        /// A table with a column a question.
        Csv = "csv",
        LabelStudio = "label_studio",
        /// Tokens with the tag of the span that they are in, as [`conll::read()`] reads them: answers to the first question that asks
        /// for spans.
        Conll = "conll",
    }
}

/// The payload of the job that reads judgements from an uploaded file: which file, for which task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportJudgements {
    pub task_id: TaskId,
    pub upload_id: UploadId,
    pub kind: ImportKind,
}

/// A judgement as a line of a file. To read one back `item_id` (or `sample_id`), `answers` and perhaps `by` are enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Raw {
    #[serde(default)]
    pub item_id: Option<ItemId>,
    #[serde(default)]
    pub sample_id: Option<SampleId>,
    /// Place in the task's order.
    #[serde(default)]
    pub rank: u32,
    /// The annotator's name.
    #[serde(default)]
    pub by: String,
    #[serde(default)]
    pub origin: Option<Origin>,
    #[serde(flatten)]
    pub judgement: Judgement,
    /// Milliseconds that the item was in view.
    #[serde(default)]
    pub duration_ms: Option<u32>,
    #[serde(default)]
    pub guideline_revision: i32,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
}

/// What the judgements of an item come to, as a line of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agreed {
    pub item_id: ItemId,
    pub sample_id: SampleId,
    pub rank: u32,
    pub status: super::ItemStatus,
    pub answers: BTreeMap<String, Answer>,
    /// By the question's name, 0 to 1.
    pub confidence: BTreeMap<String, f64>,
    pub method: ConsensusMethod,
    /// Current judgements of the item.
    pub judgements: u32,
}

/// An answer as one cell of a table.
#[must_use]
pub fn cell(answer: &Answer) -> String {
    use super::answer::Better;
    match answer {
        Answer::Choice { value } | Answer::Tree { value } => value.clone(),
        Answer::Choices { values } => values.iter().cloned().collect::<Vec<_>>().join("|"),
        Answer::Spans { spans, .. } => {
            spans.iter().map(|s| format!("{}-{}:{}", s.start, s.end, s.label)).collect::<Vec<_>>().join("|")
        }
        Answer::Text { text } => text.clone(),
        Answer::Rating { value } => value.to_string(),
        Answer::Preference { value } => match value {
            Better::First => "first",
            Better::Second => "second",
            Better::Tie => "tie",
        }
        .to_owned(),
        Answer::Ranking { order } => order.iter().map(u32::to_string).collect::<Vec<_>>().join(">"),
        Answer::Turns { values } => {
            values.iter().map(|(turn, value)| format!("{turn}:{value}")).collect::<Vec<_>>().join("|")
        }
    }
}

/// A judgement read from a file, and what it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Whichever of these the file names: the item, its sample, or its text.
    pub item_id: Option<ItemId>,
    pub sample_id: Option<SampleId>,
    pub text: Option<String>,
    pub by: String,
    pub judgement: Judgement,
    pub duration_ms: Option<u32>,
}

impl From<Raw> for Read {
    fn from(raw: Raw) -> Self {
        Self {
            item_id: raw.item_id,
            sample_id: raw.sample_id,
            text: None,
            by: raw.by,
            judgement: raw.judgement,
            duration_ms: raw.duration_ms,
        }
    }
}

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Imported {
    pub taken: u64,
    /// Judgements that were here already.
    pub again: u64,
    /// Judgements of no item of the task.
    pub unknown: u64,
    /// Judgements that do not answer what is asked.
    pub refused: u64,
    /// Why the first of those were refused.
    pub examples: Vec<Refused>,
}

/// A judgement of a file that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refused {
    /// Its place in the file, from 1: the line, or which of all judgements it is.
    pub at: u64,
    /// In English; what a reader of JSON or the check of answers says.
    pub problem: String,
}
