//! Uploads that arrive in parts (tus 1.0): broken at any byte, by several senders, over restarts of the server, and given up.

use crate::script::Script;
use axum::{
    body::{Body, Bytes},
    http::{Response, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::stream;
use proptest::strategy::{Strategy, ValueTree};
use sha2::{Digest, Sha256};
use std::io;
use store::PgPool;

/// A file of this many bytes, no two of them alike.
fn content(size: usize) -> Vec<u8> {
    let mut x = 7u32;
    let next = |_| {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 24) as u8
    };
    (0..size).map(next).collect()
}

/// A body that breaks off behind `bytes`.
fn broken(bytes: Vec<u8>) -> Body {
    let pieces: Vec<_> = bytes.chunks(1000).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
    Body::from_stream(stream::iter(pieces.into_iter().chain([Err(io::Error::other("the connection broke"))])))
}

struct Sender<'a> {
    script: &'a Script,
}

impl Sender<'_> {
    async fn send(&self, method: &str, path: &str, headers: &[(&str, String)], body: Body) -> Response<Bytes> {
        let mut request = self.script.credential.request(method, path).header("tus-resumable", "1.0.0");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.script.app.send(request.body(body).unwrap()).await
    }

    async fn begin(&self, name: &str, size: usize) -> Response<Bytes> {
        let path = format!("/api/v1/projects/{}/uploads/tus", self.script.project);
        let metadata = format!("filename {}", STANDARD.encode(name));
        let headers = [("upload-length", size.to_string()), ("upload-metadata", metadata)];
        self.send("POST", &path, &headers, Body::empty()).await
    }

    async fn place(&self, name: &str, size: usize) -> String {
        let answer = self.begin(name, size).await;
        assert_eq!(answer.status(), 201, "{answer:?}");
        answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
    }

    async fn part(&self, place: &str, offset: usize, body: Body) -> Response<Bytes> {
        let kind = "application/offset+octet-stream".to_owned();
        self.send("PATCH", place, &[("upload-offset", offset.to_string()), ("content-type", kind)], body).await
    }

    /// Bytes that are safe.
    async fn offset(&self, place: &str) -> usize {
        let answer = self.send("HEAD", place, &[], Body::empty()).await;
        assert_eq!(answer.status(), 200);
        answer.headers()["upload-offset"].to_str().unwrap().parse().unwrap()
    }
}

