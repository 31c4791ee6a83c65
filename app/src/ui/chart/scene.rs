//! What is to be drawn: curves seen through a [`View`], as lines in plot coordinates.
//!
//! On a logarithmic scale the lines carry log10 of the values, so that drawing is linear always.

use super::{Curve, downsample, smooth};

/// How a person looks at the curves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// x is time instead of steps.
    pub by_time: bool,
    pub log: bool,
    /// Weight of the moving average, 0 for none.
    pub smoothing: f64,
    /// Curves not shown, by index.
    pub hidden: Vec<usize>,
    /// Part of the x axis shown; all of it when `None`.
    pub zoom: Option<(f64, f64)>,
}

/// A line to draw, in plot coordinates.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// Index of the curve, which decides the colour.
    pub curve: usize,
    pub points: Vec<(f64, f64)>,
    /// The unsmoothed values behind a smoothed line.
    pub faint: bool,
}

/// Lines and the ranges of both axes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scene {
    pub lines: Vec<Line>,
    /// Curve and x of values that are no numbers.
    pub marks: Vec<(usize, f64)>,
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub by_time: bool,
    pub log: bool,
}

impl View {
    fn x_of(&self, point: &(f64, f64, f64)) -> f64 {
        if self.by_time { point.2 } else { point.0 }
    }

    fn y_of(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }

    fn shows(&self, curve: usize) -> bool {
        !self.hidden.contains(&curve)
    }

    /// The point of a curve nearest to `x`: its x and its value.
    pub fn nearest(&self, curve: &Curve, x: f64) -> Option<(f64, f64)> {
        let i = curve.points.partition_point(|p| self.x_of(p) < x);
        let near = curve.points[i.saturating_sub(1)..curve.points.len().min(i + 1)].iter();
        near.min_by(|a, b| (self.x_of(a) - x).abs().total_cmp(&(self.x_of(b) - x).abs())).map(|p| (self.x_of(p), p.1))
    }
}

impl Scene {
    /// The scene for a plot of `columns` pixels; `None` when nothing can be drawn.
    pub fn new(curves: &[Curve], view: &View, columns: usize) -> Option<Self> {
        let lines: Vec<_> = curves
            .iter()
            .enumerate()
            .filter(|(i, _)| view.shows(*i))
            .flat_map(|(i, curve)| lines(i, curve, view, columns))
            .filter(|line| !line.points.is_empty())
            .collect();
        let all = || lines.iter().flat_map(|l| &l.points);
        let x = view.zoom.or_else(|| range(all().map(|p| p.0)))?;
        let (low, high) = range(all().filter(|p| (x.0..=x.1).contains(&p.0)).map(|p| p.1))?;
        let pad = if high > low { (high - low) * 0.06 } else { low.abs().max(1e-9) * 0.1 };
        let marks = curves.iter().enumerate().filter(|(i, _)| view.shows(*i));
        let marks = marks.flat_map(|(i, curve)| curve.marks.iter().map(move |at| (i, *at)));
        let marks = marks.filter(|(_, at)| (x.0..=x.1).contains(at)).collect();
        Some(Self { lines, marks, x: widen(x), y: (low - pad, high + pad), by_time: view.by_time, log: view.log })
    }
}

/// The line of a curve, and its raw values behind it when it is smoothed.
fn lines(index: usize, curve: &Curve, view: &View, columns: usize) -> Vec<Line> {
    let placed = |points: &[(f64, f64, f64)]| -> Vec<(f64, f64)> {
        let points = points.iter().map(|p| (view.x_of(p), view.y_of(p.1)));
        points.filter(|p| p.0.is_finite() && p.1.is_finite()).collect()
    };
    let points = placed(&curve.points);
    let line = |points: &[(f64, f64)], faint| Line {
        curve: index,
        points: downsample(visible(points, view.zoom), columns),
        faint,
    };
    if !curve.behind.is_empty() {
        vec![line(&placed(&curve.behind), true), line(&points, false)]
    } else if view.smoothing > 0.0 {
        vec![line(&points, true), line(&smooth(&points, view.smoothing), false)]
    } else {
        vec![line(&points, false)]
    }
}

