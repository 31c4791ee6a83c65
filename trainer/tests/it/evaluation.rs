//! Inference and evaluation on the tiny model: the fast ways must equal the obvious ones.

use crate::support;
use candle_core::Device;
use domain::eval::{Task, reference_likelihood};
use domain::metrics::likelihood::perplexity;
use domain::sample::{Message, Sample, Speaker};
use std::ops::ControlFlow;
use trainer::data::template::ChatTemplate;
use trainer::data::tokenizer::Tokenizer;
use trainer::eval::{
    CUT_TOKENS, EvalError, EvalOptions, LABEL_PROBABILITY, NEGATIVE_LOG_LIKELIHOOD, PREFERENCE_ACCURACY,
    PREFERENCE_MARGIN, PREFERS_CHOSEN, REFERENCE_BYTES, REFERENCE_TOKENS, evaluate,
};
use trainer::infer::Chat;
use trainer::infer::batch::Prompted;
use trainer::infer::generate::{GenerateOptions, generate};
use trainer::model::decoder::Decoder;
use trainer::model::weights::open;

struct Tiny {
    decoder: Decoder,
    tokenizer: Tokenizer,
    template: ChatTemplate,
}

impl Tiny {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        support::write_model(folder.path()).unwrap();
        let mut base = open(folder.path(), &Device::Cpu).unwrap();
        let decoder = Decoder::new(base.config, &mut base.weights).unwrap();
        Self { decoder, tokenizer: base.tokenizer, template: base.template }
    }

    fn chat(&self) -> Chat<'_> {
        Chat { decoder: &self.decoder, tokenizer: &self.tokenizer, template: &self.template }
    }
}

fn free_text(prompt: &str, answer: &str) -> Sample {
    let messages = vec![Message::new(Speaker::User, prompt), Message::new(Speaker::Assistant, answer)];
    Sample { messages, label: None, rejected: None, slices: std::collections::BTreeMap::new(), ..Sample::default() }
}

