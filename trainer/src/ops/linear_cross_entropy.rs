//! The output layer and its loss in one operation: `loss = Σᵢ fᵢ · (−Σⱼ qᵢⱼ log softmax(hᵢ Wᵀ)ⱼ)` for rows i with
//! factors f and V tokens j, or any other function of the rows' losses, whose derivatives are then the factors.
//! `qᵢ = (1 − ε) onehot(tᵢ) + ε/V` (label smoothing: Szegedy et al. 2016, arXiv:1512.00567) is the target itself for ε = 0.
//!
//! `dhᵢ = fᵢ (softmax(hᵢ Wᵀ) − qᵢ) W` and, where W is trained, `dW = Σᵢ fᵢ (softmax(hᵢ Wᵀ) − qᵢ)ᵀ hᵢ`.
//! Logits over a large vocabulary would dominate the memory of a run, so they exist for one block of
//! tokens of the vocabulary at a time; `running_softmax` computes loss and dh in one pass over the blocks.
//! dW needs the final sums of the softmax, so a trained W costs a second pass.

mod portable;
mod running_softmax;

use super::cpu::{fused, slice, tensor, with};
use super::gemm::{self, Mat, Threads};
use super::linear::linear;
use super::reduced::in_f32;
use super::tape::{apply1, apply2, records};
use super::vector::{exp, simd};
use super::weight::Weight;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, D, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;
use running_softmax::forward;
use std::sync::{Arc, OnceLock};

/// Tokens of the vocabulary whose logits exist at the same time.
const TOKENS: usize = 2048;
/// Rows whose logits exist at the same time.
const ROWS: usize = 2048;
/// The same where products are in whole numbers, for the whole vocabulary.
const INTEGER_ROWS: usize = 64;

/// What the rows of a pass are to predict, and what their losses make together.
#[derive(Clone, Debug)]
pub struct Objective {
    /// One token per row.
    pub targets: Vec<u32>,
    pub total: Total,
    /// ε in [0, 1).
    pub smoothing: f32,
}

/// The loss of all rows together.
#[derive(Clone, Debug)]
pub enum Total {
    /// Σ f · loss with one factor f per row.
    Weighted(Vec<f32>),
    /// Some other function of the losses.
    Of(Arc<dyn LossOfRows>),
}

/// A function of the losses of all rows.
pub trait LossOfRows: std::fmt::Debug + Send + Sync {
    /// Its value, and its derivative by the loss of each row.
    fn value_and_derivatives(&self, losses: &[f32]) -> (f64, Vec<f32>);
}

impl Objective {
    /// The plain sum of −log p(target) / `denominator`.
    #[must_use]
    pub fn plain(targets: &[u32], denominator: f64) -> Self {
        let factors = vec![(1.0 / denominator) as f32; targets.len()];
        Self { targets: targets.to_vec(), total: Total::Weighted(factors), smoothing: 0.0 }
    }

    /// The value of all rows together, and the factor of each.
    fn combine(&self, losses: &[f32]) -> (f64, Vec<f32>) {
        match &self.total {
            Total::Weighted(factors) => {
                (losses.iter().zip(factors).map(|(l, f)| f64::from(*l) * f64::from(*f)).sum(), factors.clone())
            }
            Total::Of(function) => function.value_and_derivatives(losses),
        }
    }

    /// Whether factors are known only when all losses are.
    fn is_of_losses(&self) -> bool {
        matches!(self.total, Total::Of(_))
    }
}

/// The scalar loss of `hidden` (rows, d) and `weight` (vocabulary, d), and −log p(target) of each row, in nats,
/// whatever factors and smoothing are.
pub fn linear_cross_entropy(hidden: &Tensor, weight: &Weight, objective: &Objective) -> Result<(Tensor, Vec<f32>)> {
    check_targets(hidden, weight, &objective.targets)?;
    if !fused(hidden) {
        let is_recorded = records(&[hidden]) || weight.trained().is_some_and(|w| records(&[w]));
        let way = if is_recorded { portable::linear_cross_entropy } else { plain_objective };
        return way(hidden, weight, objective);
    }
    let losses = Arc::new(OnceLock::new());
    let head = Head { weight: weight.clone(), objective: objective.clone(), losses: Arc::clone(&losses) };
    let loss = match weight.trained() {
        Some(w) => apply2(hidden, w, TrainedHead { head, passed: OnceLock::new() })?,
        None => apply1(hidden, FrozenHead { head, gradient: hidden.track_op().then(OnceLock::new) })?,
    };
    Ok((loss, losses.get().cloned().unwrap_or_default()))
}

