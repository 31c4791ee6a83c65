//! One linear layer of a block: its weight, perhaps a bias, perhaps a low-rank adapter.

use super::decoder::Mode;
use super::family::Family;
use crate::ops::linear::linear;
use crate::ops::lora_linear::{Frozen, lora_linear};
use crate::ops::reduced::{in_f32, like};
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
    /// s in `W x + s · B A x`.
    pub scale: f64,
    /// Probability of dropping an input of `a` while training.
    pub dropout: f64,
    /// Lengths of the weight's rows, when they are trained apart (DoRA).
    pub magnitude: Option<Magnitude>,
}

/// The trained lengths of the rows of `W + s · B A` (DoRA). Clones share the variable.
#[derive(Clone, Debug)]
pub struct Magnitude {
    /// (out)
    pub lengths: Var,
    /// ‖Wᵢ‖² of each frozen row, (out).
    pub squares: Tensor,
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
        let dropout = match mode {
            Mode::Training { seed } if adapter.dropout > 0.0 => {
                let stream = (self.layer as u64) << 8 | self.module as u64;
                Some(Dropout { probability: adapter.dropout, seed }.derive(stream))
            }
            _ => None,
        };
        let (a, b) = (mode.of(&adapter.a), mode.of(&adapter.b));
        let frozen = |bias| Frozen { weight: self.weight.clone(), bias, scale: adapter.scale, dropout };
        let Some(magnitude) = &adapter.magnitude else { return lora_linear(x, &a, &b, frozen(self.bias.clone())) };
        let factors = (mode.of(&magnitude.lengths) / self.row_lengths(adapter, &magnitude.squares)?)?;
        let y = lora_linear(x, &a, &b, frozen(None))?.broadcast_mul(&like(&factors, x)?)?;
        self.bias.as_ref().map_or(Ok(y.clone()), |bias| y.broadcast_add(&like(bias, &y)?))
    }

    /// ‖Wᵢ‖² of each row of the frozen weight, (out).
    pub fn row_squares(&self) -> Result<Tensor> {
        in_f32(&self.weight.dense()?)?.sqr()?.sum(1)
    }

    /// ‖(W + s · B A)ᵢ‖ of each row, (out), without a gradient: with `squares` = ‖Wᵢ‖² it is the root of
    /// `‖Wᵢ‖² + 2s · Bᵢ (A Wᵢᵀ) + s² · Bᵢ (A Aᵀ) Bᵢᵀ`, so no matrix of the weight's size is made.
    pub fn row_lengths(&self, adapter: &LowRank, squares: &Tensor) -> Result<Tensor> {
        let (a, b, s) = (adapter.a.as_detached_tensor(), adapter.b.as_detached_tensor(), adapter.scale);
        let cross = (linear(&a, &self.weight, None)?.t()?.contiguous()? * &b)?.sum(1)?;
        let own = (b.matmul(&a.matmul(&a.t()?)?)? * &b)?.sum(1)?;
        // Rounding must not turn an empty row into the root of a negative number.
        ((squares + (cross * (2.0 * s))?)? + (own * (s * s))?)?.clamp(1e-24f32, f32::MAX)?.sqrt()
    }
}

/// The Hugging Face name of a linear layer: `model.layers.3.self_attn.q_proj`.
#[must_use]
pub fn path(family: Family, layer: usize, module: TargetModule) -> String {
    format!("{}.{}", family.block(layer), family.linear(module))
}
