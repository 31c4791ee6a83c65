//! The run table by script: filters with their places of error, completion, groups, files, marks and views, each for whom it is.

use crate::support::{Credential, TestApp};
use axum::{
    body::Body,
    http::{StatusCode, header},
};
use domain::{
    access::Role,
    id::{DatasetId, ModelId, ProjectId, UserId, VersionId},
};
use serde_json::{Value, json};
use store::PgPool;

/// A project with 60 runs, its owner, and an annotator.
struct Place {
    app: TestApp,
    project: ProjectId,
    owner: Credential,
    annotator: Credential,
}

impl Place {
    async fn new(db: PgPool) -> Self {
        let app = TestApp::new(db);
        let owner = app.person("ada").await;
        let project = store::projects::create(&app.db, owner, "P", "").await.unwrap();
        let annotator = app.person("grace").await;
        app.join(owner, project, annotator, Role::Annotator).await;
        make_runs(&app.db, project, owner, 60).await;
        let credential = async |user| Credential::Browser(app.session(user).await);
        let (owner, annotator) = (credential(owner).await, credential(annotator).await);
        Self { app, project, owner, annotator }
    }

    async fn call(&self, who: &Credential, method: &str, path: &str, body: Option<Value>) -> (StatusCode, String) {
        let address = format!("/api/v1/projects/{}/table{path}", self.project);
        let request = who.request(method, &address);
        let request = match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let answer = self.app.send(request.unwrap()).await;
        (answer.status(), String::from_utf8(answer.body().to_vec()).unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, text) = self.call(&self.owner, "GET", path, None).await;
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn post(&self, who: &Credential, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, text) = self.call(who, "POST", path, Some(body)).await;
        (status, serde_json::from_str(&text).unwrap_or_default())
    }
}

/// Runs made up in one statement, on a model and a version of their own.
pub async fn make_runs(db: &PgPool, project: ProjectId, user: UserId, count: i32) {
    let (model, dataset, version) = (ModelId::new(), DatasetId::new(), VersionId::new());
    sqlx::query(
        "insert into models (id, project_id, name, source, card, created_by) values ($1, $2, 'Smol', '{}', '{}', $3)",
    )
    .bind(model.0)
    .bind(project.0)
    .bind(user.0)
    .execute(db)
    .await
    .unwrap();
    sqlx::query("insert into datasets (id, project_id, name, created_by) values ($1, $2, 'Home', $3)")
        .bind(dataset.0)
        .bind(project.0)
        .bind(user.0)
        .execute(db)
        .await
        .unwrap();
    sqlx::query("insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($1, $2, 1, '{}', '{}', $3)")
        .bind(version.0)
        .bind(dataset.0)
        .bind(user.0)
        .execute(db)
        .await
        .unwrap();
    sqlx::query(include_str!("../../../crates/store/tests/many_runs.sql"))
        .bind(project.0)
        .bind(model.0)
        .bind(version.0)
        .bind(user.0)
        .bind(count)
        .execute(db)
        .await
        .unwrap();
}

/// A query parameter with a filter.
fn filter(text: &str) -> String {
    format!("filter={}", app::routes::encode(text))
}

