//! One linear layer of a block: its weight, perhaps a bias, perhaps a low-rank adapter.

use super::decoder::Mode;
use super::family::Family;
use crate::ops::linear::linear;
use crate::ops::lora_linear::{Frozen, lora_linear};
use crate::ops::{Dropout, Weight};
use candle_core::{Result, Tensor, Var};
use domain::recipe::TargetModule;

/// A low-rank adapter as a projection uses it. Clones share the variables.
#[derive(Clone, Debug)]
pub struct LowRank {
    /// (rank, in)
    pub a: Var,
    /// (out, rank)
    pub b: Var,
    /// alpha / rank
    pub scale: f64,
    /// Probability of dropping an input of `a` while training.
    pub dropout: f64,
}

/// A linear layer by the place it has in the decoder.
#[derive(Debug)]
pub struct Projection {
    /// Block number, 0-based.
    pub layer: usize,
    /// What it does; the first of its modules when it does the work of several.
    pub module: TargetModule,
    pub(super) family: Family,
    /// (out, in)
    pub weight: Weight,
    /// (out)
    pub bias: Option<Tensor>,
    pub adapter: Option<LowRank>,
}

impl Projection {
    /// Its Hugging Face name: `model.layers.3.self_attn.q_proj`.
    #[must_use]
    pub fn path(&self) -> String {
        path(self.family, self.layer, self.module)
    }

    /// (tokens, in) → (tokens, out).
    pub(super) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let Some(adapter) = &self.adapter else {
            return linear(x, &mode.weight(&self.weight), self.bias.as_ref().map(|b| mode.tensor(b)).as_ref());
        };
        let frozen =
            |dropout| Frozen { weight: self.weight.clone(), bias: self.bias.clone(), scale: adapter.scale, dropout };
        match mode {
            Mode::Inference => lora_linear(x, &adapter.a.detach(), &adapter.b.detach(), frozen(None)),
            Mode::Training { seed } => {
                let stream = (self.layer as u64) << 8 | self.module as u64;
                let dropout = Dropout { probability: adapter.dropout, seed }.derive(stream);
                lora_linear(
                    x,
                    adapter.a.as_tensor(),
                    adapter.b.as_tensor(),
                    frozen((adapter.dropout > 0.0).then_some(dropout)),
                )
            }
        }
    }
}

/// The Hugging Face name of a linear layer: `model.layers.3.self_attn.q_proj`.
#[must_use]
pub fn path(family: Family, layer: usize, module: TargetModule) -> String {
    format!("{}.{}", family.block(layer), family.linear(module))
}
