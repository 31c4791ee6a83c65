//! Root-mean-square normalisation (Zhang & Sennrich 2019, arXiv:1910.07467).
//!
//! For each row x of `d` features, with r = 1 / √(mean(x²) + ε) and the gain w, to which Gemma adds an offset of 1:
//! `y = r · x ∘ w`, so `dx = r · (g ∘ w) − x · r³/d · ⟨g ∘ w, x⟩` and, where the gain is trained,
//! `dw = Σ g ∘ x · r` over all rows.

use super::cpu::{fused, slice, tensor, with};
use super::reduced::{in_f32, like};
use super::tape::{apply2, note, records};
use super::vector::{column_sums, dot, simd};
use candle_core::{CpuStorage, CustomOp2, D, Layout, Result, Shape, Tensor};
use rayon::prelude::*;
use std::borrow::Cow;

/// Rows that one task takes at a time.
const ROWS: usize = 16;

/// Normalises the rows of `x` (tokens, d) and scales them by `weight` (d) plus `offset`.
pub fn rms_norm(x: &Tensor, weight: &Tensor, offset: f64, epsilon: f64) -> Result<Tensor> {
    if fused(x) {
        apply2(x, weight, RmsNorm { offset: offset as f32, epsilon: epsilon as f32 })
    } else if records(&[x, weight]) {
        portable(x, weight, offset, epsilon)
    } else {
        plain(x, weight, offset, epsilon)
    }
}

/// The same from candle's own operations; in f32 inside, whatever the type of `x`.
pub fn plain(x: &Tensor, weight: &Tensor, offset: f64, epsilon: f64) -> Result<Tensor> {
    let values = in_f32(x)?;
    let mean_square = values.sqr()?.mean_keepdim(D::Minus1)?;
    let gain = if offset == 0.0 { weight.clone() } else { (weight + offset)? };
    like(&values.broadcast_div(&(mean_square + epsilon)?.sqrt()?)?.broadcast_mul(&gain)?, x)
}

/// The same with the backward pass by hand.
fn portable(x: &Tensor, weight: &Tensor, offset: f64, epsilon: f64) -> Result<Tensor> {
    let (values, gain, gain_is_trained) = (x.detach(), weight.detach(), weight.track_op());
    note([x, weight], &plain(&values, &gain, offset, epsilon)?, move |g| {
        let (x, g, gain) = (in_f32(&values)?, in_f32(g)?, (gain + offset)?);
        let r = ((x.sqr()?.mean_keepdim(D::Minus1)? + epsilon)?.sqrt()?.recip())?;
        let h = g.broadcast_mul(&gain)?;
        let along = ((&h * &x)?.mean_keepdim(D::Minus1)? * r.powf(3.0)?)?;
        let dx = (h.broadcast_mul(&r)? - x.broadcast_mul(&along)?)?;
        let dw = gain_is_trained.then(|| (g * x)?.broadcast_mul(&r)?.sum(0)).transpose()?;
        Ok([Some(like(&dx, &values)?), dw])
    })
}

struct RmsNorm {
    offset: f32,
    epsilon: f32,
}

impl RmsNorm {
    fn gain<'a>(&self, w: &'a [f32]) -> Cow<'a, [f32]> {
        if self.offset == 0.0 { w.into() } else { w.iter().map(|w| w + self.offset).collect::<Vec<_>>().into() }
    }
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let y = forward(slice(x, x_layout)?, &self.gain(slice(w, w_layout)?), self.epsilon);
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _y: &Tensor, g: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (gain_is_trained, input_is_tracked) = (w.track_op(), x.track_op());
        let (dx, dw) = with(x, |x_values| {
            with(g, |g| {
                with(w, |w| {
                    let dx = input_is_tracked.then(|| backward(x_values, &self.gain(w), self.epsilon, g));
                    Ok((dx, gain_is_trained.then(|| gain_gradient(x_values, w.len(), self.epsilon, g))))
                })
            })
        })?;
        Ok((dx.map(|dx| tensor(dx, x.shape())).transpose()?, dw.map(|dw| tensor(dw, w.shape())).transpose()?))
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

fn gain_gradient(x: &[f32], d: usize, epsilon: f32, g: &[f32]) -> Vec<f32> {
    column_sums(x.len() / d, d, |i, values| {
        simd(|| {
            let (x, g) = (&x[i * d..][..d], &g[i * d..][..d]);
            let r = inverse_rms(x, epsilon);
            for ((value, x), g) in values.iter_mut().zip(x).zip(g) {
                *value = g * x * r;
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, assert_same_on_tape, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let (x, w) = (random((5, 24), 1)?, random(24, 2)?);
        for offset in [0.0, 1.0] {
            let (ours, theirs) = (
                |x: &Tensor, w: &Tensor| rms_norm(x, w, offset, 1e-5),
                |x: &Tensor, w: &Tensor| plain(x, w, offset, 1e-5),
            );
            assert_same_gradients(std::slice::from_ref(&x), |v| ours(&v[0], &w), |v| theirs(&v[0], &w))?;
            assert_same_gradients(&[x.clone(), w.clone()], |v| ours(&v[0], &v[1]), |v| theirs(&v[0], &v[1]))?;
            let inputs = [x.clone(), w.clone()];
            assert_same_on_tape(&inputs, |v| portable(&v[0], &v[1], offset, 1e-5), |v| theirs(&v[0], &v[1]))?;
        }
        Ok(())
    }
}
