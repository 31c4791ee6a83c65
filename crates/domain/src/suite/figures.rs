//! Which metrics there are for a task, and the figures that stand beside them: time, memory, cost.

use crate::{
    eval::{NEGATIVE_LOG_LIKELIHOOD, Task},
    measure::{IntervalMethod, Items, MetricScore, ScoreInterval},
    statistics::bootstrap::{Interval, mean_interval, statistic_intervals},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Figures that are known of every evaluation, as far as the machine or the endpoint tells.
pub const FIGURES: [&str; 5] =
    ["latency_ms", "latency_p95_ms", "tokens_per_second", "peak_memory_mib", "cost_per_1000"];

/// Metrics that are means over samples. Their scores are kept by sample, so that two candidates can be paired.
pub const MEANS: [&str; 18] = [
    "accuracy",
    "accuracy_norm",
    "accuracy_bytes",
    "exact_match",
    "token_f1",
    "rouge_1",
    "rouge_2",
    "rouge_l",
    "rouge_l_sum",
    "meteor_like",
    "edit_distance",
    "length",
    "repetition_4",
    "json_valid",
    "schema_match",
    PROGRAMS,
    NEGATIVE_LOG_LIKELIHOOD,
    "latency_ms",
];

/// Means of which more is neither better nor worse: how long answers are, and how fast they came, since machines are busier at
/// one time than at another.
pub const NEUTRAL: [&str; 2] = ["length", "latency_ms"];

/// The metric for which answers are run as programs, against the tests that their reference answers are.
pub const PROGRAMS: &str = "pass_at_1";

/// What needs likelihoods, which an endpoint does not tell.
pub const LOCAL_ONLY: [&str; 5] =
    ["accuracy_norm", "accuracy_bytes", NEGATIVE_LOG_LIKELIHOOD, "perplexity", "bits_per_byte"];

/// Whether a metric is a mean over samples: one of [`MEANS`], or a judge's.
#[must_use]
pub fn is_mean(metric: &str) -> bool {
    MEANS.contains(&metric) || super::judge_of(metric).is_some()
}

/// The metrics that can be asked for.
#[must_use]
pub fn metrics_of(task: Task) -> Vec<&'static str> {
    let known = match task {
        Task::Classification => Items::Labels(&[]).metrics(),
        Task::MultipleChoice => &["accuracy", "accuracy_norm", "accuracy_bytes"],
        Task::Generation => Items::Texts(&[]).metrics(),
    };
    let likelihoods = Items::Likelihoods(&[]).metrics();
    // Nobody gives embeddings here, and each sample has a single answer.
    let needs_more = |metric: &&str| matches!(*metric, "bertscore_like" | "pass_at_10" | "pass_at_100");
    let own = known.iter().filter(|metric| !needs_more(metric) && !likelihoods.contains(metric));
    own.chain(&[NEGATIVE_LOG_LIKELIHOOD]).chain(likelihoods).copied().collect()
}

/// The metrics where none were asked for.
#[must_use]
pub fn usual_metrics(task: Task) -> &'static [&'static str] {
    match task {
        Task::Classification => &["accuracy", "f1_macro"],
        Task::MultipleChoice => &["accuracy", "accuracy_norm"],
        Task::Generation => &["exact_match", "token_f1", "rouge_l"],
    }
}

/// A task as designs and forms write it.
#[must_use]
pub fn task_word(task: Task) -> String {
    serde_json::to_value(task).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The task that a word names.
#[must_use]
pub fn task_of(word: &str) -> Option<Task> {
    serde_json::from_value(word.into()).ok()
}

/// Prices, in whatever currency the team counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = SuitePrices))]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Of an hour of this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<f64>,
    /// Of an endpoint, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<String, Price>,
}

/// Of a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = TokenPrice))]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub input: f64,
    pub output: f64,
}

impl Prices {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.per_hour.is_none() && self.endpoints.is_empty()
    }

    pub(super) fn are_good(&self) -> bool {
        let all = self.endpoints.values().flat_map(|price| [price.input, price.output]).chain(self.per_hour);
        all.into_iter().all(|price| price.is_finite() && price >= 0.0)
    }
}

/// What is known of the work on an evaluation besides its answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    pub elapsed_ms: u64,
    /// Answers that were worked on together; 1 where each stood by itself.
    pub batch: u32,
    pub peak_memory_mib: Option<f64>,
    /// Of all questions, where the candidate tells.
    pub input_tokens: Option<u64>,
    /// Of all answers.
    pub output_tokens: Option<u64>,
}

