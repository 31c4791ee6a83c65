//! One forward pass over some samples of a run: what it reads, what it is to lower, and what the losses of its targets
//! mean. The place where the recipe's objectives differ.

use crate::data::batch::Batch;
use crate::data::masking::Encoded;
use crate::ops::linear_cross_entropy::{LossOfRows, Objective, Total};
use crate::preference::{PairLoss, Rejections, Rewards, interleaved};
use crate::setup::Run;
use candle_core::{Device, Result};
use domain::recipe::Recipe;
use std::sync::Arc;

/// The samples of a split, and their rejected answers where preferences are learnt.
#[derive(Clone, Copy, Debug)]
pub struct Set<'a> {
    pub samples: &'a [Encoded],
    pub rejections: Option<&'a Rejections>,
}

impl Run {
    /// The training samples.
    #[must_use]
    pub fn training_set(&self) -> Set<'_> {
        Set { samples: &self.train, rejections: self.preferences.as_ref().map(|p| &p.train) }
    }

    /// The validation samples.
    #[must_use]
    pub fn validation_set(&self) -> Set<'_> {
        Set { samples: &self.validation, rejections: self.preferences.as_ref().map(|p| &p.validation) }
    }
}

impl Set<'_> {
    /// How much a sample counts: by its targets, or as one pair.
    #[must_use]
    pub fn weight(&self, place: usize) -> f64 {
        let sample = &self.samples[place];
        f64::from(sample.weight) * if self.rejections.is_some() { 1.0 } else { sample.targets() as f64 }
    }

    /// A pass over the samples at `places`, whose weights are shares of `total_weight`.
    pub fn pass(&self, places: &[usize], total_weight: f64, recipe: &Recipe, device: &Device) -> Result<Pass> {
        let chosen: Vec<&Encoded> = places.iter().map(|place| &self.samples[*place]).collect();
        let Some(rejections) = self.rejections else {
            let batch = Batch::new(&chosen, device)?;
            let total = batch.weights.iter().map(|w| (f64::from(*w) / total_weight) as f32).collect();
            let objective = Objective {
                targets: batch.targets.tokens.clone(),
                total: Total::Weighted(total),
                smoothing: recipe.loss.label_smoothing as f32,
            };
            return Ok(Pass { batch, objective, pairs: None });
        };
        let rejected: Vec<&Encoded> = places.iter().map(|place| &rejections.answers[*place]).collect();
        let batch = Batch::new(&interleaved(&chosen, &rejected), device)?;
        let references = places.iter().map(|place| rejections.references[*place]).collect();
        let weights = places.iter().map(|place| self.weight(*place) / total_weight).collect();
        let pairs = Arc::new(PairLoss::new(&recipe.dpo, &batch, references, weights));
        let total = Total::Of(Arc::<PairLoss>::clone(&pairs));
        let objective = Objective { targets: batch.targets.tokens.clone(), total, smoothing: 0.0 };
        Ok(Pass { batch, objective, pairs: Some(pairs) })
    }
}

/// See the module.
#[derive(Debug)]
pub struct Pass {
    pub batch: Batch,
    pub objective: Objective,
    pairs: Option<Arc<PairLoss>>,
}

impl Pass {
    /// Mean loss of each sample's targets, of a pair's those of the chosen answer.
    #[must_use]
    pub fn means(&self, of_targets: &[f32]) -> Vec<f32> {
        let sequences = if self.pairs.is_some() { 2 } else { 1 };
        self.batch.means(of_targets).into_iter().step_by(sequences).collect()
    }

    /// The rewards of each pair; none without pairs.
    #[must_use]
    pub fn rewards(&self, of_targets: &[f32]) -> Vec<Rewards> {
        self.pairs.as_ref().map(|pairs| pairs.rewards(of_targets)).unwrap_or_default()
    }

    /// What validation adds up, and over how many it then takes the mean: losses of targets, or of pairs. For
    /// pairs, weights must be shares of 1.
    #[must_use]
    pub fn validation_loss(&self, of_targets: &[f32]) -> (f64, usize) {
        match &self.pairs {
            Some(pairs) => (pairs.value_and_derivatives(of_targets).0, self.batch.targets.lengths.len() / 2),
            None => (of_targets.iter().map(|x| f64::from(*x)).sum(), of_targets.len()),
        }
    }
}
