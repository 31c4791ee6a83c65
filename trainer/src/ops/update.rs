//! What an optimizer does to whole tensors, in place and with all threads.
//!
//! candle's own operations would make a new tensor for each of a dozen steps per parameter, and wake and
//! await its threads as often.

use super::cpu::{fused, slice, with};
use super::vector::{dot, simd};
use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result, Tensor, bail};
use rayon::prelude::*;

const CHUNK: usize = 16_384;

/// One step of AdamW, as `optim/adamw.rs` explains it.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    pub beta1: f64,
    pub beta2: f64,
    /// 1 − β₁ᵗ and 1 − β₂ᵗ
    pub corrections: (f64, f64),
    pub epsilon: f64,
    pub learning_rate: f64,
    pub weight_decay: f64,
    /// What the gradient is multiplied by first.
    pub factor: f64,
}

impl AdamStep {
    /// Moves `parameter` and its moments along the gradient `g`, all of one shape.
    pub fn apply(&self, parameter: &Tensor, first: &Tensor, second: &Tensor, g: &Tensor) -> Result<()> {
        let s = self;
        first.inplace_op2(g, &Average { old: s.beta1, new: (1.0 - s.beta1) * s.factor, power: Power::One })?;
        let new = (1.0 - s.beta2) * s.factor * s.factor;
        second.inplace_op2(g, &Average { old: s.beta2, new, power: Power::Two })?;
        parameter.inplace_op3(first, second, s)
    }

    /// Whether [`AdamStep::apply`] can be used for this parameter.
    #[must_use]
    pub fn applies_to(parameter: &Tensor) -> bool {
        fused(parameter)
    }
}

/// Σ x² over all elements: always the same bits, whatever the number of threads.
pub fn sum_of_squares(x: &Tensor) -> Result<f64> {
    if !fused(x) {
        return x.sqr()?.sum_all()?.to_scalar::<f32>().map(f64::from);
    }
    with(&x.contiguous()?, |x| {
        let parts: Vec<f64> = x.par_chunks(CHUNK).map(|x| f64::from(simd(|| dot(x, x)))).collect();
        Ok(parts.iter().sum())
    })
}

#[derive(Clone, Copy)]
enum Power {
    One,
    Two,
}

/// x ← old · x + new · gᵖ
struct Average {
    old: f64,
    new: f64,
    power: Power,
}

impl InplaceOp2 for Average {
    fn name(&self) -> &'static str {
        "moving-average"
    }

    fn cpu_fwd(&self, x: &mut CpuStorage, x_layout: &Layout, g: &CpuStorage, g_layout: &Layout) -> Result<()> {
        let (old, new, g) = (self.old as f32, self.new as f32, slice(g, g_layout)?);
        chunks(x, x_layout)?.zip(g.par_chunks(CHUNK)).for_each(|(x, g)| {
            simd(|| match self.power {
                Power::One => x.iter_mut().zip(g).for_each(|(x, g)| *x = *x * old + g * new),
                Power::Two => x.iter_mut().zip(g).for_each(|(x, g)| *x = *x * old + g * g * new),
            });
        });
        Ok(())
    }
}

/// p ← p · (1 − lr · λ) − lr · (m / c₁) / (√(v / c₂) + ε)
impl InplaceOp3 for AdamStep {
    fn name(&self) -> &'static str {
        "adam-step"
    }

    fn cpu_fwd(
        &self,
        p: &mut CpuStorage,
        p_layout: &Layout,
        m: &CpuStorage,
        m_layout: &Layout,
        v: &CpuStorage,
        v_layout: &Layout,
    ) -> Result<()> {
        let keep = (1.0 - self.learning_rate * self.weight_decay) as f32;
        let rate = (self.learning_rate / self.corrections.0) as f32;
        let (inverse, epsilon) = ((1.0 / self.corrections.1) as f32, self.epsilon as f32);
        let (m, v) = (slice(m, m_layout)?, slice(v, v_layout)?);
        let moments = m.par_chunks(CHUNK).zip(v.par_chunks(CHUNK));
        chunks(p, p_layout)?.zip(moments).for_each(|(p, (m, v))| {
            simd(|| {
                for ((p, m), v) in p.iter_mut().zip(m).zip(v) {
                    *p = *p * keep - rate * m / ((v * inverse).sqrt() + epsilon);
                }
            });
        });
        Ok(())
    }
}

fn chunks<'a>(
    storage: &'a mut CpuStorage,
    layout: &Layout,
) -> Result<impl IndexedParallelIterator<Item = &'a mut [f32]>> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(values[start..end].par_chunks_mut(CHUNK)),
        _ => bail!("an update in place needs contiguous f32"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::random;
    use super::*;

    #[test]
    fn squares_are_summed() -> Result<()> {
        let x = random((3, 20_000), 1)?;
        let want = f64::from(x.to_dtype(candle_core::DType::F64)?.sqr()?.sum_all()?.to_scalar::<f64>()? as f32);
        assert!((sum_of_squares(&x)? - want).abs() < 1e-5 * want);
        assert!((sum_of_squares(&x.t()?)? - want).abs() < 1e-5 * want);
        Ok(())
    }
}
