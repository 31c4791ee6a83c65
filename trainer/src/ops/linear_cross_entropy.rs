//! The output layer and its loss in one operation: `loss = Σᵢ −log softmax(hᵢ Wᵀ)[tᵢ] / n`.
//!
//! `dhᵢ = (softmax(hᵢ Wᵀ) − onehot(tᵢ)) W / n` and, where W is trained, `dW = (softmax − onehot)ᵀ h / n`.
//! Logits over a large vocabulary would dominate the memory of a run, so they exist for one block of
//! tokens of the vocabulary at a time. One pass over the blocks keeps a running maximum and sum of each row and
//! `Σ exp(logit) W` relative to that maximum (Milakov & Gimelshein 2018, arXiv:1805.02867), from which loss and dh
//! follow at the end. dW needs the final sums, so a trained W costs a second pass.

use super::cpu::{fused, slice, tensor, with};
use super::gemm::{self, Mat, Threads};
use super::linear::linear;
use super::tape::{apply1, apply2};
use super::vector::{exp, max, simd, sum};
use super::weight::Weight;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, D, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;
use std::sync::OnceLock;

/// Tokens of the vocabulary whose logits exist at the same time.
const TOKENS: usize = 2048;
/// Rows whose logits exist at the same time.
const ROWS: usize = 2048;

/// The scalar Σ −log p(target) / `denominator` for `hidden` (rows, d), `weight` (vocabulary, d)
/// and one target token per row.
pub fn linear_cross_entropy(hidden: &Tensor, weight: &Weight, targets: &[u32], denominator: f64) -> Result<Tensor> {
    check_targets(hidden, weight, targets)?;
    if !fused(hidden) {
        return plain(hidden, weight, targets)?.sum_all()? / denominator;
    }
    let (targets, inverse) = (targets.to_vec(), (1.0 / denominator) as f32);
    match weight.trained() {
        Some(w) => {
            apply2(hidden, w, TrainedHead { weight: weight.clone(), targets, inverse, log_sums: OnceLock::new() })
        }
        None => {
            let gradient = hidden.track_op().then(OnceLock::new);
            apply1(hidden, FrozenHead { weight: weight.clone(), targets, inverse, gradient })
        }
    }
}

/// −log p(target) of each row, in nats; has no gradient.
pub fn token_losses(hidden: &Tensor, weight: &Weight, targets: &[u32]) -> Result<Vec<f32>> {
    check_targets(hidden, weight, targets)?;
    if fused(hidden) {
        with(hidden, |h| Ok(forward(h, weight, targets, None)?.0))
    } else {
        plain(&hidden.detach(), weight, targets)?.to_vec1()
    }
}

/// −log p(target) of each row from candle's own operations, (rows).
pub fn plain(hidden: &Tensor, weight: &Weight, targets: &[u32]) -> Result<Tensor> {
    let log_probabilities = candle_nn::ops::log_softmax(&linear(hidden, weight, None)?, D::Minus1)?;
    let targets = Tensor::new(targets, hidden.device())?.unsqueeze(1)?;
    log_probabilities.gather(&targets, 1)?.squeeze(1)?.neg()
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

fn mean(losses: &[f32], inverse: f32) -> (CpuStorage, Shape) {
    let total: f64 = losses.iter().map(|x| f64::from(*x)).sum();
    (CpuStorage::F32(vec![(total * f64::from(inverse)) as f32]), ().into())
}

/// `values` times the scalar gradient of the loss.
fn scaled(values: &[f32], g: f32, shape: &Shape) -> Result<Tensor> {
    tensor(values.iter().map(|x| x * g).collect(), shape)
}

struct FrozenHead {
    weight: Weight,
    targets: Vec<u32>,
    /// 1 / n
    inverse: f32,
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
        let wanted = dh.as_deref_mut().map(|dh| (dh, self.inverse));
        let (losses, _) = forward(h, &self.weight, &self.targets, wanted)?;
        if let (Some(cell), Some(dh)) = (&self.gradient, dh) {
            cell.get_or_init(|| dh);
        }
        Ok(mean(&losses, self.inverse))
    }

    fn bwd(&self, h: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let Some(dh) = self.gradient.as_ref().and_then(OnceLock::get) else { bail!("backward before forward") };
        scaled(dh, g.to_scalar()?, h.shape()).map(Some)
    }
}

