//! What is shown of suites: their list, the table of candidates, predictions, slices, the comparison of base models.

use super::{Candidate, EvaluationDesign, JudgedFigure, Standing, SuiteDesign, decides};
use crate::{
    eval::{
        larger_is_better,
        view::{Difference, Outcome},
    },
    id::{SampleId, SuiteAlarmId, SuiteId, SuiteResultId, VersionId},
    judge::calibration,
    measure::{Measurement, MetricScore},
    sample::{Sample, Split},
    slice::{FieldSlices, Found},
    statistics::verdict::Verdict,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A suite in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuiteSummary {
    pub id: SuiteId,
    pub name: String,
    /// The newest version.
    pub version: u32,
    pub evaluations: u32,
    /// Candidates with a result.
    pub candidates: u32,
    /// Alarms that nobody has dismissed.
    pub alarms: u32,
    /// Whether every run of the project that succeeds takes it.
    pub automatic: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A version of a suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuiteDetail {
    #[serde(flatten)]
    pub summary: SuiteSummary,
    /// The version that is shown.
    pub shown: u32,
    pub design: SuiteDesign,
    pub created_by: String,
    pub baselines: Vec<Baseline>,
}

/// A candidate that others are held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = SuiteBaseline))]
pub struct Baseline {
    pub candidate: Candidate,
    /// What the team calls it, such as "last release".
    pub label: String,
    /// Whether gates and alarms are judged by it. One of a suite is.
    pub is_main: bool,
}

/// What one evaluation of a candidate yielded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuiteResult {
    pub id: SuiteResultId,
    pub suite_id: SuiteId,
    /// Version of the suite that it was evaluated for.
    pub version: u32,
    /// Key of the evaluation in that version.
    pub evaluation: String,
    pub candidate: Candidate,
    pub candidate_name: String,
    pub version_id: VersionId,
    pub split: Split,
    /// What was measured; figures such as `latency_ms` are among the scores.
    pub measurement: Measurement,
    /// By metric, whose figure it is and whether the judge counted when it was taken.
    #[serde(default)]
    pub judged: BTreeMap<String, JudgedFigure>,
    /// Samples among them that the training split of the candidate's own data has in some form, as far as somebody has looked.
    pub contaminated: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A gate with how a candidate stands to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GateResult {
    pub gate: String,
    pub standing: Standing,
    /// Where it is inconclusive since the judge whose metric it is about does not count: why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<calibration::Standing>,
}

/// An evaluation of a candidate in the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = SuiteCell))]
pub struct Cell {
    pub result_id: SuiteResultId,
    pub samples: u64,
    pub contaminated: u32,
    pub scores: BTreeMap<String, MetricScore>,
    /// By metric, whose figure it is and whether the judge counted when it was taken.
    #[serde(default)]
    pub judged: BTreeMap<String, JudgedFigure>,
    /// From the baseline to the candidate: paired by sample where a metric is a mean over samples, else by the paired bootstrap and
    /// approximate randomization.
    pub differences: Vec<Difference>,
    pub gates: Vec<GateResult>,
}

impl Cell {
    /// How the candidate differs from the baseline in a metric.
    #[must_use]
    pub fn difference(&self, metric: &str) -> Option<&Difference> {
        self.differences.iter().find(|d| d.metric == metric)
    }
}

/// A candidate with its evaluations, in the order of the suite's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = SuiteCandidateRow))]
pub struct CandidateRow {
    pub candidate: Candidate,
    pub name: String,
    pub is_baseline: bool,
    /// Of a base model.
    pub parameters: Option<u64>,
    pub size_bytes: Option<u64>,
    /// Whether it learnt from samples that were erased since.
    pub saw_erased: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub latest: OffsetDateTime,
    /// `None` where it was not evaluated.
    pub cells: Vec<Option<Cell>>,
    /// p values of its differences after correction over the suite (Holm), as `EVALUATION/METRIC`.
    pub adjusted_p_values: BTreeMap<String, f64>,
}

impl CandidateRow {
    /// What a difference shows once all of the suite are corrected for.
    #[must_use]
    pub fn verdict(&self, evaluation: &str, difference: &Difference) -> Verdict {
        let p = self.adjusted_p_values.get(&format!("{evaluation}/{}", difference.metric));
        if p.is_some_and(|p| *p <= super::SIGNIFICANCE) { difference.verdict() } else { Verdict::NoEvidence }
    }

    /// All gates together; `None` where there are none.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        let gates = || self.cells.iter().flatten().flat_map(|cell| &cell.gates);
        let has = |standing: Standing| gates().any(|gate| gate.standing == standing);
        gates().next()?;
        Some(match (has(Standing::Missed), has(Standing::Inconclusive)) {
            (true, _) => Standing::Missed,
            (false, true) => Standing::Inconclusive,
            (false, false) => Standing::Met,
        })
    }
}

/// The table of a suite: candidates by evaluations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuiteTable {
    pub evaluations: Vec<EvaluationDesign>,
    /// Baselines first, then whatever was evaluated last.
    pub rows: Vec<CandidateRow>,
    pub alarms: Vec<SuiteAlarm>,
    /// Results that are not compared with the baseline's yet. Their candidates are told no difference at all until they are, since
    /// p values are corrected for all of them.
    #[serde(default)]
    pub pending: u32,
}

