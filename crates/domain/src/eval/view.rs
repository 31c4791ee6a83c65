//! What is shown of evaluations: the stored result of one model, one sample with both models'
//! answers, and the difference between two models with its interval.

use super::{EvalMetrics, Subject, Task, larger_is_better};
use crate::{
    id::{BadCaseId, EvalId, RunId, SampleId, VersionId},
    sample::{Sample, Split},
    statistics::{bootstrap::paired_difference, verdict::Verdict},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Resamples of every interval shown.
pub const RESAMPLES: u32 = 2000;

/// A stored evaluation of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evaluation {
    pub id: EvalId,
    pub run_id: RunId,
    pub subject: Subject,
    pub version_id: VersionId,
    pub split: Split,
    pub metrics: EvalMetrics,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// One model's answer to one sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Answer {
    pub output: String,
    pub correct: bool,
    pub scores: BTreeMap<String, f64>,
}

/// One test sample with what both models answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PredictionRow {
    /// Position in the evaluated split (0-based).
    pub position: u32,
    pub sample_id: SampleId,
    pub sample: Sample,
    pub expected: String,
    pub base: Option<Answer>,
    pub tuned: Answer,
    /// The bad case, when the tuned model failed.
    pub bad_case_id: Option<BadCaseId>,
}

/// Which predictions to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    #[default]
    All,
    /// The tuned model is wrong.
    Wrong,
    /// The tuned model is right.
    Right,
    /// Base wrong, tuned right.
    Better,
    /// Base right, tuned wrong.
    Worse,
}

impl Outcome {
    pub const ALL: [Self; 5] = [Self::All, Self::Wrong, Self::Right, Self::Better, Self::Worse];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Wrong => "wrong",
            Self::Right => "right",
            Self::Better => "better",
            Self::Worse => "worse",
        }
    }
}

impl std::str::FromStr for Outcome {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}

/// Search over the predictions of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredictionQuery {
    pub outcome: Outcome,
    /// Part of the sample's text, of the reference or of the tuned model's output.
    pub search: Option<String>,
    /// Expected label.
    pub label: Option<String>,
    /// What the tuned model answered, the whole of it.
    pub predicted: Option<String>,
    pub slice: Option<SliceIs>,
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// A field of the data and the value that samples have in it, written `NAME:VALUE`; in the name, `%3A` is a colon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceIs {
    pub name: String,
    pub value: String,
}

/// Text that names no slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected NAME:VALUE")]
pub struct NoSlice;

impl std::fmt::Display for SliceIs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.name.replace('%', "%25").replace(':', "%3A"), self.value)
    }
}

impl std::str::FromStr for SliceIs {
    type Err = NoSlice;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (name, value) = s.split_once(':').ok_or(NoSlice)?;
        Ok(Self { name: name.replace("%3A", ":").replace("%25", "%"), value: value.to_owned() })
    }
}

/// How a metric differs between two models, measured on the same samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Difference {
    pub metric: String,
    pub from: f64,
    pub to: f64,
    /// Of the difference `to - from` with 95 % confidence, the answers paired by sample; absent where a metric has none.
    pub interval: Option<(f64, f64)>,
    pub p_value: Option<f64>,
}

impl Difference {
    /// What the interval allows to say, uncorrected.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict::of(self.interval, larger_is_better(&self.metric))
    }

    /// How large a difference this comparison would have found with a chance of 80 %, uncorrected.
    #[must_use]
    pub fn detectable(&self) -> Option<f64> {
        crate::statistics::effect::detectable(self.interval?, 0.8)
    }
}

/// Both evaluations of a run on the test split and how they differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunEvaluation {
    pub run_number: i32,
    pub run_name: String,
    pub base: Option<Evaluation>,
    pub tuned: Option<Evaluation>,
    /// From base to tuned; empty unless both are there.
    pub differences: Vec<Difference>,
    /// The same without the test samples that training has seen; `None` when it has seen none, or nobody has looked.
    #[serde(default)]
    pub without_leaks: Option<WithoutLeaks>,
    /// Whether the run learnt from samples that were erased since.
    #[serde(default)]
    pub saw_erased: bool,
}

/// Scores on the test samples that training has not seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithoutLeaks {
    /// Test samples left out.
    pub excluded: u32,
    /// Test samples left.
    pub samples: u32,
    /// Those metrics that are means over samples.
    pub differences: Vec<Difference>,
}

