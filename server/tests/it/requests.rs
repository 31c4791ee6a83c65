//! What holds for every request: the policy of pages, the document of the API, limits and texts.

use crate::support::{Credential, TestApp};
use axum::{
    body::{Body, Bytes},
    http::{Response, StatusCode, header},
};
use domain::{access::TokenScope, id::ProjectId};
use serde_json::Value;
use store::PgPool;

async fn project(app: &TestApp) -> (ProjectId, Credential) {
    let user = app.person("ada").await;
    let project = store::projects::create(&app.db, user, "p", "").await.unwrap();
    (project, Credential::Script(app.token(user, TokenScope::Write, None).await))
}

async fn get(app: &TestApp, who: &Credential, path: &str) -> Response<Bytes> {
    app.send(who.request("GET", path).body(Body::empty()).unwrap()).await
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_keep_their_policy_beside_other_requests(db: PgPool) {
    let app = TestApp::new(db);
    std::fs::create_dir_all(&app.state.config.site).unwrap();
    std::fs::write(app.state.config.site.join("favicon.svg"), "<svg/>").unwrap();
    let nobody = Credential::Nobody;
    for _ in 0..20 {
        let asked: Vec<_> = (0..8).map(|i| ["/sign-in", "/favicon.svg", "/nowhere", "/"][i % 4]).collect();
        let answers = futures::future::join_all(asked.iter().map(|path| get(&app, &nobody, path))).await;
        for (path, answer) in asked.iter().zip(&answers) {
            let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert_eq!(policy.contains("script-src 'self' 'nonce-"), *path != "/favicon.svg", "{path}: {policy}");
        }
        let statuses: Vec<_> = answers[..4].iter().map(Response::status).collect();
        assert_eq!(statuses[..3], [StatusCode::OK, StatusCode::OK, StatusCode::NOT_FOUND]);
        assert!(answers[3].headers().contains_key(header::LOCATION), "who is not signed in is sent to sign in");
    }
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|v| references(v, found));
            }
            Value::Array(items) => items.iter().for_each(|v| references(v, found)),
            _ => {}
        }
    }
    let document = serde_json::to_value(server::rest::document()).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    let lost: Vec<_> = found.iter().filter(|r| document.pointer(r.trim_start_matches('#')).is_none()).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_file_above_the_limit_is_refused(db: PgPool) {
    let app = TestApp::new(db);
    let (project, script) = project(&app).await;
    let most = app.state.config.max_upload_bytes as usize;
    for (bytes, status) in [(most, StatusCode::CREATED), (most + 1, StatusCode::PAYLOAD_TOO_LARGE)] {
        let path = format!("/api/v1/projects/{project}/uploads?file_name=a.txt");
        let answer = app.send(script.request("POST", &path).body(Body::from(vec![b'x'; bytes])).unwrap()).await;
        assert_eq!(answer.status(), status);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_nul_character_is_the_senders_mistake(db: PgPool) {
    let app = TestApp::new(db);
    let (project, script) = project(&app).await;
    for path in ["datasets?search=a%00b", "runs?search=a%00b", "bad-cases?search=%00"] {
        let answer = get(&app, &script, &format!("/api/v1/projects/{project}/{path}")).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    let body = Body::from(r#"{"name": "p", "description": "a\u0000b"}"#);
    let request = script.request("PUT", &format!("/api/v1/projects/{project}"));
    let answer = app.send(request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{:?}", answer.body());
}
