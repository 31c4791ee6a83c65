//! Wilcoxon's signed-rank test: whether differences lie on both sides of 0 alike, by their ranks and not their sizes (Wilcoxon,
//! Individual Comparisons by Ranking Methods, 1945).

use super::distributions::normal_two_sided;

/// Up to so many differences, none of equal size, the distribution is computed exactly.
const EXACT_UP_TO: usize = 25;

/// What the test finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignedRanks {
    /// Sum of the ranks of positive differences, and of negative ones.
    pub positive: f64,
    pub negative: f64,
    /// Two-sided.
    pub p_value: f64,
    /// Whether it is exact; else by the normal distribution, its variance corrected for ties, without continuity correction.
    pub is_exact: bool,
}

/// Tests paired differences. Those of 0 are left out, equal sizes share their mean rank. `None` when all are 0 or one is not
/// finite.
#[must_use]
pub fn signed_ranks(differences: &[f64]) -> Option<SignedRanks> {
    if differences.iter().any(|d| !d.is_finite()) {
        return None;
    }
    let mut sorted: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    sorted.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let (mut positive, mut negative, mut ties, mut rank) = (0.0, 0.0, 0.0, 0.0);
    for group in sorted.chunk_by(|a, b| a.abs() == b.abs()) {
        let size = group.len() as f64;
        let mean_rank = rank + (size + 1.0) / 2.0;
        for difference in group {
            if *difference > 0.0 { positive += mean_rank } else { negative += mean_rank }
        }
        ties += size.powi(3) - size;
        rank += size;
    }
    if sorted.is_empty() {
        return None;
    }
    let is_exact = ties == 0.0 && sorted.len() <= EXACT_UP_TO;
    let p_value = if is_exact {
        exact(positive.min(negative) as usize, sorted.len())
    } else {
        let variance = rank * (rank + 1.0) * (2.0 * rank + 1.0) / 24.0 - ties / 48.0;
        normal_two_sided((positive - rank * (rank + 1.0) / 4.0) / variance.sqrt())
    };
    Some(SignedRanks { positive, negative, p_value, is_exact })
}

/// Twice the share of the 2ⁿ sets of ranks 1..=n whose sum is at most `smaller`.
fn exact(smaller: usize, n: usize) -> f64 {
    let most = n * (n + 1) / 2;
    // sets[s]: sets of the ranks so far with sum s.
    let mut sets = vec![0.0; most + 1];
    sets[0] = 1.0;
    for rank in 1..=n {
        for sum in (rank..=most).rev() {
            sets[sum] += sets[sum - rank];
        }
    }
    let below: f64 = sets[..=smaller].iter().sum();
    (2.0 * below / 2f64.powi(n as i32)).min(1.0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    /// The example of SciPy's documentation, Darwin's maize: T = 24, p = 0.04126….
    #[test]
    fn darwins_maize() {
        let maize = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75].map(f64::from);
        let found = signed_ranks(&maize).unwrap();
        assert_eq!((found.positive, found.negative, found.is_exact), (96.0, 24.0, true));
        assert!((found.p_value - 0.041_259_765_625).abs() < 1e-12, "{}", found.p_value);
    }

    /// SciPy 1.17, `wilcoxon(d, method="asymptotic")`.
    #[test]
    fn ties_use_the_normal_distribution() {
        let tied = [1.0, 1.0, -1.0, 2.0, 3.0, 0.0, -2.0, 4.0, 5.0];
        let found = signed_ranks(&tied).unwrap();
        assert!(!found.is_exact && (found.p_value - 0.1051719513086604).abs() < 1e-12, "{}", found.p_value);
        let many: Vec<f64> = (1..=30).map(|i| f64::from(if i % 4 == 0 { -i } else { i })).collect();
        assert!((signed_ranks(&many).unwrap().p_value - 0.01319416986541395).abs() < 1e-12);
    }

    #[test]
    fn few_differences_prove_little() {
        assert_eq!(signed_ranks(&[2.0]).unwrap().p_value, 1.0);
        assert_eq!(signed_ranks(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap().p_value, 2.0 / 64.0);
        assert_eq!((signed_ranks(&[]), signed_ranks(&[0.0]), signed_ranks(&[f64::NAN])), (None, None, None));
    }
}
