//! What a report shows of its runs: everything by value, so that it can be kept as it was.

use crate::{
    badcase::{BadCaseStatus, Cause, view::BadCaseCounts},
    card::CardLeaks,
    eval::{ClassMetrics, ConfusionMatrix, Task, view::Difference},
    id::{BadCaseId, DatasetId, ModelId, RunId, SampleId, SuiteId, SuiteResultId, VersionId},
    overfit::{Figures, Fit},
    run::{Cost, RunStatus},
    split::Override,
    statistics::{
        correction::holm,
        mcnemar::Discordant,
        proportions::{PairedOutcomes, newcombe_paired, z_95},
        verdict::Verdict,
    },
    suite::JudgedFigure,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Labels of the data that are listed.
pub const LABELS_LISTED: usize = 20;
/// Slices that are listed, those with most samples.
pub const SLICES_LISTED: usize = 30;
/// Values of a field beyond which it makes no slices: an id is no slice.
pub const SLICE_VALUES: usize = 20;
/// Samples that a slice has at least.
pub const SLICE_SAMPLES: u64 = 5;
/// Bad cases that are quoted for each run.
pub const EXAMPLES: usize = 5;
/// Length of each text of a quoted bad case, in characters.
pub const QUOTED_CHARS: usize = 400;
/// Labels up to which a confusion matrix is shown.
pub const CONFUSION_LABELS: usize = 20;

/// What is known of the runs of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportFacts))]
pub struct Facts {
    pub project_name: String,
    pub project_description: String,
    #[serde(with = "time::serde::rfc3339")]
    pub gathered_at: OffsetDateTime,
    pub runs: Vec<RunFacts>,
}

/// What is known of one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportRun))]
pub struct RunFacts {
    pub run_id: RunId,
    pub number: i32,
    pub name: String,
    pub status: RunStatus,
    pub created_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    pub model_id: ModelId,
    pub model_name: String,
    pub data: DataFacts,
    pub method: MethodFacts,
    pub curves: Vec<CurveFacts>,
    /// What the overfit watch says; absent before the first validation.
    pub fit: Option<FitFacts>,
    /// Absent until both models were evaluated on the test split.
    pub evaluation: Option<EvaluationFacts>,
    pub slices: Vec<SliceFacts>,
    /// What judges say of its answers in suites.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judged: Vec<JudgedFacts>,
    pub bad_cases: BadCaseFacts,
    pub cost: CostFacts,
    /// An owner's signature under a launch in spite of leaks.
    pub leak_override: Option<Override>,
    /// Samples that it learnt from and that were erased since.
    pub forgotten: u64,
    /// Succeeded runs with the same model, data and settings but for the seed, itself included: different seeds.
    pub seeds: u32,
}

/// The dataset version of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportData))]
pub struct DataFacts {
    pub dataset_id: DatasetId,
    pub version_id: VersionId,
    pub name: String,
    pub number: u32,
    pub description: String,
    pub license: String,
    pub samples: u64,
    pub train: u64,
    pub validation: u64,
    pub test: u64,
    pub exact_duplicates: u64,
    /// The most frequent labels with their counts, at most 20.
    pub labels: Vec<(String, u64)>,
    pub different_labels: u64,
    /// The files that it came from.
    pub files: Vec<String>,
    /// Versions that it was made from and itself.
    pub steps: u64,
    /// Absent before the splits were checked.
    pub leaks: Option<CardLeaks>,
    /// Times that somebody had test samples shown or sent, and how many people did.
    pub test_looks: u64,
    pub test_lookers: u64,
}

/// How the run was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportMethod))]
pub struct MethodFacts {
    pub method: String,
    pub objective: String,
    pub seed: u64,
    pub steps: u32,
    /// Whether the adapter is the one with the lowest validation loss, not the last.
    pub keeps_best: bool,
    /// Settings that are not the usual ones: dotted path, value, usual value.
    pub settings: Vec<SettingFacts>,
}

/// A setting that is not the usual one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportSetting))]
pub struct SettingFacts {
    pub path: String,
    pub value: String,
    pub usual: String,
}

/// A series, thinned out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportCurve))]
pub struct CurveFacts {
    /// `train_loss` or `validation_loss`.
    pub series: String,
    /// Step and value.
    pub points: Vec<(u32, f64)>,
}

/// What the overfit watch says of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportFit))]
pub struct FitFacts {
    pub fit: Fit,
    /// `None` while it is too early, and where a loss is no number.
    pub figures: Option<Figures>,
}

/// What base and tuned model answered on the test split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportEvaluation))]
pub struct EvaluationFacts {
    pub task: Task,
    pub samples: u32,
    /// The headline metric first.
    pub metrics: Vec<MetricFacts>,
    pub outcomes: Outcomes,
    pub base_classes: Vec<ClassMetrics>,
    pub classes: Vec<ClassMetrics>,
    pub confusion: Option<ConfusionMatrix>,
    /// The same metrics without test samples that training has seen.
    pub without_leaks: Option<WithoutLeaksFacts>,
}

/// Scores on the test samples that training has not seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportWithoutLeaks))]
pub struct WithoutLeaksFacts {
    pub excluded: u32,
    pub samples: u32,
    pub metrics: Vec<MetricFacts>,
}

/// One metric of both models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportMetric))]
pub struct MetricFacts {
    pub metric: String,
    pub base: f64,
    pub tuned: f64,
    /// 95 % interval of the difference, tuned minus base; absent for metrics that are no mean over samples.
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub p_value: Option<f64>,
    pub verdict: Verdict,
}

impl MetricFacts {
    /// Of a difference from base to tuned.
    #[must_use]
    pub fn of(difference: &Difference) -> Self {
        let verdict = difference.verdict();
        let (low, high) = difference.interval.unzip();
        Self {
            metric: difference.metric.clone(),
            base: difference.from,
            tuned: difference.to,
            low,
            high,
            p_value: difference.p_value,
            verdict,
        }
    }
}

/// On how many of the same samples each model is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportOutcomes))]
pub struct Outcomes {
    pub both_right: u64,
    pub only_tuned: u64,
    pub only_base: u64,
    pub both_wrong: u64,
}

impl Outcomes {
    #[must_use]
    pub fn samples(self) -> u64 {
        self.both_right + self.only_tuned + self.only_base + self.both_wrong
    }

    /// Share of the samples on which one model is right and the other wrong.
    #[must_use]
    pub fn discordance(self) -> f64 {
        (self.only_tuned + self.only_base) as f64 / self.samples().max(1) as f64
    }

    #[must_use]
    pub fn base_share(self) -> f64 {
        (self.both_right + self.only_base) as f64 / self.samples().max(1) as f64
    }

    #[must_use]
    pub fn tuned_share(self) -> f64 {
        (self.both_right + self.only_tuned) as f64 / self.samples().max(1) as f64
    }
}

/// The test samples that have a value in a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportSlice))]
pub struct SliceFacts {
    pub field: String,
    pub value: String,
    pub outcomes: Outcomes,
    /// 95 % interval of the difference of both shares that are right, tuned minus base (Newcombe, method 10).
    pub low: f64,
    pub high: f64,
    /// McNemar's exact p value, adjusted for the number of slices (Holm).
    pub p_value: f64,
    /// By the adjusted p value at 0.05: an interval alone would find something somewhere among many slices.
    pub verdict: Verdict,
}

/// Judges slices together. Those without samples are left out.
#[must_use]
pub fn slices(counted: Vec<(String, String, Outcomes)>) -> Vec<SliceFacts> {
    let counted: Vec<_> = counted.into_iter().filter(|(_, _, outcomes)| outcomes.samples() > 0).collect();
    let p_value =
        |o: &Outcomes| Discordant { only_first_right: o.only_tuned, only_second_right: o.only_base }.exact_p_value();
    let p_values: Vec<f64> = counted.iter().map(|(_, _, outcomes)| p_value(outcomes)).collect();
    let judged = counted.into_iter().zip(holm(&p_values)).filter_map(|((field, value, outcomes), p_value)| {
        let pairs = PairedOutcomes {
            both_right: outcomes.both_right,
            only_first_right: outcomes.only_tuned,
            only_second_right: outcomes.only_base,
            both_wrong: outcomes.both_wrong,
        };
        let interval = newcombe_paired(pairs, z_95())?;
        let verdict = match outcomes.only_tuned.cmp(&outcomes.only_base) {
            _ if p_value >= 0.05 => Verdict::NoEvidence,
            std::cmp::Ordering::Greater => Verdict::Better,
            std::cmp::Ordering::Less => Verdict::Worse,
            std::cmp::Ordering::Equal => Verdict::NoEvidence,
        };
        Some(SliceFacts { field, value, outcomes, low: interval.low, high: interval.high, p_value, verdict })
    });
    judged.collect()
}

/// What a judge says of a run's answers in a suite, and whether the judge counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportJudged))]
pub struct JudgedFacts {
    pub suite_id: SuiteId,
    pub result_id: SuiteResultId,
    pub suite: String,
    /// Its key in the suite.
    pub evaluation: String,
    /// `judge.NAME`.
    pub metric: String,
    /// Mean over criteria and samples, from 0 to 1, with its 95 % interval; absent where nothing was understood.
    pub score: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub figure: JudgedFigure,
}

/// The bad cases that a run has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportBadCases))]
pub struct BadCaseFacts {
    pub counts: BadCaseCounts,
    /// Most frequent first; without a cause where nobody has said.
    pub causes: Vec<CauseFacts>,
    /// The most severe ones, then the newest.
    pub examples: Vec<ExampleFacts>,
}

/// How many bad cases have a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportCause))]
pub struct CauseFacts {
    pub cause: Option<Cause>,
    /// The project's own cause below that.
    pub name: Option<String>,
    pub cases: u64,
}

/// A bad case that is quoted. What it says stands beside the frozen content, which has its SHA-256 alone: so that it can be
/// erased at the wish of whom it is about, and the signature holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportExample))]
pub struct ExampleFacts {
    pub bad_case_id: BadCaseId,
    pub sample_id: SampleId,
    pub status: BadCaseStatus,
    pub cause: Option<Cause>,
    /// Of the quote as canonical JSON, its salt included.
    pub quote_sha256: String,
    /// Absent once it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
}

/// What a bad case says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportQuote))]
pub struct Quote {
    pub prompt: String,
    pub output: String,
    pub expected: String,
    /// Random, and erased with the rest: without it an erased quote could be confirmed by guessing what its hash is of.
    pub salt: String,
}

/// What a run has used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportCost))]
pub struct CostFacts {
    /// Absent until it has succeeded.
    pub actual: Option<Cost>,
    /// As predicted before it began.
    pub predicted_seconds: Option<f64>,
    pub device: String,
    pub devices: u32,
    pub attempts: u32,
}

impl CostFacts {
    /// Hours of one device.
    #[must_use]
    pub fn device_hours(&self) -> Option<f64> {
        self.actual.map(|cost| cost.seconds * f64::from(self.devices.max(1)) / 3600.0)
    }
}

/// How many devices a name such as `cuda:0+cuda:1` holds.
#[must_use]
pub fn devices(name: &str) -> u32 {
    u32::try_from(name.split('+').filter(|device| !device.is_empty()).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(both_right: u64, only_tuned: u64, only_base: u64, both_wrong: u64) -> Outcomes {
        Outcomes { both_right, only_tuned, only_base, both_wrong }
    }

    /// 12 against 1 of 13 alone: p = 2·(1 + 13)/2¹³ = 0.0034, which 20 comparisons make 0.068.
    #[test]
    fn many_slices_need_more_evidence_each() {
        let clear = ("field".to_owned(), "clear".to_owned(), outcomes(10, 12, 1, 3));
        let alone = slices(vec![clear.clone()]);
        assert_eq!(alone[0].verdict, Verdict::Better);
        assert!((alone[0].p_value - 28.0 / 8192.0).abs() < 1e-12 && alone[0].low > 0.0);
        let others = (0..19).map(|i| ("field".to_owned(), i.to_string(), outcomes(5, 1, 1, 5)));
        let among: Vec<_> = slices(std::iter::once(clear).chain(others).collect());
        assert_eq!((among.len(), among[0].verdict), (20, Verdict::NoEvidence));
        assert!((among[0].p_value - 20.0 * 28.0 / 8192.0).abs() < 1e-12);
    }

    #[test]
    fn shares_are_of_the_same_samples() {
        let o = outcomes(4, 3, 1, 2);
        assert_eq!((o.base_share(), o.tuned_share(), o.discordance()), (0.5, 0.7, 0.4));
        assert_eq!(slices(vec![(String::new(), String::new(), Outcomes::default())]), []);
        assert_eq!(["", "cpu", "cuda:0+cuda:1"].map(devices), [0, 1, 2]);
    }
}
