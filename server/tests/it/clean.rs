//! Data recipes on versions, over the REST API and through the job queue.

use crate::script::Script;
use axum::http::StatusCode;
use serde_json::{Value, json};
use store::PgPool;

const FILE: &str = "text,label\nＡ good film,pos\nA good film,pos\nA good film,neg\n\"A  bad\u{200b} film\",neg\nok,pos\nA fine film,pos\n";

async fn version(script: &Script) -> String {
    let split = json!({ "seed": 1, "train": 1, "validation": 0, "test": 0 });
    let job = script.import("films.csv", FILE.as_bytes().to_vec(), json!({ "split": split })).await;
    let job = script.finish(&job).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    format!("/versions/{}", job["result"]["version_id"].as_str().unwrap())
}

async fn done(script: &Script, path: &str, request: &Value) -> Value {
    let (status, text) = script.call("POST", path, request.to_string().into_bytes()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{text}");
    script.finish(serde_json::from_str::<Value>(&text).unwrap()["id"].as_str().unwrap()).await
}

fn recipe() -> Value {
    json!({ "steps": [
        { "kind": "width" },
        { "kind": "characters" },
        { "kind": "length", "within": "prompt", "least": 3 },
        { "kind": "exact_duplicates" },
        { "kind": "label_conflicts" },
        { "kind": "balance", "repeat": true },
    ] })
}

#[sqlx::test(migrations = "../migrations")]
async fn a_preview_changes_nothing_and_the_version_is_what_it_showed(db: PgPool) {
    let script = Script::new(db.clone()).await;
    let parent = version(&script).await;
    let job = done(&script, &format!("{parent}/steps/preview"), &recipe()).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    let report = &job["result"];
    let counts = |key: &str| -> Vec<u64> {
        report["steps"].as_array().unwrap().iter().map(|s| s[key].as_u64().unwrap()).collect()
    };
    assert_eq!(counts("changed"), [1, 1, 0, 0, 0, 0]);
    assert_eq!(counts("removed"), [0, 0, 1, 1, 2, 0]);
    assert_eq!((&report["before"], &report["after"]), (&json!(6), &json!(2)));
    assert_eq!(report["steps"][0]["examples"][0]["after"]["messages"][0]["content"], "A good film");
    assert_eq!(script.get("/datasets").await["items"][0]["versions"], 1, "nothing was made");

    let job = done(&script, &format!("{parent}/steps"), &recipe()).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    let next = format!("/versions/{}", job["result"]["version_id"].as_str().unwrap());
    let made = script.get(&next).await;
    assert_eq!(
        (&made["number"], &made["origin"]["kind"], &made["stats"]["samples"]),
        (&json!(2), &json!("cleaned"), &json!(2))
    );
    assert_eq!(made["origin"]["report"]["removed"], 4);
    let samples = script.get(&format!("{next}/samples")).await;
    let texts: Vec<_> =
        samples["items"].as_array().unwrap().iter().map(|s| &s["sample"]["messages"][0]["content"]).collect();
    assert_eq!(texts, ["A bad film", "A fine film"]);
    // The rewritten sample remembers what it was, and where it came from.
    let first = &samples["items"][0];
    assert_eq!((first["parent_id"].is_null(), &first["source_line"]), (false, &json!(5)));
    let (_, toml) = script.call("GET", &format!("{next}/steps.toml"), Vec::new()).await;
    assert!(toml.starts_with("[[steps]]\nkind = \"width\""), "{toml}");
    let changes: Vec<(i32, bool)> =
        sqlx::query_as("select position, new_sample_id is null from sample_changes order by position")
            .fetch_all(&db)
            .await
            .unwrap();
    assert_eq!(changes, [(0, true), (1, true), (2, true), (3, false), (4, true)]);
    // Done again, nothing is left to do.
    let job = done(&script, &format!("{next}/steps/preview"), &recipe()).await;
    assert_eq!((&job["result"]["removed"], &job["result"]["changed"]), (&json!(0), &json!(0)));
}

#[sqlx::test(migrations = "../migrations")]
async fn rare_labels_can_be_repeated(db: PgPool) {
    let script = Script::new(db).await;
    let parent = version(&script).await;
    let steps = json!({ "steps": [{ "kind": "balance", "repeat": true }] });
    let job = done(&script, &format!("{parent}/steps"), &steps).await;
    let next = format!("/versions/{}", job["result"]["version_id"].as_str().unwrap());
    let stats = script.get(&next).await["stats"].clone();
    assert_eq!(stats["labels"], json!([["neg", 4], ["pos", 4]]));
}

#[sqlx::test(migrations = "../migrations")]
async fn recipes_that_cannot_be_done_make_nothing(db: PgPool) {
    let script = Script::new(db).await;
    let parent = version(&script).await;
    for (recipe, part) in [
        (json!({ "steps": [] }), "add one"),
        (json!({ "steps": [{ "kind": "length", "least": 9, "most": 3 }] }), "9 is more than 3"),
        (json!({ "steps": [{ "kind": "shorten" }] }), "shorten"),
    ] {
        let (status, text) = script.call("POST", &format!("{parent}/steps"), recipe.to_string().into_bytes()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
        assert!(text.contains(part), "{text}");
    }
    let nothing = json!({ "steps": [{ "kind": "length", "least": 5000, "most": 6000 }] });
    let job = done(&script, &format!("{parent}/steps"), &nothing).await;
    assert_eq!(job["failure"]["code"], "nothing_stays", "{job}");
    assert_eq!(script.get("/datasets").await["items"][0]["versions"], 1);
}
