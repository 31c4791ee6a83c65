//! How well a model knows a sample: what `trainer score` says of every line of a file of samples, one JSON object per
//! line. It feeds the cleaning of data: filters by perplexity, outliers by embedding, labels that the model doubts.

use crate::id::{ModelId, RunId, ScoringId, VersionId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Asks for scores of a version's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoreVersion {
    pub version_id: VersionId,
    pub model_id: ModelId,
    /// A run of this model whose adapter is put on it; the model alone when absent.
    #[serde(default)]
    pub run_id: Option<RunId>,
    /// Whether embeddings are kept too. A million samples take some gigabytes.
    #[serde(default)]
    pub embed: bool,
}

/// One model's scores of one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scoring {
    pub id: ScoringId,
    /// The model's name, with the run's number where an adapter was on it.
    pub model: String,
    /// Numbers of an embedding; 0 where none were asked for.
    pub dimensions: u32,
    pub scored: u64,
    /// Samples without a score, such as those without an answer.
    pub unscored: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// What was found of one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoredLine {
    /// Number of the line in its file, from 1. Empty lines have none of these.
    pub line: u64,
    #[serde(flatten)]
    pub result: LineResult,
}

/// A score, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum LineResult {
    Scored(Score),
    Unscored { problem: ScoreProblem },
}

/// What a model says of a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Of the last answer, its end included, given all before it.
    pub answer: Likelihood,
    /// Of all tokens but the first, each given those before it.
    pub all: Likelihood,
    /// Tokens at the end that were left out because the sample is longer than the model reads.
    pub cut_tokens: u32,
    /// Mean of the last hidden states of all tokens, scaled to length 1; only where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Vec<f32>>,
}

/// How likely some tokens are to a model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Likelihood {
    pub tokens: u32,
    /// Mean of −log p per token, in nats.
    pub negative_log_likelihood: f64,
    /// e to that.
    pub perplexity: f64,
}

impl Likelihood {
    /// Of tokens with these −log p; `None` without any.
    #[must_use]
    pub fn of(losses: &[f32]) -> Option<Self> {
        let sum: f64 = losses.iter().map(|loss| f64::from(*loss)).sum();
        let mean = sum / losses.len() as f64;
        (!losses.is_empty()).then(|| Self {
            tokens: losses.len() as u32,
            negative_log_likelihood: mean,
            perplexity: mean.exp(),
        })
    }
}

/// What one model says of one sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleScore {
    pub scoring_id: ScoringId,
    /// The model's name, with the run's number where an adapter was on it.
    pub model: String,
    /// Perplexity of the last answer, given all before it.
    pub answer: f64,
    /// Perplexity of all tokens.
    pub all: f64,
}

/// Highest of the buckets that perplexities are counted in: 1, 2, 4 … The last one has no end.
pub const LAST_PERPLEXITY_BUCKET: u32 = 1 << 16;

/// Perplexities from `low` on and below `high`. As text `LOW..HIGH`, where either may be left out, or the lowest one of a
/// bucket, whose highest is twice that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerplexityRange {
    pub low: f64,
    pub high: f64,
}

impl PerplexityRange {
    /// Reads a range; `None` for a text that is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Some((low, high)) = text.split_once("..") else {
            let low: u32 = text.parse().ok()?;
            return (low.is_power_of_two() && low <= LAST_PERPLEXITY_BUCKET).then(|| Self::of_bucket(low));
        };
        let end = |text: &str, open: f64| if text.trim().is_empty() { Some(open) } else { text.trim().parse().ok() };
        let range = Self { low: end(low, 0.0)?, high: end(high, f64::INFINITY)? };
        // A number that is none makes no range.
        (range.low <= range.high).then_some(range)
    }

    fn of_bucket(low: u32) -> Self {
        let high = if low < LAST_PERPLEXITY_BUCKET { f64::from(low) * 2.0 } else { f64::INFINITY };
        // What rounding puts below 1 counts as 1.
        Self { low: if low == 1 { 0.0 } else { f64::from(low) }, high }
    }

    /// All buckets with their ranges, lowest first.
    pub fn buckets() -> impl Iterator<Item = (u32, Self)> {
        (0..=LAST_PERPLEXITY_BUCKET.ilog2()).map(|log| (1 << log, Self::of_bucket(1 << log)))
    }
}

/// Why a line has no score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ScoreProblem {
    /// `text` is what the parser says.
    #[error("it is not a sample: {text}")]
    NotASample { text: String },
    #[error("it is longer than {limit} bytes")]
    TooLong { limit: u64 },
    #[error("its messages do not end with an assistant turn")]
    NoAnswer,
    #[error("its answer begins behind the {limit} tokens that are read")]
    AnswerCut { limit: u32 },
    /// `text` is what template or tokenizer say.
    #[error("it cannot be tokenized: {text}")]
    NotTokenized { text: String },
    #[error("the model's numbers overflow on it")]
    NotANumber,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_range_of_perplexities_reads() {
        let read = |text: &str| PerplexityRange::parse(text).map(|range| (range.low, range.high));
        assert_eq!(read("4"), Some((4.0, 8.0)));
        assert_eq!(read("2.5..10"), Some((2.5, 10.0)));
        assert_eq!((read("3.."), read("..3")), (Some((3.0, f64::INFINITY)), Some((0.0, 3.0))));
        assert!(["3", "131072", "5..4", "x..1", "NaN..1", "..NaN", ""].iter().all(|bad| read(bad).is_none()));
        let buckets: Vec<_> = PerplexityRange::buckets().collect();
        assert!(buckets.windows(2).all(|pair| pair[0].1.high == pair[1].1.low), "they leave no gap");
        assert_eq!(buckets.last().map(|(low, range)| (*low, range.high)), Some((65_536, f64::INFINITY)));
    }

    #[test]
    fn a_line_says_what_it_is() {
        let answer = Likelihood::of(&[1.0, 3.0]).unwrap();
        assert_eq!((answer.tokens, answer.negative_log_likelihood, answer.perplexity), (2, 2.0, 2f64.exp()));
        assert_eq!(Likelihood::of(&[]), None);
        let score = Score { answer, all: answer, cut_tokens: 0, embedding: None };
        let problem = ScoreProblem::AnswerCut { limit: 8 };
        for result in [LineResult::Scored(score), LineResult::Unscored { problem }] {
            let line = ScoredLine { line: 3, result };
            let text = serde_json::to_string(&line).unwrap();
            assert!(text.starts_with(r#"{"line":3,"result":""#) && !text.contains("embedding"), "{text}");
            assert_eq!(serde_json::from_str::<ScoredLine>(&text).unwrap(), line);
        }
    }
}
