//! Layer normalisation (Ba et al. 2016, arXiv:1607.06450).
//!
//! For each row x of `d` features, with μ = mean(x), c = x − μ and r = 1 / √(mean(c²) + ε): `y = r · c ∘ w + b`
//! and, for frozen w and b, with h = g ∘ w: `dx = r · (h − mean(h)) − c · r³/d · ⟨h, c⟩`.

use super::cpu::{fused, slice, tensor, with};
use super::reduced::{in_f32, like};
use super::tape::apply1;
use super::vector::{dot, simd, sum};
use candle_core::{CpuStorage, CustomOp1, D, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// Rows that one task takes at a time.
const ROWS: usize = 16;

/// Normalises the rows of `x` (tokens, d), scales them by `weight` (d) and adds `bias` (d).
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, epsilon: f64) -> Result<Tensor> {
    if fused(x) && !weight.track_op() && !bias.track_op() {
        apply1(x, LayerNorm { weight: weight.clone(), bias: bias.clone(), epsilon: epsilon as f32 })
    } else {
        plain(x, weight, bias, epsilon)
    }
}

/// The same from candle's own operations; in f32 inside, whatever the type of `x`.
pub fn plain(x: &Tensor, weight: &Tensor, bias: &Tensor, epsilon: f64) -> Result<Tensor> {
    let values = in_f32(x)?;
    let centred = values.broadcast_sub(&values.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    let y = centred.broadcast_div(&(variance + epsilon)?.sqrt()?)?;
    like(&y.broadcast_mul(weight)?.broadcast_add(bias)?, x)
}

struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f32,
}

impl CustomOp1 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = slice(storage, layout)?;
        let y = with(&self.weight, |w| with(&self.bias, |b| Ok(forward(x, w, b, self.epsilon))))?;
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let dx = with(x, |x| with(g, |g| with(&self.weight, |w| Ok(backward(x, w, self.epsilon, g)))))?;
        Ok(Some(tensor(dx, x.shape())?))
    }
}

/// Writes c into `centred` and returns r.
#[inline(always)]
fn centre(x: &[f32], centred: &mut [f32], epsilon: f32) -> f32 {
    let mean = sum(x) / x.len() as f32;
    for (c, x) in centred.iter_mut().zip(x) {
        *c = x - mean;
    }
    1.0 / (dot(centred, centred) / x.len() as f32 + epsilon).sqrt()
}

fn forward(x: &[f32], w: &[f32], b: &[f32], epsilon: f32) -> Vec<f32> {
    let d = w.len();
    let mut y = vec![0f32; x.len()];
    y.par_chunks_mut(d * ROWS).zip(x.par_chunks(d * ROWS)).for_each(|(y, x)| {
        simd(|| {
            for (y, x) in y.chunks_exact_mut(d).zip(x.chunks_exact(d)) {
                let r = centre(x, y, epsilon);
                for ((y, w), b) in y.iter_mut().zip(w).zip(b) {
                    *y = *y * r * w + b;
                }
            }
        });
    });
    y
}

fn backward(x: &[f32], w: &[f32], epsilon: f32, g: &[f32]) -> Vec<f32> {
    let d = w.len();
    let mut dx = vec![0f32; x.len()];
    dx.par_chunks_mut(d * ROWS).zip(x.par_chunks(d * ROWS)).zip(g.par_chunks(d * ROWS)).for_each(|((dx, x), g)| {
        let mut centred = vec![0f32; d];
        simd(|| {
            for ((dx, x), g) in dx.chunks_exact_mut(d).zip(x.chunks_exact(d)).zip(g.chunks_exact(d)) {
                let r = centre(x, &mut centred, epsilon);
                for ((dx, g), w) in dx.iter_mut().zip(g).zip(w) {
                    *dx = g * w;
                }
                let (mean, along) = (sum(dx) / d as f32, dot(dx, &centred) * r * r / d as f32);
                for (dx, c) in dx.iter_mut().zip(&centred) {
                    *dx = (*dx - mean - c * along) * r;
                }
            }
        });
    });
    dx
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let (x, w, b) = (random((5, 24), 1)?, random(24, 2)?, random(24, 3)?);
        let x = (x + 2.0)?;
        assert_same_gradients(&[x], |v| layer_norm(&v[0], &w, &b, 1e-5), |v| plain(&v[0], &w, &b, 1e-5))
    }
}
