//! Root-mean-square normalisation (Zhang & Sennrich 2019, arXiv:1910.07467).
//!
//! For each row x of `d` features, with r = 1 / √(mean(x²) + ε):
//! `y = r · x ∘ w` and, for the frozen gain w, `dx = r · (g ∘ w) − x · r³/d · ⟨g ∘ w, x⟩`.

use super::cpu::{fused, slice, tensor, with};
use super::vector::{dot, simd};
use candle_core::{CpuStorage, CustomOp1, D, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// Rows that one task takes at a time.
const ROWS: usize = 16;

/// Normalises the rows of `x` (tokens, d) and scales them by `weight` (d).
pub fn rms_norm(x: &Tensor, weight: &Tensor, epsilon: f64) -> Result<Tensor> {
    if fused(x) {
        x.apply_op1(RmsNorm { weight: weight.clone(), epsilon: epsilon as f32 })
    } else {
        plain(x, weight, epsilon)
    }
}

/// The same from candle's own operations.
pub fn plain(x: &Tensor, weight: &Tensor, epsilon: f64) -> Result<Tensor> {
    let mean_square = x.sqr()?.mean_keepdim(D::Minus1)?;
    x.broadcast_div(&(mean_square + epsilon)?.sqrt()?)?.broadcast_mul(&weight.detach())
}

struct RmsNorm {
    weight: Tensor,
    epsilon: f32,
}

impl CustomOp1 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = slice(storage, layout)?;
        let y = with(&self.weight, |w| Ok(forward(x, w, self.epsilon)))?;
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let dx = with(x, |x| with(g, |g| with(&self.weight, |w| Ok(backward(x, w, self.epsilon, g)))))?;
        Ok(Some(tensor(dx, x.shape())?))
    }
}

#[inline(always)]
fn inverse_rms(x: &[f32], epsilon: f32) -> f32 {
    1.0 / (dot(x, x) / x.len() as f32 + epsilon).sqrt()
}

fn forward(x: &[f32], w: &[f32], epsilon: f32) -> Vec<f32> {
    let d = w.len();
    let mut y = vec![0f32; x.len()];
    y.par_chunks_mut(d * ROWS).zip(x.par_chunks(d * ROWS)).for_each(|(y, x)| {
        simd(|| {
            for (y, x) in y.chunks_exact_mut(d).zip(x.chunks_exact(d)) {
                let r = inverse_rms(x, epsilon);
                for ((y, x), w) in y.iter_mut().zip(x).zip(w) {
                    *y = x * r * w;
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
        simd(|| {
            for ((dx, x), g) in dx.chunks_exact_mut(d).zip(x.chunks_exact(d)).zip(g.chunks_exact(d)) {
                let r = inverse_rms(x, epsilon);
                for ((dx, g), w) in dx.iter_mut().zip(g).zip(w) {
                    *dx = g * w;
                }
                let along = dot(dx, x) * r * r * r / d as f32;
                for (dx, x) in dx.iter_mut().zip(x) {
                    *dx = *dx * r - x * along;
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
        let (x, w) = (random((5, 24), 1)?, random(24, 2)?);
        assert_same_gradients(&[x], |v| rms_norm(&v[0], &w, 1e-5), |v| plain(&v[0], &w, 1e-5))
    }
}
