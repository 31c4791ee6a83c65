//! How alike the splits of a version are: counts per category with a test of independence, and lengths with the
//! distance of their distributions. What differs by chance alone is not flagged.

use crate::sample::Split;
use serde::{Deserialize, Serialize};

/// How a version's samples are distributed over its splits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SplitReport {
    /// Samples by split, in the order train, validation, test.
    pub samples: [u64; 3],
    /// `None` for data without labels.
    pub labels: Option<Table>,
    pub languages: Table,
    /// Validation and test against train; splits without samples are left out.
    pub lengths: Vec<LengthDifference>,
}

/// Counts of categories by split.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Table {
    /// Most frequent first; at most [`Table::MAX`], the others together in the last one with an empty name.
    pub categories: Vec<Category>,
    /// `None` where fewer than two categories or splits have samples.
    pub association: Option<Association>,
}

impl Table {
    /// Categories that are listed one by one.
    pub const MAX: usize = 100;

    /// From counts by name, in any order.
    #[must_use]
    pub fn new(mut categories: Vec<Category>) -> Self {
        categories.sort_by(|a, b| b.total().cmp(&a.total()).then_with(|| a.name.cmp(&b.name)));
        if categories.len() > Self::MAX {
            let mut rest = Category { name: String::new(), counts: [0; 3] };
            for category in categories.drain(Self::MAX..) {
                for (sum, n) in rest.counts.iter_mut().zip(category.counts) {
                    *sum += n;
                }
            }
            categories.push(rest);
        }
        let association = chi_square(&categories.iter().map(|c| c.counts).collect::<Vec<_>>());
        Self { categories, association }
    }
}

/// How often something occurs in each split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Category {
    pub name: String,
    /// In the order train, validation, test.
    pub counts: [u64; 3],
}

impl Category {
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Share of the split's samples that are of this category.
    #[must_use]
    pub fn share(&self, split: Split, samples: &[u64; 3]) -> f64 {
        let n = samples[split as usize];
        if n == 0 { 0.0 } else { self.counts[split as usize] as f64 / n as f64 }
    }
}

/// Whether the categories depend on the split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Association {
    /// Pearson's χ² = Σ (observed − expected)² / expected.
    pub chi_square: f64,
    pub degrees_of_freedom: u32,
    /// Probability of a χ² as large as this if the splits were drawn from one distribution.
    pub p_value: f64,
    /// Cramér's V = √(χ² / (n · (min(rows, columns) − 1))): 0 independent, 1 determined; it does not grow with n.
    pub cramers_v: f64,
}

impl Association {
    /// Too unlikely to be chance, and large enough to matter (Cohen's "small" effect is 0.1).
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        self.p_value < 0.01 && self.cramers_v >= 0.1
    }
}

/// How the lengths of a held-out split differ from those of training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LengthDifference {
    pub split: Split,
    /// Median length in characters of the split.
    pub median: u64,
    pub train_median: u64,
    /// Kolmogorov–Smirnov statistic: the largest distance of the two cumulative distributions, 0–1.
    pub distance: f64,
    /// Its asymptotic p value (Smirnov 1948).
    pub p_value: f64,
}

impl LengthDifference {
    /// Compares lengths in characters; `None` when one side is empty. Sorts both.
    #[must_use]
    pub fn of(split: Split, train: &mut [u32], held_out: &mut [u32]) -> Option<Self> {
        if train.is_empty() || held_out.is_empty() {
            return None;
        }
        train.sort_unstable();
        held_out.sort_unstable();
        let distance = ks_distance(train, held_out);
        let (n, m) = (train.len() as f64, held_out.len() as f64);
        let root = (n * m / (n + m)).sqrt();
        let median = |sorted: &[u32]| u64::from(sorted[sorted.len() / 2]);
        Some(Self {
            split,
            median: median(held_out),
            train_median: median(train),
            distance,
            p_value: ks_survival((root + 0.12 + 0.11 / root) * distance),
        })
    }

    /// Too unlikely to be chance, and large enough to matter.
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        self.p_value < 0.01 && self.distance >= 0.1
    }
}

