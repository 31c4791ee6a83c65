//! Whether probabilities mean what they say: log loss, Brier score, expected calibration error with its reliability table.
//!
//! `expected[i]` is the class of sample i, `probabilities[i][c]` the probability that a model gives class c. Every function
//! answers `None` without samples, and when a class has no probability or one is no number from 0 to 1.

use serde::{Deserialize, Serialize};

/// One bin of a reliability diagram, by the probability of the predicted class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReliabilityBin {
    /// Above this (in the first bin: from 0 on) …
    pub low: f64,
    /// … up to and with this.
    pub high: f64,
    pub samples: usize,
    /// Mean probability of the predicted class; 0 in an empty bin.
    pub confidence: f64,
    /// Share of right predictions; 0 in an empty bin.
    pub accuracy: f64,
}

/// The reliability table in `bins` bins of equal width (Guo et al., On Calibration of Modern Neural Networks, 2017). Of
/// classes of equal probability the first is the predicted one.
#[must_use]
pub fn reliability(expected: &[usize], probabilities: &[Vec<f64>], bins: usize) -> Option<Vec<ReliabilityBin>> {
    Some(Reliability::new(expected, probabilities, bins)?.table(0..expected.len()))
}

/// Samples with their bins, from which the reliability table of any resample is counted.
#[derive(Clone, Debug)]
pub struct Reliability {
    bins: usize,
    /// Of each sample its bin, the probability of the predicted class, and 1 where that is right.
    samples: Vec<(usize, f64, f64)>,
}

impl Reliability {
    /// See [`reliability`].
    #[must_use]
    pub fn new(expected: &[usize], probabilities: &[Vec<f64>], bins: usize) -> Option<Self> {
        check(expected, probabilities).filter(|()| bins > 0)?;
        let empty = empty_table(bins);
        let of_sample = |(class, row): (&usize, &Vec<f64>)| {
            let (predicted, confidence) = likeliest(row)?;
            let bin = empty.partition_point(|bin| bin.high < confidence).min(bins - 1);
            Some((bin, confidence, f64::from(u8::from(predicted == *class))))
        };
        let samples = expected.iter().zip(probabilities).map(of_sample).collect::<Option<_>>()?;
        Some(Self { bins, samples })
    }

    /// The table of the samples at these places, of which some may be there several times.
    #[must_use]
    pub fn table(&self, places: impl Iterator<Item = usize>) -> Vec<ReliabilityBin> {
        let mut table = empty_table(self.bins);
        for place in places {
            let (bin, confidence, is_right) = self.samples[place];
            table[bin].samples += 1;
            table[bin].confidence += confidence;
            table[bin].accuracy += is_right;
        }
        for bin in table.iter_mut().filter(|bin| bin.samples > 0) {
            bin.confidence /= bin.samples as f64;
            bin.accuracy /= bin.samples as f64;
        }
        table
    }
}

fn empty_table(bins: usize) -> Vec<ReliabilityBin> {
    let edge = |i: usize| i as f64 / bins as f64;
    (0..bins)
        .map(|i| ReliabilityBin { low: edge(i), high: edge(i + 1), samples: 0, confidence: 0.0, accuracy: 0.0 })
        .collect()
}

/// ECE: Σ |accuracy − confidence| over the bins, by their share of the samples (Naeini et al., Obtaining Well Calibrated
/// Probabilities Using Bayesian Binning, 2015).
#[must_use]
pub fn expected_calibration_error(table: &[ReliabilityBin]) -> Option<f64> {
    let samples: usize = table.iter().map(|bin| bin.samples).sum();
    let gap = |bin: &ReliabilityBin| bin.samples as f64 * (bin.accuracy - bin.confidence).abs();
    (samples > 0).then(|| table.iter().map(gap).sum::<f64>() / samples as f64)
}

