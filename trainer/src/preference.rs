//! Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290): of two answers to one prompt, the chosen y⁺ is
//! to become likelier than the rejected y⁻, measured against the reference π₀, the model that the run starts from.
//!
//! `m = log π(y⁺)/π₀(y⁺) − log π(y⁻)/π₀(y⁻)`
//! - sigmoid: `ℓ = −(1 − ε) log σ(β m) − ε log σ(−β m)`, conservative DPO for ε > 0;
//! - IPO (Azar et al. 2023, arXiv:2310.12036): `ℓ = (m − 1/(2β))²`, with log-probabilities divided by the number of tokens,
//!   as TRL has it after the paper's authors, since else long answers decide everything;
//! - and `+ λ · (−log π(y⁺)) / |y⁺|` where the recipe gives the chosen answer's own loss a weight λ (RPO: Pang et al.
//!   2024, arXiv:2404.19733).
//!
//! Every log-probability is minus a sum of losses of rows, so ℓ is a function of those, and its derivatives by them
//! are all that the fused output layer needs: `∂ℓ/∂loss = ∓ℓ'(m)` for a row of y⁺ or y⁻. The reference has no gradient
//! and never moves: [`crate::reference`] scores all pairs once.

use crate::data::batch::Batch;
use crate::data::masking::Encoded;
use crate::ops::linear_cross_entropy::LossOfRows;
use domain::recipe::{Dpo, DpoLoss};

/// log π₀ of the chosen and of the rejected answer of a pair.
pub type Reference = [f64; 2];

/// What pairs have besides their chosen answers, in the same order.
#[derive(Clone, Debug, Default)]
pub struct Rejections {
    /// Prompt and rejected answer.
    pub answers: Vec<Encoded>,
    pub references: Vec<Reference>,
}

/// The pairs of a run.
#[derive(Clone, Debug, Default)]
pub struct Preferences {
    pub train: Rejections,
    pub validation: Rejections,
}

/// How much likelier than the reference the model makes both answers of a pair: β · log π/π₀.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rewards {
    pub chosen: f64,
    pub rejected: f64,
}

/// Means over pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanRewards {
    pub chosen: f64,
    pub rejected: f64,
    /// Share of pairs whose chosen answer has the higher reward.
    pub accuracy: f64,
}

impl Rewards {
    /// `−log σ(chosen − rejected)`: below ln 2 where the chosen answer has the higher reward, and ln 2 before the first step.
    #[must_use]
    pub fn loss(self) -> f64 {
        let margin = self.chosen - self.rejected;
        (-margin.abs()).exp().ln_1p() + (-margin).max(0.0)
    }

    /// As numbers, to send.
    #[must_use]
    pub fn to_array(self) -> [f64; 2] {
        [self.chosen, self.rejected]
    }

    /// Takes back what [`Rewards::to_array`] gave.
    #[must_use]
    pub fn from_array([chosen, rejected]: [f64; 2]) -> Self {
        Self { chosen, rejected }
    }
}

impl MeanRewards {
    /// `None` without pairs.
    #[must_use]
    pub fn of(rewards: &[Rewards]) -> Option<Self> {
        let mean = |of: &dyn Fn(&Rewards) -> f64| rewards.iter().map(of).sum::<f64>() / rewards.len() as f64;
        (!rewards.is_empty()).then(|| Self {
            chosen: mean(&|r| r.chosen),
            rejected: mean(&|r| r.rejected),
            accuracy: mean(&|r| f64::from(u8::from(r.chosen > r.rejected))),
        })
    }
}

