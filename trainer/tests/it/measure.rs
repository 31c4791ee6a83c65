//! `trainer measure` on small files: scores, slices, and lines that are refused.

use domain::eval::Prediction;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

fn run(file: &Path, arguments: &[&str]) -> Output {
    let trainer = env!("CARGO_BIN_EXE_trainer");
    Command::new(trainer).arg("measure").arg(file).args(arguments).args(["--resamples", "50"]).output().unwrap()
}

/// What it prints of these lines.
fn measure(lines: &[Value], arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("predictions.jsonl");
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    std::fs::write(&file, text.join("\n")).unwrap();
    let output = run(&file, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn near(score: &Value, expected: f64) {
    let value = score["value"].as_f64().unwrap();
    assert!((value - expected).abs() < 1e-9, "{value} is not {expected}: {score}");
}

/// What it says of a file that it refuses.
fn refused(text: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("predictions.jsonl");
    std::fs::write(&file, text).unwrap();
    let output = run(&file, arguments);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_an_evaluation_wrote_is_measured() {
    let prediction = |index: u32, expected: &str, output: &str| Prediction {
        index,
        output: output.to_owned(),
        expected: expected.to_owned(),
        correct: expected == output,
        scores: BTreeMap::new(),
    };
    let lines = [prediction(0, "yes", "yes"), prediction(1, "no", "yes"), prediction(2, "no", "no")]
        .map(|p| serde_json::to_value(p).unwrap());
    let report = measure(&lines, &["--task", "classification", "--slices", "correct"]);
    assert_eq!((&report["task"], &report["samples"]), (&json!("classification"), &json!(3)));
    assert_eq!(report["scores"]["balanced_accuracy"]["value"], json!(0.75));
    assert_eq!(report["scores"]["accuracy"]["interval"]["method"], json!("wilson"));
    assert_eq!(report["confusion"]["counts"], json!([[1, 1], [0, 1]]));
    assert_eq!(report["slices"]["correct"]["true"]["scores"]["accuracy"]["value"], json!(1.0));
    assert_eq!(report["slices"]["correct"]["false"]["samples"], json!(1));
}

#[test]
fn an_evaluation_tells_how_likely_its_references_are() {
    let prediction = |index: u32, nats: f64, tokens: f64, bytes: f64| {
        let scores = [("negative_log_likelihood", nats), ("reference_tokens", tokens), ("reference_bytes", bytes)];
        let (output, expected) = ("a".to_owned(), "b".to_owned());
        let scores = scores.map(|(name, value)| (name.to_owned(), value)).into();
        serde_json::to_value(Prediction { index, output, expected, correct: false, scores }).unwrap()
    };
    // 1 · 2 + 3 · 6 nats over 8 tokens and 10 bytes.
    let lines = [prediction(0, 1.0, 2.0, 4.0), prediction(1, 3.0, 6.0, 6.0)];
    let wanted = ["--task", "generation", "--metrics", "perplexity,bits_per_byte"];
    let report = measure(&lines, &wanted);
    near(&report["scores"]["perplexity"], 2.5f64.exp());
    near(&report["scores"]["bits_per_byte"], 2.0 / std::f64::consts::LN_2);
    let report = measure(&[json!({ "output": "a", "expected": "b", "scores": "none" })], &wanted);
    assert_eq!(
        report["undefined"],
        json!(["perplexity", "bits_per_byte"]),
        "a field of the data called so is no score"
    );
}

#[test]
fn chinese_is_cut_into_its_words() {
    let lines =
        [json!({ "output": "我来到北京清华大学", "expected": "我来到清华大学", "log_likelihood": -10.0, "tokens": 5 })];
    let report = measure(&lines, &["--task", "generation", "--language", "zh"]);
    let scores = &report["scores"];
    // Four words of jieba against three of them.
    near(&scores["rouge_1"], 6.0 / 7.0);
    assert!(scores["rouge_1"]["signature"].as_str().unwrap().contains("tok:jieba"));
    assert!(scores["bleu"]["signature"].as_str().unwrap().contains("tok:zh"));
    near(&scores["perplexity"], 2f64.exp());
    assert_eq!(scores["wer"], Value::Null, "there are no spaces between words");
}

#[test]
fn only_what_was_asked_for_and_json_against_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema.json");
    std::fs::write(&schema, r#"{"type":"object","required":["a"]}"#).unwrap();
    let lines = [json!({ "output": r#"{"a":1}"# }), json!({ "output": "{}" }), json!({ "output": "no" })];
    let wanted = ["--metrics", "json_valid,schema_match,bleu"];
    let arguments = [["--task", "generation", "--schema", schema.to_str().unwrap()].as_slice(), &wanted].concat();
    let report = measure(&lines, &arguments);
    near(&report["scores"]["json_valid"], 2.0 / 3.0);
    near(&report["scores"]["schema_match"], 1.0 / 3.0);
    assert_eq!(report["undefined"], json!(["bleu"]), "there is nothing to hold the texts against");

    std::fs::write(&schema, r#"{"$ref":"other.json"}"#).unwrap();
    let said = refused(r#"{"output":"x"}"#, &arguments);
    assert!(said.contains("schema.json") && said.contains("$ref"), "{said}");
}

#[test]
fn spans_and_probabilities() {
    let span = |start: u32, end: u32| json!({ "start": start, "end": end, "label": "PER" });
    let lines = [json!({ "expected": [span(0, 2), span(3, 5)], "output": [span(0, 2), span(4, 6)] })];
    let report = measure(&lines, &["--task", "spans"]);
    assert_eq!(report["scores"]["f1_exact"]["value"], json!(0.5));
    assert_eq!(report["labels"][0]["f1_partial"], json!(0.75));

    let of =
        |expected: &str, yes: f64| json!({ "expected": expected, "probabilities": { "yes": yes, "no": 1.0 - yes } });
    let lines = [of("no", 0.1), of("no", 0.4), of("yes", 0.35), of("yes", 0.8)];
    let report = measure(&lines, &["--task", "probabilities"]);
    assert_eq!(report["scores"]["roc_auc"]["value"], json!(0.75));
    assert_eq!(report["scores"]["roc_auc"]["signature"], json!("positive:yes"));
    assert_eq!(report["reliability"].as_array().unwrap().len(), 15);
}

#[test]
fn bad_lines_are_told_by_file_line_and_field() {
    let text = concat!(
        r#"{"expected":"a","output":"a"}"#,
        "\n\n",
        r#"{"expected":"a"}"#,
        "\n[1]\nnot json\n",
        r#"{"expected":"a","output":7}"#
    );
    let said = refused(text, &["--task", "classification"]);
    for part in [
        "predictions.jsonl line 3: the field \"output\" is missing",
        "predictions.jsonl line 4: it is not an object",
        "predictions.jsonl line 5: it is not JSON",
        "predictions.jsonl line 6: the field \"output\" is not a text",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let said = refused(r#"{"expected":"a","probabilities":{"a":1.5}}"#, &["--task", "probabilities"]);
    assert!(said.contains("line 1: the field \"probabilities\" is not an object with a number from 0 to 1"), "{said}");
    let many = "{}\n".repeat(30);
    assert!(refused(&many, &["--task", "spans"]).contains("and 10 more bad lines"));
}

#[test]
fn score_with_a_task_measures() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("predictions.jsonl");
    std::fs::write(&file, r#"{"expected":"a","output":"a"}"#).unwrap();
    let run = |command: &[&str]| Command::new(env!("CARGO_BIN_EXE_trainer")).args(command).arg(&file).output().unwrap();
    let [measured, scored] =
        [&["measure", "--task", "classification"][..], &["score", "--task=classification"]].map(run);
    assert!(measured.status.success() && !measured.stdout.is_empty(), "{measured:?}");
    assert_eq!(measured.stdout, scored.stdout);
}

#[test]
fn what_cannot_be_measured_is_refused() {
    assert!(refused("\n", &["--task", "spans"]).contains("there are no predictions"));
    let line = r#"{"expected":"a","output":"a"}"#;
    let said = refused(line, &["--task", "classification", "--metrics", "accuracy,bleu"]);
    assert!(said.contains("\"bleu\"") && said.contains("f1_macro"), "{said}");
    let said = refused(line, &["--task", "classification", "--slices", "topic"]);
    assert!(said.contains("\"topic\""), "{said}");
}

#[test]
fn choices_of_an_evaluation_are_probabilities() {
    let of = |right: u32, log_p: [f64; 2]| {
        let scores =
            json!({ "right_choice": right, "choice_1": log_p[0], "choice_2": log_p[1], "choice_probability": 0.5 });
        json!({ "expected": "some text", "output": "another", "scores": scores })
    };
    let lines = [of(1, [-1.0, -3.0]), of(2, [-2.0, -2.5]), of(2, [-900.0, -1.0])];
    let report = measure(&lines, &["--task", "probabilities"]);
    near(&report["scores"]["accuracy"], 2.0 / 3.0);
    assert_eq!(report["scores"]["roc_auc"]["signature"], json!("positive:B"));
    let said = refused(r#"{"expected":"a","scores":{"bleu":1}}"#, &["--task", "probabilities"]);
    assert!(said.contains("the field \"probabilities\" is missing"), "{said}");
}
