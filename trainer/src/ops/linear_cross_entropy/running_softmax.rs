//! The softmax of rows of logits that exist for one block of tokens at a time (Milakov & Gimelshein 2018,
//! arXiv:1805.02867): a running maximum and sum of each row, and `Σ exp(logit) W` relative to that maximum, from
//! which loss and dh follow at the end.

use super::super::cpu::with;
use super::super::gemm::{self, Mat, Threads};
use super::super::vector::{exp, max, simd, sum};
use super::super::weight::Weight;
use super::{Objective, ROWS, TOKENS, Total};
use candle_core::Result;
use rayon::prelude::*;

/// What a row's logits give.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowLoss {
    /// −log p(target)
    pub(super) plain: f32,
    /// −Σⱼ qⱼ log pⱼ
    pub(super) smoothed: f32,
    /// log Σ exp(logit)
    pub(super) log_sum: f32,
}

/// The losses of all rows of `h`; fills `gradient` when given: with dh, or, where a function of all losses decides the
/// factors, with dh of factors 1.
pub(super) fn forward(
    h: &[f32],
    weight: &Weight,
    objective: &Objective,
    mut gradient: Option<&mut [f32]>,
) -> Result<Vec<RowLoss>> {
    let Objective { targets, total, smoothing } = objective;
    // A function of all losses gives each row its factor only when all are known; until then it is 1.
    let ones = vec![1.0; if objective.is_of_losses() { targets.len() } else { 0 }];
    let factors = if let Total::Weighted(factors) = total { factors } else { &ones };
    let (vocabulary, d) = weight.dims2()?;
    let mean = if gradient.is_some() && *smoothing > 0.0 { mean_row(weight)? } else { vec![0.0; d] };
    let mut losses = Vec::with_capacity(targets.len());
    for start in (0..targets.len()).step_by(ROWS) {
        let end = (start + ROWS).min(targets.len());
        let mut pass = Pass::new(&h[start * d..end * d], d, &targets[start..end]);
        let mut dh = gradient.as_mut().map(|dh| &mut dh[start * d..end * d]);
        weight.blocks(TOKENS, |first, w| pass.block(first, w, dh.as_deref_mut()))?;
        if let Some(dh) = dh {
            pass.finish_gradient(dh, weight, &factors[start..end], (*smoothing, &mean))?;
        }
        losses.extend(pass.rows.iter().map(|row| row.loss(*smoothing, vocabulary)));
    }
    Ok(losses)
}

/// The mean of all rows, (d): what label smoothing pulls every hidden state to.
fn mean_row(weight: &Weight) -> Result<Vec<f32>> {
    let (rows, d) = weight.dims2()?;
    let mut mean = vec![0f32; d];
    weight.blocks(TOKENS, |_, w| {
        let shares = vec![1.0 / rows as f32; w.rows()];
        gemm::add(&mut mean, d, Mat::new(&shares, 1, w.rows()), w, 1.0, Threads::All);
    })?;
    Ok(mean)
}

/// One row's softmax over the blocks seen so far.
#[derive(Clone, Copy)]
struct Row {
    largest: f32,
    /// Σ exp(logit − largest)
    total: f32,
    /// Σ logit
    sum: f32,
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
        let row = Row { largest: f32::MIN, total: 0.0, sum: 0.0, at_target: 0.0 };
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

    /// Turns Σ exp(logit − largest) w of each row into the gradient of factor · loss. `mean` is that of all w.
    fn finish_gradient(
        &self,
        dh: &mut [f32],
        weight: &Weight,
        factors: &[f32],
        (smoothing, mean): (f32, &[f32]),
    ) -> Result<()> {
        let of_targets = weight.rows(self.targets)?;
        with(&of_targets, |w| {
            let rows = dh.par_chunks_mut(self.d).zip(w.par_chunks(self.d)).zip(&self.rows).zip(factors);
            rows.for_each(|(((dh, w), row), factor)| {
                let (share, at_target, everywhere) =
                    (factor / row.total, factor * (1.0 - smoothing), factor * smoothing);
                simd(|| {
                    for ((dh, w), mean) in dh.iter_mut().zip(w).zip(mean) {
                        *dh = *dh * share - w * at_target - mean * everywhere;
                    }
                });
            });
            Ok(())
        })
    }
}

impl Row {
    /// Turns logits into exp(logit − largest) and returns the factor by which earlier sums shrink.
    #[inline(always)]
    fn take_in(&mut self, logits: &mut [f32]) -> f32 {
        let largest = max(logits).max(self.largest);
        let shrink = exp(self.largest - largest);
        self.sum += sum(logits);
        for x in logits.iter_mut() {
            *x = exp(*x - largest);
        }
        self.total = self.total * shrink + sum(logits);
        self.largest = largest;
        shrink
    }

    fn loss(&self, smoothing: f32, vocabulary: usize) -> RowLoss {
        let log_sum = self.largest + self.total.ln();
        let plain = log_sum - self.at_target;
        let smoothed = (1.0 - smoothing) * plain + smoothing * (log_sum - self.sum / vocabulary as f32);
        RowLoss { plain, smoothed, log_sum }
    }
}
