//! Cohen's κ of two raters, plain (Cohen 1960) or weighted (Cohen 1968).

use super::corrected;

/// What a disagreement counts, by the distance of the two categories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weights {
    /// All the same.
    #[default]
    None,
    Linear,
    Quadratic,
}

impl Weights {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Self::None => f64::from(u8::from(a != b)),
            Self::Linear => (a - b).abs(),
            Self::Quadratic => (a - b) * (a - b),
        }
    }
}

/// κ of ratings of the same items by two raters. `None` without items, and where both always say the same one thing.
///
/// κ = 1 − Σ wₐᵦ oₐᵦ / Σ wₐᵦ eₐᵦ, with o the shares of pairs (a, b) and e those of independent raters with the same margins.
#[must_use]
pub fn cohen(pairs: &[(f64, f64)], weights: Weights) -> Option<f64> {
    let n = pairs.len() as f64;
    let observed: f64 = pairs.iter().map(|(a, b)| weights.of(*a, *b)).sum::<f64>() / n;
    let (first, second) = (margin(pairs.iter().map(|p| p.0)), margin(pairs.iter().map(|p| p.1)));
    let mut expected = 0.0;
    for (a, of_a) in &first {
        for (b, of_b) in &second {
            expected += weights.of(*a, *b) * of_a * of_b / (n * n);
        }
    }
    corrected(observed, expected)
}

/// How often each value occurs.
fn margin(values: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let mut counts: Vec<(f64, f64)> = Vec::new();
    for value in values {
        match counts.last_mut() {
            Some((last, count)) if *last == value => *count += 1.0,
            _ => counts.push((value, 1.0)),
        }
    }
    counts
}
