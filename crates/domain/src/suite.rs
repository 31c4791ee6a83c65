//! Evaluation suites: a named set of evaluations that every candidate takes, so that candidates can be compared.
//!
//! A suite's design is read from and written to TOML and JSON. It never changes: editing makes the suite's next version. What an
//! evaluation measured counts for every version of the suite that asks the same question ([`EvaluationDesign::identity`]), so
//! that another gate or slice needs no new answers.

mod candidate;
mod compare;
mod corpus;
mod figures;
mod gate;
mod judged;
mod named;
mod schema;
mod seeds;
mod target;
mod view;

pub use candidate::{Candidate, RunSuite, UnknownCandidate};
pub use compare::{Alarmed, SIGNIFICANCE, alarms, holm_adjusted, paired_differences};
pub use corpus::{SEED, SampleAnswer, SampleAnswers, corpus_differences};
pub use figures::{
    FIGURES, LOCAL_ONLY, MEANS, NEUTRAL, PROGRAMS, Price, Prices, Timing, costs, is_mean, metrics_of, task_of,
    task_word, timing_scores, usual_metrics,
};
pub use gate::{Gate, GateError, Standing, within};
pub use judged::{JudgedFigure, MAX_JUDGES, decides, judge_metric, judge_of, undecided};
pub use named::{NAMED, NamedSlice, NamedSliceError};
pub use schema::MAX_SCHEMA_BYTES;
pub use seeds::{
    MAX_SEED_GROUPS, MAX_SEEDS, NoSeedGroup, SEED_RESAMPLES, SeedCell, SeedFigures, SeedGroup, SeedRun, SeedScore,
    SeedTable, seed_figures,
};
pub use target::{NewTarget, Target, TargetStanding, TargetWay};
pub use view::{
    BakeOff, BakeOffCell, BakeOffRow, Baseline, CandidateRow, Cell, GateResult, HistoryPoint, SliceReport, SuiteAlarm,
    SuiteDetail, SuitePrediction, SuitePredictionQuery, SuiteResult, SuiteSummary, SuiteTable,
};

use crate::{
    eval::Task,
    explore::{Field, Filter, MAX_VALUE_CHARS, all_hold},
    id::{JudgeVersionId, VersionId},
    judge,
    lang::Lang,
    metrics::json_schema::SchemaProblem,
    sample::Split,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Evaluations of one suite at most.
pub const MAX_EVALUATIONS: usize = 50;
/// Metrics, gates, filters or slices of one evaluation at most.
const MAX_PARTS: usize = 30;
/// Longest key of an evaluation, in characters.
pub const MAX_KEY_CHARS: usize = 60;
/// Longest answer that may be asked for, in tokens.
pub const MAX_NEW_TOKENS: u32 = 8192;
/// Longest answer where nothing is said, in tokens.
pub const USUAL_NEW_TOKENS: u32 = 256;

/// What a suite asks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SuiteDesign {
    #[serde(default)]
    pub evaluations: Vec<EvaluationDesign>,
    /// What answers cost, where that is to be known.
    #[serde(default, skip_serializing_if = "Prices::is_empty")]
    pub prices: Prices,
}

