//! Counts over the samples of a version, gathered one by one.

use domain::dataset::{Histogram, SplitCounts, VersionStats};
use domain::sample::{Sample, Split};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Most labels listed in the statistics; the rarest are left out.
pub const MAX_LABELS: usize = 1000;

/// Gathers [`VersionStats`]. Needs 16 bytes a sample to find duplicates.
#[derive(Default)]
pub struct StatsBuilder {
    stats: VersionStats,
    labels: HashMap<String, u64>,
    /// `lengths[i]`: samples in bucket `i`, see [`bucket`].
    lengths: Vec<u64>,
    /// First 16 bytes of every content hash.
    seen: HashSet<u128>,
}

impl StatsBuilder {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a sample; `hash` is its [`crate::hash::content_hash`]. Says whether the same
    /// content was counted before.
    pub fn add(&mut self, sample: &Sample, split: Split, hash: &[u8; 32]) -> bool {
        let characters: usize = sample.messages.iter().map(|m| m.content.chars().count()).sum();
        self.stats.samples += 1;
        self.stats.characters += characters as u64;
        let pairs = self.stats.pairs_by_split.get_or_insert_default();
        if sample.rejected.is_some() {
            self.stats.pairs += 1;
            pairs.add(split);
        }
        match split {
            Split::Train => self.stats.train += 1,
            Split::Validation => self.stats.validation += 1,
            Split::Test => self.stats.test += 1,
        }
        if let Some(label) = &sample.label {
            *self.labels.entry(label.clone()).or_default() += 1;
        }
        let bucket = bucket(characters);
        if self.lengths.len() <= bucket {
            self.lengths.resize(bucket + 1, 0);
        }
        self.lengths[bucket] += 1;
        let mut prefix = [0u8; 16];
        prefix.copy_from_slice(&hash[..16]);
        let is_duplicate = !self.seen.insert(u128::from_le_bytes(prefix));
        self.stats.exact_duplicates += u64::from(is_duplicate);
        is_duplicate
    }

    /// Counts a line that became no sample.
    pub fn skip_line(&mut self) {
        self.stats.skipped_lines += 1;
    }

    /// The statistics so far, without tokens.
    #[must_use]
    pub fn finish(self) -> VersionStats {
        let mut labels: Vec<_> = self.labels.into_iter().collect();
        sort(&mut labels);
        let different_labels = labels.len() as u64;
        labels.truncate(MAX_LABELS);
        VersionStats { labels, different_labels, length_histogram: histogram(self.lengths), ..self.stats }
    }

    /// `all` without the samples counted here, which it has counted, and without tokens. Duplicates are those that are left
    /// as long as no sample counted here has a copy that stays; labels are, where all of them are listed.
    #[must_use]
    pub fn taken_from(&self, all: &VersionStats) -> VersionStats {
        let gone = &self.stats;
        let mut labels = all.labels.clone();
        for (label, n) in &mut labels {
            *n = n.saturating_sub(self.labels.get(&*label).copied().unwrap_or_default());
        }
        labels.retain(|(_, n)| *n > 0);
        sort(&mut labels);
        let vanished = (all.labels.len() - labels.len()) as u64;
        let mut lengths = all.length_histogram.counts.clone();
        for (n, gone) in lengths.iter_mut().zip(&self.lengths) {
            *n = n.saturating_sub(*gone);
        }
        while lengths.last() == Some(&0) {
            lengths.pop();
        }
        let gone_pairs = gone.pairs_by_split.unwrap_or_default();
        VersionStats {
            samples: all.samples.saturating_sub(gone.samples),
            train: all.train.saturating_sub(gone.train),
            validation: all.validation.saturating_sub(gone.validation),
            test: all.test.saturating_sub(gone.test),
            skipped_lines: all.skipped_lines,
            exact_duplicates: all.exact_duplicates.saturating_sub(gone.exact_duplicates),
            characters: all.characters.saturating_sub(gone.characters),
            pairs: all.pairs.saturating_sub(gone.pairs),
            pairs_by_split: all.pairs_by_split.map(|pairs| SplitCounts {
                train: pairs.train.saturating_sub(gone_pairs.train),
                validation: pairs.validation.saturating_sub(gone_pairs.validation),
                test: pairs.test.saturating_sub(gone_pairs.test),
            }),
            labels,
            different_labels: all.different_labels.saturating_sub(vanished),
            length_histogram: histogram(lengths),
            tokens: BTreeMap::new(),
        }
    }
}

