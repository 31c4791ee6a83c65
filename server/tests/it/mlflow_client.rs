//! What programs track stays whole: the server is killed while they send, and the database breaks off. And MLflow's own
//! Python client tracks here, unmodified.
//!
//! The client's tests need a Python with mlflow or mlflow-skinny: the one that LATHE_MLFLOW_PYTHON names, else `python3`; they
//! say so and pass where there is none (`scripts/mlflow-venv.sh` makes one).

use crate::process::Place;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use store::PgPool;

/// Values of a batch of the scripts below.
const BATCH: usize = 50;
const BATCHES: usize = 60;
const PATIENCE: Duration = Duration::from_secs(90);

/// A Python that can import mlflow.
fn python() -> Option<String> {
    let program = std::env::var("LATHE_MLFLOW_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&program).args(["-c", "import mlflow"]).output();
    let is_there = found.is_ok_and(|o| o.status.success());
    if !is_there {
        println!("skipped: no Python with mlflow; set LATHE_MLFLOW_PYTHON to one");
    }
    is_there.then_some(program)
}

/// One of our scripts with MLflow's client, which tracks in the place's project.
fn script(place: &Place, python: &str, name: &str) -> Command {
    let mut command = Command::new(python);
    command
        .arg(format!("{}/tests/mlflow_client/{name}", env!("CARGO_MANIFEST_DIR")))
        .env("MLFLOW_TRACKING_URI", format!("http://{}/mlflow/{}", place.address, place.project))
        .env("MLFLOW_TRACKING_TOKEN", &place.token)
        .env("MLFLOW_DISABLE_TELEMETRY", "true")
        .env("NO_PROXY", "*")
        .current_dir(place.folder.path());
    command
}

/// Steps stored of the metric `m`, in order.
async fn steps(place: &Place) -> Vec<i64> {
    sqlx::query_scalar(
        "select p.step from tracked_points p join tracked_series s on s.id = p.series_id where s.key = 'm' order by p.step",
    )
    .fetch_all(&place.db)
    .await
    .unwrap()
}

/// Waits until more than `count` values are stored.
async fn until_more_than(place: &Place, count: usize) {
    let deadline = Instant::now() + PATIENCE;
    while steps(place).await.len() <= count {
        assert!(Instant::now() < deadline, "nothing comes");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn all() -> Vec<i64> {
    (0..(BATCH * BATCHES) as i64).collect()
}

/// Posts until there is an answer that says it is done, as clients do.
async fn insist(place: &Place, path: &str, body: &Value) -> Value {
    let url = format!("http://{}/mlflow/{}/api/2.0/mlflow/{path}", place.address, place.project);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let request = place.http.post(&url).bearer_auth(&place.token).json(body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => {
                if let Ok(answer) = answer.json().await {
                    return answer;
                }
            }
            Ok(answer) => assert!(answer.status().is_server_error(), "{}", answer.status()),
            Err(_) => {}
        }
        assert!(Instant::now() < deadline, "{path} is never answered");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends all batches one after the other.
async fn send_all(place: &Place) {
    let run = insist(place, "runs/create", &json!({ "experiment_id": "0" })).await;
    let run = run["run"]["info"]["run_id"].clone();
    for batch in 0..BATCHES {
        let metrics: Vec<_> = (batch * BATCH..(batch + 1) * BATCH)
            .map(|i| json!({ "key": "m", "value": i, "timestamp": i, "step": i }))
            .collect();
        insist(place, "runs/log-batch", &json!({ "run_id": run, "metrics": metrics })).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn no_value_is_lost_or_double_when_the_server_is_killed(db: PgPool) {
    let place = Place::new(db).await;
    let mut server = place.start("web", &[]);
    place.ready().await;
    let killing = async {
        for share in [1, 2, 3] {
            until_more_than(&place, BATCH * BATCHES * share / 5).await;
            server.kill();
            server = place.start("web", &[]);
        }
    };
    tokio::join!(send_all(&place), killing);
    assert_eq!(steps(&place).await, all());
}

#[sqlx::test(migrations = "../migrations")]
async fn no_value_is_lost_or_double_when_the_database_breaks_off(db: PgPool) {
    let place = Place::new(db).await;
    let _server = place.start("web", &[]);
    place.ready().await;
    let breaking = async {
        for share in [1, 2, 3] {
            until_more_than(&place, BATCH * BATCHES * share / 5).await;
            // Every connection of the server breaks, as when Postgres is killed and comes back.
            sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
                .execute(&place.db)
                .await
                .unwrap();
        }
    };
    tokio::join!(send_all(&place), breaking);
    assert_eq!(steps(&place).await, all());
}

/// A script that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn mlflows_client_goes_on_when_the_server_is_killed(db: PgPool) {
    let Some(python) = python() else { return };
    let place = Place::new(db).await;
    let mut server = place.start("web", &[]);
    place.ready().await;
    let mut running = Running(script(&place, &python, "steady.py").stdout(Stdio::piped()).spawn().unwrap());
    let mut first = String::new();
    let out = running.0.stdout.take().unwrap();
    tokio::task::spawn_blocking(move || BufReader::new(out).read_line(&mut first)).await.unwrap().unwrap();
    for share in [1, 3] {
        until_more_than(&place, BATCH * BATCHES * share / 5).await;
        server.kill();
        server = place.start("web", &[]);
    }
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = running.0.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < deadline, "the script does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(status.success());
    assert_eq!(steps(&place).await, all());
    drop(server);
}

#[sqlx::test(migrations = "../migrations")]
async fn mlflows_client_tracks_here(db: PgPool) {
    let Some(python) = python() else { return };
    let place = Place::new(db).await;
    let _server = place.start("web", &[]);
    place.ready().await;
    let ran = script(&place, &python, "whole.py");
    let output = tokio::task::spawn_blocking(move || {
        let mut ran = ran;
        ran.output()
    })
    .await
    .unwrap()
    .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
