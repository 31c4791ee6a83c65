//! A script that sends files, follows jobs and reads what they made, over the REST API.

use crate::support::{Credential, TestApp};
use axum::{
    body::Body,
    http::{StatusCode, header},
};
use domain::{access::TokenScope, id::ProjectId};
use serde_json::{Value, json};
use std::time::Duration;
use store::PgPool;
use tokio_util::task::TaskTracker;

/// A script with a project of its own.
pub struct Script {
    pub app: TestApp,
    pub project: ProjectId,
    pub credential: Credential,
}

impl Script {
    pub async fn new(db: PgPool) -> Self {
        Self::with(db, |_| {}).await
    }

    /// The same with other settings of the server.
    pub async fn with(db: PgPool, change: impl FnOnce(&mut server::config::Config)) -> Self {
        let app = TestApp::with(db, change);
        let user = app.person("ada").await;
        let project = store::projects::create(&app.db, user, "p", "").await.unwrap();
        let credential = Credential::Script(app.token(user, TokenScope::Write, None).await);
        Self { app, project, credential }
    }

    /// Status and text of the answer.
    pub async fn call(&self, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, String) {
        let path = format!("/api/v1/projects/{}{path}", self.project);
        let request = self.credential.request(method, &path).header(header::CONTENT_TYPE, "application/json");
        let answer = self.app.send(request.body(Body::from(body)).unwrap()).await;
        (answer.status(), String::from_utf8(answer.body().to_vec()).unwrap())
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, text) = self.call("GET", path, Vec::new()).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Uploads a file and queues its import; the id of the job.
    pub async fn import(&self, file_name: &str, content: Vec<u8>, choices: Value) -> String {
        let (status, text) = self.call("POST", &format!("/uploads?file_name={file_name}"), content).await;
        assert_eq!(status, StatusCode::CREATED, "{text}");
        let upload: Value = serde_json::from_str(&text).unwrap();
        let mut request = json!({ "upload_id": upload["id"] });
        if choices.get("dataset_id").is_none() {
            request["name"] = file_name.into();
        }
        request.as_object_mut().unwrap().extend(choices.as_object().unwrap().clone());
        let (status, text) = self.call("POST", "/imports", request.to_string().into_bytes()).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Uploads a file and imports it; the job once it is over.
    pub async fn imported(&self, file_name: &str, content: Vec<u8>, choices: Value) -> Value {
        let job = self.import(file_name, content, choices).await;
        self.finish(&job).await
    }

    /// The first look at an upload.
    pub async fn preview(&self, upload: &str, choices: Value) -> (StatusCode, Value) {
        let (status, text) = self.call("POST", &format!("/uploads/{upload}/preview"), choices.to_string().into()).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    /// Works off the queue until this job, which was queued last, is over.
    pub async fn finish(&self, job: &str) -> Value {
        server::jobs::start(&self.app.state, server::jobs::handlers(), &TaskTracker::new());
        for _ in 0..600 {
            let found = self.get(&format!("/jobs/{job}")).await;
            if !["queued", "running"].contains(&found["status"].as_str().unwrap()) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the job did not end");
    }
}
