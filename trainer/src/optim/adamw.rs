//! AdamW (Loshchilov & Hutter 2017, arXiv:1711.05101).
//!
//! With gradient g at step t (from 1): `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
//! `p ← p(1 − lr·λ) − lr · (m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + ε)`.

use crate::ops::update::AdamStep;
use candle_core::{Result, Tensor, Var};
use domain::recipe::Optimizer;

/// Optimizer state: one first and one second moment per parameter.
#[derive(Debug)]
pub struct AdamW {
    settings: Optimizer,
    parameters: Vec<(String, Var)>,
    first: Vec<Tensor>,
    second: Vec<Tensor>,
    /// Steps taken.
    step: u32,
}

impl AdamW {
    /// All moments zero. The names are those of the checkpoint's tensors.
    pub fn new(settings: &Optimizer, parameters: Vec<(String, Var)>) -> Result<Self> {
        let zeros = || parameters.iter().map(|(_, p)| p.zeros_like()).collect::<Result<Vec<_>>>();
        Ok(Self { settings: settings.clone(), first: zeros()?, second: zeros()?, parameters, step: 0 })
    }

    /// The trained variables, in the order of the gradients.
    #[must_use]
    pub fn parameters(&self) -> &[(String, Var)] {
        &self.parameters
    }

    /// One step along `gradients`, each multiplied by `factor` first (see [`super::clip`]).
    pub fn step(&mut self, gradients: &[Tensor], factor: f64, learning_rate: f64) -> Result<()> {
        self.step += 1;
        let s = &self.settings;
        let correction = |beta: f64| 1.0 - beta.powi(i32::try_from(self.step).unwrap_or(i32::MAX));
        let (c1, c2) = (correction(s.beta1), correction(s.beta2));
        for (i, g) in gradients.iter().enumerate() {
            let parameter = &self.parameters[i].1;
            if AdamStep::applies_to(parameter) {
                let step = AdamStep {
                    beta1: s.beta1,
                    beta2: s.beta2,
                    corrections: (c1, c2),
                    epsilon: s.epsilon,
                    learning_rate,
                    weight_decay: s.weight_decay,
                    factor,
                };
                step.apply(parameter, &self.first[i], &self.second[i], &g.contiguous()?)?;
                continue;
            }
            let g = (g * factor)?;
            let m = ((&self.first[i] * s.beta1)? + (&g * (1.0 - s.beta1))?)?;
            let v = ((&self.second[i] * s.beta2)? + (g.sqr()? * (1.0 - s.beta2))?)?;
            let direction = ((&m / c1)? / ((&v / c2)?.sqrt()? + s.epsilon)?)?;
            let decayed = (parameter.as_tensor() * (1.0 - learning_rate * s.weight_decay))?;
            parameter.set(&(decayed - (direction * learning_rate)?)?.detach())?;
            self.first[i] = m.detach();
            self.second[i] = v.detach();
        }
        Ok(())
    }

    /// Every moment under a name made from its parameter's.
    #[must_use]
    pub fn moments(&self) -> Vec<(String, Tensor)> {
        let named = |kind: &'static str, tensors: &[Tensor]| -> Vec<(String, Tensor)> {
            self.parameters.iter().zip(tensors).map(|((name, _), t)| (format!("{kind}.{name}"), t.clone())).collect()
        };
        let mut all = named("first", &self.first);
        all.extend(named("second", &self.second));
        all
    }

    /// Takes back what [`AdamW::moments`] gave after `step` steps.
    pub fn restore(&mut self, step: u32, moment: impl Fn(&str) -> Result<Tensor>) -> Result<()> {
        let read = |kind: &str| {
            self.parameters.iter().map(|(name, _)| moment(&format!("{kind}.{name}"))).collect::<Result<Vec<_>>>()
        };
        (self.first, self.second, self.step) = (read("first")?, read("second")?, step);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn follows_the_formula_for_two_steps() -> Result<()> {
        let p = Var::new(&[1f32, -2.0], &Device::Cpu)?;
        let settings = Optimizer { weight_decay: 0.1, ..Optimizer::default() };
        let mut optimizer = AdamW::new(&settings, vec![("p".to_owned(), p.clone())])?;
        let (mut want, mut m, mut v) = ([1f64, -2.0], [0f64; 2], [0f64; 2]);
        for (t, g) in [[0.5f32, -1.0], [0.25, 2.0]].into_iter().enumerate() {
            optimizer.step(&[Tensor::new(&g, &Device::Cpu)?], 0.5, 0.1)?;
            for i in 0..2 {
                let g = f64::from(g[i]) * 0.5;
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                let (c1, c2) = (1.0 - 0.9f64.powi(t as i32 + 1), 1.0 - 0.999f64.powi(t as i32 + 1));
                want[i] = want[i] * (1.0 - 0.1 * 0.1) - 0.1 * (m[i] / c1) / ((v[i] / c2).sqrt() + 1e-8);
            }
        }
        for (got, want) in p.to_vec1::<f32>()?.iter().zip(want) {
            assert!((f64::from(*got) - want).abs() < 1e-5, "{got} is not {want}");
        }
        Ok(())
    }
}
