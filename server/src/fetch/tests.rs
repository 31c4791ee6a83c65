//! Downloads against a server of our own that breaks off, lies and refuses.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, StatusCode, header::RANGE},
    response::{IntoResponse, Response},
    routing::get,
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

const BYTES: &[u8] = b"the quick brown fox jumps over the lazy dog";

/// Serves `BYTES`; the first answer breaks off in the middle.
async fn flaky(headers: HeaderMap, count: Arc<AtomicU32>) -> Response {
    if count.fetch_add(1, Ordering::SeqCst) == 0 {
        let pieces = [Ok(BYTES[..10].to_vec()), Err(std::io::Error::other("broken"))];
        // Time for the first piece to arrive before the connection breaks.
        let slowly = futures::stream::iter(pieces).then(|piece| async {
            tokio::time::sleep(Duration::from_millis(if piece.is_err() { 200 } else { 0 })).await;
            piece
        });
        return Body::from_stream(slowly).into_response();
    }
    let from =
        headers[RANGE].to_str().unwrap().trim_start_matches("bytes=").trim_end_matches('-').parse::<usize>().unwrap();
    (StatusCode::PARTIAL_CONTENT, BYTES[from..].to_vec()).into_response()
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/file", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_broke() {
    let count = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&count);
    let url = serve(Router::new().route("/file", get(move |h| flaky(h, Arc::clone(&seen))))).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("fox");
    let sha = hex::encode(Sha256::digest(BYTES));
    download(&client().unwrap(), &url, &sha, &file, &Meter::default()).await.unwrap();
    assert_eq!(std::fs::read(file).unwrap(), BYTES);
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn wrong_bytes_are_discarded() {
    let url = serve(Router::new().route("/file", get(|| async { "something else" }))).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("fox");
    let sha = hex::encode(Sha256::digest(BYTES));
    let error = download(&client().unwrap(), &url, &sha, &file, &Meter::default()).await.unwrap_err();
    assert!(matches!(error, FetchError::Problem(FetchProblem::Checksum { .. })), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_refusal_is_final_and_named() {
    let url = serve(Router::new()).await;
    let dir = tempfile::tempdir().unwrap();
    let error = download(&client().unwrap(), &url, "", &dir.path().join("x"), &Meter::default()).await.unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
}

#[test]
fn what_is_said_of_an_address_lets_nobody_in() {
    assert_eq!(shown("https://me:pw@x.org:8443/a/b?sig=pw#pw"), "https://x.org:8443/a/b");
    assert_eq!(shown("the network"), "the network");
    let said = "error sending request for url (https://cdn.x.org/a?sig=pw&b=(1)): at \"http://u:pw@y.org/\", broken";
    let expected = "error sending request for url (https://cdn.x.org/a): at \"http://y.org/\", broken";
    assert_eq!(scrubbed(&said.replace("(1)", "1")), expected);
    assert!(!scrubbed(said).contains("pw"));
}
