//! Multiple choice by likelihood: of every choice, how likely the model is to write it after the prompt.
//!
//! log p(choice) = Σ log p(token | prompt, tokens before). The prediction is the likeliest choice. Long choices are less
//! likely than short ones, so two further accuracies divide by length: `accuracy_norm` by characters and `accuracy_bytes` by
//! bytes of UTF-8, which are acc_norm and acc_bytes of EleutherAI's lm-evaluation-harness (`lm_eval/api/task.py`).
//! A prompt is read once; all of its choices go on from there.

use super::label_search::places;
use super::{
    CUT_TOKENS, EvalError, EvalOptions, LATENCY_MS, OnProgress, answer_ids, fitted, perplexity, prompt,
    reference_scores, report,
};
use crate::infer::batch::{Likelihood, Prompted};
use crate::infer::{Chat, InferError, Prompt};
use domain::eval::{EvalMetrics, Prediction, RIGHT_CHOICE, Task, choice_key};
use domain::metrics::classification::ClassificationReport;
use domain::sample::Sample;
use std::collections::BTreeMap;
use std::time::Instant;

/// Score key: probability of the predicted choice among all of its sample.
pub const CHOICE_PROBABILITY: &str = "choice_probability";
/// Score key: 1 where the choice that is likeliest per character is the right one, else 0.
pub const CORRECT_NORM: &str = "correct_norm";
/// Score key: the same per byte.
pub const CORRECT_BYTES: &str = "correct_bytes";

/// A question made ready.
struct Ready {
    index: usize,
    prompt: Prompt,
    /// What is written to take each choice, and its tokens.
    texts: Vec<String>,
    answers: Vec<Vec<u32>>,
    /// That each one's tokens stand for.
    bytes: Vec<usize>,
    right: usize,
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
    let mut done = Vec::with_capacity(samples.len());
    for batch in ready.chunks(options.batch.max(1)) {
        report(on_progress, done.len())?;
        let began = Instant::now();
        let scored = score(chat, batch)?;
        let latency_ms = began.elapsed().as_secs_f64() * 1000.0;
        for (question, likelihoods) in batch.iter().zip(scored) {
            let mut prediction = predict(question, &samples[question.index], &likelihoods);
            if options.timed {
                prediction.scores.insert(LATENCY_MS.to_owned(), latency_ms);
            }
            done.push((prediction, likelihoods[question.right]));
        }
    }
    report(on_progress, samples.len())?;
    done.sort_by_key(|(prediction, _)| prediction.index);
    let (predictions, references): (Vec<_>, Vec<_>) = done.into_iter().unzip();
    Ok((metrics(samples, &predictions, &references), predictions))
}

fn prepare(chat: Chat<'_>, index: usize, sample: &Sample, options: &EvalOptions) -> Result<Ready, InferError> {
    let messages = sample.prompt();
    let texts = sample.choice_answers();
    // A token is at least one byte, but for the few that end the turn.
    let longest = texts.iter().map(String::len).max().unwrap_or(0) + 8;
    let prompt = prompt(chat, messages, options, longest)?;
    let room = chat.room_after(&prompt, usize::MAX);
    let ids = |text: &String| -> Result<(Vec<u32>, usize), InferError> {
        Ok(fitted(chat, text, answer_ids(chat, messages, &prompt, options, text)?, room))
    };
    let read = texts.iter().map(ids).collect::<Result<Vec<_>, _>>()?;
    let (answers, bytes) = read.into_iter().unzip();
    Ok(Ready { index, prompt, texts, answers, bytes, right: sample.right_choice().unwrap_or(0) })
}

