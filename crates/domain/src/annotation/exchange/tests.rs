//! Judgements to files and back.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::annotation::{
    answer::ItemContent,
    design::Design,
    view::{Judged, Person},
};
use crate::id::{JudgementId, UserId};
use crate::sample::{Message, Span, Speaker};
use serde_json::{Value, json};

const TEXT: &str = "😀王小明 met Ann";

fn design() -> Design {
    serde_json::from_value(json!({ "show": "answers", "questions": [
        { "name": "tone", "title": "T", "kind": "choice", "options": [{ "value": "good" }, { "value": "bad" }] },
        { "name": "topics", "title": "T", "kind": "choices", "options": [{ "value": "a" }, { "value": "b" }] },
        { "name": "kind", "title": "T", "kind": "tree", "options": [{ "value": "animal/dog" }, { "value": "plant" }] },
        { "name": "who", "title": "T", "kind": "spans", "labels": [{ "value": "PER" }], "relations": [{ "value": "met" }] },
        { "name": "why", "title": "T", "kind": "text" },
        { "name": "stars", "title": "T", "kind": "rating", "min": 1, "max": 5 },
        { "name": "better", "title": "T", "kind": "preference", "tie": true },
        { "name": "order", "title": "T", "kind": "ranking" },
        { "name": "turns", "title": "T", "kind": "turns", "options": [{ "value": "ok" }] },
    ] }))
    .unwrap()
}

fn judgement() -> Judgement {
    serde_json::from_value(json!({ "comment": "hm", "answers": {
        "tone": { "kind": "choice", "value": "good" },
        "topics": { "kind": "choices", "values": ["a", "b"] },
        "kind": { "kind": "tree", "value": "animal/dog" },
        "who": { "kind": "spans", "spans": [
            { "start": 1, "end": 4, "label": "PER" }, { "start": 9, "end": 12, "label": "PER" },
        ], "relations": [{ "from": 0, "to": 1, "label": "met" }] },
        "why": { "kind": "text", "text": "because\nso" },
        "stars": { "kind": "rating", "value": 4 },
        "better": { "kind": "preference", "value": "second" },
        "order": { "kind": "ranking", "order": [1, 0] },
        "turns": { "kind": "turns", "values": { "1": "ok" } },
    } }))
    .unwrap()
}

fn judged(judgement: Judgement) -> Judged {
    Judged {
        id: JudgementId::new(),
        item_id: ItemId(5),
        by: Some(Person { id: UserId::new(), name: "Ada".to_owned() }),
        origin: Origin::Annotator,
        judgement,
        duration_ms: Some(1500),
        guideline_revision: 1,
        at: OffsetDateTime::UNIX_EPOCH,
        superseded: false,
    }
}

fn content() -> ItemContent {
    let messages = vec![Message::new(Speaker::User, TEXT), Message::new(Speaker::Assistant, "x")];
    ItemContent { messages, answers: vec!["x".to_owned(), "y".to_owned()], span_text: TEXT.to_owned() }
}

#[test]
fn label_studio_gives_back_what_it_was_given() {
    let nothing = Judgement {
        answers: [("who".to_owned(), Answer::Spans { spans: Vec::new(), relations: Vec::new() })].into(),
        ..Judgement::default()
    };
    let tie =
        serde_json::from_value(json!({ "answers": { "better": { "kind": "preference", "value": "tie" } } })).unwrap();
    let unable = Judgement { cannot_judge: true, ..Judgement::default() };
    let all = [judgement(), nothing, tie, unable];
    let written = label_studio::task(ItemId(5), SampleId(7), &content(), &all.clone().map(judged));
    let text = serde_json::to_string(&written).unwrap();
    let read = label_studio::read(&design(), &serde_json::from_str::<Value>(&text).unwrap());
    assert_eq!(read.iter().map(|r| r.judgement.clone()).collect::<Vec<_>>(), all);
    let first = &read[0];
    assert_eq!((first.item_id, first.sample_id, first.duration_ms), (Some(ItemId(5)), Some(SampleId(7)), Some(1500)));
    assert_eq!((first.by.as_str(), first.text.as_deref()), ("Ada", Some(TEXT)));
    assert_eq!(written["annotations"][0]["result"].as_array().unwrap().len(), 11, "a result for each answer and span");
}