/// One evaluation: which samples are asked, how, and what is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EvaluationDesign {
    /// Its name within the suite: letters, digits, `-`, `_` and `.`.
    pub key: String,
    pub version_id: VersionId,
    #[serde(default = "test_split")]
    pub split: Split,
    /// Samples must have these values, as `FIELD:VALUE`; values of one field are alternatives. `FIELD` is label, length, script,
    /// turns, system, file, pair or slice.NAME.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub filter: Vec<Filter>,
    pub task: Task,
    /// The first one is what the evaluation is judged by. Empty: the usual ones of the task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// Fields by whose values results are cut: label, length, script, turns, system, file, pair, difficulty, cluster, language or
    /// slice.NAME. Empty: all that the samples have, but for language, which takes long to tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<String>,
    /// What a candidate must reach: `accuracy >= 0.8`, `latency_ms <= 200`, `accuracy within 0.02 of baseline`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub gates: Vec<Gate>,
    /// Only this many samples, the first ones of the split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_samples: Option<u32>,
    /// Longest answer of generation, in tokens.
    #[serde(default = "usual_new_tokens")]
    pub max_new_tokens: u32,
    /// Language of the texts, which decides on tokenizers.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub language: Lang,
    /// A JSON Schema, as JSON: what answers must match for `schema_match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json_schema: Option<String>,
    /// Whether prompts and answers go without the chat template, as base models are asked. An endpoint always has its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
    /// Judges that rate every answer, by what their metrics are called here: `truth` makes the metric `judge.truth`, the mean over
    /// all criteria on 0 to 1. Only judges that rate by criteria. A name means one version of a judge in a suite for ever.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub judges: BTreeMap<String, JudgeVersionId>,
    /// More slices: samples that a filter takes, against all others.
    // Last, since TOML has tables behind values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named_slices: Vec<NamedSlice>,
}

fn test_split() -> Split {
    Split::Test
}

fn usual_new_tokens() -> u32 {
    USUAL_NEW_TOKENS
}

/// Why a design cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuiteError {
    #[error("a suite has 1 to {MAX_EVALUATIONS} evaluations")]
    Count,
    #[error("evaluation {key:?}: its key has 1 to {MAX_KEY_CHARS} letters, digits, `-`, `_` and `.`")]
    Key { key: String },
    #[error("two evaluations are called {key:?}")]
    Twice { key: String },
    #[error("{key}: there is no metric {metric:?} of this task: there are {}", known.join(", "))]
    Metric { key: String, metric: String, known: Vec<String> },
    #[error("{key}: the gate {gate:?} is about a metric that is not measured here")]
    Gate { key: String, gate: String },
    #[error(
        "{key}: cannot be filtered by {field}: only by label, length, script, turns, system, file, pair or slice.NAME"
    )]
    Filter { key: String, field: String },
    #[error(
        "{key}: the named slice {name:?}: expected a name of 1 to {MAX_KEY_CHARS} characters in one line without `=`, once in the evaluation"
    )]
    SliceName { key: String, name: String },
    #[error(
        "{key}: the named slice {name:?} cannot be cut by {field:?}: expected at least one FIELD:VALUE, where FIELD is label, length, script, turns, system, file, pair or slice.NAME"
    )]
    SliceFilter { key: String, name: String, field: String },
    #[error("{key}: the named slice {name:?}: a value of {field} must be one line")]
    SliceValue { key: String, name: String, field: String },
    #[error(
        "{key}: {name:?} is no name of a judge here: lower-case letters, digits and underscores, at most {MAX_JUDGES} judges"
    )]
    Judge { key: String, name: String },
    #[error("two judges are called {name:?} in this suite: a name means one version of one judge")]
    JudgeTwice { name: String },
    #[error("{key}: at most {MAX_PARTS} metrics, gates, filters and slices of each kind")]
    TooMany { key: String },
    #[error("{key}: expected max_samples from 1 on and max_new_tokens from 1 to {MAX_NEW_TOKENS}")]
    Range { key: String },
    #[error("{key}: schema_match needs a JSON Schema in json_schema")]
    SchemaMissing { key: String },
    #[error("{key}: nothing is held against json_schema: add schema_match to the metrics, or leave the schema out")]
    SchemaUnused { key: String },
    #[error("{key}: json_schema is not JSON of at most {MAX_SCHEMA_BYTES} bytes")]
    SchemaNotJson { key: String },
    #[error("{key}: json_schema cannot be used: {problem}")]
    Schema { key: String, problem: SchemaProblem },
    #[error("a price is a number from 0 on")]
    Price,
    /// `detail` is what the parser says.
    #[error("cannot read this suite: {detail}")]
    Unreadable { detail: String },
}

