//! Classification by likelihood: the predicted label is the one the model would most likely write
//! as its whole answer. No output can then fall outside the label set, and the softmax of the
//! scores over all labels is the predicted label's probability.

use super::label_search::{LabelScore, Question, prompts_at_once, score};
use super::{
    CUT_TOKENS, EvalError, EvalOptions, LABEL_PROBABILITY, LATENCY_MS, OnProgress, perplexity, reference_scores, report,
};
use crate::infer::batch::Likelihood;
use crate::infer::{Chat, InferError};
use domain::eval::{EvalMetrics, Prediction, Task};
use domain::metrics::classification::ClassificationReport;
use domain::sample::Sample;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Samples made ready at once.
const CHUNK: usize = 16;

pub(super) fn evaluate(
    chat: Chat<'_>,
    samples: &[Sample],
    options: &EvalOptions,
    on_progress: &mut OnProgress<'_>,
) -> Result<(EvalMetrics, Vec<Prediction>), EvalError> {
    let own = samples.iter().filter_map(|s| s.label.clone());
    let labels: Vec<String> = options.labels.iter().cloned().chain(own).collect::<BTreeSet<_>>().into_iter().collect();
    let (mut predictions, mut references) = (Vec::with_capacity(samples.len()), Vec::with_capacity(samples.len()));
    for chunk in samples.chunks(CHUNK) {
        let ask = |(offset, sample)| {
            ask(chat, sample, &labels).map_err(|source| EvalError::Sample { index: predictions.len() + offset, source })
        };
        let questions = chunk.iter().enumerate().map(ask).collect::<Result<Vec<_>, _>>()?;
        let longest = questions.iter().map(|q| q.prompt.ids.len()).max().unwrap_or(0);
        for batch in questions.chunks(prompts_at_once(chat, longest)) {
            report(on_progress, predictions.len())?;
            let began = Instant::now();
            let scored = score(chat, batch)?;
            let latency_ms = began.elapsed().as_secs_f64() * 1000.0;
            for (question, scores) in batch.iter().zip(scored) {
                let index = predictions.len();
                let (mut prediction, reference) = choose(index, &samples[index], question, &labels, &scores);
                if options.timed {
                    prediction.scores.insert(LATENCY_MS.to_owned(), latency_ms);
                }
                predictions.push(prediction);
                references.push(reference);
            }
        }
    }
    report(on_progress, samples.len())?;
    Ok((metrics(&predictions, &references), predictions))
}

/// The prompt of a sample with every label as its answer.
fn ask(chat: Chat<'_>, sample: &Sample, labels: &[String]) -> Result<Question, InferError> {
    let messages = sample.prompt();
    // A token is at least one byte, but for the few that end the turn.
    let longest_label = labels.iter().map(String::len).max().unwrap_or(0) + 8;
    let prompt = chat.prompt(messages, longest_label)?;
    let answers = labels.iter().map(|l| chat.answer_ids(messages, &prompt, l)).collect::<Result<Vec<_>, _>>()?;
    let reference = sample.label.as_ref().and_then(|label| labels.binary_search(label).ok());
    let reference = reference.filter(|label| !answers[*label].is_empty());
    Ok(Question { prompt, answers, reference })
}

/// The likeliest label as a prediction, and the likelihood of the right one.
fn choose(
    index: usize,
    sample: &Sample,
    question: &Question,
    labels: &[String],
    scores: &[LabelScore],
) -> (Prediction, Likelihood) {
    let reference =
        question.reference.map(|i| Likelihood { negative_log: -scores[i].log_p, tokens: question.answers[i].len() });
    let reference = reference.unwrap_or_default();
    let best = (0..scores.len()).max_by(|a, b| scores[*a].log_p.total_cmp(&scores[*b].log_p)).unwrap_or(0);
    let total: f64 = scores.iter().map(|s| (s.log_p - scores[best].log_p).exp()).sum();
    let mut named = BTreeMap::from([(LABEL_PROBABILITY.to_owned(), 1.0 / total)]);
    named.extend(reference_scores(reference, question.reference.map_or(0, |i| labels[i].len())));
    if question.prompt.cut_tokens > 0 {
        named.insert(CUT_TOKENS.to_owned(), question.prompt.cut_tokens as f64);
    }
    let output = labels[best].clone();
    let expected = sample.label.clone().unwrap_or_default();
    (Prediction { index: index as u32, correct: output == expected, output, expected, scores: named }, reference)
}

fn metrics(predictions: &[Prediction], references: &[Likelihood]) -> EvalMetrics {
    let pairs: Vec<_> = predictions.iter().map(|p| (p.expected.clone(), p.output.clone())).collect();
    let scored = ClassificationReport::new(&pairs);
    let values = [("accuracy", scored.accuracy), ("macro_f1", scored.macro_f1), ("perplexity", perplexity(references))];
    EvalMetrics {
        task: Task::Classification,
        samples: predictions.len() as u32,
        values: values.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        classes: scored.classes,
        confusion: Some(scored.confusion),
    }
}
