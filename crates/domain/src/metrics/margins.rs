//! The margins of a confusion matrix: what averages over classes need of it. They are counted in one walk over the samples, so that
//! thousands of resamples take no matrix each.

use super::averages::Averages;
use super::ngrams::Overlap;

/// Counts of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Class {
    /// Samples that have it and were given it.
    hits: u32,
    /// Samples that have it.
    support: u32,
    /// Samples that were given it.
    predicted: u32,
}

/// Counts by class; a class that no sample has and none was given does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Margins {
    classes: Vec<Class>,
    samples: u32,
}

impl Margins {
    /// Of pairs (expected, predicted) of labels from 0 to `labels` - 1.
    #[must_use]
    pub fn of(labels: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Self {
        let (mut classes, mut samples) = (vec![Class::default(); labels], 0);
        for (expected, predicted) in pairs {
            samples += 1;
            classes[expected].support += 1;
            classes[predicted].predicted += 1;
            classes[expected].hits += u32::from(expected == predicted);
        }
        classes.retain(|class| class.support + class.predicted > 0);
        Self { classes, samples }
    }

    /// As [`Averages::of`] a report of the same pairs.
    #[must_use]
    pub fn averages(&self) -> Averages {
        let hits: u32 = self.classes.iter().map(|class| class.hits).sum();
        let accuracy = ratio(f64::from(hits), f64::from(self.samples));
        Averages {
            micro: Overlap { precision: accuracy, recall: accuracy, f1: accuracy },
            unweighted: self.average(|_| 1.0),
            weighted: self.average(|class| f64::from(class.support)),
        }
    }

    fn average(&self, weight: impl Fn(&Class) -> f64) -> Overlap {
        let whole: f64 = self.classes.iter().map(&weight).sum();
        let of = |value: fn(&Class) -> f64| {
            ratio(self.classes.iter().map(|class| weight(class) * value(class)).sum(), whole)
        };
        Overlap {
            precision: of(|c| ratio(f64::from(c.hits), f64::from(c.predicted))),
            recall: of(|c| ratio(f64::from(c.hits), f64::from(c.support))),
            f1: of(|c| ratio(2.0 * f64::from(c.hits), f64::from(c.support) + f64::from(c.predicted))),
        }
    }

    /// As [`super::averages::balanced_accuracy`].
    #[must_use]
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let expected = self.classes.iter().filter(|class| class.support > 0);
        let recalls: Vec<f64> = expected.map(|class| f64::from(class.hits) / f64::from(class.support)).collect();
        (!recalls.is_empty()).then(|| recalls.iter().sum::<f64>() / recalls.len() as f64)
    }

    /// As [`super::averages::matthews`].
    #[must_use]
    pub fn matthews(&self) -> f64 {
        let sum = |value: fn(&Class) -> f64| self.classes.iter().map(value).sum::<f64>();
        let samples = f64::from(self.samples);
        let both = sum(|c| f64::from(c.support) * f64::from(c.predicted));
        let expected = samples.powi(2) - sum(|c| f64::from(c.support).powi(2));
        let predicted = samples.powi(2) - sum(|c| f64::from(c.predicted).powi(2));
        let spread = expected * predicted;
        if spread == 0.0 { 0.0 } else { (sum(|c| f64::from(c.hits)) * samples - both) / spread.sqrt() }
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::averages::{balanced_accuracy, matthews};
    use crate::metrics::classification::ClassificationReport;
    use proptest::prelude::*;

    proptest! {
        /// They yield what the whole matrix yields.
        #[test]
        fn margins_are_enough(pairs in prop::collection::vec((0usize..4, 0usize..4), 0..40)) {
            let texts: Vec<_> = pairs.iter().map(|(e, p)| (e.to_string(), p.to_string())).collect();
            let report = ClassificationReport::new(&texts);
            let margins = Margins::of(5, pairs.iter().copied());
            let (found, whole) = (margins.averages(), Averages::of(&report));
            let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
            for (a, b) in [(found.micro, whole.micro), (found.unweighted, whole.unweighted), (found.weighted, whole.weighted)] {
                prop_assert!(near(a.precision, b.precision) && near(a.recall, b.recall) && near(a.f1, b.f1));
            }
            prop_assert_eq!(margins.balanced_accuracy(), balanced_accuracy(&report.confusion));
            prop_assert!(near(margins.matthews(), matthews(&report.confusion)));
        }
    }
}
