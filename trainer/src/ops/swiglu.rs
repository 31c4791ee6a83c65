//! The gated activation of the feed-forward layer (Shazeer 2020, arXiv:2002.05202).
//!
//! `y = silu(a) ∘ b` with silu(a) = a · σ(a), so `db = g ∘ silu(a)` and
//! `da = g ∘ b ∘ (σ(a) + silu(a) · (1 − σ(a)))`.

use super::cpu::{fused, slice, tensor, with};
use super::tape::apply2;
use super::vector::{sigmoid, simd};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

const CHUNK: usize = 8192;

/// silu(gate) ∘ up, both (tokens, intermediate).
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    if fused(gate) { apply2(gate, up, SwiGlu) } else { plain(gate, up) }
}

/// The same from candle's own operations.
pub fn plain(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    gate.silu()? * up
}

struct SwiGlu;

impl CustomOp2 for SwiGlu {
    fn name(&self) -> &'static str {
        "swiglu"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let y = forward(slice(a, a_layout)?, slice(b, b_layout)?);
        Ok((CpuStorage::F32(y), a_layout.shape().clone()))
    }

    fn bwd(&self, a: &Tensor, b: &Tensor, _y: &Tensor, g: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (da, db) = with(a, |a| with(b, |b| with(g, |g| Ok(backward(a, b, g)))))?;
        Ok((Some(tensor(da, a.shape())?), Some(tensor(db, b.shape())?)))
    }
}

fn forward(a: &[f32], b: &[f32]) -> Vec<f32> {
    let mut y = vec![0f32; a.len()];
    y.par_chunks_mut(CHUNK).zip(a.par_chunks(CHUNK)).zip(b.par_chunks(CHUNK)).for_each(|((y, a), b)| {
        simd(|| {
            for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
                *y = a * sigmoid(*a) * b;
            }
        });
    });
    y
}

fn backward(a: &[f32], b: &[f32], g: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (mut da, mut db) = (vec![0f32; a.len()], vec![0f32; a.len()]);
    let outputs = da.par_chunks_mut(CHUNK).zip(db.par_chunks_mut(CHUNK));
    let inputs = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).zip(g.par_chunks(CHUNK));
    outputs.zip(inputs).for_each(|((da, db), ((a, b), g))| {
        simd(|| {
            for ((((da, db), a), b), g) in da.iter_mut().zip(db).zip(a).zip(b).zip(g) {
                let s = sigmoid(*a);
                let silu = a * s;
                *db = g * silu;
                *da = g * b * (s + silu * (1.0 - s));
            }
        });
    });
    (da, db)
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let inputs = [random((3, 17), 1)?, random((3, 17), 2)?];
        assert_same_gradients(&inputs, |v| swiglu(&v[0], &v[1]), |v| plain(&v[0], &v[1]))
    }
}
