//! Gradient checkpointing (Chen et al. 2016, arXiv:1604.06174): the forward pass keeps only the input of each block;
//! the backward pass computes a block again before it goes through it. A third more work, and the memory of one block's
//! intermediate values instead of all blocks'.
//!
//! Every random choice of a block comes from the pass's seed, so computing it again gives the same bits.

use super::Result;
use super::decoder::{Decoder, Mode, Targets};
use crate::ops::linear_cross_entropy::{Objective, linear_cross_entropy};
use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var, bail};

impl Decoder {
    /// What [`Decoder::objective`] gives, and the gradients of its loss by every variable.
    pub fn objective_and_gradients(
        &self,
        ids: &Tensor,
        targets: &Targets,
        objective: &Objective,
        seed: u64,
        recomputes: bool,
    ) -> Result<(f32, Vec<f32>, GradStore)> {
        if recomputes {
            return self.recomputed(ids, targets, objective, seed);
        }
        let (loss, losses) = self.objective(ids, targets, objective, seed)?;
        Ok((loss.to_scalar()?, losses, loss.backward()?))
    }

    fn recomputed(
        &self,
        ids: &Tensor,
        targets: &Targets,
        objective: &Objective,
        seed: u64,
    ) -> Result<(f32, Vec<f32>, GradStore)> {
        let (mut x, mut pass) = self.enter(ids, &targets.lengths, None, Mode::Training { seed })?;
        let first = x.clone();
        let mut inputs = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let y = block.forward(&x, &mut pass)?.detach();
            inputs.push(std::mem::replace(&mut x, y));
        }
        let last = Var::from_tensor(&x)?;
        let rows = self.target_rows(&self.texts_of(&last, &pass)?, targets)?;
        let (loss, losses) = linear_cross_entropy(&rows, self.head(), objective)?;
        let mut all = loss.backward()?;
        let mut gradient = taken(&mut all, &last)?;
        for (block, input) in self.blocks.iter().zip(inputs).rev() {
            let input = Var::from_tensor(&input)?;
            let y = block.forward(&input, &mut pass)?;
            // The gradient of Σ y · g by y is g.
            let mut store = (y * &gradient)?.sum_all()?.backward()?;
            store.remove(&gradient);
            gradient = taken(&mut store, &input)?;
            all.extend(store)?;
        }
        if self.trains_input() {
            all.extend((first * &gradient)?.sum_all()?.backward()?)?;
        }
        Ok((loss.to_scalar()?, losses, all))
    }
}

fn taken(store: &mut GradStore, variable: &Var) -> Result<Tensor> {
    match store.remove(variable) {
        Some(gradient) => Ok(gradient.detach()),
        None => bail!("the loss does not depend on a block's input"),
    }
}
