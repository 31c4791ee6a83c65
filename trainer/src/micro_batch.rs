//! The work of one optimizer step, divided: which samples it takes, in which micro-batches, and what a pass over one
//! of them gives. Any process that holds the same data and weights can compute any part, see [`crate::parallel`].

use crate::data::batch::by_length;
use crate::data::masking::Encoded;
use crate::data::order::dropout_seed;
use crate::error::TrainError;
use crate::preference::Rewards;
use crate::setup::Run;
use candle_core::{Device, Tensor};

/// The samples of a step.
#[derive(Clone, Debug)]
pub struct StepWork {
    /// The step that is to be taken, from 0.
    pub step: u32,
    /// Places of the samples among the training samples, in the order of the stream.
    pub window: Vec<usize>,
    /// The micro-batches, as places in `window`.
    pub batches: Vec<Vec<usize>>,
    /// What the samples' target tokens, or pairs, weigh together.
    total_weight: f64,
}

/// What a pass over one micro-batch gave.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its share of the step's loss.
    pub loss: f64,
    /// The mean loss of each of its samples.
    pub means: Vec<f32>,
    /// The rewards of each of its pairs; none where no preferences are learnt.
    pub rewards: Vec<Rewards>,
    pub tokens: usize,
    /// By every parameter of the optimizer, in its order.
    pub gradients: Vec<Tensor>,
}

impl StepWork {
    /// That of a step, the same in all processes of a run.
    pub fn of(run: &mut Run, step: u32) -> Self {
        let window = run.order.window(step, run.job.recipe.effective_batch() as usize);
        Self::for_places(run, step, window)
    }

    /// That on the training samples at these places.
    #[must_use]
    pub fn for_places(run: &Run, step: u32, window: Vec<usize>) -> Self {
        let samples: Vec<&Encoded> = window.iter().map(|i| &run.train[*i]).collect();
        let batches = by_length(&samples, run.job.micro_batch());
        let total_weight = window.iter().map(|i| run.training_set().weight(*i)).sum();
        Self { step, window, batches, total_weight }
    }

    /// Forward and backward pass over micro-batch `i`.
    pub fn compute(&self, run: &Run, i: usize) -> Result<Part, TrainError> {
        let recipe = &run.job.recipe;
        let pass = run.training_set().pass(&self.samples(i), self.total_weight, recipe, run.decoder.device())?;
        let batch = &pass.batch;
        let seed = dropout_seed(recipe.seed, self.step, i);
        let recomputes = recipe.batch.gradient_checkpointing;
        let (loss, of_targets, mut store) =
            run.decoder.objective_and_gradients(&batch.ids, &batch.targets, &pass.objective, seed, recomputes)?;
        let mut gradients = Vec::with_capacity(run.optimizer.parameters().len());
        for variable in run.optimizer.parameters().iter().map(|p| &p.variable) {
            gradients.push(store.remove(variable).map_or_else(|| variable.zeros_like(), Ok)?.detach());
        }
        let (means, rewards) = (pass.means(&of_targets), pass.rewards(&of_targets));
        Ok(Part { loss: f64::from(loss), means, rewards, tokens: batch.tokens, gradients })
    }

    /// Places of the samples of micro-batch `i` among the training samples.
    #[must_use]
    pub fn samples(&self, i: usize) -> Vec<usize> {
        self.batches[i].iter().map(|place| self.window[*place]).collect()
    }
}

impl Part {
    /// The same with its gradients on another device.
    pub fn to_device(self, device: &Device) -> candle_core::Result<Self> {
        let gradients = self.gradients.iter().map(|g| g.to_device(device)).collect::<candle_core::Result<_>>()?;
        Ok(Self { gradients, ..self })
    }
}