/// Largest distance between the empirical distributions of two sorted samples.
fn ks_distance(a: &[u32], b: &[u32]) -> f64 {
    let (mut i, mut j, mut largest) = (0, 0, 0.0f64);
    while i < a.len() && j < b.len() {
        let x = a[i].min(b[j]);
        i += a[i..].iter().take_while(|y| **y == x).count();
        j += b[j..].iter().take_while(|y| **y == x).count();
        largest = largest.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    largest
}

/// Q(λ) = 2 Σ (−1)^(k−1) exp(−2 k² λ²), the survival function of Kolmogorov's distribution.
fn ks_survival(lambda: f64) -> f64 {
    if lambda < 0.2 {
        return 1.0;
    }
    let term = |k: i32| f64::from(if k % 2 == 1 { 2 } else { -2 }) * (-2.0 * f64::from(k * k) * lambda * lambda).exp();
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

/// Pearson's test of independence on counts by category and split. `None` when fewer than two rows or columns have
/// any.
#[must_use]
pub fn chi_square(counts: &[[u64; 3]]) -> Option<Association> {
    let columns: Vec<usize> = (0..3).filter(|c| counts.iter().any(|row| row[*c] > 0)).collect();
    let rows: Vec<&[u64; 3]> = counts.iter().filter(|row| row.iter().sum::<u64>() > 0).collect();
    if rows.len() < 2 || columns.len() < 2 {
        return None;
    }
    let total: f64 = rows.iter().map(|row| row.iter().sum::<u64>() as f64).sum();
    let column_sums: Vec<f64> = columns.iter().map(|c| rows.iter().map(|row| row[*c] as f64).sum()).collect();
    let mut chi_square = 0.0;
    for row in &rows {
        let row_sum: f64 = row.iter().sum::<u64>() as f64;
        for (column, sum) in columns.iter().zip(&column_sums) {
            let expected = row_sum * sum / total;
            chi_square += (row[*column] as f64 - expected).powi(2) / expected;
        }
    }
    let degrees_of_freedom = ((rows.len() - 1) * (columns.len() - 1)) as u32;
    let smaller = (rows.len().min(columns.len()) - 1) as f64;
    Some(Association {
        chi_square,
        degrees_of_freedom,
        p_value: gamma_survival(f64::from(degrees_of_freedom) / 2.0, chi_square / 2.0),
        cramers_v: (chi_square / (total * smaller)).sqrt(),
    })
}

/// Q(a, x), the regularised upper incomplete gamma function: by its series below a + 1, else by Legendre's continued
/// fraction (Abramowitz & Stegun 6.5.29, 6.5.31; evaluated after Lentz 1976).
fn gamma_survival(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for n in 1..10_000 {
            term *= x / (a + f64::from(n));
            sum += term;
            if term < sum * 1e-15 {
                break;
            }
        }
        return (1.0 - scale * sum).clamp(0.0, 1.0);
    }
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut h = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        let nonzero = |v: f64| if v.abs() < TINY { TINY } else { v };
        d = 1.0 / nonzero(an * d + b);
        c = nonzero(b + an / c);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (scale * h).clamp(0.0, 1.0)
}

/// ln Γ(x) for x > 0 by Stirling's series after shifting x above 8 (Abramowitz & Stegun 6.1.41).
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 8.0 {
        shift += x.ln();
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures of `scipy.stats.chi2_contingency(…, correction=False)` and `scipy.stats.chi2.sf`.
    #[test]
    fn the_test_of_independence_equals_scipy() {
        let found = chi_square(&[[10, 20, 30], [20, 20, 20]]).expect("two by three");
        assert!((found.chi_square - 5.333_333_333_333_334).abs() < 1e-12, "{found:?}");
        assert_eq!(found.degrees_of_freedom, 2);
        assert!((found.p_value - 0.069_483_451_222_8).abs() < 1e-9, "{found:?}");
        assert!((gamma_survival(0.5, 3.841_458_820_694_124 / 2.0) - 0.05).abs() < 1e-12);
        assert!((gamma_survival(50.0, 124.342_113_406_400_9 / 2.0) - 0.05).abs() < 1e-9);
        assert!(gamma_survival(1.0, 400.0) < 1e-100);
    }

    #[test]
    fn an_empty_split_or_a_single_category_proves_nothing() {
        assert_eq!(chi_square(&[[5, 5, 0]]), None);
        assert_eq!(chi_square(&[[5, 0, 0], [3, 0, 0]]), None);
        let even = chi_square(&[[50, 10, 0], [50, 10, 0]]).expect("two by two");
        assert!(even.chi_square < 1e-12 && even.p_value > 0.999 && !even.is_suspicious());
        let apart = chi_square(&[[50, 0, 0], [0, 50, 0]]).expect("two by two");
        assert!((apart.cramers_v - 1.0).abs() < 1e-12 && apart.is_suspicious());
    }

    #[test]
    fn lengths_that_differ_are_told_from_chance() {
        let mut a: Vec<u32> = (0..1000).collect();
        let mut b: Vec<u32> = (0..1000).step_by(7).collect();
        let same = LengthDifference::of(Split::Test, &mut a, &mut b).expect("both there");
        assert!(same.distance < 0.01 && same.p_value > 0.9 && !same.is_suspicious(), "{same:?}");
        let mut longer: Vec<u32> = (300..1000).collect();
        let other = LengthDifference::of(Split::Test, &mut a, &mut longer).expect("both there");
        assert!((other.distance - 0.3).abs() < 1e-9 && other.is_suspicious(), "{other:?}");
        assert_eq!(LengthDifference::of(Split::Test, &mut a, &mut []), None);
    }

    #[test]
    fn rare_categories_are_put_together() {
        let many = (0..150).map(|i| Category { name: format!("{i:03}"), counts: [i, 1, 0] }).collect();
        let table = Table::new(many);
        assert_eq!(table.categories.len(), Table::MAX + 1);
        assert_eq!(table.categories[0].name, "149");
        assert_eq!(table.categories[Table::MAX], Category { name: String::new(), counts: [(0..50).sum(), 50, 0] });
    }
}