fn on(_: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn label_search_equals_scoring_every_label_in_full() {
    let tiny = Tiny::new();
    let chat = tiny.chat();
    let mut samples = support::samples(20);
    let labels: Vec<String> =
        (0..30).map(|i| format!("{}{}", ["vow", "vowel", "con", ""][i % 4], "x".repeat(i / 4))).collect();
    samples.retain(|s| s.label.is_some());
    let options = EvalOptions { labels: labels.into_iter().collect(), ..EvalOptions::default() };
    let (metrics, predictions) = evaluate(chat, &samples, &options, &mut on).unwrap();
    assert_eq!(metrics.task, Task::Classification);
    let all: Vec<String> = options
        .labels
        .iter()
        .cloned()
        .chain(samples.iter().filter_map(|s| s.label.clone()))
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    for (sample, prediction) in samples.iter().zip(&predictions) {
        let prompt = chat.prompt(sample.prompt(), 64).unwrap();
        let score = |label: &String| {
            let answer = chat.answer_ids(sample.prompt(), &prompt, label).unwrap();
            let read = Prompted::read(chat, &[&prompt], answer.len()).unwrap().likelihoods(&[&answer]).unwrap();
            (-read[0].negative_log, read[0].per_token())
        };
        let scores: Vec<(f64, f64)> = all.iter().map(score).collect();
        let best = (0..all.len()).max_by(|a, b| scores[*a].0.total_cmp(&scores[*b].0)).unwrap();
        assert_eq!(prediction.output, all[best]);
        let probability = 1.0 / scores.iter().map(|s| (s.0 - scores[best].0).exp()).sum::<f64>();
        assert!((prediction.scores[LABEL_PROBABILITY] - probability).abs() < 5e-3);
        let expected = all.iter().position(|l| *l == prediction.expected).unwrap();
        assert!((prediction.scores[NEGATIVE_LOG_LIKELIHOOD] - scores[expected].1).abs() < 1e-3);
    }
}

#[test]
fn answers_in_batches_equal_answers_one_by_one() {
    let tiny = Tiny::new();
    let samples: Vec<Sample> = (0..11).map(|i| free_text(&"word ".repeat(1 + i * i % 7), "ein Wort")).collect();
    let options = EvalOptions { max_new_tokens: 12, batch: 4, ..EvalOptions::default() };
    let (metrics, predictions) = evaluate(tiny.chat(), &samples, &options, &mut on).unwrap();
    assert_eq!((metrics.task, metrics.samples), (Task::Generation, 11));
    // What each prediction tells of its reference adds up to the perplexity of all.
    let told = predictions.iter().map(|p| reference_likelihood(|key| p.scores.get(key).copied()).unwrap());
    let (sum, tokens) = told.fold((0.0, 0), |(sum, tokens), of| (sum + of.log_likelihood, tokens + of.tokens));
    let all = perplexity(sum, tokens).unwrap();
    assert!((metrics.values["perplexity"] / all - 1.0).abs() < 1e-9, "{all} {metrics:?}");
    assert!(predictions.iter().all(|p| p.scores[REFERENCE_BYTES] == 8.0), "ein Wort");
    for (sample, prediction) in samples.iter().zip(predictions) {
        let limits = GenerateOptions { max_new_tokens: 12, ..GenerateOptions::default() };
        let mut streamed = String::new();
        let one = generate(tiny.chat(), sample.prompt(), &limits, |text| {
            streamed.push_str(text);
            ControlFlow::Continue(())
        });
        let one = one.unwrap();
        assert_eq!(one.text, prediction.output);
        assert!(one.text.starts_with(&streamed));
    }
}

#[test]
fn pairs_are_compared_by_their_whole_answers() {
    let tiny = Tiny::new();
    let chat = tiny.chat();
    let mut samples: Vec<Sample> = (0..11).map(|i| free_text(&"word ".repeat(1 + i * i % 7), "ein Wort")).collect();
    for (i, sample) in samples.iter_mut().enumerate().filter(|(i, _)| i % 4 != 3) {
        sample.rejected = Some("kein Wort".repeat(1 + i % 2));
    }
    let options = EvalOptions { max_new_tokens: 12, batch: 4, ..EvalOptions::default() };
    let (metrics, predictions) = evaluate(chat, &samples, &options, &mut on).unwrap();
    let mut preferred = Vec::new();
    for (sample, prediction) in samples.iter().zip(&predictions) {
        let Some(rejected) = &sample.rejected else {
            assert!(!prediction.scores.contains_key(PREFERS_CHOSEN));
            continue;
        };
        let prompt = chat.prompt(sample.prompt(), 12).unwrap();
        let log_p = |answer: &str| {
            let answer = chat.answer_ids(sample.prompt(), &prompt, answer).unwrap();
            -Prompted::read(chat, &[&prompt], answer.len()).unwrap().likelihoods(&[&answer]).unwrap()[0].negative_log
        };
        let margin = log_p(sample.answer().unwrap()) - log_p(rejected);
        assert!((prediction.scores[PREFERENCE_MARGIN] - margin).abs() < 1e-3);
        assert_eq!(prediction.scores[PREFERS_CHOSEN], f64::from(u8::from(margin > 0.0)));
        preferred.push(prediction.scores[PREFERS_CHOSEN]);
    }
    let mean = preferred.iter().sum::<f64>() / preferred.len() as f64;
    assert_eq!((preferred.len(), metrics.values[PREFERENCE_ACCURACY]), (9, mean));
    let (metrics, _) = evaluate(chat, &support::samples(4), &options, &mut on).unwrap();
    assert!(!metrics.values.contains_key(PREFERENCE_ACCURACY), "nothing to say without pairs");
}

#[test]
fn long_prompts_are_cut_and_say_so() {
    let tiny = Tiny::new();
    let long = "too long for a context of 256 tokens. ".repeat(40);
    let options = EvalOptions { max_new_tokens: 300, ..EvalOptions::default() };
    let samples = [free_text(&long, ""), free_text("", &long)];
    let (metrics, predictions) = evaluate(tiny.chat(), &samples, &options, &mut on).unwrap();
    assert!(predictions[0].scores[CUT_TOKENS] > 1000.0);
    assert!(!predictions[1].scores.contains_key(CUT_TOKENS));
    // Of an answer that does not fit, only what was read counts; an empty one is the end of its turn.
    assert!(predictions[0].scores[REFERENCE_BYTES] == 0.0 && predictions[0].scores[REFERENCE_TOKENS] >= 1.0);
    let read = &predictions[1].scores;
    assert!(read[REFERENCE_BYTES] > 0.0 && read[REFERENCE_BYTES] < long.len() as f64, "{read:?}");
    assert!(read[REFERENCE_TOKENS] > 1.0 && read[REFERENCE_TOKENS] < 256.0, "{read:?}");
    let text = serde_json::to_string(&metrics).unwrap();
    assert!(serde_json::from_str::<domain::eval::EvalMetrics>(&text).is_ok(), "every value is a finite number: {text}");
    let labelled = Sample { label: Some("y".to_owned()), ..free_text(&long, "y") };
    let (_, predictions) = evaluate(tiny.chat(), &[labelled], &EvalOptions::default(), &mut on).unwrap();
    assert!(predictions[0].correct && predictions[0].scores.contains_key(CUT_TOKENS));
}

#[test]
fn an_evaluation_can_be_stopped() {
    let tiny = Tiny::new();
    let stopped = evaluate(tiny.chat(), &support::samples(4), &EvalOptions::default(), &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(EvalError::Stopped)));
    assert!(matches!(evaluate(tiny.chat(), &[], &EvalOptions::default(), &mut on), Err(EvalError::NoSamples)));
}
