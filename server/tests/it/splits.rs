//! Checking, dividing and cleaning the splits of a version, over the REST API and through the job queue.

use crate::script::Script;
use axum::http::StatusCode;
use serde_json::{Value, json};
use store::PgPool;

/// Two hundred texts of twelve words out of some thousands, with two labels; every twentieth stands once more with a
/// word added.
fn questions() -> Vec<u8> {
    let mut lines = String::from("text,label,user\n");
    for i in 0..200u64 {
        let word = |k: u64| format!("w{}", ((i * 12 + k) * 2_654_435_761) % 9973);
        let text = (0..12).map(word).collect::<Vec<_>>().join(" ");
        let label = if i % 4 == 0 { "rare" } else { "usual" };
        lines.push_str(&format!("{text},{label},u{}\n", i / 2));
        if i % 20 == 0 {
            lines.push_str(&format!("{text} today,{label},u{}\n", i / 2));
        }
    }
    lines.into_bytes()
}

async fn version(script: &Script) -> String {
    let job = script.import("questions.csv", questions(), json!({})).await;
    let job = script.finish(&job).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    format!("/versions/{}", job["result"]["version_id"].as_str().unwrap())
}

/// Posts a request that starts a job; the job once it is over.
async fn done(script: &Script, path: &str, request: Value) -> Value {
    let (status, text) = script.call("POST", path, request.to_string().into_bytes()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{text}");
    script.finish(serde_json::from_str::<Value>(&text).unwrap()["id"].as_str().unwrap()).await
}

fn made(job: &Value) -> String {
    assert_eq!(job["status"], "succeeded", "{job}");
    format!("/versions/{}", job["result"]["version_id"].as_str().unwrap())
}

#[sqlx::test(migrations = "../migrations")]
async fn leaks_are_found_and_removed(db: PgPool) {
    let script = Script::new(db).await;
    let parent = version(&script).await;
    let (status, _) = script.call("GET", &format!("{parent}/split-check"), Vec::new()).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "not checked yet");
    let job = done(&script, &format!("{parent}/split-check"), json!({})).await;
    let check = script.get(&format!("{parent}/split-check")).await;
    let found = check["leaks"]["contaminated"].as_array().unwrap().len() as u64;
    assert!(found > 0, "of ten near duplicates some are divided: {check}");
    assert_eq!(job["result"], json!(found));
    let pair = &check["leaks"]["pairs"][0];
    assert_eq!(pair["kind"], "near_duplicate");
    for pair in check["leaks"]["pairs"].as_array().unwrap() {
        assert_ne!(pair["held_out_text"], pair["train_text"]);
        assert_eq!(pair["held_out_text"] == "", pair["split"] == "test", "test samples are sealed: {pair}");
    }

    let before = script.get(&parent).await;
    let next = made(&done(&script, &format!("{parent}/without-leaks"), json!({})).await);
    let after = script.get(&next).await;
    let removed = check["leaks"]["leaking"].as_array().unwrap().len() as u64;
    assert_eq!(after["origin"]["removed"], json!(removed));
    assert_eq!(after["stats"]["train"].as_u64().unwrap(), before["stats"]["train"].as_u64().unwrap() - removed);
    assert_eq!(after["stats"]["test"], before["stats"]["test"]);
    assert_eq!(after["parent"]["number"], 1);
    done(&script, &format!("{next}/split-check"), json!({})).await;
    let check = script.get(&format!("{next}/split-check")).await;
    assert_eq!(check["leaks"]["contaminated"], json!([]));
    let again = done(&script, &format!("{next}/without-leaks"), json!({})).await;
    assert_eq!((&again["status"], &again["failure"]["code"]), (&json!("failed"), &json!("no_leaks")));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_version_is_divided_anew(db: PgPool) {
    let script = Script::new(db).await;
    let parent = version(&script).await;
    let rule = json!({ "group": { "by": "near_duplicates", "similarity": 0.8 }, "stratify": ["label"] });
    let next = made(&done(&script, &format!("{parent}/divide"), rule).await);
    let version = script.get(&next).await;
    assert_eq!((&version["origin"]["kind"], &version["origin"]["groups"]), (&json!("divided"), &json!(10)));
    assert_eq!(
        [&version["stats"]["train"], &version["stats"]["validation"], &version["stats"]["test"]],
        [&json!(168), &json!(21), &json!(21)]
    );
    // The division has been checked with it: nothing leaks, and the labels are spread evenly.
    let check = script.get(&format!("{next}/split-check")).await;
    assert_eq!(check["leaks"]["contaminated"], json!([]));
    assert!(check["splits"]["labels"]["association"]["p_value"].as_f64().unwrap() > 0.5, "{check}");

    // By user, who is a field of the file; and with the test set as it is.
    let rule = json!({ "group": { "by": "field", "field": "user" }, "stratify": [], "keep_test": true });
    let kept = made(&done(&script, &format!("{next}/divide"), rule).await);
    let tests = |samples: Value| -> Vec<Value> {
        samples["items"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
    };
    let before = tests(script.get(&format!("{next}/samples?split=test&limit=100")).await);
    let after = tests(script.get(&format!("{kept}/samples?split=test&limit=100")).await);
    assert_eq!((before.len(), before), (21, after));
}

#[sqlx::test(migrations = "../migrations")]
async fn rules_that_cannot_be_followed_are_refused(db: PgPool) {
    let script = Script::new(db).await;
    let parent = version(&script).await;
    let refused = |rule: Value| {
        let (script, path) = (&script, format!("{parent}/divide"));
        async move {
            let (status, text) = script.call("POST", &path, rule.to_string().into_bytes()).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
            text
        }
    };
    let text = refused(json!({ "amounts": { "unit": "shares", "train": 0, "validation": 1, "test": 1 } })).await;
    assert!(text.contains("amounts"), "{text}");
    let text = refused(json!({ "group": { "by": "near_duplicates", "similarity": 2 } })).await;
    assert!(text.contains("group.similarity"), "{text}");
    let text = refused(json!({ "shares": 3 })).await;
    assert!(text.contains("shares"), "{text}");
    // What only the samples show fails the job.
    let rule = json!({ "group": { "by": "field", "field": "team" } });
    let job = done(&script, &format!("{parent}/divide"), rule).await;
    assert_eq!(job["failure"]["problem"]["code"], "field_missing", "{job}");
    let versions = script.get("/datasets").await;
    assert_eq!(versions["items"][0]["versions"], 1, "nothing was made");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_benchmark_is_looked_for_in_training(db: PgPool) {
    let script = Script::new(db).await;
    let parent = version(&script).await;
    // Two of its rows, one of them with a word more, and one that is nowhere else.
    let rows: Vec<String> = String::from_utf8(questions()).unwrap().lines().map(str::to_owned).collect();
    let train: Vec<String> = script.get(&format!("{parent}/samples?split=train&limit=100")).await["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["sample"]["messages"][0]["content"].as_str().unwrap().to_owned())
        .collect();
    let exam = format!("{}\n{},x,u\n{} again,x,u\nnothing like this,x,u\n", rows[0], train[3], train[5]);
    let job = script.imported("exam.csv", exam.into_bytes(), json!({})).await;
    let exam = job["result"]["version_id"].as_str().unwrap().to_owned();

    let path = format!("/benchmarks/{exam}");
    assert_eq!(script.call("PUT", &path, Vec::new()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(script.call("PUT", &path, Vec::new()).await.0, StatusCode::NO_CONTENT, "it is one already");
    let unknown = "/benchmarks/00000000-0000-0000-0000-000000000000";
    assert_eq!(script.call("PUT", unknown, Vec::new()).await.0, StatusCode::NOT_FOUND);
    assert_eq!(script.get("/benchmarks").await[0]["dataset_name"], "exam.csv");

    done(&script, &format!("{parent}/split-check"), json!({})).await;
    let check = script.get(&format!("{parent}/split-check")).await;
    let found = &check["benchmarks"][0];
    assert_eq!((&found["benchmark"]["version_id"], &found["leaks"]["test"]), (&json!(exam), &json!(3)), "{found}");
    assert_eq!(
        found["leaks"]["contaminated"].as_array().unwrap().len(),
        1,
        "with another label it is a prompt: {found}"
    );
    let kinds: Vec<_> = found["leaks"]["pairs"].as_array().unwrap().iter().map(|pair| &pair["kind"]).collect();
    assert_eq!(kinds, ["near_duplicate", "same_prompt"], "{found}");

    // A version without leaks has none of the benchmark either.
    let next = made(&done(&script, &format!("{parent}/without-leaks"), json!({})).await);
    done(&script, &format!("{next}/split-check"), json!({})).await;
    let check = script.get(&format!("{next}/split-check")).await;
    assert_eq!(check["benchmarks"][0]["leaks"]["contaminated"], json!([]), "{check}");

    assert_eq!(script.call("DELETE", &path, Vec::new()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(script.call("DELETE", &path, Vec::new()).await.0, StatusCode::NOT_FOUND);
    // Each is in the project's activity, once.
    let overview = script.get("/overview").await;
    let verbs: Vec<(&Value, &Value)> = overview["activity"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["verb"].as_str().is_some_and(|verb| verb.starts_with("benchmark.")))
        .map(|entry| (&entry["verb"], &entry["object_name"]))
        .collect();
    let name = json!("exam.csv v1");
    assert_eq!(verbs, [(&json!("benchmark.removed"), &name), (&json!("benchmark.added"), &name)]);
}
