//! Launched runs that are tried out by the real trainer on a tiny model, before they train or instead.

use crate::process::{Filled, Place};
use crate::tiny;
use serde_json::{Value, json};
use store::PgPool;

/// What launches a short run with samples of at most `max_length` tokens.
fn request(filled: &Filled, max_length: u32) -> Value {
    let recipe = json!({
        "schedule": { "max_steps": 4 }, "lora": { "rank": 2 }, "optimizer": { "learning_rate": 0.01 },
        "batch": { "micro_batch": 4, "accumulation": 1, "max_length": max_length },
        "evaluation": { "previews": 0, "max_new_tokens": 2, "test_samples": 2 },
    });
    json!({ "model_id": filled.model, "version_id": filled.version, "recipe": recipe })
}

async fn launch(place: &Place, request: &Value) -> (String, Value) {
    let run = place.post("/runs", request.to_string().into_bytes()).await;
    (format!("/runs/{}", run["id"].as_str().unwrap()), run["state"]["status"].clone())
}

#[sqlx::test(migrations = "../migrations")]
async fn a_run_is_tried_out_then_trained_or_refused(db: PgPool) {
    let place = Place::new(db).await;
    let _server = place.start_with("web", &["serve"], "cpu");
    place.ready().await;
    let filled = place.fill().await;

    let (path, status) = launch(&place, &request(&filled, 64)).await;
    // On a slow machine it may be over by the time that the answer is made; the report below shows that it was.
    assert_ne!(status, "failed");
    let done = place.until(&path, "the run ends", |r| !r["state"]["ended_at"].is_null()).await;
    assert_eq!(done["state"]["status"], "succeeded", "{done}");
    let report = place.get(&format!("{path}/preflight")).await;
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() == 7 && checks.iter().all(|c| c["verdict"]["result"] == "ok"), "{checks:?}");
    let train = &report["audit"][0];
    assert!(train["learnt_tokens"].as_u64() > Some(100) && train["ordinary"].as_array().unwrap().len() == 3, "{train}");
    assert!(report["longest"]["tokens_per_second"].as_f64() > Some(1.0), "{report}");

    assert_eq!(done["predicted"]["basis"], "preflight", "{}", done["predicted"]);
    for amount in ["seconds", "memory_bytes", "disk_bytes"] {
        let [predicted, actual] = [&done["predicted"][amount], &done["actual"][amount]].map(|a| a.as_f64().unwrap());
        // So small a run is mostly beginning and end; what it takes is told all the same.
        assert!(predicted > 0.0 && actual > 0.0, "{amount}: {predicted} and {actual}");
    }

    let (path, _) = launch(&place, &request(&filled, 8)).await;
    let done = place.until(&path, "the run ends", |r| !r["state"]["ended_at"].is_null()).await;
    let failure = &done["state"]["failure"];
    assert_eq!((&done["state"]["status"], &failure["kind"]), (&json!("failed"), &json!("preflight")), "{done}");
    assert_eq!((&failure["problem"]["step"], &failure["problem"]["kind"]), (&json!("set_up"), &json!("invalid_input")));
    assert_eq!(done["state"]["attempt"], 0, "it has taken no device");
    let report = place.get(&format!("{path}/preflight")).await;
    assert_eq!(report["audit"][0]["findings"][0]["kind"], "left_out", "{report}");

    let mut unchecked = request(&filled, 64);
    unchecked["preflight"] = json!(false);
    let (path, status) = launch(&place, &unchecked).await;
    assert_ne!(status, "checking");
    let done = place.until(&path, "the run ends", |r| !r["state"]["ended_at"].is_null()).await;
    assert_eq!(done["state"]["status"], "succeeded", "{done}");
    assert_eq!(place.call("GET", &format!("{path}/preflight"), None).await.0, 404);
}

#[sqlx::test(migrations = "../migrations")]
async fn training_on_a_benchmark_is_refused_however_it_is_launched(db: PgPool) {
    let place = Place::new(db).await;
    let _server = place.start_with("web", &["serve"], "cpu");
    place.ready().await;
    let filled = place.fill().await;
    let lines: Vec<_> = tiny::samples(3).iter().map(|s| serde_json::to_string(s).unwrap()).collect();
    let upload = place.post("/uploads?file_name=exam.jsonl", lines.join("\n").into_bytes()).await;
    let exam = place.job("/imports", json!({ "upload_id": upload["id"], "name": "exam" })).await["version_id"].clone();

    let mut wanted = request(&filled, 64);
    wanted["benchmarks"] = json!([exam]);
    for is_tried in [true, false] {
        wanted["preflight"] = json!(is_tried);
        let (path, _) = launch(&place, &wanted).await;
        let done = place.until(&path, "the run ends", |r| !r["state"]["ended_at"].is_null()).await;
        let failure = &done["state"]["failure"];
        assert_eq!((&done["state"]["status"], &failure["kind"]), (&json!("failed"), &json!("preflight")), "{done}");
        let problem = &failure["problem"]["problem"];
        assert_eq!((&problem["code"], &problem["benchmark"]), (&json!("benchmark_leaks"), &json!("exam v1")), "{done}");
        assert!(problem["samples"].as_u64() > Some(0), "{done}");
    }
    // The project's own list does the same, and an owner's signature lets the run go.
    place.call("PUT", &format!("/benchmarks/{}", exam.as_str().unwrap()), None).await;
    wanted["benchmarks"] = json!([]);
    let (path, _) = launch(&place, &wanted).await;
    let done = place.until(&path, "the run ends", |r| !r["state"]["ended_at"].is_null()).await;
    assert_eq!(done["state"]["failure"]["problem"]["problem"]["code"], "benchmark_leaks", "{done}");
    wanted["leak_override"] = json!("to see how much it matters");
    let (path, _) = launch(&place, &wanted).await;
    let done = place.until(&path, "the run ends", |r| !r["state"]["ended_at"].is_null()).await;
    assert_eq!(done["state"]["status"], "succeeded", "{done}");

    wanted["benchmarks"] = json!(["00000000-0000-0000-0000-000000000000"]);
    assert_eq!(place.call("POST", "/runs", Some(wanted.to_string().into_bytes())).await.0, 422);
}
