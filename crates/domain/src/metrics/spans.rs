//! Precision, recall and F1 of labelled stretches of text, such as the names in a sentence: exact ones (CoNLL-2003, Tjong Kim
//! Sang & De Meulder) and partial ones (MUC-5, Chinchor & Sundheim 1993).

use super::ngrams::Overlap;
use std::collections::BTreeMap;

/// A stretch with a label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelledSpan {
    /// First unit (character or token), from 0.
    pub start: u32,
    /// Unit after the last.
    pub end: u32,
    pub label: String,
}

impl LabelledSpan {
    fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// How spans were found: of one label or all, of one text or, added up, of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanCounts {
    pub expected: usize,
    pub predicted: usize,
    /// With the same bounds and label.
    pub exact: usize,
    /// Others that overlap one of the same label, each matched once.
    pub partial: usize,
}

impl SpanCounts {
    /// Those of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            expected: self.expected + other.expected,
            predicted: self.predicted + other.predicted,
            exact: self.exact + other.exact,
            partial: self.partial + other.partial,
        }
    }

    /// Only equal spans count.
    #[must_use]
    pub fn exact_scores(self) -> Overlap {
        Overlap::of(self.exact as f64, self.predicted as f64, self.expected as f64)
    }

    /// A span that overlaps counts half.
    #[must_use]
    pub fn partial_scores(self) -> Overlap {
        Overlap::of(self.exact as f64 + 0.5 * self.partial as f64, self.predicted as f64, self.expected as f64)
    }
}

/// Counts of one text by label. A span that is there twice counts once.
#[must_use]
pub fn count_spans(expected: &[LabelledSpan], predicted: &[LabelledSpan]) -> BTreeMap<String, SpanCounts> {
    let labels = expected.iter().chain(predicted).map(|span| span.label.as_str());
    let mut counts: BTreeMap<String, SpanCounts> = labels.map(|l| (l.to_owned(), SpanCounts::default())).collect();
    for (label, count) in &mut counts {
        *count = count_label(&of_label(expected, label), &of_label(predicted, label));
    }
    counts
}

/// Each once, from left to right.
fn of_label<'a>(spans: &'a [LabelledSpan], label: &str) -> Vec<&'a LabelledSpan> {
    let mut found: Vec<_> = spans.iter().filter(|span| span.label == label).collect();
    found.sort();
    found.dedup();
    found
}

fn count_label(expected: &[&LabelledSpan], predicted: &[&LabelledSpan]) -> SpanCounts {
    let mut left: Vec<_> = expected.iter().filter(|span| !predicted.contains(span)).collect();
    let others: Vec<_> = predicted.iter().filter(|span| !expected.contains(span)).collect();
    let exact = expected.len() - left.len();
    let mut partial = 0;
    for span in others {
        if let Some(place) = left.iter().position(|e| e.overlaps(span)) {
            left.remove(place);
            partial += 1;
        }
    }
    SpanCounts { expected: expected.len(), predicted: predicted.len(), exact, partial }
}

/// The sum over labels: what micro averages are made of.
#[must_use]
pub fn total<'a>(counts: impl IntoIterator<Item = &'a SpanCounts>) -> SpanCounts {
    counts.into_iter().fold(SpanCounts::default(), |sum, count| sum.plus(*count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u32, end: u32, label: &str) -> LabelledSpan {
        LabelledSpan { start, end, label: label.to_owned() }
    }

    #[test]
    fn exact_and_partial() {
        let expected = [span(0, 5, "PER"), span(6, 9, "PER"), span(10, 12, "LOC"), span(10, 12, "LOC")];
        let predicted = [span(0, 5, "PER"), span(7, 9, "PER"), span(8, 9, "PER"), span(10, 12, "ORG")];
        let counts = count_spans(&expected, &predicted);
        assert_eq!(counts["PER"], SpanCounts { expected: 2, predicted: 3, exact: 1, partial: 1 });
        assert_eq!(counts["LOC"], SpanCounts { expected: 1, ..SpanCounts::default() });
        assert_eq!(counts["ORG"], SpanCounts { predicted: 1, ..SpanCounts::default() });
        let all = total(counts.values());
        assert_eq!((all.expected, all.predicted), (3, 4));
        assert_eq!(all.exact_scores().f1, 2.0 * 0.25 * (1.0 / 3.0) / (0.25 + 1.0 / 3.0));
        assert_eq!(all.partial_scores().recall, 0.5);
    }

    #[test]
    fn spans_that_only_touch_do_not_overlap() {
        let counts = count_spans(&[span(0, 2, "A")], &[span(2, 4, "A")]);
        assert_eq!(counts["A"].partial, 0);
        assert!(count_spans(&[], &[]).is_empty());
        assert_eq!(total([]).exact_scores(), Overlap::default());
    }
}
