//! A version scored by the real trainer on a tiny model, and the steps that read the scores.

use crate::process::Place;
use crate::tiny;
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

    let field = format!("perplexity.{}", scorings[0]["id"].as_str().unwrap());
    let index = place.post(&format!("{version}/index"), Vec::new()).await;
    let path = format!("/jobs/{}", index["id"].as_str().unwrap());
    place.until(&path, "the index is built", |j| j["ended_at"].is_string()).await;
    let found = place.get(&format!("{version}/explore?sort=perplexity&include_test=true&f={field}:2..")).await;
    let facet = found["facets"].as_array().unwrap().iter().find(|facet| facet["field"] == *field);
    assert!(facet.is_some_and(|facet| !facet["values"].as_array().unwrap().is_empty()), "{found}");
    let sample = &found["items"][0]["row"]["id"];
    let of_sample = place.get(&format!("{version}/samples/{sample}/scores?include_test=true")).await;
    assert!(of_sample[0]["answer"].as_f64() >= Some(2.0), "{of_sample}");

    request["embed"] = json!(true);
    place.job("/scores", request.clone()).await;
    let scorings = place.get(&format!("{version}/scores")).await;
    assert_eq!(scorings.as_array().unwrap().len(), 1, "the same model's scores are replaced");
    assert!(scorings[0]["dimensions"].as_u64() > Some(1), "{scorings}");
    a_bad_case_finds_its_neighbours(&place, &version, &scorings[0]["model"]).await;
    let report = place.job(&preview, recipe(json!({ "kind": "outliers", "percent": 5.0, "held_out": true }))).await;
    assert_eq!(report["removed"], 3, "{report}");
    let made = place.job(&format!("{version}/steps"), recipe(json!({ "kind": "outliers", "percent": 5.0 }))).await;
    let made = place.get(&format!("/versions/{}", made["version_id"].as_str().unwrap())).await;
    assert_eq!(made["origin"]["report"]["scored_by"], scorings[0]["model"], "{made}");

    request["run_id"] = json!("00000000-0000-0000-0000-000000000000");
    assert_eq!(place.call("POST", "/scores", Some(request.to_string().into_bytes())).await.0, 422);
}

/// A case that no version has: the model reads its sample first.
async fn a_bad_case_finds_its_neighbours(place: &Place, version: &str, model: &Value) {
    let dataset = place.get(version).await["dataset_id"].clone();
    let new = json!({ "dataset_id": dataset, "prompt": "another question", "output": "no", "expected": "yes" });
    let case = place.post("/bad-cases", new.to_string().into_bytes()).await;
    let evidence = format!("/bad-cases/{}/evidence", case["id"].as_str().unwrap());
    let before = place.get(&evidence).await;
    assert_eq!((&before["can_embed"], &before["embedded"]), (&json!(true), &Value::Null), "{before}");
    let found = place.job("/bad-case-neighbours", json!({ "ids": [case["id"]] })).await;
    assert_eq!(found["cases"], 1, "{found}");
    let after = place.get(&evidence).await;
    let rows = after["embedded"]["nearest"].as_array().unwrap();
    assert_eq!((rows.len(), &after["embedded"]["model"]), (10, model), "{after}");
    let cosines: Vec<f64> = rows.iter().map(|row| row["similarity"].as_f64().unwrap()).collect();
    assert!(cosines.is_sorted_by(|a, b| a >= b) && after["embedded"]["mean"].as_f64() < Some(cosines[0]), "{after}");
}

/// The command line reads the trainer's file by the lines of the samples.
#[test]
fn the_command_line_takes_the_trainers_file() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let samples: Vec<String> = tiny::samples(5).iter().map(|s| serde_json::to_string(s).unwrap()).collect();
    // An empty line counts.
    std::fs::write(path("samples.jsonl"), format!("{}\n\n{}\n", samples[0], samples[1..].join("\n"))).unwrap();
    let score = |line: u32, loss: f64| {
        let likelihood = json!({ "tokens": 3, "negative_log_likelihood": loss, "perplexity": loss.exp() });
        json!({ "line": line, "result": "scored", "answer": likelihood, "all": likelihood, "cut_tokens": 0 })
            .to_string()
    };
    let scores = [score(1, 1.0), score(3, 1.0), score(4, 5.0), score(5, 1.0)];
    let unscored = r#"{"line":6,"result":"unscored","problem":{"kind":"no_answer"}}"#;
    std::fs::write(path("scores.jsonl"), format!("{}\n{unscored}\n", scores.join("\n"))).unwrap();
    let recipe = "[[steps]]\nkind = \"perplexity\"\nhighest = 0.0\nabove = 10.0\n";
    std::fs::write(path("recipe.toml"), recipe).unwrap();
    let apply = |scores: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_server"));
        command.current_dir(folder.path()).args(["data", "apply", "--recipe", "recipe.toml", "--in", "samples.jsonl"]);
        command.args(["--out", "out.jsonl"]).args(scores).output().unwrap()
    };
    let without = apply(&[]);
    let words = String::from_utf8_lossy(&without.stderr).into_owned();
    assert!(!without.status.success() && words.contains("score the version with a model first"), "{words}");
    let done = apply(&["--scores", "scores.jsonl"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let left: Vec<String> = std::fs::read_to_string(path("out.jsonl")).unwrap().lines().map(str::to_owned).collect();
    let texts = |lines: &[String]| -> Vec<Value> {
        lines.iter().map(|l| serde_json::from_str::<Value>(l).unwrap()["messages"].clone()).collect()
    };
    let expected: Vec<String> = samples.iter().enumerate().filter(|(i, _)| *i != 2).map(|(_, s)| s.clone()).collect();
    assert_eq!(texts(&left), texts(&expected));
}
