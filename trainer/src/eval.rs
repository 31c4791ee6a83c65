//! Evaluation of one model on one split: predictions, their scores, and the metrics over them.

mod choices;
mod classification;
mod filter;
mod generation;
mod label_search;
mod preference;

pub use domain::eval::{NEGATIVE_LOG_LIKELIHOOD, REFERENCE_BYTES, REFERENCE_TOKENS};

pub use choices::{CHOICE_PROBABILITY, CORRECT_BYTES, CORRECT_NORM};
pub use filter::{Filter, FilterError};
pub use preference::{PREFERENCE_ACCURACY, PREFERENCE_MARGIN, PREFERS_CHOSEN};

use crate::infer::batch::Likelihood;
use crate::infer::{Chat, InferError, Prompt};
use domain::eval::{EvalMetrics, Prediction, Task};
use domain::sample::{Message, Sample};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Score key: probability of the predicted label among all labels.
pub const LABEL_PROBABILITY: &str = "label_probability";
/// Score key: tokens cut off at the beginning of a prompt that is too long for the model.
pub const CUT_TOKENS: &str = "cut_tokens";

/// Score key: time that the answer was worked on, together with the others of its batch.
pub const LATENCY_MS: &str = "latency_ms";
/// Score key: time from the prompt to the first token of the answer, in the same way.
pub const FIRST_TOKEN_MS: &str = "first_token_ms";
/// Score key: tokens of the written answer, without the one that ends the turn.
pub const ANSWER_TOKENS: &str = "answer_tokens";

/// What an evaluation may know besides the samples.
#[derive(Clone, Debug)]
pub struct EvalOptions {
    /// Labels of the training data: with those of the samples, the closed set to choose from.
    pub labels: BTreeSet<String>,
    /// Longest generated answer in tokens.
    pub max_new_tokens: usize,
    /// Prompts generated for at once.
    pub batch: usize,
    /// Texts that end a generated answer and do not belong to it.
    pub stop: Vec<String>,
    /// What is taken of a generated answer.
    pub filter: Option<Filter>,
    /// What stands between prompt and answer where both are plain text, without the chat template and the end of the turn,
    /// as base models are evaluated.
    pub plain: Option<String>,
    /// Whether each prediction tells how long it took, together with the others of its batch. Then two evaluations of the
    /// same are not alike.
    pub timed: bool,
}

impl Default for EvalOptions {
    fn default() -> Self {
        Self {
            labels: BTreeSet::new(),
            max_new_tokens: 256,
            batch: 8,
            stop: Vec::new(),
            filter: None,
            plain: None,
            timed: false,
        }
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

/// The task that samples pose: multiple choice when every one has a right choice, else classification when every one has a
/// label.
#[must_use]
pub fn task(samples: &[Sample]) -> Task {
    if samples.iter().all(|s| s.right_choice().is_some()) {
        Task::MultipleChoice
    } else if samples.iter().all(|s| s.label.is_some()) {
        Task::Classification
    } else {
        Task::Generation
    }
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
        Task::MultipleChoice => choices::evaluate(chat, samples, options, on_progress)?,
        Task::Generation => generation::evaluate(chat, samples, options, on_progress)?,
    };
    preference::add(chat, samples, options, (&mut metrics, &mut predictions), on_progress)?;
    Ok((metrics, predictions))
}

/// A prompt as the options have it put.
fn prompt(
    chat: Chat<'_>,
    messages: &[Message],
    options: &EvalOptions,
    answer_tokens: usize,
) -> Result<Prompt, InferError> {
    match options.plain {
        None => chat.prompt(messages, answer_tokens),
        Some(_) => {
            let texts: Vec<&str> = messages.iter().map(|m| m.content.as_str()).collect();
            chat.plain_prompt(texts.join("\n\n"), answer_tokens)
        }
    }
}

/// The tokens of an answer to it.
fn answer_ids(
    chat: Chat<'_>,
    messages: &[Message],
    prompt: &Prompt,
    options: &EvalOptions,
    answer: &str,
) -> Result<Vec<u32>, InferError> {
    match &options.plain {
        None => chat.answer_ids(messages, prompt, answer),
        Some(delimiter) => chat.continuation_ids(prompt, &format!("{delimiter}{answer}")),
    }
}

/// The first `room` of an answer's tokens, and the bytes of UTF-8 that they stand for.
fn fitted(chat: Chat<'_>, answer: &str, mut ids: Vec<u32>, room: usize) -> (Vec<u32>, usize) {
    if ids.len() <= room {
        return (ids, answer.len());
    }
    ids.truncate(room);
    let bytes = chat.tokenizer.decode(&ids).len().min(answer.len());
    (ids, bytes)
}

/// What a prediction tells of its reference: how likely it is, and of how many tokens and bytes.
fn reference_scores(likelihood: Likelihood, bytes: usize) -> [(String, f64); 3] {
    [
        (NEGATIVE_LOG_LIKELIHOOD.to_owned(), likelihood.per_token()),
        (REFERENCE_TOKENS.to_owned(), likelihood.tokens as f64),
        (REFERENCE_BYTES.to_owned(), bytes as f64),
    ]
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
