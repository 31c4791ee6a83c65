//! How gradients move the trained variables: one rule per file, all behind [`Optimizer`], and the
//! gradient clip.
//!
//! The learning-rate schedule is part of the recipe: [`domain::recipe::Recipe::learning_rate_at`].

mod adafactor;
mod adamw;
mod adamw_8bit;
pub mod clip;
mod quantize;
mod sgd;

#[cfg(test)]
mod check;

use candle_core::{Result, Tensor, Var};
use domain::recipe::{self, OptimizerKind};
use std::fmt::Debug;

/// A variable that a run trains.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name in checkpoints.
    pub name: String,
    pub variable: Var,
    /// Multiplies the learning rate, as in LoRA+; usually 1.
    pub learning_rate_factor: f64,
}

impl Parameter {
    /// Whether weight decay is for it: biases, the gains of norms and embeddings are not what overfits.
    fn decays(&self) -> bool {
        let is_embedding = ["embed", "wte", "wpe"].iter().any(|part| self.name.contains(part));
        self.variable.rank() >= 2 && !is_embedding
    }
}

/// What a rule needs to know of a step besides the gradient.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// From 1.
    step: u32,
    learning_rate: f64,
    weight_decay: f64,
    /// What the gradient is multiplied by first (see [`clip`]).
    gradient_factor: f64,
}

impl Pace {
    /// 1 − βᵗ: what a moment that began at zero lacks.
    fn correction(self, beta: f64) -> f64 {
        1.0 - beta.powi(i32::try_from(self.step).unwrap_or(i32::MAX))
    }
}

/// Moves one variable and remembers what it needs for the next time.
trait Rule: Debug + Send + Sync {
    fn step(&mut self, variable: &Var, gradient: &Tensor, pace: Pace) -> Result<()>;

    /// All that must be restored for an exact resume, by name. The next step may change it in place.
    fn state(&self) -> Result<Vec<(&'static str, Tensor)>>;

    /// Takes back what [`Rule::state`] gave.
    fn restore(&mut self, read: &dyn Fn(&str) -> Result<Tensor>) -> Result<()>;
}

/// The trained variables, each with its rule.
#[derive(Debug)]
pub struct Optimizer {
    settings: recipe::Optimizer,
    parameters: Vec<Parameter>,
    rules: Vec<Box<dyn Rule>>,
    /// Steps taken.
    step: u32,
}

impl Optimizer {
    /// An optimizer that has seen no gradient.
    pub fn new(settings: &recipe::Optimizer, parameters: Vec<Parameter>) -> Result<Self> {
        let rules = parameters.iter().map(|p| rule(settings, &p.variable)).collect::<Result<_>>()?;
        Ok(Self { settings: settings.clone(), parameters, rules, step: 0 })
    }

    /// The trained variables, in the order of the gradients.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// One step along `gradients`, each multiplied by `factor` first (see [`clip`]).
    pub fn step(&mut self, gradients: &[Tensor], factor: f64, learning_rate: f64) -> Result<()> {
        self.step += 1;
        for ((parameter, rule), gradient) in self.parameters.iter().zip(&mut self.rules).zip(gradients) {
            let decays = self.settings.decay_everything || parameter.decays();
            let pace = Pace {
                step: self.step,
                learning_rate: learning_rate * parameter.learning_rate_factor,
                weight_decay: if decays { self.settings.weight_decay } else { 0.0 },
                gradient_factor: factor,
            };
            rule.step(&parameter.variable, gradient, pace)?;
        }
        Ok(())
    }

    /// Everything remembered, under names made from the parameters'.
    pub fn state(&self) -> Result<Vec<(String, Tensor)>> {
        let mut all = Vec::new();
        for (parameter, rule) in self.parameters.iter().zip(&self.rules) {
            let named = |(kind, tensor): (&str, Tensor)| (format!("{kind}.{}", parameter.name), tensor);
            all.extend(rule.state()?.into_iter().map(named));
        }
        Ok(all)
    }

    /// Bytes of [`Optimizer::state`].
    pub fn state_bytes(&self) -> Result<u64> {
        Ok(self.state()?.iter().map(|(_, t)| (t.elem_count() * t.dtype().size_in_bytes()) as u64).sum())
    }

