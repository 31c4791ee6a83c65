//! A bottleneck adapter as a block uses it: `y + U f(D y + d) + u` on the output y of attention or
//! of the feed-forward network, before the residual.

use super::Result;
use super::decoder::Mode;
use super::dense::{Dense, activate};
use candle_core::Tensor;
use domain::recipe::Activation;

/// Down and up projection. Clones share the variables.
#[derive(Clone, Debug)]
pub struct Bottleneck {
    /// hidden → size
    pub down: Dense,
    /// size → hidden
    pub up: Dense,
    pub activation: Activation,
}

/// A part of a block whose output a bottleneck adapter can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Attention,
    FeedForward,
}

impl Bottleneck {
    /// (tokens, hidden) → (tokens, hidden).
    pub(super) fn forward(&self, y: &Tensor, mode: Mode) -> Result<Tensor> {
        y + self.up.forward(&activate(&self.down.forward(y, mode)?, self.activation)?, mode)?
    }
}
