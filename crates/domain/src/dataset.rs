//! Datasets: accepted formats, the mapping from a file's fields to a sample, and statistics.

mod bad_line;
mod growth;
mod mapping;
mod source;

pub use bad_line::{JsonKind, LineError, LineProblem, LineUnit};
pub use growth::{Append, Appended, Duplicates, MAX_SOURCES, Merge, MergeSource, MergedSource, Sizing};
pub use mapping::{Mapping, TurnWords};
pub use source::{Archive, Compression, FileInside, FileLeftOut, FileSyntax, Packing};

use crate::{
    edit::{EditAction, Selection},
    id::{BadCaseId, DatasetId, ModelId, SampleId, TaskId, VersionId},
    sample::{Sample, Split},
    split::{LeakCheck, SplitRule},
    steps::{DataRecipe, StepsReport},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// What to do with lines that cannot be read or mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum BadLines {
    /// Make no version; report every bad line.
    #[default]
    Stop,
    /// Leave them out; keep the report.
    Skip,
}

/// How samples are divided. Shares are relative weights; a split with share 0 is empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SplitPlan {
    pub seed: u64,
    pub train: f64,
    pub validation: f64,
    pub test: f64,
}

impl Default for SplitPlan {
    fn default() -> Self {
        Self { seed: 42, train: 0.8, validation: 0.1, test: 0.1 }
    }
}

impl SplitPlan {
    /// Which split a sample belongs to: decided by the hash of its content and the seed alone,
    /// so that exact duplicates share a split and growing data keeps old assignments.
    #[must_use]
    pub fn assign(&self, content_hash: &[u8; 32]) -> crate::sample::Split {
        let mut x = self.seed ^ 0x9e37_79b9_7f4a_7c15;
        for chunk in content_hash.chunks_exact(8) {
            let mut word = [0u8; 8];
            word.copy_from_slice(chunk);
            x = splitmix64(x ^ u64::from_le_bytes(word));
        }
        let total = self.train + self.validation + self.test;
        let u = (x >> 11) as f64 / (1u64 << 53) as f64 * total;
        if u < self.train {
            crate::sample::Split::Train
        } else if u < self.train + self.validation {
            crate::sample::Split::Validation
        } else {
            crate::sample::Split::Test
        }
    }

    /// Whether shares are usable: none negative, the training share above 0.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let all = [self.train, self.validation, self.test];
        all.iter().all(|x| x.is_finite() && *x >= 0.0) && self.train > 0.0
    }
}

/// One step of SplitMix64 (Steele, Lea & Flood 2014), a bijective mixer.
pub(crate) fn splitmix64(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What a version looks like in numbers. Lengths are in characters until a base model is
/// chosen, whose tokenizer then gives `tokens`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionStats {
    pub samples: u64,
    pub train: u64,
    pub validation: u64,
    pub test: u64,
    /// Lines left out because they could not be read.
    pub skipped_lines: u64,
    /// Samples whose content appeared before in the same version.
    pub exact_duplicates: u64,
    pub characters: u64,
    /// Samples that are preference pairs.
    #[serde(default)]
    pub pairs: u64,
    /// The same by split; absent in statistics older than this count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs_by_split: Option<SplitCounts>,
    /// Label → number of samples, largest first; empty for unlabelled data. At most 1000 are listed.
    #[serde(default)]
    pub labels: Vec<(String, u64)>,
    /// Different labels, the unlisted ones included. 0 in statistics older than this count.
    #[serde(default)]
    pub different_labels: u64,
    /// Histogram of sample length in characters.
    #[serde(default)]
    pub length_histogram: Histogram,
    /// Token statistics by model id, filled in when a tokenizer was run over the version.
    #[serde(default)]
    pub tokens: BTreeMap<String, TokenStats>,
}

impl VersionStats {
    /// Samples of a split.
    #[must_use]
    pub fn samples_of(&self, split: Split) -> u64 {
        SplitCounts { train: self.train, validation: self.validation, test: self.test }.of(split)
    }

