//! A linear layer: `y = x Wᵀ + b` with `dx = g W` and, where they are trained, `dW = gᵀ x` and `db = Σ g`.
//!
//! candle's own matrix product would compute the gradient of a frozen W as well and throw it
//! away: half the work of a backward pass, and as much memory as the weights. So the frozen layer is an
//! operation of its own on every device.

use super::cpu::{fused, slice, tensor, with};
use super::gemm::{self, Mat};
use super::reduced::{in_f32, like};
use super::tape::{apply1, apply2, note, records};
use super::vector::column_sums;
use super::weight::Weight;
use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, CustomOp2, DType, Layout, MetalStorage, Result, Shape, Storage, Tensor, bail,
};
use rayon::prelude::*;

/// `x` (tokens, in), `weight` (out, in), `bias` (out) → (tokens, out).
pub fn linear(x: &Tensor, weight: &Weight, bias: Option<&Tensor>) -> Result<Tensor> {
    let is_fused = fused(x) && weight.as_dense().is_none_or(fused);
    match weight.trained() {
        Some(w) if is_fused => add_bias(apply2(x, w, TrainedLinear)?, bias),
        Some(w) if records(&[x, w]) => add_bias(portable(x, weight, Some(w))?, bias),
        Some(w) => plain(x, w, bias),
        None if is_fused && bias.is_none_or(|b| !b.track_op()) => {
            apply1(x, FrozenLinear { weight: weight.clone(), bias: bias.cloned() })
        }
        None if !is_fused && records(&[x]) => add_bias(portable(x, weight, None)?, bias),
        None => add_bias(apply1(&x.contiguous()?, FrozenLinear { weight: weight.clone(), bias: None })?, bias),
    }
}

/// The same from candle's own operations, in the type of `x`.
pub fn plain(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let y = x.matmul(&like(weight, x)?.t()?)?;
    bias.map_or(Ok(y.clone()), |bias| y.broadcast_add(&like(bias, x)?))
}

/// The same without a bias and with the backward pass by hand. A copy of the weight in the type of `x` exists only
/// while it is multiplied.
fn portable(x: &Tensor, weight: &Weight, trained: Option<&Tensor>) -> Result<Tensor> {
    let (input, weight, x_is_tracked) = (x.detach(), weight.detach(), x.track_op());
    let y = plain(&input, &weight.dense()?, None)?;
    let Some(trained) = trained else {
        return note([x], &y, move |g| Ok([Some(g.matmul(&like(&weight.dense()?, g)?)?)]));
    };
    note([x, trained], &y, move |g| {
        let dx = x_is_tracked.then(|| g.matmul(&like(&weight.dense()?, g)?)).transpose()?;
        Ok([dx, Some(in_f32(&g.t()?.matmul(&input)?)?)])
    })
}

fn add_bias(y: Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    match bias {
        None => Ok(y),
        Some(bias) if fused(&y) => apply2(&y, bias, AddBias),
        Some(bias) => y.broadcast_add(&like(bias, &y)?),
    }
}

struct FrozenLinear {
    weight: Weight,
    bias: Option<Tensor>,
}

impl FrozenLinear {
    /// Whether the kernels of this module know input and weight.
    fn is_fused(&self, input: DType) -> bool {
        input == DType::F32 && self.weight.as_dense().is_none_or(fused)
    }

    /// x Wᵀ by a device's own matrix product. `of` picks the device's storage.
    fn on_device<S: BackendStorage>(
        &self,
        x: &S,
        layout: &Layout,
        of: impl Fn(&Storage) -> Option<&S>,
    ) -> Result<(S, Shape)> {
        let transposed = self.weight.dense()?.to_dtype(x.dtype())?.t()?;
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
        if !self.is_fused(storage.dtype()) {
            return self.on_device(storage, layout, |s| if let Storage::Cpu(s) = s { Some(s) } else { None });
        }
        let (tokens, _) = layout.shape().dims2()?;
        let y = forward(slice(storage, layout)?, tokens, &self.weight, self.bias.as_ref())?;
        Ok((CpuStorage::F32(y), (tokens, self.weight.dims2()?.0).into()))
    }

    fn cuda_fwd(&self, x: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        self.on_device(x, layout, |storage| if let Storage::Cuda(s) = storage { Some(s) } else { None })
    }

    fn metal_fwd(&self, x: &MetalStorage, layout: &Layout) -> Result<(MetalStorage, Shape)> {
        self.on_device(x, layout, |storage| if let Storage::Metal(s) = storage { Some(s) } else { None })
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        if !fused(x) || !self.is_fused(x.dtype()) {
            return g.matmul(&like(&self.weight.dense()?, g)?).map(Some);
        }
        let dx = with(g, |g| input_gradient(g, x.dim(0)?, &self.weight))?;
        Ok(Some(tensor(dx, x.shape())?))
    }
}

