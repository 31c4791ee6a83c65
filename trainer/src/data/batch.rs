//! Batches without padding: samples of different lengths stand one behind the other in a single row, each at
//! positions from 0 and seeing itself alone, so a batch costs what its tokens cost.

use super::masking::Encoded;
use crate::model::decoder::Targets;
use candle_core::{Device, Result, Tensor};

/// One forward pass's worth of samples.
#[derive(Clone, Debug)]
pub struct Batch {
    /// (1, tokens), u32
    pub ids: Tensor,
    pub targets: Targets,
    /// Of each target, the place of its sample in the batch.
    pub owners: Vec<usize>,
    /// Of each target, the weight of its sample.
    pub weights: Vec<f32>,
    /// Tokens of all samples.
    pub tokens: usize,
}

impl Batch {
    /// Puts `samples` (at least one) one behind the other.
    pub fn new(samples: &[&Encoded], device: &Device) -> Result<Self> {
        let tokens = samples.iter().map(|s| s.ids.len()).sum();
        let mut ids = Vec::with_capacity(tokens);
        let (mut targets, mut owners, mut weights) = (Targets::default(), Vec::new(), Vec::new());
        for (i, sample) in samples.iter().enumerate() {
            let first = ids.len();
            ids.extend_from_slice(&sample.ids);
            targets.lengths.push(sample.ids.len());
            for (place, _) in sample.carries_loss.iter().enumerate().skip(1).filter(|(_, counts)| **counts) {
                targets.rows.push((first + place - 1) as u32);
                targets.tokens.push(sample.ids[place]);
                owners.push(i);
                weights.push(sample.weight);
            }
        }
        Ok(Self { ids: Tensor::from_vec(ids, (1, tokens), device)?, targets, owners, weights, tokens })
    }

    /// Mean over each sample's targets of one number per target.
    #[must_use]
    pub fn means(&self, of_targets: &[f32]) -> Vec<f32> {
        let mut sums = vec![(0f64, 0u32); self.targets.lengths.len()];
        for (owner, x) in self.owners.iter().zip(of_targets) {
            sums[*owner].0 += f64::from(*x);
            sums[*owner].1 += 1;
        }
        sums.into_iter().map(|(sum, count)| (sum / f64::from(count)) as f32).collect()
    }
}

/// Divides samples into batches of `size` of similar length, each as places in `samples`.
#[must_use]
pub fn by_length(samples: &[&Encoded], size: usize) -> Vec<Vec<usize>> {
    let mut sorted: Vec<usize> = (0..samples.len()).collect();
    sorted.sort_by_key(|i| samples[*i].ids.len());
    sorted.chunks(size.max(1)).map(<[_]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_point_at_the_row_before() -> Result<()> {
        let a = Encoded { ids: vec![5, 6, 7], carries_loss: vec![false, true, true], weight: 2.0, line: 0 };
        let b = Encoded { ids: vec![8, 9], carries_loss: vec![false, true], weight: 1.0, line: 1 };
        let batch = Batch::new(&[&a, &b], &Device::Cpu)?;
        assert_eq!(batch.ids.to_vec2::<u32>()?, [[5, 6, 7, 8, 9]]);
        assert_eq!(batch.targets.lengths, [3, 2]);
        assert_eq!((&batch.targets.rows, &batch.targets.tokens), (&vec![0, 1, 3], &vec![6, 7, 9]));
        assert_eq!((&batch.weights, batch.tokens), (&vec![2.0, 2.0, 1.0], 5));
        assert_eq!(batch.means(&[1.0, 2.0, 5.0]), [1.5, 5.0]);
        Ok(())
    }

    #[test]
    fn batches_hold_similar_lengths() {
        let of = |n: usize| Encoded { ids: vec![0; n], carries_loss: vec![false; n], weight: 1.0, line: 0 };
        let samples = [of(9), of(1), of(8), of(2)];
        assert_eq!(by_length(&samples.iter().collect::<Vec<_>>(), 2), [[1, 3], [2, 0]]);
    }
}
