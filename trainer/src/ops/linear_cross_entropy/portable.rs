//! Output layer and loss from candle's own operations on any device and in any type, with the backward pass by hand: the
//! logits of a few rows exist at a time. Products are in the type of the hidden states; softmax, loss and sums are f32.

use super::super::reduced::{in_f32, like};
use super::super::tape::note;
use super::super::weight::Weight;
use super::{Objective, log_probabilities, plain};
use candle_core::{D, DType, Result, Tensor};
use std::ops::Range;

/// Logits that exist at a time.
const LOGITS: usize = 1 << 23;

/// As [`super::linear_cross_entropy`] where a tape records.
pub(super) fn linear_cross_entropy(
    hidden: &Tensor,
    weight: &Weight,
    objective: &Objective,
) -> Result<(Tensor, Vec<f32>)> {
    let h = hidden.detach();
    let matrix = Weight::from(like(&weight.detach().dense()?, &h)?);
    let trained = weight.trained().cloned();
    let (mut losses, mut smoothed, mut units) = (Vec::new(), Vec::new(), Vec::new());
    for rows in chunks(h.dim(0)?, &matrix)? {
        let chunk = Chunk::of(&h, &matrix, objective, rows)?;
        losses.extend(chunk.losses.to_vec1::<f32>()?);
        smoothed.extend(chunk.smoothed()?.to_vec1::<f32>()?);
        // Where the matrix is trained, its gradient needs the errors again when all factors are known.
        if trained.is_none() {
            units.push(chunk.gradient(&chunk.errors()?)?);
        }
    }
    let (value, factors) = objective.combine(&smoothed);
    let value = Tensor::new(value as f32, h.device())?;
    let Some(trained) = trained else {
        let factors = Tensor::new(factors, h.device())?.unsqueeze(1)?;
        let loss = note([hidden], &value, move |g| {
            let dh = Tensor::cat(&units, 0)?.broadcast_mul(&factors.broadcast_mul(g)?)?;
            Ok([Some(like(&dh, &h)?)])
        })?;
        return Ok((loss, losses));
    };
    let objective = objective.clone();
    let loss = note([hidden, &trained], &value, move |g| {
        let (dh, dw) = gradients(&h, &matrix, &objective, &factors)?;
        Ok([Some(like(&dh.broadcast_mul(g)?, &h)?), Some(dw.broadcast_mul(g)?)])
    })?;
    Ok((loss, losses))
}

/// dh and dW in f32.
fn gradients(h: &Tensor, matrix: &Weight, objective: &Objective, factors: &[f32]) -> Result<(Tensor, Tensor)> {
    // Factors are about one over the number of rows: as shares of the largest they keep their digits in any type.
    let largest = factors.iter().fold(f32::MIN_POSITIVE, |m, f| m.max(f.abs()));
    let mut dw = Tensor::zeros(matrix.dims2()?, DType::F32, h.device())?;
    let mut parts = Vec::new();
    for rows in chunks(h.dim(0)?, matrix)? {
        let shares: Vec<f32> = factors[rows.clone()].iter().map(|f| f / largest).collect();
        let chunk = Chunk::of(h, matrix, objective, rows)?;
        let errors = chunk.errors()?.broadcast_mul(&Tensor::new(shares, h.device())?.unsqueeze(1)?)?;
        parts.push((chunk.gradient(&errors)? * f64::from(largest))?);
        let more = in_f32(&like(&errors, &chunk.h)?.t()?.matmul(&chunk.h)?)?;
        dw = (dw + (more * f64::from(largest))?)?;
    }
    Ok((Tensor::cat(&parts, 0)?, dw))
}

/// As [`super::token_losses`].
pub(super) fn token_losses(h: &Tensor, weight: &Weight, targets: &[u32]) -> Result<Vec<f32>> {
    let of = |rows: Range<usize>| plain(&h.narrow(0, rows.start, rows.len())?, weight, &targets[rows])?.to_vec1();
    let parts: Vec<Vec<f32>> = chunks(targets.len(), weight)?.map(of).collect::<Result<_>>()?;
    Ok(parts.concat())
}

fn chunks(rows: usize, weight: &Weight) -> Result<impl Iterator<Item = Range<usize>>> {
    let size = (LOGITS / weight.dims2()?.0).max(1);
    Ok((0..rows).step_by(size).map(move |start| start..(start + size).min(rows)))
}

/// Some rows and what their logits give.
struct Chunk<'a> {
    h: Tensor,
    matrix: &'a Weight,
    /// (rows, 1)
    targets: Tensor,
    smoothing: f64,
    /// (rows, vocabulary), in f32.
    log_probabilities: Tensor,
    /// −log p(target), (rows).
    losses: Tensor,
}

impl<'a> Chunk<'a> {
    fn of(h: &Tensor, matrix: &'a Weight, objective: &Objective, rows: Range<usize>) -> Result<Self> {
        let h = h.narrow(0, rows.start, rows.len())?;
        let log_probabilities = log_probabilities(&h, matrix)?;
        let targets = Tensor::new(&objective.targets[rows], h.device())?.unsqueeze(1)?;
        let losses = log_probabilities.gather(&targets, 1)?.squeeze(1)?.neg()?;
        let smoothing = f64::from(objective.smoothing);
        Ok(Self { h, matrix, targets, smoothing, log_probabilities, losses })
    }

    /// −Σⱼ qⱼ log pⱼ, (rows).
    fn smoothed(&self) -> Result<Tensor> {
        if self.smoothing == 0.0 {
            return Ok(self.losses.clone());
        }
        let uniform = self.log_probabilities.mean(D::Minus1)?;
        (&self.losses * (1.0 - self.smoothing))? - (uniform * self.smoothing)?
    }

    /// p − q, (rows, vocabulary), in f32.
    fn errors(&self) -> Result<Tensor> {
        let vocabulary = self.log_probabilities.dim(1)? as f64;
        let p = (self.log_probabilities.exp()? - self.smoothing / vocabulary)?;
        let at_target = Tensor::full(-(1.0 - self.smoothing) as f32, self.targets.shape(), p.device())?;
        p.scatter_add(&self.targets, &at_target, 1)
    }

    /// (p − q) W, (rows, d), in f32.
    fn gradient(&self, errors: &Tensor) -> Result<Tensor> {
        in_f32(&like(errors, &self.h)?.matmul(&self.matrix.dense()?)?)
    }
}
