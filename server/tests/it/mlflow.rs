//! MLflow's REST API as its clients use it: what they send, what they read, and what is refused how.

use crate::support::{Credential, TestApp};
use axum::{
    body::Body,
    http::{StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    access::TokenScope,
    id::{ProjectId, UserId},
};
use serde_json::{Value, json};
use store::PgPool;

/// A script that tracks in a project.
struct Script {
    app: TestApp,
    user: UserId,
    project: ProjectId,
    credential: Credential,
    /// In front of every address.
    place: String,
}

impl Script {
    /// With a token of the project alone.
    async fn new(db: PgPool) -> Self {
        let app = TestApp::new(db);
        let user = app.person("ada").await;
        let project = store::projects::create(&app.db, user, "p", "").await.unwrap();
        let credential = Credential::Script(app.token(user, TokenScope::Write, Some(project)).await);
        Self { app, user, project, credential, place: String::new() }
    }

    async fn raw(&self, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
        let request = self.credential.request(method, &format!("{}/api/2.0{path}", self.place));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body));
        let answer = self.app.send(request.unwrap()).await;
        (answer.status(), answer.body().to_vec())
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.raw("POST", &format!("/mlflow/{path}"), body.to_string().into()).await;
        assert_eq!(status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.raw("GET", &format!("/mlflow/{path}"), Vec::new()).await;
        assert_eq!(status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap()
    }

    /// Status and code of a refusal.
    async fn refused(&self, path: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.raw("POST", &format!("/mlflow/{path}"), body.to_string().into()).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert!(answer["message"].is_string(), "{answer}");
        (status.as_u16(), answer["error_code"].as_str().unwrap().to_owned())
    }

    /// A new run in the default experiment.
    async fn run(&self) -> String {
        let made =
            self.post("runs/create", json!({ "experiment_id": "0", "start_time": 1000, "user_id": "ada" })).await;
        made["run"]["info"]["run_id"].as_str().unwrap().to_owned()
    }
}

fn pair(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[sqlx::test(migrations = "../migrations")]
async fn a_run_is_tracked_from_begin_to_end(db: PgPool) {
    let script = Script::new(db).await;
    let made =
        script.post("experiments/create", json!({ "name": "nlp", "tags": [{ "key": "team", "value": "a" }] })).await;
    assert_eq!(made, json!({ "experiment_id": "1" }));
    let created = json!({
        "experiment_id": "1", "user_id": "ada", "run_name": "first", "start_time": "1700000000000",
        "tags": [{ "key": "mlflow.source.name", "value": "train.py" }],
    });
    let run = script.post("runs/create", created).await["run"].clone();
    let id = run["info"]["run_id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 32);
    assert_eq!(run["info"]["status"], "RUNNING");
    assert_eq!(run["info"]["start_time"], 1_700_000_000_000_i64);
    assert_eq!(run["info"]["artifact_uri"], format!("mlflow-artifacts:/{}/{id}/artifacts", script.project));
    let batch = json!({
        "run_id": id,
        "metrics": [
            { "key": "loss", "value": 0.5, "timestamp": 5, "step": 1 },
            { "key": "loss", "value": "NaN", "timestamp": "6", "step": "2" },
        ],
        "params": [{ "key": "lr", "value": "0.1" }],
        "tags": [{ "key": "note", "value": "x" }],
    });
    for _ in 0..2 {
        script.post("runs/log-batch", batch.clone()).await;
    }
    script.post("runs/log-metric", json!({ "run_id": id, "key": "acc", "value": 0.9, "timestamp": 7 })).await;
    script.post("runs/log-parameter", json!({ "run_uuid": id, "key": "depth", "value": "3" })).await;
    script.post("runs/delete-tag", json!({ "run_id": id, "key": "note" })).await;
    script
        .post(
            "runs/log-inputs",
            json!({ "run_id": id, "datasets": [{
        "tags": [{ "key": "mlflow.data.context", "value": "train" }],
        "dataset": { "name": "reviews", "digest": "d1", "source_type": "local", "source": "{}" },
    }] }),
        )
        .await;
    let ended = json!({ "run_id": id, "status": "FINISHED", "end_time": 1_700_000_001_000_i64, "run_name": "best" });
    let info = script.post("runs/update", ended).await["run_info"].clone();
    assert_eq!((info["status"].as_str(), info["run_name"].as_str()), (Some("FINISHED"), Some("best")));

    let run = script.get(&format!("runs/get?run_id={id}")).await["run"].clone();
    assert_eq!(run["info"]["end_time"], 1_700_000_001_000_i64);
    assert_eq!(
        run["data"]["metrics"],
        json!([
            { "key": "acc", "value": 0.9, "timestamp": 7, "step": 0 },
            { "key": "loss", "value": "NaN", "timestamp": 6, "step": 2 },
        ])
    );
    assert_eq!(run["data"]["params"], json!([{ "key": "depth", "value": "3" }, { "key": "lr", "value": "0.1" }]));
    assert_eq!(
        run["data"]["tags"],
        json!([
            { "key": "mlflow.runName", "value": "best" }, { "key": "mlflow.source.name", "value": "train.py" },
        ])
    );
    assert_eq!(run["inputs"]["dataset_inputs"][0]["dataset"]["name"], "reviews");
    let history = script.get(&format!("metrics/get-history?run_id={id}&metric_key=loss")).await;
    assert_eq!(history["metrics"].as_array().unwrap().len(), 2, "the batch that came twice is there once: {history}");
    assert!(history.get("next_page_token").is_none());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_model_lies_with_its_run(db: PgPool) {
    let script = Script::new(db).await;
    let run = script.run().await;
    let made =
        json!({ "experiment_id": "0", "name": "clf", "source_run_id": run, "params": [{ "key": "C", "value": "1" }] });
    let model = script.post("logged-models", made).await["model"].clone();
    let id = model["info"]["model_id"].as_str().unwrap().to_owned();
    let uri = format!("mlflow-artifacts:/{}/{run}/artifacts/models/{id}", script.project);
    assert_eq!(
        (&model["info"]["artifact_uri"], &model["info"]["status"]),
        (&json!(uri), &json!("LOGGED_MODEL_PENDING"))
    );
    let ready = json!({ "model_id": id, "status": "LOGGED_MODEL_READY" }).to_string();
    let (status, _) = script.raw("PATCH", &format!("/mlflow/logged-models/{id}"), ready.into()).await;
    assert_eq!(status, StatusCode::OK);
    let tags = json!({ "tags": [{ "key": "k", "value": "v" }] }).to_string();
    script.raw("PATCH", &format!("/mlflow/logged-models/{id}/tags"), tags.into()).await;
    script.post("runs/outputs", json!({ "run_id": run, "models": [{ "model_id": id, "step": 3 }] })).await;
    let found = script.get(&format!("logged-models/{id}")).await["model"].clone();
    assert_eq!(found["info"]["status"], "LOGGED_MODEL_READY");
    assert_eq!(found["info"]["tags"], json!([{ "key": "k", "value": "v" }]));
    assert_eq!(found["data"]["params"], json!([{ "key": "C", "value": "1" }]));
    let asked = json!({ "experiment_ids": ["0"], "filter": format!("name = 'clf' AND source_run_id = '{run}'"),
        "order_by": [{ "field_name": "creation_timestamp", "ascending": false }] });
    let found = script.post("logged-models/search", asked).await;
    assert_eq!(found["models"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found["models"][0]["info"]["model_id"], id);
    let other = json!({ "experiment_ids": ["0"], "filter": "tags.nobody = 'x'" });
    assert_eq!(script.post("logged-models/search", other).await["models"].as_array().map(Vec::len), Some(0));
    assert_eq!(script.refused("logged-models", json!({ "name": "x" })).await, pair(400, "INVALID_PARAMETER_VALUE"));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_history_comes_by_pages(db: PgPool) {
    let script = Script::new(db).await;
    let run = script.run().await;
    let metrics: Vec<_> = (0..90).map(|i| json!({ "key": "m", "value": i, "timestamp": i, "step": i })).collect();
    script.post("runs/log-batch", json!({ "run_id": run, "metrics": metrics })).await;
    let (mut token, mut steps) = (String::new(), Vec::new());
    loop {
        let path = format!("metrics/get-history?run_id={run}&metric_key=m&max_results=40&page_token={token}");
        let page = script.get(&path).await;
        steps.extend(page["metrics"].as_array().unwrap().iter().map(|m| m["step"].as_i64().unwrap()));
        let Some(next) = page["next_page_token"].as_str() else { break };
        token = next.to_owned();
    }
    assert_eq!(steps, (0..90).collect::<Vec<_>>());
}

#[sqlx::test(migrations = "../migrations")]
async fn runs_are_searched(db: PgPool) {
    let script = Script::new(db).await;
    for loss in [3.0, 1.0, 2.0] {
        let run = script.run().await;
        let batch = json!({ "run_id": run, "metrics": [{ "key": "loss", "value": loss, "timestamp": 1, "step": 0 }] });
        script.post("runs/log-batch", batch).await;
    }
    let losses = |found: &Value| -> Vec<f64> {
        let runs = found["runs"].as_array().unwrap();
        runs.iter().map(|run| run["data"]["metrics"][0]["value"].as_f64().unwrap()).collect()
    };
    let asked = json!({ "experiment_ids": ["0"], "filter": "metrics.loss < 2.5 and attributes.status = 'RUNNING'",
        "order_by": ["metrics.loss DESC"], "max_results": 1, "run_view_type": "ACTIVE_ONLY" });
    let first = script.post("runs/search", asked.clone()).await;
    assert_eq!(losses(&first), [2.0]);
    let mut next = asked;
    next["page_token"] = first["next_page_token"].clone();
    let second = script.post("runs/search", next).await;
    assert_eq!(losses(&second), [1.0]);
    assert!(second.get("next_page_token").is_none());
    let none = script.post("runs/search", json!({ "experiment_ids": ["7"] })).await;
    assert_eq!(none["runs"], json!([]));
    let bad = script.refused("runs/search", json!({ "experiment_ids": ["0"], "filter": "metrics.loss << 1" })).await;
    assert_eq!(bad, pair(400, "INVALID_PARAMETER_VALUE"));
}

#[sqlx::test(migrations = "../migrations")]
async fn refusals_have_mlflows_codes(db: PgPool) {
    let script = Script::new(db).await;
    let run = script.run().await;
    script.post("experiments/create", json!({ "name": "a" })).await;
    script.post("runs/log-parameter", json!({ "run_id": run, "key": "lr", "value": "1" })).await;
    let nowhere = "0".repeat(32);
    let metric = |run: &str, key: &str| json!({ "run_id": run, "key": key, "value": 1, "timestamp": 1 });
    let cases = [
        ("experiments/create", json!({ "name": "a" }), pair(400, "RESOURCE_ALREADY_EXISTS")),
        ("experiments/create", json!({}), pair(400, "INVALID_PARAMETER_VALUE")),
        ("experiments/delete", json!({ "experiment_id": "9" }), pair(404, "RESOURCE_DOES_NOT_EXIST")),
        ("runs/create", json!({ "experiment_id": "9" }), pair(404, "RESOURCE_DOES_NOT_EXIST")),
        ("runs/log-metric", metric(&nowhere, "m"), pair(404, "RESOURCE_DOES_NOT_EXIST")),
        ("runs/log-metric", metric(&run, "a,b"), pair(400, "INVALID_PARAMETER_VALUE")),
        ("runs/log-metric", json!({ "run_id": run, "key": "m" }), pair(400, "INVALID_PARAMETER_VALUE")),
        (
            "runs/log-parameter",
            json!({ "run_id": run, "key": "lr", "value": "2" }),
            pair(400, "INVALID_PARAMETER_VALUE"),
        ),
        ("runs/set-tag", json!({ "run_id": run, "key": "k", "value": "\u{0}" }), pair(400, "INVALID_PARAMETER_VALUE")),
        ("runs/update", json!({ "run_id": run, "status": "ASLEEP" }), pair(400, "INVALID_PARAMETER_VALUE")),
        ("runs/log-batch", json!([]), pair(422, "BAD_REQUEST")),
        ("traces/search", json!({}), pair(404, "ENDPOINT_NOT_FOUND")),
    ];
    for (path, body, expected) in cases {
        assert_eq!(script.refused(path, body.clone()).await, expected, "{path} {body}");
    }
    let many: Vec<_> = (0..1001).map(|i| json!({ "key": "m", "value": i, "timestamp": i })).collect();
    let refused = script.refused("runs/log-batch", json!({ "run_id": run, "metrics": many })).await;
    assert_eq!(refused, pair(400, "INVALID_PARAMETER_VALUE"));
    script.post("runs/delete", json!({ "run_id": run })).await;
    assert_eq!(script.refused("runs/log-metric", metric(&run, "m")).await, pair(400, "INVALID_PARAMETER_VALUE"));
    script.post("runs/restore", json!({ "run_id": run })).await;
    script.post("runs/log-metric", metric(&run, "m")).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn artifacts_come_back_as_they_were_sent(db: PgPool) {
    let script = Script::new(db).await;
    let run = script.run().await;
    let bytes: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
    let below = format!("/mlflow-artifacts/artifacts/{}/{run}/artifacts", script.project);
    let (status, _) = script.raw("PUT", &format!("{below}/model/w%20eights.bin"), bytes.clone()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(script.raw("GET", &format!("{below}/model/w%20eights.bin"), Vec::new()).await, (StatusCode::OK, bytes));
    let listed = script.get(&format!("artifacts/list?run_id={run}&path=model")).await;
    assert_eq!(listed["files"], json!([{ "path": "model/w eights.bin", "is_dir": false, "file_size": 100_000 }]));
    // As the client asks, and as it asks behind a tracking address with a path.
    for root in [String::new(), format!("mlflow/{}/", script.project)] {
        let path = format!("/mlflow-artifacts/artifacts?path={root}{}/{run}/artifacts", script.project);
        let (_, body) = script.raw("GET", &path, Vec::new()).await;
        let listed: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(listed["files"], json!([{ "path": "model", "is_dir": true }]));
    }
    let too_large = vec![0; script.app.state.config.max_upload_bytes as usize + 1];
    let (status, _) = script.raw("PUT", &format!("{below}/large"), too_large).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, _) = script.raw("PUT", &format!("{below}/..%2Fx"), vec![1]).await;
    assert!(status.is_client_error());
    assert_eq!(script.raw("DELETE", &format!("{below}/model"), Vec::new()).await.0, StatusCode::OK);
    assert_eq!(script.raw("GET", &format!("{below}/model/w%20eights.bin"), Vec::new()).await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_project_comes_from_the_token_or_the_address(db: PgPool) {
    let mut script = Script::new(db).await;
    let run = script.run().await;
    let user = script.app.person("grace").await;
    let theirs = store::projects::create(&script.app.db, user, "q", "").await.unwrap();
    let wide = script.app.token(user, TokenScope::Write, None).await;
    script.credential = Credential::Script(wide.clone());
    let refused = script.refused("experiments/create", json!({ "name": "a" })).await;
    assert_eq!(refused, pair(400, "INVALID_PARAMETER_VALUE"), "a token of all projects names none");
    script.place = format!("/mlflow/{theirs}");
    script.post("experiments/create", json!({ "name": "a" })).await;
    // A run of another project is not there.
    let metric = json!({ "run_id": run, "key": "m", "value": 1, "timestamp": 1 });
    assert_eq!(script.refused("runs/log-metric", metric).await, pair(404, "RESOURCE_DOES_NOT_EXIST"));
    // The same token as a password beside its owner's address, and beside somebody else's.
    let token = wide.strip_prefix("Bearer ").unwrap();
    for (email, status) in [("grace@lathe.test", StatusCode::OK), ("ada@lathe.test", StatusCode::UNAUTHORIZED)] {
        script.credential = Credential::Script(format!("Basic {}", STANDARD.encode(format!("{email}:{token}"))));
        assert_eq!(script.raw("GET", "/mlflow/experiments/get?experiment_id=0", Vec::new()).await.0, status);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_show_what_was_tracked(db: PgPool) {
    let script = Script::new(db).await;
    let browser = Credential::Browser(script.app.session(script.user).await);
    let page = async |path: &str| {
        let request = browser.request("GET", &format!("/p/{}/{path}", script.project)).body(Body::empty()).unwrap();
        let answer = script.app.send(request).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        String::from_utf8(answer.body().to_vec()).unwrap()
    };
    assert!(page("tracked").await.contains("MLFLOW_TRACKING_URI"), "an empty list says how to begin");
    let run = script.run().await;
    let metrics: Vec<_> =
        (0..5).map(|i| json!({ "key": "val/loss", "value": 0.5, "timestamp": i, "step": i })).collect();
    let params = json!([{ "key": "base model", "value": "<small>" }]);
    script.post("runs/log-batch", json!({ "run_id": run, "metrics": metrics, "params": params })).await;
    let list = page("tracked?filter=metrics.%60val%2Floss%60%20%3C%201").await;
    assert!(list.contains("val/loss") && list.contains("base model") && list.contains("&lt;small&gt;"), "{list}");
    assert!(!page("tracked?filter=metrics.%60val%2Floss%60%20%3C%200.1").await.contains("base model"));
    assert!(page("tracked?filter=nonsense").await.contains("notice-warn"));
    let one = page(&format!("tracked/{run}")).await;
    assert!(one.contains("val/loss") && one.contains("base model") && one.contains("<svg"), "{one}");
}
