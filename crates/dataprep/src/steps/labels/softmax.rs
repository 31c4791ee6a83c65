//! Softmax regression on embeddings: p = softmax(W x + b) for standardised x, fitted to labels by accelerated gradient descent.
//!
//! The loss −mean log p + λ/2 ‖W‖² is convex, so that starting from zero needs no seed; and sums are added up in one order, so
//! that the result does not depend on the number of cores. λ is 1 / samples: an embedding may have as many numbers as there are
//! samples, and without it every label, wrong ones too, would be learned.

use super::super::nearest::dot;
use rayon::prelude::*;

/// Steps of Nesterov's method.
const STEPS: usize = 150;
/// Samples whose gradients are added up by themselves.
const PART: usize = 512;

pub(super) struct Softmax {
    mean: Vec<f32>,
    /// 1 / standard deviation of each dimension, divided by √dimensions: then ‖x‖² is 1 in the mean.
    scale: Vec<f32>,
    /// (classes, dimensions).
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Softmax {
    /// `embeddings` are as many as `labels`, of so many `dimensions` each.
    pub(super) fn fit(mut embeddings: Vec<f32>, dimensions: usize, labels: &[u32], classes: usize) -> Self {
        let (mean, scale) = spread(&embeddings, dimensions);
        let mut model = Self { mean, scale, weights: vec![0.0; classes * dimensions], bias: vec![0.0; classes] };
        model.standardise(&mut embeddings);
        let decay = 1.0 / labels.len().max(1) as f32;
        // The curvature is at most ½ mean (‖x‖² + 1) + λ (Böhning 1992).
        let rate = 1.0 / (1.0 + decay);
        let (mut before, mut bias_before) = (model.weights.clone(), model.bias.clone());
        for step in 0..STEPS {
            let momentum = step as f32 / (step as f32 + 3.0);
            let ahead = |now: &mut Vec<f32>, before: &mut Vec<f32>| {
                for (now, before) in now.iter_mut().zip(before.iter_mut()) {
                    let next = *now + momentum * (*now - *before);
                    (*before, *now) = (*now, next);
                }
            };
            ahead(&mut model.weights, &mut before);
            ahead(&mut model.bias, &mut bias_before);
            let (gradient, bias_gradient) = model.gradient(&embeddings, labels, classes);
            for (w, g) in model.weights.iter_mut().zip(&gradient) {
                *w -= rate * (g + decay * *w);
            }
            model.bias.iter_mut().zip(&bias_gradient).for_each(|(b, g)| *b -= rate * g);
        }
        model
    }

    /// The probabilities of each label, one embedding after the other.
    pub(super) fn probabilities(&self, mut embeddings: Vec<f32>) -> Vec<f32> {
        self.standardise(&mut embeddings);
        embeddings.par_chunks_exact(self.mean.len()).flat_map_iter(|x| self.of(x)).collect()
    }

    fn standardise(&self, embeddings: &mut [f32]) {
        embeddings.par_chunks_exact_mut(self.mean.len()).for_each(|x| {
            for ((x, mean), scale) in x.iter_mut().zip(&self.mean).zip(&self.scale) {
                *x = (*x - mean) * scale;
            }
        });
    }

    fn of(&self, x: &[f32]) -> Vec<f32> {
        let mut p: Vec<f32> = self.weights.chunks_exact(x.len()).zip(&self.bias).map(|(w, b)| dot(w, x) + b).collect();
        let largest = p.iter().copied().fold(f32::MIN, f32::max);
        p.iter_mut().for_each(|z| *z = (*z - largest).exp());
        let sum: f32 = p.iter().sum();
        p.iter_mut().for_each(|z| *z /= sum);
        p
    }

    /// Of the mean loss, by weights and bias: mean of (p − y) xᵀ and of p − y.
    fn gradient(&self, embeddings: &[f32], labels: &[u32], classes: usize) -> (Vec<f32>, Vec<f32>) {
        let dimensions = self.mean.len();
        let of_part = |(xs, labels): (&[f32], &[u32])| {
            let (mut weights, mut bias) = (vec![0f32; classes * dimensions], vec![0f32; classes]);
            for (x, label) in xs.chunks_exact(dimensions).zip(labels) {
                let mut error = self.of(x);
                error[*label as usize] -= 1.0;
                for (class, error) in error.into_iter().enumerate() {
                    bias[class] += error;
                    let row = &mut weights[class * dimensions..(class + 1) * dimensions];
                    row.iter_mut().zip(x).for_each(|(w, x)| *w += error * x);
                }
            }
            (weights, bias)
        };
        let parts = embeddings.par_chunks(PART * dimensions).zip(labels.par_chunks(PART));
        let parts: Vec<(Vec<f32>, Vec<f32>)> = parts.map(of_part).collect();
        let (mut weights, mut bias) = (vec![0f32; classes * dimensions], vec![0f32; classes]);
        let share = 1.0 / labels.len().max(1) as f32;
        for (of_weights, of_bias) in parts {
            weights.iter_mut().zip(of_weights).for_each(|(sum, g)| *sum += g * share);
            bias.iter_mut().zip(of_bias).for_each(|(sum, g)| *sum += g * share);
        }
        (weights, bias)
    }
}

/// The mean of each dimension, and what makes its standard deviation 1/√dimensions.
fn spread(embeddings: &[f32], dimensions: usize) -> (Vec<f32>, Vec<f32>) {
    let count = (embeddings.len() / dimensions.max(1)).max(1) as f64;
    let mut sums = vec![(0f64, 0f64); dimensions];
    for x in embeddings.chunks_exact(dimensions) {
        for ((sum, squares), x) in sums.iter_mut().zip(x) {
            *sum += f64::from(*x);
            *squares += f64::from(*x) * f64::from(*x);
        }
    }
    let of = |(sum, squares): (f64, f64)| {
        let mean = sum / count;
        let deviation = (squares / count - mean * mean).max(0.0).sqrt();
        let scale = if deviation < 1e-9 { 0.0 } else { 1.0 / (deviation * (dimensions as f64).sqrt()) };
        (mean as f32, scale as f32)
    };
    sums.into_iter().map(of).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::similar::hash;

    /// Three clouds in four dimensions; each is learned, and probabilities are some.
    #[test]
    fn clouds_are_told_apart() {
        let number = |i: u64, salt: u64| (hash([i, salt]) % 1000) as f32 / 1000.0 - 0.5;
        let labels: Vec<u32> = (0..300).map(|i| i % 3).collect();
        let embeddings: Vec<f32> =
            (0..300u64).flat_map(|i| (0..4).map(move |d| number(i, d) + if i % 3 == d { 1.5 } else { 0.0 })).collect();
        let model = Softmax::fit(embeddings.clone(), 4, &labels, 3);
        let probabilities = model.probabilities(embeddings);
        let right = probabilities.chunks_exact(3).zip(&labels).filter(|(p, label)| p[**label as usize] > 0.5).count();
        assert!(right > 290, "{right} of 300");
        assert!(probabilities.chunks_exact(3).all(|p| (p.iter().sum::<f32>() - 1.0).abs() < 1e-5));
    }
}
