//! pass@k: the chance that one of k programs passes its tests, from n programs of which some did.

/// The unbiased estimate 1 − C(n − c, k) / C(n, k) for `correct` c of `samples` n (Chen et al., Evaluating Large Language
/// Models Trained on Code, 2021), as the product that does not overflow. `None` when k is 0 or above n, or c above n.
#[must_use]
pub fn pass_at_k(samples: u32, correct: u32, k: u32) -> Option<f64> {
    if k == 0 || k > samples || correct > samples {
        return None;
    }
    if samples - correct < k {
        return Some(1.0);
    }
    let none_passes: f64 = (samples - correct + 1..=samples).map(|i| 1.0 - f64::from(k) / f64::from(i)).product();
    Some(1.0 - none_passes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn of_one_it_is_the_share() {
        assert!((pass_at_k(200, 50, 1).unwrap() - 0.25).abs() < 1e-12);
        // 1 - C(7, 3) / C(10, 3) = 1 - 35 / 120.
        assert!((pass_at_k(10, 3, 3).unwrap() - 17.0 / 24.0).abs() < 1e-12);
        assert_eq!((pass_at_k(5, 0, 5), pass_at_k(5, 1, 5), pass_at_k(5, 3, 3)), (Some(0.0), Some(1.0), Some(1.0)));
        assert_eq!((pass_at_k(5, 6, 1), pass_at_k(5, 1, 0), pass_at_k(5, 1, 6)), (None, None, None));
    }
}
