//! One Postgres of somebody else's, a web server without workers, and `server work` beside it with a data folder
//! of its own: real processes, a real trainer, a tiny model. The web server only serves; workers come and go.

use crate::process::{Filled, Place};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use store::PgPool;

/// Enough for a run to be interrupted in the middle on a fast machine.
const STEPS: u64 = 2000;

/// The path of a new run that takes long enough to be interrupted.
async fn launch(filled: &Filled, place: &Place) -> String {
    let recipe = json!({
        "schedule": { "max_steps": STEPS }, "lora": { "rank": 4 }, "batch": { "micro_batch": 4, "accumulation": 1, "max_length": 64 },
        "evaluation": { "every_steps": 500, "previews": 0, "max_new_tokens": 4 },
    });
    let request = json!({ "model_id": filled.model, "version_id": filled.version, "recipe": recipe });
    let run = place.post("/runs", request.to_string().into_bytes()).await;
    format!("/runs/{}", run["id"].as_str().unwrap())
}

fn is(status: &'static str) -> impl Fn(&Value) -> bool {
    move |run| run["state"]["status"] == status
}

fn has_trained(run: &Value) -> bool {
    run["state"]["step"].as_u64().is_some_and(|step| step >= 20)
}

/// The (attempt, step) pairs of the training loss, as stored.
async fn losses(place: &Place, run: &str) -> Vec<(u64, u64)> {
    let points = place.get(&format!("{run}/points?keys=train_loss")).await;
    let number = |p: &Value, key: &str| p[key].as_u64().unwrap();
    points.as_array().unwrap().iter().map(|p| (number(p, "attempt"), number(p, "step"))).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_worker_apart_trains_and_can_be_killed_and_replaced(db: PgPool) {
    let program = Path::new(env!("CARGO_BIN_EXE_server")).with_file_name("trainer");
    assert!(program.exists(), "{} is missing: cargo build --package trainer", program.display());
    let place = Place::new(db).await;
    let web = place.start("web", &["serve"]);
    place.ready().await;
    let filled = place.fill().await;

    // Nobody but a worker trains.
    let run = launch(&filled, &place).await;
    place.until(&run, "the queue says so", |r| r["state"]["queue"]["reason"] == "just_queued").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(is("checking")(&place.get(&run).await) && web.trainers().is_empty());

    // A killed worker's trainer goes on; the next worker on its data folder takes it up.
    let mut first = place.work("worker");
    place.until(&run, "it trains", has_trained).await;
    first.kill();
    let second = place.work("worker");
    let done = place.until(&run, "it succeeds", is("succeeded")).await;
    assert_eq!(done["state"]["attempt"], 1);
    assert!(web.trainers().is_empty());
    let steps: Vec<_> = losses(&place, &run).await;
    assert!(steps.is_sorted() && steps.windows(2).all(|w| w[0] < w[1]), "no point twice: {steps:?}");
    assert_eq!(steps.last(), Some(&(1, STEPS)));
    // The web server has what the worker stored.
    assert!(place.get(&format!("{run}/evaluation")).await.is_object());
    let (status, weights) = place.call("GET", &format!("{run}/adapter/adapter_model.safetensors"), None).await;
    assert!(status == 200 && weights.len() > 1000, "{status}, {} bytes", weights.len());

    // A machine that is lost with all that was on it: after its lease another begins the run anew.
    let run = launch(&filled, &place).await;
    place.until(&run, "it trains", has_trained).await;
    let mut lost = second;
    lost.kill();
    lost.kill_trainers();
    sqlx::query("update runs set lease_until = now() - interval '1 second' where lease_until is not null")
        .execute(&place.db)
        .await
        .unwrap();
    let _third = place.work("another worker");
    let done = place.until(&run, "it succeeds", is("succeeded")).await;
    assert_eq!(done["state"]["attempt"], 2);
    assert_eq!(losses(&place, &run).await.last(), Some(&(2, STEPS)));
}
