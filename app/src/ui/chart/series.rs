//! What is done to points before they are drawn: smoothing, and fewer points that look the same.

/// At most `2 · buckets` points of `points` (which rise in x) that draw the same line: of each
/// of `buckets` equally wide parts of the x range the smallest and the largest value, in their
/// order. The first and the last point are kept besides.
#[must_use]
pub fn downsample(points: &[(f64, f64)], buckets: usize) -> Vec<(f64, f64)> {
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else { return Vec::new() };
    if points.len() <= 2 * buckets.max(1) {
        return points.to_vec();
    }
    let width = ((last.0 - first.0) / buckets.max(1) as f64).max(f64::MIN_POSITIVE);
    let mut out = vec![first];
    let mut start = 0;
    while start < points.len() {
        let bucket = ((points[start].0 - first.0) / width).floor();
        let end = start + points[start..].partition_point(|p| ((p.0 - first.0) / width).floor() <= bucket);
        push_extremes(&points[start..end], &mut out);
        start = end;
    }
    out.push(last);
    out.dedup();
    out
}

/// Appends the smallest and the largest value of a bucket in the order of x.
fn push_extremes(bucket: &[(f64, f64)], out: &mut Vec<(f64, f64)>) {
    let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
    if let (Some(&low), Some(&high)) = (bucket.iter().min_by(by_value), bucket.iter().max_by(by_value)) {
        let (a, b) = if low.0 <= high.0 { (low, high) } else { (high, low) };
        out.push(a);
        if b != a {
            out.push(b);
        }
    }
}

/// Exponential moving average with `weight` in [0, 1) on the past, corrected for its start as in
/// Adam (Kingma & Ba 2014, §3): `y_t = Σ w^(t-i) x_i / Σ w^(t-i)`. Weight 0 changes nothing.
#[must_use]
pub fn smooth(points: &[(f64, f64)], weight: f64) -> Vec<(f64, f64)> {
    let (mut sum, mut norm) = (0.0, 0.0);
    points
        .iter()
        .map(|&(x, y)| {
            if !y.is_finite() {
                return (x, y);
            }
            sum = sum * weight + y;
            norm = norm * weight + 1.0;
            (x, sum / norm)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn downsampling_keeps_ends_and_extremes(values in prop::collection::vec(-1e6..1e6f64, 1..2000), buckets in 1usize..300) {
            let points: Vec<_> = values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect();
            let few = downsample(&points, buckets);
            prop_assert!(few.len() <= 2 * buckets + 4);
            prop_assert!(few.windows(2).all(|w| w[0].0 < w[1].0), "not in order");
            prop_assert!(few.iter().all(|p| points.contains(p)), "invented a point");
            prop_assert_eq!((few.first(), few.last()), (points.first(), points.last()));
            let bounds = |p: &[(f64, f64)]| p.iter().fold((f64::MAX, f64::MIN), |(l, h), p| (l.min(p.1), h.max(p.1)));
            prop_assert_eq!(bounds(&few), bounds(&points));
        }

        #[test]
        fn smoothing_stays_within_the_values(values in prop::collection::vec(-1e3..1e3f64, 1..200), weight in 0.0..0.99f64) {
            let points: Vec<_> = values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect();
            let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
            prop_assert!(smooth(&points, weight).iter().all(|p| p.1 >= low - 1e-6 && p.1 <= high + 1e-6));
        }
    }

    #[test]
    fn no_smoothing_changes_nothing() {
        let points = [(0.0, 3.0), (1.0, 5.0)];
        assert_eq!(smooth(&points, 0.0), points);
    }
}
