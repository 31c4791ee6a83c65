//! What holds of every division, and how each setting shows.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use domain::{
    sample::{Message, Speaker},
    split::{Amounts, Group},
};
use proptest::prelude::*;

fn sample(text: &str, label: &str, fields: &[(&str, &str)]) -> Sample {
    Sample {
        messages: vec![Message::new(Speaker::User, text), Message::new(Speaker::Assistant, label)],
        label: Some(label.to_owned()),
        rejected: None,
        slices: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        ..Sample::default()
    }
}

fn divide(rule: SplitRule, samples: &[(Sample, Split)]) -> Result<(Vec<Assigned>, u64), SplitRuleError> {
    let mut divider = Divider::new(rule)?;
    for (sample, split) in samples {
        divider.add(sample, *split);
    }
    divider.finish()
}

fn counts(assigned: &[Assigned]) -> [usize; 3] {
    Split::ALL.map(|split| assigned.iter().filter(|a| **a == Some(split)).count())
}

/// A thousand different texts, every tenth with the rare label.
fn thousand() -> Vec<(Sample, Split)> {
    let label = |i: u32| if i.is_multiple_of(10) { "rare" } else { "usual" };
    (0..1000).map(|i| (sample(&format!("text number {i}"), label(i), &[]), Split::Train)).collect()
}

#[test]
fn every_label_has_its_share_in_every_split_exactly() {
    let (assigned, several) = divide(SplitRule::default(), &thousand()).unwrap();
    assert_eq!((counts(&assigned), several), ([800, 100, 100], 0));
    let rare: Vec<Assigned> = assigned.iter().step_by(10).copied().collect();
    assert_eq!(counts(&rare), [80, 10, 10]);
}

#[test]
fn the_seed_decides_and_the_order_does_not() {
    let samples = thousand();
    let (a, _) = divide(SplitRule::default(), &samples).unwrap();
    let (b, _) = divide(SplitRule { seed: 7, ..SplitRule::default() }, &samples).unwrap();
    assert_ne!(a, b);
    let reversed: Vec<_> = samples.into_iter().rev().collect();
    let (mut c, _) = divide(SplitRule::default(), &reversed).unwrap();
    c.reverse();
    // Labels are numbered as they come, so the strata come in another order; within one it is the content that decides.
    assert_eq!(counts(&a), counts(&c));
    let differ = a.iter().zip(&c).filter(|(x, y)| x != y).count();
    assert_eq!(differ, 0);
}

#[test]
fn lengths_can_be_spread_evenly_too() {
    let samples: Vec<_> = (0..400).map(|i: usize| (sample(&"x ".repeat(i + 1), "l", &[]), Split::Train)).collect();
    let rule = SplitRule { stratify: vec![Stratify::Length], ..SplitRule::default() };
    let (assigned, _) = divide(rule, &samples).unwrap();
    for quarter in assigned.chunks(100) {
        let [_, validation, test] = counts(quarter);
        assert!((9..=11).contains(&validation) && (9..=11).contains(&test), "{:?}", counts(quarter));
    }
}

#[test]
fn what_belongs_together_stays_together() {
    let user = |i: u32| (i / 3).to_string();
    let samples: Vec<_> =
        (0..90).map(|i| (sample(&format!("text {i}"), "l", &[("user", &user(i))]), Split::Train)).collect();
    let by_user = Group::Field { field: "user".to_owned() };
    let (assigned, several) = divide(SplitRule { group: by_user.clone(), ..SplitRule::default() }, &samples).unwrap();
    assert_eq!(several, 30);
    assert!(assigned.chunks(3).all(|user| user.iter().all(|split| *split == user[0])), "{assigned:?}");
    assert_eq!(counts(&assigned), [72, 9, 9]);
    let mut without = samples;
    without[4].0.slices.clear();
    without[7].0.slices.clear();
    let problem = divide(SplitRule { group: by_user, ..SplitRule::default() }, &without).unwrap_err();
    assert_eq!(problem, SplitRuleError::FieldMissing { field: "user".to_owned(), samples: 2, first: 4 });
}