/// −log p(target) of each row, in nats; has no gradient.
pub fn token_losses(hidden: &Tensor, weight: &Weight, targets: &[u32]) -> Result<Vec<f32>> {
    check_targets(hidden, weight, targets)?;
    if let Weight::Integer(_) = weight {
        // A few logits at a time, by the same products as an answer's.
        let of = |(i, targets): (usize, &[u32])| {
            plain(&hidden.narrow(0, i * INTEGER_ROWS, targets.len())?, weight, targets)?.to_vec1()
        };
        return targets.chunks(INTEGER_ROWS).enumerate().map(of).collect::<Result<Vec<Vec<f32>>>>().map(|l| l.concat());
    }
    if fused(hidden) {
        let objective = Objective::plain(targets, 1.0);
        let losses = with(hidden, |h| forward(h, weight, &objective, None))?;
        Ok(losses.into_iter().map(|l| l.plain).collect())
    } else {
        portable::token_losses(&hidden.detach(), weight, targets)
    }
}

/// The same as [`linear_cross_entropy`] from candle's own operations.
pub fn plain_objective(hidden: &Tensor, weight: &Weight, objective: &Objective) -> Result<(Tensor, Vec<f32>)> {
    let log_probabilities = log_probabilities(hidden, weight)?;
    let targets = Tensor::new(objective.targets.as_slice(), hidden.device())?.unsqueeze(1)?;
    let losses = log_probabilities.gather(&targets, 1)?.squeeze(1)?.neg()?;
    let smoothing = f64::from(objective.smoothing);
    let uniform = log_probabilities.mean(D::Minus1)?.neg()?;
    let smoothed = ((&losses * (1.0 - smoothing))? + (uniform * smoothing)?)?;
    let (value, factors) = objective.combine(&smoothed.detach().to_vec1::<f32>()?);
    let sum = (smoothed * Tensor::new(factors, hidden.device())?)?.sum_all()?;
    // The sum has the gradient; what it lacks to the value has none.
    let rest = value - f64::from(sum.detach().to_scalar::<f32>()?);
    Ok(((sum + rest)?, losses.detach().to_vec1()?))
}

/// −log p(target) of each row from candle's own operations, (rows).
pub fn plain(hidden: &Tensor, weight: &Weight, targets: &[u32]) -> Result<Tensor> {
    let targets = Tensor::new(targets, hidden.device())?.unsqueeze(1)?;
    log_probabilities(hidden, weight)?.gather(&targets, 1)?.squeeze(1)?.neg()
}

/// (rows, vocabulary), in f32.
fn log_probabilities(hidden: &Tensor, weight: &Weight) -> Result<Tensor> {
    candle_nn::ops::log_softmax(&in_f32(&linear(hidden, weight, None)?)?, D::Minus1)
}

fn check_targets(hidden: &Tensor, weight: &Weight, targets: &[u32]) -> Result<()> {
    let vocabulary = weight.dims2()?.0;
    if hidden.dim(0)? != targets.len() {
        bail!("{} rows but {} targets", hidden.dim(0)?, targets.len());
    }
    match targets.iter().find(|t| **t as usize >= vocabulary) {
        Some(target) => bail!("target token {target} is outside the vocabulary of {vocabulary}"),
        None => Ok(()),
    }
}

struct Head {
    weight: Weight,
    objective: Objective,
    /// −log p(target) of each row, filled by the forward pass.
    losses: Arc<OnceLock<Vec<f32>>>,
}

impl Head {
    /// What the pass over all rows gives; fills `losses` too.
    fn forward(&self, h: &[f32], mut gradient: Option<&mut [f32]>) -> Result<Passed> {
        let rows = forward(h, &self.weight, &self.objective, gradient.as_deref_mut())?;
        let smoothed: Vec<f32> = rows.iter().map(|row| row.smoothed).collect();
        let (value, factors) = self.objective.combine(&smoothed);
        if let Some(dh) = gradient.filter(|_| self.objective.is_of_losses()) {
            let d = dh.len() / factors.len().max(1);
            dh.par_chunks_mut(d.max(1)).zip(&factors).for_each(|(dh, f)| simd(|| dh.iter_mut().for_each(|x| *x *= f)));
        }
        self.losses.get_or_init(|| rows.iter().map(|row| row.plain).collect());
        Ok(Passed { value: value as f32, factors, log_sums: rows.iter().map(|row| row.log_sum).collect() })
    }
}

/// What a forward pass found.
struct Passed {
    value: f32,
    /// f of each row.
    factors: Vec<f32>,
    /// log Σ exp of each row's logits.
    log_sums: Vec<f32>,
}

impl Passed {
    fn scalar(&self) -> (CpuStorage, Shape) {
        (CpuStorage::F32(vec![self.value]), ().into())
    }
}

struct FrozenHead {
    head: Head,
    /// dh, filled by the forward pass; `None` when nobody will ask for it.
    gradient: Option<OnceLock<Vec<f32>>>,
}

