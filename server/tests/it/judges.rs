//! A judge behind an OpenAI-compatible endpoint, asked about the answers of two models by a server that stops in the middle,
//! and people who compare the same answers, over the REST API.

use crate::script::Script;
use crate::support::TestApp;
use axum::{Json, Router, extract::State, response::IntoResponse, routing::post};
use serde_json::{Value, json};
use server::config::Endpoint;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use store::PgPool;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Samples, each judged twice in both orders.
const SAMPLES: usize = 20;
const WANTED: u64 = 4 * SAMPLES as u64;

/// How often each question was asked, by its text and seed.
type Asked = Arc<Mutex<HashMap<(String, u64), u32>>>;

/// Text between the fences behind a heading of the usual question.
fn fenced<'a>(question: &'a str, heading: &str) -> &'a str {
    let behind = &question[question.find(heading).unwrap() + heading.len()..];
    let text = &behind[behind.find("<<<").unwrap()..];
    let text = &text[text.find('\n').unwrap() + 1..];
    &text[..text.find("\nDATA-").unwrap()]
}

/// Calls the answer better that says "good", and of two alike the first; of film 7 it says nothing of use.
async fn judge() -> (Endpoint, Asked) {
    async fn answer(State(asked): State<Asked>, Json(request): Json<Value>) -> axum::response::Response {
        assert_eq!((&request["temperature"], &request["max_tokens"]), (&json!(0.5), &json!(200)));
        let question = request["messages"][0]["content"].as_str().unwrap().to_owned();
        let seed = request["seed"].as_u64().unwrap();
        let (a, b) = (fenced(&question, "The answer of A:"), fenced(&question, "The answer of B:"));
        let letter = if b.contains("good") && !a.contains("good") { "B" } else { "A" };
        let said = if fenced(&question, "The request:").contains("film 7 ") {
            "I cannot say.".to_owned()
        } else {
            format!("Well:\n```json\n{{\"reason\": \"it says good\", \"verdict\": \"{letter}\"}}\n```")
        };
        *asked.lock().unwrap().entry((question, seed)).or_default() += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let usage = json!({ "prompt_tokens": 100, "completion_tokens": 10 });
        Json(json!({ "choices": [{ "message": { "role": "assistant", "content": said } }], "usage": usage }))
            .into_response()
    }
    let asked = Asked::default();
    let app = Router::new().route("/v1/chat/completions", post(answer)).with_state(Arc::clone(&asked));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (Endpoint { name: "house".to_owned(), url, model: "m".to_owned(), key: None, key_variable: None }, asked)
}

/// Evaluations of two models: the first one is good at the first half of the samples, the second one at none.
async fn evaluations(script: &Script) -> (Uuid, Uuid) {
    let rows: String = (0..SAMPLES).map(|i| format!("This was film {i} and I liked it,pos\n")).collect();
    let split = json!({ "seed": 1, "train": 1, "validation": 0, "test": 0 });
    let file = format!("text,label\n{rows}").into_bytes();
    let job = script.imported("films.csv", file, json!({ "split": split })).await;
    let version: Uuid = job["result"]["version_id"].as_str().unwrap().parse().unwrap();
    let db = &script.app.db;
    let owner = store::projects::members(db, script.project).await.unwrap()[0].user_id;
    let (model, run) = (Uuid::now_v7(), Uuid::now_v7());
    let insert_model =
        "insert into models (id, project_id, name, source, card, created_by) values ($1, $2, 'Smol', '{}', '{}', $3)";
    sqlx::query(insert_model).bind(model).bind(script.project.0).bind(owner.0).execute(db).await.unwrap();
    let insert_run = "insert into runs (id, project_id, number, name, model_id, version_id, recipe, created_by) \
        values ($1, $2, 1, 'first', $3, $4, '{}', $5)";
    let run_row = sqlx::query(insert_run).bind(run).bind(script.project.0).bind(model).bind(version);
    run_row.bind(owner.0).execute(db).await.unwrap();
    let mut made = Vec::new();
    for (subject, good) in [("tuned", SAMPLES / 2), ("base", 0)] {
        let id = Uuid::now_v7();
        let insert_eval = "insert into evals (id, project_id, run_id, subject, version_id, split, metrics) \
            values ($1, $2, $3, $4, $5, 'train', '{}')";
        let row = sqlx::query(insert_eval).bind(id).bind(script.project.0).bind(run).bind(subject).bind(version);
        row.execute(db).await.unwrap();
        let insert = "insert into predictions (eval_id, sample_id, position, output, expected, correct, scores) \
            select $1, sample_id, position, case when position < $3 then 'good' else 'poor' end, 'pos', false, '{}' \
            from version_samples where version_id = $2";
        let good = i32::try_from(good).unwrap();
        sqlx::query(insert).bind(id).bind(version).bind(good).execute(db).await.unwrap();
        made.push(id);
    }
    (made[0], made[1])
}

