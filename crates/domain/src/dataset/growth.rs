//! Datasets that grow: a file added to the newest version, and several versions mixed into a new dataset.

use crate::id::VersionId;
use serde::{Deserialize, Serialize};

/// Most versions that are merged at once.
pub const MAX_SOURCES: usize = 20;

/// How a file is added to a dataset: the next version holds the newest one's samples, each in its old split, and the file's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Append {
    #[serde(default)]
    pub duplicates: Duplicates,
}

/// What happens to new samples whose content the dataset has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    #[default]
    LeaveOut,
    /// In the split of the sample that they repeat.
    Keep,
}

/// What adding a file did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Appended {
    pub duplicates: Duplicates,
    /// Samples of the parent version.
    pub kept: u64,
    /// Samples of the parent's test split, which are all still there and nowhere else.
    pub kept_test: u64,
    /// New samples of the file.
    pub added: u64,
    /// Samples of the file whose content the parent has.
    pub repeated: u64,
}

/// Several versions to be mixed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Of the new dataset.
    pub name: String,
    pub sources: Vec<MergeSource>,
    #[serde(default)]
    pub sizing: Sizing,
    /// Decides which samples are taken.
    #[serde(default)]
    pub seed: u64,
}

/// One version and its share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MergeSource {
    pub version_id: VersionId,
    /// Relative weight of its training samples; not looked at with [`Sizing::All`].
    #[serde(default = "one")]
    pub weight: f64,
}

fn one() -> f64 {
    1.0
}

/// How many training samples a merge takes. Validation and test samples are always taken once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sizing {
    /// Every sample once, whatever the weights.
    #[default]
    All,
    /// By weight, as many as there are without taking one twice.
    Down,
    /// By weight, until every sample is taken; those of the scarcer sources are repeated.
    Up,
}

/// What a merge took of one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergedSource {
    pub version_id: VersionId,
    pub dataset_name: String,
    pub number: u32,
    pub weight: f64,
    /// Different training samples that could be taken.
    pub available: u64,
    /// Training samples taken, repetitions included.
    pub taken: u64,
    /// Validation and test samples taken.
    pub held_out: u64,
}

impl Merge {
    /// Whether the choices make sense on their own.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let mut versions: Vec<_> = self.sources.iter().map(|s| s.version_id.0).collect();
        versions.sort_unstable();
        versions.dedup();
        (2..=MAX_SOURCES).contains(&self.sources.len())
            && versions.len() == self.sources.len()
            && self.sources.iter().all(|s| s.weight.is_finite() && s.weight > 0.0)
    }
}

/// Largest factor by which [`Sizing::Up`] repeats the samples of a source.
const MAX_REPEATS: f64 = 100.0;

impl Sizing {
    /// Training samples to take of each source, from what each has and its weight.
    #[must_use]
    pub fn shares(self, available: &[u64], weights: &[f64]) -> Vec<u64> {
        if self == Self::All {
            return available.to_vec();
        }
        // The number of samples for which this source is just used up.
        let whole = available.iter().zip(weights).filter(|(n, _)| **n > 0).map(|(n, w)| *n as f64 / w);
        let size = match self {
            Self::Up => whole.fold(0.0, f64::max),
            _ => whole.fold(f64::INFINITY, f64::min),
        };
        let share = |(n, w): (&u64, &f64)| {
            // Rounded, but never to nothing: a source that was named is in.
            if *n == 0 { 0 } else { ((size * w).round().max(1.0)).min(*n as f64 * MAX_REPEATS) as u64 }
        };
        available.iter().zip(weights).map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_the_weights() {
        let available = [1000, 100, 10];
        assert_eq!(Sizing::All.shares(&available, &[1.0, 5.0, 1.0]), [1000, 100, 10]);
        assert_eq!(Sizing::Down.shares(&available, &[2.0, 1.0, 1.0]), [20, 10, 10]);
        assert_eq!(Sizing::Up.shares(&available, &[2.0, 1.0, 1.0]), [1000, 500, 500]);
        assert_eq!(Sizing::Down.shares(&[0, 8], &[1.0, 1.0]), [0, 8], "an empty source does not empty the others");
        assert_eq!(Sizing::Up.shares(&[100_000, 1], &[1.0, 1.0])[1], 100, "repeated a hundred times at most");
    }
}
