//! The server is killed while data arrive and while they are imported, and the database breaks off: nothing half made is
//! ever seen, nothing that was sent is lost, and memory does not grow with what is sent.

use crate::process::{Place, Process};
use axum::body::Bytes;
use futures::stream;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{io, time::Duration};
use store::PgPool;

const PART: &str = "application/offset+octet-stream";
const CHUNK: usize = 1 << 16;

/// Chunk number `i` of a long file.
fn chunk(i: usize) -> Bytes {
    let line = format!("{{\"prompt\": \"question {i}\", \"completion\": \"answer {i}\"}}\n");
    let mut bytes = line.repeat(CHUNK / line.len() + 1).into_bytes();
    bytes.truncate(CHUNK);
    bytes.into()
}

/// Kilobytes of a line of /proc/PID/status.
fn kilobytes(process: &Process, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.child.id())).unwrap();
    let line = status.lines().find(|l| l.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Sends what follows byte `have`, and breaks off behind chunk `until`; the status, if there was an answer.
async fn send(place: &Place, url: &str, have: usize, until: usize, total: usize) -> Option<u16> {
    let breaks = (until < total).then(|| Err(io::Error::other("the connection broke")));
    let first = (have / CHUNK < until).then(|| Ok(chunk(have / CHUNK).slice(have % CHUNK..)));
    let rest = (have / CHUNK + 1..until).map(|i| Ok(chunk(i)));
    let body = reqwest::Body::wrap_stream(stream::iter(first.into_iter().chain(rest).chain(breaks)));
    let request = place.http.patch(url).bearer_auth(&place.token).header("tus-resumable", "1.0.0");
    let request = request.header("upload-offset", have.to_string()).header("content-type", PART);
    Some(request.body(body).send().await.ok()?.status().as_u16())
}

async fn begin(place: &Place, name: &str, size: usize) -> String {
    let url = format!("http://{}/api/v1/projects/{}/uploads/tus", place.address, place.project);
    let request = place.http.post(url).bearer_auth(&place.token).header("tus-resumable", "1.0.0");
    let request =
        request.header("upload-length", size.to_string()).header("upload-metadata", format!("filename {name}"));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 201);
    format!("http://{}{}", place.address, answer.headers()["location"].to_str().unwrap())
}

/// The server's word on an upload: bytes that are safe, and its id when it is whole.
async fn ask(place: &Place, url: &str) -> (usize, Option<String>) {
    let answer = place.http.head(url).bearer_auth(&place.token).header("tus-resumable", "1.0.0").send().await.unwrap();
    let header = |name: &str| answer.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
    (header("upload-offset").unwrap().parse().unwrap(), header("lathe-upload-id"))
}

#[sqlx::test(migrations = "../migrations")]
async fn a_large_upload_survives_broken_connections_and_a_killed_server(db: PgPool) {
    let place = Place::new(db).await;
    let mut server = place.start("web", &[]);
    place.ready().await;
    let total = (300 << 20) / CHUNK;
    let url = begin(&place, "YQ==", total * CHUNK).await;
    let before = kilobytes(&server, "VmRSS");
    // Broken in the middle of what is sent, twice.
    for until in [total / 7, total / 3] {
        let (have, _) = ask(&place, &url).await;
        send(&place, &url, have, until, total).await;
        // The server needs a moment to see that nobody sends any more.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let (have, _) = ask(&place, &url).await;
    assert!(have > total / 7 * CHUNK, "what had come was kept: {have}");
    // Killed while it receives.
    let killing = async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        server.kill();
    };
    tokio::join!(send(&place, &url, have, total, total), killing);
    server = place.start("web", &[]);
    place.ready().await;
    let before = kilobytes(&server, "VmRSS").min(before);
    let (mut now, mut id) = ask(&place, &url).await;
    assert!(now >= have, "nothing that was safe is lost");
    while id.is_none() {
        assert_eq!(send(&place, &url, now, total, total).await, Some(204));
        (now, id) = ask(&place, &url).await;
    }
    let mut expected = Sha256::new();
    (0..total).for_each(|i| expected.update(chunk(i)));
    let uploads = place.get("/uploads").await;
    assert_eq!(uploads[0]["sha256"], hex::encode(expected.finalize()), "every byte is there once");
    let grown = kilobytes(&server, "VmHWM").saturating_sub(before) / 1024;
    assert!(grown < 64, "memory grew by {grown} MiB while 300 MiB came");
}

/// Rows of which an import takes a few seconds.
fn rows(count: usize) -> Vec<u8> {
    let row = |i| format!("{{\"prompt\": \"What is the answer to question {i}?\", \"completion\": \"It is {i}.\"}}\n");
    (0..count).map(row).collect::<String>().into()
}

