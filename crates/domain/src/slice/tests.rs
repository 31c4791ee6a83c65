//! Slices of made-up scores: what is planted is found, and where nothing is planted nothing is.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::statistics::bootstrap::SplitMix64;

/// Samples of three fields; `chance` says how likely one is right.
fn cases(count: usize, seed: u64, chance: impl Fn(&str, &str) -> f64) -> Vec<Case> {
    let mut random = SplitMix64::new(seed);
    let topics = ["billing", "delivery", "returns", "other"];
    let languages = ["en", "zh", "de"];
    (0..count)
        .map(|_| {
            let (topic, language) = (topics[random.below(4)], languages[random.below(3)]);
            let is_right = (random.below(10_000) as f64) < chance(topic, language) * 10_000.0;
            let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let fields = vec![
                field("topic", topic),
                field("language", language),
                field("shop", ["a", "b", "c", "d", "e"][random.below(5)]),
            ];
            Case { score: f64::from(u8::from(is_right)), fields }
        })
        .collect()
}

#[test]
fn a_planted_slice_is_found_first() {
    let planted = |topic: &str, language: &str| if (topic, language) == ("billing", "zh") { 0.4 } else { 0.85 };
    let found = worst(&cases(2000, 7, planted), &Search::default());
    let mut conditions = found.slices[0].conditions.clone();
    conditions.sort();
    assert_eq!(conditions, [condition("language", "zh"), condition("topic", "billing")]);
    let first = &found.slices[0];
    assert!(first.adjusted_p_value.unwrap() < 1e-6 && first.difference_interval.unwrap().1 < -0.2, "{first:?}");
    assert!(found.tested > 40, "all values of one and of two fields: {}", found.tested);
}

/// The same for scores that are not right or wrong, of which less is better.
#[test]
fn a_planted_mean_is_found() {
    let mut all = cases(1500, 3, |_, _| 0.5);
    let mut random = SplitMix64::new(9);
    for case in &mut all {
        let noise = random.below(1000) as f64 / 1000.0;
        let is_planted = case.fields.contains(&("shop".to_owned(), "c".to_owned()));
        case.score = noise + if is_planted { 0.3 } else { 0.0 };
    }
    let found = worst(&all, &Search { larger_is_better: false, ..Search::default() });
    assert!(found.slices[0].conditions.contains(&condition("shop", "c")), "{found:?}");
    assert!(found.slices.iter().any(|slice| slice.conditions == [condition("shop", "c")]));
}

/// Where no part differs, something is found in no more than the asked share of data sets (5 %), but for chance: 60 of them
/// with a chance of 0.05 have more than 8 with a probability of 0.002.
#[test]
fn of_nothing_nothing_is_found() {
    let with_findings = (0..60).filter(|seed| {
        let found = worst(&cases(600, seed * 7919, |_, _| 0.8), &Search::default());
        assert!(found.tested > 20);
        !found.slices.is_empty()
    });
    assert!(with_findings.count() <= 8);
}

#[test]
fn small_and_repeated_parts_are_not_tested() {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let case = |i: usize| {
        let half = if i.is_multiple_of(2) { "x" } else { "y" };
        // The second field says the same in other words, the third has but two samples of one value.
        let rare = if i < 2 { "rare" } else { "usual" };
        Case { score: 1.0, fields: vec![field("a", half), field("b", half), field("c", rare)] }
    };
    let all: Vec<Case> = (0..100).map(case).collect();
    assert_eq!(worst(&all, &Search::default()), Found { tested: 2, slices: Vec::new() });
}

/// Fisher's tea: 3 of 4 against 1 of 4 has p = 0.4857 (The Design of Experiments, chapter 2, two-sided); and a z test of
/// 50 of 100 against 65 of 100, by hand: pooled 0.575, z = 0.15 / sqrt(0.575·0.425·0.02) = 2.1456.
#[test]
fn two_shares_as_published() {
    assert!((two_shares_p_value((3, 4), (1, 4)) - 34.0 / 70.0).abs() < 1e-9);
    assert!((two_shares_p_value((4, 4), (0, 4)) - 2.0 / 70.0).abs() < 1e-9);
    assert!((two_shares_p_value((65, 100), (50, 100)) - 0.0319).abs() < 1e-4);
    assert_eq!([two_shares_p_value((0, 0), (1, 2)), two_shares_p_value((5, 5), (9, 9))], [1.0, 1.0]);
}

#[test]
fn a_part_is_held_against_the_rest() {
    let field = |value: &str| vec![("label".to_owned(), value.to_owned())];
    let all: Vec<Case> = (0..40)
        .map(|i| Case { score: f64::from(u8::from(i >= 10)), fields: field(if i < 20 { "yes" } else { "no" }) })
        .collect();
    let found = by_field(&all, true);
    assert_eq!((found.len(), found[0].field.as_str()), (1, "label"));
    let no = found[0].slices.iter().find(|s| s.conditions[0].value == "no").unwrap();
    assert_eq!((no.support, no.value, no.rest, no.difference), (20, 1.0, Some(0.5), Some(0.5)));
    assert_eq!(no.verdict, Verdict::Better);
    let (low, high) = no.interval.unwrap();
    assert!(low > 0.8 && high == 1.0);
    // A field with one value says nothing.
    let alone: Vec<Case> = (0..5).map(|_| Case { score: 1.0, fields: field("x") }).collect();
    assert_eq!(by_field(&alone, true), []);
    assert_eq!(by_field(&[], true), []);
}

/// One of 20 parts is worse than the rest by itself (p = 0.04), as one of 20 is by chance.
#[test]
fn fields_are_corrected_for_all_their_values() {
    let case = |i: usize| {
        let (shop, at) = (i / 50, i % 50);
        let right = if shop == 0 { 34 } else { 40 };
        Case { score: f64::from(u8::from(at < right)), fields: vec![("shop".to_owned(), shop.to_string())] }
    };
    let all: Vec<Case> = (0..1000).map(case).collect();
    let found = by_field(&all, true);
    let first = found[0].slices.iter().find(|slice| slice.conditions[0].value == "0").unwrap();
    assert!(first.p_value.unwrap() < 0.05 && first.difference_interval.unwrap().1 < 0.0, "{first:?}");
    assert!(first.adjusted_p_value.unwrap() > 0.05 && first.verdict == Verdict::NoEvidence, "{first:?}");
}

/// The normal distribution and drawn permutations agree where both hold.
#[test]
fn small_parts_are_permuted() {
    let score = |i: usize| (i % 7) as f64 / 7.0 + if i < 29 { 0.25 } else { 0.0 };
    let case = |i: usize| Case {
        score: score(i),
        fields: vec![("f".to_owned(), if i < 29 { "small" } else { "large" }.to_owned())],
    };
    let all: Vec<Case> = (0..400).map(case).collect();
    let found = by_field(&all, true);
    let p: Vec<f64> = found[0].slices.iter().map(|s| s.p_value.unwrap()).collect();
    assert!(p.iter().all(|p| *p < 0.001), "{p:?}");
    let interval = found[0].slices[1].difference_interval.unwrap();
    assert!(interval.0 > 0.1 && interval.1 < 0.4, "{interval:?}");
}
