//! Leakage: test or validation samples that training has (almost) seen, so that a score says less than it seems to.

use crate::{
    id::{DatasetId, SampleId, VersionId},
    sample::Split,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What counts as a leak.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct LeakCheck {
    /// Length of the word sequences that are looked for, 3–50: 13 after GPT-3 (Brown et al. 2020, appendix C). A Han
    /// character counts as a word.
    pub ngram: u32,
    /// Share of a held-out sample's sequences that one training sample has, from which on it is overlapping, 0.1–1.
    pub overlap: f64,
    /// Jaccard similarity of the texts' pieces from which on they are near duplicates, 0.3–1.
    pub similarity: f64,
}

impl Default for LeakCheck {
    fn default() -> Self {
        Self { ngram: 13, overlap: 0.5, similarity: 0.8 }
    }
}

/// A setting out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeakCheckError {
    #[error("ngram: choose a whole number from 3 to 50")]
    Ngram,
    #[error("overlap: choose a number from 0.1 to 1")]
    Overlap,
    #[error("similarity: choose a number from 0.3 to 1")]
    Similarity,
}

impl LeakCheck {
    pub fn check(&self) -> Result<(), LeakCheckError> {
        if !(3..=50).contains(&self.ngram) {
            Err(LeakCheckError::Ngram)
        } else if !(0.1..=1.0).contains(&self.overlap) {
            Err(LeakCheckError::Overlap)
        } else if !(0.3..=1.0).contains(&self.similarity) {
            Err(LeakCheckError::Similarity)
        } else {
            Ok(())
        }
    }
}

/// How a held-out sample was found in training, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LeakKind {
    /// The same prompt and answer, but for case, spacing and punctuation.
    Exact,
    /// The same prompt, with another answer.
    SamePrompt,
    /// Prompts that are near duplicates.
    NearDuplicate,
    /// Long passages in common.
    Overlap,
}

impl LeakKind {
    pub const ALL: [Self; 4] = [Self::Exact, Self::SamePrompt, Self::NearDuplicate, Self::Overlap];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::SamePrompt => "same_prompt",
            Self::NearDuplicate => "near_duplicate",
            Self::Overlap => "overlap",
        }
    }

    /// Whether it keeps a run from being launched. A prompt alone may well be seen again: in classification of short
    /// texts, or where a question has several right answers; it is shown, and does not block.
    #[must_use]
    pub fn blocks(self) -> bool {
        !matches!(self, Self::SamePrompt)
    }
}

/// A held-out sample and the training sample that gives it away most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeakPair {
    pub kind: LeakKind,
    pub split: Split,
    /// Similarity, or share of common sequences, 0–1.
    pub score: f64,
    pub held_out: SampleId,
    pub held_out_position: u32,
    pub train: SampleId,
    pub train_position: u32,
    /// Prompts, shortened. That of a test sample is empty, since the test split is sealed.
    pub held_out_text: String,
    pub train_text: String,
}

/// What was found in one version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeakReport {
    pub check: LeakCheck,
    /// Held-out samples that were looked for.
    pub validation: u64,
    pub test: u64,
    /// Of those, how many were found, by split and kind; each sample counts once, for its gravest kind.
    pub found: Vec<(Split, LeakKind, u64)>,
    /// The gravest pairs, at most [`LeakReport::SHOWN`].
    pub pairs: Vec<LeakPair>,
    /// All held-out samples that leak in a way that blocks, so that scores can be given without them.
    pub contaminated: Vec<SampleId>,
    /// All training samples that give one of them away: without these, nothing leaks.
    pub leaking: Vec<SampleId>,
}

impl LeakReport {
    /// Pairs that are kept for showing.
    pub const SHOWN: usize = 200;

    /// Held-out samples found in a way that blocks a launch.
    #[must_use]
    pub fn blocking(&self) -> u64 {
        self.found.iter().filter(|(_, kind, _)| kind.blocks()).map(|(.., n)| n).sum()
    }

    /// How many of a split were found in this way.
    #[must_use]
    pub fn count(&self, split: Split, kind: LeakKind) -> u64 {
        self.found.iter().filter(|(s, k, _)| (*s, *k) == (split, kind)).map(|(.., n)| n).sum()
    }
}

/// Benchmarks of a launch at most, beside the project's own.
pub const MAX_BENCHMARKS: usize = 20;

/// A version that training must not have seen, whatever its split, because models are measured with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Benchmark {
    pub version_id: VersionId,
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    pub number: u32,
}

impl std::fmt::Display for Benchmark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} v{}", self.dataset_name, self.number)
    }
}

/// What of a benchmark the training split of a version has seen. All its samples count as held out, and as tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BenchmarkReport {
    pub benchmark: Benchmark,
    pub leaks: LeakReport,
}

/// An owner's signature under a launch in spite of leaks. It stays on the run's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Override {
    pub by: String,
    pub reason: String,
    /// Contaminated samples at that time.
    pub samples: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_ranges() {
        assert_eq!(LeakCheck::default().check(), Ok(()));
        assert_eq!(LeakCheck { ngram: 2, ..LeakCheck::default() }.check(), Err(LeakCheckError::Ngram));
        assert_eq!(LeakCheck { overlap: 0.0, ..LeakCheck::default() }.check(), Err(LeakCheckError::Overlap));
        assert_eq!(LeakCheck { similarity: f64::NAN, ..LeakCheck::default() }.check(), Err(LeakCheckError::Similarity));
    }

    #[test]
    fn a_shared_prompt_is_shown_and_does_not_block() {
        let found = vec![(Split::Test, LeakKind::SamePrompt, 3), (Split::Test, LeakKind::Exact, 1)];
        let report = LeakReport { found, ..LeakReport::default() };
        assert_eq!((report.blocking(), report.count(Split::Test, LeakKind::SamePrompt)), (1, 3));
    }
}
