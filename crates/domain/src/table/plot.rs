//! Where runs stand in the plots of the run table, and how much each of their settings matters for a metric.

use super::Point;
use crate::sweep::{Importance, Setting, Trial, importance};
use serde_json::Value;

/// Runs in a plot, the newest.
pub const MOST_POINTS: usize = 2000;
/// Runs whose settings are weighed, the newest: the test shuffles them a thousand times for each setting.
pub const MOST_WEIGHED: usize = 500;
/// Settings that are weighed.
pub const MOST_SETTINGS: usize = 24;
/// Axes of parallel coordinates.
pub const MOST_AXES: usize = 9;
/// Words on an axis; further ones share the last place.
const MOST_WORDS: usize = 12;
/// Numbers that differ by more are put on a logarithmic axis.
const WIDE: f64 = 30.0;

/// What stands at a mark of an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    Number(f64),
    Word(String),
    /// Words for which there is no place of their own.
    Others,
}

/// How high each run is on an axis, in [0, 1], and what stands beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// `None` where the run has no value.
    pub heights: Vec<Option<f64>>,
    pub marks: Vec<(f64, Mark)>,
    pub is_logarithmic: bool,
}

impl Axis {
    /// Whether runs differ on it.
    #[must_use]
    pub fn varies(&self) -> bool {
        let mut known = self.heights.iter().flatten();
        known.next().is_some_and(|first| known.any(|other| other != first))
    }
}

/// The axis of the column at place `index` of the points.
#[must_use]
pub fn axis(points: &[Point], index: usize) -> Axis {
    let values: Vec<Option<&Value>> = points.iter().map(|p| p.values.get(index).and_then(Option::as_ref)).collect();
    let numbers: Option<Vec<Option<f64>>> =
        values.iter().map(|v| v.map_or(Some(None), |v| v.as_f64().map(Some))).collect();
    match numbers {
        Some(numbers) if numbers.iter().any(Option::is_some) => of_numbers(&numbers),
        _ => of_words(&values),
    }
}

fn of_numbers(values: &[Option<f64>]) -> Axis {
    let known = || values.iter().flatten().copied();
    let (low, high) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let is_logarithmic = low > 0.0 && high / low >= WIDE;
    let on = |v: f64| if is_logarithmic { v.ln() } else { v };
    let back = |v: f64| if is_logarithmic { v.exp() } else { v };
    let height = |v: f64| if high > low { (on(v) - on(low)) / (on(high) - on(low)) } else { 0.5 };
    let marks = if high > low {
        let middle = back(f64::midpoint(on(low), on(high)));
        vec![(0.0, Mark::Number(low)), (0.5, Mark::Number(middle)), (1.0, Mark::Number(high))]
    } else {
        vec![(0.5, Mark::Number(low))]
    };
    Axis { heights: values.iter().map(|v| v.map(height)).collect(), marks, is_logarithmic }
}

/// Words stand evenly apart in their order.
fn of_words(values: &[Option<&Value>]) -> Axis {
    let words: Vec<Option<String>> = values.iter().map(|v| v.map(crate::recipe::setting_text)).collect();
    let mut distinct: Vec<&String> = words.iter().flatten().collect();
    distinct.sort();
    distinct.dedup();
    let places = distinct.len().min(MOST_WORDS);
    let height = |i: usize| if places < 2 { 0.5 } else { i.min(places - 1) as f64 / (places - 1) as f64 };
    let mark = |i: usize| {
        let is_rest = i + 1 == MOST_WORDS && distinct.len() > MOST_WORDS;
        (height(i), if is_rest { Mark::Others } else { Mark::Word(distinct[i].clone()) })
    };
    let place = |word: &String| distinct.binary_search(&word).map(height).unwrap_or(0.5);
    let heights = words.iter().map(|word| word.as_ref().map(place)).collect();
    Axis { heights, marks: (0..places).map(mark).collect(), is_logarithmic: false }
}

/// How much each of the columns `names` matters for the number behind them: the most important first. Columns in which runs do not
/// differ are left out.
#[must_use]
pub fn weigh(points: &[Point], names: &[String]) -> Vec<Importance> {
    let measured: Vec<(&Point, f64)> = points
        .iter()
        .filter_map(|p| Some((p, p.values.get(names.len())?.as_ref()?.as_f64()?)))
        .take(MOST_WEIGHED)
        .collect();
    let value = |p: &Point, i: usize| p.values.get(i).cloned().flatten().unwrap_or_default();
    let differs = |i: &usize| measured.windows(2).any(|pair| value(pair[0].0, *i) != value(pair[1].0, *i));
    let varied: Vec<usize> = (0..names.len()).filter(differs).take(MOST_SETTINGS).collect();
    let trial = |p: &Point| Trial {
        settings: varied.iter().map(|i| Setting { field: names[*i].clone(), value: value(p, *i) }).collect(),
    };
    let trials: Vec<(Trial, f64)> = measured.iter().map(|(p, y)| (trial(p), *y)).collect();
    let runs: Vec<(&Trial, f64)> = trials.iter().map(|(trial, y)| (trial, *y)).collect();
    let fields: Vec<String> = varied.iter().map(|i| names[*i].clone()).collect();
    let mut found = importance(&fields, &runs);
    found.sort_by(|a, b| b.share.unwrap_or(-1.0).total_cmp(&a.share.unwrap_or(-1.0)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::RowId, table::Source};
    use serde_json::json;

    fn points(rows: Vec<Vec<Option<Value>>>) -> Vec<Point> {
        let point =
            |values| Point { id: RowId::new(), source: Source::Lathe, name: String::new(), number: None, values };
        rows.into_iter().map(point).collect()
    }

    #[test]
    fn numbers_lie_between_their_ends_and_wide_ones_by_their_logarithm() {
        let of = |values: &[Option<f64>]| axis(&points(values.iter().map(|v| vec![v.map(|v| json!(v))]).collect()), 0);
        assert_eq!(of(&[Some(1.0), None, Some(3.0), Some(2.0)]).heights, [Some(0.0), None, Some(1.0), Some(0.5)]);
        let wide = of(&[Some(1e-5), Some(1e-4), Some(1e-3)]);
        assert!(wide.is_logarithmic && (wide.heights[1].unwrap_or_default() - 0.5).abs() < 1e-9);
        assert!(!of(&[Some(2.0), Some(2.0), None]).varies() && !of(&[None]).varies() && wide.varies());
    }

    #[test]
    fn words_have_places_until_there_are_too_many() {
        let words = |n: usize| axis(&points((0..n).map(|i| vec![Some(json!(format!("w{i:02}")))]).collect()), 0);
        assert_eq!(words(3).heights, [Some(0.0), Some(0.5), Some(1.0)]);
        let many = words(20);
        assert_eq!((many.marks.len(), &many.marks[11]), (12, &(1.0, Mark::Others)));
        assert_eq!(many.heights[19], Some(1.0));
    }

    /// The metric follows the first setting, and the second is noise.
    #[test]
    fn what_the_metric_follows_matters_most() {
        let row = |i: u32| {
            vec![
                Some(json!(i % 2)),
                Some(json!(i / 3)),
                Some(json!(8)),
                Some(json!((i % 4) / 2)),
                Some(json!(i % 2 * 10 + i / 3)),
            ]
        };
        let names = ["first", "noise", "same", "other"].map(str::to_owned);
        let found = weigh(&points((0..24).map(row).collect()), &names);
        assert_eq!(found[0].field, "first");
        assert!(found.iter().all(|i| i.field != "same"), "{found:?}");
        assert!(weigh(&[], &names).is_empty());
    }
}
