//! The output layer and its loss in one operation: `loss = Σᵢ fᵢ · (−Σⱼ qᵢⱼ log softmax(hᵢ Wᵀ)ⱼ)` for rows i with
//! factors f and V tokens j, where `qᵢ = (1 − ε) onehot(tᵢ) + ε/V` (label smoothing: Szegedy et al. 2016,
//! arXiv:1512.00567) is the target itself for ε = 0.
//!
//! `dhᵢ = fᵢ (softmax(hᵢ Wᵀ) − qᵢ) W`. Logits over a large vocabulary would dominate the
//! memory of a run, so they exist only for a few rows at a time: the gradient is computed
//! together with the loss, and W is frozen.

use super::cpu::{fused, slice, tensor, with};
use super::gemm::{self, Mat, Threads};
use super::linear::linear;
use super::vector::{exp, max, simd, sum};
use candle_core::{CpuStorage, CustomOp1, D, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;
use std::sync::{Arc, OnceLock};

/// Rows whose logits exist at the same time.
const ROWS: usize = 128;

/// What the rows of a pass are to predict, and how much each counts.
#[derive(Clone, Debug)]
pub struct Objective {
    /// One token per row.
    pub targets: Vec<u32>,
    /// f, one per row.
    pub factors: Vec<f32>,
    /// ε in [0, 1).
    pub smoothing: f32,
}

impl Objective {
    /// The plain sum of −log p(target) / `denominator`.
    #[must_use]
    pub fn plain(targets: &[u32], denominator: f64) -> Self {
        Self { targets: targets.to_vec(), factors: vec![(1.0 / denominator) as f32; targets.len()], smoothing: 0.0 }
    }
}

/// The scalar loss of `hidden` (rows, d) and `weight` (vocabulary, d), and −log p(target) of each row, in nats,
/// whatever factors and smoothing are.
pub fn linear_cross_entropy(hidden: &Tensor, weight: &Tensor, objective: &Objective) -> Result<(Tensor, Vec<f32>)> {
    check_targets(hidden, weight, &objective.targets)?;
    if !fused(hidden) {
        return plain_objective(hidden, weight, objective);
    }
    let losses = Arc::new(OnceLock::new());
    let loss = hidden.apply_op1(LinearCrossEntropy {
        weight: weight.clone(),
        objective: objective.clone(),
        gradient: hidden.track_op().then(OnceLock::new),
        losses: Arc::clone(&losses),
    })?;
    Ok((loss, losses.get().cloned().unwrap_or_default()))
}

/// −log p(target) of each row, in nats; has no gradient.
pub fn token_losses(hidden: &Tensor, weight: &Tensor, targets: &[u32]) -> Result<Vec<f32>> {
    check_targets(hidden, weight, targets)?;
    if fused(hidden) {
        let objective = Objective::plain(targets, 1.0);
        with(hidden, |h| with(weight, |w| Ok(forward(h, w, &objective, None).0)))
    } else {
        plain(&hidden.detach(), weight, targets)?.to_vec1()
    }
}

/// The same as [`linear_cross_entropy`] from candle's own operations.
pub fn plain_objective(hidden: &Tensor, weight: &Tensor, objective: &Objective) -> Result<(Tensor, Vec<f32>)> {
    let log_probabilities = candle_nn::ops::log_softmax(&linear(hidden, weight, None)?, D::Minus1)?;
    let targets = Tensor::new(objective.targets.as_slice(), hidden.device())?.unsqueeze(1)?;
    let losses = log_probabilities.gather(&targets, 1)?.squeeze(1)?.neg()?;
    let smoothing = f64::from(objective.smoothing);
    let uniform = log_probabilities.mean(D::Minus1)?.neg()?;
    let smoothed = ((&losses * (1.0 - smoothing))? + (uniform * smoothing)?)?;
    let factors = Tensor::new(objective.factors.as_slice(), hidden.device())?;
    Ok(((smoothed * factors)?.sum_all()?, losses.detach().to_vec1()?))
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
    objective: Objective,
    /// dh, filled by the forward pass; `None` when nobody will ask for it.
    gradient: Option<OnceLock<Vec<f32>>>,
    /// −log p(target) of each row, filled by the forward pass.
    losses: Arc<OnceLock<Vec<f32>>>,
}

impl CustomOp1 for LinearCrossEntropy {
    fn name(&self) -> &'static str {
        "linear-cross-entropy"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let h = slice(storage, layout)?;
        let mut dh = self.gradient.as_ref().map(|_| vec![0f32; h.len()]);
        let (losses, total) = with(&self.weight, |w| Ok(forward(h, w, &self.objective, dh.as_deref_mut())))?;
        self.losses.get_or_init(|| losses);
        if let (Some(cell), Some(dh)) = (&self.gradient, dh) {
            cell.get_or_init(|| dh);
        }
        Ok((CpuStorage::F32(vec![total as f32]), ().into()))
    }

    fn bwd(&self, h: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let Some(dh) = self.gradient.as_ref().and_then(OnceLock::get) else { bail!("backward before forward") };
        let g = g.to_scalar::<f32>()?;
        Ok(Some(tensor(dh.iter().map(|x| x * g).collect(), h.shape())?))
    }
}

