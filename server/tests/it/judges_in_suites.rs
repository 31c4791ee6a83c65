//! A judge as a metric of a suite, over the REST API: asked about every answer of a candidate, gone on with where it stopped, of no
//! weight until people agree with it, and another judge once another model is behind its endpoint.

use crate::{script::Script, support::TestApp};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use server::config::Endpoint;
use std::sync::{Arc, Mutex};
use store::PgPool;

/// What the critic was asked and has answered, and after how many answers it refuses everybody.
#[derive(Default)]
struct Critic {
    answered: Vec<(String, u64)>,
    most: Option<usize>,
}

type Shared = Arc<Mutex<Critic>>;

fn said(text: &str) -> Response {
    let usage = json!({ "prompt_tokens": 10, "completion_tokens": 2 });
    Json(json!({ "choices": [{ "message": { "role": "assistant", "content": text } }], "usage": usage }))
        .into_response()
}

/// A candidate that is good at films with an even number.
async fn candidate(Json(request): Json<Value>) -> Response {
    let asked = request["messages"].to_string();
    let number = asked.split("film ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().parse::<u32>().unwrap();
    said(if number.is_multiple_of(2) { "a splendid answer" } else { "a poor answer" })
}

/// A judge that gives 5 to answers that say "splendid", and 1 to others.
async fn critic(State(critic): State<Shared>, Json(request): Json<Value>) -> Response {
    let question = request["messages"][0]["content"].as_str().unwrap().to_owned();
    let mut critic = critic.lock().unwrap();
    if critic.most.is_some_and(|most| critic.answered.len() >= most) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "no more" }))).into_response();
    }
    let score = if question.contains("a splendid answer") { 5 } else { 1 };
    critic.answered.push((question, request["seed"].as_u64().unwrap()));
    said(&format!("{{\"reason\": \"so it is\", \"scores\": {{\"truth\": {score}}}}}"))
}

/// The endpoints `house`, which takes the suite, and `critic`, which judges.
async fn endpoints() -> (Vec<Endpoint>, Shared) {
    let shared = Shared::default();
    let app = Router::new()
        .route("/house/chat/completions", post(candidate))
        .route("/critic/chat/completions", post(critic))
        .with_state(Arc::clone(&shared));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let endpoint = |name: &str| Endpoint {
        name: name.to_owned(),
        url: format!("http://{address}/{name}/").parse().unwrap(),
        model: format!("{name} 1"),
        key: None,
        key_variable: None,
    };
    (vec![endpoint("house"), endpoint("critic")], shared)
}

async fn version(script: &Script) -> String {
    let rows: String = (0..60).map(|i| format!("This was film {i} and I saw it,pos\n")).collect();
    let split = json!({ "seed": 1, "train": 1, "validation": 1, "test": 18 });
    let job = script.imported("films.csv", format!("text,label\n{rows}").into_bytes(), json!({ "split": split })).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    job["result"]["version_id"].as_str().unwrap().to_owned()
}

