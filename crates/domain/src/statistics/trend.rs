//! Whether a series of numbers rises by more than chance, how fast, and how noisy it is. Nothing is assumed of the
//! noise's distribution.

use super::distributions::normal_above;

/// So many values at most have their exact distribution; beyond, the normal one is as good (Kendall 1975, §5).
const EXACT: usize = 20;

/// The chance that values without a trend rise so clearly: the one-sided p value of Mann's test (Mann 1945,
/// Econometrica 13; Kendall's S = pairs that rise − pairs that fall). 1 for fewer than two values. Ties count as neither,
/// which makes the test a little too careful. Takes n² / 2 comparisons.
#[must_use]
pub fn rising_p_value(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 2 {
        return 1.0;
    }
    let (mut rising, mut falling) = (0_usize, 0_usize);
    for (i, a) in values.iter().enumerate() {
        for b in &values[i + 1..] {
            rising += usize::from(b > a);
            falling += usize::from(b < a);
        }
    }
    let s = rising as f64 - falling as f64;
    if n <= EXACT { exact_above(n, s) } else { normal_above((s - s.signum()) / deviation(n)) }
}

/// The standard deviation of S of so many values without ties.
fn deviation(n: usize) -> f64 {
    let n = n as f64;
    (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt()
}

/// P(S ≥ s) over all orders of `n` values. An order with `k` falling pairs has S = n(n − 1)/2 − 2k; adding the j-th
/// value makes 0 to j − 1 further falling pairs, each as likely.
fn exact_above(n: usize, s: f64) -> f64 {
    let mut chances = vec![1.0];
    for j in 2..=n {
        let mut next = vec![0.0; chances.len() + j - 1];
        for (k, chance) in chances.iter().enumerate() {
            next[k..k + j].iter_mut().for_each(|c| *c += chance / j as f64);
        }
        chances = next;
    }
    let most = (n * (n - 1) / 2) as f64;
    chances.iter().enumerate().filter(|(k, _)| most - 2.0 * *k as f64 >= s).map(|(_, chance)| chance).sum()
}

/// The median of the slopes between all pairs of points (Theil 1950, Sen 1968); `None` without two different x.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let pairs = points.iter().enumerate().flat_map(|(i, a)| points[i + 1..].iter().map(move |b| (a, b)));
    median(pairs.filter(|(a, b)| a.0 != b.0).map(|(a, b)| (b.1 - a.1) / (b.0 - a.0)).collect())
}

/// The standard deviation of the noise on a smooth curve: second differences `x₋₁ − 2x + x₊₁` have √6 times that (Gasser
/// et al. 1986, Biometrika 73), and of those the median, so that a steep beginning does not count as noise. 0 for fewer
/// than three values.
#[must_use]
pub fn noise(values: &[f64]) -> f64 {
    let second = values.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).collect();
    median(second).map_or(0.0, |m| 1.4826 * m / 6_f64.sqrt())
}

/// The middle value, or the mean of both; `None` without values.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let high = *values.get(n / 2)?;
    Some(if n.is_multiple_of(2) { (values[n / 2 - 1] + high) / 2.0 } else { high })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-4
    }

    #[test]
    fn chances_are_those_of_kendalls_table() {
        // Hollander & Wolfe 1999, table A.30: P(K ≥ 6) for n = 4, P(K ≥ 8) for n = 5, P(K ≥ 25) for n = 10.
        assert!(close(rising_p_value(&[1.0, 2.0, 3.0, 4.0]), 0.0417));
        assert!(close(rising_p_value(&[1.0, 2.0, 3.0, 5.0, 4.0]), 0.0417));
        assert!(close(exact_above(10, 25.0), 0.0143));
        assert!(close(rising_p_value(&[4.0, 3.0, 2.0, 1.0]), 1.0));
        assert!(close(rising_p_value(&[7.0]), 1.0) && close(rising_p_value(&[7.0, 7.0]), 0.5));
    }

    #[test]
    fn the_normal_distribution_takes_over_without_a_jump() {
        let exact = exact_above(20, 60.0);
        let normal = normal_above(59.0 / deviation(20));
        assert!((exact - normal).abs() < 2e-3, "{exact} {normal}");
    }

    #[test]
    fn one_outlier_moves_neither_slope_nor_noise() {
        let mut points: Vec<_> = (0..20).map(|i| (f64::from(i), 3.0 + 0.5 * f64::from(i))).collect();
        points[7].1 = 900.0;
        assert!(close(slope(&points).unwrap_or_default(), 0.5));
        assert!(close(noise(&points.iter().map(|p| p.1).collect::<Vec<_>>()), 0.0));
        assert_eq!(slope(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }

    #[test]
    fn noise_is_found_under_a_curve() {
        // +σ, −σ, −σ, +σ … has deviation σ around its curve.
        let wave = [0.1, -0.1, -0.1, 0.1];
        let values: Vec<_> = (0..80).map(|i| f64::from(i).sqrt() + wave[i as usize % 4]).collect();
        let found = noise(&values);
        assert!((0.05..0.2).contains(&found), "{found}");
    }
}
