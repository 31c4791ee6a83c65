//! The nearest of many vectors that come one after the other, however many they are.

/// cos(a, b) = a·b / (|a| |b|); `None` of vectors of different lengths and of those without a direction.
#[must_use]
pub fn cosine(a: &[f32], b: &[f32]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let (mut dot, mut of_a, mut of_b) = (0.0_f64, 0.0_f64, 0.0_f64);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (f64::from(*x), f64::from(*y));
        dot += x * y;
        of_a += x * x;
        of_b += y * y;
    }
    let cosine = dot / (of_a.sqrt() * of_b.sqrt());
    cosine.is_finite().then(|| cosine.clamp(-1.0, 1.0))
}

/// Keeps the so many most similar ones of all that it is shown, and how similar all are in the mean.
#[derive(Clone, Debug)]
pub struct Nearest<T> {
    keep: usize,
    /// Most similar first; of those that are as similar, the smaller one.
    found: Vec<(T, f64)>,
    seen: u64,
    sum: f64,
}

impl<T: Copy + Ord> Nearest<T> {
    #[must_use]
    pub fn new(keep: usize) -> Self {
        Self { keep, found: Vec::with_capacity(keep + 1), seen: 0, sum: 0.0 }
    }

    /// Shows it one.
    pub fn add(&mut self, item: T, similarity: f64) {
        self.seen += 1;
        self.sum += similarity;
        let is_before = |(other, s): &(T, f64)| s.total_cmp(&similarity).reverse().then(other.cmp(&item)).is_lt();
        let at = self.found.partition_point(is_before);
        if at < self.keep {
            self.found.insert(at, (item, similarity));
            self.found.truncate(self.keep);
        }
    }

    /// Mean similarity of all; `None` of none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.seen > 0).then(|| self.sum / self.seen as f64)
    }

    /// Those that were kept, most similar first.
    #[must_use]
    pub fn found(&self) -> &[(T, f64)] {
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cosine_is_that_of_the_angle() {
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 3.0]), Some(0.0));
        assert_eq!(cosine(&[2.0, 0.0], &[-1.0, 0.0]), Some(-1.0));
        let half = cosine(&[1.0, 0.0], &[1.0, 3.0_f32.sqrt()]);
        assert!(half.is_some_and(|c| (c - 0.5).abs() < 1e-7), "60 degrees: {half:?}");
        assert_eq!(
            (cosine(&[0.0], &[1.0]), cosine(&[1.0], &[1.0, 2.0]), cosine(&[f32::NAN], &[1.0])),
            (None, None, None)
        );
    }

    proptest! {
        #[test]
        fn nothing_nearer_is_left_out(similarities in prop::collection::vec(-1.0_f64..1.0, 0..60), keep in 0usize..8) {
            let mut nearest = Nearest::new(keep);
            for (item, similarity) in similarities.iter().enumerate() {
                nearest.add(item, *similarity);
            }
            let mut all: Vec<(usize, f64)> = similarities.iter().copied().enumerate().collect();
            all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            all.truncate(keep);
            prop_assert_eq!(nearest.found(), &all[..]);
            prop_assert_eq!(nearest.mean().is_none(), similarities.is_empty());
        }
    }
}