/// −log p(target) of each row, and the loss; fills `gradient` with dh when given.
fn forward(h: &[f32], w: &[f32], objective: &Objective, mut gradient: Option<&mut [f32]>) -> (Vec<f32>, f64) {
    let rows = objective.targets.len();
    let d = h.len() / rows.max(1);
    let vocabulary = w.len() / d.max(1);
    let mut losses = vec![RowLoss::default(); rows];
    let mut logits = vec![0f32; ROWS.min(rows) * vocabulary];
    for first in (0..rows).step_by(ROWS) {
        let m = ROWS.min(rows - first);
        let (w, h) = (Mat::new(w, vocabulary, d), Mat::new(&h[first * d..], m, d));
        gemm::set(&mut logits, vocabulary, h, w.t(), 1.0, Threads::All);
        let wants_gradient = gradient.is_some();
        let part = &mut losses[first..first + m];
        logits.par_chunks_mut(vocabulary).zip(part).enumerate().for_each(|(i, (row, loss))| {
            let (target, factor) = (objective.targets[first + i] as usize, objective.factors[first + i]);
            *loss = simd(|| row_loss(row, target, objective.smoothing, wants_gradient.then_some(factor)));
        });
        if let Some(dh) = &mut gradient {
            gemm::set(&mut dh[first * d..], d, Mat::new(&logits, m, vocabulary), w, 1.0, Threads::All);
        }
    }
    let total = losses.iter().zip(&objective.factors).map(|(l, f)| f64::from(l.smoothed) * f64::from(*f)).sum();
    (losses.into_iter().map(|l| l.plain).collect(), total)
}

#[derive(Clone, Copy, Default)]
struct RowLoss {
    /// −log p(target)
    plain: f32,
    /// −Σⱼ qⱼ log pⱼ
    smoothed: f32,
}

/// The loss of a row of logits; turns the row into its gradient times `factor` when given.
#[inline(always)]
fn row_loss(row: &mut [f32], target: usize, smoothing: f32, factor: Option<f32>) -> RowLoss {
    let largest = max(row);
    let at_target = row[target];
    let everywhere = smoothing / row.len() as f32;
    let mean = if smoothing > 0.0 { sum(row) / row.len() as f32 } else { 0.0 };
    for x in row.iter_mut() {
        *x = exp(*x - largest);
    }
    let total = sum(row);
    if let Some(factor) = factor {
        let share = factor / total;
        for x in row.iter_mut() {
            *x = *x * share - everywhere * factor;
        }
        row[target] -= (1.0 - smoothing) * factor;
    }
    let log_total = largest + total.ln();
    let plain = log_total - at_target;
    RowLoss { plain, smoothed: (1.0 - smoothing) * plain + smoothing * (log_total - mean) }
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let w = random((11, 6), 2)?;
        for smoothing in [0.0, 0.1] {
            let objective = Objective { targets: vec![3, 0, 10, 3], factors: vec![0.3, 1.0, 0.0, 0.5], smoothing };
            assert_same_gradients(
                &[random((4, 6), 1)?],
                |v| Ok(linear_cross_entropy(&v[0], &w, &objective)?.0),
                |v| Ok(plain_objective(&v[0], &w, &objective)?.0),
            )?;
            let h = random((4, 6), 1)?;
            let (got, want) = (linear_cross_entropy(&h, &w, &objective)?.1, plain(&h, &w, &objective.targets)?);
            assert!(got.iter().zip(want.to_vec1::<f32>()?).all(|(a, b)| (a - b).abs() < 1e-5));
        }
        Ok(())
    }

    #[test]
    fn smoothing_is_that_of_pytorch() -> Result<()> {
        // torch 2.15: cross_entropy(tensor([[1., 2., 3.], [0., -1., 0.5]]), tensor([2, 1]), label_smoothing=0.1)
        let (h, w) = (Tensor::new(&[[1f32, 2.0, 3.0], [0.0, -1.0, 0.5]], &candle_core::Device::Cpu)?, identity()?);
        let objective = Objective { targets: vec![2, 1], factors: vec![0.5; 2], smoothing: 0.1 };
        let loss = linear_cross_entropy(&h, &w, &objective)?.0.to_scalar::<f32>()?;
        assert!((loss - 1.264_201_6).abs() < 1e-5, "{loss}");
        Ok(())
    }

    fn identity() -> Result<Tensor> {
        Tensor::eye(3, candle_core::DType::F32, &candle_core::Device::Cpu)
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
        assert!(linear_cross_entropy(&h, &w, &Objective::plain(&[11], 1.0)).is_err());
        Ok(())
    }
}