#[test]
fn near_duplicates_share_a_split_and_prompts_do_by_default() {
    let text = "how do I change the delivery address of an order that was already sent";
    let near = |i: usize| format!("{text} {}", ["please", "today", "soon"][i % 3]);
    let mut samples: Vec<_> = (0..60).map(|i| (sample(&near(i), &format!("a{i}"), &[]), Split::Train)).collect();
    samples.extend((0..60).map(|i| (sample(&format!("{i} unrelated {}", i * 7919), "b", &[]), Split::Train)));
    let rule = |group| SplitRule { stratify: Vec::new(), group, ..SplitRule::default() };
    let (assigned, _) = divide(rule(Group::NearDuplicates { similarity: 0.6 }), &samples).unwrap();
    assert!(assigned[..60].iter().all(|split| *split == assigned[0]), "{assigned:?}");
    let (assigned, _) = divide(rule(Group::Prompt), &samples).unwrap();
    for i in 0..57 {
        assert_eq!(assigned[i], assigned[i + 3], "the same prompt");
    }
    let (assigned, _) = divide(rule(Group::None), &samples).unwrap();
    assert!(assigned[..60].iter().any(|split| *split != assigned[0]));
}

#[test]
fn the_newest_are_the_test() {
    let day = |i: u32| format!("2024-{:02}-{:02}", 1 + i / 28, 1 + i % 28);
    let mut samples: Vec<_> =
        (0..100).map(|i| (sample(&format!("text {i}"), "l", &[("date", &day(i))]), Split::Train)).collect();
    samples.reverse();
    let rule = SplitRule { stratify: Vec::new(), time_field: Some("date".to_owned()), ..SplitRule::default() };
    let (assigned, _) = divide(rule.clone(), &samples).unwrap();
    assert_eq!(assigned[..10], [Some(Split::Test); 10]);
    assert_eq!(assigned[20..], [Some(Split::Train); 80]);
    samples[3].0.slices.insert("date".to_owned(), "yesterday".to_owned());
    let problem = divide(rule, &samples).unwrap_err();
    assert!(matches!(problem, SplitRuleError::NoTime { position: 3, .. }), "{problem}");
}

#[test]
fn times_are_read_in_usual_forms() {
    for (early, late) in [
        ("2024-01-31", "2024-02-01"),
        ("2024-01-31T23:59:59Z", "2024-02-01T00:00:00Z"),
        ("2024-02-01T00:00:00+08:00", "2024-02-01T00:00:00Z"),
        ("2024-01-31 08:00:00", "2024-01-31 08:00:01"),
        ("9", "10.5"),
        ("2024/01/31", "2024/02/01"),
    ] {
        assert!(seconds(early).unwrap() < seconds(late).unwrap(), "{early} {late}");
    }
    assert_eq!((seconds("soon"), seconds("NaN"), seconds("")), (None, None, None));
}

#[test]
fn a_kept_test_set_neither_grows_nor_leaks() {
    let mut samples = thousand();
    for (_, split) in &mut samples[..50] {
        *split = Split::Test;
    }
    // A new sample with the prompt of a test sample.
    samples.push((sample("text number 7", "rare", &[]), Split::Train));
    let (assigned, _) = divide(SplitRule { keep_test: true, ..SplitRule::default() }, &samples).unwrap();
    assert_eq!(assigned[..50], [Some(Split::Test); 50]);
    assert_eq!(assigned[1000], None);
    assert_eq!(counts(&assigned)[2], 50);
    assert_eq!(counts(&assigned)[1], 106, "a ninth of the other 950");
}

#[test]
fn the_report_tells_an_even_division_from_a_skewed_one() {
    let samples = thousand();
    let (assigned, _) = divide(SplitRule::default(), &samples).unwrap();
    let report = |split_of: &dyn Fn(usize) -> Split| {
        let mut report = ReportBuilder::new();
        for (i, (sample, _)) in samples.iter().enumerate() {
            report.add(sample, split_of(i));
        }
        report.finish()
    };
    let even = report(&|i| assigned[i].unwrap());
    assert_eq!(even.samples, [800, 100, 100]);
    assert!(!even.labels.unwrap().association.unwrap().is_suspicious());
    assert_eq!(even.languages.categories[0].name, "en");
    let skewed = report(&|i| if i % 10 == 0 { Split::Test } else { Split::Train });
    assert!(skewed.labels.unwrap().association.unwrap().is_suspicious());
}

proptest! {
    /// Counts add up to the quotas where nothing has to stay together, whatever the labels.
    #[test]
    fn counts_are_exact(labels in prop::collection::vec(0u8..5, 3..200), train in 0.1f64..1.0, validation in 0f64..1.0, test in 0f64..1.0, seed: u64) {
        let samples: Vec<_> = labels.iter().enumerate().map(|(i, l)| (sample(&i.to_string(), &l.to_string(), &[]), Split::Train)).collect();
        let rule = SplitRule { seed, amounts: Amounts::Shares { train, validation, test }, group: Group::None, ..SplitRule::default() };
        let quotas = rule.quotas(samples.len() as u64).unwrap();
        let (assigned, _) = divide(rule, &samples).unwrap();
        prop_assert_eq!(counts(&assigned).map(|n| n as u64), quotas);
    }
}
