//! Exploring a version over the REST API and on its page: the index comes by itself, the test split stays sealed until
//! somebody looks, and a look is on record.

use crate::script::Script;
use crate::support::Credential;
use axum::{
    body::Body,
    http::{StatusCode, header},
};
use serde_json::{Value, json};
use std::time::Duration;
use store::PgPool;

/// Forty reviews in two languages; a tenth each of validation and test.
async fn version(script: &Script) -> String {
    let mut lines = String::from("text,label,topic\n");
    for i in 0..40 {
        let (text, label) = if i % 2 == 0 { ("The food is very good", "good") } else { ("服务态度很差", "bad") };
        lines.push_str(&format!("{text} {i},{label},t{}\n", i % 4));
    }
    let split = json!({ "seed": 3, "train": 0.6, "validation": 0.2, "test": 0.2 });
    let job = script.imported("reviews.csv", lines.into_bytes(), json!({ "split": split })).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    format!("/versions/{}", job["result"]["version_id"].as_str().unwrap())
}

/// The answer, once the index is there.
async fn explored(script: &Script, path: &str) -> Value {
    for _ in 0..200 {
        let (status, text) = script.call("GET", path, Vec::new()).await;
        match status {
            StatusCode::OK => return serde_json::from_str(&text).unwrap(),
            StatusCode::CONFLICT => tokio::time::sleep(Duration::from_millis(50)).await,
            _ => panic!("{status}: {text}"),
        }
    }
    panic!("the index does not come");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_version_is_searched_filtered_and_counted(db: PgPool) {
    let script = Script::new(db).await;
    let version = version(&script).await;
    let stats = script.get(&format!("{version}/stats")).await;
    let test = stats["test"].as_u64().unwrap();
    assert!(test > 0, "{stats}");
    let found = explored(&script, &format!("{version}/explore?search=food&limit=5")).await;
    let total = found["total"].as_u64().unwrap();
    assert_eq!(total + found["sealed"].as_u64().unwrap(), 20);
    assert!(found["items"].as_array().unwrap().iter().all(|item| item["row"]["split"] != "test"));
    assert_eq!(found["next_offset"], 5);

    let filtered = explored(
        &script,
        &format!("{version}/explore?f=label:bad&f=slice.topic:t1&f=slice.topic:t3&search=%E6%80%81%E5%BA%A6"),
    )
    .await;
    assert_eq!(filtered["total"].as_u64().unwrap() + filtered["sealed"].as_u64().unwrap(), 20);
    let (status, text) = script.call("GET", &format!("{version}/explore?f=colour:red"), Vec::new()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text.contains("colour:red"), "{text}");
    let foreign = format!("scoring={}", uuid::Uuid::new_v4());
    for (asked, field) in [("sort=colour", "sort"), ("sort=perplexity", "sort"), (foreign.as_str(), "scoring")] {
        let (status, text) = script.call("GET", &format!("{version}/explore?{asked}"), Vec::new()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{asked}: {text}");
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }

    let sample = found["items"][0]["row"]["id"].as_i64().unwrap();
    let tag = format!("{version}/samples/{sample}/tags/check%20me");
    assert_eq!(script.call("PUT", &tag, Vec::new()).await.0, StatusCode::NO_CONTENT);
    let tagged = explored(&script, &format!("{version}/explore?f=tag:check%20me")).await;
    assert_eq!((&tagged["total"], &tagged["items"][0]["tags"]), (&json!(1), &json!(["check me"])));
    assert_eq!(script.call("DELETE", &tag, Vec::new()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(explored(&script, &format!("{version}/explore?f=tag:check%20me")).await["total"], 0);
    let history = script.get(&format!("{version}/samples/{sample}/history")).await;
    assert_eq!(history, json!({ "versions": [1], "corrects": [], "corrected_by": [] }));
}

#[sqlx::test(migrations = "../migrations")]
async fn looks_at_the_test_split_are_on_record(db: PgPool) {
    let script = Script::new(db).await;
    let version = version(&script).await;
    let test = script.get(&format!("{version}/stats")).await["test"].as_u64().unwrap() as usize;
    let rows = |list: &Value| list["items"].as_array().unwrap().len();
    assert_eq!(rows(&script.get(&format!("{version}/samples?limit=100")).await), 40 - test);
    let lines = async |path: &str| {
        let (status, text) = script.call("GET", &format!("{version}{path}"), Vec::new()).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        text.lines().count()
    };
    assert_eq!(lines("/download").await, 40 - test);
    let looks = async || script.get(&format!("{version}/test-looks")).await["count"].clone();
    assert_eq!(looks().await, 0, "nobody has asked for a test row");

    let opened = script.get(&format!("{version}/samples?split=test&limit=100")).await;
    assert_eq!((rows(&opened), looks().await), (test, json!(1)));
    assert_eq!((lines("/download?split=test").await, lines("/download?include_test=true").await), (test, 40));
    let sample = format!("{version}/samples/{}", opened["items"][0]["id"]);
    let (status, text) = script.call("GET", &sample, Vec::new()).await;
    assert_eq!(status, StatusCode::CONFLICT, "{text}");
    let (status, text) = script.call("GET", &format!("{sample}/scores"), Vec::new()).await;
    assert_eq!(status, StatusCode::CONFLICT, "what a model says of it tells about it: {text}");
    assert_eq!(looks().await, 3);
    script.get(&format!("{sample}?include_test=true")).await;
    script.get(&format!("{sample}/scores?include_test=true")).await;
    assert_eq!(looks().await, 5);
    assert_eq!(explored(&script, &format!("{version}/explore?include_test=true")).await["total"], 40);
    let log = script.get(&format!("{version}/test-looks")).await;
    assert!(log["count"].as_u64().unwrap() >= 5, "{log}");
    assert_eq!(
        (&log["people"], &log["latest"][0]["by"], &log["latest"][0]["how"]),
        (&json!(1), &json!("ada"), &json!("api"))
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn the_page_shows_what_the_api_finds(db: PgPool) {
    let script = Script::new(db).await;
    let version = version(&script).await;
    explored(&script, &format!("{version}/explore")).await;
    let dataset = script.get(&version).await["dataset_id"].as_str().unwrap().to_owned();
    let user = sqlx::query_scalar::<_, uuid::Uuid>("select id from users").fetch_one(&script.app.db).await.unwrap();
    let browser = Credential::Browser(script.app.session(domain::id::UserId(user)).await);
    let get = async |path: &str| {
        let path = format!("/p/{}/datasets/{dataset}/v/1/{path}", script.project);
        let answer = script.app.send(browser.request("GET", &path).body(Body::empty()).unwrap()).await;
        (answer.status(), String::from_utf8(answer.body().to_vec()).unwrap())
    };
    let (status, page) = get("explore?search=food&f=label:good").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("<mark>food</mark>") && page.contains("sealed test split"), "{page}");
    assert!(!page.contains("服务态度"), "filtered out");
    assert!(page.contains(r#"name="p""#), "lines can be ticked without JavaScript: {page}");
    for nothing in ["ticked=1", "p=", "p=&p=", "positions=,"] {
        let (_, none) = get(&format!("edit?{nothing}")).await;
        assert!(none.contains("0 samples are selected:"), "who ticks nothing edits nothing: {nothing}: {none}");
    }

    // A test sample stays shut until its look is on record, and then for this look alone.
    let opened = script.get(&format!("{version}/samples?split=test")).await;
    let sample = format!("samples/{}", opened["items"][0]["id"]);
    let text = opened["items"][0]["sample"]["messages"][0]["content"].as_str().unwrap().to_owned();
    let (_, shut) = get(&sample).await;
    assert!(shut.contains("sealed test split") && !shut.contains(&text), "{shut}");
    let look = <app::explore::api::LookAtTest as leptos::server_fn::ServerFn>::PATH;
    let form = format!("project={}&dataset={dataset}&number=1&query=%3Fsearch%3Dfood", script.project);
    let request = browser.request("POST", look).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = script.app.send(request.body(Body::from(form)).unwrap()).await;
    let to = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let look = to.split("look=").nth(1).unwrap();
    assert!(to.contains("/explore?search=food&look="), "{to}");
    let (_, open) = get(&format!("{sample}?look={look}")).await;
    assert!(open.contains(&text), "{open}");
    let (_, seen) = get(&format!("explore?f=split:test&look={look}")).await;
    assert!(seen.contains("You are looking at the test split"), "{seen}");
    assert!(!seen.contains(r#"name="p""#), "no edit reaches a test sample: {seen}");
    let (_, forged) = get(&format!("{sample}?look={}", uuid::Uuid::new_v4())).await;
    assert!(!forged.contains(&text));
}
