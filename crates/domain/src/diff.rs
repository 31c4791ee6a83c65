//! How one dataset version differs from another: which samples were added, removed, changed or moved, and why.

use crate::{
    dataset::{SampleRow, Version, VersionStats},
    id::{BadCaseId, VersionId},
    page::Page,
    sample::{Speaker, Split},
    steps::Reason,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, str::FromStr};

/// Labels whose counts are compared: those that differ most.
pub const LABELS_COMPARED: usize = 100;

/// How a sample differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum DiffKind {
    /// Another text of a sample of the other version: both go back to one sample.
    #[default]
    Changed,
    Added,
    Removed,
    /// The same text in another split.
    Moved,
}

impl DiffKind {
    pub const ALL: [Self; 4] = [Self::Changed, Self::Added, Self::Removed, Self::Moved];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Moved => "moved",
        }
    }
}

/// A word that names no kind of difference.
#[derive(Debug, thiserror::Error)]
#[error("unknown kind {0:?}: expected changed, added, removed or moved")]
pub struct UnknownDiffKind(pub String);

impl FromStr for DiffKind {
    type Err = UnknownDiffKind;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == s).ok_or_else(|| UnknownDiffKind(s.to_owned()))
    }
}

/// How many samples differ, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffCounts {
    pub added: u64,
    pub removed: u64,
    pub changed: u64,
    pub moved: u64,
}

impl DiffCounts {
    #[must_use]
    pub fn of(&self, kind: DiffKind) -> u64 {
        match kind {
            DiffKind::Added => self.added,
            DiffKind::Removed => self.removed,
            DiffKind::Changed => self.changed,
            DiffKind::Moved => self.moved,
        }
    }

    /// Adds to one of them.
    pub fn add(&mut self, kind: DiffKind, n: u64) {
        *match kind {
            DiffKind::Added => &mut self.added,
            DiffKind::Removed => &mut self.removed,
            DiffKind::Changed => &mut self.changed,
            DiffKind::Moved => &mut self.moved,
        } += n;
    }

    #[must_use]
    pub fn total(&self) -> u64 {
        DiffKind::ALL.iter().map(|kind| self.of(*kind)).sum()
    }
}

/// What differs outside of the test split, and in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    #[serde(default)]
    pub open: DiffCounts,
    /// Of the test split in one of the versions.
    #[serde(default)]
    pub sealed: DiffCounts,
}

/// One of the two versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Side {
    pub version_id: VersionId,
    pub dataset_name: String,
    pub number: u32,
    pub samples: u64,
}

impl From<&Version> for Side {
    fn from(version: &Version) -> Self {
        Self {
            version_id: version.id,
            dataset_name: version.dataset_name.clone(),
            number: version.number,
            samples: version.stats.samples,
        }
    }
}

/// How often something occurs in either version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delta {
    /// A split's word, or a label.
    pub name: String,
    pub before: u64,
    pub after: u64,
}

impl Delta {
    /// What came to it; negative where it lost.
    #[must_use]
    pub fn change(&self) -> i64 {
        self.after.cast_signed() - self.before.cast_signed()
    }
}

/// The splits of two versions, in their order.
#[must_use]
pub fn split_deltas(before: &VersionStats, after: &VersionStats) -> Vec<Delta> {
    let delta = |split: Split| Delta {
        name: split.as_str().to_owned(),
        before: before.samples_of(split),
        after: after.samples_of(split),
    };
    Split::ALL.into_iter().map(delta).collect()
}

/// The labels whose number changed, largest change first, at most [`LABELS_COMPARED`].
#[must_use]
pub fn label_deltas(before: &VersionStats, after: &VersionStats) -> Vec<Delta> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (label, n) in &before.labels {
        counts.entry(label).or_default().0 = *n;
    }
    for (label, n) in &after.labels {
        counts.entry(label).or_default().1 = *n;
    }
    let delta = |(name, (before, after)): (&str, (u64, u64))| Delta { name: name.to_owned(), before, after };
    let mut deltas: Vec<Delta> = counts.into_iter().map(delta).filter(|d| d.change() != 0).collect();
    deltas.sort_by_key(|d| std::cmp::Reverse(d.change().unsigned_abs()));
    deltas.truncate(LABELS_COMPARED);
    deltas
}

/// What becomes of a stretch of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PieceKind {
    Same,
    Added,
    Removed,
}

/// A stretch of a text that both versions have, or one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Piece {
    pub kind: PieceKind,
    pub text: String,
}

/// One text of a sample before and after, word by word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TextDiff {
    /// Who speaks; absent for the rejected answer of a preference pair.
    pub role: Option<Speaker>,
    pub pieces: Vec<Piece>,
}

/// Why a sample differs, as far as it is on record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum DiffReason {
    /// A step of the data recipe that made this version.
    Step { version: u32, step: u16, kind: String, reason: Reason },
    /// Somebody corrected the answer in a bad case.
    Correction { bad_case: BadCaseId },
    /// It gave a validation or test sample away.
    Leak { version: u32 },
    /// The version was divided anew.
    Divided { version: u32 },
    /// An edit of many samples.
    Edited { version: u32 },
    /// Somebody asked for it to be forgotten.
    Forgotten { version: u32 },
    /// It came with a file that was added.
    Appended { version: u32, file: String, line: u64 },
}

/// A sample that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffRow {
    /// In the version compared with; absent for an added sample.
    pub before: Option<SampleRow>,
    /// In the version looked at; absent for a removed one.
    pub after: Option<SampleRow>,
    /// Its texts word by word.
    pub texts: Vec<TextDiff>,
    pub reasons: Vec<DiffReason>,
}

/// How a version differs from another one, with one page of the samples that do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionDiff {
    pub from: Side,
    pub to: Side,
    /// Without samples of the test split, unless they were asked for.
    pub counts: DiffCounts,
    /// Samples of the test split that differ and are not shown.
    pub sealed: u64,
    pub splits: Vec<Delta>,
    pub labels: Vec<Delta>,
    /// Which samples `rows` holds.
    pub kind: DiffKind,
    /// In the order of positions. At most the first 100,000 of a kind can be leafed through.
    pub rows: Page<DiffRow>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(train: u64, labels: &[(&str, u64)]) -> VersionStats {
        let labels = labels.iter().map(|(label, n)| ((*label).to_owned(), *n)).collect();
        VersionStats { samples: train, train, labels, ..VersionStats::default() }
    }

    #[test]
    fn the_largest_changes_come_first_and_what_stays_is_left_out() {
        let before = stats(10, &[("a", 5), ("b", 4), ("c", 1)]);
        let after = stats(12, &[("a", 5), ("b", 1), ("d", 6)]);
        let found: Vec<_> = label_deltas(&before, &after).into_iter().map(|d| (d.name.clone(), d.change())).collect();
        assert_eq!(found, [("d".to_owned(), 6), ("b".to_owned(), -3), ("c".to_owned(), -1)]);
        let splits = split_deltas(&before, &after);
        assert_eq!(splits.iter().map(Delta::change).collect::<Vec<_>>(), [2, 0, 0]);
    }

    #[test]
    fn kinds_read_back() {
        for kind in DiffKind::ALL {
            assert_eq!(kind.as_str().parse::<DiffKind>().ok(), Some(kind));
        }
        assert!("new".parse::<DiffKind>().is_err());
    }
}
