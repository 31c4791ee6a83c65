//! A frozen linear layer: `y = x Wᵀ + b` with `dx = g W` and nothing else.
//!
//! candle's own matrix product would compute dW as well and throw it away: half the work of a
//! backward pass, and as much memory as the weights. So this is an operation of its own on every
//! device.

use super::cpu::{fused, slice, tensor, with};
use super::gemm::{self, Mat, Threads};
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CudaStorage, CustomOp1, Layout, MetalStorage, Result, Shape, Storage, Tensor, bail};
use rayon::prelude::*;

/// `x` (tokens, in), `weight` (out, in), `bias` (out) → (tokens, out).
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    if fused(x) {
        return x.apply_op1(FrozenLinear { weight: weight.clone(), bias: bias.cloned() });
    }
    let y = x.contiguous()?.apply_op1(FrozenLinear { weight: weight.clone(), bias: None })?;
    bias.map_or(Ok(y.clone()), |bias| y.broadcast_add(&bias.detach()))
}

/// The same from candle's own operations.
#[cfg(test)]
fn plain(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let y = x.matmul(&weight.t()?)?;
    bias.map_or(Ok(y.clone()), |bias| y.broadcast_add(bias))
}

struct FrozenLinear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl FrozenLinear {
    /// x Wᵀ by a device's own matrix product. `of` picks the device's storage.
    fn on_device<S: BackendStorage>(
        &self,
        x: &S,
        layout: &Layout,
        of: impl Fn(&Storage) -> Option<&S>,
    ) -> Result<(S, Shape)> {
        let transposed = self.weight.t()?;
        let (storage, weight_layout) = transposed.storage_and_layout();
        let Some(weight) = of(&storage) else { bail!("input and weight are on different devices") };
        let ((tokens, width), out) = (layout.shape().dims2()?, transposed.dim(1)?);
        Ok((x.matmul(weight, (1, tokens, out, width), layout, weight_layout)?, (tokens, out).into()))
    }
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

    fn cuda_fwd(&self, x: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        self.on_device(x, layout, |storage| if let Storage::Cuda(s) = storage { Some(s) } else { None })
    }

    fn metal_fwd(&self, x: &MetalStorage, layout: &Layout) -> Result<(MetalStorage, Shape)> {
        self.on_device(x, layout, |storage| if let Storage::Metal(s) = storage { Some(s) } else { None })
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        if !fused(x) {
            return g.matmul(&self.weight).map(Some);
        }
        let (out, width) = self.weight.dims2()?;
        let tokens = x.dim(0)?;
        let product = |g: &[f32], w: &[f32]| gemm::product(Mat::new(g, tokens, out), Mat::new(w, out, width), 1.0);
        let dx = with(g, |g| with(&self.weight, |w| Ok(product(g, w))))?;
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
