//! Published examples, and what must hold of every table.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

fn close(a: f64, b: f64, within: f64) {
    assert!((a - b).abs() < within, "{a} is not {b}");
}

/// Krippendorff 2011, section E: four observers, twelve units, missing ratings.
fn krippendorffs_example() -> Ratings {
    let observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ];
    let unit = |u: usize| observers.iter().map(|o| (o[u] > 0).then_some(o[u] as u32)).collect();
    Ratings::of_categories((0..12).map(unit))
}

#[test]
fn krippendorffs_own_figures() {
    let ratings = krippendorffs_example();
    for (distance, published) in
        [(Distance::Nominal, 0.743), (Distance::Ordinal, 0.815), (Distance::Interval, 0.849), (Distance::Ratio, 0.797)]
    {
        close(krippendorff(&ratings, distance).unwrap(), published, 6e-4);
    }
}

/// Fleiss 1971, as in the textbook table of ten subjects and fourteen raters.
#[test]
fn fleiss_own_figure() {
    let table: [[u32; 5]; 10] = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ];
    let row = |counts: &[u32; 5]| {
        (0..5).flat_map(|c| std::iter::repeat_n(Some(c as u32), counts[c as usize] as usize)).collect::<Vec<_>>()
    };
    close(fleiss(&Ratings::of_categories(table.iter().map(row))).unwrap(), 0.210, 5e-4);
}

fn pairs(table: &[&[u32]]) -> Vec<(f64, f64)> {
    let cells = table.iter().enumerate().flat_map(|(a, row)| row.iter().enumerate().map(move |(b, n)| (a, b, *n)));
    cells.flat_map(|(a, b, n)| std::iter::repeat_n((a as f64, b as f64), n as usize)).collect()
}

#[test]
fn cohens_figures() {
    // 50 grant proposals, two readers.
    close(cohen(&pairs(&[&[20, 5], &[10, 15]]), Weights::None).unwrap(), 0.4, 1e-12);
    // Cohen 1960, table 1 as counts of 200.
    let diagnoses = pairs(&[&[88, 14, 18], &[10, 40, 10], &[2, 6, 12]]);
    close(cohen(&diagnoses, Weights::None).unwrap(), 0.492, 5e-4);
    // On two categories weights change nothing; on three, near misses count less.
    let two = pairs(&[&[20, 5], &[10, 15]]);
    close(cohen(&two, Weights::Quadratic).unwrap(), cohen(&two, Weights::Linear).unwrap(), 1e-12);
    let near = pairs(&[&[10, 3, 0], &[3, 10, 3], &[0, 3, 10]]);
    let of = |w| cohen(&near, w).unwrap();
    assert!(of(Weights::None) < of(Weights::Linear) && of(Weights::Linear) < of(Weights::Quadratic));
    assert_eq!(cohen(&[], Weights::None), None);
    assert_eq!(cohen(&[(1.0, 1.0), (1.0, 1.0)], Weights::None), None, "nothing was measured");
}

#[test]
fn agreement_of_all_is_one_and_of_none_is_below_chance() {
    let same = Ratings::of_categories((0..10).map(|i| vec![Some(i % 3); 4]));
    let against = Ratings::of_categories((0..10).map(|i| vec![Some(i % 2), Some((i + 1) % 2)]));
    close(krippendorff(&same, Distance::Nominal).unwrap(), 1.0, 1e-12);
    close(fleiss(&same).unwrap(), 1.0, 1e-12);
    assert!(krippendorff(&against, Distance::Nominal).unwrap() < -0.8);
    assert_eq!(krippendorff(&Ratings::of_categories([vec![Some(1), None]]), Distance::Nominal), None);
}

#[test]
fn an_interval_holds_its_value_and_repeats() {
    let ratings = krippendorffs_example();
    let of = |seed| interval(&ratings, seed, |r| krippendorff(r, Distance::Nominal)).unwrap();
    let found = of(7);
    assert!(found.low < found.value && found.value < found.high, "{found:?}");
    assert_eq!(found, of(7));
}

/// Two careful raters and one who says anything: the careful ones are believed against the majority rule's tie.
#[test]
fn the_reliable_are_believed() {
    let truth = |i: u32| i % 2;
    let row = |i: u32| {
        vec![Some(truth(i)), Some(if i.is_multiple_of(10) { 1 - truth(i) } else { truth(i) }), Some((i / 3) % 2)]
    };
    let ratings = Ratings::of_categories((0..200).map(row));
    let found = DawidSkene::of(&ratings);
    let right =
        found.believed().iter().enumerate().filter(|(i, b)| b.unwrap().value == f64::from(truth(*i as u32))).count();
    assert!(right >= 195, "{right}");
    let accuracy = [0, 1, 2].map(|rater| found.accuracy(rater));
    assert!(accuracy[0] > 0.9 && accuracy[1] > 0.8 && accuracy[2] < 0.7, "{accuracy:?}");
    let alone = Ratings::of_categories([vec![Some(1), Some(0)], vec![Some(1), Some(1)], vec![None, None]]);
    assert_eq!(majority(&alone), [None, Some(Believed { value: 1.0, confidence: 1.0 }), None]);
}
