//! What a run learnt of its training samples.

use crate::dataset::SampleRow;
use serde::{Deserialize, Serialize};

/// What the losses of a run say of its training data, as the trainer writes it. Samples are told by their place in
/// the training split, from 0.
///
/// Toneva et al. 2018 (arXiv:1812.05159): *forgotten* was learnt in one epoch and not in the next; *never learnt* in
/// none. Learnt is a mean loss of the answer's tokens below ln 2; of a preference pair, a reward margin above 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Learning<S = u32> {
    /// Number of samples trained on at least once.
    pub seen: u32,
    /// Number of samples that were not learnt in any epoch.
    pub never_learnt: u32,
    /// The first hundred of those, highest last loss first.
    pub never_learnt_samples: Vec<S>,
    /// Number of samples that were learnt in one epoch and not in the next.
    pub forgotten: u32,
    /// The first hundred of those, most often forgotten first.
    pub forgotten_samples: Vec<S>,
}

impl Learning {
    /// That of a run's result; `None` if the run has none yet, or was trained before there was one.
    #[must_use]
    pub fn of_result(result: &serde_json::Value) -> Option<Self> {
        Self::deserialize(result.get("learning")?).ok()
    }

    /// The same with something else in the place of each sample; what there is nothing for is left out.
    #[must_use]
    pub fn map<S>(self, of: impl Fn(u32) -> Option<S>) -> Learning<S> {
        let all = |samples: Vec<u32>| samples.into_iter().filter_map(&of).collect();
        Learning {
            seen: self.seen,
            never_learnt: self.never_learnt,
            never_learnt_samples: all(self.never_learnt_samples),
            forgotten: self.forgotten,
            forgotten_samples: all(self.forgotten_samples),
        }
    }
}

/// With the samples themselves.
pub type LearntSamples = Learning<SampleRow>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_without_it_has_none() {
        assert_eq!(Learning::of_result(&serde_json::json!({"steps": 3})), None);
        let learning = Learning { seen: 4, never_learnt: 1, never_learnt_samples: vec![2], ..Learning::default() };
        let result = serde_json::json!({ "steps": 3, "learning": learning });
        assert_eq!(Learning::of_result(&result), Some(learning));
    }
}
