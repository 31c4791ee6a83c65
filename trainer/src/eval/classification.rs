//! Classification by likelihood: the predicted label is the one the model would most likely write
//! as its whole answer. No output can then fall outside the label set.
//!
//! score(label) = Σ log p(token | prompt, tokens before), the end of the turn included, so that no
//! label wins by being the beginning of another. The softmax over labels is the probability.

use super::{CUT_TOKENS, EvalError, LABEL_PROBABILITY, NEGATIVE_LOG_LIKELIHOOD, OnProgress, perplexity, report};
use crate::infer::batch::{Likelihood, Prompted};
use crate::infer::{Chat, InferError};
use domain::eval::{EvalMetrics, Prediction, Task};
use domain::metrics::classification::ClassificationReport;
use domain::sample::Sample;
use std::collections::{BTreeMap, BTreeSet};

/// Tokens of labels scored at once, which bounds the memory of copied caches.
const TOKENS_AT_ONCE: usize = 4096;

pub(super) fn evaluate(
    chat: Chat<'_>,
    samples: &[Sample],
    training_labels: &BTreeSet<String>,
    on_progress: &mut OnProgress<'_>,
) -> Result<(EvalMetrics, Vec<Prediction>), EvalError> {
    let own = samples.iter().filter_map(|s| s.label.clone());
    let labels: Vec<String> = training_labels.iter().cloned().chain(own).collect::<BTreeSet<_>>().into_iter().collect();
    let mut predictions = Vec::with_capacity(samples.len());
    let mut references = Vec::with_capacity(samples.len());
    for (index, sample) in samples.iter().enumerate() {
        report(on_progress, index)?;
        let (scores, cut) =
            score_labels(chat, sample, &labels).map_err(|source| EvalError::Sample { index, source })?;
        let (prediction, reference) = choose(index, sample, &labels, &scores, cut);
        predictions.push(prediction);
        references.push(reference);
    }
    report(on_progress, samples.len())?;
    let pairs: Vec<_> = predictions.iter().map(|p| (p.expected.clone(), p.output.clone())).collect();
    let scored = ClassificationReport::new(&pairs);
    let values =
        [("accuracy", scored.accuracy), ("macro_f1", scored.macro_f1), ("perplexity", perplexity(&references))];
    let metrics = EvalMetrics {
        task: Task::Classification,
        samples: samples.len() as u32,
        values: values.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        classes: scored.classes,
        confusion: Some(scored.confusion),
    };
    Ok((metrics, predictions))
}

/// The likelihood of every label as the answer, and the prompt tokens that had to be cut.
fn score_labels(chat: Chat<'_>, sample: &Sample, labels: &[String]) -> Result<(Vec<Likelihood>, usize), InferError> {
    let messages = sample.prompt();
    let longest_label = labels.iter().map(String::len).max().unwrap_or(0) + 8;
    let prompt = chat.prompt(messages, longest_label)?;
    let answers =
        labels.iter().map(|label| chat.answer_ids(messages, &prompt, label)).collect::<Result<Vec<_>, _>>()?;
    let longest = answers.iter().map(Vec::len).max().unwrap_or(0);
    let read = Prompted::read(chat, &[&prompt], 0)?;
    let at_once = (TOKENS_AT_ONCE / (prompt.ids.len() + longest)).max(1);
    let mut scores = Vec::with_capacity(labels.len());
    for chunk in answers.chunks(at_once) {
        let continuations: Vec<&[u32]> = chunk.iter().map(Vec::as_slice).collect();
        scores.extend(read.repeat(chunk.len(), longest)?.likelihoods(&continuations)?);
    }
    Ok((scores, prompt.cut_tokens))
}

/// The likeliest label as a prediction, and the likelihood of the right one.
fn choose(
    index: usize,
    sample: &Sample,
    labels: &[String],
    scores: &[Likelihood],
    cut: usize,
) -> (Prediction, Likelihood) {
    let expected = sample.label.clone().unwrap_or_default();
    let reference = labels.iter().position(|l| *l == expected).map(|i| scores[i]).unwrap_or_default();
    let best =
        scores.iter().enumerate().min_by(|a, b| a.1.negative_log.total_cmp(&b.1.negative_log)).map_or(0, |(i, _)| i);
    let total: f64 = scores.iter().map(|s| (scores[best].negative_log - s.negative_log).exp()).sum();
    let mut named = BTreeMap::from([
        (LABEL_PROBABILITY.to_owned(), 1.0 / total),
        (NEGATIVE_LOG_LIKELIHOOD.to_owned(), reference.negative_log / reference.tokens.max(1) as f64),
    ]);
    if cut > 0 {
        named.insert(CUT_TOKENS.to_owned(), cut as f64);
    }
    let output = labels[best].clone();
    (Prediction { index: index as u32, correct: output == expected, output, expected, scores: named }, reference)
}
