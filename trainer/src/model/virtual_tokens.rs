//! Virtual tokens: trained vectors that stand before every text, as embeddings or as the keys and
//! values of every block.
//!
//! Whoever calls the decoder sees nothing of them: without a cache their rows are put before
//! each sequence and taken away again, and a cache begins with them.

use super::Result;
use super::decoder::Mode;
use super::dense::Dense;
use crate::ops::rows::select_rows;
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

/// `before` (count, width) in front of each of the sequences that stand one behind the other in `x` (Σ rows, width)
/// with these numbers of rows.
pub(super) fn put_before(x: &Tensor, before: &Tensor, rows: &[usize]) -> Result<Tensor> {
    let count = before.dim(0)? as u32;
    let mut order = Vec::with_capacity(x.dim(0)? + rows.len() * count as usize);
    let mut next = count;
    for rows in rows.iter().map(|rows| *rows as u32) {
        order.extend((0..count).chain(next..next + rows));
        next += rows;
    }
    select_rows(&Tensor::cat(&[before, x], 0)?, &order)
}

/// `x` without the first `count` rows of each of its sequences, of which these numbers of rows remain.
pub(super) fn drop_before(x: &Tensor, count: usize, rows: &[usize]) -> Result<Tensor> {
    let mut order = Vec::with_capacity(x.dim(0)?);
    let (mut next, count) = (0, count as u32);
    for rows in rows.iter().map(|rows| *rows as u32) {
        order.extend(next + count..next + count + rows);
        next += count + rows;
    }
    select_rows(x, &order)
}