/// SHA-256 of the upload that an answer names.
async fn sha256_of(script: &Script, answer: &Response<Bytes>) -> String {
    let id = answer.headers()["lathe-upload-id"].to_str().unwrap();
    let uploads = script.get("/uploads").await;
    let found = uploads.as_array().unwrap().iter().find(|u| u["id"] == id).unwrap();
    found["sha256"].as_str().unwrap().to_owned()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_file_comes_whole_wherever_it_is_broken(db: PgPool) {
    let script = Script::new(db).await;
    let sender = Sender { script: &script };
    let file = content(300_000);
    let expected = hex::encode(Sha256::digest(&file));
    let mut cuts = proptest::test_runner::TestRunner::deterministic();
    for round in 0..4 {
        let place = sender.place("a.bin", file.len()).await;
        let mut offset = 0;
        let mut answers = 0;
        let last = loop {
            let rest = file.len() - offset;
            let length = (0..=rest).new_tree(&mut cuts).unwrap().current();
            let part = file[offset..offset + length].to_vec();
            // Every other part ends as it should; what is broken is kept as well.
            let is_broken = answers % 2 == 0 && length < rest;
            let body = if is_broken { broken(part) } else { Body::from(part) };
            let answer = sender.part(&place, offset, body).await;
            answers += 1;
            assert_eq!(answer.status(), 204, "round {round}: {answer:?}");
            offset += length;
            assert_eq!(sender.offset(&place).await, offset);
            if offset == file.len() {
                break answer;
            }
        };
        assert_eq!(sha256_of(&script, &last).await, expected, "round {round}, {answers} parts");
        // Whoever missed the answer asks again.
        let again = sender.part(&place, file.len(), Body::empty()).await;
        assert_eq!(again.headers()["lathe-upload-id"], last.headers()["lathe-upload-id"]);
        let head = sender.send("HEAD", &place, &[], Body::empty()).await;
        assert_eq!(head.headers()["lathe-upload-id"], last.headers()["lathe-upload-id"]);
        // Or sends what it sent before, without having asked.
        let resent = sender.part(&place, 0, Body::from(file.clone())).await;
        assert_eq!(resent.status(), 204, "{resent:?}");
        assert_eq!(resent.headers()["lathe-upload-id"], last.headers()["lathe-upload-id"]);
        let head = sender.send("HEAD", &place, &[], Body::empty()).await;
        assert_eq!(head.headers()["upload-offset"], file.len().to_string());
    }
    let uploads = script.get("/uploads").await;
    assert_eq!(uploads.as_array().unwrap().len(), 4, "each became one upload");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_second_sender_is_refused_and_the_first_goes_on(db: PgPool) {
    let script = Script::new(db).await;
    let sender = Sender { script: &script };
    let place = sender.place("a.bin", 10).await;
    let (give, take) = tokio::sync::mpsc::channel::<io::Result<Bytes>>(1);
    let slow = Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(take));
    let first = sender.part(&place, 0, slow);
    let second = async {
        give.send(Ok(Bytes::from_static(b"01234"))).await.unwrap();
        give.send(Ok(Bytes::from_static(b""))).await.unwrap();
        let refused = sender.part(&place, 0, Body::from("xxxxx")).await;
        give.send(Ok(Bytes::from_static(b"56789"))).await.unwrap();
        drop(give);
        refused
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (204, 423), "{second:?}");
    assert_eq!(sha256_of(&script, &first).await, hex::encode(Sha256::digest("0123456789")));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_as_announced_is_refused(db: PgPool) {
    let script = Script::new(db).await;
    let sender = Sender { script: &script };
    let place = sender.place("a.bin", 10).await;
    let options = sender.send("OPTIONS", place.rsplit_once('/').unwrap().0, &[], Body::empty()).await;
    assert!(options.headers()["tus-extension"].to_str().unwrap().contains("checksum"));
    assert_eq!(sender.part(&place, 0, Body::from("01234")).await.status(), 204);
    assert_eq!(sender.part(&place, 3, Body::from("x")).await.status(), 409, "a gap or an overlap");
    assert_eq!(sender.part(&place, 5, Body::from("567890")).await.status(), 413, "longer than the file");
    assert_eq!(sender.offset(&place).await, 5);
    let with_checksum = async |value: String| {
        let headers = [
            ("upload-offset", "5".to_owned()),
            ("content-type", "application/offset+octet-stream".to_owned()),
            ("upload-checksum", value),
        ];
        sender.send("PATCH", &place, &headers, Body::from("56789")).await
    };
    let wrong = with_checksum(format!("sha256 {}", STANDARD.encode([0; 32]))).await;
    assert_eq!(wrong.status().as_u16(), 460);
    assert_eq!(sender.offset(&place).await, 5, "nothing of it is kept");
    let right = with_checksum(format!("sha256 {}", STANDARD.encode(Sha256::digest("56789")))).await;
    assert_eq!(right.status(), 204);
    assert_eq!(sha256_of(&script, &right).await, hex::encode(Sha256::digest("0123456789")));
    assert_eq!(sender.begin("a.bin", 2 << 20).await.status(), 413, "above the server's limit");
    assert_eq!(sender.begin("", 5).await.status(), 400);
    let no_version = script.credential.request("HEAD", &place).body(Body::empty()).unwrap();
    assert_eq!(script.app.send(no_version).await.status(), 412);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_given_up_or_forgotten_is_deleted(db: PgPool) {
    let script = Script::new(db).await;
    let sender = Sender { script: &script };
    let staged = |place: &str| {
        let id = place.rsplit('/').next().unwrap();
        script.app.state.artifacts.staged(&format!("part-{id}"))
    };
    let (given_up, forgotten, whole) =
        (sender.place("a", 10).await, sender.place("b", 10).await, sender.place("c", 10).await);
    for place in [&given_up, &forgotten] {
        sender.part(place, 0, Body::from("01234")).await;
        assert!(staged(place).is_file());
    }
    assert_eq!(sender.send("DELETE", &given_up, &[], Body::empty()).await.status(), 204);
    assert!(!staged(&given_up).exists());
    assert_eq!(sender.part(&given_up, 5, Body::from("5")).await.status(), 404);
    sqlx::query("update partial_uploads set expires_at = now() - interval '1 second' where file_name = 'b'")
        .execute(&script.app.db)
        .await
        .unwrap();
    assert_eq!(sender.part(&forgotten, 5, Body::from("5")).await.status(), 404);
    // A server that died when all bytes were there and none was counted as a file.
    std::fs::write(staged(&whole), "0123456789").unwrap();
    sqlx::query("update partial_uploads set received_bytes = 10 where file_name = 'c'")
        .execute(&script.app.db)
        .await
        .unwrap();
    server::partial::clean(&script.app.db, &script.app.state.artifacts).await.unwrap();
    assert!(!staged(&forgotten).exists());
    let head = sender.send("HEAD", &whole, &[], Body::empty()).await;
    assert_eq!(sha256_of(&script, &head).await, hex::encode(Sha256::digest("0123456789")));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_the_disk_lost_is_sent_again(db: PgPool) {
    let script = Script::new(db).await;
    let sender = Sender { script: &script };
    let place = sender.place("a", 10).await;
    sender.part(&place, 0, Body::from("01234")).await;
    let staged = script.app.state.artifacts.staged(&format!("part-{}", place.rsplit('/').next().unwrap()));
    // More than is known of: a crash before it was counted. It is cut off.
    std::fs::write(&staged, "01234zz").unwrap();
    assert_eq!(sender.part(&place, 5, Body::from("56")).await.status(), 204);
    // Less: the disk lost it.
    std::fs::write(&staged, "012").unwrap();
    assert_eq!(sender.part(&place, 7, Body::from("789")).await.status(), 409);
    assert_eq!(sender.offset(&place).await, 3);
    let last = sender.part(&place, 3, Body::from("3456789")).await;
    assert_eq!(sha256_of(&script, &last).await, hex::encode(Sha256::digest("0123456789")));
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_is_written_to_a_file_that_is_stored_and_not_yet_an_upload(db: PgPool) {
    let script = Script::new(db).await;
    let sender = Sender { script: &script };
    let sha256 = hex::encode(Sha256::digest("0123456789"));
    for (turn, method) in ["PATCH", "HEAD"].into_iter().enumerate() {
        let place = sender.place("a", 10).await;
        let id: uuid::Uuid = place.rsplit('/').next().unwrap().parse().unwrap();
        let artifacts = &script.app.state.artifacts;
        let staged = artifacts.staged(&format!("part-{id}"));
        // The server that stored it died before it made an upload of it.
        std::fs::write(&staged, "0123456789").unwrap();
        artifacts.adopt(&staged, &sha256, 10).await.unwrap();
        let known = "update partial_uploads set received_bytes = 10, sha256 = $2 where id = $1";
        sqlx::query(known).bind(id).bind(&sha256).execute(&script.app.db).await.unwrap();
        let answer = match method {
            "PATCH" => sender.part(&place, 0, Body::from("xxxxxxxxxx")).await,
            _ => sender.send("HEAD", &place, &[], Body::empty()).await,
        };
        assert_eq!(answer.headers()["upload-offset"], "10", "{answer:?}");
        assert_eq!(sha256_of(&script, &answer).await, sha256);
        let stored = std::fs::read(artifacts.local_path(&sha256).unwrap()).unwrap();
        assert_eq!((stored.as_slice(), staged.exists()), (b"0123456789".as_slice(), false));
        let uploads = script.get("/uploads").await;
        assert_eq!(uploads.as_array().unwrap().len(), turn + 1, "each became one upload");
    }
}