impl SuiteError {
    /// The field of the design that is meant.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Count | Self::Unreadable { .. } => "evaluations",
            Self::Key { .. } | Self::Twice { .. } => "key",
            Self::Metric { .. } | Self::TooMany { .. } => "metrics",
            Self::Gate { .. } => "gates",
            Self::Filter { .. } => "filter",
            Self::SliceName { .. } | Self::SliceFilter { .. } | Self::SliceValue { .. } => "named_slices",
            Self::Range { .. } => "max_samples",
            Self::SchemaMissing { .. }
            | Self::SchemaUnused { .. }
            | Self::SchemaNotJson { .. }
            | Self::Schema { .. } => "json_schema",
            Self::Price => "prices",
            Self::Judge { .. } | Self::JudgeTwice { .. } => "judges",
        }
    }
}

impl SuiteDesign {
    /// Whether it can be done, but for what only the database knows.
    pub fn check(&self) -> Result<(), SuiteError> {
        if self.evaluations.is_empty() || self.evaluations.len() > MAX_EVALUATIONS {
            return Err(SuiteError::Count);
        }
        if !self.prices.are_good() {
            return Err(SuiteError::Price);
        }
        for (i, evaluation) in self.evaluations.iter().enumerate() {
            evaluation.check()?;
            if self.evaluations[..i].iter().any(|other| other.key == evaluation.key) {
                return Err(SuiteError::Twice { key: evaluation.key.clone() });
            }
            let is_other = |(name, version): &(&String, &JudgeVersionId)| {
                self.evaluations[..i].iter().any(|e| e.judges.get(*name).is_some_and(|known| known != *version))
            };
            if let Some((name, _)) = evaluation.judges.iter().find(is_other) {
                return Err(SuiteError::JudgeTwice { name: name.clone() });
            }
        }
        Ok(())
    }

    /// Reads TOML and checks it.
    pub fn from_toml(text: &str) -> Result<Self, SuiteError> {
        let design: Self = toml::from_str(text).map_err(|e| SuiteError::Unreadable { detail: e.to_string() })?;
        design.check().map(|()| design)
    }

    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// The evaluation of this key.
    #[must_use]
    pub fn evaluation(&self, key: &str) -> Option<&EvaluationDesign> {
        self.evaluations.iter().find(|evaluation| evaluation.key == key)
    }
}

impl EvaluationDesign {
    /// The metrics that are measured, the one to judge by first; those of judges last, unless the metrics name them.
    #[must_use]
    pub fn measured(&self) -> Vec<String> {
        let mut all: Vec<String> = match self.metrics.is_empty() {
            true => usual_metrics(self.task).iter().map(|metric| (*metric).to_owned()).collect(),
            false => self.metrics.clone(),
        };
        for metric in self.judges.keys().map(|name| judge_metric(name)) {
            if !all.contains(&metric) {
                all.push(metric);
            }
        }
        all
    }

    /// The metric to judge by.
    #[must_use]
    pub fn primary(&self) -> String {
        self.measured().into_iter().next().unwrap_or_default()
    }

