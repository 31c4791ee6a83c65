//! Stochastic gradient descent with momentum (Sutskever et al. 2013), as PyTorch computes it.
//!
//! `d = g + λp`, `b ← μb + d`, then `p ← p − lr·b`, or with Nesterov's look ahead
//! `p ← p − lr·(d + μb)`. Decay is part of the gradient here, not a shrinking of its own.

use super::{Pace, Rule};
use candle_core::{Result, Tensor, Var};
use domain::recipe::Sgd as Settings;

/// One velocity per number; none without momentum.
#[derive(Debug)]
pub(super) struct Sgd {
    settings: Settings,
    velocity: Option<Tensor>,
}

impl Sgd {
    pub(super) fn new(settings: &Settings, variable: &Var) -> Result<Self> {
        let velocity = if settings.momentum > 0.0 { Some(variable.zeros_like()?) } else { None };
        Ok(Self { settings: settings.clone(), velocity })
    }
}

impl Rule for Sgd {
    fn step(&mut self, variable: &Var, gradient: &Tensor, pace: Pace) -> Result<()> {
        let d = ((gradient * pace.gradient_factor)? + (variable.as_tensor() * pace.weight_decay)?)?;
        let direction = match &mut self.velocity {
            None => d,
            Some(velocity) => {
                *velocity = ((&*velocity * self.settings.momentum)? + &d)?.detach();
                if self.settings.nesterov { (d + (&*velocity * self.settings.momentum)?)? } else { velocity.clone() }
            }
        };
        variable.set(&(variable.as_tensor() - (direction * pace.learning_rate)?)?.detach())
    }

    fn state(&self) -> Result<Vec<(&'static str, Tensor)>> {
        Ok(self.velocity.iter().map(|v| ("velocity", v.clone())).collect())
    }

    fn restore(&mut self, read: &dyn Fn(&str) -> Result<Tensor>) -> Result<()> {
        if let Some(velocity) = &mut self.velocity {
            *velocity = read("velocity")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::assert_three_steps;
    use super::*;

    fn sgd(momentum: f64, nesterov: bool) -> impl Fn(&Var) -> Result<Box<dyn Rule>> {
        move |variable| Ok(Box::new(Sgd::new(&Settings { momentum, nesterov }, variable)?))
    }

    #[test]
    fn three_steps_equal_pytorch() -> Result<()> {
        // torch 2.15: SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1), then with nesterov=True
        let want = [0.402_168_5, -0.728_737, 1.739_695, 0.119_760_75, 1.392_873_5, -1.055_210_25];
        assert_three_steps(&[2, 3], sgd(0.9, false), &want)?;
        let want = [0.317_296_911, -0.527_637_823, 1.619_947_705, 0.083_385_749, 1.313_503_207, -1.300_438_81];
        assert_three_steps(&[2, 3], sgd(0.9, true), &want)
    }
}