#[sqlx::test(migrations = "../migrations")]
async fn filters_say_where_they_go_wrong(db: PgPool) {
    let place = Place::new(db).await;
    let bad = filter("status = failed and eval.accuracy > high");
    let (status, text) = place.call(&place.owner, "GET", &format!("?{bad}"), None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text.contains("column 37: expected a number after >, found high"), "{text}");
    let good = filter("status = failed and eval.accuracy >= 0.5");
    let found = place.get(&format!("?{good}&sort=-number&columns=status,eval.accuracy")).await;
    assert_eq!(found["total"], 3);
    assert_eq!(found["items"][0]["values"], json!({ "status": "failed", "eval.accuracy": 0.5 }));
    // The page says the same.
    let page = format!("{}?{bad}", app::routes::table(place.project));
    let request = place.owner.request("GET", &page).header(header::ACCEPT, "text/html").body(Body::empty()).unwrap();
    let answer = place.app.send(request).await;
    let html = String::from_utf8_lossy(answer.body()).into_owned();
    assert!(answer.status().is_success() && html.contains("at character 37"), "{html}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_typed_is_completed(db: PgPool) {
    let place = Place::new(db).await;
    let words = async |text: &str| {
        let found = place.get(&format!("/complete?{}", filter(text))).await;
        let words: Vec<String> =
            found["suggestions"].as_array().unwrap().iter().map(|s| s["text"].as_str().unwrap().to_owned()).collect();
        (found["from"].as_u64().unwrap(), words)
    };
    assert_eq!(words("rank").await, (0, vec!["recipe.lora.rank".to_owned()]));
    assert_eq!(words("status = fa").await, (9, vec!["failed".to_owned()]));
    assert_eq!(words("model = s").await, (8, vec!["Smol".to_owned()]), "values that runs have");
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_files_and_groups_agree(db: PgPool) {
    let place = Place::new(db).await;
    let first = place.get("?limit=50&sort=number").await;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["next_cursor"]), (50, &json!("50")));
    let second = place.get("?limit=50&sort=number&cursor=50").await;
    assert_eq!((second["items"][0]["number"].as_i64(), second["next_cursor"].as_str()), (Some(51), None));
    let (status, csv) =
        place.call(&place.owner, "GET", "?sort=number&columns=number,tags,eval.accuracy&format=csv", None).await;
    assert_eq!(status, StatusCode::OK);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines.len(), lines[0]), (61, "id,source,name,number,tags,eval.accuracy"));
    assert!(lines[1].ends_with(",lathe,run 1,1,,0.05"), "{}", lines[1]);
    let groups = place.get("/groups?group=recipe.lora.rank&columns=eval.accuracy").await;
    let runs: u64 = groups.as_array().unwrap().iter().map(|g| g["runs"].as_u64().unwrap()).sum();
    assert_eq!((groups.as_array().unwrap().len(), runs), (4, 60));
    let (status, _) = place.call(&place.owner, "GET", "/groups", None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[sqlx::test(migrations = "../migrations")]
async fn who_may_launch_may_mark(db: PgPool) {
    let place = Place::new(db).await;
    let rows = place.get("?sort=number&limit=2").await;
    let ids = json!([rows["items"][0]["id"], rows["items"][1]["id"]]);
    let (status, _) = place.post(&place.annotator, "/marks", json!({ "ids": ids, "archive": true })).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = place.post(&place.owner, "/marks", json!({ "ids": ids, "add_tags": [" "] })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, done) =
        place.post(&place.owner, "/marks", json!({ "ids": ids, "archive": true, "add_tags": ["old"] })).await;
    assert_eq!((status, &done["changed"]), (StatusCode::OK, &json!(2)));
    assert_eq!(place.get("").await["total"], 58);
    assert_eq!(place.get("?archived=true").await["total"], 60);
    assert_eq!(place.get(&format!("?{}", filter("archived and tag:old"))).await["total"], 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_view_opens_by_its_link(db: PgPool) {
    let place = Place::new(db).await;
    let state = json!({ "filter": "status = failed", "columns": ["status"] });
    let new = json!({ "name": "Failed", "state": state });
    let (status, saved) = place.post(&place.annotator, "/views", new.clone()).await;
    assert_eq!((status, &saved["is_shared"]), (StatusCode::CREATED, &json!(false)));
    assert_eq!(place.post(&place.annotator, "/views", new).await.0, StatusCode::CONFLICT);
    assert_eq!(place.get("/views").await, json!([]), "somebody else's");
    let id = saved["id"].as_str().unwrap();
    assert_eq!(place.get(&format!("?view={id}")).await["total"], 6);
    let (status, _) = place.post(&place.owner, "/views", json!({ "name": " ", "state": {} })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _) = place.call(&place.owner, "DELETE", &format!("/views/{id}"), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "only shared views are an owner's to delete");
    let (status, _) = place.call(&place.annotator, "DELETE", &format!("/views/{id}"), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}
