//! A small trained linear layer, the building block of adapters that are networks: `y = x Wᵀ + b`.

use super::Result;
use super::decoder::Mode;
use crate::ops::reduced::like;
use candle_core::{Tensor, Var};
use domain::recipe::Activation;

/// Weight (out, in) and bias (out) of a trained layer. Clones share the variables.
#[derive(Clone, Debug)]
pub struct Dense {
    pub weight: Var,
    pub bias: Var,
}

impl Dense {
    /// (rows, in) → (rows, out).
    pub(super) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        x.matmul(&like(&mode.of(&self.weight), x)?.t()?)?.broadcast_add(&like(&mode.of(&self.bias), x)?)
    }
}

/// f(x), element by element.
pub(super) fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::Relu => x.relu(),
        Activation::Gelu => x.gelu(),
        Activation::Silu => x.silu(),
    }
}
