//! What the answers are worth: the metrics of the set, and of each answer by itself where a metric is a mean over them.

use dataprep::words::chinese_words;
use domain::{
    eval::{Prediction, Task, view::RESAMPLES},
    lang::Lang,
    measure::{
        ChineseWords, IntervalMethod, Items, LabelItem, Measurement, MetricScore, ScoreInterval, Settings, TextItem,
        measure as measure_items,
    },
    statistics::{
        bootstrap::mean_interval,
        proportions::{wilson, z_95},
    },
    suite::{EvaluationDesign, MEANS},
};
use std::collections::BTreeMap;

/// How likely the reference is, as the trainer tells it with each answer.
const LIKELIHOOD: &str = "negative_log_likelihood";
/// Scores of an answer that are kept besides those of the metrics.
const KEPT: [&str; 4] = ["latency_ms", "answer_tokens", "label_probability", LIKELIHOOD];

/// What the trainer tells of each answer to a multiple-choice question, 1 or 0, and the metric that is its mean.
const BY_LENGTH: [(&str, &str, &str); 2] = [
    ("correct_norm", "accuracy_norm", "of:choices|length:characters|lib:trainer eval"),
    ("correct_bytes", "accuracy_bytes", "of:choices|length:bytes|lib:trainer eval"),
];

/// A set that was measured.
pub(super) struct Measured {
    pub(super) measurement: Measurement,
    /// With the scores of each.
    pub(super) predictions: Vec<Prediction>,
}

/// Measures. `trainer` is what the trainer has computed of all answers, for what only it knows. It draws many resamples: not for
/// an async task's thread.
pub(super) fn measure(
    evaluation: &EvaluationDesign,
    mut predictions: Vec<Prediction>,
    trainer: &BTreeMap<String, f64>,
) -> Measured {
    let metrics = evaluation.measured();
    let settings = settings(evaluation.language, &metrics, RESAMPLES);
    let mut measurement = match evaluation.task {
        Task::Classification => {
            let items: Vec<LabelItem> = predictions.iter().map(label).collect();
            measure_items(Items::Labels(&items), &settings)
        }
        // Each question has choices of its own: there are no classes.
        Task::MultipleChoice => {
            let items: Vec<LabelItem> = predictions.iter().map(label).collect();
            Measurement { classes: Vec::new(), confusion: None, ..measure_items(Items::Labels(&items), &settings) }
        }
        Task::Generation => {
            let items: Vec<TextItem> = predictions.iter().map(text).collect();
            measure_items(Items::Texts(&items), &settings)
        }
    };
    if metrics.iter().any(|metric| metric == LIKELIHOOD) {
        measurement.scores.extend(likelihood(&predictions));
    }
    for (told, metric, signature) in BY_LENGTH {
        if evaluation.task == Task::MultipleChoice && metrics.iter().any(|name| name == metric) {
            measurement.scores.extend(share(&mut predictions, (told, metric), signature));
        }
    }
    for (metric, value) in trainer.iter().filter(|(metric, _)| metrics.contains(metric)) {
        let told = MetricScore { value: *value, interval: None, signature: "lib:trainer eval".to_owned() };
        measurement.scores.entry(metric.clone()).or_insert(told);
    }
    let by_answer: Vec<String> =
        metrics.iter().filter(|metric| MEANS.contains(&metric.as_str()) && *metric != LIKELIHOOD).cloned().collect();
    for prediction in &mut predictions {
        let is_share = |name: &str| BY_LENGTH.iter().any(|(_, metric, _)| *metric == name);
        prediction.scores.retain(|name, _| KEPT.contains(&name.as_str()) || is_share(name));
        let scores = alone(evaluation, prediction, &by_answer);
        prediction.scores.extend(scores);
    }
    Measured { measurement, predictions }
}

fn settings(language: Lang, metrics: &[String], resamples: u32) -> Settings<'_> {
    Settings {
        language,
        metrics: Some(metrics),
        stems: false,
        schema: None,
        chinese: ChineseWords { name: "jieba", split: &chinese_words },
        resamples,
        seed: 42,
    }
}

fn label(prediction: &Prediction) -> LabelItem {
    LabelItem { expected: prediction.expected.clone(), output: prediction.output.clone() }
}

fn text(prediction: &Prediction) -> TextItem {
    TextItem { output: prediction.output.clone(), references: vec![prediction.expected.clone()], ..TextItem::default() }
}

/// The metrics of one answer: of a set that has no other.
fn alone(evaluation: &EvaluationDesign, prediction: &Prediction, metrics: &[String]) -> BTreeMap<String, f64> {
    if metrics.is_empty() {
        return BTreeMap::new();
    }
    if evaluation.task != Task::Generation {
        let accuracy = metrics.iter().find(|metric| *metric == "accuracy");
        return accuracy.map(|name| (name.clone(), f64::from(u8::from(prediction.correct)))).into_iter().collect();
    }
    let settings = settings(evaluation.language, metrics, 0);
    let found = measure_items(Items::Texts(&[text(prediction)]), &settings);
    found.scores.into_iter().map(|(name, score)| (name, score.value)).collect()
}

