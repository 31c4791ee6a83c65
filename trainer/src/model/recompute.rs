//! Gradient checkpointing (Chen et al. 2016, arXiv:1604.06174): the forward pass keeps only the input of each block;
//! the backward pass computes a block again before it goes through it. A third more work, and the memory of one block's
//! intermediate values instead of all blocks'.
//!
//! Every random choice of a block comes from the pass's seed, so computing it again gives the same bits.

use super::Result;
use super::decoder::{Decoder, Mode, Targets};
use crate::ops::linear_cross_entropy::{Objective, linear_cross_entropy};
use crate::ops::tape;
use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var, bail};

/// How gradients are computed.
#[derive(Clone, Copy, Debug)]
pub struct Backward {
    /// Decides dropout and noise.
    pub seed: u64,
    /// Whether blocks are computed again instead of kept.
    pub recomputes: bool,
    /// What the loss is multiplied by first, and so the gradients; the loss that is returned is not.
    pub loss_scale: f64,
}

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
        self.scaled_gradients(ids, targets, objective, Backward { seed, recomputes, loss_scale: 1.0 })
    }

    /// As [`Decoder::objective_and_gradients`], with gradients multiplied by the scale.
    pub fn scaled_gradients(
        &self,
        ids: &Tensor,
        targets: &Targets,
        objective: &Objective,
        how: Backward,
    ) -> Result<(f32, Vec<f32>, GradStore)> {
        if how.recomputes {
            return self.recomputed(ids, targets, objective, how);
        }
        let mut losses = Vec::new();
        let (loss, gradients) = tape::value_and_gradients(|| {
            let (loss, of_rows) = self.objective(ids, targets, objective, how.seed)?;
            losses = of_rows;
            how.scaled(loss)
        })?;
        Ok((how.unscaled(loss), losses, gradients))
    }

    fn recomputed(
        &self,
        ids: &Tensor,
        targets: &Targets,
        objective: &Objective,
        how: Backward,
    ) -> Result<(f32, Vec<f32>, GradStore)> {
        let mode = Mode::Training { seed: how.seed };
        let (mut x, mut pass) = self.enter(ids, &targets.lengths, None, mode)?;
        let (first, whole_prefix) = (x.clone(), pass.prefix.take());
        // What leads up to the prefix is differentiated once, not for every block.
        let prefix = whole_prefix.as_ref().map(Var::from_tensor).transpose()?;
        pass.prefix = prefix.as_ref().map(|p| p.as_tensor().clone());
        let mut inputs = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let y = block.forward(&x, &mut pass)?.detach();
            inputs.push(std::mem::replace(&mut x, y));
        }
        let last = Var::from_tensor(&x)?;
        let mut losses = Vec::new();
        let (loss, mut all) = tape::value_and_gradients(|| {
            let rows = self.target_rows(&self.texts_of(&last, &pass)?, targets, mode)?;
            let (loss, of_rows) = linear_cross_entropy(&rows, &self.head(mode), objective)?;
            losses = of_rows;
            how.scaled(loss)
        })?;
        let mut gradient = taken(&mut all, &last)?;
        for (block, input) in self.blocks.iter().zip(inputs).rev() {
            let input = Var::from_tensor(&input)?;
            let mut store = gradients_of(&gradient, || block.forward(&input, &mut pass))?;
            gradient = taken(&mut store, &input)?;
            all.extend(store)?;
        }
        if let (Some(prefix), Some(whole)) = (prefix, whole_prefix) {
            let gradient = taken(&mut all, &prefix)?;
            all.extend(gradients_of(&gradient, || Ok(whole))?)?;
        }
        if first.track_op() {
            all.extend(gradients_of(&gradient, || Ok(first))?)?;
        }
        Ok((how.unscaled(loss), losses, all))
    }
}

impl Backward {
    fn scaled(self, loss: Tensor) -> Result<Tensor> {
        if self.loss_scale == 1.0 { Ok(loss) } else { loss * self.loss_scale }
    }

    fn unscaled(self, loss: f32) -> f32 {
        (f64::from(loss) / self.loss_scale) as f32
    }
}

/// Gradients by all that y depends on, given that by y: the gradient of Σ y · g by y is g.
fn gradients_of(g: &Tensor, y: impl FnOnce() -> Result<Tensor>) -> Result<GradStore> {
    Ok(tape::value_and_gradients(|| (y()? * g)?.sum_all())?.1)
}

fn taken(store: &mut GradStore, variable: &Var) -> Result<Tensor> {
    match store.remove(variable) {
        Some(gradient) => Ok(gradient.detach()),
        None => bail!("the loss does not depend on a block's input"),
    }
}
