//! What must hold for any curve.

use super::*;
use proptest::prelude::*;

fn places(values: &[f64]) -> Vec<(f64, f64)> {
    values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect()
}

fn whole(points: &[(f64, f64)]) -> (f64, f64) {
    points.first().zip(points.last()).map(|(a, b)| (a.0, b.0)).unwrap_or_default()
}

fn bounds(points: &[(f64, f64)]) -> (f64, f64) {
    points.iter().fold((f64::MAX, f64::MIN), |(low, high), p| (low.min(p.1), high.max(p.1)))
}

proptest! {
    #[test]
    fn ends_and_extremes_stay_and_nothing_is_invented(values in prop::collection::vec(-1e6..1e6f64, 1..2000), count in 1usize..300) {
        let points = places(&values);
        let few = line(&cells(&points, whole(&points), count));
        prop_assert!(few.len() <= 4 * count);
        prop_assert!(few.windows(2).all(|w| w[0].0 < w[1].0), "not in order");
        prop_assert!(few.iter().all(|p| points.contains(p)), "invented a point");
        prop_assert_eq!((few.first(), few.last()), (points.first(), points.last()));
        prop_assert_eq!(bounds(&few), bounds(&points));
    }

    #[test]
    fn doing_it_twice_changes_nothing(values in prop::collection::vec(-10i32..10, 1..2000), count in 1usize..300) {
        let points = places(&values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>());
        let few = line(&cells(&points, whole(&points), count));
        prop_assert_eq!(line(&cells(&few, whole(&points), count)), few);
    }

    #[test]
    fn every_point_is_counted(values in prop::collection::vec(-1e3..1e3f64, 1..500), count in 1usize..50) {
        let points = places(&values);
        let found = cells(&points, whole(&points), count);
        prop_assert_eq!(found.iter().map(|c| c.points).sum::<u64>(), values.len() as u64);
        let mean = found.iter().map(|c| c.mean * c.points as f64).sum::<f64>() / values.len() as f64;
        prop_assert!((mean - values.iter().sum::<f64>() / values.len() as f64).abs() < 1e-6);
    }

    #[test]
    fn smoothing_one_point_a_column_is_the_plain_average(values in prop::collection::vec(-1e3..1e3f64, 1..200), weight in 0.0..0.99f64) {
        let points = places(&values);
        let found = smooth(&cells(&points, whole(&points), 100_000), weight);
        let (mut sum, mut norm) = (0.0, 0.0);
        for (value, point) in values.iter().zip(found) {
            (sum, norm) = (sum * weight + value, norm * weight + 1.0);
            prop_assert!((point.1 - sum / norm).abs() < 1e-6);
        }
    }
}

#[test]
fn what_is_no_number_or_outside_is_left_out() {
    let points = [(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0), (9.0, 5.0)];
    assert_eq!(line(&cells(&points, (0.0, 4.0), 10)), [(0.0, 1.0), (2.0, 3.0)]);
    assert!(cells(&[], (0.0, 1.0), 10).is_empty());
    assert_eq!(line(&cells(&[(3.0, 1.0)], (3.0, 3.0), 10)), [(3.0, 1.0)], "a range without width");
}

#[test]
fn smoothing_goes_on_over_long_columns() {
    let level = |mean: f64, at: f64| Cell { mean, points: 100, ..Cell::of((at, mean)) };
    let found = smooth(&[level(1.0, 0.0), level(2.0, 1.0)], 0.9);
    assert!((found[1].1 - 2.0).abs() < 1e-3, "{found:?}");
    let slow = smooth(&[level(1.0, 0.0), level(2.0, 1.0)], 0.999);
    assert!((1.5..1.6).contains(&slow[1].1), "{slow:?}");
}
