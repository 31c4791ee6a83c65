//! How the items of a task are shared out among people, and what is reviewed.

use super::{batch::BatchOpening, words};
use serde::{Deserialize, Serialize};

/// How the items of a task are shared out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Distribution {
    /// Judgements that an item wants, of as many people.
    pub overlap: u32,
    /// Share of the items that want so many (0 to 1); the others want one, or what they wanted before it was raised.
    pub overlap_share: f64,
    pub order: Order,
    /// Seed of whatever is drawn: the order, which items overlap, where gold items stand.
    pub seed: u64,
    /// Whether an annotator does not see what a model answered or predicted.
    pub hide_model: bool,
    /// Minutes after which an item that is held without anything being sent goes to somebody else.
    pub lock_minutes: u32,
    /// Of the items that a person gets, how many are gold items: their answer is known (0 to 0.5).
    pub gold_share: f64,
    /// Gold items that a person must judge before other items.
    pub qualification_items: u32,
    /// Share of those that must be right.
    pub qualification_pass: f64,
    pub review: Review,
    /// Items of a batch; 0: the task is not cut into batches. Of a task that would have more than 200 batches each has more items.
    pub batch_size: u32,
    pub batch_opening: BatchOpening,
    /// Of the judged items, how many a reviewer sees where `review` is `share` (0 to 1).
    pub review_share: f64,
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            overlap: 1,
            overlap_share: 1.0,
            order: Order::Given,
            seed: 42,
            hide_model: false,
            lock_minutes: 30,
            gold_share: 0.0,
            qualification_items: 0,
            qualification_pass: 0.8,
            batch_size: 0,
            batch_opening: BatchOpening::InOrder,
            review: Review::Disagreement,
            review_share: 0.1,
        }
    }
}

words! {
    /// In which order people are given items.
    Order {
        /// As they stand in the version or evaluation.
        Given = "given",
        Random = "random",
        /// Those first that a model finds hardest (mean −log p of the answer), from a scoring of the version.
        Loss = "loss",
        /// Those first of whose answer a model is least sure: the least `label_probability` of predictions, or where they have none,
        /// the mean −log p of what was expected.
        Uncertainty = "uncertainty",
        /// Those first that models answered differently.
        Disagreement = "disagreement",
        /// Those first that a model got wrong.
        Errors = "errors",
    }
}

words! {
    /// Which judged items a reviewer sees.
    Review {
        Nothing = "nothing",
        /// A drawn share, and all on which people differ.
        Share = "share",
        /// Those on which people differ.
        Disagreement = "disagreement",
        All = "all",
    }
}

/// What of a distribution is outside of its range: the field's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{field} must be between {min} and {max}")]
pub struct DistributionProblem {
    pub field: String,
    pub min: String,
    pub max: String,
}

impl Distribution {
    /// All values that are out of range.
    #[must_use]
    pub fn problems(&self) -> Vec<DistributionProblem> {
        let checks = [
            ("overlap", f64::from(self.overlap), 1.0, 100.0),
            ("overlap_share", self.overlap_share, 0.0, 1.0),
            ("lock_minutes", f64::from(self.lock_minutes), 1.0, 1440.0),
            ("gold_share", self.gold_share, 0.0, 0.5),
            ("qualification_items", f64::from(self.qualification_items), 0.0, 1000.0),
            ("qualification_pass", self.qualification_pass, 0.0, 1.0),
            ("batch_size", f64::from(self.batch_size), 0.0, 10_000_000.0),
            ("review_share", self.review_share, 0.0, 1.0),
        ];
        let outside = checks.into_iter().filter(|(_, value, min, max)| !(*min..=*max).contains(value));
        outside
            .map(|(field, _, min, max)| DistributionProblem {
                field: field.to_owned(),
                min: min.to_string(),
                max: max.to_string(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_named() {
        assert_eq!(Distribution::default().problems(), []);
        let bad = Distribution { overlap: 0, gold_share: f64::NAN, ..Distribution::default() };
        let fields: Vec<String> = bad.problems().into_iter().map(|p| p.field).collect();
        assert_eq!(fields, ["overlap", "gold_share"]);
    }
}
