//! Published tables as answers to questions.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::annotation::{agreement_view::Measure, design::Design};
use crate::id::UserId;

fn question(kind: &str) -> Question {
    let text = format!(r#"{{"show": "answers", "questions": [{{"name": "q", "title": "Q", {kind}}}]}}"#);
    serde_json::from_str::<Design>(&text).unwrap().questions.remove(0)
}

/// A table of what each person says of each item, by column; an empty text is no answer.
fn table(people: usize, rows: &[Vec<String>]) -> Table {
    let person = |at: usize| Person { id: UserId::new(), name: format!("person {at}") };
    let items = rows.iter().enumerate().map(|(at, row)| TableItem {
        id: ItemId(at as i64),
        rank: at as u32,
        week: if at < rows.len() / 2 { "2026-05-25" } else { "2026-06-01" }.to_owned(),
        span_chars: 20,
        judgements: row
            .iter()
            .enumerate()
            .filter(|(_, answer)| !answer.is_empty())
            .map(|(who, answer)| {
                let answer = serde_json::from_str(answer).unwrap();
                (who, Judgement { answers: [("q".to_owned(), answer)].into(), ..Judgement::default() })
            })
            .collect(),
    });
    Table { people: (0..people).map(person).collect(), items: items.collect() }
}

fn choice(value: u32) -> String {
    if value == 0 { String::new() } else { format!(r#"{{"kind": "choice", "value": "{value}"}}"#) }
}

fn rating(value: u32) -> String {
    if value == 0 { String::new() } else { format!(r#"{{"kind": "rating", "value": {value}}}"#) }
}

/// Krippendorff 2011, section E.
const OBSERVERS: [[u32; 12]; 4] = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
];

fn observed(said: impl Fn(u32) -> String) -> Table {
    let rows: Vec<Vec<String>> = (0..12).map(|u| OBSERVERS.iter().map(|o| said(o[u])).collect()).collect();
    table(4, &rows)
}

#[test]
fn published_figures_come_out() {
    let options: Vec<String> = (1..=5).map(|v| format!(r#"{{"value": "{v}"}}"#)).collect();
    let nominal = question(&format!(r#""kind": "choice", "options": [{}]"#, options.join(",")));
    let found = of_question(&nominal, &observed(choice), 7);
    assert!((found.value.unwrap() - 0.743).abs() < 1e-3, "{found:?}");
    assert_eq!((found.items, found.measure), (11, Measure::AlphaNominal), "one unit has one value");
    let (low, high) = (found.low.unwrap(), found.high.unwrap());
    assert!(low < 0.743 && 0.743 < high && found.pairs.len() == 6);
    assert_eq!(found.lowest[0].item_id, ItemId(5), "all four say something else of unit 6");
    assert_eq!(found.weeks.iter().map(|w| w.items).sum::<u64>(), 11);
    let four = found.classes.iter().find(|c| c.value == "4").unwrap();
    // Said five times: by all of unit 7, by one of unit 6; each stands beside three others.
    assert!((four.agreement.unwrap() - 12.0 / 15.0).abs() < 1e-12, "{four:?}");
    let ordinal = of_question(&question(r#""kind": "rating", "min": 1, "max": 5"#), &observed(rating), 7);
    assert!((ordinal.value.unwrap() - 0.815).abs() < 1e-3);
    assert!((ordinal.alpha_interval.unwrap() - 0.849).abs() < 1e-3 && found.alpha_interval.is_none());
    assert!(ordinal.pairs.iter().all(|pair| pair.kappa_linear.is_some()));
}

/// 50 grant proposals, two readers: κ = 0.4.
#[test]
fn kappa_of_a_pair() {
    let cells = [(1, 1, 20), (1, 2, 5), (2, 1, 10), (2, 2, 15)];
    let rows: Vec<Vec<String>> =
        cells.iter().flat_map(|(a, b, n)| std::iter::repeat_n(vec![choice(*a), choice(*b)], *n)).collect();
    let yes_no = question(r#""kind": "choice", "options": [{"value": "1"}, {"value": "2"}]"#);
    let found = of_question(&yes_no, &table(2, &rows), 1);
    assert!((found.pairs[0].kappa.unwrap() - 0.4).abs() < 1e-12);
    assert!((found.pairs[0].alike - 0.7).abs() < 1e-12 && found.pairs[0].items == 50);
    assert!(found.people.iter().all(|p| p.items == 50 && (p.alike.unwrap() - 0.7).abs() < 1e-12));
    assert!(found.people[0].accuracy.is_some());
}

#[test]
fn every_kind_is_measured_in_its_way() {
    let same = |answer: &str| vec![answer.to_owned(), answer.to_owned()];
    let cases = [
        (
            r#""kind": "choices", "options": [{"value": "x"}, {"value": "y"}]"#,
            r#"{"kind": "choices", "values": ["x"]}"#,
            r#"{"kind": "choices", "values": ["y"]}"#,
            Measure::AlphaSets,
        ),
        (
            r#""kind": "spans", "labels": [{"value": "P"}]"#,
            r#"{"kind": "spans", "spans": [{"start": 0, "end": 2, "label": "P"}]}"#,
            r#"{"kind": "spans", "spans": []}"#,
            Measure::AlphaUnits,
        ),
        (
            r#""kind": "ranking""#,
            r#"{"kind": "ranking", "order": [0, 1]}"#,
            r#"{"kind": "ranking", "order": [1, 0]}"#,
            Measure::KendallW,
        ),
        (
            r#""kind": "text""#,
            r#"{"kind": "text", "text": "ab"}"#,
            r#"{"kind": "text", "text": "cd"}"#,
            Measure::Similarity,
        ),
        (
            r#""kind": "preference""#,
            r#"{"kind": "preference", "value": "first"}"#,
            r#"{"kind": "preference", "value": "second"}"#,
            Measure::AlphaNominal,
        ),
        (
            r#""kind": "turns", "options": [{"value": "x"}, {"value": "y"}]"#,
            r#"{"kind": "turns", "values": {"1": "x"}}"#,
            r#"{"kind": "turns", "values": {"1": "y"}}"#,
            Measure::AlphaNominal,
        ),
    ];
    for (kind, a, b, measure) in cases {
        let question = question(kind);
        let agreed = of_question(&question, &table(2, &[same(a), same(b)]), 1);
        assert_eq!((agreed.measure, agreed.value, agreed.alike), (measure, Some(1.0), Some(1.0)), "{kind}");
        let differing = of_question(&question, &table(2, &[vec![a.to_owned(), b.to_owned()], same(a)]), 1);
        assert!(differing.value.unwrap() < 0.9 && differing.lowest.len() == 1, "{kind}: {differing:?}");
        let alone = of_question(&question, &table(2, &[vec![a.to_owned(), String::new()]]), 1);
        assert_eq!((alone.items, alone.value, alone.pairs.len()), (0, None, 0), "{kind}");
    }
}