    /// Preference pairs of a split; where that was not counted, its share of all.
    #[must_use]
    pub fn pairs_of(&self, split: Split) -> u64 {
        let share = || self.pairs as f64 * self.samples_of(split) as f64 / self.samples.max(1) as f64;
        self.pairs_by_split.map_or_else(|| share().round() as u64, |counts| counts.of(split))
    }

    /// Mean length of a sample in the model's tokens, if they were counted.
    #[must_use]
    pub fn mean_tokens(&self, model: ModelId) -> Option<f64> {
        self.tokens.get(&model.to_string()).map(|t| t.mean)
    }
}

/// A count for each split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SplitCounts {
    pub train: u64,
    pub validation: u64,
    pub test: u64,
}

impl SplitCounts {
    #[must_use]
    pub fn of(&self, split: Split) -> u64 {
        match split {
            Split::Train => self.train,
            Split::Validation => self.validation,
            Split::Test => self.test,
        }
    }

    /// Counts one more.
    pub fn add(&mut self, split: Split) {
        *match split {
            Split::Train => &mut self.train,
            Split::Validation => &mut self.validation,
            Split::Test => &mut self.test,
        } += 1;
    }
}

/// Counts per bucket; bucket `i` covers `edges[i] <= x < edges[i + 1]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Histogram {
    pub edges: Vec<f64>,
    pub counts: Vec<u64>,
}

impl Histogram {
    /// The lowest edge below which at least this share lies; `None` for an empty histogram.
    #[must_use]
    pub fn below(&self, share: f64) -> Option<f64> {
        let all: u64 = self.counts.iter().sum();
        let mut sum = 0;
        let bucket = self.counts.iter().position(|n| {
            sum += n;
            sum as f64 >= share * all as f64
        });
        self.edges.get(bucket.filter(|_| all > 0)? + 1).copied()
    }
}

/// Lengths of a version in tokens of one tokenizer, chat template included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenStats {
    pub total: u64,
    pub mean: f64,
    pub p50: u32,
    pub p95: u32,
    pub max: u32,
    pub histogram: Histogram,
}

impl TokenStats {
    /// From the length of every sample. Percentiles are nearest-rank.
    #[must_use]
    pub fn of_lengths(mut lengths: Vec<u32>) -> Self {
        lengths.sort_unstable();
        let Some(max) = lengths.last().copied() else { return Self::default() };
        let rank = |share: f64| lengths[((lengths.len() as f64 * share).ceil() as usize).clamp(1, lengths.len()) - 1];
        let total = lengths.iter().map(|n| u64::from(*n)).sum();
        // Buckets double in width: 0–15, 16–31, 32–63 … tokens.
        let mut edges = vec![0.0, 16.0];
        while edges[edges.len() - 1] <= f64::from(max) {
            edges.push(edges[edges.len() - 1] * 2.0);
        }
        let below = |edge: &f64| lengths.partition_point(|n| f64::from(*n) < *edge) as u64;
        let counts = edges.windows(2).map(|e| below(&e[1]) - below(&e[0])).collect();
        let histogram = Histogram { edges, counts };
        Self { total, mean: total as f64 / lengths.len() as f64, p50: rank(0.5), p95: rank(0.95), max, histogram }
    }
}

/// A dataset as the list shows it, with its newest version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatasetSummary {
    pub id: DatasetId,
    pub name: String,
    pub description: String,
    /// An SPDX identifier or any text; empty where nobody has said.
    #[serde(default)]
    pub license: String,
    /// Number of the newest version; versions count from 1 without gaps.
    pub versions: u32,
    pub latest_version_id: VersionId,
    /// Of the newest version.
    pub samples: u64,
    /// Different labels in the newest version.
    pub labels: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When the newest version was made.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// One version in the list of a dataset's versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionSummary {
    pub id: VersionId,
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    pub number: u32,
    pub note: String,
    pub samples: u64,
    pub train: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Files of an archive that a version names.
pub const FILES_LISTED: usize = 100;

