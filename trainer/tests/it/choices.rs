//! Multiple choice by likelihood on the tiny model: choices together equal each by itself.

use crate::support;
use candle_core::{D, Device, Tensor};
use domain::eval::{RIGHT_CHOICE, Task, choice_key};
use domain::sample::{Message, Sample, Speaker};
use std::ops::ControlFlow;
use trainer::data::template::ChatTemplate;
use trainer::data::tokenizer::Tokenizer;
use trainer::eval::{
    ANSWER_TOKENS, CHOICE_PROBABILITY, CORRECT_BYTES, CORRECT_NORM, EvalOptions, FIRST_TOKEN_MS, LATENCY_MS, evaluate,
};
use trainer::infer::Chat;
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

    /// log p of the last `count` of these tokens, from one pass over all of them without a cache.
    fn log_p(&self, ids: &[u32], count: usize) -> f64 {
        let input = Tensor::new(ids, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
        let logits = self.decoder.logits(&self.decoder.forward(&input, None).unwrap()).unwrap();
        let rows = candle_nn::ops::log_softmax(&logits, D::Minus1).unwrap().to_vec2::<f32>().unwrap();
        (ids.len() - count..ids.len()).map(|at| f64::from(rows[at - 1][ids[at] as usize])).sum()
    }
}

fn question(text: &str, choices: &[&str], answer: &str, label: Option<&str>) -> Sample {
    Sample {
        messages: vec![Message::new(Speaker::User, text), Message::new(Speaker::Assistant, answer)],
        label: label.map(str::to_owned),
        choices: choices.iter().map(|c| (*c).to_owned()).collect(),
        ..Sample::default()
    }
}

/// Seven questions of different lengths with two to four choices of different lengths.
fn questions() -> Vec<Sample> {
    let choices = ["gold", "a long rod of iron", "木头", "x"];
    (0..7).map(|i| question(&"What? ".repeat(1 + i * 3 % 5), &choices[..2 + i % 3], choices[i % 2], None)).collect()
}

