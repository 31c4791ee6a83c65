//! Where data come from: packed files, archives with descriptions, files that mean harm, and data added to data.

use crate::script::Script;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use store::PgPool;

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// All rows are training data.
fn all_train() -> Value {
    json!({ "split": { "seed": 1, "train": 1, "validation": 0, "test": 0 } })
}

fn version_of(job: &Value) -> String {
    assert_eq!(job["status"], "succeeded", "{job}");
    format!("/versions/{}", job["result"]["version_id"].as_str().unwrap())
}

#[sqlx::test(migrations = "../migrations")]
async fn an_archive_becomes_one_version_that_names_its_files(db: PgPool) {
    let script = Script::new(db).await;
    let line = |q: &str| format!("{{\"prompt\": \"{q}\", \"completion\": \"x\"}}\n").into_bytes();
    let zip = zip_of(&[
        ("data/b.jsonl", &line("b")),
        ("data/a.jsonl.gz", &gzip(&[line("a"), b"{\"prompt\"\n".to_vec()].concat())),
        ("notes.md", b"# nothing"),
    ]);
    let job = script.import("many.zip", zip.clone(), all_train()).await;
    let failed = script.finish(&job).await;
    assert!(
        failed["error"].as_str().unwrap().contains("1 of 3 lines cannot become samples; data/a.jsonl.gz, line 2"),
        "{failed}"
    );
    let (_, report) = script.call("GET", &format!("/jobs/{job}/bad-lines?format=csv"), Vec::new()).await;
    assert!(report.contains("data/a.jsonl.gz"), "{report}");
    let upload = script.get("/uploads").await[0]["id"].as_str().unwrap().to_owned();
    let (_, preview) = script.preview(&upload, json!({})).await;
    assert_eq!(preview["packing"], json!({ "compression": null, "archive": "zip" }));
    assert_eq!(preview["files"][0]["name"], "data/a.jsonl.gz");
    assert_eq!(preview["left_out"][0]["name"], "notes.md");
    let (_, one) = script.preview(&upload, json!({ "inside": "*b.jsonl" })).await;
    assert_eq!((one["files"].as_array().unwrap().len(), &one["lines"]), (1, &json!(1)));
    let mut choices = all_train();
    choices["bad_lines"] = "skip".into();
    let version = version_of(&script.imported("many.zip", zip, choices).await);
    let found = script.get(&version).await;
    assert_eq!(found["origin"]["files"].as_array().unwrap().len(), 2);
    let samples = script.get(&format!("{version}/samples")).await;
    assert_eq!(samples["items"][1]["source_file"], "data/b.jsonl");
    assert_eq!(samples["items"][1]["source_line"], 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn files_of_other_programs_are_taken_as_they_are(db: PgPool) {
    let script = Script::new(db).await;
    let info = br#"{"t": {"file_name": "t.json", "formatting": "sharegpt", "columns": {"messages": "talk"},
        "tags": {"role_tag": "who", "content_tag": "says", "user_tag": "U", "assistant_tag": "A"}},
        "s": {"file_name": "s.json"}}"#;
    let talk = br#"[{"talk": [{"who": "U", "says": "hi"}, {"who": "A", "says": "hello"}]}]"#;
    let zip = zip_of(&[
        ("dataset_info.json", info),
        ("t.json", talk),
        ("s.json", br#"[{"instruction": "Sum 1 1", "input": "", "output": "2"}]"#),
    ]);
    let version = version_of(&script.imported("llama-factory.zip", zip, all_train()).await);
    let samples = script.get(&format!("{version}/samples")).await;
    let answers: Vec<&str> =
        (0..2).map(|i| samples["items"][i]["sample"]["messages"][1]["content"].as_str().unwrap()).collect();
    assert_eq!(answers, ["2", "hello"]);
    let spans = json!([{ "id": 1, "data": { "text": "王明住在北京" }, "annotations": [{ "result": [
        { "type": "labels", "value": { "start": 0, "end": 2, "labels": ["PER"] } }] }] }]);
    let version = version_of(&script.imported("label-studio.json", spans.to_string().into(), all_train()).await);
    let samples = script.get(&format!("{version}/samples")).await;
    let expected = json!([{ "start": 0, "end": 2, "label": "PER" }]);
    assert_eq!(samples["items"][0]["sample"]["spans"], expected);
    let (_, jsonl) = script.call("GET", &format!("{version}/download"), Vec::new()).await;
    assert!(jsonl.contains(r#""spans":[{"start":0,"end":2,"label":"PER"}]"#), "{jsonl}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_spreadsheet_runs_nothing_of_what_it_is_given(db: PgPool) {
    let script = Script::new(db).await;
    let cells = ["=1+1", "+1", "-1", "@x", "\tx"];
    let file: String = cells.iter().map(|c| json!({ "prompt": c, "completion": "a" }).to_string() + "\n").collect();
    let version = version_of(&script.imported("cells.jsonl", file.into(), all_train()).await);
    let csv =
        async |rest: &str| script.call("GET", &format!("{version}/download?format=csv{rest}"), Vec::new()).await.1;
    let (safe, kept) = (csv("").await, csv("&keep_formulas=true").await);
    for (line, cell) in cells.iter().enumerate() {
        assert!(safe.lines().nth(line + 1).unwrap().starts_with(&format!("'{cell}")), "{safe}");
        assert!(kept.lines().nth(line + 1).unwrap().starts_with(cell), "{kept}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn versions_are_mixed_by_weight_and_leak_nothing(db: PgPool) {
    let script = Script::new(db).await;
    let split = json!({ "seed": 1, "train": 8, "validation": 1, "test": 1 });
    let a = script.imported("a.jsonl", rows(0..200), json!({ "split": split })).await;
    // Other places of the contents that both have.
    let b = script
        .imported("b.jsonl", rows(180..220), json!({ "split": { "seed": 9, "train": 5, "validation": 0, "test": 5 } }))
        .await;
    let (first, second) = (version_of(&a), version_of(&b));
    let mix = async |sizing: &str, seed: u32| {
        let sources = json!([
            { "version_id": a["result"]["version_id"], "weight": 1 }, { "version_id": b["result"]["version_id"], "weight": 1 }
        ]);
        let request = json!({ "name": "mixed", "sources": sources, "sizing": sizing, "seed": seed });
        let (status, text) = script.call("POST", "/merges", request.to_string().into()).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{text}");
        let job: Value = serde_json::from_str(&text).unwrap();
        version_of(&script.finish(job["id"].as_str().unwrap()).await)
    };
    let all = mix("all", 1).await;
    let found = script.get(&all).await;
    assert_eq!(found["stats"]["samples"], 220, "every content once: {found}");
    assert_eq!(found["origin"]["left_out"], 20);
    let train = contents(&script, &all, "train").await;
    for version in [&first, &second] {
        let test = contents(&script, version, "test").await;
        assert!(!test.is_empty() && test.iter().all(|t| !train.contains(t)), "nothing of a test set is trained on");
    }
    let (down, up) = (mix("down", 1).await, mix("up", 1).await);
    let taken = async |version: &str| {
        let origin = script.get(version).await["origin"].clone();
        let source = |i: usize, key: &str| origin["sources"][i][key].as_u64().unwrap();
        ([source(0, "taken"), source(1, "taken")], [source(0, "available"), source(1, "available")])
    };
    let (sizes, available) = taken(&down).await;
    assert_eq!(sizes, [available[1], available[1]]);
    let distinct = |mut contents: Vec<String>| {
        contents.dedup();
        contents.len() as u64
    };
    assert_eq!(distinct(contents(&script, &down, "train").await), sizes[0] + sizes[1]);
    let (sizes, available) = taken(&up).await;
    assert_eq!(sizes, [available[0], available[0]]);
    let trained = contents(&script, &up, "train").await;
    assert_eq!((trained.len() as u64, distinct(trained)), (sizes[0] + sizes[1], available[0] + available[1]));
    assert_eq!(contents(&script, &mix("down", 1).await, "train").await, contents(&script, &down, "train").await);
    assert_ne!(contents(&script, &mix("down", 2).await, "train").await, contents(&script, &down, "train").await);
    let (status, _) = script.call("POST", "/merges", json!({ "name": "x", "sources": [] }).to_string().into()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_bomb_fails_its_import_in_words(db: PgPool) {
    let script = Script::new(db).await;
    let mut text = b"{\"text\": \"".to_vec();
    text.resize(48 << 20, b' ');
    let job = script.imported("bomb.jsonl.gz", gzip(&text), all_train()).await;
    assert_eq!(job["failure"]["problem"]["code"], "too_compressed", "{job}");
    let upload = script.get("/uploads").await[0]["id"].as_str().unwrap().to_owned();
    let (status, problem) = script.preview(&upload, json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        problem["detail"].as_str().unwrap_or_default().contains("250 times")
            || problem.to_string().contains("250 times"),
        "{problem}"
    );
    let out = script.imported("out.zip", zip_of(&[("../a.jsonl", b"{}")]), all_train()).await;
    assert_eq!(out["failure"]["problem"]["code"], "escaping_name", "{out}");
}

/// Rows `prompt i` → `answer i`.
fn rows(range: std::ops::Range<u32>) -> Vec<u8> {
    range
        .map(|i| format!("{{\"prompt\": \"prompt {i}\", \"completion\": \"answer {i}\"}}\n"))
        .collect::<String>()
        .into()
}

/// Contents of a split, sorted.
async fn contents(script: &Script, version: &str, split: &str) -> Vec<String> {
    let (_, jsonl) = script.call("GET", &format!("{version}/download?split={split}"), Vec::new()).await;
    let mut found: Vec<String> = jsonl
        .lines()
        .map(|l| {
            let row: Value = serde_json::from_str(l).unwrap();
            row["messages"][0]["content"].as_str().unwrap().to_owned()
        })
        .collect();
    found.sort();
    found
}

#[sqlx::test(migrations = "../migrations")]
async fn data_added_to_a_dataset_leave_its_test_set_alone(db: PgPool) {
    let script = Script::new(db).await;
    let split = json!({ "seed": 3, "train": 6, "validation": 2, "test": 2 });
    let first = script.imported("a.jsonl", rows(0..60), json!({ "split": split })).await;
    let (old, dataset) = (version_of(&first), first["result"]["dataset_id"].clone());
    // Another seed: what is there already must not move for it.
    let again =
        json!({ "dataset_id": dataset, "append": {}, "split": { "seed": 4, "train": 6, "validation": 2, "test": 2 } });
    let second = script.imported("b.jsonl", rows(40..100), again.clone()).await;
    let new = version_of(&second);
    let found = script.get(&new).await;
    let (parent, appended) = (&found["parent"]["number"], &found["origin"]["appended"]);
    let test_before = contents(&script, &old, "test").await;
    assert_eq!(parent, &json!(1));
    assert_eq!(
        appended,
        &json!({ "duplicates": "leave_out", "kept": 60, "kept_test": test_before.len(), "added": 40, "repeated": 20 })
    );
    assert_eq!(found["stats"]["samples"], 100);
    let test_after = contents(&script, &new, "test").await;
    assert!(test_before.iter().all(|t| test_after.contains(t)) && test_after.len() > test_before.len());
    let mut keep = again.clone();
    keep["append"] = json!({ "duplicates": "keep" });
    let third = version_of(&script.imported("c.jsonl", rows(0..60), keep).await);
    let stats = script.get(&format!("{third}/stats")).await;
    assert_eq!((&stats["samples"], &stats["exact_duplicates"]), (&json!(160), &json!(60)));
    let train = contents(&script, &third, "train").await;
    assert!(contents(&script, &third, "test").await.iter().all(|t| !train.contains(t)), "a copy follows its original");
    let none = script.imported("d.jsonl", rows(0..60), again).await;
    assert_eq!(none["failure"]["problem"], json!({ "code": "nothing_new", "repeated": 60 }), "{none}");
    assert_eq!(script.get(&format!("/datasets/{}", dataset.as_str().unwrap())).await["versions"], 3);
}