/// Calls what was told of each answer by the name of its metric, and measures that: a share, by Wilson's interval. Nothing where
/// an endpoint has not told it.
fn share(
    predictions: &mut [Prediction],
    (told, metric): (&str, &str),
    signature: &str,
) -> Option<(String, MetricScore)> {
    let mut hits = 0;
    for prediction in &mut *predictions {
        let is_right = prediction.scores.remove(told)? > 0.5;
        hits += u64::from(is_right);
        prediction.scores.insert(metric.to_owned(), f64::from(u8::from(is_right)));
    }
    let found = wilson(hits, predictions.len() as u64, z_95())?;
    let interval = ScoreInterval { low: found.low, high: found.high, method: IntervalMethod::Wilson };
    let score = MetricScore { value: found.value, interval: Some(interval), signature: signature.to_owned() };
    Some((metric.to_owned(), score))
}

/// The mean over all answers; nothing where an endpoint has not told it.
fn likelihood(predictions: &[Prediction]) -> Option<(String, MetricScore)> {
    let values: Option<Vec<f64>> = predictions.iter().map(|p| p.scores.get(LIKELIHOOD).copied()).collect();
    let interval = mean_interval(&values?, RESAMPLES, 42)?;
    let signature = "of:reference|unit:nats per token of the model|average:samples".to_owned();
    let told = ScoreInterval { low: interval.low, high: interval.high, method: IntervalMethod::Bootstrap };
    Some((LIKELIHOOD.to_owned(), MetricScore { value: interval.mean, interval: Some(told), signature }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use domain::suite::SuiteDesign;

    fn design(task: &str, metrics: &str) -> EvaluationDesign {
        let text = format!(
            "[[evaluations]]\nkey = \"a\"\nversion_id = \"01890a5d-ac96-774b-bcce-b302099a8057\"\ntask = \"{task}\"\n\
             metrics = {metrics}"
        );
        SuiteDesign::from_toml(&text).unwrap().evaluations.remove(0)
    }

    fn prediction(index: u32, output: &str, expected: &str) -> Prediction {
        let scores = BTreeMap::from([(LIKELIHOOD.to_owned(), 0.5), ("rouge_l".to_owned(), 7.0)]);
        let correct = output == expected;
        Prediction { index, output: output.to_owned(), expected: expected.to_owned(), correct, scores }
    }

    #[test]
    fn answers_have_the_scores_that_the_set_is_the_mean_of() {
        let design = design("generation", "[\"exact_match\", \"rouge_1\", \"bleu\", \"negative_log_likelihood\"]");
        let predictions = vec![prediction(0, "a b c", "a b c"), prediction(1, "a b x", "a b d")];
        let found = measure(&design, predictions, &BTreeMap::from([("perplexity".to_owned(), 3.0)]));
        let names: Vec<&str> = found.measurement.scores.keys().map(String::as_str).collect();
        assert_eq!(names, ["bleu", "exact_match", LIKELIHOOD, "rouge_1"]);
        let of = |i: usize| &found.predictions[i].scores;
        assert_eq!((of(0)["exact_match"], of(1)["exact_match"], of(0)["rouge_1"]), (1.0, 0.0, 1.0));
        assert!(!of(0).contains_key("bleu") && !of(0).contains_key("rouge_l"), "only what was asked: {:?}", of(0));
        let mean = (of(0)["rouge_1"] + of(1)["rouge_1"]) / 2.0;
        assert!((found.measurement.scores["rouge_1"].value - mean).abs() < 1e-12);
    }

    #[test]
    fn accuracies_by_length_have_an_interval_and_are_kept_by_answer() {
        let design = design("multiple_choice", "[\"accuracy\", \"accuracy_norm\"]");
        let told = |index: u32, norm: f64| {
            let scores = BTreeMap::from([("correct_norm".to_owned(), norm), ("correct_bytes".to_owned(), 1.0)]);
            Prediction { scores, ..prediction(index, "a", "a") }
        };
        let trainer = BTreeMap::from([("accuracy_norm".to_owned(), 0.5)]);
        let found = measure(&design, vec![told(0, 1.0), told(1, 0.0)], &trainer);
        let score = &found.measurement.scores["accuracy_norm"];
        assert_eq!((score.value, score.interval.unwrap().method), (0.5, IntervalMethod::Wilson));
        assert!(!found.measurement.scores.contains_key("accuracy_bytes"), "nobody asked");
        let kept: Vec<&str> = found.predictions[1].scores.keys().map(String::as_str).collect();
        assert_eq!((kept, found.predictions[1].scores["accuracy_norm"]), (vec!["accuracy", "accuracy_norm"], 0.0));
    }

    #[test]
    fn labels_are_right_or_wrong() {
        let design = design("classification", "[\"accuracy\", \"f1_macro\"]");
        let predictions = vec![prediction(0, "yes", "yes"), prediction(1, "no", "yes"), prediction(2, "no", "no")];
        let found = measure(&design, predictions, &BTreeMap::new());
        assert!((found.measurement.scores["accuracy"].value - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(found.predictions.iter().map(|p| p.scores["accuracy"]).collect::<Vec<_>>(), [1.0, 0.0, 1.0]);
        assert_eq!(found.measurement.confusion.unwrap().labels, ["no", "yes"]);
    }
}
