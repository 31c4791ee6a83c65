//! A run's life: its states, which may follow which, and why runs fail; and in `view` what is
//! shown of it.

mod audit;
mod cost;
mod learning;
mod preflight;
mod problem;
mod repetition;
mod view;

pub use audit::*;
pub use cost::{Cost, Measured, Prediction, PredictionBasis};
pub use learning::{Learning, LearntSamples};
pub use preflight::*;
pub use problem::RunProblem;
pub use repetition::{
    Ancestry, Comparable, Differences, LossDifference, ManifestDifference, Repetition, manifest_lines,
};
pub use view::*;

use serde::{Deserialize, Serialize};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// Recipe, model and data are tried out before the run may wait for a device.
    Checking,
    /// Waits for a device slot.
    Queued,
    /// A worker holds the lease and prepares the input folder.
    Claimed,
    /// The trainer takes optimizer steps.
    Running,
    /// Training is over; base and tuned model are scored on the test split.
    Evaluating,
    Succeeded,
    Failed,
    Cancelled,
}

impl RunStatus {
    pub const ALL: [Self; 8] = [
        Self::Checking,
        Self::Queued,
        Self::Claimed,
        Self::Running,
        Self::Evaluating,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Queued => "queued",
            Self::Claimed => "claimed",
            Self::Running => "running",
            Self::Evaluating => "evaluating",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state machine. Every transition in SQL is guarded by the state it leaves.
    /// Going back to `Queued` is what a lost lease or a crash with attempts left does.
    #[must_use]
    pub fn can_become(self, next: Self) -> bool {
        use RunStatus::{Cancelled, Checking, Claimed, Evaluating, Failed, Queued, Running, Succeeded};
        matches!(
            (self, next),
            (Checking, Queued | Failed | Cancelled)
                | (Queued, Claimed | Cancelled)
                | (Claimed, Running | Queued | Failed | Cancelled)
                | (Running, Evaluating | Succeeded | Queued | Failed | Cancelled)
                | (Evaluating, Succeeded | Queued | Failed | Cancelled)
        )
    }

    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

impl std::str::FromStr for RunStatus {
    type Err = UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| UnknownStatus(s.to_owned()))
    }
}

/// A word that names no run status.
#[derive(Debug, thiserror::Error)]
#[error("unknown run status {0:?}")]
pub struct UnknownStatus(pub String);

/// Why a run failed, as a user needs to know it: each kind has its own advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The device or the machine ran out of memory.
    OutOfMemory,
    /// The loss or gradient became NaN or infinite.
    NotANumber,
    /// No space left for checkpoints or results.
    DiskFull,
    /// The recipe, model and data do not fit together.
    InvalidInput,
    /// The trainer process died without saying why, more often than allowed.
    Crashed,
    /// The preflight found that the run would fail, or learn nothing.
    Preflight,
}

impl FailureKind {
    pub const ALL: [Self; 6] =
        [Self::OutOfMemory, Self::NotANumber, Self::DiskFull, Self::InvalidInput, Self::Crashed, Self::Preflight];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutOfMemory => "out_of_memory",
            Self::NotANumber => "not_a_number",
            Self::DiskFull => "disk_full",
            Self::InvalidInput => "invalid_input",
            Self::Crashed => "crashed",
            Self::Preflight => "preflight",
        }
    }

    /// Whether starting again from the last checkpoint can help.
    #[must_use]
    pub fn is_worth_retrying(self) -> bool {
        matches!(self, Self::Crashed)
    }
}

impl std::str::FromStr for FailureKind {
    type Err = UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| UnknownStatus(s.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_states_lead_nowhere() {
        for from in RunStatus::ALL.into_iter().filter(|s| s.is_final()) {
            assert!(RunStatus::ALL.into_iter().all(|to| !from.can_become(to)), "{from:?}");
        }
    }

    #[test]
    fn every_open_state_can_be_cancelled() {
        for from in RunStatus::ALL.into_iter().filter(|s| !s.is_final()) {
            assert!(from.can_become(RunStatus::Cancelled), "{from:?}");
        }
    }

    #[test]
    fn words_round_trip() {
        for s in RunStatus::ALL {
            assert_eq!(s.as_str().parse::<RunStatus>().ok(), Some(s));
        }
    }
}
