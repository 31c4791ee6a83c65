//! Targets of a project: how good, fast or cheap a model must be before it is of use.

use super::{Candidate, Standing, within};
use crate::{
    id::{SuiteId, SuiteResultId, TargetId},
    measure::MetricScore,
};
use serde::{Deserialize, Serialize};

/// Which way a target lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TargetWay {
    AtLeast,
    AtMost,
}

impl TargetWay {
    pub const ALL: [Self; 2] = [Self::AtLeast, Self::AtMost];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtLeast => "at_least",
            Self::AtMost => "at_most",
        }
    }

    /// As gates write it.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => "≥",
            Self::AtMost => "≤",
        }
    }
}

impl std::str::FromStr for TargetWay {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|way| way.as_str() == text);
        known.ok_or_else(|| format!("unknown way {text:?}: expected at_least or at_most"))
    }
}

/// A new target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewTarget {
    pub suite_id: SuiteId,
    /// Key of the suite's evaluation.
    pub evaluation: String,
    /// A metric, or one of `latency_ms`, `latency_p95_ms`, `tokens_per_second`, `peak_memory_mib`, `cost_per_1000`.
    pub metric: String,
    pub way: TargetWay,
    pub limit: f64,
}

/// A target of the project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Target {
    pub id: TargetId,
    pub suite_id: SuiteId,
    pub suite_name: String,
    pub evaluation: String,
    pub metric: String,
    pub way: TargetWay,
    pub limit: f64,
}

/// How the project stands to a target: by the run that was evaluated last, or where no run was, by the last candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TargetStanding {
    pub target: Target,
    pub standing: Standing,
    /// `None` until something was evaluated.
    pub result_id: Option<SuiteResultId>,
    pub candidate: Option<Candidate>,
    pub candidate_name: Option<String>,
    pub score: Option<MetricScore>,
}

impl Target {
    #[must_use]
    pub fn judge(&self, score: Option<&MetricScore>) -> Standing {
        score.map_or(Standing::Inconclusive, |score| within(score, self.way == TargetWay::AtLeast, self.limit))
    }
}
