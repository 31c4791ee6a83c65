//! One label from many: the majority, or what raters of different reliability imply (Dawid & Skene 1979, "Maximum likelihood
//! estimation of observer error-rates using the EM algorithm").

use super::Ratings;

/// A label and how sure it is, 0–1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Believed {
    pub value: f64,
    pub confidence: f64,
}

/// The most frequent rating of each item with its share; `None` for items without one and for ties.
#[must_use]
pub fn majority(ratings: &Ratings) -> Vec<Option<Believed>> {
    let values = ratings.values();
    let of_item = |item: usize| {
        let given: Vec<f64> = ratings.given(item).collect();
        let count = |value: f64| given.iter().filter(|g| **g == value).count();
        let most = values.iter().map(|v| count(*v)).max().filter(|most| *most > 0)?;
        let mut first = values.iter().filter(|v| count(**v) == most);
        let value = *first.next()?;
        first.next().is_none().then(|| Believed { value, confidence: most as f64 / given.len() as f64 })
    };
    (0..ratings.items()).map(of_item).collect()
}

/// What the ratings imply of items and raters.
#[derive(Clone, Debug, PartialEq)]
pub struct DawidSkene {
    /// The categories, lowest first.
    pub values: Vec<f64>,
    /// Of each item the probability of each category.
    pub items: Vec<Vec<f64>>,
    /// Of each rater, how likely an item of the one category (row) is rated as the other (column).
    pub raters: Vec<Vec<Vec<f64>>>,
    /// How frequent each category is.
    pub prior: Vec<f64>,
}

/// Rounds of estimation at most.
const ROUNDS: usize = 200;
/// Change of a probability that is none.
const STILL: f64 = 1e-6;
/// Ratings that each rater is thought to have given beforehand, of every kind, so that nothing is impossible.
const SMOOTHING: f64 = 0.01;

impl DawidSkene {
    /// Estimates by expectation–maximization, beginning with the shares of each item's ratings.
    #[must_use]
    pub fn of(ratings: &Ratings) -> Self {
        let values = ratings.values();
        let k = values.len();
        let place = |rating: f64| values.binary_search_by(|v| v.total_cmp(&rating)).ok();
        let mut items: Vec<Vec<f64>> = (0..ratings.items())
            .map(|item| {
                let mut shares = vec![0.0; k];
                ratings.given(item).filter_map(place).for_each(|p| shares[p] += 1.0);
                normalized(shares)
            })
            .collect();
        let mut raters = Vec::new();
        let mut prior = Vec::new();
        for _ in 0..ROUNDS {
            (raters, prior) = Self::maximize(ratings, &items, k, place);
            let next = Self::expect(ratings, &raters, &prior, k, place);
            let moved =
                items.iter().flatten().zip(next.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            items = next;
            if moved < STILL {
                break;
            }
        }
        Self { values, items, raters, prior }
    }

    /// Error rates and frequencies, given what the items are.
    fn maximize(
        ratings: &Ratings,
        items: &[Vec<f64>],
        k: usize,
        place: impl Fn(f64) -> Option<usize>,
    ) -> (Vec<Vec<Vec<f64>>>, Vec<f64>) {
        let mut raters = vec![vec![vec![SMOOTHING; k]; k]; ratings.raters()];
        let mut prior = vec![0.0; k];
        for (row, truth) in ratings.rows.iter().zip(items) {
            prior.iter_mut().zip(truth).for_each(|(sum, p)| *sum += p);
            for (rater, rating) in row.iter().enumerate() {
                let Some(said) = rating.and_then(&place) else { continue };
                for (category, p) in truth.iter().enumerate() {
                    raters[rater][category][said] += p;
                }
            }
        }
        for rater in &mut raters {
            for row in rater {
                *row = normalized(std::mem::take(row));
            }
        }
        (raters, normalized(prior))
    }

    /// What the items are, given error rates and frequencies. In logarithms, since many raters make small numbers.
    fn expect(
        ratings: &Ratings,
        raters: &[Vec<Vec<f64>>],
        prior: &[f64],
        k: usize,
        place: impl Fn(f64) -> Option<usize>,
    ) -> Vec<Vec<f64>> {
        let of_row = |row: &Vec<Option<f64>>| {
            let mut logs: Vec<f64> = prior.iter().map(|p| p.max(f64::MIN_POSITIVE).ln()).collect();
            for (rater, rating) in row.iter().enumerate() {
                let Some(said) = rating.and_then(&place) else { continue };
                for category in 0..k {
                    logs[category] += raters[rater][category][said].max(f64::MIN_POSITIVE).ln();
                }
            }
            let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            normalized(logs.into_iter().map(|l| (l - most).exp()).collect())
        };
        ratings.rows.iter().map(of_row).collect()
    }

    /// The likeliest category of each item.
    #[must_use]
    pub fn believed(&self) -> Vec<Option<Believed>> {
        let of_item = |probabilities: &Vec<f64>| {
            let (place, confidence) = probabilities.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
            Some(Believed { value: self.values[place], confidence })
        };
        self.items.iter().map(of_item).collect()
    }

    /// How likely a rater is right about an item, over the categories as frequent as they are.
    #[must_use]
    pub fn accuracy(&self, rater: usize) -> f64 {
        self.prior.iter().enumerate().map(|(category, p)| p * self.raters[rater][category][category]).sum()
    }
}

/// Shares of the sum; equal ones where there is none.
fn normalized(mut weights: Vec<f64>) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    let n = weights.len() as f64;
    weights.iter_mut().for_each(|w| *w = if sum > 0.0 { *w / sum } else { 1.0 / n });
    weights
}