/// Sequences 2i and 2i + 1 are chosen and rejected answer of pair i.
#[must_use]
pub fn interleaved<'a>(chosen: &[&'a Encoded], rejected: &[&'a Encoded]) -> Vec<&'a Encoded> {
    chosen.iter().zip(rejected).flat_map(|(c, r)| [*c, *r]).collect()
}

/// log π of both answers of each pair of interleaved sequences, given −log p of the rows and their sequences.
#[must_use]
pub fn log_probabilities(owners: &[usize], losses: &[f32]) -> Vec<[f64; 2]> {
    let mut sums = vec![[0f64; 2]; owners.last().map_or(0, |last| last / 2 + 1)];
    for (sequence, loss) in owners.iter().zip(losses) {
        sums[sequence / 2][sequence % 2] -= f64::from(*loss);
    }
    sums
}

/// Σ weight · ℓ over the pairs of an interleaved batch.
#[derive(Clone, Debug)]
pub struct PairLoss {
    settings: Dpo,
    /// Of each row, its sequence.
    owners: Vec<usize>,
    /// Rows of both answers of each pair.
    counts: Vec<[f64; 2]>,
    references: Vec<Reference>,
    weights: Vec<f64>,
}

impl PairLoss {
    /// `references` and `weights` are of the batch's pairs.
    #[must_use]
    pub fn new(settings: &Dpo, batch: &Batch, references: Vec<Reference>, weights: Vec<f64>) -> Self {
        let mut counts = vec![[0f64; 2]; references.len()];
        for sequence in &batch.owners {
            counts[sequence / 2][sequence % 2] += 1.0;
        }
        Self { settings: settings.clone(), owners: batch.owners.clone(), counts, references, weights }
    }

    /// By what both log-ratios of a pair are multiplied in m.
    fn scales(&self, pair: usize) -> [f64; 2] {
        match self.settings.loss {
            DpoLoss::Sigmoid => [1.0; 2],
            DpoLoss::Ipo => self.counts[pair].map(|count| 1.0 / count),
        }
    }

    /// Both log-ratios of a pair, scaled.
    fn ratios(&self, pair: usize, log_pi: [f64; 2]) -> [f64; 2] {
        let (scales, reference) = (self.scales(pair), self.references[pair]);
        [0, 1].map(|side| scales[side] * (log_pi[side] - reference[side]))
    }

    /// ℓ(m) and its derivative.
    fn value_and_slope(&self, m: f64) -> (f64, f64) {
        let Dpo { beta, loss, label_smoothing: epsilon, .. } = self.settings;
        match loss {
            DpoLoss::Sigmoid => {
                let (agrees, differs) = (sigmoid(beta * m), sigmoid(-beta * m));
                let value = (1.0 - epsilon) * softplus(-beta * m) + epsilon * softplus(beta * m);
                (value, beta * (epsilon * agrees - (1.0 - epsilon) * differs))
            }
            DpoLoss::Ipo => {
                let distance = m - 1.0 / (2.0 * beta);
                (distance * distance, 2.0 * distance)
            }
        }
    }

    /// The rewards of each pair, given −log p of the rows.
    #[must_use]
    pub fn rewards(&self, losses: &[f32]) -> Vec<Rewards> {
        let of = |(pair, log_pi)| {
            let [chosen, rejected] = self.ratios(pair, log_pi).map(|ratio| self.settings.beta * ratio);
            Rewards { chosen, rejected }
        };
        log_probabilities(&self.owners, losses).into_iter().enumerate().map(of).collect()
    }
}

impl LossOfRows for PairLoss {
    fn value_and_derivatives(&self, losses: &[f32]) -> (f64, Vec<f32>) {
        let mut value = 0.0;
        let mut derivatives = Vec::with_capacity(self.references.len());
        for (pair, log_pi) in log_probabilities(&self.owners, losses).into_iter().enumerate() {
            let ([chosen, rejected], scales) = (self.ratios(pair, log_pi), self.scales(pair));
            let (of_margin, slope) = self.value_and_slope(chosen - rejected);
            let (weight, count) = (self.weights[pair], self.counts[pair][0]);
            let own = self.settings.sft_weight / count;
            value += weight * (of_margin + own * -log_pi[0]);
            derivatives.push([weight * (own - slope * scales[0]), weight * slope * scales[1]]);
        }
        let of_row = |sequence: &usize| derivatives[sequence / 2][sequence % 2] as f32;
        (value, self.owners.iter().map(of_row).collect())
    }
}

/// log(1 + eˣ) = −log σ(−x).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Result};
    use proptest::prelude::*;

    /// Two pairs of answers of 2, 1, 1 and 3 tokens.
    fn pairs(settings: &Dpo) -> Result<PairLoss> {
        let of = |count: usize| {
            let carries_loss = (0..=count).map(|i| i > 0).collect();
            Encoded { ids: vec![1; count + 1], carries_loss, weight: 1.0, line: 0 }
        };
        let answers = [of(2), of(1), of(1), of(3)];
        let batch = Batch::new(&answers.iter().collect::<Vec<_>>(), &Device::Cpu)?;
        Ok(PairLoss::new(settings, &batch, vec![[-2.5, -1.5], [-0.5, -6.0]], vec![0.75, 0.25]))
    }

    fn settings() -> impl Strategy<Value = Dpo> {
        (0.01..2.0f64, any::<bool>(), 0.0..0.49f64, 0.0..2.0f64).prop_map(|(beta, ipo, label_smoothing, sft_weight)| {
            let loss = if ipo { DpoLoss::Ipo } else { DpoLoss::Sigmoid };
            Dpo { beta, loss, label_smoothing, sft_weight }
        })
    }

    proptest! {
        #[test]
        fn derivatives_are_slopes(settings in settings(), losses in prop::collection::vec(0.1..4.0f32, 7)) {
            let pairs = pairs(&settings).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let (_, derivatives) = pairs.value_and_derivatives(&losses);
            for (row, derivative) in derivatives.iter().enumerate() {
                let at = |delta: f32| {
                    let mut moved = losses.clone();
                    moved[row] += delta;
                    (pairs.value_and_derivatives(&moved).0, f64::from(moved[row]))
                };
                let ((high, to), (low, from)) = (at(0.01), at(-0.01));
                let slope = (high - low) / (to - from);
                let allowed = 1e-3 * (1.0 + slope.abs());
                prop_assert!((slope - f64::from(*derivative)).abs() < allowed, "row {row}: {derivative}, slope {slope}");
            }
        }

        #[test]
        fn a_likelier_chosen_answer_costs_less(beta in 0.01..1.0f64, losses in prop::collection::vec(0.1..4.0f32, 7)) {
            let pairs = pairs(&Dpo { beta, ..Dpo::default() }).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let mut likelier = losses.clone();
            likelier[0] -= 0.05;
            prop_assert!(pairs.value_and_derivatives(&likelier).0 < pairs.value_and_derivatives(&losses).0);
            let (before, after) = (pairs.rewards(&losses)[0], pairs.rewards(&likelier)[0]);
            prop_assert!(after.chosen > before.chosen && after.rejected == before.rejected);
        }
    }

    #[test]
    fn the_reference_itself_costs_ln_2_and_prefers_nothing() -> Result<()> {
        let pairs = pairs(&Dpo::default())?;
        let losses = [1.25, 1.25, 1.5, 0.5, 2.0, 2.0, 2.0];
        assert!((pairs.value_and_derivatives(&losses).0 - std::f64::consts::LN_2).abs() < 1e-12);
        let rewards = pairs.rewards(&losses);
        assert_eq!(rewards, [Rewards { chosen: 0.0, rejected: 0.0 }; 2]);
        assert_eq!(MeanRewards::of(&rewards), Some(MeanRewards::default()));
        assert_eq!(MeanRewards::of(&[]), None);
        Ok(())
    }

    #[test]
    fn a_far_margin_stays_finite() -> Result<()> {
        for loss in DpoLoss::ALL {
            let pairs = pairs(&Dpo { beta: 10.0, loss, ..Dpo::default() })?;
            let (value, derivatives) = pairs.value_and_derivatives(&[1e4, 1e4, 0.0, 0.0, 1e4, 1e4, 1e4]);
            assert!(value.is_finite() && derivatives.iter().all(|d| d.is_finite()));
        }
        Ok(())
    }
}
