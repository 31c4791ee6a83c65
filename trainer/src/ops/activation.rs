//! The non-linearities of feed-forward layers, each with its slope, and the operation of an ungated layer.
//!
//! `silu(a) = a · σ(a)` (Elfwing et al. 2017, arXiv:1702.03118) and the tanh form of GELU (Hendrycks & Gimpel
//! 2016, arXiv:1606.08415), which is `a · σ(2u)` with u = √(2/π) · (a + 0.044715 a³).

use super::cpu::{fused, slice, tensor, with};
use super::reduced::{in_f32, like};
use super::tape::{apply1, note, records};
use super::vector::{sigmoid, simd};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

pub(super) const CHUNK: usize = 8192;
/// 2 · √(2/π)
const GELU_FACTOR: f32 = 1.595_769;
const GELU_CUBIC: f32 = 0.044_715;

/// Which function is applied to each feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    Silu,
    /// `gelu_new` and `gelu_pytorch_tanh` of `transformers`.
    GeluTanh,
}

impl Activation {
    /// The function from candle's own operations.
    pub(super) fn plain(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Silu => x.silu(),
            Self::GeluTanh => x.gelu(),
        }
    }

    /// The function and its slope, as [`silu`] and [`gelu_tanh`] explain them, from candle's own operations.
    pub(super) fn value_and_slope(self, a: &Tensor) -> Result<(Tensor, Tensor)> {
        let (argument, inner_slope) = match self {
            Self::Silu => (a.clone(), None),
            Self::GeluTanh => {
                let square = a.sqr()?;
                let u = ((a * f64::from(GELU_FACTOR))? * square.affine(f64::from(GELU_CUBIC), 1.0)?)?;
                let factor = f64::from(GELU_FACTOR);
                (u, Some(square.affine(3.0 * factor * f64::from(GELU_CUBIC), factor)?))
            }
        };
        let s = candle_nn::ops::sigmoid(&argument)?;
        let value = (a * &s)?;
        let steep = (&value * s.affine(-1.0, 1.0)?)?;
        let slope = (&s + inner_slope.map_or(Ok(steep.clone()), |inner| steep * inner)?)?;
        Ok((value, slope))
    }
}

/// silu(a) and its slope.
#[inline(always)]
pub(super) fn silu(a: f32) -> (f32, f32) {
    let (s, rest) = sigmoid(a);
    let silu = a * s;
    (silu, s + silu * rest)
}

/// The tanh form of GELU and its slope.
#[inline(always)]
pub(super) fn gelu_tanh(a: f32) -> (f32, f32) {
    let square = a * a;
    let (s, rest) = sigmoid(GELU_FACTOR * (a + GELU_CUBIC * a * square));
    let gelu = a * s;
    (gelu, s + gelu * rest * GELU_FACTOR * (1.0 + 3.0 * GELU_CUBIC * square))
}

/// The activation of every element of `x`.
pub fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    if fused(x) {
        apply1(x, Activate(activation))
    } else if records(&[x]) {
        portable(x, activation)
    } else {
        activation.plain(x)
    }
}

/// The same with the backward pass by hand.
fn portable(x: &Tensor, activation: Activation) -> Result<Tensor> {
    let values = x.detach();
    note([x], &activation.plain(&values)?, move |g| {
        let (_, slope) = activation.value_and_slope(&in_f32(&values)?)?;
        Ok([Some(like(&(in_f32(g)? * slope)?, g)?)])
    })
}

struct Activate(Activation);

impl CustomOp1 for Activate {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = slice(storage, layout)?;
        let y = match self.0 {
            Activation::Silu => map(x, |a| silu(a).0),
            Activation::GeluTanh => map(x, |a| gelu_tanh(a).0),
        };
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let slopes = with(x, |x| {
            Ok(match self.0 {
                Activation::Silu => map(x, |a| silu(a).1),
                Activation::GeluTanh => map(x, |a| gelu_tanh(a).1),
            })
        })?;
        Ok(Some((tensor(slopes, x.shape())? * g)?))
    }
}

fn map(x: &[f32], f: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    let mut y = vec![0f32; x.len()];
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| {
        simd(|| {
            for (y, x) in y.iter_mut().zip(x) {
                *y = f(*x);
            }
        });
    });
    y
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, assert_same_on_tape, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        for activation in [Activation::Silu, Activation::GeluTanh] {
            let x = (random((3, 17), 1)? * 4.0)?;
            let inputs = [x];
            assert_same_gradients(&inputs, |v| activate(&v[0], activation), |v| activation.plain(&v[0]))?;
            assert_same_on_tape(&inputs, |v| portable(&v[0], activation), |v| activation.plain(&v[0]))?;
        }
        Ok(())
    }

    #[test]
    fn far_from_zero_all_are_the_identity_or_nothing() {
        for a in [30f32, 100.0, 1e4] {
            for f in [silu, gelu_tanh] {
                let ((right, slope), (left, left_slope)) = (f(a), f(-a));
                assert!((right - a).abs() <= 1e-6 * a && (slope - 1.0).abs() < 1e-6, "{a}: {right}, {slope}");
                assert!(left.abs() < 1e-11 && left_slope.abs() < 1e-11, "−{a}: {left}, {left_slope}");
            }
        }
    }
}