/// How a version came to be.
#[allow(clippy::large_enum_variant, reason = "one per version, never many at once; not large on 32 bits")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// Read from a file.
    Import {
        file_name: String,
        size_bytes: u64,
        sha256: String,
        syntax: FileSyntax,
        encoding: String,
        mapping: Mapping,
        bad_lines: BadLines,
        split: SplitPlan,
        #[serde(default)]
        packing: Packing,
        /// The files of an archive that were read, at most [`FILES_LISTED`] of them.
        #[serde(default)]
        files: Vec<FileInside>,
        /// What became of the parent's samples, where the file was added to them.
        #[serde(default)]
        appended: Option<Appended>,
    },
    /// Samples of several versions.
    Merge { sources: Vec<MergedSource>, seed: u64, sizing: Sizing, left_out: u64 },
    /// The parent version with corrected samples of bad cases.
    Corrections {
        corrections: u64,
        /// Corrected samples that left the validation or test split to be learned from.
        moved_to_train: u64,
    },
    /// The parent's samples, divided anew.
    Divided {
        rule: SplitRule,
        /// Groups of more than one sample that were kept together.
        groups: u64,
        /// Samples left out because they belong together with a sample of the test split that was kept.
        left_out: u64,
    },
    /// What a data recipe made of the parent's samples.
    Cleaned {
        recipe: DataRecipe,
        /// Counts alone; examples and groups are left out.
        report: StepsReport,
    },
    /// The parent with texts that a model wrote from its training samples and people accepted.
    Augmented { texts: u64 },
    /// The parent with what people said of its samples in an annotation task.
    Annotated {
        task_id: TaskId,
        /// The task's name when the version was made.
        task: String,
        /// Samples that have labels of the task.
        labelled: u64,
        /// Samples left out: nobody could judge them, people were not sure enough, or they were not asked for.
        left_out: u64,
    },
    /// The parent without the training samples that give held-out ones away.
    WithoutLeaks { removed: u64, check: LeakCheck },
    /// The parent with one edit done to many samples.
    Edited {
        selection: Selection,
        action: EditAction,
        /// Samples that were selected.
        selected: u64,
        /// Samples that the edit changed.
        changed: u64,
    },
    /// The parent without samples that somebody asked to be forgotten.
    Forgotten { removed: u64 },
}

/// Everything about one immutable version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Version {
    pub id: VersionId,
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    pub number: u32,
    pub parent: Option<VersionParent>,
    pub note: String,
    pub origin: Origin,
    pub stats: VersionStats,
    /// Name of the report of skipped lines in the artifact store.
    pub skipped_report_sha256: Option<String>,
    pub created_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// The version that another one was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionParent {
    pub id: VersionId,
    pub number: u32,
}

/// A sample at its place in a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleRow {
    pub id: SampleId,
    /// Order in the version, 0-based.
    pub position: u32,
    pub split: Split,
    pub sample: Sample,
    pub source_file: String,
    /// 1-based line of the file; 0 when there is none.
    pub source_line: u64,
    /// The sample that this one corrects.
    pub parent_id: Option<SampleId>,
    /// The bad case that led to this one.
    pub bad_case_id: Option<BadCaseId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_follow_the_shares() {
        let plan = SplitPlan::default();
        let mut counts = [0u32; 3];
        for i in 0u64..10_000 {
            let mut h = [0u8; 32];
            h[..8].copy_from_slice(&i.to_le_bytes());
            counts[plan.assign(&h) as usize] += 1;
        }
        assert!((7800..8200).contains(&counts[0]), "{counts:?}");
        assert!((850..1150).contains(&counts[1]), "{counts:?}");
    }

    #[test]
    fn token_statistics_cover_every_sample() {
        let stats = TokenStats::of_lengths((0..100).rev().collect());
        assert_eq!((stats.total, stats.p50, stats.p95, stats.max), (4950, 49, 94, 99));
        assert_eq!(
            stats.histogram,
            Histogram { edges: vec![0.0, 16.0, 32.0, 64.0, 128.0], counts: vec![16, 16, 32, 36] }
        );
        assert_eq!(
            [0.1, 0.32, 0.33, 1.0].map(|share| stats.histogram.below(share)),
            [Some(16.0), Some(32.0), Some(64.0), Some(128.0)]
        );
        assert_eq!(TokenStats::of_lengths(Vec::new()), TokenStats::default());
        assert_eq!(Histogram::default().below(0.5), None);
    }
}
