//! Files fetched from an address: allowed hosts only, also behind redirects; resumed where they broke off; bounded.

use crate::script::Script;
use crate::support::Credential;
use app::datasets::api::FetchFromAddress;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use futures::stream;
use leptos::server_fn::ServerFn;
use serde_json::{Value, json};
use server::fetch::allowed::AllowedHost;
use sha2::{Digest, Sha256};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use store::PgPool;

fn file() -> Vec<u8> {
    (0..20_000).map(|i| format!("{{\"prompt\": \"{i}\", \"completion\": \"x\"}}\n")).collect::<String>().into()
}

/// Answers a range of the file and breaks off in its middle, twice.
fn flaky(headers: &HeaderMap, asked: &AtomicUsize) -> Response {
    let (file, turn) = (file(), asked.fetch_add(1, Ordering::SeqCst));
    let range = headers
        .get(header::RANGE)
        .and_then(|r| r.to_str().ok()?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let from: usize = range.unwrap_or(0);
    assert!(range.is_none() || headers[header::IF_RANGE] == "\"v1\"");
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let rest = Bytes::from(file[from..].to_vec());
    let length = rest.len();
    let body = if turn < 2 {
        let half = rest.slice(..rest.len() / 2);
        Body::from_stream(stream::iter([Ok(half), Err(io::Error::other("broken"))]))
    } else {
        Body::from(rest)
    };
    let headers = [(header::ETAG, "\"v1\"".to_owned()), (header::CONTENT_LENGTH, length.to_string())];
    (status, headers, body).into_response()
}

/// Another server with files, and how often it was asked.
async fn elsewhere() -> (SocketAddr, Arc<AtomicUsize>) {
    let asked = Arc::<AtomicUsize>::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::clone(&asked);
    let router = Router::new()
        .route("/rows.jsonl", get(move |headers: HeaderMap| async move { flaky(&headers, &count) }))
        .route("/away", get(|| async { Redirect::temporary("http://localhost:1/rows.jsonl") }))
        .route("/there", get(|| async { Redirect::temporary("/rows.jsonl?x=1") }))
        .route("/signed", get(|| async { Redirect::temporary("/none?token=s3cret") }))
        .route("/round", get(|| async { Redirect::temporary("/round") }))
        .route(
            "/large",
            get(|| async {
                Body::from_stream(stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from_static(&[b'x'; 65_536]))))
            }),
        )
        .route("/none", get(|| async { StatusCode::NOT_FOUND }))
        .route("/empty", get(|| async { "" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

async fn fetch(script: &Script, url: &str) -> Value {
    let (status, text) = script.call("POST", "/uploads/from-url", json!({ "url": url }).to_string().into()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{text}");
    let job: Value = serde_json::from_str(&text).unwrap();
    script.finish(job["id"].as_str().unwrap()).await
}

#[sqlx::test(migrations = "../migrations")]
async fn a_file_is_fetched_over_broken_connections_and_redirects(db: PgPool) {
    let (address, asked) = elsewhere().await;
    let script = Script::with(db, |config| {
        config.import_hosts = vec![AllowedHost::parse(&format!("private:{address}")).unwrap()];
    })
    .await;
    for (path, requests) in [("rows.jsonl", 3), ("there", 4)] {
        asked.store(if path == "there" { 9 } else { 0 }, Ordering::SeqCst);
        let done = fetch(&script, &format!("http://{address}/{path}")).await;
        assert_eq!(done["status"], "succeeded", "{done}");
        let upload = &script.get("/uploads").await[0];
        assert_eq!(upload["id"], done["result"]["upload_id"]);
        assert_eq!(upload["sha256"], hex::encode(Sha256::digest(file())), "{path}");
        assert!(asked.load(Ordering::SeqCst) >= requests, "{path}");
    }
    let code = async |path: &str| {
        fetch(&script, &format!("http://{address}/{path}")).await["failure"]["problem"]["code"].clone()
    };
    assert_eq!(code("away").await, "host_not_allowed", "a redirect to a host off the list");
    assert_eq!(code("round").await, "redirects");
    let signed = fetch(&script, &format!("http://{address}/signed?key=s3cret")).await;
    assert_eq!(
        signed["failure"]["problem"]["url"],
        format!("http://{address}/signed"),
        "no secret of an address is shown"
    );
    assert!(!signed.to_string().contains("s3cret"), "{signed}");
    assert_eq!(code("large").await, "too_large");
    assert_eq!(code("none").await, "status");
    assert_eq!(code("empty").await, "empty");
    let left = std::fs::read_dir(script.app.state.artifacts.staged("")).unwrap().count();
    assert_eq!(left, 0, "nothing half fetched is left");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_servers_own_network_is_out_of_reach(db: PgPool) {
    let (address, asked) = elsewhere().await;
    let port = address.port();
    let script = Script::with(db, |config| {
        let hosts =
            ["localhost".to_owned(), format!("localhost:{port}"), "127.0.0.1".to_owned(), "example.org".to_owned()];
        config.import_hosts = hosts.iter().map(|h| AllowedHost::parse(h).unwrap()).collect();
    })
    .await;
    // Refused at once: not on the list, not TLS, an address that is written out.
    for url in ["https://elsewhere.org/a", "http://example.org/a", "https://127.0.0.1/a", "file:///etc/passwd", "x"] {
        let (status, text) = script.call("POST", "/uploads/from-url", json!({ "url": url }).to_string().into()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{url}: {text}");
    }
    // So is what comes from the page's form.
    let user = sqlx::query_scalar::<_, uuid::Uuid>("select id from users").fetch_one(&script.app.db).await.unwrap();
    let browser = Credential::Browser(script.app.session(domain::id::UserId(user)).await);
    let request = browser
        .request("POST", FetchFromAddress::PATH)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let form = format!("project={}&url=https%3A%2F%2Felsewhere.org%2Fa", script.project);
    script.app.send(request.body(Body::from(form)).unwrap()).await;
    let jobs = sqlx::query_scalar::<_, i64>("select count(*) from jobs where kind = 'fetch_upload'");
    assert_eq!(jobs.fetch_one(&script.app.db).await.unwrap(), 0, "nothing was queued");
    // A name that means this machine is found out when it is resolved.
    let failed = fetch(&script, &format!("https://localhost:{port}/rows.jsonl")).await;
    assert_eq!(failed["failure"]["problem"]["code"], "private_address", "{failed}");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}