async fn post_to(script: &Script, path: &str, request: &Value) -> (u16, Value) {
    let (status, text) = script.call("POST", path, request.to_string().into_bytes()).await;
    (status.as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
}

async fn until(script: &Script, path: &str, what: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let found = script.get(path).await;
        if what(&found) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} does not come to it: {}", script.get(path).await);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_judging_goes_on_after_its_server_stopped_and_asks_nothing_twice(db: PgPool) {
    let (endpoint, asked) = judge().await;
    let script = Script::with(db.clone(), |config| config.endpoints = vec![endpoint.clone()]).await;
    let (tuned, base) = evaluations(&script).await;
    // The import's runner must not take the judging, too: another server does.
    script.app.state.shutdown.cancel();
    let spec = |name: &str| json!({ "mode": "pairwise", "asked": { "kind": "endpoint", "name": name }, "repeats": 2, "temperature": 0.5, "max_tokens": 200 });
    let (status, problem) = post_to(&script, "/judges", &json!({ "name": "j", "spec": spec("other") })).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("asked.name")), "{problem}");
    let (status, made) = post_to(&script, "/judges", &json!({ "name": "j", "spec": spec("house") })).await;
    assert_eq!(status, 201, "{made}");
    let (status, _) = post_to(&script, "/judges", &json!({ "name": "j", "spec": spec("house") })).await;
    assert_eq!(status, 409, "the name is taken");
    let judge = script.get(&format!("/judges/{}", made["judge_id"].as_str().unwrap())).await;
    let version = judge["versions"][0]["id"].clone();
    let preview = json!({ "spec": spec("house"), "first": tuned, "second": base });
    let (_, preview) = post_to(&script, "/judges/preview", &preview).await;
    assert!(preview["prompt"].as_str().unwrap().contains("This was film 0"), "{preview}");

    let (status, problem) = post_to(&script, "/judgings", &json!({ "version_id": version, "first": tuned })).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("first")), "{problem}");
    let request = json!({ "version_id": version, "first": tuned, "second": base });
    let (status, judging) = post_to(&script, "/judgings", &request).await;
    assert_eq!(status, 201, "{judging}");
    let path = format!("/judgings/{}", judging["judging_id"].as_str().unwrap());

    let server = || {
        let app = TestApp::with(db.clone(), |config| config.endpoints = vec![endpoint.clone()]);
        server::jobs::start(&app.state, server::jobs::handlers(), &TaskTracker::new());
        app
    };
    let first = server();
    until(&script, &path, |j| j["answered"].as_u64() >= Some(10)).await;
    drop(first);
    let job = format!("/jobs/{}", judging["job_id"].as_str().unwrap());
    until(&script, &job, |job| job["status"] == "queued").await;
    let stopped = script.get(&path).await;
    assert!(stopped["answered"].as_u64() < Some(WANTED), "it was stopped in the middle: {stopped}");
    let _second = server();
    let job = until(&script, &job, |job| job["status"] != "queued" && job["status"] != "running").await;
    assert_eq!(job["status"], "succeeded", "{job}");

    let found = script.get(&path).await;
    assert_eq!(
        (&found["answered"], &found["unparsable"], &found["samples"]),
        (&json!(WANTED), &json!(4), &json!(SAMPLES))
    );
    let pairs = &found["results"]["pairwise"];
    // Film 7 is one of those that the first model is good at; of the other half the judge names what stands first.
    assert_eq!((&pairs["wins"], &pairs["losses"], &pairs["ties"]), (&json!(9), &json!(0), &json!(10)), "{pairs}");
    assert_eq!((&pairs["consistent"], &pairs["inconsistent"]), (&json!(18), &json!(20)));
    assert_eq!((&found["standing"], &found["prompt_tokens"]), (&json!("not_calibrated"), &json!(WANTED * 100)));
    let counts: Vec<u32> = asked.lock().unwrap().values().copied().collect();
    let all: u32 = counts.iter().sum();
    // Two answers to equal texts make the same question in both orders; what was on its way is asked again.
    assert!(u64::from(all) <= WANTED + 4, "{all} questions were asked for {WANTED} answers");

    let opened = script.get(&format!("{path}/rulings/0")).await;
    assert_eq!(opened.as_array().unwrap().len(), 4);
    assert!(opened.as_array().unwrap().iter().all(|o| o["is_as_sent"] == true && o["reason"] == "it says good"));
    let unclear = script.get(&format!("{path}/rulings?unparsable=true")).await;
    assert!(unclear["items"].as_array().unwrap().iter().all(|r| r["problem"]["code"] == "no_json"), "{unclear}");
    let (_, csv) = script.call("GET", &format!("{path}/rulings?format=csv"), Vec::new()).await;
    assert_eq!(csv.lines().next().unwrap().split(',').next(), Some("position"));
    let (status, _) = post_to(&script, &format!("{path}/go-on"), &json!({})).await;
    assert_eq!(status, 404, "nothing is missing");
}

