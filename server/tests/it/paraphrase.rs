//! Training samples written anew through an OpenAI-compatible endpoint, and the decisions on them, over the REST API.

use crate::script::Script;
use axum::{Json, Router, extract::State, http::HeaderMap, routing::post};
use serde_json::{Value, json};
use server::config::Endpoint;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use store::PgPool;

/// A service that speaks chat completions: it turns the words of the text round. Its first answer is that it is busy.
async fn service() -> Endpoint {
    async fn answer(
        State(count): State<Arc<AtomicUsize>>,
        headers: HeaderMap,
        Json(asked): Json<Value>,
    ) -> axum::response::Response {
        use axum::response::IntoResponse;
        assert_eq!(headers["authorization"], "Bearer s3cret");
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            return (axum::http::StatusCode::TOO_MANY_REQUESTS, "slow down").into_response();
        }
        let question = asked["messages"][0]["content"].as_str().unwrap();
        let text = question.rsplit("\n\n").next().unwrap();
        let words: Vec<&str> = text.split(' ').rev().collect();
        // One text comes back as it was.
        let said = if text.contains("film 3") { text.to_owned() } else { format!("\"{}\"", words.join(" ")) };
        Json(json!({ "choices": [{ "message": { "role": "assistant", "content": said } }] })).into_response()
    }
    let app = Router::new().route("/v1/chat/completions", post(answer)).with_state(Arc::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Endpoint {
        name: "house".to_owned(),
        url,
        model: "m".to_owned(),
        key: Some("s3cret".to_owned()),
        key_variable: None,
    }
}

async fn version(script: &Script) -> String {
    let mut rows: String = (0..40).map(|i| format!("This was film {i} and I liked it,pos\n")).collect();
    // What the service will write of film 7, as another sample says it.
    rows.push_str("It liked I and 7 film was This!,pos\n");
    let split = json!({ "seed": 1, "train": 8, "validation": 1, "test": 1 });
    let job = script.import("films.csv", format!("text,label\n{rows}").into_bytes(), json!({ "split": split })).await;
    let job = script.finish(&job).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    format!("/versions/{}", job["result"]["version_id"].as_str().unwrap())
}

async fn post_to(script: &Script, path: &str, request: &Value) -> (u16, Value) {
    let (status, text) = script.call("POST", path, request.to_string().into_bytes()).await;
    (status.as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
}

#[sqlx::test(migrations = "../migrations")]
async fn accepted_texts_join_training_alone(db: PgPool) {
    let endpoint = service().await;
    let script = Script::with(db, |config| config.endpoints = vec![endpoint]).await;
    let parent = version(&script).await;
    assert_eq!(script.get("/endpoints").await, json!(["house"]));

    let request = |name: &str| json!({ "writer": { "kind": "endpoint", "name": name }, "samples": 5000, "seed": 1 });
    let (status, problem) = post_to(&script, &format!("{parent}/paraphrases"), &request("other")).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("writer.name")), "{problem}");
    let (status, job) = post_to(&script, &format!("{parent}/paraphrases"), &request("house")).await;
    assert_eq!(status, 202, "{job}");
    let job = script.finish(job["id"].as_str().unwrap()).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    let before = script.get(&parent).await;
    let train = before["stats"]["train"].as_u64().unwrap();
    assert_eq!(job["result"]["written"], json!(train), "validation and test are not sent");

    let (status, problem) = post_to(&script, &format!("{parent}/proposals/take"), &json!({})).await;
    assert_eq!(status, 202, "{problem}");
    let failed = script.finish(problem["id"].as_str().unwrap()).await;
    assert_eq!(failed["failure"]["code"], "nothing_accepted");

    let (status, problem) = script.call("GET", &format!("{parent}/proposals?decision=maybe"), Vec::new()).await;
    assert_eq!(status.as_u16(), 400, "{problem}");
    assert!(serde_json::from_str::<Value>(&problem).is_ok_and(|p| p["title"] == "Bad Request"), "{problem}");
    let waiting = script.get(&format!("{parent}/proposals?limit=500&passed=true")).await;
    let stopped = script.get(&format!("{parent}/proposals?limit=500&passed=false")).await;
    let (waiting, stopped) =
        (waiting["items"].as_array().unwrap().clone(), stopped["items"].as_array().unwrap().clone());
    assert_eq!((waiting.len() + stopped.len()) as u64, train);
    let (known, same): (Vec<&Value>, Vec<&Value>) = stopped.iter().partition(|p| p["gate"] == "known");
    let of = |p: &Value, part: &str| p["before"].as_str().unwrap().contains(part);
    assert!(same.iter().all(|p| p["gate"] == "unchanged" && of(p, "film 3")), "{same:?}");
    assert!(!known.is_empty() && known.iter().all(|p| of(p, "film 7") || of(p, "7 film")), "{stopped:?}");
    let first = &waiting[0];
    assert!(first["after"].as_str().unwrap().starts_with("it liked I"), "without quotation marks: {first}");
    // The one is rejected, the others that passed are accepted.
    let (_, done) = post_to(
        &script,
        &format!("{parent}/proposals/decide"),
        &json!({ "ids": [first["id"]], "decision": "rejected" }),
    )
    .await;
    assert_eq!(done["decided"], 1);
    let (_, done) = post_to(&script, &format!("{parent}/proposals/decide"), &json!({ "decision": "accepted" })).await;
    assert_eq!(done["decided"], json!(waiting.len() - 1));

    let (_, job) = post_to(&script, &format!("{parent}/proposals/take"), &json!({})).await;
    let job = script.finish(job["id"].as_str().unwrap()).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    let next = format!("/versions/{}", job["result"]["version_id"].as_str().unwrap());
    let after = script.get(&next).await;
    assert_eq!(after["origin"], json!({ "kind": "augmented", "texts": waiting.len() - 1 }));
    assert_eq!(after["stats"]["train"], json!(train + waiting.len() as u64 - 1));
    for split in ["validation", "test"] {
        assert_eq!(after["stats"][split], before["stats"][split]);
    }
    let samples = script.get(&format!("{next}/samples?limit=500")).await;
    let marked: Vec<&Value> = samples["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|s| s["sample"]["slices"]["augmented"] == "paraphrase")
        .collect();
    assert_eq!(marked.len(), waiting.len() - 1);
    assert!(marked.iter().all(|s| s["split"] == "train" && s["sample"]["label"] == "pos" && !s["parent_id"].is_null()));
}