impl WithoutLeaks {
    /// Scores anew without `contaminated`; `None` when none of them was scored.
    #[must_use]
    pub fn of(
        contaminated: &[SampleId],
        from: (&EvalMetrics, &SampleScores),
        to: (&EvalMetrics, &SampleScores),
    ) -> Option<Self> {
        let left = |(metrics, scores): (&EvalMetrics, &SampleScores)| {
            let scores: SampleScores =
                scores.iter().filter(|(id, _)| !contaminated.contains(id)).map(|(id, s)| (*id, s.clone())).collect();
            let mean = |score: &str| {
                let values: Vec<f64> = scores.values().filter_map(|s| s.get(score).copied()).collect();
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
            };
            let means = metrics.values.keys().filter_map(|m| Some((m.clone(), mean(sample_score(m)?)?)));
            let values = means.collect();
            (EvalMetrics { values, samples: scores.len() as u32, ..metrics.clone() }, scores)
        };
        let (before, after) = (left(from), left(to));
        let excluded = (to.1.len() - after.1.len()) as u32;
        (excluded > 0).then(|| Self {
            excluded,
            samples: after.1.len() as u32,
            differences: differences((&before.0, &before.1), (&after.0, &after.1)),
        })
    }
}

/// Per-sample scores of one model: sample → score name → value. `correct` is among them as 0 or 1.
pub type SampleScores = BTreeMap<SampleId, BTreeMap<String, f64>>;

/// The per-sample score whose mean a metric is, if it is one.
#[must_use]
pub fn sample_score(metric: &str) -> Option<&'static str> {
    match metric {
        "accuracy" | "exact_match" => Some("correct"),
        "rouge_l" => Some("rouge_l"),
        "preference_accuracy" => Some("prefers_chosen"),
        _ => None,
    }
}

/// Every metric of two evaluations side by side. Intervals come from the samples both have.
#[must_use]
pub fn differences(from: (&EvalMetrics, &SampleScores), to: (&EvalMetrics, &SampleScores)) -> Vec<Difference> {
    let mut out = Vec::new();
    for (metric, value) in &to.0.values {
        let Some(before) = from.0.values.get(metric) else { continue };
        let interval = sample_score(metric).and_then(|score| {
            let pairs: Vec<(f64, f64)> =
                to.1.iter().filter_map(|(id, b)| Some((*b.get(score)?, *from.1.get(id)?.get(score)?))).collect();
            let (b, a): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            paired_difference(&b, &a, RESAMPLES, 42)
        });
        out.push(Difference {
            metric: metric.clone(),
            from: *before,
            to: *value,
            interval: interval.map(|i| (i.low, i.high)),
            p_value: interval.map(|i| i.p_value),
        });
    }
    out
}

/// The metrics of a task in the order they are shown; others follow by name.
#[must_use]
pub fn metric_order(task: Task) -> &'static [&'static str] {
    match task {
        Task::Classification => &["accuracy", "macro_f1", "preference_accuracy", "perplexity"],
        Task::MultipleChoice => &["accuracy", "accuracy_norm", "accuracy_bytes", "macro_f1", "perplexity"],
        Task::Generation => &["preference_accuracy", "rouge_l", "bleu", "exact_match", "perplexity"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(values: &[(i64, f64)]) -> SampleScores {
        values.iter().map(|(id, v)| (SampleId(*id), BTreeMap::from([("correct".to_owned(), *v)]))).collect()
    }

    fn metrics(accuracy: f64) -> EvalMetrics {
        let values = BTreeMap::from([("accuracy".to_owned(), accuracy)]);
        EvalMetrics { task: Task::Classification, samples: 4, values, classes: Vec::new(), confusion: None }
    }

    #[test]
    fn what_training_has_seen_can_be_left_out() {
        let from = scores(&[(1, 0.0), (2, 0.0), (3, 1.0), (4, 1.0)]);
        let to = scores(&[(1, 1.0), (2, 1.0), (3, 1.0), (4, 0.0)]);
        let (before, after) = (metrics(0.5), metrics(0.75));
        let seen = [SampleId(1), SampleId(2), SampleId(99)];
        let clean = WithoutLeaks::of(&seen, (&before, &from), (&after, &to)).expect("two were seen");
        assert_eq!((clean.excluded, clean.samples), (2, 2));
        assert_eq!((clean.differences[0].from, clean.differences[0].to), (1.0, 0.5));
        assert_eq!(WithoutLeaks::of(&seen[2..], (&before, &from), (&after, &to)), None);
    }

    #[test]
    fn differences_pair_common_samples_only() {
        let from = scores(&[(1, 0.0), (2, 0.0), (3, 0.0), (9, 1.0)]);
        let to = scores(&[(1, 1.0), (2, 1.0), (3, 1.0), (8, 0.0)]);
        let d = differences((&metrics(0.25), &from), (&metrics(0.75), &to));
        assert_eq!(d.len(), 1);
        assert_eq!(d[0].interval, Some((1.0, 1.0)), "only samples 1 to 3 are common, and all improved");
        assert_eq!(d[0].verdict(), Verdict::Better);
    }
}
