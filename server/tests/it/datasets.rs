//! From an upload to a dataset version, over the REST API and through the job queue: good files,
//! broken lines, other encodings.

use crate::script::Script;
use axum::http::StatusCode;
use serde_json::{Value, json};
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_version_holds_the_file_and_gives_it_back(db: PgPool) {
    let script = Script::new(db).await;
    let text = "文本,标签\n质量很好,好评\n\"太差了,\n不推荐\",差评\n质量很好,好评\n";
    let gb18030 = dataprep::encoding::by_name("gb18030").unwrap().encode(text).0.into_owned();
    let split = json!({ "seed": 1, "train": 1, "validation": 0, "test": 0 });
    let job = script.import("reviews.csv", gb18030, json!({ "split": split })).await;
    let job = script.finish(&job).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    let version = format!("/versions/{}", job["result"]["version_id"].as_str().unwrap());
    let found = script.get(&version).await;
    assert_eq!((&found["origin"]["encoding"], &found["origin"]["syntax"]), (&json!("gb18030"), &json!("csv")));
    assert_eq!((&found["stats"]["train"], &found["stats"]["exact_duplicates"]), (&json!(3), &json!(1)));
    assert_eq!(found["stats"]["labels"], json!([["好评", 2], ["差评", 1]]));
    let samples = script.get(&format!("{version}/samples?search=%E4%B8%8D%E6%8E%A8%E8%8D%90")).await;
    assert_eq!(samples["items"][0]["source_line"], 3);
    assert_eq!(samples["items"][0]["sample"]["messages"][1]["content"], "差评");
    let (_, jsonl) = script.call("GET", &format!("{version}/download"), Vec::new()).await;
    assert_eq!(jsonl.lines().count(), 3);
    let (_, csv) = script.call("GET", &format!("{version}/download?format=csv"), Vec::new()).await;
    assert!(csv.starts_with("prompt,answer,label,split\n质量很好,好评,好评,train\n"), "{csv}");
    let (_, none) = script.call("GET", &format!("{version}/download?split=test"), Vec::new()).await;
    assert_eq!(none, "");
}

#[sqlx::test(migrations = "../migrations")]
async fn preference_pairs_are_guessed_counted_and_given_back(db: PgPool) {
    let script = Script::new(db).await;
    let talk = |answer: &str| json!([{"role": "user", "content": "Say hi"}, {"role": "assistant", "content": answer}]);
    let lines = [("hello", "no"), ("hi", "what?")].map(|(chosen, rejected)| {
        json!({ "prompt": "Say hi", "chosen": talk(chosen), "rejected": talk(rejected) }).to_string() + "\n"
    });
    let split = json!({ "seed": 1, "train": 1, "validation": 0, "test": 0 });
    let job = script.import("pairs.jsonl", lines.concat().into(), json!({ "split": split })).await;
    let done = script.finish(&job).await;
    assert_eq!(done["status"], "succeeded", "{done}");
    let version = format!("/versions/{}", done["result"]["version_id"].as_str().unwrap());
    let found = script.get(&version).await;
    assert_eq!((&found["stats"]["pairs"], &found["origin"]["mapping"]["format"]), (&json!(2), &json!("preference")));
    let samples = script.get(&format!("{version}/samples?search=WHAT")).await;
    assert_eq!(samples["items"][0]["sample"]["rejected"], "what?", "what was rejected is found too");
    let (_, csv) = script.call("GET", &format!("{version}/download?format=csv"), Vec::new()).await;
    assert_eq!(csv, "prompt,answer,rejected,label,split\nSay hi,hello,no,,train\nSay hi,hi,what?,,train\n");
    let (_, jsonl) = script.call("GET", &format!("{version}/download"), Vec::new()).await;
    let again = script.import("again.jsonl", jsonl.into_bytes(), json!({ "split": split })).await;
    let done = script.finish(&again).await;
    let stats = script.get(&format!("/versions/{}/stats", done["result"]["version_id"].as_str().unwrap())).await;
    assert_eq!((&stats["pairs"], &stats["samples"]), (&json!(2), &json!(2)), "our own file reads back");
}