/// The weight is the second argument.
struct TrainedLinear;

impl CustomOp2 for TrainedLinear {
    fn name(&self) -> &'static str {
        "trained-linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((tokens, width), (out, _)) = (x_layout.shape().dims2()?, w_layout.shape().dims2()?);
        let (x, w) = (Mat::new(slice(x, x_layout)?, tokens, width), Mat::new(slice(w, w_layout)?, out, width));
        Ok((CpuStorage::F32(gemm::product(x, w.t(), 1.0)), (tokens, out).into()))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _y: &Tensor, g: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let ((tokens, width), out) = (x.dims2()?, w.dim(0)?);
        let product = |a: Mat, b: Mat, of: &Tensor| tensor(gemm::product(a, b, 1.0), of.shape());
        with(g, |g| {
            let g = Mat::new(g, tokens, out);
            // Nothing asks for the gradient of the first layer's input when the embedding is frozen.
            let dx = x.track_op().then(|| with(w, |values| product(g, Mat::new(values, out, width), x))).transpose()?;
            let dw = with(x, |values| product(g.t(), Mat::new(values, tokens, width), w))?;
            Ok((dx, Some(dw)))
        })
    }
}

/// The bias is the second argument.
struct AddBias;

impl CustomOp2 for AddBias {
    fn name(&self) -> &'static str {
        "add-bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (mut y, bias) = (slice(x, x_layout)?.to_vec(), slice(b, b_layout)?);
        y.par_chunks_mut(bias.len()).for_each(|row| row.iter_mut().zip(bias).for_each(|(y, b)| *y += b));
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(&self, _x: &Tensor, b: &Tensor, _y: &Tensor, g: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (tokens, d) = g.dims2()?;
        let sums = || with(g, |g| Ok(column_sums(tokens, d, |i, row| row.copy_from_slice(&g[i * d..][..d]))));
        let db = b.track_op().then(|| sums().and_then(|db| tensor(db, b.shape()))).transpose()?;
        Ok((Some(g.clone()), db))
    }
}

/// x Wᵀ + b, (tokens, out).
pub(super) fn forward(x: &[f32], tokens: usize, weight: &Weight, bias: Option<&Tensor>) -> Result<Vec<f32>> {
    let (out, width) = weight.dims2()?;
    let x = Mat::new(x, tokens, width);
    let Some(bias) = bias else { return weight.product_transposed(x) };
    let mut y = vec![0f32; tokens * out];
    with(bias, |b| {
        y.par_chunks_mut(out).for_each(|row| row.copy_from_slice(b));
        Ok(())
    })?;
    weight.add_product_transposed(x, &mut y)?;
    Ok(y)
}

/// g W, (tokens, in).
pub(super) fn input_gradient(g: &[f32], tokens: usize, weight: &Weight) -> Result<Vec<f32>> {
    let (out, width) = weight.dims2()?;
    if let Weight::Dense(w) = weight {
        return with(w, |w| Ok(gemm::product(Mat::new(g, tokens, out), Mat::new(w, out, width), 1.0)));
    }
    let mut dx = vec![0f32; tokens * width];
    weight.product(g, tokens, &mut dx, false)?;
    Ok(dx)
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, quantized, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let (w, b) = (random((7, 9), 2)?, random(7, 3)?);
        let weight = Weight::from(w.clone());
        for bias in [None, Some(&b)] {
            assert_same_gradients(&[random((4, 9), 1)?], |v| linear(&v[0], &weight, bias), |v| plain(&v[0], &w, bias))?;
        }
        Ok(())
    }

    #[test]
    fn trained_weight_and_bias_match_plain_operations_and_finite_differences() -> Result<()> {
        let inputs = [random((4, 9), 1)?, random((7, 9), 2)?, random(7, 3)?];
        assert_same_gradients(
            &inputs,
            |v| linear(&v[0], &Weight::from(v[1].clone()), Some(&v[2])),
            |v| plain(&v[0], &v[1], Some(&v[2])),
        )?;
        let frozen = inputs[1].clone();
        assert_same_gradients(
            &[inputs[0].clone(), inputs[2].clone()],
            |v| linear(&v[0], &Weight::from(frozen.clone()), Some(&v[1])),
            |v| plain(&v[0], &frozen, Some(&v[1])),
        )
    }

    #[test]
    fn a_quantized_weight_is_its_dequantized_one() -> Result<()> {
        for bias in [None, Some(random(7, 3)?)] {
            let weight = quantized((7, 64), 2)?;
            let dense = weight.dense()?;
            assert_same_gradients(
                &[random((4, 64), 1)?],
                |v| linear(&v[0], &weight, bias.as_ref()),
                |v| plain(&v[0], &dense, bias.as_ref()),
            )?;
        }
        Ok(())
    }
}
