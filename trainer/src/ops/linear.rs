//! A frozen linear layer: `y = x Wᵀ + b` with `dx = g W` and nothing else.
//!
//! candle's own matrix product would compute dW as well and throw it away: half the work of a
//! backward pass.

use super::cpu::{fused, slice, tensor, with};
use super::gemm::{self, Mat, Threads};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// `x` (tokens, in), `weight` (out, in), `bias` (out) → (tokens, out).
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    if fused(x) {
        x.apply_op1(FrozenLinear { weight: weight.clone(), bias: bias.cloned() })
    } else {
        plain(x, weight, bias)
    }
}

/// The same from candle's own operations; detached, so that no gradient reaches the weight.
pub fn plain(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let y = x.matmul(&weight.detach().t()?)?;
    match bias {
        Some(bias) => y.broadcast_add(&bias.detach()),
        None => Ok(y),
    }
}

struct FrozenLinear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl CustomOp1 for FrozenLinear {
    fn name(&self) -> &'static str {
        "frozen-linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (tokens, _) = layout.shape().dims2()?;
        let y = forward(slice(storage, layout)?, tokens, &self.weight, self.bias.as_ref())?;
        Ok((CpuStorage::F32(y), (tokens, self.weight.dim(0)?).into()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let (out, width) = self.weight.dims2()?;
        let tokens = x.dim(0)?;
        let dx = with(g, |g| {
            with(&self.weight, |w| Ok(gemm::product(Mat::new(g, tokens, out), Mat::new(w, out, width), 1.0)))
        })?;
        Ok(Some(tensor(dx, x.shape())?))
    }
}

/// x Wᵀ + b, (tokens, out).
pub(super) fn forward(x: &[f32], tokens: usize, weight: &Tensor, bias: Option<&Tensor>) -> Result<Vec<f32>> {
    let (out, width) = weight.dims2()?;
    with(weight, |w| {
        let (x, w) = (Mat::new(x, tokens, width), Mat::new(w, out, width).t());
        let Some(bias) = bias else { return Ok(gemm::product(x, w, 1.0)) };
        let mut y = vec![0f32; tokens * out];
        with(bias, |b| {
            y.par_chunks_mut(out).for_each(|row| row.copy_from_slice(b));
            Ok(())
        })?;
        gemm::add(&mut y, out, x, w, 1.0, Threads::All);
        Ok(y)
    })
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let (w, b) = (random((7, 9), 2)?, random(7, 3)?);
        for bias in [None, Some(&b)] {
            assert_same_gradients(&[random((4, 9), 1)?], |v| linear(&v[0], &w, bias), |v| plain(&v[0], &w, bias))?;
        }
        Ok(())
    }
}
