//! Programs that mean harm, and HumanEval's form: each ends as it should, and nothing outside is touched.

use serde_json::json;
use std::path::Path;
use std::process::Command;
use trainer::sandbox::{Ending, Limits, Outcome, Sandbox, SandboxError};

/// Walls around Python 3; `None` where there is no interpreter or the system gives no namespace. A kernel without Landlock or
/// seccomp fails the tests.
fn sandbox() -> Option<Sandbox> {
    let limits = Limits { seconds: 4, memory_mib: 512, file_mib: 1, folder_mib: 3, output_bytes: 10_000 };
    match Sandbox::new(Path::new(env!("CARGO_BIN_EXE_trainer")), Path::new("python3"), limits, false) {
        Ok(sandbox) => Some(sandbox),
        Err(error @ (SandboxError::Interpreter { .. } | SandboxError::Namespace { .. })) => {
            eprintln!("not tried: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn ends(sandbox: &Sandbox, program: &str, ending: Ending) -> Outcome {
    let outcome = sandbox.run(program).unwrap();
    assert_eq!(outcome.ending, ending, "{outcome:?}\n{program}");
    outcome
}

#[test]
fn every_harm_is_told_by_its_kind() {
    let Some(sandbox) = sandbox() else { return };
    ends(&sandbox, "import math, json, re, random\nassert math.gcd(4, 6) == 2", Ending::Passed);
    ends(&sandbox, "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()", Ending::Passed);
    assert_eq!(ends(&sandbox, "assert 1 == 2, 'no'", Ending::Failed).detail, "AssertionError: no");
    ends(&sandbox, "import sys\nsys.exit(0)", Ending::Failed);
    ends(&sandbox, "import os\nos._exit(0)", Ending::Failed);
    ends(&sandbox, "while True: pass", Ending::TimedOut);
    ends(&sandbox, "import time\ntime.sleep(60)", Ending::TimedOut);
    ends(&sandbox, "x = []\nwhile True: x.append(bytearray(1 << 24))", Ending::OutOfMemory);
    ends(&sandbox, "while True: print('x' * 1000)", Ending::TooMuchOutput);
    ends(&sandbox, "for i in range(9): open(str(i), 'wb').write(bytes(1 << 20))", Ending::TooMuchOutput);
    // Several threads at once use up their computing time before the real time is over.
    let busy = "import threading, zlib\ndata = bytes(1 << 24)\ndef busy():\n    while True: zlib.crc32(data)\nfor _ in range(4): threading.Thread(target=busy).start()";
    ends(&sandbox, busy, Ending::TimedOut);
    ends(&sandbox, "import os\nwhile True: os.fork()", Ending::Forbidden);
    ends(&sandbox, "import subprocess\nsubprocess.run(['true'])", Ending::Forbidden);
    ends(&sandbox, "import socket\nsocket.create_connection(('127.0.0.1', 80))", Ending::Forbidden);
    ends(&sandbox, "import os\nos.abort()", Ending::Crashed);
}

#[test]
fn only_its_own_folder_is_open() {
    let Some(sandbox) = sandbox() else { return };
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("kept.txt");
    std::fs::write(&file, "kept").unwrap();
    let path = file.to_str().unwrap();
    for harm in [
        format!("open({path:?}, 'w')"),
        format!("open({path:?}).read()"),
        format!("import os\nos.remove({path:?})"),
        format!("import os\nos.truncate({path:?}, 0)"),
        // Neither reads nor writes, but truncates.
        format!("import os\nos.open({path:?}, 3 | os.O_TRUNC)"),
        format!("import os\nos.open({path:?}, os.O_RDONLY | os.O_TRUNC)"),
        format!("import os\nos.chmod({path:?}, 0)"),
        format!("import os\nos.kill({}, 9)", std::process::id()),
        "import os\nos.kill(os.getppid(), 0)".to_owned(),
        "import os, time\nos.setpgid(0, os.getpgid(os.getppid()))\ntime.sleep(60)".to_owned(),
        "import os\nos.memfd_create('unseen')".to_owned(),
        "import os\nos.mkdir('unseen', 0o300)".to_owned(),
        "import os\nos.umask(0o777)".to_owned(),
        "open('/proc/self/environ').read()".to_owned(),
    ] {
        ends(&sandbox, &harm, Ending::Failed);
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept");
    ends(&sandbox, "open('a', 'w').write('b')\nassert open('a').read() == 'b'", Ending::Passed);
    ends(&sandbox, "import os\nassert os.listdir('.') == ['program.py'], 'a folder of its own'", Ending::Passed);
    ends(&sandbox, "import os\nassert 'CARGO' not in os.environ and 'USER' not in os.environ", Ending::Passed);
    ends(&sandbox, "open('a', 'wb').write(bytes(3 << 20))", Ending::Failed);
}

#[test]
fn samples_are_problems_whose_answers_are_tests() {
    if sandbox().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let sample = |asked: &str, tests: &str| {
        let messages = [json!({ "role": "user", "content": asked }), json!({ "role": "assistant", "content": tests })];
        json!({ "messages": messages, "slices": { "entry_point": "add" } }).to_string()
    };
    let samples = [
        sample("def add(a, b):\n", "def check(candidate):\n    assert candidate(2, 3) == 5\n"),
        sample("Write a function that adds.", "assert add(1, 1) == 2"),
    ];
    std::fs::write(path("samples.jsonl"), samples.join("\n")).unwrap();
    let answer = |index: usize, output: &str| json!({ "index": index, "output": output, "scores": {} }).to_string();
    let answers = [answer(0, "    return a + b"), answer(1, "def add(a, b):\n    return a"), answer(1, "")];
    std::fs::write(path("answers.jsonl"), answers.join("\n")).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        let output = command.current_dir(folder.path()).arg("code-check").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run(&["--only-walls", "--max-memory-mib", "3072", "--max-seconds", "120"]).trim(), "true");
    assert_eq!(run(&["--only-walls", "--samples", "samples.jsonl"]).trim(), "true");
    let files = ["--samples", "samples.jsonl", "--answers", "answers.jsonl", "--out", "run.jsonl", "--events", "-"];
    let events = run(&files);
    let last: serde_json::Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    assert_eq!((&last["phase"], &last["done"], &last["total"]), (&json!("scoring"), &json!(3), &json!(3)), "{events}");
    let found = std::fs::read_to_string(path("run.jsonl")).unwrap();
    let found: Vec<serde_json::Value> = found.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let counts =
        |i: usize| (found[i]["programs_tried"].as_u64().unwrap(), found[i]["programs_passed"].as_u64().unwrap());
    assert_eq!((counts(0), counts(1)), ((1, 1), (2, 0)), "{found:?}");
}

#[test]
fn solutions_pass_and_wrong_ones_do_not() {
    if sandbox().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let problem = json!({
        "task_id": "T/0", "prompt": "def add(a, b):\n", "entry_point": "add", "canonical_solution": "    return a + b\n",
        "test": "def check(candidate):\n    assert candidate(2, 3) == 5\n"
    });
    std::fs::write(path("problems.jsonl"), problem.to_string()).unwrap();
    let answers = [
        "    return a + b",
        "    return a",
        "```python\ndef add(a, b):\n    return b + a\n```",
        "    import os; os.fork()",
    ];
    let lines: Vec<String> = answers.iter().map(|a| json!({ "task_id": "T/0", "completion": a }).to_string()).collect();
    std::fs::write(path("answers.jsonl"), lines.join("\n")).unwrap();
    let run = |arguments: &[&str]| {
        let problems = path("problems.jsonl");
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        let output = command.args(["code-check", "--problems"]).arg(problems).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    assert_eq!(run(&["--canonical"])["pass_at"]["1"], 1.0);
    let (answers, out) = (path("answers.jsonl"), path("results.jsonl"));
    let summary = run(&["--answers", answers.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(
        (&summary["programs"], &summary["passed"], &summary["pass_at"]["1"]),
        (&json!(4), &json!(2), &json!(0.5))
    );
    assert_eq!(summary["endings"], json!({ "passed": 2, "failed": 1, "forbidden": 1 }));
    let measured = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["measure", "--task", "generation", "--metrics", "pass_at_1"])
        .arg(&out)
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&measured.stdout).unwrap();
    assert_eq!(report["scores"]["pass_at_1"]["value"], 0.5);
}