/// The weight is the second argument.
struct TrainedHead {
    weight: Weight,
    targets: Vec<u32>,
    inverse: f32,
    /// log Σ exp of each row's logits, filled by the forward pass.
    log_sums: OnceLock<Vec<f32>>,
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
        let (losses, log_sums) = forward(slice(h, h_layout)?, &self.weight, &self.targets, None)?;
        self.log_sums.get_or_init(|| log_sums);
        Ok(mean(&losses, self.inverse))
    }

    fn bwd(&self, h: &Tensor, w: &Tensor, _y: &Tensor, g: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let Some(log_sums) = self.log_sums.get() else { bail!("backward before forward") };
        let scale = g.to_scalar::<f32>()? * self.inverse;
        let (mut dh, mut dw) = (vec![0f32; h.elem_count()], vec![0f32; w.elem_count()]);
        with(h, |h| self.gradients(h, log_sums, scale, (&mut dh, &mut dw)))?;
        Ok((Some(tensor(dh, h.shape())?), Some(tensor(dw, w.shape())?)))
    }
}

impl TrainedHead {
    /// Adds the gradients of scale · Σ loss.
    fn gradients(&self, h: &[f32], log_sums: &[f32], scale: f32, (dh, dw): (&mut [f32], &mut [f32])) -> Result<()> {
        let (d, rows) = (self.weight.dims2()?.1, self.targets.len());
        let mut p = Vec::new();
        self.weight.blocks(TOKENS, |first, w| {
            for start in (0..rows).step_by(ROWS) {
                let (m, n) = (ROWS.min(rows - start), w.rows());
                let h = Mat::new(&h[start * d..], m, d);
                p.resize(m * n, 0.0);
                gemm::set(&mut p, n, h, w.t(), 1.0, Threads::All);
                let of_rows = log_sums[start..].par_iter().zip(&self.targets[start..]);
                p.par_chunks_mut(n).zip(of_rows).for_each(|(row, (log_sum, target))| {
                    simd(|| row.iter_mut().for_each(|x| *x = exp(*x - log_sum) * scale));
                    if let Some(x) = (*target as usize).checked_sub(first).and_then(|at| row.get_mut(at)) {
                        *x -= scale;
                    }
                });
                let p = Mat::new(&p, m, n);
                gemm::add(&mut dh[start * d..], d, p, w, 1.0, Threads::All);
                gemm::add(&mut dw[first * d..], d, p.t(), h, 1.0, Threads::All);
            }
        })
    }
}

/// The loss of each row and its log-sum-exp; fills (dh, scale) with the gradient of scale · Σ loss when given.
fn forward(
    h: &[f32],
    weight: &Weight,
    targets: &[u32],
    mut gradient: Option<(&mut [f32], f32)>,
) -> Result<(Vec<f32>, Vec<f32>)> {
    let d = weight.dims2()?.1;
    let (mut losses, mut log_sums) = (Vec::with_capacity(targets.len()), Vec::with_capacity(targets.len()));
    for start in (0..targets.len()).step_by(ROWS) {
        let end = (start + ROWS).min(targets.len());
        let mut pass = Pass::new(&h[start * d..end * d], d, &targets[start..end]);
        let mut dh = gradient.as_mut().map(|(dh, _)| &mut dh[start * d..end * d]);
        weight.blocks(TOKENS, |first, w| pass.block(first, w, dh.as_deref_mut()))?;
        if let Some((dh, scale)) = &mut gradient {
            pass.finish_gradient(&mut dh[start * d..end * d], weight, *scale)?;
        }
        losses.extend(pass.losses());
        log_sums.extend(pass.log_sums());
    }
    Ok((losses, log_sums))
}

/// One row's softmax over the blocks seen so far.
#[derive(Clone, Copy)]
struct Row {
    largest: f32,
    /// Σ exp(logit − largest)
    total: f32,
    at_target: f32,
}

/// The running softmax of some rows.
struct Pass<'a> {
    h: Mat<'a>,
    d: usize,
    targets: &'a [u32],
    rows: Vec<Row>,
    logits: Vec<f32>,
}

