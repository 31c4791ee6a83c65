//! Rows as other programs publish them: Label Studio, OpenAI, doccano and spaCy.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::rows::Row;
use domain::dataset::LineProblem;
use domain::sample::Span;
use serde_json::json;

/// The sample that the guessed mapping makes of a row.
fn read(value: Value) -> (Mapping, Result<Sample, LineProblem>) {
    let Value::Object(value) = value else { panic!("a row is an object") };
    let row = Row { line: 1, value };
    let mapping = guess(std::slice::from_ref(&row)).unwrap();
    let sample = apply(&mapping, &row).map_err(|e| e.problem);
    (mapping, sample)
}

fn contents(sample: &Sample) -> Vec<&str> {
    sample.messages.iter().map(|m| m.content.as_str()).collect()
}

fn task(annotations: Value) -> Value {
    json!({"id": 1, "data": {"text": "王明住在北京", "source": "a"}, "annotations": annotations, "predictions": []})
}

fn span(start: u32, end: u32, label: &str) -> Span {
    Span { start, end, label: label.to_owned() }
}

#[test]
fn label_studio_choices_are_labels() {
    let result = |choice: &str| json!([{"type": "choices", "from_name": "c", "value": {"choices": [choice]}}]);
    let first = json!({"id": 1, "ground_truth": true, "result": result("good")});
    let (mapping, sample) =
        read(task(json!([first, {"result": result("bad")}, {"was_cancelled": true, "result": []}])));
    let expected =
        Mapping::LabelStudio { text: "data.text".into(), annotations: "annotations".into(), instruction: None };
    assert_eq!(mapping, expected);
    let sample = sample.unwrap();
    assert_eq!((contents(&sample), sample.label.as_deref()), (vec!["王明住在北京", "good"], Some("good")));
    assert_eq!(sample.slices["data.source"], "a");
    let two = json!([{"result": [{"value": {"choices": ["a", "b"]}}]}]);
    assert_eq!(read(task(two)).1.unwrap().label.as_deref(), Some("a, b"));
    assert_eq!(read(task(json!([{"result": [{"value": {"rating": 4}}]}]))).1.unwrap().label.as_deref(), Some("4"));
    let corrected = json!([{"result": [{"type": "textarea", "value": {"text": ["He lives in Beijing."]}}]}]);
    assert_eq!(contents(&read(task(corrected)).1.unwrap())[1], "He lives in Beijing.");
}

#[test]
fn label_studio_labels_are_spans() {
    let mark = |start: i64, end: i64, label: &str| json!({"type": "labels", "value": {"start": start, "end": end, "text": "", "labels": [label]}});
    let sample = read(task(json!([{"result": [mark(4, 6, "LOC"), mark(0, 2, "PER")]}]))).1.unwrap();
    assert_eq!(sample.spans, [span(0, 2, "PER"), span(4, 6, "LOC")]);
    assert_eq!(contents(&sample)[1], r#"[{"label":"PER","text":"王明"},{"label":"LOC","text":"北京"}]"#);
    assert_eq!(sample.label, None);
    let outside = read(task(json!([{"result": [mark(4, 9, "LOC")]}]))).1.unwrap_err();
    assert_eq!(outside, LineProblem::SpanOutside { start: 4, end: 9, length: 6 });
    assert_eq!(read(task(json!([{"result": [{"value": {"audio": 1}}]}]))).1.unwrap_err(), LineProblem::NoResult);
    assert_eq!(read(task(json!([]))).1.unwrap_err(), LineProblem::NotAnnotated);
    assert_eq!(contents(&read(task(json!([{"result": []}]))).1.unwrap())[1], "[]", "nothing was marked");
}

#[test]
fn marked_texts_become_spans() {
    let text = "王明住在北京";
    for marks in [
        json!({"text": text, "entities": [[4, 6, "LOC"], [0, 2, "PER"]]}),
        json!({"text": text, "label": [[0, 2, "PER"], [4, 6, "LOC"]]}),
        json!({"text": text, "spans": [{"start": 0, "end": 2, "label": "PER"}, {"start_offset": 4, "end_offset": 6, "type": "LOC"}]}),
        json!({"text": text, "entities": "[[0, 2, \"PER\"], [4, 6, \"LOC\"]]"}),
    ] {
        let (mapping, sample) = read(marks);
        assert_eq!(
            (mapping.format(), sample.unwrap().spans),
            ("text_spans", vec![span(0, 2, "PER"), span(4, 6, "LOC")])
        );
    }
    let bad = json!({"text": text, "entities": [[3, 3, "X"]]});
    assert_eq!(read(bad).1.unwrap_err(), LineProblem::SpanOutside { start: 3, end: 3, length: 6 });
}

#[test]
fn openai_preferences_are_pairs() {
    let row = json!({
        "input": {"messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi?"}], "tools": [], "parallel_tool_calls": true},
        "preferred_output": [{"role": "assistant", "content": "Hello."}],
        "non_preferred_output": [{"role": "assistant", "content": "What."}]
    });
    let (mapping, sample) = read(row);
    let sample = sample.unwrap();
    assert_eq!(mapping.format(), "preference");
    assert_eq!((contents(&sample), sample.rejected.as_deref()), (vec!["Be brief", "Hi?", "Hello."], Some("What.")));
}

#[test]
fn openai_weights_leave_answers_out() {
    let talk = |weight: u8| {
        json!({"messages": [
        {"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": weight},
        {"role": "user", "content": "c"}, {"role": "assistant", "content": "d", "weight": 1}]})
    };
    let ignored = |weight| -> Vec<bool> { read(talk(weight)).1.unwrap().messages.iter().map(|m| m.ignored).collect() };
    assert_eq!((ignored(0), ignored(1)), (vec![false, true, false, false], vec![false; 4]));
    let hash = |weight| crate::hash::content_hash(&read(talk(weight)).1.unwrap());
    assert_ne!(hash(0), hash(1), "another thing is learned");
}

#[test]
fn turns_of_tools_are_refused_by_name() {
    for turn in [
        json!({"role": "assistant", "content": null, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}),
        json!({"role": "assistant", "content": "", "function_call": {"name": "f", "arguments": "{}"}}),
        json!({"role": "tool", "tool_call_id": "1", "content": "4"}),
    ] {
        let talk = json!({"messages": [{"role": "user", "content": "a"}, turn, {"role": "assistant", "content": "4"}]});
        assert_eq!(read(talk).1.unwrap_err(), LineProblem::ToolTurn);
    }
}

#[test]
fn texts_alone_wait_for_an_instruction() {
    let (mapping, sample) = read(json!({"text": "Once upon a time"}));
    assert_eq!(mapping, Mapping::Text { text: "text".into(), instruction: "Write a text.".into() });
    assert_eq!(contents(&sample.unwrap()), ["Write a text.", "Once upon a time"]);
    let (mapping, sample) = read(json!({"text": "Lovely", "folder": "pos"}));
    assert_eq!((mapping.format(), sample.unwrap().label.as_deref()), ("text_label", Some("pos")));
}
