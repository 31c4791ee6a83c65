//! How gradients move the weights.

use super::check::Checker;
use serde::{Deserialize, Serialize};

/// AdamW (Loshchilov & Hutter 2017, arXiv:1711.05101) and the global gradient clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Optimizer {
    /// Peak learning rate, above 0 and at most 1. Default: the method's, see
    /// [`super::Method::default_learning_rate`].
    #[serde(default = "no_rate")]
    pub learning_rate: f64,
    /// Decay of first moments, 0–1.
    pub beta1: f64,
    /// Decay of second moments, 0–1.
    pub beta2: f64,
    /// Added to the root of second moments, above 0.
    pub epsilon: f64,
    /// Decoupled weight decay, 0–1.
    pub weight_decay: f64,
    /// Largest global L2 norm of the gradient; 0 turns clipping off.
    pub clip_norm: f64,
}

impl Default for Optimizer {
    fn default() -> Self {
        Self { learning_rate: 2e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, clip_norm: 1.0 }
    }
}

/// Stands for a learning rate that a recipe does not name, until the recipe is read whole.
fn no_rate() -> f64 {
    f64::NEG_INFINITY
}

impl Optimizer {
    pub(super) fn without_rate() -> Self {
        Self { learning_rate: no_rate(), ..Self::default() }
    }

    /// Gives an optimizer that was read without a learning rate this one.
    pub(super) fn complete(&mut self, default_learning_rate: f64) {
        if self.learning_rate == no_rate() {
            self.learning_rate = default_learning_rate;
        }
    }

    pub(super) fn check(&self, c: &mut Checker) {
        c.above_zero("optimizer.learning_rate", self.learning_rate, 1.0);
        c.range("optimizer.beta1", self.beta1, 0.0, 0.999_999);
        c.range("optimizer.beta2", self.beta2, 0.0, 0.999_999_9);
        c.above_zero("optimizer.epsilon", self.epsilon, 1.0);
        c.range("optimizer.weight_decay", self.weight_decay, 0.0, 1.0);
        c.range("optimizer.clip_norm", self.clip_norm, 0.0, 1e6);
    }
}
