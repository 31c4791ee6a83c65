//! Fleiss' κ of many raters who need not be the same for every item (Fleiss 1971).

use super::{Ratings, corrected};

/// κ. Items with fewer than two ratings count for nothing; items with different numbers of ratings weigh by their pairs' mean, as
/// in Fleiss' formula with each item's own n. `None` where nothing was rated twice, and where all ratings are the same.
#[must_use]
pub fn fleiss(ratings: &Ratings) -> Option<f64> {
    let values = ratings.values();
    let mut totals = vec![0.0; values.len()];
    let (mut agreement, mut items, mut all) = (0.0, 0.0, 0.0);
    for item in 0..ratings.items() {
        let mut counts = vec![0.0_f64; values.len()];
        for rating in ratings.given(item) {
            if let Ok(place) = values.binary_search_by(|v| v.total_cmp(&rating)) {
                counts[place] += 1.0;
            }
        }
        let n: f64 = counts.iter().sum();
        if n < 2.0 {
            continue;
        }
        agreement += counts.iter().map(|c| c * (c - 1.0)).sum::<f64>() / (n * (n - 1.0));
        items += 1.0;
        all += n;
        totals.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
    }
    if items == 0.0 {
        return None;
    }
    let by_chance: f64 = totals.iter().map(|t| (t / all) * (t / all)).sum();
    corrected(1.0 - agreement / items, 1.0 - by_chance)
}
