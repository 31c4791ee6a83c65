//! `trainer task` on files as lm-evaluation-harness has them.

use domain::sample::Sample;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, task: &str) -> Output {
    std::fs::write(folder.join("task.yaml"), task).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command
        .arg("task")
        .arg(folder.join("task.yaml"))
        .arg("--data")
        .arg(folder)
        .arg("--out")
        .arg(folder.join("out.jsonl"));
    command.args(["--max-memory-mib", "2000"]).output().unwrap()
}

/// The samples of a task, and what is said of it.
fn made(folder: &Path, task: &str) -> (Vec<Sample>, Value) {
    let output = run(folder, task);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = std::fs::read_to_string(folder.join("out.jsonl")).unwrap();
    (lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect(), serde_json::from_slice(&output.stdout).unwrap())
}

fn write(folder: &Path, name: &str, rows: &[Value]) {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    std::fs::write(folder.join(name), lines.join("\n")).unwrap();
}

#[test]
fn choices_of_a_row_with_examples_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let row = |stem: &str, texts: [&str; 2], key: &str| json!({"question_stem": stem, "choices": {"text": texts, "label": ["A", "B"]}, "answerKey": key, "topic": "t"});
    write(folder.path(), "obqa.jsonl", &[row("Ice is", ["cold", "hot"], "A"), row("Fire is", ["cold", "hot"], "B")]);
    write(folder.path(), "train.jsonl", &[row("Night is", ["dark", "light"], "A")]);
    let task = r#"
task: obqa_local
dataset_path: json
dataset_kwargs: {data_files: {test: obqa.jsonl, train: elsewhere/train.jsonl}}
output_type: multiple_choice
test_split: test
fewshot_split: train
num_fewshot: 1
description: "Answer.\n\n"
doc_to_text: question_stem
doc_to_target: "{{choices.label.index(answerKey.strip())}}"
doc_to_choice: "{{choices.text}}"
metric_list:
  - metric: acc
  - metric: acc_norm
"#;
    let (samples, told) = made(folder.path(), task);
    let prompts: Vec<&str> = samples.iter().map(|s| s.messages[0].content.as_str()).collect();
    assert_eq!(prompts, ["Answer.\n\nNight is dark\n\nIce is", "Answer.\n\nNight is dark\n\nFire is"]);
    assert_eq!(samples.iter().map(Sample::right_choice).collect::<Vec<_>>(), [Some(0), Some(1)]);
    assert_eq!(
        (samples[1].choices.as_slice(), samples[1].answer()),
        (&["cold".to_owned(), "hot".to_owned()][..], Some("hot"))
    );
    assert_eq!(samples[0].slices.get("topic").map(String::as_str), Some("t"));
    assert_eq!(told["suggested_metrics"], json!(["accuracy", "accuracy_norm"]));
    assert_eq!((&told["samples"], &told["target_delimiter"]), (&json!(2), &json!(" ")));
}

#[test]
fn answers_that_are_written_keep_their_ends_and_filters() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sums.csv"), "q,a\n1 + 1,2\n2 + 3,5\n4 + 4,8\n").unwrap();
    let task = r#####"
task: sums
dataset_path: csv
dataset_kwargs:
  data_files: sums.csv
output_type: generate_until
num_fewshot: 2
doc_to_text: "Q: {{q}}\nA:"
doc_to_target: "#### {{a}}"
generation_kwargs: {until: ["Q:", "\n\n"], do_sample: false, max_gen_toks: 32}
filter_list:
  - name: strict
    filter:
      - {function: regex, regex_pattern: '#### (\d+)', group_select: -1}
      - function: take_first
"#####;
    let (samples, told) = made(folder.path(), task);
    let second = "Q: 1 + 1\nA: #### 2\n\nQ: 4 + 4\nA: #### 8\n\nQ: 2 + 3\nA:";
    assert_eq!((samples[1].messages[0].content.as_str(), samples[1].answer()), (second, Some("#### 5")));
    assert!(samples[1].choices.is_empty(), "a row is no example of itself");
    assert_eq!((&told["until"], &told["max_gen_toks"]), (&json!(["Q:", "\n\n"]), &json!(32)));
    assert_eq!(told["filter"]["group_select"], json!(-1));
}

#[test]
fn what_cannot_be_measured_alike_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.jsonl", &[json!({"q": "x", "a": 0})]);
    let base = "task: t\ndataset_path: json\ndataset_kwargs: {data_files: a.jsonl}\noutput_type: multiple_choice\n";
    for (rest, part) in [
        (
            "doc_to_text: q\ndoc_to_target: a\ndoc_to_choice: !function utils.f\n",
            "the field doc_to_choice has the tag !function",
        ),
        ("include: base.yaml\n", "include is not supported"),
        ("doc_to_text: \"{{nothing}}\"\ndoc_to_target: a\ndoc_to_choice: [x, y]\n", "doc_to_text: undefined value"),
        ("doc_to_text: q\ndoc_to_target: \"z\"\ndoc_to_choice: [x, y]\n", "none of the choices"),
        (
            "doc_to_text: \"{% for a in range(9999) %}{% for b in range(9999) %}{{a}}{% endfor %}{% endfor %}\"\ndoc_to_target: a\ndoc_to_choice: [x, y]\n",
            "fuel",
        ),
    ] {
        let output = run(folder.path(), &format!("{base}{rest}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(part), "{said}");
    }
}
