//! How gradients move the weights.

use super::check::{Checker, RecipeProblem};
use serde::{Deserialize, Serialize};

/// The rule, its settings, and the global gradient clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Optimizer {
    /// Default `adamw`.
    pub kind: OptimizerKind,
    /// Peak learning rate, above 0 and at most 1. Default: the method's and objective's with AdamW, see
    /// [`super::Recipe::usual_learning_rate`]; `sgd` wants about 100 times that.
    #[serde(default = "no_rate")]
    pub learning_rate: f64,
    /// AdamW: decay of first moments, 0–1.
    pub beta1: f64,
    /// AdamW: decay of second moments, 0–1.
    pub beta2: f64,
    /// AdamW: added to the root of second moments, above 0.
    pub epsilon: f64,
    /// Weight decay, 0–1: decoupled from the gradient, but with `sgd` part of it.
    pub weight_decay: f64,
    /// Decay biases, norms and embeddings as well, not only the other matrices; default no.
    pub decay_everything: bool,
    /// Largest global L2 norm of the gradient; 0 turns clipping off.
    pub clip_norm: f64,
    pub sgd: Sgd,
    pub adafactor: Adafactor,
}

/// The rule by which a gradient moves a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OptimizerKind {
    /// Loshchilov & Hutter 2017, arXiv:1711.05101. Two numbers in memory per trained one.
    #[default]
    #[serde(rename = "adamw")]
    AdamW,
    /// AdamW with moments in 8 bits (Dettmers et al. 2021, arXiv:2110.02861): half a number per trained one.
    #[serde(rename = "adamw_8bit")]
    AdamW8bit,
    /// Shazeer & Stern 2018, arXiv:1804.04235. Of a matrix only rows plus columns.
    #[serde(rename = "adafactor")]
    Adafactor,
    /// Stochastic gradient descent. One number per trained one, none without momentum.
    #[serde(rename = "sgd")]
    Sgd,
}

impl OptimizerKind {
    pub const ALL: [Self; 4] = [Self::AdamW, Self::AdamW8bit, Self::Adafactor, Self::Sgd];

    /// The word in a recipe.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AdamW => "adamw",
            Self::AdamW8bit => "adamw_8bit",
            Self::Adafactor => "adafactor",
            Self::Sgd => "sgd",
        }
    }
}

/// Settings of `sgd`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Sgd {
    /// Share of the last move that is kept, 0 to below 1; default 0.9.
    pub momentum: f64,
    /// Look ahead along the kept move (Nesterov); needs momentum. Default no.
    pub nesterov: bool,
}

/// Settings of `adafactor`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Adafactor {
    /// d in β₂ = 1 − step^−d, above 0 and at most 1; default 0.8.
    pub decay_power: f64,
    /// Largest root mean square of a move before the learning rate, above 0 and at most 1000; default 1.
    pub clip_threshold: f64,
    /// Multiply the learning rate by the root mean square of the parameter; default no.
    pub scale_parameter: bool,
}

impl Default for Optimizer {
    fn default() -> Self {
        Self {
            kind: OptimizerKind::AdamW,
            learning_rate: 2e-4,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            decay_everything: false,
            clip_norm: 1.0,
            sgd: Sgd::default(),
            adafactor: Adafactor::default(),
        }
    }
}

impl Default for Sgd {
    fn default() -> Self {
        Self { momentum: 0.9, nesterov: false }
    }
}

impl Default for Adafactor {
    fn default() -> Self {
        Self { decay_power: 0.8, clip_threshold: 1.0, scale_parameter: false }
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

    /// Numbers of 32 bits that the rule remembers per trained number, about.
    #[must_use]
    pub fn state_per_parameter(&self) -> f64 {
        match self.kind {
            OptimizerKind::AdamW => 2.0,
            OptimizerKind::AdamW8bit => 0.5,
            OptimizerKind::Adafactor => 0.05,
            OptimizerKind::Sgd => f64::from(u8::from(self.sgd.momentum > 0.0)),
        }
    }

    pub(super) fn check(&self, c: &mut Checker) {
        c.above_zero("optimizer.learning_rate", self.learning_rate, 1.0);
        c.range("optimizer.beta1", self.beta1, 0.0, 0.999_999);
        c.range("optimizer.beta2", self.beta2, 0.0, 0.999_999_9);
        c.above_zero("optimizer.epsilon", self.epsilon, 1.0);
        c.range("optimizer.weight_decay", self.weight_decay, 0.0, 1.0);
        c.range("optimizer.clip_norm", self.clip_norm, 0.0, 1e6);
        c.range("optimizer.sgd.momentum", self.sgd.momentum, 0.0, 0.999_999);
        let without_momentum = self.sgd.nesterov && self.sgd.momentum == 0.0;
        c.that(!without_momentum, "optimizer.sgd.nesterov", RecipeProblem::NoMomentum);
        c.above_zero("optimizer.adafactor.decay_power", self.adafactor.decay_power, 1.0);
        c.above_zero("optimizer.adafactor.clip_threshold", self.adafactor.clip_threshold, 1000.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_by_their_word() {
        for kind in OptimizerKind::ALL {
            let word = serde_json::Value::from(kind.as_str());
            assert_eq!(serde_json::from_value::<OptimizerKind>(word).ok(), Some(kind));
        }
    }
}
