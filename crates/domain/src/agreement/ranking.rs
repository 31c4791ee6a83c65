//! Agreement on orders: Kendall's coefficient of concordance W (Kendall & Babington Smith 1939, "The Problem of m Rankings").

/// W of rankings of the same `n` things, each ranking the places of the things, best first: 1 where all agree, 0 where
/// their ranks add up to the same for every thing. `None` with fewer than two rankings or things, and where one is not a
/// full order of the things.
#[must_use]
pub fn kendall_w(orders: &[&[u32]]) -> Option<f64> {
    let (m, n) = (orders.len(), orders.first()?.len());
    if m < 2 || n < 2 {
        return None;
    }
    let mut sums = vec![0.0_f64; n];
    for order in orders {
        let mut seen = vec![false; n];
        for (rank, thing) in order.iter().enumerate() {
            let thing = *thing as usize;
            if order.len() != n || thing >= n || std::mem::replace(&mut seen[thing], true) {
                return None;
            }
            sums[thing] += rank as f64 + 1.0;
        }
        if order.len() != n {
            return None;
        }
    }
    let (m, n) = (m as f64, n as f64);
    let mean = m * (n + 1.0) / 2.0;
    let squares: f64 = sums.iter().map(|sum| (sum - mean) * (sum - mean)).sum();
    Some(12.0 * squares / (m * m * (n * n * n - n)))
}

/// Spearman's ρ of two full orders without ties (Spearman 1904), −1 to 1; 1 for fewer than two things, `None` where they
/// do not order the same things.
#[must_use]
pub fn spearman(a: &[u32], b: &[u32]) -> Option<f64> {
    if a.len() < 2 && a == b {
        return Some(1.0);
    }
    // For two rankings W = (ρ + 1) / 2.
    kendall_w(&[a, b]).map(|w| 2.0 * w - 1.0)
}
