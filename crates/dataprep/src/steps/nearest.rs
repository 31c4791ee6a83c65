//! Nearest neighbours of embeddings by their cosine, exactly, among some samples drawn by a seed.

use crate::{scores::Scores, similar::hash};
use rayon::prelude::*;
use std::io;

/// Embeddings that are compared with all references at a time.
const BLOCK: usize = 1024;
/// Products added up side by side, so that the sum is the same on every machine and still computed in parallel.
const LANES: usize = 16;

/// Samples that others are compared with: their embeddings less the mean of all, scaled to length 1. Embeddings of a language
/// model all point into much the same direction, and without the mean every two of them look alike.
pub(super) struct References {
    /// Places among the samples that are judged.
    pub(super) places: Vec<u32>,
    mean: Vec<f32>,
    vectors: Vec<f32>,
}

/// A neighbour: its place in [`References::places`], and the cosine.
pub(super) type Neighbour = (u32, f32);

impl References {
    /// Draws `most` of the samples whose rows these are.
    pub(super) fn draw(scores: &Scores, rows: &[u32], most: u64, seed: u64) -> io::Result<Self> {
        let places = drawn(rows.len(), most, seed);
        let mut vectors = scores.embeddings(&places.iter().map(|place| rows[*place as usize]).collect::<Vec<_>>())?;
        let dimensions = scores.dimensions();
        let mut sums = vec![0f64; dimensions];
        for vector in vectors.chunks_exact(dimensions) {
            sums.iter_mut().zip(vector).for_each(|(sum, x)| *sum += f64::from(*x));
        }
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / places.len().max(1) as f64) as f32).collect();
        vectors.chunks_exact_mut(dimensions).for_each(|vector| centre(vector, &mean));
        Ok(Self { places, mean, vectors })
    }

    /// Hands over, sample by sample, its `k` nearest references other than itself, nearest first.
    pub(super) fn each_nearest(
        &self,
        scores: &Scores,
        rows: &[u32],
        k: usize,
        mut each: impl FnMut(usize, &[Neighbour]),
    ) -> io::Result<()> {
        let dimensions = scores.dimensions();
        for (block, rows) in rows.chunks(BLOCK).enumerate() {
            let mut vectors = scores.embeddings(rows)?;
            let first = block * BLOCK;
            let nearest: Vec<Vec<Neighbour>> = vectors
                .par_chunks_exact_mut(dimensions)
                .enumerate()
                .map(|(i, vector)| {
                    centre(vector, &self.mean);
                    self.nearest(vector, (first + i) as u32, k)
                })
                .collect();
            for (i, nearest) in nearest.iter().enumerate() {
                each(first + i, nearest);
            }
        }
        Ok(())
    }

    fn nearest(&self, vector: &[f32], own_place: u32, k: usize) -> Vec<Neighbour> {
        let mut best: Vec<Neighbour> = Vec::with_capacity(k + 1);
        for (i, reference) in self.vectors.chunks_exact(vector.len()).enumerate() {
            let cosine = dot(vector, reference);
            let is_far = best.len() == k && best.last().is_some_and(|(_, worst)| cosine <= *worst);
            if is_far || self.places[i] == own_place {
                continue;
            }
            let at = best.partition_point(|(_, other)| *other >= cosine);
            best.insert(at, (i as u32, cosine));
            best.truncate(k);
        }
        best
    }
}

/// The places of `most` of so many, or of all of them, in order.
pub(super) fn drawn(of: usize, most: u64, seed: u64) -> Vec<u32> {
    let mut order: Vec<(u64, u32)> = (0..of as u32).map(|i| (hash([seed, u64::from(i)]), i)).collect();
    if order.len() as u64 > most {
        order.select_nth_unstable(most as usize);
        order.truncate(most as usize);
    }
    let mut places: Vec<u32> = order.into_iter().map(|(_, i)| i).collect();
    places.sort_unstable();
    places
}

fn centre(vector: &mut [f32], mean: &[f32]) {
    vector.iter_mut().zip(mean).for_each(|(x, mean)| *x -= mean);
    let length = dot(vector, vector).sqrt().max(f32::MIN_POSITIVE);
    vector.iter_mut().for_each(|x| *x /= length);
}

/// Σ aᵢ bᵢ.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    let (a_parts, b_parts) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_parts.remainder().iter().zip(b_parts.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_parts.zip(b_parts) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}
