//! Evaluation of free text: the model answers greedily, its text is held against the reference.

use super::{
    ANSWER_TOKENS, CUT_TOKENS, EvalError, EvalOptions, LATENCY_MS, NEGATIVE_LOG_LIKELIHOOD, OnProgress, perplexity,
    report,
};
use crate::infer::batch::{Likelihood, Prompted};
use crate::infer::{Chat, InferError, Prompt};
use domain::eval::{EvalMetrics, Prediction, Task};
use domain::metrics::text::{corpus_bleu, exact_match, rouge_l, sentence_bleu};
use domain::sample::Sample;
use std::collections::BTreeMap;
use std::time::Instant;

/// A sample made ready: its prompt and the tokens of its reference answer.
struct Ready {
    index: usize,
    prompt: Prompt,
    reference: Vec<u32>,
}

pub(super) fn evaluate(
    chat: Chat<'_>,
    samples: &[Sample],
    options: &EvalOptions,
    on_progress: &mut OnProgress<'_>,
) -> Result<(EvalMetrics, Vec<Prediction>), EvalError> {
    let prepare = |(index, sample)| {
        prepare(chat, index, sample, options.max_new_tokens).map_err(|source| EvalError::Sample { index, source })
    };
    let mut ready = samples.iter().enumerate().map(prepare).collect::<Result<Vec<_>, _>>()?;
    // Prompts of like length share a batch, so that little of it is padding.
    ready.sort_by_key(|r| (r.prompt.ids.len(), r.index));
    let mut answered = Vec::with_capacity(samples.len());
    for batch in ready.chunks(options.batch.max(1)) {
        report(on_progress, answered.len())?;
        let began = Instant::now();
        let answers = answer(chat, batch, options.max_new_tokens)?;
        let latency_ms = began.elapsed().as_secs_f64() * 1000.0;
        for (one, (ids, likelihood)) in batch.iter().zip(answers) {
            let mut prediction = predict(one, &samples[one.index], chat.tokenizer.decode(&ids), likelihood);
            if options.timed {
                prediction.scores.insert(LATENCY_MS.to_owned(), latency_ms);
                prediction.scores.insert(ANSWER_TOKENS.to_owned(), ids.len() as f64);
            }
            answered.push((prediction, likelihood));
        }
    }
    report(on_progress, samples.len())?;
    answered.sort_by_key(|(prediction, _)| prediction.index);
    let (predictions, references): (Vec<_>, Vec<_>) = answered.into_iter().unzip();
    Ok((metrics(&predictions, &references), predictions))
}

fn prepare(chat: Chat<'_>, index: usize, sample: &Sample, max_new_tokens: usize) -> Result<Ready, InferError> {
    let messages = sample.prompt();
    let prompt = chat.prompt(messages, max_new_tokens)?;
    let mut reference = chat.answer_ids(messages, &prompt, sample.answer().unwrap_or_default())?;
    reference.truncate(chat.room_after(&prompt, usize::MAX));
    Ok(Ready { index, prompt, reference })
}

/// The tokens of each prompt's greedy answer and the likelihood of its reference.
fn answer(chat: Chat<'_>, batch: &[Ready], max_new_tokens: usize) -> Result<Vec<(Vec<u32>, Likelihood)>, InferError> {
    let prompts: Vec<&Prompt> = batch.iter().map(|r| &r.prompt).collect();
    let references: Vec<&[u32]> = batch.iter().map(|r| r.reference.as_slice()).collect();
    let longest_reference = references.iter().map(|r| r.len()).max().unwrap_or(0);
    let room = prompts.iter().map(|p| chat.room_after(p, max_new_tokens)).min().unwrap_or(0);
    let mut read = Prompted::read(chat, &prompts, longest_reference.max(room))?;
    let likelihoods = read.likelihoods(&references)?;
    Ok(read.answer(room)?.into_iter().zip(likelihoods).collect())
}

fn predict(ready: &Ready, sample: &Sample, output: String, likelihood: Likelihood) -> Prediction {
    let expected = sample.answer().unwrap_or_default().to_owned();
    let mut scores = BTreeMap::from([
        ("rouge_l".to_owned(), rouge_l(&output, &expected)),
        ("bleu".to_owned(), sentence_bleu(&output, &expected)),
        (NEGATIVE_LOG_LIKELIHOOD.to_owned(), likelihood.per_token()),
    ]);
    if ready.prompt.cut_tokens > 0 {
        scores.insert(CUT_TOKENS.to_owned(), ready.prompt.cut_tokens as f64);
    }
    Prediction { index: ready.index as u32, correct: exact_match(&output, &expected), output, expected, scores }
}

fn metrics(predictions: &[Prediction], references: &[Likelihood]) -> EvalMetrics {
    let count = predictions.len().max(1) as f64;
    let pairs: Vec<_> = predictions.iter().map(|p| (p.output.as_str(), p.expected.as_str())).collect();
    let rouge: f64 = predictions.iter().filter_map(|p| p.scores.get("rouge_l")).sum();
    let values = [
        ("exact_match", predictions.iter().filter(|p| p.correct).count() as f64 / count),
        ("bleu", corpus_bleu(&pairs)),
        ("rouge_l", rouge / count),
        ("perplexity", perplexity(references)),
    ];
    EvalMetrics {
        task: Task::Generation,
        samples: predictions.len() as u32,
        values: values.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        classes: Vec::new(),
        confusion: None,
    }
}
