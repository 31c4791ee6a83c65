//! What is an answer to what was asked, and what is not.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
use super::*;

fn design() -> Design {
    serde_json::from_str(
        r#"{"show": "answers", "questions": [
            {"name": "tone", "title": "Tone", "kind": "choice", "options": [{"value": "good"}, {"value": "bad"}]},
            {"name": "why", "title": "Why?", "kind": "choices", "options": [{"value": "rude"}, {"value": "wrong"}], "min": 1,
             "when": {"question": "tone", "any_of": ["bad"]}},
            {"name": "names", "title": "Names", "kind": "spans", "labels": [{"value": "PER"}], "relations": [{"value": "knows"}],
             "overlap": false, "required": false},
            {"name": "order", "title": "Order", "kind": "ranking", "required": false}]}"#,
    )
    .unwrap()
}

fn item() -> ItemContent {
    ItemContent {
        messages: vec![Message::new(Speaker::User, "王小明 met 😀 Ann"), Message::new(Speaker::Assistant, "ok")],
        answers: vec!["a".to_owned(), "b".to_owned()],
        span_text: "王小明 met 😀 Ann".to_owned(),
    }
}

fn problems(judgement: &str) -> Vec<AnswerProblem> {
    design().check(&item(), &serde_json::from_str(judgement).unwrap())
}

#[test]
fn a_question_is_asked_when_an_earlier_answer_says_so() {
    assert_eq!(problems(r#"{"answers": {"tone": {"kind": "choice", "value": "good"}}}"#), []);
    let missing = AnswerProblem::Missing { question: "why".to_owned() };
    assert_eq!(problems(r#"{"answers": {"tone": {"kind": "choice", "value": "bad"}}}"#), [missing]);
    let not_asked = AnswerProblem::NotAsked { question: "why".to_owned() };
    let both =
        r#"{"answers": {"tone": {"kind": "choice", "value": "good"}, "why": {"kind": "choices", "values": ["rude"]}}}"#;
    assert_eq!(problems(both), [not_asked]);
    assert_eq!(problems(r#"{"cannot_judge": true, "comment": "not a language I read"}"#), []);
}

#[test]
fn spans_are_counted_in_code_points_and_stay_inside() {
    let spans = |spans: &str| {
        problems(&format!(
            r#"{{"answers": {{"tone": {{"kind": "choice", "value": "good"}}, "names": {{"kind": "spans", "spans": {spans}, "relations": []}}}}}}"#
        ))
    };
    assert_eq!(spans(r#"[{"start": 0, "end": 3, "label": "PER"}, {"start": 10, "end": 13, "label": "PER"}]"#), []);
    let outside = AnswerProblem::Span { question: "names".to_owned(), start: 10, end: 14, chars: 13 };
    assert_eq!(spans(r#"[{"start": 10, "end": 14, "label": "PER"}]"#), [outside]);
    let over = AnswerProblem::Overlap { question: "names".to_owned(), start: 2, end: 4 };
    assert_eq!(spans(r#"[{"start": 0, "end": 3, "label": "PER"}, {"start": 2, "end": 4, "label": "PER"}]"#), [over]);
    let unknown = AnswerProblem::Option { question: "names".to_owned(), value: "LOC".to_owned() };
    assert_eq!(spans(r#"[{"start": 0, "end": 3, "label": "LOC"}]"#), [unknown]);
}

#[test]
fn an_order_names_every_answer_once() {
    let order = |order: &str| {
        problems(&format!(
            r#"{{"answers": {{"tone": {{"kind": "choice", "value": "good"}}, "order": {{"kind": "ranking", "order": {order}}}}}}}"#
        ))
    };
    assert_eq!(order("[1, 0]"), []);
    let bad = [AnswerProblem::Order { question: "order".to_owned() }];
    assert_eq!((order("[0]"), order("[0, 0]")), (bad.to_vec(), bad.to_vec()));
}

#[test]
fn spans_and_drafts_have_bounds() {
    let marked = |count: usize| {
        let spans = vec![Span { start: 0, end: 1, label: "PER".to_owned() }; count];
        let tone = Answer::Choice { value: "good".to_owned() };
        let names = Answer::Spans { spans, relations: Vec::new() };
        Judgement { answers: [("tone".to_owned(), tone), ("names".to_owned(), names)].into(), ..Judgement::default() }
    };
    let many = AnswerProblem::Count { question: "names".to_owned(), min: 0, max: MAX_SPANS as u32 };
    assert_eq!(design().check(&item(), &marked(MAX_SPANS + 1)), [many]);
    assert_eq!(marked(MAX_SPANS).draft_problem(), None);
    assert!(
        matches!(marked(100_000).draft_problem(), Some(AnswerProblem::TooLong { question, .. }) if question == "names")
    );
    let choice = |value: &str| Judgement {
        answers: [("tone".to_owned(), Answer::Choice { value: value.to_owned() })].into(),
        ..Judgement::default()
    };
    assert_eq!(choice("a\0b").draft_problem(), Some(AnswerProblem::Nul));
    assert_eq!(choice(r"a\u0000b").draft_problem(), None, "a backslash is no NUL");
}
