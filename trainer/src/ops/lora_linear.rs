//! A frozen linear layer with a low-rank adapter (Hu et al. 2021, arXiv:2106.09685).
//!
//! `y = x Wᵀ + b + s · (m ∘ x) Aᵀ Bᵀ` with s = alpha / rank and m a dropout mask (all ones when
//! there is none). With u = s · (m ∘ x) Aᵀ and v = s · g B:
//! `dB = gᵀ u`, `dA = vᵀ (m ∘ x)`, `dx = g W + m ∘ (v A)`. There is no dW.

use super::Dropout;
use super::cpu::{fused, slice, tensor, with};
use super::gemm::{self, Mat, Threads};
use super::linear;
use super::reduced::{in_f32, like};
use super::tape::{apply3, note, records};
use super::weight::Weight;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use std::borrow::Cow;
use std::sync::OnceLock;

/// What is frozen in the layer.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// (out, in); never trained here, even if it is a variable.
    pub weight: Weight,
    /// (out)
    pub bias: Option<Tensor>,
    /// s = alpha / rank
    pub scale: f64,
    pub dropout: Option<Dropout>,
}

/// `x` (tokens, in), `a` (rank, in), `b` (out, rank) → (tokens, out).
pub fn lora_linear(x: &Tensor, a: &Tensor, b: &Tensor, frozen: Frozen) -> Result<Tensor> {
    if fused(x) {
        apply3(x, a, b, LoraLinear { frozen, inner: OnceLock::new() })
    } else if records(&[x, a, b]) {
        portable(x, a, b, frozen)
    } else {
        plain(x, a, b, &frozen)
    }
}

/// The same with the backward pass by hand.
fn portable(x: &Tensor, a: &Tensor, b: &Tensor, frozen: Frozen) -> Result<Tensor> {
    let (values, x_is_tracked) = (x.detach(), x.track_op());
    let [a_copy, b_copy] = [like(&a.detach(), x)?, like(&b.detach(), x)?];
    let u = (masked(&values, &frozen)?.matmul(&a_copy.t()?)? * frozen.scale)?;
    let frozen_part = linear::linear(&values, &frozen.weight, frozen.bias.as_ref())?;
    note([x, a, b], &(frozen_part + u.matmul(&b_copy.t()?)?)?, move |g| {
        let v = (g.matmul(&b_copy)? * frozen.scale)?;
        let (da, db) = (v.t()?.matmul(&masked(&values, &frozen)?)?, g.t()?.matmul(&u)?);
        let through_weight = || g.matmul(&like(&frozen.weight.dense()?, g)?);
        let dx = || through_weight()? + masked(&v.matmul(&a_copy)?, &frozen)?;
        Ok([x_is_tracked.then(dx).transpose()?, Some(in_f32(&da)?), Some(in_f32(&db)?)])
    })
}

/// m ∘ x. The mask is the fused version's, so that a seed means the same on every device.
fn masked(x: &Tensor, frozen: &Frozen) -> Result<Tensor> {
    let Some(dropout) = &frozen.dropout else { return Ok(x.clone()) };
    let mut mask = vec![1f32; x.elem_count()];
    dropout.apply(&mut mask);
    x * like(&Tensor::from_vec(mask, x.shape(), x.device())?, x)?
}

/// The same with candle's own operations for the adapter.
pub fn plain(x: &Tensor, a: &Tensor, b: &Tensor, frozen: &Frozen) -> Result<Tensor> {
    let y = linear::linear(x, &frozen.weight, frozen.bias.as_ref())?;
    let inner = masked(x, frozen)?.matmul(&like(a, x)?.t()?)?;
    y + (inner.matmul(&like(b, x)?.t()?)? * frozen.scale)?
}

struct LoraLinear {
    frozen: Frozen,
    /// u of the forward pass, (tokens, rank).
    inner: OnceLock<Vec<f32>>,
}

impl LoraLinear {
    fn masked<'a>(&self, x: &'a [f32]) -> Cow<'a, [f32]> {
        match &self.frozen.dropout {
            Some(dropout) => Cow::Owned(dropout.masked(x)),
            None => Cow::Borrowed(x),
        }
    }
}

