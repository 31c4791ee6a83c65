//! Guessing and applying every format, and every reason why a row is refused.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::rows::Row;
use domain::dataset::{JsonKind, LineProblem};
use domain::sample::{Message, Speaker};
use proptest::prelude::*;
use serde_json::json;

fn row(value: Value) -> Row {
    let Value::Object(value) = value else { panic!("a row is an object") };
    Row { line: 7, value }
}

fn guessed(value: Value) -> Mapping {
    guess(&[row(value)]).unwrap()
}

fn some(name: &str) -> Option<String> {
    Some(name.to_owned())
}

/// The turns as `u:`, `a:` and `s:` lines.
fn turns(sample: &Sample) -> Vec<String> {
    sample.messages.iter().map(|m| format!("{}:{}", &m.role.as_str()[..1], m.content)).collect()
}

/// (field, problem) of a refused row.
fn refusal(mapping: &Mapping, value: Value) -> (String, LineProblem) {
    let error = apply(mapping, &row(value)).unwrap_err();
    assert_eq!(error.line, 7);
    (error.field.unwrap(), error.problem)
}

#[test]
fn alpaca_with_history_and_system() {
    let value = json!({"instruction": "Sum", "input": "1 2", "output": 3, "system": "Be brief", "history": [["hi", "hello"]], "lang": "en"});
    let mapping = guessed(value.clone());
    let expected = Mapping::Alpaca {
        instruction: "instruction".into(),
        input: some("input"),
        output: "output".into(),
        system: some("system"),
        history: some("history"),
    };
    assert_eq!(mapping, expected);
    let sample = apply(&mapping, &row(value)).unwrap();
    assert_eq!(turns(&sample), ["s:Be brief", "u:hi", "a:hello", "u:Sum\n\n1 2", "a:3"]);
    assert_eq!(sample.slices.into_iter().collect::<Vec<_>>(), [("lang".to_owned(), "en".to_owned())]);
    assert_eq!(refusal(&mapping, json!({"instruction": "x", "output": "y", "history": [["hi"]]})).0, "history");
}

#[test]
fn share_gpt() {
    let value =
        json!({"id": "1", "conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}]});
    let mapping = guessed(value.clone());
    assert_eq!(mapping, Mapping::ShareGpt { conversations: "conversations".into(), system: None, words: None });
    assert_eq!(turns(&apply(&mapping, &row(value)).unwrap()), ["u:hi", "a:hello"]);
    let (field, problem) = refusal(&mapping, json!({"conversations": [{"from": "bot", "value": "x"}]}));
    assert_eq!(field, "conversations.0.from");
    let LineProblem::UnknownRole { role, known } = problem else { panic!("{problem:?}") };
    assert!(role == "bot" && known.contains(&"human".to_owned()), "{role} {known:?}");
}

#[test]
fn foreign_words_are_quoted_by_their_beginning() {
    let mapping = Mapping::Messages { messages: "messages".into() };
    let role_of = |word: &str| match refusal(&mapping, json!({"messages": [{"role": word, "content": "x"}]})).1 {
        LineProblem::UnknownRole { role, .. } => role,
        other => panic!("{other:?}"),
    };
    assert_eq!(role_of("us\0er"), "us␀er");
    assert_eq!(role_of(&"r".repeat(1 << 20)), format!("{}…", "r".repeat(80)));
    let mapping = Mapping::Messages { messages: "m".repeat(1 << 20) };
    assert_eq!(refusal(&mapping, json!({})).0.chars().count(), 81);
}

#[test]
fn fields_beyond_reason_are_not_offered() {
    let names: Map<String, Value> = (0..200_000).map(|n| (format!("f{n}"), json!(1))).collect();
    let found = field_names(&[row(Value::Object(names))]);
    assert_eq!((found.len(), found[4095].as_str()), (4096, "f4095"));
}

#[test]
fn openai_messages() {
    let value = json!({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "text", "text": "q"}]}, {"role": "assistant", "content": "a"}], "label": "a"});
    let mapping = guessed(value.clone());
    let sample = apply(&mapping, &row(value)).unwrap();
    assert_eq!(turns(&sample), ["s:s", "u:q", "a:a"]);
    assert_eq!(sample.label.as_deref(), Some("a"));

    let key = || "content".to_owned();
    for (turns, field, expected) in [
        (json!([]), "messages", LineProblem::EmptyConversation),
        (json!([{"role": "user", "content": "q"}]), "messages", LineProblem::NoAnswer),
        (json!([{"role": "assistant", "content": "a"}]), "messages", LineProblem::NoQuestion),
        (
            json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": " "}]),
            "messages.1.content",
            LineProblem::EmptyTurn,
        ),
        (
            json!([{"role": "user", "content": "q"}, {"role": "assistant"}]),
            "messages.1.content",
            LineProblem::NoContent { key: key() },
        ),
        (
            json!([{"role": "user", "content": 5}]),
            "messages.0.content",
            LineProblem::ContentNotText { key: key(), found: JsonKind::Number },
        ),
        (json!([{"content": "q"}]), "messages.0.role", LineProblem::NoSpeaker { key: "role".to_owned() }),
        (json!([{"role": "user", "content": [{"type": "image_url"}]}]), "messages.0.content", LineProblem::PartNotText),
        (
            json!([{"role": "user", "content": "q"}, {"role": "system", "content": "s"}]),
            "messages.1",
            LineProblem::LateSystem,
        ),
        (json!("words"), "messages", LineProblem::FieldNotTurns { found: JsonKind::Text }),
    ] {
        assert_eq!(refusal(&mapping, json!({ "messages": turns })), (field.to_owned(), expected));
    }
}

