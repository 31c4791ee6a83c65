//! MinHash sketches cut into bands: sets that agree in a band are worth comparing.
//!
//! Broder, "On the resemblance and containment of documents" (1997): under a random permutation two sets have the same
//! smallest element with probability |A ∩ B| / |A ∪ B|. Indyk & Motwani (1998), as in Leskovec, Rajaraman & Ullman,
//! "Mining of Massive Datasets", ch. 3.4: with b bands of r such elements, sets of similarity s agree in one or more bands
//! with probability 1 − (1 − s^r)^b.

use super::hash;

/// Smallest elements of a sketch at most.
const MAX_PERMUTATIONS: usize = 128;
/// A pair that is exactly as similar as the threshold is found with this probability, a more similar one with a higher.
const FOUND: f64 = 0.995;

/// The permutations, and how they are cut into bands.
pub struct Sketch {
    /// Odd factor and summand of x ↦ (a·x + b) mod 2⁶⁴ div 2³² (Dietzfelbinger et al. 1997).
    permutations: Vec<(u64, u64)>,
    rows: usize,
}

impl Sketch {
    /// As many rows a band as still find pairs at the threshold: each more has fewer pairs compared in vain.
    #[must_use]
    pub fn new(threshold: f64, seed: u64) -> Self {
        let bands = |rows: usize| {
            let agrees = threshold.clamp(0.01, 1.0).powi(rows as i32);
            if agrees >= FOUND { 1 } else { ((1.0 - FOUND).ln() / (1.0 - agrees).ln()).ceil() as usize }
        };
        let rows = (1..=16).rev().find(|rows| rows * bands(*rows) <= MAX_PERMUTATIONS).unwrap_or(1);
        let count = (rows * bands(rows)).min(MAX_PERMUTATIONS) as u64;
        let permutations = (0..count).map(|i| (hash([seed, i, 0]) | 1, hash([seed, i, 1]))).collect();
        Self { permutations, rows }
    }

    #[must_use]
    pub fn bands(&self) -> usize {
        self.permutations.len() / self.rows
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// One hash for each band of a set; of an empty one they say nothing.
    #[must_use]
    pub fn bands_of(&self, set: &[u32]) -> Vec<u32> {
        let smallest = |(a, b): &(u64, u64)| {
            let image = |x: &u32| (a.wrapping_mul(u64::from(*x)).wrapping_add(*b) >> 32) as u32;
            u64::from(set.iter().map(image).min().unwrap_or_default())
        };
        let bands = self.permutations.chunks_exact(self.rows);
        bands.map(|permutations| (hash(permutations.iter().map(smallest)) >> 32) as u32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_follow_the_threshold() {
        for threshold in [0.3, 0.5, 0.8, 0.9, 0.95, 1.0] {
            let sketch = Sketch::new(threshold, 1);
            let found = |s: f64| 1.0 - (1.0 - s.powi(sketch.rows() as i32)).powi(sketch.bands() as i32);
            assert!(found(threshold) >= FOUND, "{threshold}");
            assert!(sketch.bands() * sketch.rows() <= MAX_PERMUTATIONS);
        }
        let sketch = Sketch::new(0.8, 1);
        assert_eq!((sketch.bands(), sketch.rows()), (18, 6));
    }

    /// Agreement in bands is as frequent as the formula says.
    #[test]
    fn similar_sets_agree_as_often_as_they_should() {
        let sketch = Sketch::new(0.8, 7);
        let (mut agreed, trials) = (0, 300);
        for trial in 0..trials {
            // 80 of 100 elements in common.
            let element = |i: u64| hash([trial, i]) as u32;
            let a: Vec<u32> = (0..90).map(element).collect();
            let b: Vec<u32> = (10..100).map(element).collect();
            agreed += sketch.bands_of(&a).iter().zip(sketch.bands_of(&b)).filter(|(a, b)| **a == *b).count();
        }
        let share = agreed as f64 / (trials as usize * sketch.bands()) as f64;
        let wanted = 0.8f64.powi(6);
        assert!((share - wanted).abs() < 0.04, "{share} of the bands agree, not {wanted}");
    }
}