impl CustomOp3 for LoraLinear {
    fn name(&self) -> &'static str {
        "lora-linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, a, b) = (slice(x, x_layout)?, slice(a, a_layout)?, slice(b, b_layout)?);
        let ((tokens, width), (rank, _)) = (x_layout.shape().dims2()?, a_layout.shape().dims2()?);
        let out = self.frozen.weight.dims2()?.0;
        let mut y = linear::forward(x, tokens, &self.frozen.weight, self.frozen.bias.as_ref())?;
        let masked = self.masked(x);
        let u = gemm::product(Mat::new(&masked, tokens, width), Mat::new(a, rank, width).t(), self.frozen.scale as f32);
        gemm::add(&mut y, out, Mat::new(&u, tokens, rank), Mat::new(b, out, rank).t(), 1.0, Threads::All);
        self.inner.get_or_init(|| u);
        Ok((CpuStorage::F32(y), (tokens, out).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        a: &Tensor,
        b: &Tensor,
        _y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Some(u) = self.inner.get() else { candle_core::bail!("backward before forward") };
        let [tokens, width, rank, out] = [x.dim(0)?, x.dim(1)?, a.dim(0)?, b.dim(0)?];
        let x_is_tracked = x.track_op();
        let (dx, da, db) = with(x, |x| {
            with(a, |a| {
                with(b, |b| {
                    with(g, |g| {
                        let gradient = g;
                        let g = Mat::new(g, tokens, out);
                        let v = gemm::product(g, Mat::new(b, out, rank), self.frozen.scale as f32);
                        let (u, v) = (Mat::new(u, tokens, rank), Mat::new(&v, tokens, rank));
                        let da = gemm::product(v.t(), Mat::new(&self.masked(x), tokens, width), 1.0);
                        let db = gemm::product(g.t(), u, 1.0);
                        // Nothing asks for the gradient of the first layer's input.
                        let a = Mat::new(a, rank, width);
                        let dx =
                            x_is_tracked.then(|| self.input_gradient(gradient, v, a, [tokens, width])).transpose()?;
                        Ok((dx, da, db))
                    })
                })
            })
        })?;
        let dx = dx.map(|dx| tensor(dx, x.shape())).transpose()?;
        Ok((dx, Some(tensor(da, a.shape())?), Some(tensor(db, b.shape())?)))
    }
}

impl LoraLinear {
    /// g W + m ∘ (v A), (tokens, in).
    fn input_gradient(&self, g: &[f32], v: Mat, a: Mat, [tokens, width]: [usize; 2]) -> Result<Vec<f32>> {
        let Some(dropout) = &self.frozen.dropout else {
            let mut dx = linear::input_gradient(g, tokens, &self.frozen.weight)?;
            gemm::add(&mut dx, width, v, a, 1.0, Threads::All);
            return Ok(dx);
        };
        let mut dx = gemm::product(v, a, 1.0);
        dropout.apply(&mut dx);
        self.frozen.weight.product(g, tokens, &mut dx, true)?;
        Ok(dx)
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, assert_same_on_tape, quantized, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let bias = Some(random(7, 5)?);
        let dropout = Some(Dropout { probability: 0.4, seed: 11 });
        for (bias, dropout) in [(None, None), (bias.clone(), None), (bias, dropout)] {
            let frozen = Frozen { weight: random((7, 9), 4)?.into(), bias, scale: 1.5, dropout };
            let inputs = [random((5, 9), 1)?, random((3, 9), 2)?, random((7, 3), 3)?];
            assert_same_gradients(
                &inputs,
                |v| lora_linear(&v[0], &v[1], &v[2], frozen.clone()),
                |v| plain(&v[0], &v[1], &v[2], &frozen),
            )?;
            assert_same_on_tape(
                &inputs,
                |v| portable(&v[0], &v[1], &v[2], frozen.clone()),
                |v| plain(&v[0], &v[1], &v[2], &frozen),
            )?;
        }
        Ok(())
    }

    #[test]
    fn a_quantized_base_gives_the_bits_of_its_dequantized_one() -> Result<()> {
        let weight = quantized((7, 64), 4)?;
        let inputs = [random((5, 64), 1)?, random((3, 64), 2)?, random((7, 3), 3)?];
        for dropout in [None, Some(Dropout { probability: 0.4, seed: 11 })] {
            let run = |weight: Weight| -> Result<Vec<f32>> {
                let vars = inputs.iter().map(candle_core::Var::from_tensor).collect::<Result<Vec<_>>>()?;
                let frozen = Frozen { weight, bias: None, scale: 1.5, dropout };
                let y = lora_linear(&vars[0], &vars[1], &vars[2], frozen)?;
                let store = y.sqr()?.sum_all()?.backward()?;
                let gradients = vars.iter().filter_map(|v| store.get(v).cloned());
                let all = [y].into_iter().chain(gradients).map(|t| t.flatten_all()?.to_vec1::<f32>());
                Ok(all.collect::<Result<Vec<_>>>()?.concat())
            };
            assert_eq!(run(weight.clone())?, run(weight.dense()?.into())?);
        }
        Ok(())
    }
}