/// A candidate that is worse than the baseline was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuiteAlarm {
    pub id: SuiteAlarmId,
    pub suite_id: SuiteId,
    pub suite_name: String,
    pub evaluation: String,
    pub candidate_name: String,
    pub baseline_name: String,
    pub result_id: SuiteResultId,
    pub difference: Difference,
    pub adjusted_p_value: f64,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A result in the history of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = SuiteHistoryPoint))]
pub struct HistoryPoint {
    pub result_id: SuiteResultId,
    pub evaluation: String,
    pub candidate: Candidate,
    pub candidate_name: String,
    pub metric: String,
    pub score: MetricScore,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Which predictions of a result to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuitePredictionQuery {
    /// Right and wrong ones only are told apart here.
    pub outcome: Outcome,
    /// Part of the sample's text or of the output.
    pub search: Option<String>,
    /// Expected label.
    pub label: Option<String>,
    /// A field of the data and the value that it must have.
    pub slice: Option<(String, String)>,
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// One answer of a candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuitePrediction {
    /// Position of the sample in its version.
    pub position: u32,
    pub sample_id: SampleId,
    pub sample: Sample,
    pub expected: String,
    pub output: String,
    pub correct: bool,
    pub scores: BTreeMap<String, f64>,
}

/// A result cut into parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = SuiteSliceReport))]
pub struct SliceReport {
    /// A mean over samples.
    pub metric: String,
    /// Metrics that can be cut.
    pub metrics: Vec<String>,
    pub fields: Vec<FieldSlices>,
    /// The parts on which the candidate does worst.
    pub worst: Found,
    /// Answers that were cut: the first ones where there are very many.
    #[serde(default)]
    pub cut: u64,
    /// Answers that there are.
    #[serde(default)]
    pub of: u64,
}

/// Base models, before any of them is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BakeOff {
    pub evaluations: Vec<EvaluationDesign>,
    pub rows: Vec<BakeOffRow>,
    /// Results that are not compared with the best yet. Their evaluations are told no difference at all until they are.
    #[serde(default)]
    pub pending: u32,
}

/// One candidate of a bake-off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BakeOffRow {
    pub candidate: Candidate,
    pub name: String,
    pub parameters: Option<u64>,
    pub size_bytes: Option<u64>,
    /// In the order of the evaluations.
    pub cells: Vec<Option<BakeOffCell>>,
}

/// What a candidate reached in the metric that the evaluation is judged by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BakeOffCell {
    pub result_id: SuiteResultId,
    pub score: Option<MetricScore>,
    pub is_best: bool,
    /// From the best one to this one; `None` for the best one itself.
    pub difference: Option<Difference>,
    /// Corrected over all pairs of the evaluation's candidates (Holm).
    pub adjusted_p_value: Option<f64>,
    pub verdict: Verdict,
    pub latency_ms: Option<f64>,
    pub peak_memory_mib: Option<f64>,
    pub cost_per_1000: Option<f64>,
}

