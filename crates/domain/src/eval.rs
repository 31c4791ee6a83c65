//! What an evaluation of one model on one split yields.

pub mod view;

use crate::measure::TextLikelihood;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which model was evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The base model as it came.
    Base,
    /// The base model with the run's adapter.
    Tuned,
}

impl Subject {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Tuned => "tuned",
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = UnknownSubject;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "base" => Ok(Self::Base),
            "tuned" => Ok(Self::Tuned),
            _ => Err(UnknownSubject(s.to_owned())),
        }
    }
}

/// A word that names no subject.
#[derive(Debug, thiserror::Error)]
#[error("unknown subject {0:?}: expected base or tuned")]
pub struct UnknownSubject(pub String);

/// What kind of task the data poses; it decides which metrics apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Every test sample has a label: the likeliest label of the closed set is the prediction.
    Classification,
    /// Free text: the model writes, greedily.
    Generation,
    /// Every test sample has choices: the one that the model most likely writes is the prediction.
    #[serde(rename = "multiple_choice")]
    MultipleChoice,
}

/// Score key: mean −log p of the reference answer's tokens, in nats.
pub const NEGATIVE_LOG_LIKELIHOOD: &str = "negative_log_likelihood";
/// Score key: those tokens, the end of the turn among them.
pub const REFERENCE_TOKENS: &str = "reference_tokens";
/// Score key: bytes of UTF-8 that those tokens stand for.
pub const REFERENCE_BYTES: &str = "reference_bytes";

/// How likely the reference answer is to the model, by the scores of a prediction; `None` where they do not tell, as those of
/// an endpoint.
#[must_use]
pub fn reference_likelihood(score: impl Fn(&str) -> Option<f64>) -> Option<TextLikelihood> {
    let (per_token, tokens) = (score(NEGATIVE_LOG_LIKELIHOOD)?, score(REFERENCE_TOKENS)?);
    let bytes = score(REFERENCE_BYTES)?;
    Some(TextLikelihood { log_likelihood: -per_token * tokens, tokens: tokens as u64, bytes: bytes as u64 })
}

/// Score key: the place of the right choice, from 1.
pub const RIGHT_CHOICE: &str = "right_choice";

/// Score key: log p, in nats, of the choice at this place, from 1, as the answer.
#[must_use]
pub fn choice_key(place: usize) -> String {
    format!("choice_{place}")
}

/// One model's answer to one test sample. One JSON line each in the predictions file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Prediction {
    /// Position of the sample in the test file (0-based).
    pub index: u32,
    pub output: String,
    pub expected: String,
    /// Label right, or text exactly the reference after trimming.
    pub correct: bool,
    /// Per-sample scores, for example `rouge_l`, `bleu`, `negative_log_likelihood` (nats per
    /// answer token), `label_probability`.
    pub scores: BTreeMap<String, f64>,
}

/// Precision, recall and F1 of one label, in [0, 1].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClassMetrics {
    pub label: String,
    pub support: u32,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

/// How often label `labels[i]` was predicted as `labels[j]`: `counts[i][j]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfusionMatrix {
    pub labels: Vec<String>,
    pub counts: Vec<Vec<u32>>,
}

/// Everything measured on one split. `values` holds the headline numbers by name:
/// `accuracy`, `macro_f1` (classification); `accuracy`, `accuracy_norm`, `accuracy_bytes` (multiple choice); `exact_match`, `bleu`, `rouge_l` (generation), all in
/// [0, 1]; `perplexity` (both); `preference_accuracy` in [0, 1] where samples are pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvalMetrics {
    pub task: Task,
    pub samples: u32,
    pub values: BTreeMap<String, f64>,
    #[serde(default)]
    pub classes: Vec<ClassMetrics>,
    #[serde(default)]
    pub confusion: Option<ConfusionMatrix>,
}

impl EvalMetrics {
    /// The one number to sort runs by: accuracy, or ROUGE-L for free text.
    #[must_use]
    pub fn headline(&self) -> (&'static str, f64) {
        let key = match self.task {
            Task::Classification | Task::MultipleChoice => "accuracy",
            Task::Generation => "rouge_l",
        };
        (key, self.values.get(key).copied().unwrap_or(0.0))
    }
}

/// Whether a larger value of this metric is better.
#[must_use]
pub fn larger_is_better(metric: &str) -> bool {
    !matches!(
        metric,
        "perplexity"
            | "train_loss"
            | "validation_loss"
            | "negative_log_likelihood"
            | "bits_per_byte"
            | "log_loss"
            | "brier"
            | "ece"
            | "edit_distance"
            | "cer"
            | "wer"
            | "repetition_4"
            | "first_token_ms"
            | "first_token_ms_p50"
            | "first_token_ms_p95"
            | "latency_ms_p50"
            | "latency_ms_p95"
            | "latency_ms"
            | "latency_p95_ms"
            | "peak_memory_mib"
            | "cost_per_1000"
    )
}
