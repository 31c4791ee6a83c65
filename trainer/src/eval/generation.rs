//! Evaluation of free text: the model answers greedily, its text is held against the reference.

use super::{
    ANSWER_TOKENS, CUT_TOKENS, EvalError, EvalOptions, FIRST_TOKEN_MS, LATENCY_MS, OnProgress, answer_ids, fitted,
    perplexity, prompt, reference_scores, report,
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
    /// That these tokens stand for.
    reference_bytes: usize,
}

/// What a model did with a sample.
struct Answer {
    text: String,
    tokens: usize,
    /// Of the reference.
    likelihood: Likelihood,
    latency_ms: f64,
    first_token_ms: f64,
}

pub(super) fn evaluate(
    chat: Chat<'_>,
    samples: &[Sample],
    options: &EvalOptions,
    on_progress: &mut OnProgress<'_>,
) -> Result<(EvalMetrics, Vec<Prediction>), EvalError> {
    let prepare =
        |(index, sample)| prepare(chat, index, sample, options).map_err(|source| EvalError::Sample { index, source });
    let mut ready = samples.iter().enumerate().map(prepare).collect::<Result<Vec<_>, _>>()?;
    // Prompts of like length share a batch, so that little of it is padding.
    ready.sort_by_key(|r| (r.prompt.ids.len(), r.index));
    let mut answered = Vec::with_capacity(samples.len());
    for batch in ready.chunks(options.batch.max(1)) {
        report(on_progress, answered.len())?;
        for (one, answer) in batch.iter().zip(answer(chat, batch, options)?) {
            answered.push((predict(one, &samples[one.index], &answer, options), answer.likelihood));
        }
    }
    report(on_progress, samples.len())?;
    answered.sort_by_key(|(prediction, _)| prediction.index);
    let (predictions, references): (Vec<_>, Vec<_>) = answered.into_iter().unzip();
    Ok((metrics(&predictions, &references), predictions))
}

fn prepare(chat: Chat<'_>, index: usize, sample: &Sample, options: &EvalOptions) -> Result<Ready, InferError> {
    let messages = sample.prompt();
    let prompt = prompt(chat, messages, options, options.max_new_tokens)?;
    let answer = sample.answer().unwrap_or_default();
    let ids = answer_ids(chat, messages, &prompt, options, answer)?;
    let (reference, reference_bytes) = fitted(chat, answer, ids, chat.room_after(&prompt, usize::MAX));
    Ok(Ready { index, prompt, reference, reference_bytes })
}

/// Each prompt's greedy answer and the likelihood of its reference, which takes no part in the times.
fn answer(chat: Chat<'_>, batch: &[Ready], options: &EvalOptions) -> Result<Vec<Answer>, InferError> {
    let prompts: Vec<&Prompt> = batch.iter().map(|r| &r.prompt).collect();
    let references: Vec<&[u32]> = batch.iter().map(|r| r.reference.as_slice()).collect();
    let longest_reference = references.iter().map(|r| r.len()).max().unwrap_or(0);
    let room = prompts.iter().map(|p| chat.room_after(p, options.max_new_tokens)).min().unwrap_or(0);
    let started = Instant::now();
    let mut read = Prompted::read(chat, &prompts, longest_reference.max(room))?;
    let reading = started.elapsed();
    let likelihoods = read.likelihoods(&references)?;
    let writing = Instant::now();
    let mut first = None;
    let answers = read.answer_until(room, &options.stop, &mut || {
        first.get_or_insert_with(|| writing.elapsed());
    })?;
    let whole = writing.elapsed();
    let answered = answers.iter().zip(likelihoods).map(|(ids, likelihood)| Answer {
        text: before_stop(&chat.tokenizer.decode(ids), &options.stop).to_owned(),
        tokens: ids.len(),
        likelihood,
        latency_ms: (reading + whole).as_secs_f64() * 1000.0,
        first_token_ms: (reading + first.unwrap_or(whole)).as_secs_f64() * 1000.0,
    });
    Ok(answered.collect())
}

/// The text before the first of the texts that end it.
fn before_stop<'a>(text: &'a str, stop: &[String]) -> &'a str {
    let end = stop.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| text.find(stop.as_str())).min();
    &text[..end.unwrap_or(text.len())]
}

fn predict(ready: &Ready, sample: &Sample, answer: &Answer, options: &EvalOptions) -> Prediction {
    let output = match &options.filter {
        Some(filter) => filter.take(&answer.text),
        None => answer.text.clone(),
    };
    let expected = sample.answer().unwrap_or_default().to_owned();
    let mut scores = BTreeMap::from([
        ("rouge_l".to_owned(), rouge_l(&output, &expected)),
        ("bleu".to_owned(), sentence_bleu(&output, &expected)),
    ]);
    scores.extend(reference_scores(answer.likelihood, ready.reference_bytes));
    if ready.prompt.cut_tokens > 0 {
        scores.insert(CUT_TOKENS.to_owned(), ready.prompt.cut_tokens as f64);
    }
    if options.timed {
        scores.insert(LATENCY_MS.to_owned(), answer.latency_ms);
        scores.insert(FIRST_TOKEN_MS.to_owned(), answer.first_token_ms);
        scores.insert(ANSWER_TOKENS.to_owned(), answer.tokens as f64);
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
        values: values.into_iter().map(|(k, v)| (k.to_owned(), v)).chain(paces(predictions)).collect(),
        classes: Vec::new(),
        confusion: None,
    }
}

/// Median and 95th percentile (nearest rank) of what answers took, and tokens written a second by one who waits for each; nothing unless timed.
fn paces(predictions: &[Prediction]) -> Vec<(String, f64)> {
    let of = |key: &str| -> Vec<f64> { predictions.iter().filter_map(|p| p.scores.get(key).copied()).collect() };
    let mut found = Vec::new();
    for key in [FIRST_TOKEN_MS, LATENCY_MS] {
        let mut values = of(key);
        values.sort_by(f64::total_cmp);
        if !values.is_empty() {
            let rank = |percent: usize| values[(values.len() * percent).div_ceil(100).max(1) - 1];
            found.extend([50, 95].map(|percent| (format!("{key}_p{percent}"), rank(percent))));
        }
    }
    let (took_ms, tokens) = (of(LATENCY_MS).iter().sum::<f64>(), of(ANSWER_TOKENS).iter().sum::<f64>());
    if took_ms > 0.0 {
        found.push(("tokens_per_second".to_owned(), tokens * 1000.0 / took_ms));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_before_the_first_text_that_ends_it() {
        let stop = ["\n\n".to_owned(), "Q:".to_owned(), String::new()];
        assert_eq!(before_stop("5 Q: and\n\nmore", &stop), "5 ");
        assert_eq!(before_stop("好", &stop), "好");
    }

    #[test]
    fn percentiles_are_answers_that_occurred() {
        let took = |ms: f64| Prediction {
            index: 0,
            output: String::new(),
            expected: String::new(),
            correct: true,
            scores: [(LATENCY_MS, ms), (ANSWER_TOKENS, 4.0)].map(|(k, v)| (k.to_owned(), v)).into(),
        };
        let predictions: Vec<_> = (1..=20).map(|i| took(f64::from(i))).collect();
        let found: BTreeMap<String, f64> = paces(&predictions).into_iter().collect();
        assert_eq!((found["latency_ms_p50"], found["latency_ms_p95"]), (10.0, 19.0));
        assert_eq!(found["tokens_per_second"], 80_000.0 / 210.0);
        assert_eq!(paces(&[]), Vec::new());
    }
}
