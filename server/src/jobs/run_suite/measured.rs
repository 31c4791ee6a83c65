//! What the answers are worth: the metrics of the set, and of each answer by itself where a metric is a mean over them.

use dataprep::words::chinese_words;
use domain::{
    eval::{
        NEGATIVE_LOG_LIKELIHOOD as LIKELIHOOD, Prediction, REFERENCE_BYTES, REFERENCE_TOKENS, Task,
        reference_likelihood, view::RESAMPLES,
    },
    lang::Lang,
    measure::{
        ChineseWords, IntervalMethod, Items, LabelItem, Measurement, MetricScore, Programs, ScoreInterval, Settings,
        TextItem, TextLikelihood, measure as measure_items,
    },
    metrics::json_schema::Schema,
    statistics::{
        bootstrap::mean_interval,
        proportions::{wilson, z_95},
    },
    suite::{EvaluationDesign, MEANS, PROGRAMS},
};
use std::collections::BTreeMap;

/// Scores of an answer that are kept besides those of the metrics.
const KEPT: [&str; 6] =
    ["latency_ms", "answer_tokens", "label_probability", LIKELIHOOD, REFERENCE_TOKENS, REFERENCE_BYTES];

/// What the trainer tells of each answer to a multiple-choice question, 1 or 0, and the metric that is its mean.
const BY_LENGTH: [(&str, &str, &str); 2] = [
    ("correct_norm", "accuracy_norm", "of:choices|length:characters|lib:trainer eval"),
    ("correct_bytes", "accuracy_bytes", "of:choices|length:bytes|lib:trainer eval"),
];

/// What is known of a set besides its answers.
#[derive(Default)]
pub(super) struct Told {
    /// What the trainer has computed of all answers, for what only it knows.
    pub(super) trainer: BTreeMap<String, f64>,
    /// By the place of its question: what became of an answer that was run as a program.
    pub(super) programs: BTreeMap<u32, Programs>,
    /// What answers must match.
    pub(super) schema: Option<Schema>,
}

/// A set that was measured.
pub(super) struct Measured {
    pub(super) measurement: Measurement,
    /// With the scores of each.
    pub(super) predictions: Vec<Prediction>,
}