#[test]
fn conversations_inside_csv_cells() {
    let value =
        json!({"messages": "[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"a\"}]"});
    assert_eq!(turns(&apply(&guessed(value.clone()), &row(value)).unwrap()), ["u:q", "a:a"]);
}

#[test]
fn text_and_label() {
    let value = json!({"id": 3, "text": "great", "score": 2.5, "label": "positive"});
    let Mapping::TextLabel { text, label, .. } = guessed(value.clone()) else { panic!("not text + label") };
    let mapping = Mapping::TextLabel { text, label, instruction: some("Which sentiment?") };
    let sample = apply(&mapping, &row(value)).unwrap();
    assert_eq!(turns(&sample), ["u:Which sentiment?\n\ngreat", "a:positive"]);
    assert_eq!(sample.label.as_deref(), Some("positive"));
    assert_eq!(sample.slices["score"], "2.5");
    let number = apply(&mapping, &row(json!({"text": "x", "label": 1}))).unwrap();
    assert_eq!((number.label.as_deref(), number.answer()), (Some("1"), Some("1")));
    assert!(refusal(&mapping, json!({"text": "x", "label": " "})).1 == LineProblem::FieldEmpty);
    assert!(refusal(&mapping, json!({"text": "x"})).1 == LineProblem::FieldMissing);
    let nested = refusal(&mapping, json!({"text": {"en": "x"}, "label": "a"})).1;
    assert_eq!(nested, LineProblem::FieldNotText { found: JsonKind::Object });
}

#[test]
fn question_context_answer() {
    let value = json!({"passage": "It rains.", "question": "Is it wet?", "answer": true});
    let mapping = guessed(value.clone());
    assert_eq!(turns(&apply(&mapping, &row(value)).unwrap()), ["u:It rains.\n\nIs it wet?", "a:true"]);
}

#[test]
fn an_odd_row_hides_no_field() {
    let odd = json!({"instruction": "i", "input": ["x"], "output": "o", "history": "none"});
    let even = json!({"instruction": "i", "input": "x", "output": "o", "history": [["a", "b"]]});
    let mapping = guess(&[row(odd.clone()), row(even.clone()), row(even)]).unwrap();
    let Mapping::Alpaca { input: Some(_), history: Some(_), .. } = &mapping else { panic!("{mapping:?}") };
    assert_eq!(refusal(&mapping, odd).0, "history");

    let good = json!({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]});
    let rows: Vec<_> = (0..9).map(|i| row(if i < 3 { json!({"messages": "str"}) } else { good.clone() })).collect();
    assert_eq!(guess(&rows).map(|m| m.format()), Some("messages"));
}