impl CustomOp1 for FrozenHead {
    fn name(&self) -> &'static str {
        "linear-cross-entropy"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let h = slice(storage, layout)?;
        let mut dh = self.gradient.as_ref().map(|_| vec![0f32; h.len()]);
        let passed = self.head.forward(h, dh.as_deref_mut())?;
        if let (Some(cell), Some(dh)) = (&self.gradient, dh) {
            cell.get_or_init(|| dh);
        }
        Ok(passed.scalar())
    }

    fn bwd(&self, h: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let Some(dh) = self.gradient.as_ref().and_then(OnceLock::get) else { bail!("backward before forward") };
        let g = g.to_scalar::<f32>()?;
        Ok(Some(tensor(dh.iter().map(|x| x * g).collect(), h.shape())?))
    }
}

/// The weight is the second argument.
struct TrainedHead {
    head: Head,
    /// Filled by the forward pass.
    passed: OnceLock<Passed>,
}

impl CustomOp2 for TrainedHead {
    fn name(&self) -> &'static str {
        "trained-linear-cross-entropy"
    }

    fn cpu_fwd(
        &self,
        h: &CpuStorage,
        h_layout: &Layout,
        _w: &CpuStorage,
        _w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let passed = self.head.forward(slice(h, h_layout)?, None)?;
        Ok(self.passed.get_or_init(|| passed).scalar())
    }

    fn bwd(&self, h: &Tensor, w: &Tensor, _y: &Tensor, g: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let Some(passed) = self.passed.get() else { bail!("backward before forward") };
        let (mut dh, mut dw) = (vec![0f32; h.elem_count()], vec![0f32; w.elem_count()]);
        let g = g.to_scalar()?;
        with(h, |h| self.gradients(h, passed, g, (&mut dh, &mut dw)))?;
        Ok((Some(tensor(dh, h.shape())?), Some(tensor(dw, w.shape())?)))
    }
}

