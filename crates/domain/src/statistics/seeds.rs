//! One score over several seeds: what of it is the method, and what the luck of a seed.

use super::distributions::t_quantile;

/// Mean and spread of a score over repeated runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverSeeds {
    pub mean: f64,
    /// Sample variance (n − 1).
    pub variance: f64,
    /// 95 % interval of the mean by Student's t (Student, The Probable Error of a Mean, 1908).
    pub low: f64,
    pub high: f64,
}

/// Of at least two finite scores; `None` otherwise.
#[must_use]
pub fn over_seeds(scores: &[f64]) -> Option<OverSeeds> {
    if scores.len() < 2 || scores.iter().any(|score| !score.is_finite()) {
        return None;
    }
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = t_quantile(0.975, n - 1.0) * (variance / n).sqrt();
    Some(OverSeeds { mean, variance, low: mean - half, high: mean + half })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn three_seeds() {
        let found = over_seeds(&[0.70, 0.72, 0.74]).unwrap();
        assert!((found.mean - 0.72).abs() < 1e-12 && (found.variance - 0.0004).abs() < 1e-12);
        // t with 2 degrees: 4.302653.
        assert!((found.high - found.mean - 4.302_652_729_911_275 * 0.02 / 3f64.sqrt()).abs() < 1e-9, "{found:?}");
        assert!((found.high + found.low - 2.0 * found.mean).abs() < 1e-12);
    }

    #[test]
    fn one_seed_has_no_spread() {
        assert_eq!((over_seeds(&[]), over_seeds(&[0.5]), over_seeds(&[0.5, f64::NAN])), (None, None, None));
    }
}