/// Mean of the sum over classes of (p − 1)² for the right one and p² for the others (Brier, Verification of forecasts
/// expressed in terms of probability, 1950); of two classes half of that, as is usual and as scikit-learn does.
#[must_use]
pub fn brier(expected: &[usize], probabilities: &[Vec<f64>]) -> Option<f64> {
    check(expected, probabilities)?;
    let miss = |class: usize, (i, p): (usize, &f64)| (p - f64::from(u8::from(i == class))).powi(2);
    let of_sample = |(class, row): (&usize, &Vec<f64>)| {
        let sum: f64 = row.iter().enumerate().map(|term| miss(*class, term)).sum();
        if row.len() == 2 { sum / 2.0 } else { sum }
    };
    Some(expected.iter().zip(probabilities).map(of_sample).sum::<f64>() / expected.len() as f64)
}

/// Mean of −ln p of the right class, in nats; p is kept 2⁻⁵² away from 0 and 1, as scikit-learn does.
#[must_use]
pub fn log_loss(expected: &[usize], probabilities: &[Vec<f64>]) -> Option<f64> {
    check(expected, probabilities)?;
    let of_sample = |(class, row): (&usize, &Vec<f64>)| -row[*class].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
    Some(expected.iter().zip(probabilities).map(of_sample).sum::<f64>() / expected.len() as f64)
}

fn check(expected: &[usize], probabilities: &[Vec<f64>]) -> Option<()> {
    let classes = probabilities.first()?.len();
    let is_sound = |(class, row): (&usize, &Vec<f64>)| {
        *class < classes && row.len() == classes && row.iter().all(|p| (0.0..=1.0).contains(p))
    };
    (expected.len() == probabilities.len() && expected.iter().zip(probabilities).all(is_sound)).then_some(())
}

fn likeliest(row: &[f64]) -> Option<(usize, f64)> {
    let greater = |best: Option<(usize, f64)>, (i, p): (usize, &f64)| match best {
        Some((_, highest)) if highest >= *p => best,
        _ => Some((i, *p)),
    };
    row.iter().enumerate().fold(None, greater)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn near(actual: Option<f64>, expected: f64) {
        assert!((actual.unwrap() - expected).abs() < 1e-12, "{actual:?} is not {expected}");
    }

    /// scikit-learn 1.9: its documented log loss 0.21616…, and a certain mistake.
    #[test]
    fn log_loss_and_brier() {
        let rows = [vec![0.1, 0.9], vec![0.9, 0.1], vec![0.8, 0.2], vec![0.35, 0.65]];
        near(log_loss(&[1, 0, 0, 1], &rows), 0.216_161_874_680_132_85);
        near(log_loss(&[0, 0], &[vec![1.0, 0.0], vec![0.0, 1.0]]), 18.021_826_694_558_577);
        near(brier(&[0, 1], &[vec![0.8, 0.2], vec![0.3, 0.7]]), 0.065);
        let three = [vec![0.2, 0.3, 0.5], vec![0.1, 0.7, 0.2], vec![0.3, 0.3, 0.4]];
        near(brier(&[0, 1, 2], &three), 0.553_333_333_333_333_3);
    }

    #[test]
    fn reliability_is_counted_by_bin() {
        let rows = [vec![0.9, 0.1], vec![0.8, 0.2], vec![0.4, 0.6], vec![0.5, 0.5]];
        let table = reliability(&[0, 1, 1, 1], &rows, 5).unwrap();
        assert_eq!(table.iter().map(|bin| bin.samples).collect::<Vec<_>>(), [0, 0, 2, 1, 1]);
        assert!((table[2].confidence - 0.55).abs() < 1e-12 && (table[2].accuracy - 0.5).abs() < 1e-12);
        near(expected_calibration_error(&table), (2.0 * 0.05 + 0.8 + 0.1) / 4.0);
    }

    #[test]
    fn what_is_no_probability_has_no_score() {
        assert_eq!(log_loss(&[], &[]), None);
        assert_eq!(brier(&[2], &[vec![0.5, 0.5]]), None);
        assert_eq!(brier(&[0, 0], &[vec![0.5, 0.5], vec![1.0]]), None);
        assert_eq!(reliability(&[0], &[vec![f64::NAN, 0.5]], 10), None);
        assert_eq!(reliability(&[0], &[vec![0.5, 0.5]], 0), None);
        assert_eq!(expected_calibration_error(&[]), None);
    }
}