    /// What was asked and how it was measured. Two evaluations with the same identity have the same result for a candidate. The
    /// task file that samples were made of is part of it by their version, which keeps it and never changes. Judges are asked about
    /// answers that are there, so another judge needs no new ones.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut metrics = self.measured();
        metrics.retain(|metric| judge_of(metric).is_none());
        metrics.sort();
        let mut filter: Vec<String> = self.filter.iter().map(ToString::to_string).collect();
        filter.sort();
        let asked = (self.version_id, self.split, filter, task_word(self.task));
        let how = (metrics, self.max_samples, self.max_new_tokens, self.language.tag());
        let text = match self.schema_asked() {
            None => serde_json::to_string(&(asked, how)).unwrap_or_default(),
            Some(schema) => serde_json::to_string(&(asked, how, schema)).unwrap_or_default(),
        };
        // A prompt with its template is told by nothing, as it was before there were others: results stay what they are.
        if self.plain { text + "plain" } else { text }
    }

    /// Whether answers are programs, to be run against tests.
    #[must_use]
    pub fn runs_programs(&self) -> bool {
        self.measured().iter().any(|metric| metric == PROGRAMS)
    }

    /// Whether a sample with these fields is asked.
    #[must_use]
    pub fn wants(&self, fields: &[(Field, String)]) -> bool {
        all_hold(&self.filter, fields)
    }

    fn check(&self) -> Result<(), SuiteError> {
        let key = || self.key.clone();
        let is_good = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.key.is_empty() || self.key.chars().count() > MAX_KEY_CHARS || !self.key.chars().all(is_good) {
            return Err(SuiteError::Key { key: key() });
        }
        let counts =
            [self.metrics.len(), self.gates.len(), self.filter.len(), self.slices.len(), self.named_slices.len()];
        let of_named = self.named_slices.iter().map(|slice| slice.filter.len());
        if counts.into_iter().chain(of_named).any(|count| count > MAX_PARTS) {
            return Err(SuiteError::TooMany { key: key() });
        }
        if self.max_samples == Some(0) || !(1..=MAX_NEW_TOKENS).contains(&self.max_new_tokens) {
            return Err(SuiteError::Range { key: key() });
        }
        if let Some(name) = self.judges.keys().enumerate().find(|(i, name)| *i >= MAX_JUDGES || !judge::is_name(name)) {
            return Err(SuiteError::Judge { key: key(), name: name.1.clone() });
        }
        let known = metrics_of(self.task);
        let is_known =
            |metric: &str| known.contains(&metric) || judge_of(metric).is_some_and(|j| self.judges.contains_key(j));
        if let Some(metric) = self.metrics.iter().find(|metric| !is_known(metric)) {
            let known = known.iter().map(|metric| (*metric).to_owned()).collect();
            return Err(SuiteError::Metric { key: key(), metric: metric.clone(), known });
        }
        self.check_schema()?;
        let measured = self.measured();
        let is_measured = |gate: &Gate| measured.iter().any(|m| m == gate.metric()) || FIGURES.contains(&gate.metric());
        if let Some(gate) = self.gates.iter().find(|gate| !is_measured(gate)) {
            return Err(SuiteError::Gate { key: key(), gate: gate.to_string() });
        }
        if let Some(filter) = self.filter.iter().find(|filter| !can_cut(filter)) {
            return Err(SuiteError::Filter { key: key(), field: filter.field.to_string() });
        }
        self.check_named()
    }

    fn check_named(&self) -> Result<(), SuiteError> {
        for (i, slice) in self.named_slices.iter().enumerate() {
            let (key, name) = (self.key.clone(), slice.name.clone());
            let is_plain = !name.contains(|c: char| c == '=' || c.is_control()) && name.trim() == name;
            let is_twice = self.named_slices[..i].iter().any(|other| other.name == name);
            if !is_plain || is_twice || !(1..=MAX_KEY_CHARS).contains(&name.chars().count()) {
                return Err(SuiteError::SliceName { key, name });
            }
            match slice.filter.iter().find(|filter| !can_cut(filter)) {
                Some(filter) => return Err(SuiteError::SliceFilter { key, name, field: filter.field.to_string() }),
                None if slice.filter.is_empty() => {
                    return Err(SuiteError::SliceFilter { key, name, field: String::new() });
                }
                None => {}
            }
            // In a form, a slice is a line.
            if let Some(filter) = slice.filter.iter().find(|filter| filter.value.contains(['\n', '\r'])) {
                return Err(SuiteError::SliceValue { key, name, field: filter.field.to_string() });
            }
        }
        Ok(())
    }
}

/// Whether a sample tells by itself if it meets the filter.
fn can_cut(filter: &Filter) -> bool {
    let can = matches!(
        filter.field,
        Field::Label
            | Field::Length
            | Field::Script
            | Field::Turns
            | Field::System
            | Field::File
            | Field::Pair
            | Field::Slice(_)
    );
    can && filter.value.chars().count() <= MAX_VALUE_CHARS
}

#[cfg(test)]
mod tests;
