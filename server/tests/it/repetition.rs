//! Running again, and going on: a server with a worker of its own, the real trainer, a tiny model.

use crate::process::Place;
use serde_json::{Value, json};
use store::PgPool;

async fn finished(place: &Place, run: &Value) -> Value {
    let path = format!("/runs/{}", run["id"].as_str().unwrap());
    let run = place.until(&path, "the run ends", |r| r["state"]["ended_at"].is_string()).await;
    assert_eq!(run["state"]["status"], "succeeded", "{run}");
    run
}

async fn validation(place: &Place, run: &Value) -> Vec<f64> {
    let path = format!("/runs/{}/points?keys=validation_loss", run["id"].as_str().unwrap());
    place.get(&path).await.as_array().unwrap().iter().map(|p| p["value"].as_f64().unwrap()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_repeated_run_gives_the_same_bits_and_a_continued_one_goes_on(db: PgPool) {
    let place = Place::new(db).await;
    // Two processes for each run: how many there are does not matter to the bits.
    let _server = place.start_with("web", &["serve"], "cpu+cpu");
    place.ready().await;
    let filled = place.fill().await;
    let recipe = json!({
        "schedule": { "max_steps": 10 }, "lora": { "rank": 2 }, "optimizer": { "learning_rate": 1e-2 },
        "batch": { "micro_batch": 2, "accumulation": 2, "max_length": 64 },
        "evaluation": { "previews": 0, "max_new_tokens": 2, "test_samples": 2 },
    });
    let mut request = json!({ "model_id": filled.model, "version_id": filled.version, "recipe": recipe });
    let first = place.post("/runs", request.to_string().into_bytes()).await;
    let id = first["id"].as_str().unwrap();
    let first = finished(&place, &first).await;
    assert_eq!(first["state"]["device"], "cpu+cpu");
    let manifest = place.get(&format!("/runs/{id}/manifest.json")).await;
    assert_eq!((&manifest["recipe"]["lora"]["rank"], &manifest["machine"]["device"]), (&json!(2), &json!("cpu+cpu")));

    let second = place.post(&format!("/runs/{id}/repeat"), Vec::new()).await;
    assert_eq!((&second["repeats"][0], &second["recipe"]), (&first["id"], &first["recipe"]));
    let comparison = format!("/runs/{}/repetition", second["id"].as_str().unwrap());
    assert!(place.get(&comparison).await["original"] == first["id"]);
    finished(&place, &second).await;
    let comparison = place.get(&comparison).await;
    assert_eq!(
        comparison["differences"],
        json!({ "weights": [], "first_loss": null, "manifest": [] }),
        "the same bits: {comparison}"
    );
    assert_eq!(place.get(&format!("/runs/{id}")).await["repetitions"][0][0], second["id"]);

    request["continues"] = first["id"].clone();
    let further = finished(&place, &place.post("/runs", request.to_string().into_bytes()).await).await;
    assert_eq!(further["continues"][0], first["id"]);
    let (before, after) = (validation(&place, &first).await, validation(&place, &further).await);
    assert_eq!(before.last(), after.first(), "it begins where the other ended: {before:?} {after:?}");
    assert!(after.last() < after.first(), "{after:?}");
}
