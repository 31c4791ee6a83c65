//! Notes each wanted score with its interval.

use super::{IntervalMethod, Measurement, MetricScore, ScoreInterval, Settings};
use crate::statistics::{bootstrap, proportions};

/// Of fewer samples a bootstrap interval would look surer than it is: of one sample it has no width at all.
const FEWEST_RESAMPLED: usize = 10;

pub(super) struct Meter<'a> {
    pub(super) settings: &'a Settings<'a>,
    pub(super) found: Measurement,
}

impl<'a> Meter<'a> {
    pub(super) fn new(samples: usize, settings: &'a Settings<'a>) -> Self {
        Self { settings, found: Measurement { samples: samples as u64, ..Measurement::default() } }
    }

    /// Whether a metric was asked for, or nothing in particular was.
    pub(super) fn wants(&self, metric: &str) -> bool {
        self.settings.metrics.is_none_or(|names| names.iter().any(|name| name == metric))
    }

    /// Whether a metric was asked for by its name.
    pub(super) fn insists_on(&self, metric: &str) -> bool {
        self.settings.metrics.is_some() && self.wants(metric)
    }

    /// A share of samples.
    pub(super) fn share(&mut self, metric: &str, hits: &[bool], signature: &str) {
        if !self.wants(metric) || hits.is_empty() {
            return;
        }
        let count = hits.iter().filter(|hit| **hit).count() as u64;
        let interval = proportions::wilson(count, hits.len() as u64, proportions::z_95());
        let interval = interval.map(|i| ScoreInterval { low: i.low, high: i.high, method: IntervalMethod::Wilson });
        self.note(metric, count as f64 / hits.len() as f64, interval, signature);
    }

    /// A mean over samples.
    pub(super) fn mean(&mut self, metric: &str, values: &[f64], signature: &str) {
        if !self.wants(metric) || values.is_empty() || values.iter().any(|value| !value.is_finite()) {
            return;
        }
        let interval = bootstrap::mean_interval(values, self.resamples(), self.settings.seed).map(bootstrapped);
        self.note(metric, values.iter().sum::<f64>() / values.len() as f64, interval, signature);
    }

    /// What is no mean: `statistic` computes it of places of samples, some of them several times.
    pub(super) fn statistic(&mut self, metric: &str, statistic: impl Fn(&[usize]) -> Option<f64>, signature: &str) {
        self.statistics([(metric, signature)], |places| [statistic(places)]);
    }

    /// Several of them (metric, signature) that are computed together.
    pub(super) fn statistics<const N: usize>(
        &mut self,
        metrics: [(&str, &str); N],
        statistics: impl Fn(&[usize]) -> [Option<f64>; N],
    ) {
        let samples = self.found.samples as usize;
        if samples == 0 || !metrics.iter().any(|(metric, _)| self.wants(metric)) {
            return;
        }
        let values = statistics(&(0..samples).collect::<Vec<_>>());
        let intervals = bootstrap::statistic_intervals(samples, self.resamples(), self.settings.seed, statistics);
        for (((metric, signature), value), interval) in metrics.into_iter().zip(values).zip(intervals) {
            if let Some(value) = value.filter(|value| value.is_finite() && self.wants(metric)) {
                self.note(metric, value, interval.map(bootstrapped), signature);
            }
        }
    }

    /// A number without an interval.
    pub(super) fn plain(&mut self, metric: &str, value: Option<f64>, signature: &str) {
        if let Some(value) = value.filter(|value| value.is_finite() && self.wants(metric)) {
            self.note(metric, value, None, signature);
        }
    }

    fn resamples(&self) -> u32 {
        if self.found.samples as usize >= FEWEST_RESAMPLED { self.settings.resamples } else { 0 }
    }

    fn note(&mut self, metric: &str, value: f64, interval: Option<ScoreInterval>, signature: &str) {
        let score = MetricScore { value, interval, signature: signature.to_owned() };
        self.found.scores.insert(metric.to_owned(), score);
    }
}

fn bootstrapped(interval: bootstrap::Interval) -> ScoreInterval {
    ScoreInterval { low: interval.low, high: interval.high, method: IntervalMethod::Bootstrap }
}
