//! What a finished run really cost, beside its prediction ([`crate::estimate`]).

use serde::Deserialize;

/// Measured by the trainer; the time is the run's own.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Cost {
    /// Peak of the trainer process; `None` where the system does not tell.
    pub peak_memory_mib: Option<f64>,
    /// Checkpoints that stay and the result.
    #[serde(default)]
    pub disk_bytes: u64,
}

impl Cost {
    /// That of a run's result; `None` before there is one.
    #[must_use]
    pub fn of_result(result: &serde_json::Value) -> Option<Self> {
        Self::deserialize(result).ok()
    }
}