/// Of every question how likely each of its choices is.
fn score(chat: Chat<'_>, batch: &[Ready]) -> Result<Vec<Vec<Likelihood>>, InferError> {
    let prompts: Vec<&Prompt> = batch.iter().map(|r| &r.prompt).collect();
    let read = Prompted::read(chat, &prompts, 0)?;
    let length = |r: &Ready| r.prompt.ids.len() + r.answers.iter().map(Vec::len).max().unwrap_or(0);
    let longest = batch.iter().map(length).max().unwrap_or(0);
    let of_question = |(place, r): (usize, &Ready)| (0..r.answers.len()).map(move |choice| (place, choice));
    let pairs: Vec<(usize, usize)> = batch.iter().enumerate().flat_map(of_question).collect();
    let mut scores: Vec<Vec<Likelihood>> = batch.iter().map(|r| Vec::with_capacity(r.answers.len())).collect();
    for chunk in pairs.chunks(places(chat, longest).max(1)) {
        let rows: Vec<usize> = chunk.iter().map(|(place, _)| *place).collect();
        let answers: Vec<&[u32]> =
            chunk.iter().map(|(place, choice)| batch[*place].answers[*choice].as_slice()).collect();
        let room = answers.iter().map(|answer| answer.len()).max().unwrap_or(0);
        for ((place, _), likelihood) in chunk.iter().zip(read.select(&rows, room)?.likelihoods(&answers)?) {
            scores[*place].push(likelihood);
        }
    }
    Ok(scores)
}

/// log p of a choice; one without tokens cannot be written at all. Finite, since JSON knows no infinity.
fn log_p(likelihood: &Likelihood) -> f64 {
    let log_p = if likelihood.tokens == 0 { f64::MIN } else { -likelihood.negative_log };
    if log_p.is_nan() { f64::MIN } else { log_p.max(f64::MIN) }
}

/// The place of the largest; the first of equals.
fn largest(values: impl Iterator<Item = f64>) -> usize {
    let better = |best: (usize, f64), (place, value)| if value > best.1 { (place, value) } else { best };
    values.enumerate().fold((0, f64::NEG_INFINITY), better).0
}

fn predict(question: &Ready, sample: &Sample, likelihoods: &[Likelihood]) -> Prediction {
    let log_p: Vec<f64> = likelihoods.iter().map(log_p).collect();
    let best = largest(log_p.iter().copied());
    let total: f64 = log_p.iter().map(|p| (p - log_p[best]).exp()).sum();
    let is_right = |length: fn(&str) -> usize| {
        let per_unit = log_p.iter().zip(&question.texts).map(|(p, text)| p / length(text).max(1) as f64);
        f64::from(u8::from(largest(per_unit) == question.right))
    };
    let mut scores: BTreeMap<String, f64> =
        log_p.iter().enumerate().map(|(place, p)| (choice_key(place + 1), *p)).collect();
    scores.extend([
        (RIGHT_CHOICE.to_owned(), (question.right + 1) as f64),
        (CHOICE_PROBABILITY.to_owned(), 1.0 / total),
        (CORRECT_NORM.to_owned(), is_right(|text| text.chars().count())),
        (CORRECT_BYTES.to_owned(), is_right(str::len)),
    ]);
    scores.extend(reference_scores(likelihoods[question.right], question.bytes[question.right]));
    if question.prompt.cut_tokens > 0 {
        scores.insert(CUT_TOKENS.to_owned(), question.prompt.cut_tokens as f64);
    }
    Prediction {
        index: question.index as u32,
        output: question.texts[best].clone(),
        expected: sample.answer().unwrap_or_default().to_owned(),
        correct: best == question.right,
        scores,
    }
}

fn metrics(samples: &[Sample], predictions: &[Prediction], references: &[Likelihood]) -> EvalMetrics {
    let share = |hit: &dyn Fn(&Prediction) -> bool| {
        predictions.iter().filter(|p| hit(p)).count() as f64 / predictions.len().max(1) as f64
    };
    let flag = |key: &'static str| move |p: &Prediction| p.scores.get(key) == Some(&1.0);
    let mut values = BTreeMap::from([
        ("accuracy".to_owned(), share(&|p| p.correct)),
        ("accuracy_norm".to_owned(), share(&flag(CORRECT_NORM))),
        ("accuracy_bytes".to_owned(), share(&flag(CORRECT_BYTES))),
        ("perplexity".to_owned(), perplexity(references)),
    ]);
    // Texts that differ from sample to sample are no classes.
    let classes = samples.iter().all(|s| s.label.is_some()).then(|| {
        let pairs: Vec<_> = predictions.iter().map(|p| (p.expected.clone(), p.output.clone())).collect();
        ClassificationReport::new(&pairs)
    });
    values.extend(classes.as_ref().map(|report| ("macro_f1".to_owned(), report.macro_f1)));
    let (classes, confusion) = classes.map_or((Vec::new(), None), |r| (r.classes, Some(r.confusion)));
    EvalMetrics { task: Task::MultipleChoice, samples: predictions.len() as u32, values, classes, confusion }
}