#[test]
fn places_in_utf16_are_understood_by_the_words_there() {
    let task = json!({ "data": { "text": TEXT }, "annotations": [{ "completed_by": { "id": 3, "email": "a@b.c" }, "result": [
        { "from_name": "who", "type": "labels", "value": { "start": 2, "end": 5, "text": "王小明", "labels": ["PER"] } },
    ] }] });
    let read = label_studio::read(&design(), &task);
    let expected =
        Answer::Spans { spans: vec![Span { start: 1, end: 4, label: "PER".to_owned() }], relations: Vec::new() };
    assert_eq!((read[0].judgement.answers.get("who"), read[0].by.as_str()), (Some(&expected), "a@b.c"));
}

#[test]
fn a_line_needs_the_item_and_the_answers_alone() {
    let line = r#"{"item_id": 5, "answers": {"tone": {"kind": "choice", "value": "bad"}}}"#;
    let read = Read::from(serde_json::from_str::<Raw>(line).unwrap());
    assert_eq!(read.item_id, Some(ItemId(5)));
    assert_eq!(cell(&read.judgement.answers["tone"]), "bad");
}

fn span(start: u32, end: u32, label: &str) -> Span {
    Span { start, end, label: label.to_owned() }
}

#[test]
fn tokens_have_the_tag_of_their_span() {
    let written = conll::document(TEXT, &[span(1, 4, "PER"), span(9, 12, "a person")]);
    let expected = "-DOCSTART- -X- -X- O\n\n😀 0 1 O\n王 1 2 B-PER\n小 2 3 I-PER\n明 3 4 I-PER\nmet 5 8 O\nAnn 9 12 B-a_person\n\n";
    assert_eq!(written, expected);
}

#[test]
fn tokens_do_not_cross_borders_and_signs_stay_whole() {
    // A family of joined emoji is one sign, and a span may end within a word.
    let written = conll::document("👩\u{200d}👧 Anna's\nok", &[span(4, 7, "X"), span(7, 8, "X"), span(5, 6, "Y")]);
    let lines: Vec<&str> = written.lines().skip(2).collect();
    assert_eq!(
        lines,
        ["👩\u{200d}👧 0 3 O", "Ann 4 7 B-X", "a 7 8 B-X", "' 8 9 O", "s 9 10 O", "", "ok 11 13 O", ""],
        "the nested span is left out"
    );
}

#[test]
fn a_line_of_a_table_says_what_it_was_written_for() {
    let mut all = judgement();
    if let Some(Answer::Spans { relations, .. }) = all.answers.get_mut("who") {
        relations.clear();
    }
    let mut fields: serde_json::Map<String, Value> =
        all.answers.iter().map(|(name, answer)| (name.clone(), cell(answer).into())).collect();
    fields.insert("item_id".to_owned(), "5".into());
    fields.insert("by".to_owned(), "Ada".into());
    fields.insert("comment".to_owned(), "hm".into());
    fields.insert("tone_confidence".to_owned(), "0.5".into());
    let read = table::read(&design(), &fields).unwrap();
    assert_eq!((read.item_id, read.by.as_str(), &read.judgement), (Some(ItemId(5)), "Ada", &all));
    for (name, text) in [("stars", "many"), ("better", "both"), ("order", "1>x"), ("who", "1:PER"), ("item_id", "x")] {
        let mut bad = fields.clone();
        bad.insert(name.to_owned(), text.into());
        assert!(table::read(&design(), &bad).is_err(), "{name}");
    }
    fields.insert("tone".to_owned(), "'=good".into());
    fields.insert("who".to_owned(), "".into());
    fields.insert("why".to_owned(), "".into());
    let read = table::read(&design(), &fields).unwrap().judgement;
    assert_eq!(read.answers["tone"], Answer::Choice { value: "=good".to_owned() });
    assert!(matches!(&read.answers["who"], Answer::Spans { spans, .. } if spans.is_empty()));
    assert!(!read.answers.contains_key("why"));
}