/// Measures. `told` is what is known of the answers besides. It draws many resamples: not for an async task's thread.
pub(super) fn measure(evaluation: &EvaluationDesign, mut predictions: Vec<Prediction>, told: &Told) -> Measured {
    let (metrics, trainer) = (evaluation.measured(), &told.trainer);
    let settings = Settings { schema: told.schema.as_ref(), ..settings(evaluation.language, &metrics, RESAMPLES) };
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
            let items: Vec<TextItem> = predictions.iter().map(|p| text(p, told)).collect();
            measure_items(Items::Texts(&items), &settings)
        }
    };
    if let Some(score) = measurement.scores.get_mut(PROGRAMS) {
        score.signature = format!("programs:1|temperature:0|{}", score.signature);
    }
    if metrics.iter().any(|metric| metric == LIKELIHOOD) {
        measurement.scores.extend(likelihood(&predictions));
    }
    measurement.scores.extend(pooled_likelihoods(evaluation, &predictions, &settings));
    for (told, metric, signature) in BY_LENGTH {
        if evaluation.task == Task::MultipleChoice && metrics.iter().any(|name| name == metric) {
            measurement.scores.extend(share(&mut predictions, (told, metric), signature));
        }
    }
    // Of perplexity the trainer knows no interval.
    for (metric, value) in trainer.iter().filter(|(metric, _)| metrics.contains(metric) && *metric != "perplexity") {
        let told = MetricScore { value: *value, interval: None, signature: "lib:trainer eval".to_owned() };
        measurement.scores.entry(metric.clone()).or_insert(told);
    }
    let by_answer: Vec<String> =
        metrics.iter().filter(|metric| MEANS.contains(&metric.as_str()) && *metric != LIKELIHOOD).cloned().collect();
    for prediction in &mut predictions {
        let is_share = |name: &str| BY_LENGTH.iter().any(|(_, metric, _)| *metric == name);
        prediction.scores.retain(|name, _| KEPT.contains(&name.as_str()) || is_share(name));
        let scores = alone(evaluation, prediction, &by_answer, told);
        prediction.scores.extend(scores);
        if let Some(programs) = told.programs.get(&prediction.index) {
            // A program is right if it passes, not if it is its tests.
            prediction.correct = programs.passed > 0;
        }
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

fn text(prediction: &Prediction, told: &Told) -> TextItem {
    TextItem {
        output: prediction.output.clone(),
        references: vec![prediction.expected.clone()],
        programs: told.programs.get(&prediction.index).copied(),
        ..TextItem::default()
    }
}

/// The metrics of one answer: of a set that has no other.
fn alone(
    evaluation: &EvaluationDesign,
    prediction: &Prediction,
    metrics: &[String],
    told: &Told,
) -> BTreeMap<String, f64> {
    if metrics.is_empty() {
        return BTreeMap::new();
    }
    if evaluation.task != Task::Generation {
        let accuracy = metrics.iter().find(|metric| *metric == "accuracy");
        return accuracy.map(|name| (name.clone(), f64::from(u8::from(prediction.correct)))).into_iter().collect();
    }
    let settings = Settings { schema: told.schema.as_ref(), ..settings(evaluation.language, metrics, 0) };
    let found = measure_items(Items::Texts(&[text(prediction, told)]), &settings);
    found.scores.into_iter().map(|(name, score)| (name, score.value)).collect()
}

/// What is asked for of perplexity and bits per byte of the references; nothing where an endpoint has not told likelihoods.
fn pooled_likelihoods(
    evaluation: &EvaluationDesign,
    predictions: &[Prediction],
    settings: &Settings<'_>,
) -> BTreeMap<String, MetricScore> {
    let told = predictions.iter().map(|p| reference_likelihood(|key| p.scores.get(key).copied()));
    let Some(known) = told.collect::<Option<Vec<TextLikelihood>>>() else { return BTreeMap::new() };
    let mut found = measure_items(Items::Likelihoods(&known), settings).scores;
    // Without the chat template there are no turns that end.
    let of = if evaluation.plain { "reference" } else { "reference with the end of its turn" };
    for score in found.values_mut() {
        score.signature = format!("of:{of}|{}", score.signature);
    }
    found
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
        let told = Told { trainer: BTreeMap::from([("perplexity".to_owned(), 3.0)]), ..Told::default() };
        let found = measure(&design, predictions, &told);
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
        let besides = Told { trainer: BTreeMap::from([("accuracy_norm".to_owned(), 0.5)]), ..Told::default() };
        let found = measure(&design, vec![told(0, 1.0), told(1, 0.0)], &besides);
        let score = &found.measurement.scores["accuracy_norm"];
        assert_eq!((score.value, score.interval.unwrap().method), (0.5, IntervalMethod::Wilson));
        assert!(!found.measurement.scores.contains_key("accuracy_bytes"), "nobody asked");
        let kept: Vec<&str> = found.predictions[1].scores.keys().map(String::as_str).collect();
        assert_eq!((kept, found.predictions[1].scores["accuracy_norm"]), (vec!["accuracy", "accuracy_norm"], 0.0));
    }

    #[test]
    fn likelihoods_are_summed_over_all_references() {
        let told = |index: u32, nats: f64, tokens: f64, bytes: f64| {
            let told = [(LIKELIHOOD, nats), (REFERENCE_TOKENS, tokens), (REFERENCE_BYTES, bytes)];
            let scores = told.map(|(name, value)| (name.to_owned(), value)).into();
            Prediction { scores, ..prediction(index, "a", "a") }
        };
        for task in ["generation", "classification"] {
            let design = design(task, "[\"perplexity\", \"bits_per_byte\"]");
            // 1 · 2 + 3 · 6 nats over 8 tokens and 10 bytes.
            let trainer = BTreeMap::from([("perplexity".to_owned(), 7.0)]);
            let besides = Told { trainer, ..Told::default() };
            let found = measure(&design, vec![told(0, 1.0, 2.0, 4.0), told(1, 3.0, 6.0, 6.0)], &besides);
            let score = |name: &str| found.measurement.scores[name].value;
            assert!((score("perplexity") - 2.5f64.exp()).abs() < 1e-9, "{task}");
            assert!((score("bits_per_byte") - 2.0 / std::f64::consts::LN_2).abs() < 1e-12, "{task}");
            assert!(found.measurement.scores["perplexity"].signature.contains("of:reference"));
            let kept = &found.predictions[1].scores;
            assert_eq!((kept[LIKELIHOOD], kept[REFERENCE_TOKENS], kept[REFERENCE_BYTES]), (3.0, 6.0, 6.0));
            // An endpoint tells nothing of the kind.
            let bare = Prediction { scores: BTreeMap::new(), ..prediction(0, "a", "a") };
            assert!(measure(&design, vec![bare], &Told::default()).measurement.scores.is_empty(), "{task}");
        }
    }

    #[test]
    fn json_is_held_against_its_schema_and_programs_against_their_tests() {
        let metrics = "[\"schema_match\", \"json_valid\"]\njson_schema = '{\"required\": [\"a\"]}'";
        let json = design("generation", metrics);
        let told = Told { schema: json.schema().unwrap(), ..Told::default() };
        let answers = ["{\"a\": 1}", "{}", "no"];
        let predictions = (0..).zip(answers).map(|(i, answer)| prediction(i, answer, "x")).collect();
        let found = measure(&json, predictions, &told);
        let each = |name: &str| found.predictions.iter().map(|p| p.scores[name]).collect::<Vec<_>>();
        assert_eq!((each("schema_match"), each("json_valid")), (vec![1.0, 0.0, 0.0], vec![1.0, 1.0, 0.0]));
        let score = &found.measurement.scores["schema_match"];
        assert!((score.value - 1.0 / 3.0).abs() < 1e-12 && score.interval.is_some());

        let code = design("generation", "[\"pass_at_1\"]");
        let programs = [0, 1].map(|i| (i, Programs { tried: 1, passed: i })).into();
        let told = Told { programs, ..Told::default() };
        let found = measure(&code, vec![prediction(0, "a", "a"), prediction(1, "b", "t")], &told);
        assert_eq!(found.measurement.scores["pass_at_1"].value, 0.5);
        assert!(found.measurement.scores["pass_at_1"].signature.starts_with("programs:1|temperature:0|k:1|"));
        let each = found.predictions.iter().map(|p| (p.correct, p.scores["pass_at_1"])).collect::<Vec<_>>();
        assert_eq!(each, [(false, 0.0), (true, 1.0)]);
    }

    #[test]
    fn labels_are_right_or_wrong() {
        let design = design("classification", "[\"accuracy\", \"f1_macro\"]");
        let predictions = vec![prediction(0, "yes", "yes"), prediction(1, "no", "yes"), prediction(2, "no", "no")];
        let found = measure(&design, predictions, &Told::default());
        assert!((found.measurement.scores["accuracy"].value - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(found.predictions.iter().map(|p| p.scores["accuracy"]).collect::<Vec<_>>(), [1.0, 0.0, 1.0]);
        assert_eq!(found.measurement.confusion.unwrap().labels, ["no", "yes"]);
    }
}
