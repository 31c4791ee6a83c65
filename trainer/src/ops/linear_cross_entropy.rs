//! The output layer and its loss in one operation: `loss = Σᵢ −log softmax(hᵢ Wᵀ)[tᵢ] / n`.
//!
//! `dhᵢ = (softmax(hᵢ Wᵀ) − onehot(tᵢ)) W / n`. Logits over a large vocabulary would dominate the
//! memory of a run, so they exist only for a few rows at a time: the gradient is computed
//! together with the loss, and W is frozen.

use super::cpu::{fused, slice, tensor, with};
use super::gemm::{self, Mat, Threads};
use super::linear::linear;
use super::vector::{exp, max, simd, sum};
use candle_core::{CpuStorage, CustomOp1, D, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;
use std::sync::OnceLock;

/// Rows whose logits exist at the same time.
const ROWS: usize = 128;

/// The scalar Σ −log p(target) / `denominator` for `hidden` (rows, d), `weight` (vocabulary, d)
/// and one target token per row.
pub fn linear_cross_entropy(hidden: &Tensor, weight: &Tensor, targets: &[u32], denominator: f64) -> Result<Tensor> {
    check_targets(hidden, weight, targets)?;
    if fused(hidden) {
        let inverse = (1.0 / denominator) as f32;
        let gradient = hidden.track_op().then(OnceLock::new);
        hidden.apply_op1(LinearCrossEntropy { weight: weight.clone(), targets: targets.to_vec(), inverse, gradient })
    } else {
        plain(hidden, weight, targets)?.sum_all()? / denominator
    }
}

/// −log p(target) of each row, in nats; has no gradient.
pub fn token_losses(hidden: &Tensor, weight: &Tensor, targets: &[u32]) -> Result<Vec<f32>> {
    check_targets(hidden, weight, targets)?;
    if fused(hidden) {
        with(hidden, |h| with(weight, |w| Ok(forward(h, w, targets, None))))
    } else {
        plain(&hidden.detach(), weight, targets)?.to_vec1()
    }
}

/// −log p(target) of each row from candle's own operations, (rows).
pub fn plain(hidden: &Tensor, weight: &Tensor, targets: &[u32]) -> Result<Tensor> {
    let log_probabilities = candle_nn::ops::log_softmax(&linear(hidden, weight, None)?, D::Minus1)?;
    let targets = Tensor::new(targets, hidden.device())?.unsqueeze(1)?;
    log_probabilities.gather(&targets, 1)?.squeeze(1)?.neg()
}

fn check_targets(hidden: &Tensor, weight: &Tensor, targets: &[u32]) -> Result<()> {
    let vocabulary = weight.dim(0)?;
    if hidden.dim(0)? != targets.len() {
        bail!("{} rows but {} targets", hidden.dim(0)?, targets.len());
    }
    match targets.iter().find(|t| **t as usize >= vocabulary) {
        Some(target) => bail!("target token {target} is outside the vocabulary of {vocabulary}"),
        None => Ok(()),
    }
}

struct LinearCrossEntropy {
    weight: Tensor,
    targets: Vec<u32>,
    /// 1 / n
    inverse: f32,
    /// dh, filled by the forward pass; `None` when nobody will ask for it.
    gradient: Option<OnceLock<Vec<f32>>>,
}

impl CustomOp1 for LinearCrossEntropy {
    fn name(&self) -> &'static str {
        "linear-cross-entropy"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let h = slice(storage, layout)?;
        let mut dh = self.gradient.as_ref().map(|_| vec![0f32; h.len()]);
        let losses =
            with(&self.weight, |w| Ok(forward(h, w, &self.targets, dh.as_deref_mut().map(|dh| (dh, self.inverse)))))?;
        if let (Some(cell), Some(dh)) = (&self.gradient, dh) {
            cell.get_or_init(|| dh);
        }
        let total: f64 = losses.iter().map(|x| f64::from(*x)).sum();
        Ok((CpuStorage::F32(vec![(total * f64::from(self.inverse)) as f32]), ().into()))
    }

    fn bwd(&self, h: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let Some(dh) = self.gradient.as_ref().and_then(OnceLock::get) else { bail!("backward before forward") };
        let g = g.to_scalar::<f32>()?;
        Ok(Some(tensor(dh.iter().map(|x| x * g).collect(), h.shape())?))
    }
}

/// The loss of each row; fills (dh, scale) with the gradient of scale · Σ loss when given.
fn forward(h: &[f32], w: &[f32], targets: &[u32], mut gradient: Option<(&mut [f32], f32)>) -> Vec<f32> {
    let rows = targets.len();
    let d = h.len() / rows.max(1);
    let vocabulary = w.len() / d.max(1);
    let mut losses = vec![0f32; rows];
    let mut logits = vec![0f32; ROWS.min(rows) * vocabulary];
    for first in (0..rows).step_by(ROWS) {
        let m = ROWS.min(rows - first);
        let (w, h) = (Mat::new(w, vocabulary, d), Mat::new(&h[first * d..], m, d));
        gemm::set(&mut logits, vocabulary, h, w.t(), 1.0, Threads::All);
        let scale = gradient.as_ref().map(|g| g.1);
        let part = &mut losses[first..first + m];
        logits.par_chunks_mut(vocabulary).zip(part).zip(&targets[first..]).for_each(|((row, loss), target)| {
            *loss = simd(|| row_loss(row, *target as usize, scale));
        });
        if let Some((dh, _)) = &mut gradient {
            gemm::set(&mut dh[first * d..], d, Mat::new(&logits, m, vocabulary), w, 1.0, Threads::All);
        }
    }
    losses
}

/// −log softmax(row)[target]; turns the row into its gradient times `scale` when given.
#[inline(always)]
fn row_loss(row: &mut [f32], target: usize, scale: Option<f32>) -> f32 {
    let largest = max(row);
    let at_target = row[target];
    for x in row.iter_mut() {
        *x = exp(*x - largest);
    }
    let total = sum(row);
    if let Some(scale) = scale {
        let factor = scale / total;
        for x in row.iter_mut() {
            *x *= factor;
        }
        row[target] -= scale;
    }
    largest + total.ln() - at_target
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let w = random((11, 6), 2)?;
        let targets = [3, 0, 10, 3];
        assert_same_gradients(
            &[random((4, 6), 1)?],
            |v| linear_cross_entropy(&v[0], &w, &targets, 3.0),
            |v| plain(&v[0], &w, &targets)?.sum_all()? / 3.0,
        )
    }

    #[test]
    fn chunks_equal_plain_operations() -> Result<()> {
        let (h, w) = (random((300, 6), 1)?, random((11, 6), 2)?);
        let targets: Vec<u32> = (0..300).map(|i| i % 11).collect();
        let (losses, want) = (token_losses(&h, &w, &targets)?, plain(&h, &w, &targets)?.to_vec1::<f32>()?);
        assert!(losses.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-5));
        Ok(())
    }

    #[test]
    fn a_target_outside_the_vocabulary_is_refused() -> Result<()> {
        let (h, w) = (random((1, 6), 1)?, random((11, 6), 2)?);
        assert!(linear_cross_entropy(&h, &w, &[11], 1.0).is_err());
        Ok(())
    }
}