/// The points in the zoomed part, and one on either side so that lines run to the edge.
fn visible(points: &[(f64, f64)], zoom: Option<(f64, f64)>) -> &[(f64, f64)] {
    let Some((from, to)) = zoom else { return points };
    let start = points.partition_point(|p| p.0 < from).saturating_sub(1);
    let end = (points.partition_point(|p| p.0 <= to) + 1).min(points.len());
    &points[start.min(end)..end]
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, v| match range {
        None => Some((v, v)),
        Some((low, high)) => Some((low.min(v), high.max(v))),
    })
}

/// A range with some width.
fn widen((low, high): (f64, f64)) -> (f64, f64) {
    if high > low { (low, high) } else { (low - 0.5, low + 0.5) }
}

/// Round numbers inside a range, about `count` of them: 1, 2 or 5 times a power of ten apart.
pub(super) fn ticks((low, high): (f64, f64), count: f64) -> Vec<f64> {
    let rough = (high - low) / count.max(1.0);
    if !rough.is_finite() || rough <= 0.0 {
        return Vec::new();
    }
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough).unwrap_or(10.0 * power);
    let first = (low / step).ceil();
    (0..64).map(|i| (first + f64::from(i)) * step).take_while(|t| *t <= high).collect()
}

/// A tick or hover value as text; `step` is the distance between ticks.
pub(super) fn label(value: f64, step: f64) -> String {
    if value.abs() < step.abs() * 1e-9 {
        "0".to_owned()
    } else if value.abs().max(step.abs()) >= 1e5 {
        format!("{}k", trim(format!("{:.1}", value / 1e3)))
    } else if step.abs() < 1e-3 && value.abs() < 0.01 {
        format!("{value:.1e}")
    } else {
        let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
        format!("{value:.decimals$}")
    }
}

fn trim(text: String) -> String {
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// Seconds on the time axis, in the unit that fits the range.
pub(super) fn time_label(seconds: f64, span: f64) -> String {
    match span {
        s if s >= 7200.0 => format!("{} h", trim(format!("{:.1}", seconds / 3600.0))),
        s if s >= 180.0 => format!("{} min", trim(format!("{:.1}", seconds / 60.0))),
        _ => format!("{} s", trim(format!("{seconds:.1}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve() -> Curve {
        Curve::new("loss", (0..100).map(|i| (f64::from(i), 100.0 - f64::from(i), f64::from(i) * 2.0)).collect())
    }

    #[test]
    fn zoom_and_log_choose_the_ranges() {
        let view = View { log: true, zoom: Some((0.0, 90.0)), ..View::default() };
        let scene = Scene::new(&[curve()], &view, 500).map(|s| (s.x, s.y));
        let (x, y) = scene.unwrap_or_default();
        assert_eq!(x, (0.0, 90.0));
        assert!(y.0 < 1.0 && y.1 > 2.0 && y.1 < 2.2, "{y:?}");
    }

    #[test]
    fn nothing_to_draw_is_no_scene() {
        assert_eq!(Scene::new(&[], &View::default(), 10), None);
        assert_eq!(Scene::new(&[Curve::new("x", vec![(0.0, f64::NAN, 0.0)])], &View::default(), 10), None);
        assert_eq!(Scene::new(&[curve()], &View { hidden: vec![0], ..View::default() }, 10), None);
    }

    #[test]
    fn the_nearest_point_is_found_on_both_axes() {
        assert_eq!(View::default().nearest(&curve(), 10.4), Some((10.0, 90.0)));
        let by_time = View { by_time: true, ..View::default() };
        assert_eq!(by_time.nearest(&curve(), 1000.0), Some((198.0, 1.0)));
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks((0.0, 97.0), 5.0), [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(label(0.25, 0.05), "0.25");
        assert_eq!([label(0.001, 2e-4), label(8e-4, 2e-4)], ["1.0e-3", "8.0e-4"]);
        assert_eq!(label(120_000.0, 20_000.0), "120k");
        assert_eq!(time_label(5400.0, 10_000.0), "1.5 h");
    }
}
