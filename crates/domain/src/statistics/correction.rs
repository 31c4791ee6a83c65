//! p values adjusted for how many comparisons were made: each may then be held against one bound, such as 0.05.

/// Holm's step-down values: they bound the chance of any false finding (Holm, A Simple Sequentially Rejective Multiple Test
/// Procedure, 1979). In the order given.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let n = p_values.len();
    let mut highest: f64 = 0.0;
    adjusted(p_values, ascending(p_values), |rank, p| {
        highest = highest.max(p * (n - rank) as f64).min(1.0);
        highest
    })
}

/// Benjamini and Hochberg's step-up values: they bound the expected share of false findings among all (Controlling the False
/// Discovery Rate, 1995). In the order given.
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let n = p_values.len();
    let mut lowest: f64 = 1.0;
    let descending = ascending(p_values).into_iter().rev().collect();
    adjusted(p_values, descending, |place, p| {
        lowest = lowest.min(p * n as f64 / (n - place) as f64);
        lowest
    })
}

/// Places of the values from the smallest on.
fn ascending(p_values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    order
}

fn adjusted(p_values: &[f64], order: Vec<usize>, mut adjust: impl FnMut(usize, f64) -> f64) -> Vec<f64> {
    let mut out = vec![1.0; p_values.len()];
    for (rank, place) in order.into_iter().enumerate() {
        out[place] = adjust(rank, p_values[place]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(actual: &[f64], expected: &[f64]) {
        let close = actual.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close && actual.len() == expected.len(), "{actual:?} is not {expected:?}");
    }

    /// R: `p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), …)`, and the same unordered with a tie.
    #[test]
    fn as_r_adjusts() {
        let p = [0.01, 0.02, 0.03, 0.04, 0.05];
        near(&holm(&p), &[0.05, 0.08, 0.09, 0.09, 0.09]);
        near(&benjamini_hochberg(&p), &[0.05; 5]);
        let mixed = [0.04, 0.001, 0.8, 0.04];
        near(&holm(&mixed), &[0.12, 0.004, 0.8, 0.12]);
        near(&benjamini_hochberg(&mixed), &[0.16 / 3.0, 0.004, 0.8, 0.16 / 3.0]);
    }

    proptest! {
        /// Neither lowers a value or raises it above 1, and bounding the share of false findings asks for less.
        #[test]
        fn adjusted_values_are_ordered(p in prop::collection::vec(0.0..=1.0f64, 0..20)) {
            let (holm, discovery) = (holm(&p), benjamini_hochberg(&p));
            for ((p, holm), discovery) in p.iter().zip(holm).zip(discovery) {
                prop_assert!(*p <= discovery + 1e-12 && discovery <= holm + 1e-12 && holm <= 1.0);
            }
        }
    }

    #[test]
    fn one_comparison_is_left_as_it_is() {
        assert_eq!((holm(&[0.3]), benjamini_hochberg(&[0.3])), (vec![0.3], vec![0.3]));
        assert!(holm(&[]).is_empty() && benjamini_hochberg(&[]).is_empty());
        near(&holm(&[0.9, 0.9]), &[1.0, 1.0]);
    }
}