#[sqlx::test(migrations = "../migrations")]
async fn people_compare_models_and_hold_the_judge_to_it(db: PgPool) {
    let script = Script::new(db).await;
    let (tuned, base) = evaluations(&script).await;
    let new = json!({ "name": "which", "eval_ids": [tuned, base], "seed": 3 });
    let (status, problem) = post_to(&script, "/human-evaluations", &json!({ "name": "x", "eval_ids": [tuned] })).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("eval_ids")), "{problem}");
    let (status, made) = post_to(&script, "/human-evaluations", &new).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(script.finish(made["job_id"].as_str().unwrap()).await["status"], "succeeded");
    let task = format!("/annotation-tasks/{}", made["task_id"].as_str().unwrap());
    let (status, _) = script.call("PUT", &format!("{task}/status"), br#"{"status": "open"}"#.to_vec()).await;
    assert_eq!(status.as_u16(), 200);
    let mut orders = Vec::new();
    for _ in 0..SAMPLES {
        let (_, next) = post_to(&script, &format!("{task}/work?count=1"), &Value::Null).await;
        let item = &next["items"][0];
        assert!(!next.to_string().contains("Smol") && item["suggestion"].is_null(), "no name is shown: {next}");
        orders.push(item["shown_order"].clone());
        let good = item["content"]["answers"].as_array().unwrap().iter().position(|a| a == "good");
        let value = ["first", "second", "tie"][good.unwrap_or(2)];
        let said = json!({ "key": Uuid::new_v4(), "answers": { "better": { "kind": "preference", "value": value } } });
        let path = format!("{task}/items/{}/judgements", item["item_id"]);
        assert_eq!(post_to(&script, &path, &said).await.0, 200);
    }
    assert!(orders.iter().any(|order| *order != orders[0]), "sides are drawn");
    let found = script.get(&format!("/human-evaluations/{}", made["human_evaluation_id"].as_str().unwrap())).await;
    let ranking = &found["ranking"];
    assert_eq!(
        (&ranking["models"][0]["eval_id"], &ranking["penalised"]),
        (&json!(tuned), &json!(false)),
        "ties join them"
    );
    assert_eq!((&ranking["pairs"][0]["wins"], &ranking["pairs"][0]["verdict"]), (&json!(10), &json!("better")));

    let bar = json!({ "kappa": 0.8, "by_lower_bound": false });
    let (status, _) = script.call("PUT", "/judge-bar", bar.to_string().into_bytes()).await;
    assert_eq!((status.as_u16(), script.get("/judge-bar").await), (200, bar));
}
