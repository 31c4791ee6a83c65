//! The normal, Student's t and the binomial distribution, to about 12 digits.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Terms after which a series or continued fraction is taken as it is.
const MOST_TERMS: usize = 500;
/// Change below which it has converged.
const PRECISION: f64 = 1e-16;

/// P(Z > z) of the standard normal distribution.
#[must_use]
pub fn normal_above(z: f64) -> f64 {
    0.5 * erfc(z * FRAC_1_SQRT_2)
}

/// P(|Z| > |z|) of the standard normal distribution.
#[must_use]
pub fn normal_two_sided(z: f64) -> f64 {
    erfc(z.abs() * FRAC_1_SQRT_2)
}

/// The z with P(Z < z) = p, for p in (0, 1).
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    quantile(p, 40.0, normal_above)
}

/// The t with P(T < t) = p for Student's distribution, for p in (0, 1).
#[must_use]
pub fn t_quantile(p: f64, degrees: f64) -> f64 {
    quantile(p, 1e9, |t| t_above(t, degrees))
}

/// P(T > t) of Student's distribution.
#[must_use]
pub fn t_above(t: f64, degrees: f64) -> f64 {
    let tail = 0.5 * incomplete_beta(degrees / (degrees + t * t), degrees / 2.0, 0.5);
    if t >= 0.0 { tail } else { 1.0 - tail }
}

/// P(X ≤ k) of the binomial distribution of n throws with chance 1/2.
#[must_use]
pub fn fair_binomial_up_to(k: u64, n: u64) -> f64 {
    if k >= n {
        return 1.0;
    }
    // P(X ≤ k) = I_{1/2}(n − k, k + 1).
    incomplete_beta(0.5, (n - k) as f64, (k + 1) as f64)
}

/// Bisects the upper tail of a distribution that is symmetric about 0 and in effect lies within ±`limit`.
fn quantile(p: f64, limit: f64, above: impl Fn(f64) -> f64) -> f64 {
    let tail = p.min(1.0 - p);
    let (mut low, mut high) = (0.0, limit);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if above(middle) > tail { low = middle } else { high = middle }
    }
    let distance = if tail < 0.5 { 0.5 * (low + high) } else { 0.0 };
    if p < 0.5 { -distance } else { distance }
}

/// The complementary error function: a series for small arguments, a continued fraction for large ones (Abramowitz &
/// Stegun, Handbook of Mathematical Functions, 7.1.6 and 7.1.14).
fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x < 2.5 {
        let (mut term, mut sum) = (x, x);
        for n in 1..MOST_TERMS {
            term *= 2.0 * x * x / (2 * n + 1) as f64;
            sum += term;
            if term < PRECISION * sum {
                break;
            }
        }
        return 1.0 - 2.0 / PI.sqrt() * (-x * x).exp() * sum;
    }
    if x > 30.0 {
        return 0.0;
    }
    let mut fraction = 0.0;
    for n in (1..200).rev() {
        fraction = n as f64 / 2.0 / (x + fraction);
    }
    (-x * x).exp() / (PI.sqrt() * (x + fraction))
}

/// ln Γ(x) for x > 0 (Lanczos, A Precision Approximation of the Gamma Function, 1964; coefficients for g = 7).
fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let series: f64 = COEFFICIENTS.iter().enumerate().map(|(i, c)| c / (x + i as f64 + 1.0)).sum();
    let t = x + 7.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * t.ln() - t + (0.999_999_999_999_809_9 + series).ln()
}

/// The regularised incomplete beta function, by Lentz's continued fraction (Press et al., Numerical Recipes, section 6.4).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    // The fraction converges fast below the mean; above it the mirrored one does.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut product = d;
    for m in 1..MOST_TERMS * 20 {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + term * d);
            c = away_from_zero(1.0 + term / c);
            change = c * d;
            product *= change;
        }
        if (change - 1.0).abs() < PRECISION {
            break;
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(actual: f64, expected: f64) {
        assert!((actual / expected - 1.0).abs() < 1e-10, "{actual} is not {expected}");
    }

    /// SciPy 1.17.
    #[test]
    fn equals_scipy() {
        near(normal_above(0.1), 0.460172162722971);
        near(normal_above(1.0), 0.15865525393145707);
        near(normal_above(1.96), 0.024997895148220435);
        near(normal_above(3.6), 0.00015910859015753364);
        near(normal_above(8.0), 6.22096057427174e-16);
        near(normal_above(-1.5), 0.9331927987311419);
        near(normal_quantile(0.975), 1.959963984540054);
        near(normal_quantile(0.8), 0.8416212335729143);
        near(normal_quantile(1e-06), -4.753424308822899);
        near(normal_quantile(0.2), -0.8416212335729142);
        near(t_above(2.0, 3.0), 0.06966298427942152);
        near(t_above(-1.0, 7.5), 0.8257619871846243);
        near(t_above(12.0, 1.0), 0.026464676059589878);
        near(t_quantile(0.975, 2.0), 4.302652729749462);
        near(t_quantile(0.975, 1.0), 12.706204736174694);
        near(t_quantile(0.025, 30.0), -2.042272456301238);
        near(fair_binomial_up_to(3, 10), 0.171875);
        near(fair_binomial_up_to(0, 20), 9.5367431640625e-07);
        near(fair_binomial_up_to(480, 1000), 0.10872414660207075);
        near(fair_binomial_up_to(7, 9), 0.98046875);
        assert_eq!((fair_binomial_up_to(3, 3), normal_quantile(0.5)), (1.0, 0.0));
    }
}
