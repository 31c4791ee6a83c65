//! One number for many classes: averages of precision, recall and F1, balanced accuracy, and Matthews' correlation, as
//! scikit-learn computes them (a quotient 0/0 counts as 0).

use super::classification::ClassificationReport;
use super::ngrams::Overlap;
use crate::eval::{ClassMetrics, ConfusionMatrix};

/// Precision, recall and F1 in [0, 1]; each is averaged by itself, so that F1 is no harmonic mean of the other two.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Averages {
    /// Over all decisions: with one label a sample, all three are the accuracy.
    pub micro: Overlap,
    /// Every class alike.
    pub unweighted: Overlap,
    /// Every class by its support.
    pub weighted: Overlap,
}

impl Averages {
    /// Of a report's classes.
    #[must_use]
    pub fn of(report: &ClassificationReport) -> Self {
        Self {
            micro: Overlap { precision: report.accuracy, recall: report.accuracy, f1: report.accuracy },
            unweighted: average(&report.classes, |_| 1.0),
            weighted: average(&report.classes, |class| f64::from(class.support)),
        }
    }
}

fn average(classes: &[ClassMetrics], weight: impl Fn(&ClassMetrics) -> f64) -> Overlap {
    let whole: f64 = classes.iter().map(&weight).sum();
    let of = |value: fn(&ClassMetrics) -> f64| {
        let sum: f64 = classes.iter().map(|class| weight(class) * value(class)).sum();
        if whole > 0.0 { sum / whole } else { 0.0 }
    };
    Overlap { precision: of(|c| c.precision), recall: of(|c| c.recall), f1: of(|c| c.f1) }
}

/// Mean recall of the classes that occur (Brodersen et al., The balanced accuracy and its posterior distribution, 2010).
/// `None` without samples.
#[must_use]
pub fn balanced_accuracy(confusion: &ConfusionMatrix) -> Option<f64> {
    let recall = |(class, row): (usize, &Vec<u32>)| {
        let support: u32 = row.iter().sum();
        (support > 0).then(|| f64::from(row[class]) / f64::from(support))
    };
    let recalls: Vec<f64> = confusion.counts.iter().enumerate().filter_map(recall).collect();
    (!recalls.is_empty()).then(|| recalls.iter().sum::<f64>() / recalls.len() as f64)
}

/// Matthews' correlation coefficient for any number of classes, in [-1, 1]; 0 when either side knows one class alone
/// (Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, 2004).
#[must_use]
pub fn matthews(confusion: &ConfusionMatrix) -> f64 {
    let classes = 0..confusion.labels.len();
    let expected: Vec<f64> = confusion.counts.iter().map(|row| row.iter().copied().map(f64::from).sum()).collect();
    let column = |j: usize| confusion.counts.iter().map(|row| f64::from(row[j])).sum();
    let predicted: Vec<f64> = classes.clone().map(column).collect();
    let correct: f64 = classes.map(|i| f64::from(confusion.counts[i][i])).sum();
    let samples: f64 = expected.iter().sum();
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let spread =
        (samples.powi(2) - product(&expected, &expected)) * (samples.powi(2) - product(&predicted, &predicted));
    if spread == 0.0 { 0.0 } else { (correct * samples - product(&expected, &predicted)) / spread.sqrt() }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn report(expected: &[u32], predicted: &[u32]) -> ClassificationReport {
        let pairs: Vec<_> = expected.iter().zip(predicted).map(|(e, p)| (e.to_string(), p.to_string())).collect();
        ClassificationReport::new(&pairs)
    }

    fn near(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-12, "{actual} is not {expected}");
    }

    /// The examples in scikit-learn's documentation of each score.
    #[test]
    fn documented_examples() {
        let three = Averages::of(&report(&[0, 1, 2, 0, 1, 2], &[0, 2, 1, 0, 0, 1]));
        near(three.unweighted.precision, 2.0 / 9.0);
        near(three.unweighted.recall, 1.0 / 3.0);
        near(three.weighted.f1, 0.266_666_666_666_666_7);
        near(three.micro.f1, 1.0 / 3.0);
        near(balanced_accuracy(&report(&[0, 1, 0, 0, 1, 0], &[0, 1, 0, 0, 0, 1]).confusion).unwrap(), 0.625);
        near(matthews(&report(&[1, 1, 1, 0], &[1, 0, 1, 1]).confusion), -1.0 / 3.0);
    }

    #[test]
    fn a_class_alone_and_no_samples() {
        let alone = report(&[1, 1], &[1, 1]);
        assert_eq!((matthews(&alone.confusion), balanced_accuracy(&alone.confusion)), (0.0, Some(1.0)));
        // A label that was only predicted does not enter balanced accuracy.
        assert_eq!(balanced_accuracy(&report(&[1, 1], &[1, 2]).confusion), Some(0.5));
        let none = report(&[], &[]);
        assert_eq!((matthews(&none.confusion), balanced_accuracy(&none.confusion)), (0.0, None));
        assert_eq!(Averages::of(&none), Averages::default());
    }
}
