//! All scores of a set of predictions, each with its interval and its **signature**: the tokenizer, the aggregation and what
//! else two figures must share to be comparable.
//!
//! Every task has its own kind of item and its own metrics; the formulas stand in [`crate::metrics`]. A set may be a slice of
//! another: measure what belongs to it.

mod corpus;
mod labels;
mod likelihoods;
mod meter;
mod probabilities;
mod spans;
mod texts;

pub use corpus::Corpus;
pub use labels::LabelItem;
pub use likelihoods::TextLikelihood;
pub use probabilities::ProbabilityItem;
pub use spans::{LabelSpans, SpanItem};
pub use texts::{Programs, TextItem, TokenEmbeddings};

use crate::eval::{ClassMetrics, ConfusionMatrix};
use crate::lang::Lang;
use crate::metrics::{calibration::ReliabilityBin, json_schema::Schema};
use meter::Meter;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The predictions to measure, all of one kind.
#[derive(Clone, Copy, Debug)]
pub enum Items<'a> {
    /// One label each.
    Labels(&'a [LabelItem]),
    /// A probability for every label.
    Probabilities(&'a [ProbabilityItem]),
    /// Written text.
    Texts(&'a [TextItem]),
    /// Labelled stretches of text.
    Spans(&'a [SpanItem]),
    /// How likely texts are that the model has not written.
    Likelihoods(&'a [TextLikelihood]),
}

/// How to measure.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// Language of the texts: decides on tokenizers.
    pub language: Lang,
    /// Names of the metrics wanted; `None` for all that need no more than the items.
    pub metrics: Option<&'a [String]>,
    /// Whether ROUGE compares stems of English words.
    pub stems: bool,
    /// What JSON has to look like.
    pub schema: Option<&'a Schema>,
    /// Words of Chinese text.
    pub chinese: ChineseWords<'a>,
    /// Resamples of a bootstrap interval; 0 for none.
    pub resamples: u32,
    pub seed: u64,
}

/// A tokenizer of Chinese, which needs a dictionary and so is not here.
#[derive(Clone, Copy)]
pub struct ChineseWords<'a> {
    /// As signatures give it.
    pub name: &'a str,
    pub split: &'a dyn Fn(&str) -> Vec<String>,
}

/// One score of a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricScore {
    pub value: f64,
    /// `None` where an interval means nothing.
    pub interval: Option<ScoreInterval>,
    /// `key:value` pairs with `|` between them; sacreBLEU's where there is one.
    pub signature: String,
}

/// Where a score lies with 95 % confidence, were other samples of the same kind drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoreInterval {
    pub low: f64,
    pub high: f64,
    pub method: IntervalMethod,
}

/// How an interval was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IntervalMethod {
    /// Of a share of samples.
    Wilson,
    /// Percentiles over resampled sets.
    Bootstrap,
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Measurement {
    pub samples: u64,
    /// By metric. A metric that is undefined on these items is not there.
    pub scores: BTreeMap<String, MetricScore>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassMetrics>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confusion: Option<ConfusionMatrix>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reliability: Vec<ReliabilityBin>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelSpans>,
}

impl Items<'_> {
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Labels(items) => items.len(),
            Self::Probabilities(items) => items.len(),
            Self::Texts(items) => items.len(),
            Self::Spans(items) => items.len(),
            Self::Likelihoods(items) => items.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names of all metrics there are for such items.
    #[must_use]
    pub fn metrics(&self) -> &'static [&'static str] {
        match self {
            Self::Labels(_) => &labels::METRICS,
            Self::Probabilities(_) => &probabilities::METRICS,
            Self::Texts(_) => &texts::METRICS,
            Self::Spans(_) => &spans::METRICS,
            Self::Likelihoods(_) => &likelihoods::METRICS,
        }
    }
}

/// Measures a set. It draws many resamples: not for an async task's thread.
#[must_use]
pub fn measure(items: Items<'_>, settings: &Settings<'_>) -> Measurement {
    let mut meter = Meter::new(items.len(), settings);
    match items {
        Items::Labels(items) => labels::measure(items, &mut meter),
        Items::Probabilities(items) => probabilities::measure(items, &mut meter),
        Items::Texts(items) => texts::measure(items, &mut meter),
        Items::Spans(items) => spans::measure(items, &mut meter),
        Items::Likelihoods(items) => likelihoods::measure(items, &mut meter),
    }
    meter.found
}

#[cfg(test)]
mod tests;
