//! Rotary position embedding (Su et al. 2021, arXiv:2104.09864), in Hugging Face's layout where
//! feature i is paired with feature i + head_dim/2.
//!
//! For position p and pair i, with θᵢ the pair's frequency:
//! `y₁ = x₁ cos pθᵢ − x₂ sin pθᵢ`, `y₂ = x₂ cos pθᵢ + x₁ sin pθᵢ`. The backward pass is the
//! rotation by the negative angle.

use super::cpu::{fused, slice, tensor, with};
use super::tape::apply1;
use super::vector::simd;
use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// Cosines and sines for the positions of one forward pass, both (rows, head_dim/2). Token t
/// of a pass uses row `t % rows`, so that sequences at the same positions share their rows.
#[derive(Clone, Debug)]
pub struct Rotation {
    cos: Tensor,
    sin: Tensor,
}

impl Rotation {
    /// Angles `positions[row] · frequencies[i]`.
    pub fn new(positions: &[usize], frequencies: &[f32], device: &Device) -> Result<Self> {
        let angles: Vec<f32> = positions.iter().flat_map(|p| frequencies.iter().map(move |f| *p as f32 * f)).collect();
        let shape = (positions.len(), frequencies.len());
        let of = |f: fn(f32) -> f32| Tensor::from_vec(angles.iter().map(|a| f(*a)).collect::<Vec<_>>(), shape, device);
        Ok(Self { cos: of(f32::cos)?, sin: of(f32::sin)? })
    }
}

/// Rotates every head of `x` (tokens, heads · head_dim).
pub fn rope(x: &Tensor, rotation: &Rotation) -> Result<Tensor> {
    if fused(x) { apply1(x, Rope(rotation.clone())) } else { plain(x, rotation) }
}

/// The same from candle's own operations.
pub fn plain(x: &Tensor, rotation: &Rotation) -> Result<Tensor> {
    let ((tokens, width), (rows, half)) = (x.dims2()?, rotation.cos.dims2()?);
    let x = x.reshape((tokens / rows, rows, width / (2 * half), 2 * half))?;
    let (cos, sin) = (rotation.cos.reshape((1, rows, 1, half))?, rotation.sin.reshape((1, rows, 1, half))?);
    let (x1, x2) = (x.narrow(3, 0, half)?, x.narrow(3, half, half)?);
    let y1 = (x1.broadcast_mul(&cos)? - x2.broadcast_mul(&sin)?)?;
    let y2 = (x2.broadcast_mul(&cos)? + x1.broadcast_mul(&sin)?)?;
    Tensor::cat(&[y1, y2], 3)?.reshape((tokens, width))
}

struct Rope(Rotation);

impl Rope {
    fn rotated(&self, x: &[f32], width: usize, direction: f32) -> Result<Vec<f32>> {
        let (rows, half) = self.0.cos.dims2()?;
        with(&self.0.cos, |cos| with(&self.0.sin, |sin| Ok(rotate(x, cos, sin, [rows, half, width], direction))))
    }
}

impl CustomOp1 for Rope {
    fn name(&self) -> &'static str {
        "rope"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = self.rotated(slice(storage, layout)?, layout.shape().dims2()?.1, 1.0)?;
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let dx = with(g, |g| self.rotated(g, x.dims2()?.1, -1.0))?;
        Ok(Some(tensor(dx, x.shape())?))
    }
}

fn rotate(x: &[f32], cos: &[f32], sin: &[f32], [rows, half, width]: [usize; 3], direction: f32) -> Vec<f32> {
    let mut y = vec![0f32; x.len()];
    y.par_chunks_mut(width).zip(x.par_chunks(width)).enumerate().with_min_len(16).for_each(|(token, (y, x))| {
        let row = token % rows * half;
        let (cos, sin) = (&cos[row..row + half], &sin[row..row + half]);
        simd(|| {
            for (y, x) in y.chunks_exact_mut(2 * half).zip(x.chunks_exact(2 * half)) {
                let ((y1, y2), (x1, x2)) = (y.split_at_mut(half), x.split_at(half));
                for i in 0..half {
                    let (c, s) = (cos[i], sin[i] * direction);
                    y1[i] = x1[i] * c - x2[i] * s;
                    y2[i] = x2[i] * c + x1[i] * s;
                }
            }
        });
    });
    y
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let rotation = Rotation::new(&[0, 1, 7], &[1.0, 0.1, 0.01], &Device::Cpu)?;
        let x = random((6, 12), 1)?;
        assert_same_gradients(&[x], |v| rope(&v[0], &rotation), |v| plain(&v[0], &rotation))
    }
}
