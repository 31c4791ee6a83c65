//! Evaluation of one model on one split: predictions, their scores, and the metrics over them.

mod classification;
mod generation;
mod label_search;
mod preference;

pub use preference::{PREFERENCE_ACCURACY, PREFERENCE_MARGIN, PREFERS_CHOSEN};

use crate::infer::batch::Likelihood;
use crate::infer::{Chat, InferError};
use domain::eval::{EvalMetrics, Prediction, Task};
use domain::sample::Sample;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Score key: mean −log p of the reference answer's tokens, in nats.
pub const NEGATIVE_LOG_LIKELIHOOD: &str = "negative_log_likelihood";
/// Score key: probability of the predicted label among all labels.
pub const LABEL_PROBABILITY: &str = "label_probability";
/// Score key: tokens cut off at the beginning of a prompt that is too long for the model.
pub const CUT_TOKENS: &str = "cut_tokens";

/// Score key: time that the answer was worked on, together with the others of its batch.
pub const LATENCY_MS: &str = "latency_ms";
/// Score key: tokens of the written answer.
pub const ANSWER_TOKENS: &str = "answer_tokens";

/// What an evaluation may know besides the samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalOptions {
    /// Labels of the training data: with those of the samples, the closed set to choose from.
    pub labels: BTreeSet<String>,
    /// Longest generated answer in tokens.
    pub max_new_tokens: usize,
    /// Prompts generated for at once.
    pub batch: usize,
    /// Whether each prediction tells how long it took. Then two evaluations of the same are not alike.
    pub timed: bool,
}

impl Default for EvalOptions {
    fn default() -> Self {
        Self { labels: BTreeSet::new(), max_new_tokens: 256, batch: 8, timed: false }
    }
}

/// Why an evaluation has no result.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    #[error("cannot evaluate on no samples")]
    NoSamples,
    #[error("the evaluation was stopped")]
    Stopped,
    #[error("cannot evaluate sample {index}: {source}")]
    Sample { index: usize, source: InferError },
    #[error("cannot evaluate: {0}")]
    Infer(#[from] InferError),
}

/// Called with the number of samples done; breaking stops the evaluation.
pub type OnProgress<'a> = dyn FnMut(usize) -> ControlFlow<()> + 'a;

/// The task that samples pose: classification when every one has a label.
#[must_use]
pub fn task(samples: &[Sample]) -> Task {
    if samples.iter().all(|s| s.label.is_some()) { Task::Classification } else { Task::Generation }
}

/// Evaluates a model on samples. Predictions are in the order of the samples.
pub fn evaluate(
    chat: Chat<'_>,
    samples: &[Sample],
    options: &EvalOptions,
    on_progress: &mut OnProgress<'_>,
) -> Result<(EvalMetrics, Vec<Prediction>), EvalError> {
    if samples.is_empty() {
        return Err(EvalError::NoSamples);
    }
    let (mut metrics, mut predictions) = match task(samples) {
        Task::Classification => classification::evaluate(chat, samples, options, on_progress)?,
        Task::Generation => generation::evaluate(chat, samples, options, on_progress)?,
    };
    preference::add(chat, samples, options, (&mut metrics, &mut predictions), on_progress)?;
    Ok((metrics, predictions))
}

/// exp of the mean −log p per token; 1 when there are no tokens. Always finite, since JSON knows no
/// infinity.
fn perplexity(likelihoods: &[Likelihood]) -> f64 {
    let total = Likelihood {
        negative_log: likelihoods.iter().map(|l| l.negative_log).sum(),
        tokens: likelihoods.iter().map(|l| l.tokens).sum(),
    };
    total.per_token().exp().min(f64::MAX)
}

/// Reports progress, or says that the evaluation is to stop.
fn report(on_progress: &mut OnProgress<'_>, done: usize) -> Result<(), EvalError> {
    match on_progress(done) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(EvalError::Stopped),
    }
}
