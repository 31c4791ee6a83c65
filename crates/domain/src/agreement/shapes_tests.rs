//! Published examples of agreement on spans, sets and orders.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::sample::Span;

fn close(a: f64, b: f64, within: f64) {
    assert!((a - b).abs() < within, "{a} is not {b}");
}

fn spans(marked: &[(u32, u32, &str)]) -> Vec<Span> {
    marked.iter().map(|(start, end, label)| Span { start: *start, end: *end, label: (*label).to_owned() }).collect()
}

fn alpha(length: u32, first: &[Span], second: &[Span]) -> Option<f64> {
    alpha_u(std::iter::once(Marked { length, first, second }))
}

/// Krippendorff 2004, p. 254: two observers of a continuum from 150 to 450, category c; k is unitised alike.
#[test]
fn krippendorffs_own_unitising() {
    let at = |units: &[(u32, u32, &'static str)]| {
        spans(&units.iter().map(|(begin, length, c)| (begin - 150, begin - 150 + length, *c)).collect::<Vec<_>>())
    };
    let c = (at(&[(225, 70, "c"), (370, 30, "c")]), at(&[(220, 80, "c"), (355, 20, "c"), (400, 20, "c")]));
    close(alpha(300, &c.0, &c.1).unwrap(), 0.7286, 1e-4);
    let k = at(&[(180, 60, "k"), (300, 50, "k")]);
    close(alpha(300, &k, &k).unwrap(), 1.0, 1e-12);
    let (first, second) = ([c.0, k.clone()].concat(), [c.1, k].concat());
    close(alpha(300, &first, &second).unwrap(), 0.8591, 5e-4);
    assert_eq!(alpha(300, &[], &[]), None, "nothing was measured");
}

#[test]
fn spans_that_nobody_else_marked_are_worse_than_chance() {
    let (first, second) = (spans(&[(0, 10, "x")]), spans(&[(50, 60, "x")]));
    assert!(alpha(100, &first, &second).unwrap() < 0.0);
    let near = spans(&[(1, 10, "x")]);
    assert!(alpha(100, &first, &near).unwrap() > 0.9);
}

#[test]
fn spans_count_wholly_or_as_far_as_they_overlap() {
    let first = spans(&[(0, 4, "PER"), (10, 20, "ORG")]);
    let second = spans(&[(0, 4, "PER"), (15, 20, "ORG"), (30, 32, "LOC")]);
    let common = Common::of(&first, &second);
    close(common.exact().unwrap(), 2.0 / 5.0, 1e-12);
    // The first's are covered by 1 and ½, the second's by 1, 1 and 0.
    let (a, b) = (0.75, 2.0 / 3.0);
    close(common.partial().unwrap(), 2.0 * a * b / (a + b), 1e-12);
    assert_eq!(Common::default().exact(), None);
    let other_label = Common::of(&spans(&[(0, 4, "PER")]), &spans(&[(0, 4, "ORG")]));
    assert_eq!((other_label.exact(), other_label.partial()), (Some(0.0), Some(0.0)));
    assert_eq!(Common::of(&first, &first).and(common).same, 3);
}

#[test]
fn distances_of_sets() {
    let masi = |a: &[u32], b: &[u32]| SetDistance::Masi.of(a, b);
    // Passonneau 2006: the half of a set is ⅔ · ½ alike.
    close(masi(&[1, 2], &[1, 2, 3, 4]), 1.0 - 1.0 / 3.0, 1e-12);
    close(masi(&[1, 2, 3], &[2, 3, 4]), 1.0 - 1.0 / 3.0 * 0.5, 1e-12);
    assert_eq!((masi(&[], &[]), masi(&[1], &[1]), masi(&[1], &[2])), (0.0, 0.0, 1.0));
    close(SetDistance::Jaccard.of(&[1, 2, 3], &[2, 3, 4]), 0.5, 1e-12);
}

/// Where every set is one label, sets agree as labels do.
#[test]
fn sets_of_one_agree_as_labels() {
    let rows: Vec<Vec<u32>> = (0..40).map(|i| vec![i % 3, if i % 5 == 0 { (i + 1) % 3 } else { i % 3 }]).collect();
    let labels = Ratings::of_categories(rows.iter().map(|row| row.iter().map(|c| Some(*c)).collect()));
    let sets: Vec<Vec<Vec<u32>>> = rows.iter().map(|row| row.iter().map(|c| vec![*c]).collect()).collect();
    let all: Vec<usize> = (0..sets.len()).collect();
    for distance in [SetDistance::Jaccard, SetDistance::Masi] {
        let found = SetRatings::new(&sets, distance);
        assert_eq!(found.kinds(), 3);
        close(found.alpha(&all).unwrap(), krippendorff(&labels, Distance::Nominal).unwrap(), 1e-12);
    }
}

/// Siegel 1956, "Nonparametric Statistics", chapter 9: three executives rank six applicants; W = 0.16.
#[test]
fn kendalls_concordance() {
    let ranks = [[1, 6, 3, 2, 5, 4], [1, 5, 6, 4, 2, 3], [6, 3, 2, 5, 4, 1]];
    let orders: Vec<Vec<u32>> = ranks
        .iter()
        .map(|ranks| (1..=6).map(|rank| ranks.iter().position(|r| *r == rank).unwrap() as u32).collect())
        .collect();
    let orders: Vec<&[u32]> = orders.iter().map(Vec::as_slice).collect();
    close(kendall_w(&orders).unwrap(), 0.16, 5e-3);
    close(spearman(&[0, 1, 2], &[2, 1, 0]).unwrap(), -1.0, 1e-12);
    assert_eq!(kendall_w(&[&[0, 1], &[0, 0]]), None, "no order");
}
