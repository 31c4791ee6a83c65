//! Rotary position embedding (Su et al. 2021, arXiv:2104.09864).
//!
//! For position p and pair i of a head's features, with θᵢ the pair's frequency:
//! `y₁ = x₁ cos pθᵢ − x₂ sin pθᵢ`, `y₂ = x₂ cos pθᵢ + x₁ sin pθᵢ`. The backward pass is the
//! rotation by the negative angle. When there are fewer pairs than head_dim/2, the last features of a
//! head stay as they are.

use super::cpu::{fused, slice, tensor, with};
use super::reduced::like;
use super::tape::{apply1, note, records};
use super::vector::simd;
use candle_core::{CpuStorage, CustomOp1, D, Device, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// Which features of a head form a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// Feature i with feature i + pairs, as Llama has it in Hugging Face's layout.
    Halves,
    /// Feature 2i with feature 2i + 1, as GLM has it.
    Neighbours,
}

/// The part of a head that is rotated.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub dim: usize,
    pub pairing: Pairing,
}

/// Cosines and sines for the positions of one forward pass, both (rows, pairs). Token t of a pass
/// uses row `t % rows`, so that sequences at the same positions share their rows.
#[derive(Clone, Debug)]
pub struct Rotation {
    cos: Tensor,
    sin: Tensor,
    head: Head,
}

impl Rotation {
    /// Angles `positions[row] · frequencies[i]`, in double precision: at position 1000 a rounded angle would
    /// already be wrong in the fifth digit.
    pub fn new(positions: &[usize], frequencies: &[f64], head: Head, device: &Device) -> Result<Self> {
        let shape = (positions.len(), frequencies.len());
        let of = |f: fn(f64) -> f64| {
            let angles = positions.iter().flat_map(|p| frequencies.iter().map(move |frequency| *p as f64 * frequency));
            Tensor::from_vec(angles.map(|angle| f(angle) as f32).collect::<Vec<_>>(), shape, device)
        };
        Ok(Self { cos: of(f64::cos)?, sin: of(f64::sin)?, head })
    }
}

/// Rotates every head of `x` (tokens, heads · head_dim).
pub fn rope(x: &Tensor, rotation: &Rotation) -> Result<Tensor> {
    if fused(x) {
        apply1(x, Rope(rotation.clone()))
    } else if records(&[x]) {
        portable(x, rotation)
    } else {
        plain(x, rotation)
    }
}

/// The same with the backward pass by hand.
fn portable(x: &Tensor, rotation: &Rotation) -> Result<Tensor> {
    let back = Rotation { sin: rotation.sin.neg()?, ..rotation.clone() };
    note([x], &plain(&x.detach(), rotation)?, move |g| Ok([Some(plain(g, &back)?)]))
}

/// The same from candle's own operations.
pub fn plain(x: &Tensor, rotation: &Rotation) -> Result<Tensor> {
    let ((tokens, width), (rows, pairs)) = (x.dims2()?, rotation.cos.dims2()?);
    let Head { dim, pairing } = rotation.head;
    let x = x.reshape((tokens / rows, rows, width / dim, dim))?;
    let of = |angles: &Tensor| like(&angles.reshape((1, rows, 1, pairs))?, &x);
    let (cos, sin) = (of(&rotation.cos)?, of(&rotation.sin)?);
    let turned = x.narrow(3, 0, 2 * pairs)?;
    let (x1, x2) = match pairing {
        Pairing::Halves => (turned.narrow(3, 0, pairs)?, turned.narrow(3, pairs, pairs)?),
        Pairing::Neighbours => {
            let split = turned.reshape((tokens / rows, rows, width / dim, pairs, 2))?;
            (split.narrow(4, 0, 1)?.squeeze(4)?, split.narrow(4, 1, 1)?.squeeze(4)?)
        }
    };
    let y1 = (x1.broadcast_mul(&cos)? - x2.broadcast_mul(&sin)?)?;
    let y2 = (x2.broadcast_mul(&cos)? + x1.broadcast_mul(&sin)?)?;
    let turned = match pairing {
        Pairing::Halves => Tensor::cat(&[y1, y2], 3)?,
        Pairing::Neighbours => Tensor::stack(&[y1, y2], D::Minus1)?.flatten_from(3)?,
    };
    let y = if 2 * pairs < dim { Tensor::cat(&[turned, x.narrow(3, 2 * pairs, dim - 2 * pairs)?], 3)? } else { turned };
    y.reshape((tokens, width))
}

