//! The gated activation of the feed-forward layer (Shazeer 2020, arXiv:2002.05202).
//!
//! `y = φ(a) ∘ b` with φ an [`Activation`], so `db = g ∘ φ(a)` and `da = g ∘ b ∘ φ′(a)`.

use super::activation::{Activation, CHUNK, gelu_tanh, silu};
use super::cpu::{fused, slice, tensor, with};
use super::reduced::{in_f32, like};
use super::tape::{apply2, note, records};
use super::vector::simd;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// φ(gate) ∘ up, both (tokens, intermediate).
pub fn gated(gate: &Tensor, up: &Tensor, activation: Activation) -> Result<Tensor> {
    if fused(gate) {
        apply2(gate, up, Gated(activation))
    } else if records(&[gate, up]) {
        portable(gate, up, activation)
    } else {
        plain(gate, up, activation)
    }
}

/// The same with the backward pass by hand.
fn portable(gate: &Tensor, up: &Tensor, activation: Activation) -> Result<Tensor> {
    let (a, b) = (gate.detach(), up.detach());
    note([gate, up], &plain(&a, &b, activation)?, move |g| {
        let (value, slope) = activation.value_and_slope(&in_f32(&a)?)?;
        let g = in_f32(g)?;
        let da = ((&g * in_f32(&b)?)? * slope)?;
        Ok([Some(like(&da, &a)?), Some(like(&(g * value)?, &b)?)])
    })
}

/// The same from candle's own operations.
pub fn plain(gate: &Tensor, up: &Tensor, activation: Activation) -> Result<Tensor> {
    activation.plain(gate)? * up
}

struct Gated(Activation);

impl CustomOp2 for Gated {
    fn name(&self) -> &'static str {
        "gated-activation"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (a, b) = (slice(a, a_layout)?, slice(b, b_layout)?);
        let y = match self.0 {
            Activation::Silu => forward(a, b, silu),
            Activation::GeluTanh => forward(a, b, gelu_tanh),
        };
        Ok((CpuStorage::F32(y), a_layout.shape().clone()))
    }

    fn bwd(&self, a: &Tensor, b: &Tensor, _y: &Tensor, g: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (da, db) = with(a, |a| {
            with(b, |b| {
                with(g, |g| {
                    Ok(match self.0 {
                        Activation::Silu => backward(a, b, g, silu),
                        Activation::GeluTanh => backward(a, b, g, gelu_tanh),
                    })
                })
            })
        })?;
        Ok((Some(tensor(da, a.shape())?), Some(tensor(db, b.shape())?)))
    }
}

fn forward(a: &[f32], b: &[f32], f: impl Fn(f32) -> (f32, f32) + Sync) -> Vec<f32> {
    let mut y = vec![0f32; a.len()];
    y.par_chunks_mut(CHUNK).zip(a.par_chunks(CHUNK)).zip(b.par_chunks(CHUNK)).for_each(|((y, a), b)| {
        simd(|| {
            for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
                *y = f(*a).0 * b;
            }
        });
    });
    y
}

fn backward(a: &[f32], b: &[f32], g: &[f32], f: impl Fn(f32) -> (f32, f32) + Sync) -> (Vec<f32>, Vec<f32>) {
    let (mut da, mut db) = (vec![0f32; a.len()], vec![0f32; a.len()]);
    let outputs = da.par_chunks_mut(CHUNK).zip(db.par_chunks_mut(CHUNK));
    let inputs = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).zip(g.par_chunks(CHUNK));
    outputs.zip(inputs).for_each(|((da, db), ((a, b), g))| {
        simd(|| {
            for ((((da, db), a), b), g) in da.iter_mut().zip(db).zip(a).zip(b).zip(g) {
                let (value, slope) = f(*a);
                *db = g * value;
                *da = g * b * slope;
            }
        });
    });
    (da, db)
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, assert_same_on_tape, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        for activation in [Activation::Silu, Activation::GeluTanh] {
            let inputs = [random((3, 17), 1)?, random((3, 17), 2)?];
            assert_same_gradients(&inputs, |v| gated(&v[0], &v[1], activation), |v| plain(&v[0], &v[1], activation))?;
            assert_same_on_tape(&inputs, |v| portable(&v[0], &v[1], activation), |v| plain(&v[0], &v[1], activation))?;
        }
        Ok(())
    }
}
