//! What the samples of a run are in tokens: which of them are read, learnt and cut away, with examples. Part of the
//! report of a preflight.

use crate::{dataset::TokenStats, sample::Split};
use serde::{Deserialize, Serialize};

/// The tokens and loss masks of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SplitAudit {
    pub split: Split,
    pub samples: u32,
    /// Samples with something to learn in them, of a pair in both answers; the others are left out.
    pub used: u32,
    /// Of the used samples, as they are after cutting; of a pair those of both answers, each with the prompt.
    pub tokens: u64,
    /// Those of `tokens` whose prediction counts.
    pub learnt_tokens: u64,
    /// Longest length that is not cut.
    pub max_length: u32,
    /// Of all samples, before cutting; of a pair one with each answer.
    pub lengths: TokenStats,
    /// What was found, most important first; without what no sample has.
    pub findings: Vec<AuditFinding>,
    /// A few samples in which nothing was found: what the model is taught as a rule.
    pub ordinary: Vec<AuditExample>,
}

impl SplitAudit {
    /// Share of the tokens that carry loss, in [0, 1].
    #[must_use]
    pub fn learnt_share(&self) -> f64 {
        self.learnt_tokens as f64 / self.tokens.max(1) as f64
    }
}

/// Samples that have something in common which the run's owner should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditFinding {
    pub kind: FindingKind,
    pub samples: u32,
    /// The first few.
    pub examples: Vec<AuditExample>,
}

/// What a sample may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Nothing of the answer remains after cutting: the sample is left out.
    LeftOut,
    /// No token carries loss, cut or not: the sample is left out.
    NothingToLearn,
    /// Part of the answer is cut away.
    AnswerCut,
    /// The tokens that end an answer are all cut away: the sample teaches no stopping.
    EndCut,
    /// The model names no token that ends an answer.
    EndMissing,
    /// The chat template ends an answer with no such token, so one is appended.
    EndAdded,
}

impl FindingKind {
    pub const ALL: [Self; 6] =
        [Self::LeftOut, Self::NothingToLearn, Self::AnswerCut, Self::EndCut, Self::EndMissing, Self::EndAdded];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeftOut => "left_out",
            Self::NothingToLearn => "nothing_to_learn",
            Self::AnswerCut => "answer_cut",
            Self::EndCut => "end_cut",
            Self::EndMissing => "end_missing",
            Self::EndAdded => "end_added",
        }
    }

    /// Whether it is worth a warning; an appended token is as it should be.
    #[must_use]
    pub fn warns(self) -> bool {
        self != Self::EndAdded
    }
}

/// A sample as the model sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditExample {
    /// Place in the split, from 0.
    pub place: u32,
    /// Whether it is the rejected answer of a pair that is shown.
    #[serde(default)]
    pub is_rejected: bool,
    /// Before cutting.
    pub tokens: u32,
    /// Tokens that carry loss, after cutting.
    pub learnt_tokens: u32,
    /// The text in order; long parts without their middle.
    pub pieces: Vec<AuditPiece>,
    /// Pieces between the first and the last that are not shown.
    pub hidden_pieces: u32,
}

/// Neighbouring tokens of one use, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPiece {
    pub text: String,
    pub usage: TokenUse,
}

/// What becomes of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenUse {
    /// The model reads it, and its prediction does not count.
    Read,
    /// The model learns to write it: it carries loss.
    Learnt,
    /// It lies beyond the longest length.
    CutAway,
}
