//! How much raters agree: Cohen's κ, Fleiss' κ, Krippendorff's α with intervals, and the labels that many raters imply
//! (majority, Dawid–Skene); of spans F1 and Krippendorff's αᵤ, of sets α by their distance, of orders Kendall's W.
//!
//! Categories are numbers 0.. in an order that ordinal and interval distances use. A missing rating is `None`.

mod cohen;
mod consensus;
mod fleiss;
mod krippendorff;
mod ranking;
mod resample;
mod sets;
mod spans;
mod unitising;

pub use cohen::{Weights, cohen};
pub use consensus::{Believed, DawidSkene, majority};
pub use fleiss::fleiss;
pub use krippendorff::{Distance, krippendorff};
pub use ranking::{kendall_w, spearman};
pub use resample::{Interval, interval, interval_of};
pub use sets::{SetDistance, SetRatings};
pub use spans::Common;
pub use unitising::{Marked, alpha_u};

/// Ratings of items: one row an item, one column a rater.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ratings {
    rows: Vec<Vec<Option<f64>>>,
}

impl Ratings {
    /// Rows may be of different lengths; what is not there is missing.
    #[must_use]
    pub fn new(rows: Vec<Vec<Option<f64>>>) -> Self {
        Self { rows }
    }

    /// Ratings that are categories.
    #[must_use]
    pub fn of_categories(rows: impl IntoIterator<Item = Vec<Option<u32>>>) -> Self {
        Self::new(rows.into_iter().map(|row| row.into_iter().map(|c| c.map(f64::from)).collect()).collect())
    }

    #[must_use]
    pub fn items(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn raters(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// The ratings of an item that are there.
    fn given(&self, item: usize) -> impl Iterator<Item = f64> + '_ {
        self.rows[item].iter().filter_map(|r| *r)
    }

    /// Both raters' ratings of the items that both have rated.
    #[must_use]
    pub fn pair(&self, a: usize, b: usize) -> Vec<(f64, f64)> {
        let both = |row: &Vec<Option<f64>>| Some(((*row.get(a)?)?, (*row.get(b)?)?));
        self.rows.iter().filter_map(both).collect()
    }

    /// The values that occur, lowest first.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        let mut values: Vec<f64> = self.rows.iter().flatten().filter_map(|r| *r).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    }

    /// The same ratings with these items, in this order, as often as they are named.
    fn drawn(&self, items: &[usize]) -> Self {
        Self::new(items.iter().map(|i| self.rows[*i].clone()).collect())
    }
}

/// Agreement corrected for chance: 1 where observed disagreement is none, 0 where it is what chance gives. `None` where chance
/// alone gives full agreement, since then nothing was measured.
fn corrected(observed_disagreement: f64, expected_disagreement: f64) -> Option<f64> {
    (expected_disagreement > 0.0).then(|| 1.0 - observed_disagreement / expected_disagreement)
}

#[cfg(test)]
mod shapes_tests;
#[cfg(test)]
mod tests;
