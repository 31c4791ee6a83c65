//! Model files that want more than they are given: the limits of `trainer inspect` and `count` end
//! the process before the machine notices.

use crate::support;
use serde_json::json;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Doubles a text 36 times, in few steps: to a terabyte.
const DOUBLING: &str = "{% set ns = namespace(text='0123456789abcdef') %}{% for i in range(36) %}\
    {% set ns.text = ns.text ~ ns.text %}{% endfor %}{{ ns.text }}";

fn model(template: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    support::write_model(folder.path()).unwrap();
    if let Some(template) = template {
        let config = json!({ "chat_template": template, "eos_token": "<|end|>" });
        std::fs::write(folder.path().join("tokenizer_config.json"), config.to_string()).unwrap();
    }
    folder
}

fn trainer(arguments: &[&str], model: &Path, input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(arguments)
        .arg(model)
        .args(["--max-memory-mib", "1024", "--max-seconds", "60"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A process that has ended reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn samples(count: usize) -> Vec<u8> {
    let lines: Vec<_> = support::samples(count).iter().map(|s| serde_json::to_string(s).unwrap() + "\n").collect();
    lines.concat().into_bytes()
}

#[test]
fn an_honest_model_fits() {
    let model = model(None);
    let inspected = trainer(&["inspect"], model.path(), b"");
    assert!(inspected.status.success(), "{}", String::from_utf8_lossy(&inspected.stderr));
    let counted = trainer(&["count", "--model"], model.path(), &samples(3));
    let lengths: Vec<u32> = String::from_utf8(counted.stdout).unwrap().lines().map(|l| l.parse().unwrap()).collect();
    assert_eq!(lengths.len(), 3);
    assert!(lengths.iter().all(|n| *n > 5), "{lengths:?}");
}

#[test]
fn a_template_that_doubles_its_text_ends_only_its_process() {
    let model = model(Some(DOUBLING));
    for (arguments, input) in [(&["inspect"][..], vec![]), (&["count", "--model"], samples(1))] {
        let ended = trainer(arguments, model.path(), &input);
        assert_eq!(ended.status.signal(), Some(6), "{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}

#[test]
fn a_line_that_is_no_sample_is_named() {
    let ended = trainer(&["count", "--model"], model(None).path(), b"{\"messages\": 3}\n");
    let complaint = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success() && complaint.contains("line 1"), "{complaint}");
}
