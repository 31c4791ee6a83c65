//! Virtual tokens: trained vectors that stand before every text, as embeddings or as the keys and
//! values of every block.
//!
//! Whoever calls the decoder sees nothing of them: without a cache their rows are put before
//! each sequence and taken away again, and a cache begins with them.

use super::Result;
use super::decoder::Mode;
use super::dense::Dense;
use candle_core::{Tensor, Var};

/// A trained table, perhaps seen through a trained network.
#[derive(Clone, Debug)]
pub struct VirtualTokens {
    /// (virtual tokens, width of the network's input, or of the result where there is none)
    pub table: Var,
    pub network: Vec<Dense>,
    /// The nonlinearity between the network's layers.
    pub between: Between,
}

/// The nonlinearity between two layers of a network of virtual tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    Relu,
    Tanh,
}

impl VirtualTokens {
    /// A table without a network.
    #[must_use]
    pub fn plain(table: Var) -> Self {
        Self { table, network: Vec::new(), between: Between::Relu }
    }

    /// Number of virtual tokens.
    #[must_use]
    pub fn count(&self) -> usize {
        self.table.dims()[0]
    }

    /// What stands before every text, (virtual tokens, width).
    pub fn values(&self, mode: Mode) -> Result<Tensor> {
        let mut x = mode.of(&self.table);
        for (i, layer) in self.network.iter().enumerate() {
            if i > 0 {
                x = match self.between {
                    Between::Relu => x.relu()?,
                    Between::Tanh => x.tanh()?,
                };
            }
            x = layer.forward(&x, mode)?;
        }
        Ok(x)
    }
}

/// `before` (count, width) in front of each of the `batch` sequences of `x` (batch · seq, width).
pub(super) fn put_before(x: &Tensor, before: &Tensor, batch: usize) -> Result<Tensor> {
    let ((rows, width), count) = (x.dims2()?, before.dim(0)?);
    let before = before.unsqueeze(0)?.expand((batch, count, width))?.contiguous()?;
    Tensor::cat(&[before, x.reshape((batch, rows / batch, width))?], 1)?.contiguous()?.reshape(((), width))
}

/// `x` without the first `count` rows of each of its `batch` sequences.
pub(super) fn drop_before(x: &Tensor, count: usize, batch: usize) -> Result<Tensor> {
    let (rows, width) = x.dims2()?;
    let seq = rows / batch - count;
    x.reshape((batch, count + seq, width))?.narrow(1, count, seq)?.contiguous()?.reshape((batch * seq, width))
}
