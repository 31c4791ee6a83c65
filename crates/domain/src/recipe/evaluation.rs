//! When a run looks at itself, what it keeps, and what is scored at its end.

use super::check::Checker;
use serde::{Deserialize, Serialize};

/// How often to look at the validation split and to save, and what to score at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Evaluation {
    /// Validation every N optimizer steps; 0 means ten times a run.
    pub every_steps: u32,
    /// Checkpoint every N optimizer steps; 0 means together with validation.
    pub checkpoint_every_steps: u32,
    /// At most this many validation samples each time, 1–100000.
    pub validation_samples: u32,
    /// Stop after this many validations in a row without a lower loss, 0–1000; 0, the default, never stops early.
    pub patience: u32,
    /// By how much, in nats, a validation loss must be lower to count for `patience`, 0–100; default 0.
    pub min_delta: f64,
    /// Sample answers written out at each validation, 0–32.
    pub previews: u32,
    /// At most this many test samples in the final evaluation; 0 means all.
    pub test_samples: u32,
    /// Longest generated answer in tokens, 1–8192.
    pub max_new_tokens: u32,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self {
            every_steps: 0,
            checkpoint_every_steps: 0,
            validation_samples: 64,
            patience: 0,
            min_delta: 0.0,
            previews: 4,
            test_samples: 0,
            max_new_tokens: 128,
        }
    }
}

impl Evaluation {
    pub(super) fn check(&self, c: &mut Checker) {
        let steps = |n: u32| f64::from(n);
        c.range("evaluation.every_steps", steps(self.every_steps), 0.0, 10_000_000.0);
        c.range("evaluation.checkpoint_every_steps", steps(self.checkpoint_every_steps), 0.0, 10_000_000.0);
        c.range("evaluation.validation_samples", f64::from(self.validation_samples), 1.0, 100_000.0);
        c.range("evaluation.patience", f64::from(self.patience), 0.0, 1000.0);
        c.range("evaluation.min_delta", self.min_delta, 0.0, 100.0);
        c.range("evaluation.previews", f64::from(self.previews), 0.0, 32.0);
        c.range("evaluation.max_new_tokens", f64::from(self.max_new_tokens), 1.0, 8192.0);
    }
}