async fn send(script: &Script, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let (status, text) = script.call(method, path, body.to_string().into_bytes()).await;
    (status.as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// The job of the candidate that takes the suite, once it is over.
async fn taken(script: &Script, suite: &str) -> Value {
    let request = json!({ "candidate": { "kind": "endpoint", "name": "house" } });
    let (status, job) = send(script, "POST", &format!("{suite}/runs"), &request).await;
    assert_eq!(status, 202, "{job}");
    script.finish(job["id"].as_str().unwrap()).await
}

/// A judge's first version.
async fn judge(script: &Script) -> String {
    let spec = json!({
        "mode": "rubric", "repeats": 2, "criteria": [{ "name": "truth", "min": 1, "max": 5 }],
        "asked": { "kind": "endpoint", "name": "critic" },
    });
    let (status, made) = send(script, "POST", "/judges", &json!({ "name": "Strict", "spec": spec })).await;
    assert_eq!(status, 201, "{made}");
    let judge = script.get(&format!("/judges/{}", made["judge_id"].as_str().unwrap())).await;
    assert_eq!(judge["versions"][0]["model"], "critic 1");
    judge["versions"][0]["id"].as_str().unwrap().to_owned()
}

/// As if people had judged the same answers, and agreed.
async fn people_agree(script: &Script, judging: &str) {
    let db = &script.app.db;
    let agreement = json!({
        "samples": 50, "kappa": { "value": 0.85, "low": 0.75, "high": 0.95 }, "same": 0.9, "people": null,
        "people_samples": 0, "weighted": true,
    });
    let judging: uuid::Uuid = judging.parse().unwrap();
    let task: uuid::Uuid = sqlx::query_scalar(
        "insert into annotation_tasks (id, project_id, name, source, version_id, design, distribution, created_by) \
         select gen_random_uuid(), g.project_id, 'truth', '{}', r.version_id, '{}', '{}', g.created_by \
         from judgings g join suite_results r on r.id = g.first_result where g.id = $1 returning id",
    )
    .bind(judging)
    .fetch_one(db)
    .await
    .unwrap();
    sqlx::query(
        "insert into judge_calibrations (id, project_id, judge_version_id, judging_id, task_id, question, criterion, agreement, \
         created_by, identity, asked_model) select gen_random_uuid(), g.project_id, g.judge_version_id, g.id, $2, 'truth', 'truth', \
         $3, g.created_by, g.identity, g.asked_model from judgings g where g.id = $1",
    )
    .bind(judging)
    .bind(task)
    .bind(agreement)
    .execute(db)
    .await
    .unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_suite_asks_a_judge_about_every_answer(db: PgPool) {
    let (endpoints, critic) = endpoints().await;
    let script = Script::with(db.clone(), |config| config.endpoints = endpoints.clone()).await;
    let (version, judge) = (version(&script).await, judge(&script).await);
    let design = |judge: &str| {
        let evaluation = json!({
            "key": "answers", "version_id": version, "task": "generation", "metrics": ["exact_match"],
            "judges": { "truth": judge }, "gates": ["judge.truth >= 0.2"],
        });
        json!({ "name": "Judged", "design": { "evaluations": [evaluation] } })
    };
    let unknown = design("01890a5d-ac96-774b-bcce-b302099a8058");
    let (status, problem) = send(&script, "POST", "/suites", &unknown).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("judges")), "{problem}");
    let (status, made) = send(&script, "POST", "/suites", &design(&judge)).await;
    assert_eq!(status, 201, "{made}");
    let suite = format!("/suites/{}", made["id"].as_str().unwrap());

    // The judge gives up in the middle: answers and other metrics are there, and it goes on where it was.
    critic.lock().unwrap().most = Some(10);
    let job = taken(&script, &suite).await;
    assert_eq!((&job["status"], &job["failure"]["code"]), (&json!("failed"), &json!("judge")), "{job}");
    let cell = async || script.get(&format!("{suite}/table")).await["rows"][0]["cells"][0].clone();
    let early = cell().await;
    assert!(early["scores"]["exact_match"].is_object() && early["scores"]["judge.truth"].is_null(), "{early}");
    critic.lock().unwrap().most = None;
    let job = taken(&script, &suite).await;
    let result = &job["result"];
    assert_eq!((&result["evaluated"], &result["kept"], &result["judged"]), (&json!(0), &json!(1), &json!(1)), "{job}");
    let samples = early["samples"].as_u64().unwrap();
    let answered = || u64::try_from(critic.lock().unwrap().answered.len()).unwrap();
    assert_eq!(answered(), 2 * samples, "every answer twice, and none again");

    // The figure has an interval and the judge's noise; nobody has said that the judge is right, so no gate is passed.
    let shown = cell().await;
    let score = &shown["scores"]["judge.truth"];
    let (value, low) = (score["value"].as_f64().unwrap(), score["interval"]["low"].as_f64().unwrap());
    assert!(low > 0.2 && low < value && value < 0.8, "{score}");
    let figure = &shown["judged"]["judge.truth"];
    assert_eq!((&figure["standing"], &figure["within"]), (&json!("not_calibrated"), &json!(0.0)), "{figure}");
    assert_eq!((&figure["model"], &figure["repeats"]), (&json!("critic 1"), &json!(2)));
    let gate = json!({ "gate": "judge.truth >= 0.2", "standing": "inconclusive", "judge": "not_calibrated" });
    assert_eq!(shown["gates"][0], gate);
    let at = format!("{suite}/results/{}", shown["result_id"].as_str().unwrap());
    // What the judge says is cut when somebody looks.
    let slices = format!("{at}/slices?metric=judge.truth");
    let (status, job) = send(&script, "GET", &slices, &Value::Null).await;
    assert_eq!(status, 202, "{job}");
    assert_eq!(script.finish(job["id"].as_str().unwrap()).await["status"], "succeeded");
    let slices = script.get(&slices).await;
    assert_eq!(slices["metric"], "judge.truth", "{slices}");
    let answers = script.get(&format!("{at}/predictions?limit=500")).await;
    let mut by_sample =
        answers["items"].as_array().unwrap().iter().map(|p| (&p["output"], &p["scores"]["judge.truth"]));
    assert!(by_sample.all(|(output, score)| *score == json!(f64::from(u8::from(output == "a splendid answer")))));
    let (_, csv) = script.call("GET", &format!("{suite}/table?format=csv"), Vec::new()).await;
    assert!(csv.lines().any(|line| line.contains("judge.truth") && line.contains("not_calibrated")), "{csv}");

    // All that the judge said can be read, and goes with the result.
    let judging = script.get("/judgings").await[0].clone();
    assert_eq!(judging["first"]["result"]["result_id"], shown["result_id"], "{judging}");
    let path = format!("/judgings/{}", judging["id"].as_str().unwrap());
    let position = &answers["items"][0]["position"];
    let opened = script.get(&format!("{path}/rulings/{position}")).await;
    assert_eq!((opened.as_array().unwrap().len(), &opened[0]["is_as_sent"]), (2, &json!(true)), "{opened}");
    assert_eq!(send(&script, "DELETE", &path, &Value::Null).await.0, 404);

    // People agree with it: the suite is taken once more, nobody is asked anything, and the figure decides.
    people_agree(&script, judging["id"].as_str().unwrap()).await;
    assert_eq!(script.get("/judges").await[0]["standing"], "counts");
    assert_eq!(cell().await["gates"][0], gate, "what it was taken for then");
    assert_eq!(taken(&script, &suite).await["status"], "succeeded");
    let shown = cell().await;
    assert_eq!((answered(), &shown["gates"][0]["standing"]), (2 * samples, &json!("met")), "{shown}");
    assert_eq!(shown["judged"]["judge.truth"]["kappa"]["low"], 0.75);

    // Another model behind the endpoint is another judge; what the first one said stays what it was.
    let changed = TestApp::with(db, |config| {
        config.endpoints = endpoints;
        config.endpoints[1].model = "critic 2".to_owned();
    });
    let after = Script { app: changed, project: script.project, credential: script.credential.clone() };
    assert_eq!(after.get("/judges").await[0]["standing"], "changed");
    let held = after.get(&format!("/judges/{}", judging["judge_id"].as_str().unwrap())).await["versions"][0].clone();
    assert_eq!((&held["model"], &held["calibrations"][0]["standing"]), (&json!("critic 2"), &json!("changed")));
    assert_eq!(held["calibrations"][0]["asked_model"], "critic 1");
    let table = after.get(&format!("{suite}/table")).await;
    assert_eq!(table["rows"][0]["cells"][0]["gates"][0]["standing"], "met");
}