impl TrainedHead {
    /// Adds the gradients of g · loss.
    fn gradients(&self, h: &[f32], passed: &Passed, g: f32, (dh, dw): (&mut [f32], &mut [f32])) -> Result<()> {
        let (Objective { targets, smoothing, .. }, Passed { factors, .. }) = (&self.head.objective, passed);
        let ((vocabulary, d), rows) = (self.head.weight.dims2()?, targets.len());
        let mut p = Vec::new();
        self.head.weight.blocks(TOKENS, |first, w| {
            for start in (0..rows).step_by(ROWS) {
                let (m, n) = (ROWS.min(rows - start), w.rows());
                let h = Mat::new(&h[start * d..], m, d);
                p.resize(m * n, 0.0);
                gemm::set(&mut p, n, h, w.t(), 1.0, Threads::All);
                let of_rows = passed.log_sums[start..].par_iter().zip(&targets[start..]).zip(&factors[start..]);
                p.par_chunks_mut(n).zip(of_rows).for_each(|(row, ((log_sum, target), factor))| {
                    let (scale, everywhere) = (factor * g, factor * g * smoothing / vocabulary as f32);
                    simd(|| row.iter_mut().for_each(|x| *x = exp(*x - log_sum) * scale - everywhere));
                    if let Some(x) = (*target as usize).checked_sub(first).and_then(|at| row.get_mut(at)) {
                        *x -= scale * (1.0 - smoothing);
                    }
                });
                let p = Mat::new(&p, m, n);
                gemm::add(&mut dh[start * d..], d, p, w, 1.0, Threads::All);
                gemm::add(&mut dw[first * d..], d, p.t(), h, 1.0, Threads::All);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, assert_same_on_tape, quantized, random};
    use super::*;

    fn objective(smoothing: f32) -> Objective {
        let factors = vec![0.3, 1.0, 0.0, 0.5];
        Objective { targets: vec![3, 0, 10, 3], total: Total::Weighted(factors), smoothing }
    }

    /// Σ losses² / 2, whose derivatives are the losses themselves.
    #[derive(Debug)]
    struct Squares;

    impl LossOfRows for Squares {
        fn value_and_derivatives(&self, losses: &[f32]) -> (f64, Vec<f32>) {
            (losses.iter().map(|l| f64::from(*l).powi(2) / 2.0).sum(), losses.to_vec())
        }
    }

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let squares = |smoothing| Objective { total: Total::Of(Arc::new(Squares)), ..objective(smoothing) };
        for objective in [objective(0.0), objective(0.1), squares(0.0), squares(0.1)] {
            for weight in [random((11, 6), 2)?.into(), quantized((11, 64), 2)?] {
                let h = random((4, weight.dims2()?.1), 1)?;
                assert_same_gradients(
                    std::slice::from_ref(&h),
                    |v| Ok(linear_cross_entropy(&v[0], &weight, &objective)?.0),
                    |v| Ok(plain_objective(&v[0], &weight, &objective)?.0),
                )?;
                assert_same_on_tape(
                    std::slice::from_ref(&h),
                    |v| Ok(portable::linear_cross_entropy(&v[0], &weight, &objective)?.0),
                    |v| Ok(plain_objective(&v[0], &weight, &objective)?.0),
                )?;
                let (got, want) =
                    (linear_cross_entropy(&h, &weight, &objective)?.1, plain(&h, &weight, &objective.targets)?);
                assert!(got.iter().zip(want.to_vec1::<f32>()?).all(|(a, b)| (a - b).abs() < 1e-5));
            }
            let inputs = [random((4, 6), 1)?, random((11, 6), 2)?];
            let plain = |v: &[Tensor]| Ok(plain_objective(&v[0], &v[1].clone().into(), &objective)?.0);
            assert_same_gradients(
                &inputs,
                |v| Ok(linear_cross_entropy(&v[0], &v[1].clone().into(), &objective)?.0),
                plain,
            )?;
            let by_hand = |v: &[Tensor]| Ok(portable::linear_cross_entropy(&v[0], &v[1].clone().into(), &objective)?.0);
            assert_same_on_tape(&inputs, by_hand, plain)?;
        }
        Ok(())
    }

    #[test]
    fn smoothing_is_that_of_pytorch() -> Result<()> {
        // torch 2.15: cross_entropy(tensor([[1., 2., 3.], [0., -1., 0.5]]), tensor([2, 1]), label_smoothing=0.1)
        let h = Tensor::new(&[[1f32, 2.0, 3.0], [0.0, -1.0, 0.5]], &candle_core::Device::Cpu)?;
        let identity = Tensor::eye(3, candle_core::DType::F32, h.device())?;
        let objective = Objective { targets: vec![2, 1], total: Total::Weighted(vec![0.5; 2]), smoothing: 0.1 };
        let loss = linear_cross_entropy(&h, &identity.into(), &objective)?.0.to_scalar::<f32>()?;
        assert!((loss - 1.264_201_6).abs() < 1e-5, "{loss}");
        Ok(())
    }

    /// More rows and more tokens than one block has, with logits far apart.
    #[test]
    fn blocks_equal_plain_operations() -> Result<()> {
        let rows = ROWS + 300;
        let tokens = TOKENS + 700;
        let (h, w) = ((random((rows, 6), 1)? * 5.0)?, (random((tokens, 6), 2)? * 5.0)?);
        let targets: Vec<u32> = (0..rows).map(|i| (i * 7 % tokens) as u32).collect();
        let frozen = Weight::from(w.clone());
        let (losses, want) = (token_losses(&h, &frozen, &targets)?, plain(&h, &frozen, &targets)?.to_vec1::<f32>()?);
        assert!(losses.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-4));
        let gradients = |of: &dyn Fn(&Tensor, &Weight) -> Result<Tensor>, is_trained: bool| -> Result<Vec<Tensor>> {
            let (h, w) = (candle_core::Var::from_tensor(&h)?, candle_core::Var::from_tensor(&w)?);
            let weight = if is_trained { w.as_tensor().clone() } else { w.as_detached_tensor() };
            let store = of(h.as_tensor(), &weight.into())?.backward()?;
            Ok([&h, &w].into_iter().filter_map(|v| store.get(v).cloned()).collect())
        };
        for (is_trained, smoothing) in [(false, 0.0), (true, 0.0), (false, 0.2), (true, 0.2)] {
            let total = Total::Weighted((0..rows).map(|i| (i % 3) as f32).collect());
            let objective = Objective { targets: targets.clone(), total, smoothing };
            let ours = |h: &Tensor, w: &Weight| Ok(linear_cross_entropy(h, w, &objective)?.0);
            let plainly = |h: &Tensor, w: &Weight| Ok(plain_objective(h, w, &objective)?.0);
            let (got, want) = (gradients(&ours, is_trained)?, gradients(&plainly, is_trained)?);
            assert_eq!(got.len(), 1 + usize::from(is_trained));
            for (got, want) in got.iter().zip(&want) {
                let largest = want.abs()?.max_all()?.to_scalar::<f32>()?;
                let difference = (got - want)?.abs()?.max_all()?.to_scalar::<f32>()?;
                assert!(difference < 1e-5 * largest, "{difference} of {largest}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_target_outside_the_vocabulary_is_refused() -> Result<()> {
        let (h, w) = (random((1, 6), 1)?, random((11, 6), 2)?);
        assert!(linear_cross_entropy(&h, &w.into(), &Objective::plain(&[11], 1.0)).is_err());
        Ok(())
    }
}
