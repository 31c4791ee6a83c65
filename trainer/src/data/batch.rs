//! Padded batches. Padding stands on the right, where causal attention keeps it out of every
//! real token's sight, and carries no loss.

use super::masking::Encoded;
use crate::model::decoder::Targets;
use candle_core::{Device, Result, Tensor};

/// One forward pass's worth of samples.
#[derive(Clone, Debug)]
pub struct Batch {
    /// (batch, seq), u32
    pub ids: Tensor,
    pub targets: Targets,
    /// Tokens without padding.
    pub tokens: usize,
}

impl Batch {
    /// Pads `samples` (at least one) to the longest.
    pub fn new(samples: &[&Encoded], device: &Device) -> Result<Self> {
        let seq = samples.iter().map(|s| s.ids.len()).max().unwrap_or(0);
        let mut ids = Vec::with_capacity(samples.len() * seq);
        let mut targets = Targets::default();
        for (i, sample) in samples.iter().enumerate() {
            ids.extend_from_slice(&sample.ids);
            ids.resize((i + 1) * seq, 0);
            for (place, _) in sample.carries_loss.iter().enumerate().skip(1).filter(|(_, counts)| **counts) {
                targets.rows.push((i * seq + place - 1) as u32);
                targets.tokens.push(sample.ids[place]);
            }
        }
        let tokens = samples.iter().map(|s| s.ids.len()).sum();
        Ok(Self { ids: Tensor::from_vec(ids, (samples.len(), seq), device)?, targets, tokens })
    }
}

/// Divides samples into batches of `size` of similar length, so that little is padding.
#[must_use]
pub fn by_length<'a>(samples: &[&'a Encoded], size: usize) -> Vec<Vec<&'a Encoded>> {
    let mut sorted = samples.to_vec();
    sorted.sort_by_key(|s| s.ids.len());
    sorted.chunks(size.max(1)).map(<[_]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_point_at_the_row_before() -> Result<()> {
        let a = Encoded { ids: vec![5, 6, 7], carries_loss: vec![false, false, true] };
        let b = Encoded { ids: vec![8, 9], carries_loss: vec![false, true] };
        let batch = Batch::new(&[&a, &b], &Device::Cpu)?;
        assert_eq!(batch.ids.to_vec2::<u32>()?, [[5, 6, 7], [8, 9, 0]]);
        assert_eq!((batch.targets.rows, batch.targets.tokens, batch.tokens), (vec![1, 3], vec![7, 9], 5));
        Ok(())
    }

    #[test]
    fn batches_hold_similar_lengths() {
        let of = |n: usize| Encoded { ids: vec![0; n], carries_loss: vec![false; n] };
        let samples = [of(9), of(1), of(8), of(2)];
        let batches = by_length(&samples.iter().collect::<Vec<_>>(), 2);
        let lengths: Vec<Vec<usize>> = batches.iter().map(|b| b.iter().map(|s| s.ids.len()).collect()).collect();
        assert_eq!(lengths, [[1, 2], [8, 9]]);
    }
}
