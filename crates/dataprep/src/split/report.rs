//! How alike the splits of a version are, gathered sample by sample.

use crate::similar::is_han;
use domain::{
    sample::{Sample, Split},
    split::{Category, LengthDifference, SplitReport, Table},
};
use std::collections::BTreeMap;

/// Gathers a [`SplitReport`]. Holds four bytes a sample.
#[derive(Default)]
pub struct ReportBuilder {
    lengths: [Vec<u32>; 3],
    labels: BTreeMap<String, [u64; 3]>,
    languages: BTreeMap<&'static str, [u64; 3]>,
}

impl ReportBuilder {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(&mut self, sample: &Sample, split: Split) {
        let i = split as usize;
        self.lengths[i].push(sample.messages.iter().map(|m| m.content.chars().count()).sum::<usize>() as u32);
        if let Some(label) = &sample.label {
            self.labels.entry(label.clone()).or_default()[i] += 1;
        }
        let text = sample.messages.iter().map(|m| m.content.as_str()).collect::<Vec<_>>().join("\n");
        self.languages.entry(language_of(&text)).or_default()[i] += 1;
    }

    #[must_use]
    pub fn finish(self) -> SplitReport {
        let [mut train, mut validation, mut test] = self.lengths;
        let table = |counts: Vec<(String, [u64; 3])>| {
            Table::new(counts.into_iter().map(|(name, counts)| Category { name, counts }).collect())
        };
        let languages = table(self.languages.into_iter().map(|(name, counts)| (name.to_owned(), counts)).collect());
        SplitReport {
            samples: [train.len() as u64, validation.len() as u64, test.len() as u64],
            labels: (!self.labels.is_empty()).then(|| table(self.labels.into_iter().collect())),
            languages,
            lengths: [
                LengthDifference::of(Split::Validation, &mut train, &mut validation),
                LengthDifference::of(Split::Test, &mut train, &mut test),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }
}

/// `zh`, `en` (any alphabet), `mixed`, or `none` where there are no letters: by the share of Han characters among the
/// letters, which is what these two languages differ in. A report looks at every sample, so it asks no model.
fn language_of(text: &str) -> &'static str {
    let (mut han, mut letters) = (0u32, 0u32);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        han += u32::from(is_han(c));
    }
    match (han, letters) {
        (_, 0) => "none",
        // A Han character says about as much as four letters.
        (h, n) if 10 * h < n - h => "en",
        (h, n) if h >= n - h => "zh",
        _ => "mixed",
    }
}