/// Cost of a thousand answers; `None` where no price is set, or tokens are not known.
#[must_use]
pub fn costs(prices: &Prices, endpoint: Option<&str>, timing: &Timing, answers: u64) -> Option<f64> {
    let whole = match endpoint {
        Some(name) => {
            let price = prices.endpoints.get(name)?;
            (timing.input_tokens? as f64 * price.input + timing.output_tokens? as f64 * price.output) / 1e6
        }
        None => prices.per_hour? * timing.elapsed_ms as f64 / 3_600_000.0,
    };
    (answers > 0).then(|| whole * 1000.0 / answers as f64)
}

/// The figures of an evaluation whose answers took so long. Latency is the time that an answer was worked on: with those of its
/// batch, if there are others.
#[must_use]
pub fn timing_scores(latencies: &[f64], timing: &Timing, cost: Option<f64>) -> BTreeMap<String, MetricScore> {
    const RESAMPLES: u32 = 1000;
    let batch = format!("of:answer|batch:{}", timing.batch.max(1));
    let mut found = BTreeMap::new();
    let mut note = |name: &str, value: Option<f64>, interval: Option<Interval>, signature: String| {
        let interval = interval.map(|i| ScoreInterval { low: i.low, high: i.high, method: IntervalMethod::Bootstrap });
        if let Some(value) = value.filter(|value| value.is_finite()) {
            found.insert(name.to_owned(), MetricScore { value, interval, signature });
        }
    };
    let mean = mean_interval(latencies, RESAMPLES, 42);
    note("latency_ms", mean.map(|i| i.mean), mean, format!("{batch}|average:samples"));
    let [high] = statistic_intervals(latencies.len(), RESAMPLES, 42, |places| [percentile_95(latencies, places)]);
    note("latency_p95_ms", high.map(|i| i.mean), high, format!("{batch}|percentile:95"));
    let seconds = timing.elapsed_ms as f64 / 1000.0;
    let speed = timing.output_tokens.filter(|_| seconds > 0.0).map(|tokens| tokens as f64 / seconds);
    note("tokens_per_second", speed, None, "of:written tokens|per:second of the whole evaluation".to_owned());
    note("peak_memory_mib", timing.peak_memory_mib, None, "of:resident memory of the process".to_owned());
    note("cost_per_1000", cost, None, "of:1000 answers".to_owned());
    found
}

/// The smallest latency that 95 % of these are not above.
fn percentile_95(latencies: &[f64], places: &[usize]) -> Option<f64> {
    let mut drawn: Vec<f64> = places.iter().map(|place| latencies[*place]).collect();
    let at = (drawn.len() * 95).div_ceil(100).checked_sub(1)?;
    let (_, value, _) = drawn.select_nth_unstable_by(at, f64::total_cmp);
    Some(*value)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn time_and_memory_become_figures() {
        let latencies: Vec<f64> = (1..=100).map(f64::from).collect();
        let timing = Timing {
            elapsed_ms: 5000,
            batch: 8,
            peak_memory_mib: Some(900.0),
            input_tokens: Some(2_000_000),
            output_tokens: Some(1000),
        };
        let found = timing_scores(&latencies, &timing, None);
        let value = |name: &str| found[name].value;
        assert_eq!((value("latency_ms"), value("latency_p95_ms"), value("tokens_per_second")), (50.5, 95.0, 200.0));
        assert!(found["latency_p95_ms"].interval.unwrap().low < 95.0 && !found.contains_key("cost_per_1000"));
        assert!(found.keys().all(|name| FIGURES.contains(&name.as_str())));
        let price = Price { input: 1.5, output: 6.0 };
        let prices = Prices { per_hour: Some(3.6), endpoints: BTreeMap::from([("big".to_owned(), price)]) };
        assert!((costs(&prices, Some("big"), &timing, 100).unwrap() - 30.06).abs() < 1e-9);
        assert!((costs(&prices, None, &timing, 100).unwrap() - 0.05).abs() < 1e-12);
        assert_eq!([costs(&prices, Some("small"), &timing, 100), costs(&prices, None, &timing, 0)], [None, None]);
    }

    #[test]
    fn an_evaluation_without_latencies_has_none() {
        let timing = Timing { elapsed_ms: 0, output_tokens: Some(3), ..Timing::default() };
        assert_eq!(timing_scores(&[], &timing, None), BTreeMap::new());
    }

    #[test]
    fn tasks_have_words() {
        for task in [Task::Classification, Task::MultipleChoice, Task::Generation] {
            assert_eq!(task_of(&task_word(task)), Some(task));
            let known = metrics_of(task);
            assert!(usual_metrics(task).iter().all(|metric| known.contains(metric)));
            let mut once = known.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), known.len(), "each is named once: {known:?}");
            assert!(known.contains(&"perplexity") && known.contains(&"bits_per_byte"));
            let is_generation = task == Task::Generation;
            assert_eq!((known.contains(&"schema_match"), known.contains(&PROGRAMS)), (is_generation, is_generation));
        }
        assert_eq!(task_of("guessing"), None);
    }
}
