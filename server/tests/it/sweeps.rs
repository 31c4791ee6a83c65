//! Sweeps that really train: a server with a worker of its own, the real trainer, a tiny model.

use crate::process::{Filled, Place};
use serde_json::{Value, json};
use store::PgPool;

/// A sweep over the learning rate, one of whose values learns next to nothing.
fn request(filled: &Filled, strategy: Value, values: Value, steps: u32) -> Value {
    let recipe = json!({
        "schedule": { "max_steps": steps }, "lora": { "rank": 2 }, "batch": { "micro_batch": 4, "accumulation": 1, "max_length": 64 },
        "evaluation": { "previews": 0, "max_new_tokens": 2, "test_samples": 2 },
    });
    let axes = json!([{ "field": "optimizer.learning_rate", "values": values }]);
    let plan = json!({ "recipe": recipe, "strategy": strategy, "axes": axes, "objective": "validation_loss" });
    json!({ "model_id": filled.model, "version_id": filled.version, "name": "rates", "plan": plan })
}

/// Starts a sweep and gives it with its trials when it has ended.
async fn sweep(place: &Place, request: &Value) -> (Value, Vec<Value>) {
    let made = place.post("/sweeps", request.to_string().into_bytes()).await;
    let path = format!("/sweeps/{}", made["id"].as_str().unwrap());
    let done = place.until(&path, "the sweep ends", |s| s["status"] != "running").await;
    assert_eq!(done["status"], "done", "{done}");
    let trials = place.get(&format!("{path}/trials")).await.as_array().unwrap().clone();
    assert!(trials.iter().all(|t| t["status"] == "succeeded" && t["objective"].is_f64()), "{trials:?}");
    (done, trials)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_grid_trains_each_value_and_finds_the_best(db: PgPool) {
    let place = Place::new(db).await;
    let _server = place.start_with("web", &["serve"], "cpu");
    place.ready().await;
    let filled = place.fill().await;

    let grid = request(&filled, json!({ "kind": "grid" }), json!({ "list": [1e-9, 1e-2] }), 30);
    let forecast = place.post("/sweeps/preview", grid.to_string().into_bytes()).await;
    assert!(forecast["runs"] == 2 && forecast["seconds"].as_f64().unwrap() > 0.0, "{forecast}");
    let (done, trials) = sweep(&place, &grid).await;
    let loss = |i: usize| trials[i]["objective"].as_f64().unwrap();
    assert!(trials.len() == 2 && loss(1) < loss(0), "a rate that learns is better: {trials:?}");
    assert_eq!(done["analysis"]["best"], trials[1]["run_id"]);
    let run = place.get(&format!("/runs/{}", trials[1]["run_id"].as_str().unwrap())).await;
    assert_eq!((&run["recipe"]["optimizer"]["learning_rate"], &run["state"]["step"]), (&json!(0.01), &json!(30)));
    assert_eq!(run["validation_loss"], trials[1]["objective"]);

    let asha = json!({ "kind": "asha", "runs": 4, "seed": 1, "min_steps": 4, "max_steps": 8, "reduction": 2 });
    let values = json!({ "range": { "low": 1e-6, "high": 1e-2, "scale": "log" } });
    let (done, trials) = sweep(&place, &request(&filled, asha, values, 30)).await;
    let on = |rung: u64| trials.iter().filter(|t| t["rung"] == rung).collect::<Vec<_>>();
    assert!(on(0).len() == 4 && on(1).len() >= 2, "{trials:?}");
    assert!(on(0).iter().all(|t| t["step"] == 4) && on(1).iter().all(|t| t["step"] == 8), "{trials:?}");
    // The best of the lowest rung has moved up, whatever came later.
    let objective = |t: &&&Value| t["objective"].as_f64().unwrap();
    let best = *on(0).iter().min_by(|a, b| objective(a).total_cmp(&objective(b))).unwrap();
    assert!(on(1).iter().any(|t| t["trial"] == best["trial"]), "{trials:?}");
    assert!(on(1).iter().any(|t| t["run_id"] == done["analysis"]["best"]), "the best is on the highest rung");
}
