//! What is done to points before they are drawn: smoothing, and fewer points that look the same.

use domain::downsample::{cells, line};

/// At most `4 · columns` points of `points` (which rise in x) that draw the same line, see [`domain::downsample`].
#[must_use]
pub fn downsample(points: &[(f64, f64)], columns: usize) -> Vec<(f64, f64)> {
    match (points.first(), points.last()) {
        (Some(first), Some(last)) if points.len() > 4 * columns.max(1) => {
            line(&cells(points, (first.0, last.0), columns.max(1)))
        }
        _ => points.to_vec(),
    }
}

/// Exponential moving average with `weight` in [0, 1) on the past, corrected for its start as in
/// Adam (Kingma & Ba 2014, §3): `y_t = Σ w^(t-i) x_i / Σ w^(t-i)`. Weight 0 changes nothing.
#[must_use]
pub fn smooth(points: &[(f64, f64)], weight: f64) -> Vec<(f64, f64)> {
    let (mut sum, mut norm) = (0.0, 0.0);
    points
        .iter()
        .map(|&(x, y)| {
            if !y.is_finite() {
                return (x, y);
            }
            sum = sum * weight + y;
            norm = norm * weight + 1.0;
            (x, sum / norm)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn smoothing_stays_within_the_values(values in prop::collection::vec(-1e3..1e3f64, 1..200), weight in 0.0..0.99f64) {
            let points: Vec<_> = values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect();
            let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
            prop_assert!(smooth(&points, weight).iter().all(|p| p.1 >= low - 1e-6 && p.1 <= high + 1e-6));
        }
    }

    #[test]
    fn no_smoothing_changes_nothing() {
        let points = [(0.0, 3.0), (1.0, 5.0)];
        assert_eq!(smooth(&points, 0.0), points);
    }
}
