//! More judgements for the items of a task that people work on already.

use super::distribution::{Distribution, DistributionProblem};
use serde::{Deserialize, Serialize};

/// Judgements that an item may be made to want, and the share of items.
const OVERLAP: (u32, u32) = (2, 100);
const SHARE: (f64, f64) = (0.001, 1.0);

/// How many people are to judge an item from now on. Never fewer than before: judgements that are there would count no more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MoreOverlap {
    /// The revision of the task that whoever asks has seen.
    pub revision: i32,
    /// Judgements that an item wants, of as many people (2 to 100): more than before, or as many of a larger share.
    pub overlap: u32,
    /// Share of the items that want so many (above 0, to 1), drawn by the task's seed; those first that were drawn before. The
    /// others want what they wanted.
    #[serde(default = "all")]
    pub overlap_share: f64,
    /// Whether items on which somebody has decided are opened too. What was decided is void then.
    #[serde(default)]
    pub reopen: bool,
}

fn all() -> f64 {
    1.0
}

impl MoreOverlap {
    /// All values that are out of range.
    #[must_use]
    pub fn problems(&self) -> Vec<DistributionProblem> {
        let problem = |field: &str, min: String, max: String| DistributionProblem { field: field.to_owned(), min, max };
        let overlap = (!(OVERLAP.0..=OVERLAP.1).contains(&self.overlap))
            .then(|| problem("overlap", OVERLAP.0.to_string(), OVERLAP.1.to_string()));
        let share = (!(SHARE.0..=SHARE.1).contains(&self.overlap_share))
            .then(|| problem("overlap_share", SHARE.0.to_string(), SHARE.1.to_string()));
        overlap.into_iter().chain(share).collect()
    }

    /// Whether no more can be asked for than now.
    #[must_use]
    pub fn is_all(now: &Distribution) -> bool {
        now.overlap >= OVERLAP.1 && now.overlap_share >= SHARE.1
    }

    /// What the task is shared out by from then on; `None` where that is not more than now.
    #[must_use]
    pub fn applied(&self, now: &Distribution) -> Option<Distribution> {
        let is_more = self.overlap > now.overlap
            || (self.overlap == now.overlap && self.overlap_share > now.overlap_share && now.overlap > 1);
        is_more.then(|| Distribution { overlap: self.overlap, overlap_share: self.overlap_share, ..now.clone() })
    }
}

/// What became of the items of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverlapRaised {
    /// Items that want more judgements now, gold items left out.
    pub items: u64,
    /// Of those, items that had all that they wanted and are open again.
    pub reopened: u64,
    /// Items that would want more and stay as they are, since somebody has decided on them.
    pub settled: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn more(overlap: u32, overlap_share: f64) -> MoreOverlap {
        MoreOverlap { revision: 0, overlap, overlap_share, reopen: false }
    }

    #[test]
    fn only_more_is_more() {
        let now = Distribution { overlap: 2, overlap_share: 0.5, ..Distribution::default() };
        let applied = more(3, 0.2).applied(&now).map(|d| (d.overlap, d.overlap_share, d.seed));
        assert_eq!(applied, Some((3, 0.2, now.seed)));
        assert!(more(2, 0.6).applied(&now).is_some(), "of a larger share");
        assert_eq!([more(2, 0.5), more(2, 0.1), more(1, 1.0)].map(|m| m.applied(&now)), [None, None, None]);
        assert!(more(2, 0.1).applied(&Distribution::default()).is_some(), "one of each item was wanted before");
        let of = |overlap, overlap_share| Distribution { overlap, overlap_share, ..Distribution::default() };
        assert!(MoreOverlap::is_all(&of(100, 1.0)) && more(100, 1.0).applied(&of(100, 1.0)).is_none());
        assert!(!MoreOverlap::is_all(&of(100, 0.5)) && !MoreOverlap::is_all(&of(99, 1.0)));
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        assert_eq!(more(2, 1.0).problems(), []);
        let fields = |m: MoreOverlap| m.problems().into_iter().map(|p| p.field).collect::<Vec<_>>();
        assert_eq!(fields(more(101, 0.0)), ["overlap", "overlap_share"]);
        assert_eq!(fields(more(1, f64::NAN)), ["overlap", "overlap_share"]);
    }
}
