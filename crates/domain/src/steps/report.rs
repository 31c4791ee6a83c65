//! What a data recipe did: why each sample was changed or removed, counts and examples by step.

use super::kinds::{AugmentMethod, Garble, PersonalKind};
use crate::sample::{Sample, Split};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a step touched a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// The text was rewritten by the step's rule.
    Rewritten,
    TooShort {
        length: u64,
    },
    TooLong {
        length: u64,
    },
    OtherLanguage {
        language: String,
    },
    /// Share of characters in repeated sequences.
    Repeats {
        share: f64,
    },
    RepeatedLines {
        share: f64,
    },
    /// Findings of each kind, in all texts of the sample.
    PersonalData {
        found: BTreeMap<PersonalKind, u32>,
    },
    /// Was read in the wrong encoding.
    Repaired {
        garble: Garble,
    },
    /// Characters of it are lost for good.
    LostCharacters,
    EmptyTurn,
    NoAnswer,
    NoPrompt,
    WrongOrder,
    Truncated,
    /// A copy of the sample at this position, which stays.
    Duplicate {
        of: u32,
    },
    /// Says almost the same as the sample at this position, which stays.
    NearDuplicate {
        of: u32,
        /// Jaccard index of their pieces; below the threshold where others lie between.
        similarity: f64,
    },
    /// Copies of this text have other labels.
    LabelConflict {
        labels: Vec<String>,
    },
    /// The model finds it less likely than others, or than the bound.
    Unlikely {
        perplexity: f64,
    },
    /// The model finds it more likely than others, or than the bound.
    Expected {
        perplexity: f64,
    },
    /// Far from its nearest neighbours.
    Outlier {
        /// 1 − cosine of embeddings, mean of the nearest.
        distance: f64,
    },
    /// Another label is more probable than its own.
    LabelDoubt {
        /// The more probable one.
        label: String,
        /// Of its own label.
        probability: f64,
    },
    /// One too many of its label.
    Frequent {
        label: String,
    },
    /// Repeated because its label is rare.
    Rare {
        label: String,
    },
    /// A changed copy of a training sample.
    Augmented {
        method: AugmentMethod,
    },
}

impl Reason {
    /// What was found and how often, by the word for it, where a step looks for several things.
    #[must_use]
    pub fn findings(&self) -> Vec<(String, u64)> {
        match self {
            Self::PersonalData { found } => {
                found.iter().map(|(kind, n)| (kind.as_str().to_owned(), u64::from(*n))).collect()
            }
            Self::Repaired { garble } => vec![(garble.as_str().to_owned(), 1)],
            Self::LostCharacters => vec![("lost".to_owned(), 1)],
            Self::Augmented { method } => vec![(method.as_str().to_owned(), 1)],
            _ => Vec::new(),
        }
    }
}

/// What one step did to one sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Number of the step, from 1.
    pub step: u16,
    pub reason: Reason,
}

/// A sample before and after a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Example {
    pub position: u32,
    pub split: Split,
    pub reason: Reason,
    pub before: Sample,
    /// `None` when it was removed.
    pub after: Option<Sample>,
}

/// Why one of several copies stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The others are in splits that give way to its own.
    Split,
    /// It comes first of those in its split.
    First,
    /// It comes last of those in its split.
    Last,
    /// It has the longest answer of those in its split.
    Longest,
}

/// Samples that are copies of each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cluster {
    /// Position of the one that stays.
    pub kept: u32,
    /// Why that one; unknown in reports of earlier versions of this program.
    #[serde(default)]
    pub because: Option<Because>,
    /// Positions of the others, at most 20.
    pub others: Vec<u32>,
    /// How many there are, the kept one included.
    pub size: u32,
    /// Its prompt, shortened.
    pub text: String,
}

/// What one step did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepReport {
    pub kind: String,
    /// Samples that came to it.
    pub seen: u64,
    pub changed: u64,
    pub removed: u64,
    /// Copies that it made.
    pub added: u64,
    /// What it found in all samples, by the word for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub found: BTreeMap<String, u64>,
    /// The first few that it touched.
    pub examples: Vec<Example>,
    /// The largest groups of copies.
    #[serde(default)]
    pub clusters: Vec<Cluster>,
}

/// What a data recipe did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepsReport {
    /// Samples before and after.
    pub before: u64,
    pub after: u64,
    /// Samples whose content is another one.
    pub changed: u64,
    pub removed: u64,
    pub steps: Vec<StepReport>,
    /// The model whose scores were used, where a step needs scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored_by: Option<String>,
}

impl StepsReport {
    /// The counts alone.
    #[must_use]
    pub fn counts(&self) -> Self {
        let bare = |s: &StepReport| StepReport { examples: Vec::new(), clusters: Vec::new(), ..s.clone() };
        Self { steps: self.steps.iter().map(bare).collect(), ..self.clone() }
    }
}