#[test]
fn one_system_text_at_most() {
    let mapping = Mapping::ShareGpt { conversations: "c".into(), system: some("system"), words: None };
    let of = |text: &str| json!({"system": text, "c": [{"from": "system", "value": "S"}, {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]});
    assert_eq!(refusal(&mapping, of("T")), ("c".to_owned(), LineProblem::TwoSystems));
    for same in ["S", ""] {
        assert_eq!(turns(&apply(&mapping, &row(of(same))).unwrap()), ["s:S", "u:q", "a:a"]);
    }
}

#[test]
fn guesses_by_name() {
    for (value, format) in [
        (json!({"prompt": "a", "completion": "b"}), "prompt_completion"),
        (json!({"prompt": "a", "canonical_solution": "b", "task_id": "x"}), "prompt_completion"),
        (json!({"input": "a", "output": "b"}), "prompt_completion"),
        (json!({"Sentence": "a", "Category": "b"}), "text_label"),
        (json!({"文本": "好", "标签": "正面"}), "text_label"),
        (json!({"评论": "好", "情感": "正面"}), "text_label"),
        (json!({"query": "weather", "intent": "ask_weather"}), "text_label"),
        (json!({"问题": "几点", "答案": "三点"}), "question_answer"),
        (json!({"指令": "翻译", "输入": "你好", "输出": "hello"}), "alpaca"),
        (json!({"meta": {"id": 1}, "data": {"text": "a", "label": "b"}}), "text_label"),
    ] {
        assert_eq!(guess(&[row(value.clone())]).map(|m| m.format()), Some(format), "{value}");
    }
    assert_eq!(guess(&[row(json!({"word": "a", "synonyms": {"noun": ["b"]}}))]), None);
    assert_eq!(guess(&[]), None);
}

#[test]
fn nested_fields_and_fields_with_dots() {
    let mapping = Mapping::PromptCompletion { prompt: "a.b".into(), completion: "c.d.e".into() };
    let sample = apply(&mapping, &row(json!({"a": {"b": "x"}, "c": {"d": {"e": "y", "f": "z"}}}))).unwrap();
    assert_eq!(turns(&sample), ["u:x", "a:y"]);
    assert_eq!(sample.slices["c.d.f"], "z");
    assert_eq!(turns(&apply(&mapping, &row(json!({"a.b": "x", "c.d": {"e": "y"}}))).unwrap()), ["u:x", "a:y"]);
    assert_eq!(field_names(&[row(json!({"a": {"b": 1}, "c": 2}))]), ["c", "a.b"]);
}

#[test]
fn long_values_are_no_slices() {
    let mapping = Mapping::PromptCompletion { prompt: "p".into(), completion: "c".into() };
    let sample = apply(
        &mapping,
        &row(json!({"p": "x", "c": "y", "long": "z".repeat(101), "ok": "z".repeat(100), "none": null, "list": [1]})),
    )
    .unwrap();
    assert_eq!(sample.slices.keys().collect::<Vec<_>>(), ["ok"]);
}

#[test]
fn a_file_becomes_samples_with_lines() {
    let file = "text,label\nlovely,positive\n,negative\nawful,negative\n";
    let mapping = Mapping::TextLabel { text: "text".into(), label: "label".into(), instruction: None };
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    read_samples(file.as_bytes(), FileSyntax::Csv, &mapping, |sample| {
        match sample {
            Ok((line, sample)) => lines.push((line, sample.messages[0].clone())),
            Err(error) => errors.push(error),
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(lines, [(2, Message::new(Speaker::User, "lovely")), (4, Message::new(Speaker::User, "awful"))]);
    assert_eq!((errors[0].line, errors[0].field.as_deref()), (3, Some("text")));
}

/// Question, chosen and rejected answer as every shape has them here.
fn assert_pair(value: Value) {
    let mapping = guessed(value.clone());
    assert_eq!(mapping.format(), "preference", "{value}");
    let sample = apply(&mapping, &row(value.clone())).unwrap();
    assert_eq!(
        (turns(&sample), sample.rejected.as_deref()),
        (vec!["u:q".into(), "a:good".into()], Some("bad")),
        "{value}"
    );
}

#[test]
fn preference_pairs_in_every_shape() {
    let role = |role: &str, content: &str| json!({"role": role, "content": content});
    let from = |from: &str, value: &str| json!({"from": from, "value": value});
    let whole = |answer: &str| json!([role("user", "q"), role("assistant", answer)]);
    // Plain texts; LLaMA-Factory's ranking in Alpaca's style.
    assert_pair(json!({"prompt": "q", "chosen": "good", "rejected": "bad"}));
    assert_pair(json!({"instruction": "q", "input": "", "chosen": "good", "rejected": "bad"}));
    assert_pair(json!({"question": "q", "chosen": "good", "rejected": "bad"}));
    // Hugging Face: whole conversations, with or without a prompt beside them; answers alone behind a list.
    assert_pair(json!({"chosen": whole("good"), "rejected": whole("bad")}));
    assert_pair(json!({"prompt": "q", "chosen": whole("good"), "rejected": whole("bad"), "score_chosen": 8.0}));
    assert_pair(json!({"prompt": "an id", "chosen": whole("good").to_string(), "rejected": whole("bad").to_string()}));
    assert_pair(
        json!({"prompt": [role("user", "q")], "chosen": [role("assistant", "good")], "rejected": [role("assistant", "bad")]}),
    );
    // LLaMA-Factory's ranking in ShareGPT's style.
    assert_pair(
        json!({"conversations": [from("human", "q")], "chosen": from("gpt", "good"), "rejected": from("gpt", "bad")}),
    );
    // Anthropic's HH-RLHF.
    assert_pair(json!({"chosen": "\n\nHuman: q\n\nAssistant: good", "rejected": "\n\nHuman: q\n\nAssistant: bad"}));
    // Our own files.
    assert_pair(json!({"messages": whole("good"), "rejected": "bad", "split": "train"}));

    let value =
        json!({"instruction": "Sum", "input": "1 2", "system": "Be brief", "chosen": "3", "rejected": "a\n\nb"});
    let sample = apply(&guessed(value.clone()), &row(value)).unwrap();
    assert_eq!(
        (turns(&sample), sample.rejected.as_deref()),
        (vec!["s:Be brief".into(), "u:Sum\n\n1 2".into(), "a:3".into()], Some("a\n\nb"))
    );
    let long = |answer: &str| json!(format!("\n\nHuman: a\n\nb\n\nAssistant: c\n\nHuman: d\n\nAssistant: {answer}"));
    let value = json!({"chosen": long("e"), "rejected": long("f")});
    let sample = apply(&guessed(value.clone()), &row(value)).unwrap();
    assert_eq!(turns(&sample), ["u:a\n\nb", "a:c", "u:d", "a:e"]);
}

#[test]
fn what_is_wrong_with_a_pair_is_named() {
    let mapping = |prompt: Option<&str>| Mapping::Preference {
        prompt: prompt.map(str::to_owned),
        input: None,
        system: some("system"),
        chosen: "chosen".into(),
        rejected: "rejected".into(),
    };
    let talk = |question: &str, answer: &str| json!([{"role": "user", "content": question}, {"role": "assistant", "content": answer}]);
    let chosen = || "chosen".to_owned();
    for (prompt, value, field, expected) in [
        (
            None,
            json!({"chosen": talk("q", "a"), "rejected": talk("p", "b")}),
            "rejected",
            LineProblem::OtherPrompt { chosen: chosen() },
        ),
        (
            None,
            json!({"chosen": talk("q", "a"), "rejected": talk("q", " a ")}),
            "rejected",
            LineProblem::SameAnswers { chosen: chosen() },
        ),
        (
            some("prompt"),
            json!({"prompt": "q", "chosen": "a", "rejected": "a"}),
            "rejected",
            LineProblem::SameAnswers { chosen: chosen() },
        ),
        (some("prompt"), json!({"prompt": "q", "chosen": "a"}), "rejected", LineProblem::FieldMissing),
        (some("prompt"), json!({"prompt": "q", "chosen": "a", "rejected": null}), "rejected", LineProblem::FieldEmpty),
        (some("prompt"), json!({"prompt": "q", "chosen": " ", "rejected": "b"}), "chosen", LineProblem::FieldEmpty),
        (some("prompt"), json!({"chosen": "a", "rejected": "b"}), "prompt", LineProblem::FieldMissing),
        (None, json!({"chosen": "a", "rejected": "b"}), "chosen", LineProblem::NoQuestion),
        (None, json!({"chosen": "Human: q\n\nAssistant:", "rejected": "b"}), "chosen", LineProblem::EmptyTurn),
        (None, json!({"chosen": [], "rejected": "b"}), "chosen", LineProblem::EmptyConversation),
        (
            None,
            json!({"chosen": talk("q", "a"), "rejected": [{"role": "user", "content": "q"}]}),
            "rejected",
            LineProblem::NoAnswer,
        ),
        (
            None,
            json!({"chosen": {"text": "a"}, "rejected": "b"}),
            "chosen",
            LineProblem::FieldNotTurns { found: JsonKind::Object },
        ),
        (
            None,
            json!({"system": "S", "chosen": [{"role": "system", "content": "T"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "rejected": "b"}),
            "chosen",
            LineProblem::TwoSystems,
        ),
        (
            None,
            json!({"chosen": [{"role": "bot", "content": "x"}], "rejected": "b"}),
            "chosen.0.role",
            LineProblem::UnknownRole {
                role: "bot".into(),
                known: ["user", "assistant", "system", "developer"].map(str::to_owned).to_vec(),
            },
        ),
    ] {
        assert_eq!(refusal(&mapping(prompt.as_deref()), value.clone()), (field.to_owned(), expected), "{value}");
    }
    assert_eq!(mapping(some("chosen").as_deref()).doubly_used(), Some("chosen"));
    assert_eq!((mapping(None).doubly_used(), mapping(some("prompt").as_deref()).doubly_used()), (None, None));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-c \\[]{0,4}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop_oneof![
            Just("messages"),
            Just("role"),
            Just("content"),
            Just("text"),
            Just("label"),
            Just("history"),
            Just("a.b")
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn accepted_samples_end_with_an_answer(fields in prop::collection::vec(any_json(), 4)) {
        let names = ["messages", "text", "label", "history"];
        let row = Row { line: 1, value: names.iter().map(|n| (*n).to_owned()).zip(fields).collect() };
        let mappings = [
            Mapping::Messages { messages: "messages".into() },
            Mapping::ShareGpt { conversations: "messages".into(), system: some("label"), words: None },
            Mapping::Text { text: "text".into(), instruction: "Write".into() },
            Mapping::TextSpans { text: "text".into(), spans: "label".into(), instruction: None },
            Mapping::LabelStudio { text: "text".into(), annotations: "label".into(), instruction: some("x") },
            Mapping::TextLabel { text: "text".into(), label: "label".into(), instruction: None },
            Mapping::Preference { prompt: some("text"), input: some("label"), system: some("a.b"), chosen: "messages".into(), rejected: "history".into() },
            Mapping::Preference { prompt: None, input: None, system: None, chosen: "messages".into(), rejected: "text".into() },
            Mapping::Alpaca { instruction: "text".into(), input: some("a.b"), output: "label".into(), system: None, history: some("history") },
        ];
        for mapping in guess(std::slice::from_ref(&row)).into_iter().chain(mappings) {
            if let Ok(sample) = apply(&mapping, &row) {
                prop_assert!(sample.answer().is_some_and(|a| !a.trim().is_empty()));
                prop_assert!(sample.rejected.as_deref().is_none_or(|r| !r.trim().is_empty() && Some(r.trim()) != sample.answer().map(str::trim)));
            }
        }
    }
}
