//! How long 50 runs of 100,000 values each take to be laid over each other, over HTTP against the real server: the whole of
//! them, a tenth and a hundredth of the axis; beside one run's values as they are.
//!
//! DATABASE_URL names an empty database.
#![expect(clippy::unwrap_used, reason = "a program for measuring may panic")]
#![allow(unreachable_pub, dead_code, reason = "modules of the tests are reached by nobody else")]

#[path = "../tests/it/support/mod.rs"]
mod support;

use axum::body::Body;
use domain::{
    access::TokenScope,
    id::{DatasetId, ModelId, ProjectId, RunId, VersionId},
    recipe::Recipe,
};
use serde_json::json;
use std::time::{Duration, Instant};
use store::PgPool;
use support::{Credential, TestApp};

const RUNS: usize = 50;
const VALUES: i32 = 100_000;
/// Times that each question is asked; the median counts.
const ASKED: usize = 7;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let db = PgPool::connect(&std::env::var("DATABASE_URL").unwrap()).await.unwrap();
    store::migrate(&db).await.unwrap();
    let app = TestApp::new(db);
    let user = app.person("ada").await;
    let project = store::projects::create(&app.db, user, "p", "").await.unwrap();
    let begun = Instant::now();
    let runs = write(&app.db, project, user.0).await;
    println!("{RUNS} runs of {VALUES} values written in {:.1} s", begun.elapsed().as_secs_f64());
    let credential = Credential::Script(app.token(user, TokenScope::Read, None).await);
    let ids: Vec<String> = runs.iter().map(ToString::to_string).collect();
    let overlay = format!("/api/v1/projects/{project}/overlay?runs={}&width=600", ids.join(","));
    let raw = format!("/api/v1/projects/{project}/runs/{}/points.csv?keys=train_loss", runs[0]);
    for (what, path) in [
        ("all, over each other", overlay.clone()),
        ("smoothed", format!("{overlay}&smooth=0.9")),
        ("by time", format!("{overlay}&x=time")),
        ("a tenth", format!("{overlay}&from=40000&to=50000")),
        ("a hundredth", format!("{overlay}&from=40000&to=41000")),
        ("one run's values as they are", raw),
    ] {
        let (time, bytes) = ask(&app, &credential, &path).await;
        println!("{what:30} {:7.0} ms {:8.2} MB", time.as_secs_f64() * 1000.0, bytes as f64 / 1e6);
    }
}

/// The median time of an answer, and its bytes.
async fn ask(app: &TestApp, credential: &Credential, path: &str) -> (Duration, usize) {
    let (mut times, mut bytes) = (Vec::new(), 0);
    for _ in 0..ASKED {
        let begun = Instant::now();
        let answer = app.open(credential.request("GET", path).body(Body::empty()).unwrap()).await;
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        bytes = axum::body::to_bytes(answer.into_body(), 1 << 30).await.unwrap().len();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    (times[ASKED / 2], bytes)
}

/// The runs, written by the database itself.
async fn write(db: &PgPool, project: ProjectId, user: uuid::Uuid) -> Vec<RunId> {
    let (model, dataset, version) = (ModelId::new(), DatasetId::new(), VersionId::new());
    let stats = serde_json::to_value(domain::dataset::VersionStats::default()).unwrap();
    sqlx::query(
        "with m as (insert into models (id, project_id, name, source, card, created_by) values ($1, $4, 'm', $7, $8, $5)), \
         d as (insert into datasets (id, project_id, name, created_by) values ($2, $4, 'd', $5)) \
         insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($3, $2, 1, '{}', $6, $5)",
    )
    .bind(model.0)
    .bind(dataset.0)
    .bind(version.0)
    .bind(project.0)
    .bind(user)
    .bind(stats)
    .bind(json!({ "kind": "path", "path": "/models/tiny" }))
    .bind(json!({
        "architecture": "LlamaForCausalLM", "family": "llama", "format": "gguf", "parameters": 1000, "layers": 2,
        "hidden_size": 8, "intermediate_size": 16, "attention_heads": 2, "key_value_heads": 1, "head_dim": 4,
        "context_length": 512, "vocabulary": 100, "quantization": "F32", "licence": null, "chat_template": null,
        "tied_embeddings": true, "size_bytes": 4000,
    }))
    .execute(db)
    .await
    .unwrap();
    let recipe = serde_json::to_value(Recipe::default()).unwrap();
    let mut runs = Vec::new();
    for number in 1..=RUNS {
        let run = RunId::new();
        sqlx::query(
            "with r as (insert into runs (id, project_id, number, name, model_id, version_id, recipe, created_by) \
                 values ($1, $2, $3, 'r' || $3, $4, $5, $6, $7) returning id) \
             insert into series (run_id, attempt, key) select id, 1, 'train_loss' from r",
        )
        .bind(run.0)
        .bind(project.0)
        .bind(i32::try_from(number).unwrap())
        .bind(model.0)
        .bind(version.0)
        .bind(&recipe)
        .bind(user)
        .execute(db)
        .await
        .unwrap();
        sqlx::query(
            "insert into points (series_id, step, value, elapsed_ms) select s.id, n, 3 * exp(-n / 30000.0) + random() / 5, n * 100 \
             from series s cross join generate_series(1, $2) n where s.run_id = $1",
        )
        .bind(run.0)
        .bind(VALUES)
        .execute(db)
        .await
        .unwrap();
        runs.push(run);
    }
    sqlx::query("vacuum analyze points").execute(db).await.unwrap();
    runs
}