    /// Takes back what [`Optimizer::state`] gave after `step` steps.
    pub fn restore(&mut self, step: u32, read: impl Fn(&str) -> Result<Tensor>) -> Result<()> {
        for (parameter, rule) in self.parameters.iter().zip(&mut self.rules) {
            rule.restore(&|kind| read(&format!("{kind}.{}", parameter.name)))?;
        }
        self.step = step;
        Ok(())
    }
}

fn rule(settings: &recipe::Optimizer, variable: &Var) -> Result<Box<dyn Rule>> {
    Ok(match settings.kind {
        OptimizerKind::AdamW => Box::new(adamw::AdamW::new(settings, variable)?),
        OptimizerKind::AdamW8bit if variable.elem_count() < adamw_8bit::SMALLEST => {
            Box::new(adamw::AdamW::new(settings, variable)?)
        }
        OptimizerKind::AdamW8bit => Box::new(adamw_8bit::AdamW8bit::new(settings, variable)?),
        OptimizerKind::Adafactor => Box::new(adafactor::Adafactor::new(&settings.adafactor, variable)?),
        OptimizerKind::Sgd => Box::new(sgd::Sgd::new(&settings.sgd, variable)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use domain::recipe::Optimizer as Settings;

    fn parameter(name: &str, values: &[f32], shape: &[usize], learning_rate_factor: f64) -> Result<Parameter> {
        let variable = Var::from_tensor(&Tensor::from_slice(values, shape, &Device::Cpu)?)?;
        Ok(Parameter { name: name.to_owned(), variable, learning_rate_factor })
    }

    #[test]
    fn only_matrices_decay_unless_asked() -> Result<()> {
        let values = |p: &Parameter| p.variable.flatten_all()?.to_vec1::<f32>();
        for (everything, want) in [(false, [0.5, 1.0, 1.0]), (true, [0.5; 3])] {
            let parameters = vec![
                parameter("layers.0.q_proj.weight", &[1.0], &[1, 1], 1.0)?,
                parameter("layers.0.norm.weight", &[1.0], &[1], 1.0)?,
                parameter("embed_tokens.weight", &[1.0], &[1, 1], 1.0)?,
            ];
            let settings = Settings { weight_decay: 1.0, decay_everything: everything, ..Settings::default() };
            let mut optimizer = Optimizer::new(&settings, parameters)?;
            let zeros: Vec<_> =
                optimizer.parameters().iter().map(|p| p.variable.zeros_like()).collect::<Result<_>>()?;
            optimizer.step(&zeros, 1.0, 0.5)?;
            let have: Vec<f32> = optimizer.parameters().iter().map(values).collect::<Result<Vec<_>>>()?.concat();
            assert_eq!(have, want);
        }
        Ok(())
    }

    #[test]
    fn a_factor_multiplies_the_learning_rate() -> Result<()> {
        let settings = Settings { kind: OptimizerKind::Sgd, ..Settings::default() };
        let parameters = vec![parameter("a", &[0.0], &[1], 1.0)?, parameter("b", &[0.0], &[1], 16.0)?];
        let mut optimizer = Optimizer::new(&settings, parameters)?;
        let ones: Vec<_> = optimizer.parameters().iter().map(|p| p.variable.ones_like()).collect::<Result<_>>()?;
        optimizer.step(&ones, 1.0, 0.5)?;
        let moved = |i: usize| optimizer.parameters()[i].variable.to_vec1::<f32>();
        assert_eq!((moved(0)?, moved(1)?), (vec![-0.5], vec![-8.0]));
        Ok(())
    }

    #[test]
    fn every_kind_resumes_with_the_same_bits() -> Result<()> {
        let gradient = |t: u32| -> Result<Tensor> {
            let data: Vec<f32> = (0..5000u32).map(|i| ((i * 31 + t * 17) % 101) as f32 / 50.0 - 1.0).collect();
            Tensor::from_vec(data, (50, 100), &Device::Cpu)
        };
        for kind in OptimizerKind::ALL {
            let settings = Settings { kind, weight_decay: 0.1, ..Settings::default() };
            let fresh = |values: &[f32]| Optimizer::new(&settings, vec![parameter("w", values, &[50, 100], 1.0)?]);
            let start: Vec<f32> = (0..5000).map(|i| (i % 7) as f32 - 3.0).collect();
            let mut whole = fresh(&start)?;
            (0..3).try_for_each(|t| whole.step(&[gradient(t)?], 1.0, 0.01))?;
            let values = whole.parameters()[0].variable.flatten_all()?.to_vec1::<f32>()?;
            let state = whole.state()?;
            let mut resumed = fresh(&values)?;
            resumed.restore(3, |name| {
                let found = state.iter().find(|(n, _)| n == name);
                found.map(|(_, t)| t.clone()).ok_or_else(|| candle_core::Error::msg(format!("no {name}")))
            })?;
            for t in 3..6 {
                whole.step(&[gradient(t)?], 1.0, 0.01)?;
                resumed.step(&[gradient(t)?], 1.0, 0.01)?;
            }
            let bits = |o: &Optimizer| o.parameters()[0].variable.flatten_all()?.to_vec1::<f32>();
            assert_eq!(bits(&whole)?, bits(&resumed)?, "{kind:?}");
            assert_ne!(bits(&whole)?, values);
        }
        Ok(())
    }
}