fn on(_: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn argmax(values: &[f64]) -> usize {
    (0..values.len()).rev().max_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap()
}

#[test]
fn choices_together_equal_each_by_itself() {
    let tiny = Tiny::new();
    let chat = tiny.chat();
    let samples = questions();
    let options = EvalOptions { batch: 3, ..EvalOptions::default() };
    let (metrics, predictions) = evaluate(chat, &samples, &options, &mut on).unwrap();
    assert_eq!((metrics.task, metrics.samples, metrics.classes.len()), (Task::MultipleChoice, 7, 0));
    let mut right = [0.0; 3];
    for (sample, prediction) in samples.iter().zip(&predictions) {
        let prompt = chat.prompt(sample.prompt(), 40).unwrap();
        let score = |choice: &String| {
            let answer = chat.answer_ids(sample.prompt(), &prompt, choice).unwrap();
            tiny.log_p(&[prompt.ids.clone(), answer.clone()].concat(), answer.len())
        };
        let scores: Vec<f64> = sample.choices.iter().map(score).collect();
        for (place, score) in scores.iter().enumerate() {
            assert!((prediction.scores[&choice_key(place + 1)] - score).abs() < 2e-3, "{prediction:?} {scores:?}");
        }
        let reference = sample.right_choice().unwrap();
        assert_eq!(prediction.scores[RIGHT_CHOICE], (reference + 1) as f64);
        let best = argmax(&scores);
        assert_eq!(prediction.output, sample.choices[best]);
        let probability = 1.0 / scores.iter().map(|s| (s - scores[best]).exp()).sum::<f64>();
        assert!((prediction.scores[CHOICE_PROBABILITY] - probability).abs() < 5e-3);
        let per = |length: fn(&str) -> usize| -> Vec<f64> {
            scores.iter().zip(&sample.choices).map(|(s, choice)| s / length(choice) as f64).collect()
        };
        let hits =
            [argmax(&scores), argmax(&per(|c| c.chars().count())), argmax(&per(str::len))].map(|x| x == reference);
        let told = [
            f64::from(u8::from(prediction.correct)),
            prediction.scores[CORRECT_NORM],
            prediction.scores[CORRECT_BYTES],
        ];
        assert_eq!(told, hits.map(|hit| f64::from(u8::from(hit))));
        right.iter_mut().zip(told).for_each(|(sum, one)| *sum += one / 7.0);
    }
    for (name, value) in ["accuracy", "accuracy_norm", "accuracy_bytes"].into_iter().zip(right) {
        assert!((metrics.values[name] - value).abs() < 1e-12, "{name}");
    }
}

#[test]
fn letters_are_classes_and_texts_are_not() {
    let tiny = Tiny::new();
    let listed: Vec<Sample> =
        ["A", "B", "B"].map(|letter| question("q? A. one B. two", &["one", "two"], letter, Some(letter))).into();
    let (metrics, predictions) = evaluate(tiny.chat(), &listed, &EvalOptions::default(), &mut on).unwrap();
    assert!(predictions.iter().all(|p| ["A", "B"].contains(&p.output.as_str()) && p.scores.contains_key("choice_2")));
    assert!(metrics.values.contains_key("macro_f1") && metrics.confusion.is_some());
    assert!(predictions.iter().all(|p| !p.scores.contains_key(LATENCY_MS)));
    let timed = EvalOptions { timed: true, ..EvalOptions::default() };
    let (_, predictions) = evaluate(tiny.chat(), &listed, &timed, &mut on).unwrap();
    assert!(predictions.iter().all(|p| p.scores[LATENCY_MS] > 0.0));
    // One sample without choices makes the set another task.
    let mixed = [listed[0].clone(), question("q", &[], "A", Some("A"))];
    let (metrics, _) = evaluate(tiny.chat(), &mixed, &EvalOptions::default(), &mut on).unwrap();
    assert_eq!(metrics.task, Task::Classification);
}

#[test]
fn plain_text_has_neither_template_nor_end() {
    let tiny = Tiny::new();
    let samples = questions();
    let options = EvalOptions { plain: Some(" ".to_owned()), ..EvalOptions::default() };
    let (_, predictions) = evaluate(tiny.chat(), &samples, &options, &mut on).unwrap();
    for (sample, prediction) in samples.iter().zip(&predictions) {
        let ids = |text: &str| tiny.tokenizer.encode(text).unwrap();
        let prompt = &sample.messages[0].content;
        for (place, choice) in sample.choices.iter().enumerate() {
            let whole = ids(&format!("{prompt} {choice}"));
            let score = tiny.log_p(&whole, whole.len() - ids(prompt).len());
            assert!((prediction.scores[&choice_key(place + 1)] - score).abs() < 2e-3, "{prediction:?}");
        }
    }
}

#[test]
fn answers_end_where_a_stop_word_does_and_are_timed_one_by_one() {
    let tiny = Tiny::new();
    let samples: Vec<Sample> = (0..3).map(|i| question(&"word ".repeat(1 + i), &[], "x", None)).collect();
    let long = EvalOptions { max_new_tokens: 24, ..EvalOptions::default() };
    let (_, whole) = evaluate(tiny.chat(), &samples, &long, &mut on).unwrap();
    let text = &whole[0].output;
    // What is no ASCII may be half a character while it is written.
    let stop = text.chars().rfind(char::is_ascii_graphic).unwrap_or('~').to_string();
    let timed = EvalOptions { stop: vec![stop.clone()], timed: true, batch: 1, ..long };
    let (metrics, cut) = evaluate(tiny.chat(), &samples, &timed, &mut on).unwrap();
    for (whole, cut) in whole.iter().zip(&cut) {
        assert_eq!(cut.output, whole.output.split(stop.as_str()).next().unwrap());
        assert!(cut.scores[FIRST_TOKEN_MS] <= cut.scores[LATENCY_MS] && cut.scores[LATENCY_MS] > 0.0);
        assert!(cut.scores[ANSWER_TOKENS] <= 24.0 && !whole.scores.contains_key(LATENCY_MS));
    }
    assert!(metrics.values["latency_ms_p50"] <= metrics.values["latency_ms_p95"]);
    assert!(metrics.values["tokens_per_second"] > 0.0);
}
