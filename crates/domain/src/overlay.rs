//! Curves of many runs over each other: what is asked for, and what is drawn of it. However many values the runs have, at most
//! [`MAX_COLUMNS`] columns of pixels come back, each with its first, smallest, largest and last value (see
//! [`crate::downsample`]).

use crate::downsample::{Cell, line, smooth};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use uuid::Uuid;

/// Most runs at once.
pub const MAX_RUNS: usize = 50;
/// Columns of a chart when nobody says how many.
pub const COLUMNS: u32 = 600;
/// Most columns of all runs together.
pub const MAX_COLUMNS: u32 = 30_000;
/// Longest name of a metric.
pub const MAX_METRIC: usize = 250;

/// What the x axis shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = OverlayAxis))]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    #[default]
    Step,
    /// Seconds since the run began.
    Time,
    /// Training tokens so far; only Lathe's own runs count them.
    Tokens,
}

impl Axis {
    pub const ALL: [Self; 3] = [Self::Step, Self::Time, Self::Tokens];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Time => "time",
            Self::Tokens => "tokens",
        }
    }
}

impl FromStr for Axis {
    type Err = UnknownAxis;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|axis| axis.as_str() == s).ok_or_else(|| UnknownAxis(s.to_owned()))
    }
}

/// Text that names no axis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of step, time and tokens")]
pub struct UnknownAxis(String);

/// What is to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Runs trained here, and tracked ones.
    pub runs: Vec<Uuid>,
    /// A series, or a tracked run's metric.
    pub metric: String,
    pub axis: Axis,
    /// Part of the axis; all of it when absent.
    pub from: Option<f64>,
    pub to: Option<f64>,
    /// Weight of the moving average, 0–0.999.
    pub smooth: f64,
    pub columns: u32,
}

impl Ask {
    /// Columns of each run, so that all together stay within [`MAX_COLUMNS`].
    #[must_use]
    pub fn columns_each(&self) -> u32 {
        let runs = u32::try_from(self.runs.len()).unwrap_or(u32::MAX).max(1);
        self.columns.clamp(1, (MAX_COLUMNS / runs).max(1))
    }
}

/// What a series of that name is called in runs trained here: `loss` is their training loss.
#[must_use]
pub fn series_of(metric: &str) -> &str {
    if metric == "loss" { crate::event::series::TRAIN_LOSS } else { metric }
}

/// A run's curve as the database gives it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    pub cells: Vec<Cell>,
    pub gaps: Vec<Gap>,
}

/// Values of a column that are no numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = OverlayGap))]
pub struct Gap {
    /// Where the first one stands.
    pub x: f64,
    pub values: u64,
}

/// Curves over each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overlay {
    /// Values in the part shown, of all runs.
    pub points: u64,
    /// Columns that hold them.
    pub columns: u64,
    /// Values of the fullest column.
    pub most: u64,
    /// In the order asked for; runs that the project does not have are left out.
    pub runs: Vec<OverlayRun>,
}

/// The curve of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverlayRun {
    pub id: String,
    pub name: String,
    /// Whether a program outside tracks it.
    #[serde(default)]
    pub tracked: bool,
    /// (x, value) of at most four points a column: the first, the extremes, the last. Values have seven digits.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Vec<f64>>))]
    pub line: Vec<(f64, f32)>,
    /// The moving average, a point a column; empty without smoothing.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Vec<f64>>))]
    pub smooth: Vec<(f64, f32)>,
    pub gaps: Vec<Gap>,
}

impl Overlay {
    /// What is drawn of these curves; `weight` of the moving average.
    #[must_use]
    pub fn of(curves: Vec<(Named, Columns)>, weight: f64) -> Self {
        let counts = || curves.iter().flat_map(|(_, c)| c.cells.iter().map(|cell| cell.points));
        let (points, columns, most) = (counts().sum(), counts().count() as u64, counts().max().unwrap_or(0));
        let run = |(named, found): (Named, Columns)| OverlayRun {
            id: named.id.to_string(),
            name: named.name,
            tracked: named.tracked,
            line: short(&line(&found.cells)),
            smooth: if weight > 0.0 { short(&smooth(&found.cells, weight)) } else { Vec::new() },
            gaps: found.gaps,
        };
        Self { points, columns, most, runs: curves.into_iter().map(run).collect() }
    }
}

/// A run by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub id: Uuid,
    pub name: String,
    pub tracked: bool,
}

/// Seven digits are more than a pixel shows, and half as many bytes.
fn short(points: &[(f64, f64)]) -> Vec<(f64, f32)> {
    let most = f64::from(f32::MAX);
    points.iter().map(|(x, y)| (*x, y.clamp(-most, most) as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::downsample::cells;

    #[test]
    fn columns_are_shared_among_runs() {
        let ask = |runs: usize, columns| Ask {
            runs: vec![Uuid::nil(); runs],
            metric: "loss".to_owned(),
            axis: Axis::Step,
            from: None,
            to: None,
            smooth: 0.0,
            columns,
        };
        assert_eq!([ask(1, 800), ask(50, 800), ask(50, 100), ask(1, 0)].map(|a| a.columns_each()), [800, 600, 100, 1]);
    }

    #[test]
    fn figures_count_what_is_behind_the_line() {
        let points: Vec<_> = (0..1000).map(|i| (f64::from(i), f64::from(i % 7))).collect();
        let found = Columns { cells: cells(&points, (0.0, 999.0), 10), gaps: Vec::new() };
        let named = Named { id: Uuid::nil(), name: "a".to_owned(), tracked: false };
        let overlay = Overlay::of(vec![(named, found)], 0.5);
        assert_eq!((overlay.points, overlay.columns, overlay.most), (1000, 10, 100));
        let run = &overlay.runs[0];
        assert!(run.line.len() <= 40 && run.smooth.len() == 10, "{}", run.line.len());
        assert!(run.line.iter().any(|p| p.1 == 6.0) && run.line.iter().any(|p| p.1 == 0.0));
    }
}