/// Two good lines, one that is no JSON, one without an answer.
const BROKEN: &str = "{\"prompt\": \"a\", \"completion\": \"b\"}\n{\"prompt\": \"a\"\n{\"prompt\": \"c\", \"completion\": \" \"}\n\
    {\"prompt\": \"d\", \"completion\": \"e\"}\n";

#[sqlx::test(migrations = "../migrations")]
async fn a_bad_line_stops_an_import_and_is_reported(db: PgPool) {
    let script = Script::new(db).await;
    let job = script.import("broken.jsonl", BROKEN.into(), json!({})).await;
    let failed = script.finish(&job).await;
    assert_eq!(failed["status"], "failed");
    assert!(failed["error"].as_str().unwrap().starts_with("2 of 4 lines cannot become samples; line 2"), "{failed}");
    let problem = &failed["failure"]["problem"];
    assert_eq!(
        (&problem["code"], &problem["bad"], &problem["first"]["line"]),
        (&json!("bad_lines"), &json!(2), &json!(2))
    );
    let (status, report) = script.call("GET", &format!("/jobs/{job}/bad-lines?format=csv"), Vec::new()).await;
    assert_eq!(status, StatusCode::OK);
    let lines: Vec<_> = report.lines().map(|l| l.split(',').take(3).collect::<Vec<_>>()).collect();
    let expected = [["line", "field", "code"], ["2", "", "invalid_json"], ["3", "completion", "field_empty"]];
    assert_eq!(lines, expected);
    assert_eq!(script.get("/datasets").await["items"], json!([]));
}

#[sqlx::test(migrations = "../migrations")]
async fn bad_lines_are_skipped_on_request(db: PgPool) {
    let script = Script::new(db).await;
    let job = script.import("broken.jsonl", BROKEN.into(), json!({ "bad_lines": "skip" })).await;
    let done = script.finish(&job).await;
    assert_eq!(done["status"], "succeeded", "{done}");
    let version = format!("/versions/{}", done["result"]["version_id"].as_str().unwrap());
    let stats = script.get(&format!("{version}/stats")).await;
    assert_eq!((&stats["samples"], &stats["skipped_lines"]), (&json!(2), &json!(2)));
    let (_, report) = script.call("GET", &format!("{version}/skipped-lines"), Vec::new()).await;
    assert!(report.contains("\"field\":\"completion\"") && report.contains("\"code\":\"field_empty\""), "{report}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cut_off_array_is_no_dataset(db: PgPool) {
    let script = Script::new(db).await;
    let cut = br#"{"data": [{"a": {"question": "1+1?"}, "answer": 2}, {"a": {"question": "#;
    let job = script.import("cut.json", cut.to_vec(), json!({ "bad_lines": "skip" })).await;
    let failed = script.finish(&job).await;
    assert_eq!(failed["status"], "failed");
    assert!(failed["error"].as_str().unwrap().contains("cannot be read to its end"), "{failed}");
}

#[sqlx::test(migrations = "../migrations")]
async fn nested_json_is_previewed_and_imported(db: PgPool) {
    let script = Script::new(db).await;
    let file = br#"{"data": [{"a": {"question": "1+1?"}, "answer": 2, "topic": "sums"}, {"a": {"question": "2+2?"}, "answer": 4}]}"#;
    let job = script.import("nested.json", file.to_vec(), json!({})).await;
    let upload = script.get("/uploads").await[0]["id"].as_str().unwrap().to_owned();
    let (_, preview) = script.call("POST", &format!("/uploads/{upload}/preview"), b"{}".to_vec()).await;
    let preview: Value = serde_json::from_str(&preview).unwrap();
    assert_eq!(preview["mapping"]["question"], "a.question");
    let done = script.finish(&job).await;
    let samples = script.get(&format!("/versions/{}/samples", done["result"]["version_id"].as_str().unwrap())).await;
    assert_eq!(samples["items"][0]["sample"]["slices"]["topic"], "sums");
}
