//! The practice around bad cases by script and on pages: sent, explained, merged, talked about, counted, downloaded.

use crate::support::{Credential, TestApp};
use axum::{
    body::Body,
    http::{StatusCode, header},
};
use domain::{
    access::Role,
    id::{DatasetId, ProjectId, UserId, VersionId},
};
use serde_json::{Value, json};
use store::PgPool;

/// An owner in a project with a labelled dataset.
struct Place {
    app: TestApp,
    project: ProjectId,
    dataset: DatasetId,
    owner: UserId,
    who: Credential,
}

impl Place {
    async fn new(db: PgPool) -> Self {
        let app = TestApp::new(db);
        let owner = app.person("ada").await;
        let project = store::projects::create(&app.db, owner, "P", "").await.unwrap();
        let (dataset, version) = (DatasetId::new(), VersionId::new());
        let stats = json!({ "samples": 0, "train": 0, "validation": 0, "test": 0, "skipped_lines": 0, "exact_duplicates": 0,
            "characters": 0, "labels": [["good", 1], ["bad", 1]] });
        let origin = json!({ "kind": "corrections", "corrections": 0, "moved_to_train": 0 });
        sqlx::query("insert into datasets (id, project_id, name, created_by) values ($1, $2, 'Reviews', $3)")
            .bind(dataset.0)
            .bind(project.0)
            .bind(owner.0)
            .execute(&app.db)
            .await
            .unwrap();
        sqlx::query("insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($1, $2, 1, $3, $4, $5)")
            .bind(version.0)
            .bind(dataset.0)
            .bind(origin)
            .bind(stats)
            .bind(owner.0)
            .execute(&app.db)
            .await
            .unwrap();
        let who = Credential::Browser(app.session(owner).await);
        Self { app, project, dataset, owner, who }
    }

    /// What the API answers, as text.
    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, String) {
        let address = format!("/api/v1/projects/{}/{path}", self.project);
        let request = self.who.request(method, &address);
        let request = match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let answer = self.app.send(request.unwrap()).await;
        (answer.status(), String::from_utf8(answer.body().to_vec()).unwrap())
    }

    async fn json(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, text) = self.call(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn send_case(&self, prompt: &str) -> String {
        let case = json!({ "dataset_id": self.dataset, "prompt": prompt, "output": "bad", "expected": "good" });
        let made = self.json("POST", "bad-cases", Some(case)).await;
        assert_eq!(
            (&made["source"], &made["status"], &made["run_id"]),
            (&json!("feedback"), &json!("open"), &Value::Null)
        );
        made["id"].as_str().unwrap().to_owned()
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn scripts_work_on_bad_cases(db: PgPool) {
    let place = Place::new(db).await;
    let (first, second) = (place.send_case("A fine film").await, place.send_case("A fine film!").await);
    let same = json!({ "dataset_id": place.dataset, "prompt": "x", "output": "good", "expected": "good" });
    let (status, text) = place.call("POST", "bad-cases", Some(same)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");

    let cause = place.json("POST", "bad-case-causes", Some(json!({ "kind": "model", "name": " irony " }))).await;
    assert_eq!(cause["name"], "irony");
    let edit = json!({ "ids": [first, second], "cause_id": cause["id"], "owner_id": place.owner, "severity": "high" });
    assert_eq!(place.json("POST", "bad-case-edits", Some(edit)).await["changed"], 2);
    let merge = json!({ "ids": [first, second], "merge_into": first });
    place.json("POST", "bad-case-edits", Some(merge)).await;
    let merged = place.json("GET", &format!("bad-cases/{second}"), None).await;
    assert_eq!((&merged["status"], &merged["duplicate_of"]), (&json!("duplicate"), &json!(first)));
    let open = place.json("POST", &format!("bad-cases/{second}/unmerge"), None).await;
    assert_eq!(
        (&open["status"], &open["cause"], &open["cause_name"]),
        (&json!("confirmed"), &json!("model"), &json!("irony"))
    );

    place.json("POST", &format!("bad-cases/{first}/comments"), Some(json!({ "body": "@ada look" }))).await;
    let mentions = place.json("GET", "bad-case-mentions", None).await;
    assert_eq!((&mentions[0]["comment"]["body"], &mentions[0]["seen"]), (&json!("@ada look"), &json!(false)));

    let evidence = place.json("GET", &format!("bad-cases/{first}/evidence"), None).await;
    assert_eq!((&evidence["version_number"], &evidence["findings"]), (&json!(1), &json!([])));

    let (_, csv) = place.call("GET", "bad-case-trends?by=own&format=csv", None).await;
    assert_eq!(csv, "column,value,cases\n,irony,2\n");
    let (_, list) = place.call("GET", &format!("bad-cases?format=csv&owner={}&sort=severity", place.owner), None).await;
    assert_eq!(list.lines().count(), 3, "{list}");

    let set = place.json("GET", "regressions", None).await;
    assert_eq!((set.as_array().unwrap().len(), &set[0]["verdict"]), (2, &json!("untested")));
    let (_, lines) = place.call("GET", "regressions/download", None).await;
    let sample: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((lines.lines().count(), &sample["label"]), (2, &json!("good")));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cluster_is_somebody_elses_in_another_project(db: PgPool) {
    let place = Place::new(db).await;
    let job = place.json("POST", "bad-case-clusters", Some(json!({ "dataset_id": place.dataset }))).await;
    assert_eq!(job["kind"], "cluster_bad_cases");
    assert_eq!(place.json("GET", "bad-case-clusters", None).await, json!([]));
    let path = "bad-case-clusters/00000000-0000-7000-8000-000000000000";
    assert_eq!(place.call("PUT", path, Some(json!({ "name": "x" }))).await.0, StatusCode::NOT_FOUND);
    assert_eq!(place.call("PUT", path, Some(json!({ "name": " " }))).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_show_what_a_role_may_do(db: PgPool) {
    let place = Place::new(db).await;
    let case = place.send_case("A fine film").await;
    let reader = place.app.person("grace").await;
    place.app.join(place.owner, place.project, reader, Role::Manager).await;
    let reader = Credential::Browser(place.app.session(reader).await);
    let page = async |who: &Credential, path: &str| {
        let address = format!("/p/{}/bad-cases{path}", place.project);
        let request = who.request("GET", &address).header(header::ACCEPT, "text/html").body(Body::empty()).unwrap();
        let answer = place.app.send(request).await;
        (answer.status(), String::from_utf8(answer.body().to_vec()).unwrap())
    };
    let one = format!("/{case}");
    for (path, words, is_work) in [
        ("", "With the ticked cases", true),
        (one.as_str(), "Comment on it", true),
        ("/causes", "Add a cause", true),
        ("/clusters", "Group them", true),
        ("/trends", "Count by", false),
        ("/regressions", "Nothing to test yet", false),
    ] {
        let (status, text) = page(&place.who, path).await;
        assert!(status == StatusCode::OK && text.contains(words), "{path}: {status}");
        let (status, text) = page(&reader, path).await;
        assert_eq!((status, text.contains(words)), (StatusCode::OK, !is_work), "{path}, as a manager");
    }
    assert_eq!(page(&place.who, "/new").await.0, StatusCode::OK);
    assert_eq!(page(&reader, "/new").await.0, StatusCode::FORBIDDEN);
}
