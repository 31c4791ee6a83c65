//! Which checkpoints of a run stay, and which of them its adapter is taken from.

use super::check::Checker;
use serde::{Deserialize, Serialize};

/// What is kept of a run. The newest checkpoint and the best one always are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Checkpoints {
    /// Default `last`.
    pub final_adapter: FinalAdapter,
    /// Newest checkpoints that are kept, 1–1000; default 2.
    pub keep_last: u32,
    /// Also keep the checkpoints of every N steps; 0, the default, means none.
    pub keep_every_steps: u32,
    /// Largest size of all checkpoints together in MiB; 0, the default, means no limit. Where it would be passed,
    /// the oldest go first, whatever else says to keep them.
    pub budget_mib: u32,
}

/// Which weights a finished run hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FinalAdapter {
    /// Those of the last step.
    #[default]
    Last,
    /// Those with the lowest validation loss; a checkpoint is written whenever there is a new one.
    Best,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self { final_adapter: FinalAdapter::Last, keep_last: 2, keep_every_steps: 0, budget_mib: 0 }
    }
}

impl Checkpoints {
    pub(super) fn check(&self, c: &mut Checker) {
        c.range("checkpoints.keep_last", f64::from(self.keep_last), 1.0, 1000.0);
        c.range("checkpoints.keep_every_steps", f64::from(self.keep_every_steps), 0.0, 10_000_000.0);
    }
}