async fn start_import(place: &Place, count: usize) -> String {
    let upload = place.post("/uploads?file_name=rows.jsonl", rows(count)).await;
    let request = json!({ "upload_id": upload["id"], "name": "rows" }).to_string();
    let job = place.post("/imports", request.into_bytes()).await;
    format!("/jobs/{}", job["id"].as_str().unwrap())
}

fn is_importing(job: &Value) -> bool {
    job["progress"]["stage"] == "importing" && job["progress"]["done"].as_u64() > Some(0)
}

fn is_over(job: &Value) -> bool {
    job["ended_at"].is_string()
}

/// What a killed server has worked on is free at once: its leases would end in a minute.
async fn end_leases(place: &Place) {
    sqlx::query("update jobs set lease_until = now() - interval '1 second' where status = 'running'")
        .execute(&place.db)
        .await
        .unwrap();
}

/// No dataset, or one whole version of it.
async fn assert_whole(place: &Place, count: usize) {
    for dataset in place.get("/datasets").await["items"].as_array().unwrap() {
        assert_eq!((dataset["versions"].as_u64(), dataset["samples"].as_u64()), (Some(1), Some(count as u64)));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_import_goes_on_after_its_server_was_killed(db: PgPool) {
    let place = Place::new(db).await;
    let count = 60_000;
    let mut server = place.start("web", &[]);
    place.ready().await;
    let job = start_import(&place, count).await;
    for _ in 0..2 {
        place.until(&job, "the import writes", |j| is_importing(j) || is_over(j)).await;
        server.kill();
        let half: i64 = sqlx::query_scalar("select count(*) from dataset_versions").fetch_one(&place.db).await.unwrap();
        assert_eq!(half, 0, "nothing of it is seen");
        end_leases(&place).await;
        server = place.start("web", &[]);
        place.ready().await;
    }
    let done = place.until(&job, "the import ends", is_over).await;
    assert_eq!(done["status"], "succeeded", "{done}");
    assert_whole(&place, count).await;
    let left: i64 = sqlx::query_scalar("select count(*) from samples").fetch_one(&place.db).await.unwrap();
    assert_eq!(left, count as i64, "no sample of an earlier attempt is left");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_import_goes_on_after_the_database_broke_off(db: PgPool) {
    let place = Place::new(db).await;
    let count = 60_000;
    let _server = place.start("web", &[]);
    place.ready().await;
    let job = start_import(&place, count).await;
    place.until(&job, "the import writes", |j| is_importing(j) || is_over(j)).await;
    // Every connection of the server breaks, as when Postgres is killed and comes back.
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
        .execute(&place.db)
        .await
        .unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        let (status, body) = place.call("GET", &job, None).await;
        let found: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status == 200 && is_over(&found) {
            assert_eq!(found["status"], "succeeded", "{found}");
            break;
        }
        assert!(std::time::Instant::now() < deadline, "the import did not end: {found}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_whole(&place, count).await;
    let left: i64 = sqlx::query_scalar("select count(*) from samples").fetch_one(&place.db).await.unwrap();
    assert_eq!(left, count as i64);
}

#[sqlx::test(migrations = "../migrations")]
async fn steps_go_on_after_their_server_was_killed(db: PgPool) {
    let place = Place::new(db).await;
    let count = 40_000;
    let mut server = place.start("web", &[]);
    place.ready().await;
    let job = start_import(&place, count).await;
    let imported = place.until(&job, "the import ends", is_over).await;
    let version = imported["result"]["version_id"].as_str().unwrap().to_owned();
    let recipe = json!({ "steps": [{ "kind": "width" }, { "kind": "exact_duplicates" }] }).to_string();
    let made = place.post(&format!("/versions/{version}/steps"), recipe.into_bytes()).await;
    let job = format!("/jobs/{}", made["id"].as_str().unwrap());
    let writes = |j: &Value| j["progress"]["stage"] == "writing" && j["progress"]["done"].as_u64() > Some(0);
    place.until(&job, "the steps write", |j| writes(j) || is_over(j)).await;
    server.kill();
    let versions = "select count(*) from dataset_versions";
    let half: i64 = sqlx::query_scalar(versions).fetch_one(&place.db).await.unwrap();
    assert_eq!(half, 1, "nothing of the next version is seen");
    end_leases(&place).await;
    server = place.start("web", &[]);
    place.ready().await;
    let done = place.until(&job, "the steps end", is_over).await;
    assert_eq!(done["status"], "succeeded", "{done}");
    let whole: i64 = sqlx::query_scalar(versions).fetch_one(&place.db).await.unwrap();
    assert_eq!(whole, 2, "one version more, once");
    drop(server);
}
