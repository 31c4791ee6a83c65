//! Seeded first values of adapters, the same on every device.

use crate::model::dense::Dense;
use candle_core::{Device, Result, Shape, Tensor, Var};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A source of first values.
pub(super) struct Random {
    rng: ChaCha8Rng,
    device: Device,
}

impl Random {
    pub(super) fn new(seed: u64, device: &Device) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), device: device.clone() }
    }

    /// Uniform in ±bound.
    pub(super) fn uniform(&mut self, shape: impl Into<Shape>, bound: f32) -> Result<Var> {
        let shape = shape.into();
        let values: Vec<f32> = (0..shape.elem_count()).map(|_| self.rng.random_range(-bound..bound)).collect();
        Var::from_tensor(&Tensor::from_vec(values, shape, &self.device)?)
    }

    /// Standard normal, by Box and Muller's transform.
    pub(super) fn normal(&mut self, shape: impl Into<Shape>) -> Result<Var> {
        let shape = shape.into();
        let mut one = || {
            // The logarithm of 0 is kept out.
            let (u, v): (f64, f64) = (1.0 - self.rng.random::<f64>(), self.rng.random());
            ((-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()) as f32
        };
        let values: Vec<f32> = (0..shape.elem_count()).map(|_| one()).collect();
        Var::from_tensor(&Tensor::from_vec(values, shape, &self.device)?)
    }

    /// Whole numbers below `limit`.
    pub(super) fn below(&mut self, limit: u32, count: usize) -> Vec<u32> {
        (0..count).map(|_| self.rng.random_range(0..limit)).collect()
    }

    /// A layer as torch begins it: weight and bias uniform in ±1/√inputs.
    pub(super) fn dense(&mut self, inputs: usize, outputs: usize) -> Result<Dense> {
        let bound = 1.0 / (inputs as f32).sqrt();
        Ok(Dense { weight: self.uniform((outputs, inputs), bound)?, bias: self.uniform(outputs, bound)? })
    }
}

/// Weight and bias of a layer under a common name.
pub(super) fn named(name: &str, layer: &Dense) -> [(String, Var); 2] {
    [(format!("{name}.weight"), layer.weight.clone()), (format!("{name}.bias"), layer.bias.clone())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_is_normal() -> Result<()> {
        let x = Random::new(1, &Device::Cpu).normal(20_000)?.to_vec1::<f32>()?;
        let mean = x.iter().sum::<f32>() / 2e4;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 2e4;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
        Ok(())
    }
}
