//! Scores of single-label classification: accuracy, precision, recall, F1, confusion matrix.

use crate::eval::{ClassMetrics, ConfusionMatrix};
use std::collections::{BTreeMap, BTreeSet};

/// All classification scores of one set of predictions.
///
/// The classes are the union of expected and predicted labels, in alphabetical order, as in
/// scikit-learn's `classification_report`: a label that was predicted but never expected counts
/// with support 0 and F1 0. A quotient 0/0 counts as 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassificationReport {
    /// Share of right predictions, in [0, 1]; 0 when there are none.
    pub accuracy: f64,
    /// Unweighted mean of F1 over all classes, in [0, 1].
    pub macro_f1: f64,
    pub classes: Vec<ClassMetrics>,
    pub confusion: ConfusionMatrix,
}

impl ClassificationReport {
    /// Scores `(expected, predicted)` pairs.
    #[must_use]
    pub fn new(pairs: &[(String, String)]) -> Self {
        Self::of_confusion(confusion_matrix(pairs))
    }

    /// Scores pairs that are counted already.
    #[must_use]
    pub fn of_confusion(confusion: ConfusionMatrix) -> Self {
        let classes: Vec<_> = (0..confusion.labels.len()).map(|i| class_metrics(&confusion, i)).collect();
        let correct: u32 = (0..confusion.labels.len()).map(|i| confusion.counts[i][i]).sum();
        let all: u32 = confusion.counts.iter().flatten().sum();
        Self {
            accuracy: ratio(f64::from(correct), f64::from(all)),
            macro_f1: ratio(classes.iter().map(|c| c.f1).sum(), classes.len() as f64),
            classes,
            confusion,
        }
    }
}

/// Counts how often each expected label (row) was predicted as each label (column).
#[must_use]
pub fn confusion_matrix(pairs: &[(String, String)]) -> ConfusionMatrix {
    let labels: BTreeSet<&str> = pairs.iter().flat_map(|(e, p)| [e.as_str(), p.as_str()]).collect();
    let index: BTreeMap<&str, usize> = labels.iter().enumerate().map(|(i, label)| (*label, i)).collect();
    let mut counts = vec![vec![0u32; labels.len()]; labels.len()];
    for (expected, predicted) in pairs {
        counts[index[expected.as_str()]][index[predicted.as_str()]] += 1;
    }
    ConfusionMatrix { labels: labels.into_iter().map(str::to_owned).collect(), counts }
}

fn class_metrics(confusion: &ConfusionMatrix, class: usize) -> ClassMetrics {
    let hits = f64::from(confusion.counts[class][class]);
    let support: u32 = confusion.counts[class].iter().sum();
    let predicted: u32 = confusion.counts.iter().map(|row| row[class]).sum();
    ClassMetrics {
        label: confusion.labels[class].clone(),
        support,
        precision: ratio(hits, f64::from(predicted)),
        recall: ratio(hits, f64::from(support)),
        // 2PR / (P + R) with P and R multiplied out, which also defines it when one is 0/0.
        f1: ratio(2.0 * hits, f64::from(support) + f64::from(predicted)),
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(expected: &[&str], predicted: &[&str]) -> Vec<(String, String)> {
        expected.iter().zip(predicted).map(|(e, p)| ((*e).to_owned(), (*p).to_owned())).collect()
    }

    /// The example of scikit-learn's `f1_score` documentation: macro F1 = 0.26…
    #[test]
    fn equals_scikit_learn() {
        let report =
            ClassificationReport::new(&pairs(&["0", "1", "2", "0", "1", "2"], &["0", "2", "1", "0", "0", "1"]));
        assert!((report.macro_f1 - 0.266_666_666_666_666_7).abs() < 1e-12);
        assert!((report.accuracy - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(report.classes[0].support, 2);
        assert!((report.classes[0].precision - 2.0 / 3.0).abs() < 1e-12);
        assert!((report.classes[0].recall - 1.0).abs() < 1e-12);
        assert!((report.classes[0].f1 - 0.8).abs() < 1e-12);
        assert_eq!(report.confusion.counts, [[2, 0, 0], [1, 0, 1], [0, 2, 0]]);
    }

    #[test]
    fn a_label_only_predicted_lowers_macro_f1() {
        let report = ClassificationReport::new(&pairs(&["a", "a"], &["a", "b"]));
        assert_eq!(report.confusion.labels, ["a", "b"]);
        assert!((report.macro_f1 - (2.0 / 3.0) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_scores_zero() {
        let report = ClassificationReport::new(&[]);
        assert_eq!((report.accuracy, report.macro_f1, report.classes.len()), (0.0, 0.0, 0));
    }

    proptest! {
        #[test]
        fn counts_add_up(words in prop::collection::vec(("[a-d]", "[a-d]"), 0..60)) {
            let report = ClassificationReport::new(&words);
            let total: u32 = report.confusion.counts.iter().flatten().sum();
            prop_assert_eq!(total as usize, words.len());
            let support: u32 = report.classes.iter().map(|c| c.support).sum();
            prop_assert_eq!(support as usize, words.len());
            let in_range = |x: f64| (0.0..=1.0).contains(&x);
            prop_assert!(in_range(report.accuracy) && in_range(report.macro_f1));
        }
    }
}