/// Most frequent labels first.
fn sort(labels: &mut [(String, u64)]) {
    labels.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
}

fn histogram(counts: Vec<u64>) -> Histogram {
    let edges = if counts.is_empty() { Vec::new() } else { (0..=counts.len()).map(edge).collect() };
    Histogram { edges, counts }
}

/// Buckets double in width: 0–15, 16–31, 32–63 … characters.
fn bucket(characters: usize) -> usize {
    (characters / 16).checked_ilog2().map_or(0, |log| log as usize + 1)
}

/// Lower edge of bucket `i`.
fn edge(i: usize) -> f64 {
    if i == 0 { 0.0 } else { 8.0 * 2f64.powi(i as i32) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::content_hash;
    use domain::sample::{Message, Speaker};
    use proptest::prelude::*;

    fn labelled(text: &str, label: &str) -> Sample {
        let messages = vec![Message::new(Speaker::User, text), Message::new(Speaker::Assistant, label)];
        Sample {
            messages,
            label: Some(label.to_owned()),
            rejected: None,
            slices: Default::default(),
            ..Sample::default()
        }
    }

    #[test]
    fn counts_what_it_sees() {
        let mut builder = StatsBuilder::new();
        for (text, label, split) in
            [("好书", "pos", Split::Train), ("好书", "pos", Split::Train), ("bad", "neg", Split::Test)]
        {
            let sample = labelled(text, label);
            builder.add(&sample, split, &content_hash(&sample));
        }
        let pair = Sample { label: None, rejected: Some("no".to_owned()), ..labelled("ab", "c") };
        builder.add(&pair, Split::Validation, &content_hash(&pair));
        builder.skip_line();
        let stats = builder.finish();
        assert_eq!((stats.samples, stats.train, stats.validation, stats.test), (4, 2, 1, 1));
        assert_eq!((stats.exact_duplicates, stats.skipped_lines, stats.characters, stats.pairs), (1, 1, 19, 1));
        assert_eq!(stats.pairs_by_split, Some(SplitCounts { train: 0, validation: 1, test: 0 }));
        assert_eq!(stats.labels, [("pos".to_owned(), 2), ("neg".to_owned(), 1)]);
        assert_eq!(stats.length_histogram, Histogram { edges: vec![0.0, 16.0], counts: vec![4] });
    }

    #[test]
    fn labels_beyond_the_list_are_counted() {
        let mut builder = StatsBuilder::new();
        for i in 0..MAX_LABELS + 5 {
            let sample = labelled("x", &i.to_string());
            builder.add(&sample, Split::Train, &content_hash(&sample));
        }
        let stats = builder.finish();
        assert_eq!((stats.labels.len(), stats.different_labels), (MAX_LABELS, MAX_LABELS as u64 + 5));
    }

    #[test]
    fn what_is_taken_away_was_never_counted() {
        let stays = [("好书", "pos"), ("好书", "pos"), ("bad", "neg")].map(|(text, label)| labelled(text, label));
        let long = labelled(&"ann ".repeat(50), "hers");
        let pair = Sample { label: None, rejected: Some("no".to_owned()), ..labelled("of ann", "neg") };
        let goes = [long.clone(), long, pair, labelled("ann", "neg")];
        let count = |samples: &[&Sample]| {
            let mut builder = StatsBuilder::new();
            for (i, sample) in samples.iter().enumerate() {
                builder.add(sample, Split::ALL[i % 3], &content_hash(sample));
            }
            builder
        };
        let gone: Vec<&Sample> = goes.iter().collect();
        // Three samples that stay come first, so that each one has the same split alone and among all.
        let all = count(&stays.iter().chain(&goes).collect::<Vec<_>>()).finish();
        let left = count(&gone).taken_from(&all);
        assert_eq!(left, count(&stays.iter().collect::<Vec<_>>()).finish());
        assert_eq!(count(&gone).taken_from(&count(&gone).finish()).samples, 0);
    }

    #[test]
    fn nothing_counted_is_all_zero() {
        assert_eq!(StatsBuilder::new().finish(), VersionStats::default());
    }

    proptest! {
        #[test]
        fn a_length_lies_between_its_buckets_edges(n in 0usize..10_000_000) {
            let i = bucket(n);
            prop_assert!(edge(i) <= n as f64 && (n as f64) < edge(i + 1));
        }
    }
}
