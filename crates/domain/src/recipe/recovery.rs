//! What a run may do by itself when it cannot go on.

use super::check::Checker;
use serde::{Deserialize, Serialize};

/// Remedies that a run may take without being asked. None by default: it stops and says why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Recovery {
    /// How often a run whose loss or gradient became NaN or infinite goes back to its newest checkpoint, 0–10;
    /// default 0.
    pub not_a_number_retries: u32,
    /// Factor on the learning rate from then on, above 0 and at most 1; default 0.5.
    pub not_a_number_lr_factor: f64,
    /// Start again with half the micro-batch, down to 1, when memory runs out. The effective batch stays, so only
    /// the order of additions (and of dropout masks) differs. Default no.
    pub halve_micro_batch: bool,
}

impl Default for Recovery {
    fn default() -> Self {
        Self { not_a_number_retries: 0, not_a_number_lr_factor: 0.5, halve_micro_batch: false }
    }
}

impl Recovery {
    pub(super) fn check(&self, c: &mut Checker) {
        c.range("recovery.not_a_number_retries", f64::from(self.not_a_number_retries), 0.0, 10.0);
        c.above_zero("recovery.not_a_number_lr_factor", self.not_a_number_lr_factor, 1.0);
    }
}