impl<'a> Pass<'a> {
    fn new(h: &'a [f32], d: usize, targets: &'a [u32]) -> Self {
        let row = Row { largest: f32::MIN, total: 0.0, at_target: 0.0 };
        Self { h: Mat::new(h, targets.len(), d), d, targets, rows: vec![row; targets.len()], logits: Vec::new() }
    }

    /// Takes in the tokens from `first` whose weights are `w`; adds Σ exp(logit − largest) w to `dh`.
    fn block(&mut self, first: usize, w: Mat, dh: Option<&mut [f32]>) {
        let n = w.rows();
        self.logits.resize(self.targets.len() * n, 0.0);
        gemm::set(&mut self.logits, n, self.h, w.t(), 1.0, Threads::All);
        let rows = self.rows.par_iter_mut().zip(self.logits.par_chunks_mut(n)).zip(self.targets);
        let step = |((row, logits), target): ((&mut Row, &mut [f32]), &u32)| {
            if let Some(x) = (*target as usize).checked_sub(first).and_then(|at| logits.get(at)) {
                row.at_target = *x;
            }
            simd(|| row.take_in(logits))
        };
        let Some(dh) = dh else {
            rows.for_each(|x| {
                step(x);
            });
            return;
        };
        rows.zip(dh.par_chunks_mut(self.d)).for_each(|(x, dh)| {
            let shrink = step(x);
            simd(|| dh.iter_mut().for_each(|dh| *dh *= shrink));
        });
        gemm::add(dh, self.d, Mat::new(&self.logits, self.targets.len(), n), w, 1.0, Threads::All);
    }

    /// Turns Σ exp(logit − largest) w into the gradient of scale · loss.
    fn finish_gradient(&self, dh: &mut [f32], weight: &Weight, scale: f32) -> Result<()> {
        let of_targets = weight.rows(self.targets)?;
        with(&of_targets, |w| {
            let rows = dh.par_chunks_mut(self.d).zip(w.par_chunks(self.d)).zip(&self.rows);
            rows.for_each(|((dh, w), row)| {
                let factor = scale / row.total;
                simd(|| dh.iter_mut().zip(w).for_each(|(dh, w)| *dh = *dh * factor - w * scale));
            });
            Ok(())
        })
    }

    fn losses(&self) -> Vec<f32> {
        self.rows.iter().map(|row| row.largest + row.total.ln() - row.at_target).collect()
    }

    fn log_sums(&self) -> Vec<f32> {
        self.rows.iter().map(|row| row.largest + row.total.ln()).collect()
    }
}

impl Row {
    /// Turns logits into exp(logit − largest) and returns the factor by which earlier sums shrink.
    #[inline(always)]
    fn take_in(&mut self, logits: &mut [f32]) -> f32 {
        let largest = max(logits).max(self.largest);
        let shrink = exp(self.largest - largest);
        for x in logits.iter_mut() {
            *x = exp(*x - largest);
        }
        self.total = self.total * shrink + sum(logits);
        self.largest = largest;
        shrink
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, quantized, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let targets = [3, 0, 10, 3];
        for weight in [random((11, 6), 2)?.into(), quantized((11, 64), 2)?] {
            let d = weight.dims2()?.1;
            assert_same_gradients(
                &[random((4, d), 1)?],
                |v| linear_cross_entropy(&v[0], &weight, &targets, 3.0),
                |v| plain(&v[0], &weight, &targets)?.sum_all()? / 3.0,
            )?;
        }
        assert_same_gradients(
            &[random((4, 6), 1)?, random((11, 6), 2)?],
            |v| linear_cross_entropy(&v[0], &v[1].clone().into(), &targets, 3.0),
            |v| plain(&v[0], &v[1].clone().into(), &targets)?.sum_all()? / 3.0,
        )
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
        let ours = |h: &Tensor, w: &Weight| linear_cross_entropy(h, w, &targets, 1.0);
        let plainly = |h: &Tensor, w: &Weight| plain(h, w, &targets)?.sum_all();
        for is_trained in [false, true] {
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
        assert!(linear_cross_entropy(&h, &w.into(), &[11], 1.0).is_err());
        Ok(())
    }
}
