//! From points, as they arrive, to the curves of the charts.
//!
//! A run that was restarted from a checkpoint repeats steps: the points of the later attempt
//! replace what they repeat, and its clock goes on where the earlier one stopped.

use crate::ui::chart::Curve;
use domain::{event::series, run::Point};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A curve under way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// `(step, value, seconds)` by rising step.
    pub points: Vec<(f64, f64, f64)>,
    attempt: u32,
    /// Seconds that earlier attempts took.
    seconds_before: f64,
}

impl Track {
    /// Takes in the next point.
    pub fn push(&mut self, point: &Point) {
        if point.attempt != self.attempt {
            self.seconds_before = self.points.last().map_or(0.0, |p| p.2);
            self.attempt = point.attempt;
        }
        let step = f64::from(point.step);
        while self.points.last().is_some_and(|p| p.0 >= step) {
            self.points.pop();
        }
        self.points.push((step, point.value, self.seconds_before + point.elapsed_ms as f64 / 1000.0));
    }
}

/// The tracks of a run by series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tracks(pub BTreeMap<String, Track>);

impl Tracks {
    /// Takes in points, each series in its order.
    pub fn extend(&mut self, points: &[Point]) {
        for point in points {
            self.0.entry(point.key.clone()).or_default().push(point);
        }
    }

    /// The latest value of a series.
    #[must_use]
    pub fn latest(&self, key: &str) -> Option<f64> {
        self.0.get(key)?.points.last().map(|p| p.1)
    }

    /// The curves of one chart; series without points are empty curves.
    #[must_use]
    pub fn curves(&self, keys: &[&str], name: impl Fn(&str) -> String) -> Vec<Curve> {
        keys.iter()
            .map(|key| Curve::new(name(key), self.0.get(*key).map(|t| t.points.clone()).unwrap_or_default()))
            .collect()
    }

    /// Seconds until `total` steps at the pace of the last steps.
    #[must_use]
    pub fn seconds_left(&self, total: u32) -> Option<u64> {
        let points = &self.0.get(series::TRAIN_LOSS)?.points;
        let last = points.last()?;
        let first = &points[points.len().saturating_sub(30)];
        let pace = (last.2 - first.2) / (last.0 - first.0);
        (pace.is_finite() && pace > 0.0).then(|| ((f64::from(total) - last.0 - 1.0).max(0.0) * pace).ceil() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(attempt: u32, step: u32, seconds: u64) -> Point {
        Point {
            seq: 0,
            key: series::TRAIN_LOSS.to_owned(),
            attempt,
            step,
            value: f64::from(step),
            elapsed_ms: seconds * 1000,
        }
    }

    #[test]
    fn a_restarted_run_replaces_what_it_repeats() {
        let mut tracks = Tracks::default();
        tracks.extend(&[point(1, 0, 1), point(1, 1, 2), point(1, 2, 3), point(2, 1, 5), point(2, 2, 6)]);
        let steps: Vec<_> = tracks.0[series::TRAIN_LOSS].points.iter().map(|p| (p.0, p.2)).collect();
        assert_eq!(steps, [(0.0, 1.0), (1.0, 8.0), (2.0, 9.0)]);
    }

    #[test]
    fn a_point_sent_twice_counts_once() {
        let mut tracks = Tracks::default();
        tracks.extend(&[point(1, 0, 1), point(1, 1, 2), point(1, 1, 2)]);
        assert_eq!(tracks.0[series::TRAIN_LOSS].points.len(), 2);
    }

    #[test]
    fn time_left_follows_the_pace() {
        let mut tracks = Tracks::default();
        tracks.extend(&[point(1, 0, 2), point(1, 1, 4), point(1, 2, 6)]);
        assert_eq!(tracks.seconds_left(10), Some(14));
        assert_eq!(Tracks::default().seconds_left(10), None);
    }
}
