//! Gates: what a candidate must reach, judged by what is sure of its scores.
//!
//! A gate is written as text: `accuracy >= 0.8`, `latency_ms <= 200`, `accuracy within 0.02 of baseline`.

use crate::{
    eval::{larger_is_better, view::Difference},
    measure::MetricScore,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a candidate must reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Gate {
    AtLeast {
        metric: String,
        limit: f64,
    },
    AtMost {
        metric: String,
        limit: f64,
    },
    /// Not worse than the pinned baseline by more than `margin`.
    Within {
        metric: String,
        margin: f64,
    },
}

/// How a candidate stands to a gate or a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Met,
    Missed,
    /// The interval holds the limit, or there is nothing to judge by.
    Inconclusive,
}

impl Standing {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// A text that is no gate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no gate: write METRIC >= NUMBER, METRIC <= NUMBER, or METRIC within NUMBER of baseline")]
pub struct GateError(pub String);

impl Gate {
    #[must_use]
    pub fn metric(&self) -> &str {
        match self {
            Self::AtLeast { metric, .. } | Self::AtMost { metric, .. } | Self::Within { metric, .. } => metric,
        }
    }

    /// Judges a candidate by its score, and by how it differs from the baseline: candidate minus baseline. The baseline itself
    /// has `None` for a difference and `is_baseline`.
    #[must_use]
    pub fn judge(&self, score: Option<&MetricScore>, difference: Option<&Difference>, is_baseline: bool) -> Standing {
        match self {
            Self::AtLeast { limit, .. } => score.map_or(Standing::Inconclusive, |score| within(score, true, *limit)),
            Self::AtMost { limit, .. } => score.map_or(Standing::Inconclusive, |score| within(score, false, *limit)),
            Self::Within { .. } if is_baseline => Standing::Met,
            Self::Within { metric, margin } => {
                let Some((low, high)) = difference.and_then(|d| d.interval) else { return Standing::Inconclusive };
                // How much worse, at least and at most.
                let (least, most) = if larger_is_better(metric) { (-high, -low) } else { (low, high) };
                judged(most <= *margin, least > *margin)
            }
        }
    }
}

/// Whether a score is at least (or at most) `limit`: surely so, surely not, or neither. A score without an interval counts as
/// sure.
#[must_use]
pub fn within(score: &MetricScore, at_least: bool, limit: f64) -> Standing {
    let (low, high) = score.interval.map_or((score.value, score.value), |i| (i.low, i.high));
    if at_least { judged(low >= limit, high < limit) } else { judged(high <= limit, low > limit) }
}

fn judged(is_met: bool, is_missed: bool) -> Standing {
    match (is_met, is_missed) {
        (true, _) => Standing::Met,
        (_, true) => Standing::Missed,
        _ => Standing::Inconclusive,
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast { metric, limit } => write!(f, "{metric} >= {limit}"),
            Self::AtMost { metric, limit } => write!(f, "{metric} <= {limit}"),
            Self::Within { metric, margin } => write!(f, "{metric} within {margin} of baseline"),
        }
    }
}

impl FromStr for Gate {
    type Err = GateError;
    fn from_str(text: &str) -> Result<Self, GateError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let wrong = || GateError(text.trim().chars().take(100).collect());
        let number = |word: &str| word.parse::<f64>().ok().filter(|x| x.is_finite()).ok_or_else(wrong);
        Ok(match words[..] {
            [metric, ">=" | "≥", limit] => Self::AtLeast { metric: metric.to_owned(), limit: number(limit)? },
            [metric, "<=" | "≤", limit] => Self::AtMost { metric: metric.to_owned(), limit: number(limit)? },
            [metric, "within", margin, "of", "baseline"] => {
                let margin = Some(number(margin)?).filter(|margin| *margin >= 0.0).ok_or_else(wrong)?;
                Self::Within { metric: metric.to_owned(), margin }
            }
            _ => return Err(wrong()),
        })
    }
}

impl TryFrom<String> for Gate {
    type Error = GateError;
    fn try_from(text: String) -> Result<Self, GateError> {
        text.parse()
    }
}

impl From<Gate> for String {
    fn from(gate: Gate) -> Self {
        gate.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::measure::{IntervalMethod, ScoreInterval};

    fn score(low: f64, value: f64, high: f64) -> MetricScore {
        let interval = Some(ScoreInterval { low, high, method: IntervalMethod::Wilson });
        MetricScore { value, interval, signature: String::new() }
    }

    #[test]
    fn gates_read_back() {
        for text in ["accuracy >= 0.8", "latency_ms <= 200", "accuracy within 0.02 of baseline"] {
            assert_eq!(text.parse::<Gate>().unwrap().to_string(), text);
        }
        let bad = ["accuracy > 0.8", "accuracy >= much", "accuracy within -1 of baseline", ">= 0.8", "", "x <= NaN"];
        assert!(bad.into_iter().all(|text| text.parse::<Gate>().is_err()));
        assert_eq!(serde_json::to_string(&"a ≥ 1".parse::<Gate>().unwrap()).unwrap(), "\"a >= 1\"");
    }

    #[test]
    fn only_what_is_sure_passes_or_fails() {
        let gate: Gate = "accuracy >= 0.8".parse().unwrap();
        let judge = |score: MetricScore| gate.judge(Some(&score), None, false);
        assert_eq!(judge(score(0.81, 0.85, 0.9)), Standing::Met);
        assert_eq!(judge(score(0.7, 0.75, 0.79)), Standing::Missed);
        assert_eq!(judge(score(0.75, 0.82, 0.9)), Standing::Inconclusive);
        assert_eq!(gate.judge(None, None, false), Standing::Inconclusive);
        let slow: Gate = "latency_ms <= 200".parse().unwrap();
        let bare = MetricScore { interval: None, ..score(0.0, 200.0, 0.0) };
        assert_eq!(slow.judge(Some(&bare), None, false), Standing::Met, "without an interval the value decides");
    }

    #[test]
    fn worse_by_no_more_than_the_margin() {
        let difference = |metric: &str, low: f64, high: f64| Difference {
            metric: metric.to_owned(),
            from: 0.0,
            to: 0.0,
            interval: Some((low, high)),
            p_value: None,
        };
        let gate: Gate = "accuracy within 0.02 of baseline".parse().unwrap();
        let judge = |low, high| gate.judge(None, Some(&difference("accuracy", low, high)), false);
        assert_eq!(
            [judge(-0.01, 0.1), judge(-0.2, -0.03), judge(-0.1, 0.05)],
            [Standing::Met, Standing::Missed, Standing::Inconclusive]
        );
        // Of an error, more is worse.
        let gate: Gate = "edit_distance within 0.02 of baseline".parse().unwrap();
        let judge = |low, high| gate.judge(None, Some(&difference("edit_distance", low, high)), false);
        assert_eq!([judge(-0.1, 0.01), judge(0.03, 0.2)], [Standing::Met, Standing::Missed]);
        assert_eq!(
            [gate.judge(None, None, true), gate.judge(None, None, false)],
            [Standing::Met, Standing::Inconclusive]
        );
    }
}
