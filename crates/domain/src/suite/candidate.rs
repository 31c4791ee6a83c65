//! Who takes a suite.

use crate::id::{ModelId, RunId, SuiteId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Who answers. As text: `run:ID`, `model:ID`, `endpoint:NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = SuiteCandidate))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Candidate {
    /// A base model with the adapter that this run has trained.
    Run { run_id: RunId },
    /// A base model as it came.
    Model { model_id: ModelId },
    /// An OpenAI-compatible endpoint of the server's settings.
    Endpoint { name: String },
}

impl Candidate {
    /// The endpoint's name, if it is one.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        match self {
            Self::Endpoint { name } => Some(name),
            Self::Run { .. } | Self::Model { .. } => None,
        }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run { run_id } => write!(f, "run:{run_id}"),
            Self::Model { model_id } => write!(f, "model:{model_id}"),
            Self::Endpoint { name } => write!(f, "endpoint:{name}"),
        }
    }
}

/// A text that names no candidate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown candidate {0:?}: expected run:ID, model:ID or endpoint:NAME")]
pub struct UnknownCandidate(pub String);

impl FromStr for Candidate {
    type Err = UnknownCandidate;
    fn from_str(text: &str) -> Result<Self, UnknownCandidate> {
        let wrong = || UnknownCandidate(text.chars().take(100).collect());
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        match kind {
            "run" => rest.parse().map(|run_id| Self::Run { run_id }).map_err(|_| wrong()),
            "model" => rest.parse().map(|model_id| Self::Model { model_id }).map_err(|_| wrong()),
            "endpoint" if !rest.is_empty() => Ok(Self::Endpoint { name: rest.to_owned() }),
            _ => Err(wrong()),
        }
    }
}

/// Asks for a suite to be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSuite {
    pub suite_id: SuiteId,
    /// Of the suite.
    pub version: u32,
    pub candidate: Candidate,
    /// Whether to answer again what the candidate has answered before, as endpoints change behind their names.
    #[serde(default)]
    pub again: bool,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn candidates_read_back() {
        let all = [
            Candidate::Run { run_id: RunId::new() },
            Candidate::Model { model_id: ModelId::new() },
            Candidate::Endpoint { name: "house: big".to_owned() },
        ];
        for candidate in all {
            assert_eq!(candidate.to_string().parse::<Candidate>().unwrap(), candidate);
        }
        assert!(["run:x", "endpoint:", "judge:1", ""].into_iter().all(|text| text.parse::<Candidate>().is_err()));
    }
}
