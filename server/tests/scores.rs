//! A version scored by the real trainer on a tiny model, and the steps that read the scores.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, dead_code, reason = "each test binary uses its own part of the support modules")]

#[path = "../../trainer/tests/support/mod.rs"]
mod tiny;

#[path = "support/process.rs"]
mod process;

use process::Place;
use serde_json::{Value, json};
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn steps_read_what_a_model_said(db: PgPool) {
    let place = Place::new(db).await;
    let _server = place.start_with("web", &["serve"], "none");
    place.ready().await;
    let filled = place.fill().await;
    let version = format!("/versions/{}", filled.version.as_str().unwrap());
    let preview = format!("{version}/steps/preview");
    let recipe = |step: Value| json!({ "steps": [step] });
    let failed = async |step: Value| {
        let job = place.post(&preview, recipe(step).to_string().into_bytes()).await;
        let path = format!("/jobs/{}", job["id"].as_str().unwrap());
        let done = place.until(&path, "the job ends", |j| j["ended_at"].is_string()).await;
        assert_eq!(done["status"], "failed", "{done}");
        done["failure"]["problem"]["code"].clone()
    };
    let unlikely = json!({ "kind": "perplexity", "highest": 10.0, "held_out": true });
    assert_eq!(failed(unlikely.clone()).await, "unscored");

    let mut request = json!({ "version_id": filled.version, "model_id": filled.model });
    place.job("/scores", request.clone()).await;
    let scorings = place.get(&format!("{version}/scores")).await;
    assert_eq!((&scorings[0]["scored"], &scorings[0]["dimensions"]), (&json!(60), &json!(0)), "{scorings}");
    let report = place.job(&preview, recipe(unlikely)).await;
    assert_eq!((&report["removed"], &report["scored_by"]), (&json!(6), &scorings[0]["model"]), "{report}");
    let least = |report: &Value| report["steps"][0]["examples"][0]["reason"]["perplexity"].as_f64();
    assert!(least(&report) > Some(1.0), "{report}");
    assert_eq!(failed(json!({ "kind": "outliers" })).await, "no_embeddings");

    request["embed"] = json!(true);
    place.job("/scores", request.clone()).await;
    let scorings = place.get(&format!("{version}/scores")).await;
    assert_eq!(scorings.as_array().unwrap().len(), 1, "the same model's scores are replaced");
    assert!(scorings[0]["dimensions"].as_u64() > Some(1), "{scorings}");
    let report = place.job(&preview, recipe(json!({ "kind": "outliers", "percent": 5.0, "held_out": true }))).await;
    assert_eq!(report["removed"], 3, "{report}");
    let made = place.job(&format!("{version}/steps"), recipe(json!({ "kind": "outliers", "percent": 5.0 }))).await;
    let made = place.get(&format!("/versions/{}", made["version_id"].as_str().unwrap())).await;
    assert_eq!(made["origin"]["report"]["scored_by"], scorings[0]["model"], "{made}");

    request["run_id"] = json!("00000000-0000-0000-0000-000000000000");
    assert_eq!(place.call("POST", "/scores", Some(request.to_string().into_bytes())).await.0, 422);
}
