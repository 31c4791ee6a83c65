//! What judgements come to, kind by kind.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

fn design(kind: &str) -> Design {
    serde_json::from_str(&format!(r#"{{"show": "answers", "questions": [{{"name": "q", "title": "Q", {kind}}}]}}"#))
        .unwrap()
}

fn of(kind: &str, answers: &[&str]) -> Option<Agreed> {
    let answers: Vec<Answer> = answers.iter().map(|a| serde_json::from_str(a).unwrap()).collect();
    of_answers(&design(kind).questions[0], &answers.iter().collect::<Vec<_>>())
}

const CHOICE: &str = r#""kind": "choice", "options": [{"value": "a"}, {"value": "b"}, {"value": "c"}]"#;

fn choice(value: &str) -> String {
    format!(r#"{{"kind": "choice", "value": "{value}"}}"#)
}

#[test]
fn most_decide_and_ties_do_not() {
    let (a, b) = (choice("a"), choice("b"));
    let found = of(CHOICE, &[&a, &b, &a]).unwrap();
    assert_eq!(found.answer, Answer::Choice { value: "a".to_owned() });
    assert!((found.confidence - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(of(CHOICE, &[&a, &b]), None);
    assert_eq!(of(CHOICE, &[&a]).unwrap().confidence, 1.0);
}

#[test]
fn options_and_spans_are_decided_one_by_one() {
    let kind = r#""kind": "choices", "options": [{"value": "x"}, {"value": "y"}, {"value": "z"}]"#;
    let said = [
        r#"{"kind": "choices", "values": ["x", "y"]}"#,
        r#"{"kind": "choices", "values": ["x"]}"#,
        r#"{"kind": "choices", "values": ["x", "z"]}"#,
    ];
    let found = of(kind, &said).unwrap();
    assert_eq!(found.answer, Answer::Choices { values: BTreeSet::from(["x".to_owned()]) });
    assert!((found.confidence - (1.0 + 2.0 / 3.0 + 2.0 / 3.0) / 3.0).abs() < 1e-12);
    assert_eq!(of(kind, &said[..2]), None, "one of two says y");

    let kind = r#""kind": "spans", "labels": [{"value": "P"}], "relations": [{"value": "of"}]"#;
    let two = r#"{"kind": "spans", "spans": [{"start": 4, "end": 6, "label": "P"}, {"start": 0, "end": 2, "label": "P"}], "relations": [{"from": 0, "to": 1, "label": "of"}]}"#;
    let one = r#"{"kind": "spans", "spans": [{"start": 0, "end": 2, "label": "P"}]}"#;
    let found = of(kind, &[two, two, one]).unwrap();
    let Answer::Spans { spans, relations } = found.answer else { panic!("no spans") };
    assert_eq!((spans[0].start, spans[1].start), (0, 4));
    assert_eq!(relations, [Relation { from: 1, to: 0, label: "of".to_owned() }]);
    let none = r#"{"kind": "spans", "spans": []}"#;
    assert_eq!(of(kind, &[none, none]).unwrap().confidence, 1.0);
}

#[test]
fn numbers_orders_and_texts_have_ways_of_their_own() {
    let rating = r#""kind": "rating", "min": 1, "max": 5"#;
    let said = |n: i32| format!(r#"{{"kind": "rating", "value": {n}}}"#);
    assert_eq!(of(rating, &[&said(5), &said(1), &said(4)]).unwrap().answer, Answer::Rating { value: 4 });
    assert_eq!(of(rating, &[&said(4), &said(5)]).unwrap().answer, Answer::Rating { value: 4 });
    assert_eq!(of(rating, &[&said(1), &said(5)]), None);

    let order = |order: &str| format!(r#"{{"kind": "ranking", "order": [{order}]}}"#);
    let (a, b, c) = (order("0, 1, 2"), order("0, 2, 1"), order("1, 0, 2"));
    let found = of(r#""kind": "ranking""#, &[&a, &b, &c]).unwrap();
    assert_eq!(found.answer, Answer::Ranking { order: vec![0, 1, 2] });
    assert_eq!(of(r#""kind": "ranking""#, &[&a, &order("2, 1, 0")]), None);

    let text = |text: &str| format!(r#"{{"kind": "text", "text": "{text}"}}"#);
    let found = of(r#""kind": "text""#, &[&text("a good film"), &text("a good Film"), &text("no")]).unwrap();
    assert!(matches!(found.answer, Answer::Text { text } if text.starts_with("a good")));
    assert_eq!(of(r#""kind": "text""#, &[&text("yes"), &text("no")]), None);

    let turns = |value: &str| format!(r#"{{"kind": "turns", "values": {{"1": "{value}", "3": "a"}}}}"#);
    let kind = r#""kind": "turns", "options": [{"value": "a"}, {"value": "b"}]"#;
    assert_eq!(of(kind, &[&turns("a"), &turns("b")]), None);
    let found = of(kind, &[&turns("a"), &turns("b"), &turns("b")]).unwrap();
    assert_eq!(found.answer, serde_json::from_str(&turns("b")).unwrap());
}

#[test]
fn an_open_question_leaves_those_below_it_open_too() {
    let design: Design = serde_json::from_str(&format!(
        r#"{{"questions": [{{"name": "q", "title": "Q", {CHOICE}}}, {{"name": "why", "title": "Why", "kind": "text", "when": {{"question": "q", "any_of": ["b"]}}}}]}}"#
    ))
    .unwrap();
    let judgement = |text: &str| -> Judgement { serde_json::from_str(text).unwrap() };
    let a = judgement(r#"{"answers": {"q": {"kind": "choice", "value": "a"}}}"#);
    let b = judgement(r#"{"answers": {"q": {"kind": "choice", "value": "b"}, "why": {"kind": "text", "text": "so"}}}"#);
    let unable = Judgement { cannot_judge: true, ..Judgement::default() };
    let mixed = majority(&design, &[&a, &b]);
    assert!(!mixed.is_decided() && mixed.agreed.is_empty());
    let found = majority(&design, &[&a, &a, &b]);
    assert!(found.is_decided());
    assert_eq!(found.agreed.keys().collect::<Vec<_>>(), ["q"], "why b is not asked of a");
    assert!(majority(&design, &[&a, &unable, &unable]).cannot_judge);
    assert!(!majority(&design, &[&a, &unable]).is_decided());
    assert!(majority(&design, &[&a, &b, &b, &unable]).agreed.contains_key("why"));
}

/// One careful person and two who agree with each other at random: the model follows the careful one where majority cannot.
#[test]
fn reliable_people_are_believed_against_a_majority() {
    let design = design(CHOICE);
    let kind = &design.questions[0].kind;
    let value = |i: usize| answer_of(kind, i as i32).unwrap();
    let truth = |i: usize| i % 2;
    // Two careful people, three who say mostly the same wrong thing of every seventh item and are random otherwise.
    let careless = |i: usize, who: usize| if i.is_multiple_of(7) { 1 - truth(i) } else { (i / (who + 2)) % 2 };
    let table: Vec<Vec<Answer>> = (0..210)
        .map(|i| {
            vec![value(truth(i)), value(truth(i)), value(careless(i, 0)), value(careless(i, 1)), value(careless(i, 2))]
        })
        .collect();
    let rows: Vec<Vec<(usize, &Answer)>> = table.iter().map(|row| row.iter().enumerate().collect()).collect();
    let right = |found: &dyn Fn(usize) -> Option<Answer>| {
        (0..rows.len()).filter(|i| found(*i) == Some(value(truth(*i)))).count()
    };
    let model = dawid_skene(kind, &rows, 5);
    let by_model = right(&|i| model[i].as_ref().map(|a| a.answer.clone()));
    let by_most = right(&|i| {
        let answers: Vec<&Answer> = rows[i].iter().map(|(_, a)| *a).collect();
        of_answers(&design.questions[0], &answers).map(|a| a.answer)
    });
    assert!(by_model > by_most && by_model >= 205, "{by_model} {by_most}");
}

#[test]
fn categories_come_back_as_answers() {
    let tree =
        design(r#""kind": "tree", "options": [{"value": "animal/dog"}, {"value": "animal/cat"}, {"value": "plant"}]"#);
    let kind = &tree.questions[0].kind;
    for value in ["animal/dog", "plant", "animal"] {
        let answer = Answer::Tree { value: value.to_owned() };
        assert_eq!(answer_of(kind, category(kind, &answer).unwrap()), Some(answer));
    }
    assert_eq!(category(kind, &Answer::Tree { value: "stone".to_owned() }), None);
}
