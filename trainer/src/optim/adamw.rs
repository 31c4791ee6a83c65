//! AdamW (Loshchilov & Hutter 2017, arXiv:1711.05101).
//!
//! With gradient g at step t (from 1): `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
//! `p ← p(1 − lr·λ) − lr · (m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + ε)`.

use super::{Pace, Rule};
use crate::ops::update::AdamStep;
use candle_core::{Result, Tensor, Var};
use domain::recipe::Optimizer;

/// One first and one second moment per number.
#[derive(Debug)]
pub(super) struct AdamW {
    betas: [f64; 2],
    epsilon: f64,
    first: Tensor,
    second: Tensor,
}

impl AdamW {
    pub(super) fn new(settings: &Optimizer, variable: &Var) -> Result<Self> {
        let (first, second) = (variable.zeros_like()?, variable.zeros_like()?);
        Ok(Self { betas: [settings.beta1, settings.beta2], epsilon: settings.epsilon, first, second })
    }
}

impl Rule for AdamW {
    fn step(&mut self, variable: &Var, gradient: &Tensor, pace: Pace) -> Result<()> {
        let ([beta1, beta2], epsilon) = (self.betas, self.epsilon);
        let (c1, c2) = (pace.correction(beta1), pace.correction(beta2));
        let Pace { learning_rate, weight_decay, gradient_factor: factor, .. } = pace;
        if AdamStep::applies_to(variable) {
            let step = AdamStep { beta1, beta2, corrections: (c1, c2), epsilon, learning_rate, weight_decay, factor };
            return step.apply(variable, &self.first, &self.second, &gradient.contiguous()?);
        }
        let g = (gradient * factor)?;
        let m = ((&self.first * beta1)? + (&g * (1.0 - beta1))?)?;
        let v = ((&self.second * beta2)? + (g.sqr()? * (1.0 - beta2))?)?;
        let direction = ((&m / c1)? / ((&v / c2)?.sqrt()? + epsilon)?)?;
        let decayed = (variable.as_tensor() * (1.0 - learning_rate * weight_decay))?;
        variable.set(&(decayed - (direction * learning_rate)?)?.detach())?;
        (self.first, self.second) = (m.detach(), v.detach());
        Ok(())
    }

    fn state(&self) -> Result<Vec<(&'static str, Tensor)>> {
        Ok(vec![("first", self.first.clone()), ("second", self.second.clone())])
    }

    fn restore(&mut self, read: &dyn Fn(&str) -> Result<Tensor>) -> Result<()> {
        // Copies: steps change the moments in place, and whoever gave these may change his too.
        (self.first, self.second) = (read("first")?.copy()?, read("second")?.copy()?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::assert_three_steps;
    use super::*;

    #[test]
    fn three_steps_equal_pytorch() -> Result<()> {
        // torch 2.15: AdamW(p, lr=0.1, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)
        let want = [0.386_665_049, -0.814_815_906, 1.666_381_587, 0.011_066_097, 1.498_151_854, -0.880_890_484];
        assert_three_steps(&[2, 3], |v| Ok(Box::new(AdamW::new(&Optimizer::default(), v)?)), &want)
    }
}