impl BakeOff {
    /// Base models and endpoints of a table by the metric that each evaluation is judged by, without differences.
    #[must_use]
    pub fn of(table: &SuiteTable) -> Self {
        let is_base = |row: &&CandidateRow| !matches!(row.candidate, Candidate::Run { .. });
        let rows = table.rows.iter().filter(is_base).map(|row| {
            let cells = row.cells.iter().zip(&table.evaluations).map(|(cell, evaluation)| {
                let (cell, primary) = (cell.as_ref()?, evaluation.primary());
                let figure = |name: &str| cell.scores.get(name).map(|score| score.value);
                Some(BakeOffCell {
                    result_id: cell.result_id,
                    score: cell.scores.get(&primary).filter(|_| decides(&cell.judged, &primary)).cloned(),
                    is_best: false,
                    difference: None,
                    adjusted_p_value: None,
                    verdict: Verdict::NoEvidence,
                    latency_ms: figure("latency_ms"),
                    peak_memory_mib: figure("peak_memory_mib"),
                    cost_per_1000: figure("cost_per_1000"),
                })
            });
            BakeOffRow {
                candidate: row.candidate.clone(),
                name: row.name.clone(),
                parameters: row.parameters,
                size_bytes: row.size_bytes,
                cells: cells.collect(),
            }
        });
        let mut found = Self { evaluations: table.evaluations.clone(), rows: rows.collect(), pending: 0 };
        found.mark_best();
        found
    }

    pub(super) fn mark_best(&mut self) {
        for (column, evaluation) in self.evaluations.iter().enumerate() {
            let metric = evaluation.primary();
            if super::NEUTRAL.contains(&metric.as_str()) {
                continue;
            }
            let up = larger_is_better(&metric);
            let value = |row: &BakeOffRow| row.cells[column].as_ref()?.score.as_ref().map(|score| score.value);
            let better = |a: &f64, b: &f64| if up { a.total_cmp(b) } else { b.total_cmp(a) };
            let best = self.rows.iter().enumerate().filter_map(|(i, row)| Some((i, value(row)?)));
            let Some((best, _)) = best.max_by(|a, b| better(&a.1, &b.1).then(b.0.cmp(&a.0))) else { continue };
            if let Some(cell) = &mut self.rows[best].cells[column] {
                cell.is_best = true;
            }
        }
    }

    /// The result that all others of a column are held against.
    #[must_use]
    pub fn best(&self, column: usize) -> Option<SuiteResultId> {
        self.rows
            .iter()
            .filter_map(|row| row.cells[column].as_ref())
            .find(|cell| cell.is_best)
            .map(|cell| cell.result_id)
    }

    /// Fills in how the others differ from the best: `difference` is asked with (best, other, metric). The same answers say which
    /// one is the best, so any pair might have been tested: p values are corrected for all of them.
    pub fn compare(&mut self, difference: impl Fn(SuiteResultId, SuiteResultId, &str) -> Option<Difference>) {
        for column in 0..self.evaluations.len() {
            let (Some(best), metric) = (self.best(column), self.evaluations[column].primary()) else { continue };
            let mut cells: Vec<&mut BakeOffCell> = self
                .rows
                .iter_mut()
                .filter_map(|row| row.cells[column].as_mut())
                .filter(|cell| !cell.is_best)
                .collect();
            for cell in &mut cells {
                cell.difference = difference(best, cell.result_id, &metric);
            }
            let p = |cell: &&mut BakeOffCell| cell.difference.as_ref().and_then(|d| d.p_value);
            let mut tested: Vec<f64> = cells.iter().filter_map(p).collect();
            // With the best one, k candidates make k(k − 1)/2 pairs.
            let pairs = tested.len() * (tested.len() + 1) / 2;
            tested.resize(pairs, 1.0);
            let mut adjusted = crate::statistics::correction::holm(&tested).into_iter();
            for cell in cells {
                let Some(d) = cell.difference.as_ref().filter(|d| d.p_value.is_some()) else { continue };
                let p = adjusted.next().unwrap_or(1.0);
                cell.adjusted_p_value = Some(p);
                cell.verdict = if p <= super::SIGNIFICANCE { d.verdict() } else { Verdict::NoEvidence };
            }
        }
    }
}