struct Rope(Rotation);

impl Rope {
    fn rotated(&self, x: &[f32], width: usize, direction: f32) -> Result<Vec<f32>> {
        let (rows, pairs) = self.0.cos.dims2()?;
        let sizes = [rows, pairs, width];
        with(&self.0.cos, |cos| with(&self.0.sin, |sin| Ok(rotate(x, (cos, sin), sizes, self.0.head, direction))))
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

fn rotate(
    x: &[f32],
    (cos, sin): (&[f32], &[f32]),
    [rows, pairs, width]: [usize; 3],
    head: Head,
    direction: f32,
) -> Vec<f32> {
    let mut y = vec![0f32; x.len()];
    y.par_chunks_mut(width).zip(x.par_chunks(width)).enumerate().with_min_len(16).for_each(|(token, (y, x))| {
        let row = token % rows * pairs;
        let (cos, sin) = (&cos[row..row + pairs], &sin[row..row + pairs]);
        simd(|| {
            for (y, x) in y.chunks_exact_mut(head.dim).zip(x.chunks_exact(head.dim)) {
                match head.pairing {
                    Pairing::Halves => turn_halves(y, x, cos, sin, direction),
                    Pairing::Neighbours => turn_neighbours(y, x, cos, sin, direction),
                }
                y[2 * pairs..].copy_from_slice(&x[2 * pairs..]);
            }
        });
    });
    y
}

#[inline(always)]
fn turn_halves(y: &mut [f32], x: &[f32], cos: &[f32], sin: &[f32], direction: f32) {
    let pairs = cos.len();
    let ((y1, y2), (x1, x2)) = (y.split_at_mut(pairs), x.split_at(pairs));
    for i in 0..pairs {
        let (c, s) = (cos[i], sin[i] * direction);
        y1[i] = x1[i] * c - x2[i] * s;
        y2[i] = x2[i] * c + x1[i] * s;
    }
}

#[inline(always)]
fn turn_neighbours(y: &mut [f32], x: &[f32], cos: &[f32], sin: &[f32], direction: f32) {
    for (((y, x), c), s) in y.chunks_exact_mut(2).zip(x.chunks_exact(2)).zip(cos).zip(sin) {
        let s = s * direction;
        y[0] = x[0] * c - x[1] * s;
        y[1] = x[1] * c + x[0] * s;
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, assert_same_on_tape, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        for pairing in [Pairing::Halves, Pairing::Neighbours] {
            // All of a head of 6, and the first 6 features of a head of 12.
            for dim in [6, 12] {
                let rotation = Rotation::new(&[0, 1, 7], &[1.0, 0.1, 0.01], Head { dim, pairing }, &Device::Cpu)?;
                let x = random((6, 12), 1)?;
                let inputs = [x];
                assert_same_gradients(&inputs, |v| rope(&v[0], &rotation), |v| plain(&v[0], &rotation))?;
                assert_same_on_tape(&inputs, |v| portable(&v[0], &rotation), |v| plain(&v[0], &rotation))?;
            }
        }
        Ok(())
    }

    #[test]
    fn far_positions_keep_their_digits() -> Result<()> {
        let head = Head { dim: 2, pairing: Pairing::Halves };
        let (position, frequency) = (100_003, 0.7);
        let rotation = Rotation::new(&[position], &[frequency], head, &Device::Cpu)?;
        let y = rope(&Tensor::new(&[[1f32, 0.0]], &Device::Cpu)?, &rotation)?.to_vec2::<f32>()?;
        let angle = position as f64 * frequency;
        assert!((f64::from(y[0][0]) - angle.cos()).abs() < 1e-7 && (f64::from(y[0][1]) - angle.sin()).abs() < 1e-7);
        Ok(())
    }
}
