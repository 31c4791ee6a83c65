//! How many rows a second an import makes a dataset version of, from the queue of jobs to the commit, each figure beside
//! plain COPY in the same database in the same run: of the file's own bytes into a table of one text column, and of the very
//! lines that the import sends into empty tables with the same keys and indexes, which is as fast as this schema can be.
//!
//! `import [ROWS]` (200,000 by default); DATABASE_URL names an empty database. Prints a table, and a line for the 10,000
//! rows that took Label Studio 1.23 3.45 s.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a program for measuring may panic")]
#![allow(unreachable_pub, dead_code, reason = "modules of the tests are reached by nobody else")]

#[path = "../tests/it/support/script.rs"]
mod script;
#[path = "../tests/it/support/mod.rs"]
mod support;

use script::Script;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};
use std::time::Instant;
use store::PgPool;

const ROUNDS: usize = 3;
/// Seconds that Label Studio 1.23 took for 10,000 rows on the machine of docs/benchmarks.md.
const LABEL_STUDIO_SECONDS: f64 = 3.45;

/// Reviews of a sentence or three with a label.
fn file(rows: usize) -> Vec<u8> {
    const WORDS: [&str; 12] =
        ["room", "breakfast", "friendly", "quiet", "很好", "服务", "late", "never", "again", "价格", "clean", "view"];
    let mut out = String::new();
    for i in 0..rows {
        let mut x = i as u64;
        let mut text = format!("Review {i}:");
        for _ in 0..6 + i % 12 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push(' ');
            text.push_str(WORDS[(x >> 33) as usize % WORDS.len()]);
        }
        let label = ["positive", "negative", "neutral"][i % 3];
        out.push_str(&format!("{{\"text\": \"{text}\", \"label\": \"{label}\", \"shop\": \"s{}\"}}\n", i % 50));
    }
    out.into_bytes()
}

async fn copy(db: &mut PgConnection, table: &str, bytes: &[u8]) -> f64 {
    let begin = Instant::now();
    let mut tx = db.begin().await.unwrap();
    let mut sink = tx.copy_in_raw(&format!("copy {table} from stdin")).await.unwrap();
    for part in bytes.chunks(1 << 20) {
        sink.send(part).await.unwrap();
    }
    sink.finish().await.unwrap();
    tx.commit().await.unwrap();
    begin.elapsed().as_secs_f64()
}

/// Plain COPY of the file's lines.
async fn copy_of_file(db: &mut PgConnection, file: &[u8]) -> f64 {
    db.execute("drop table if exists raw; create table raw (line text)").await.unwrap();
    copy(db, "raw", file).await
}

/// COPY of what an import wrote, into the same tables made anew.
async fn copy_of_rows(db: &mut PgConnection) -> f64 {
    let mut bytes = Vec::new();
    for table in ["samples", "version_samples"] {
        let mut rows = Vec::new();
        {
            use futures::TryStreamExt;
            let mut out = db.copy_out_raw(&format!("copy {table} to stdout")).await.unwrap();
            while let Some(part) = out.try_next().await.unwrap() {
                rows.extend_from_slice(&part);
            }
        }
        bytes.push(rows);
    }
    db.execute(
        "drop table if exists samples_too, version_samples_too; \
         create table samples_too (like samples including all, foreign key (dataset_id) references datasets, foreign key (parent_id) references samples); \
         create table version_samples_too (like version_samples including all)",
    )
    .await
    .unwrap();
    copy(db, "samples_too", &bytes[0]).await + copy(db, "version_samples_too", &bytes[1]).await
}

/// Seconds from the job's begin to its end.
async fn import(script: &Script, file: Vec<u8>) -> f64 {
    let done = script.imported("reviews.jsonl", file, json!({})).await;
    assert_eq!(done["status"], "succeeded", "{done}");
    let at = |key: &str| -> time::OffsetDateTime {
        let Value::String(text) = &done[key] else { panic!("{done}") };
        time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
    };
    (at("ended_at") - at("started_at")).as_seconds_f64()
}

fn main() {
    // `cargo bench` gives `--bench`.
    let rows = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(200_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(rows));
}

async fn measure(rows: usize) {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL names an empty database");
    let db = PgPool::connect(&url).await.unwrap();
    store::migrate(&db).await.unwrap();
    let mut plain = PgConnection::connect(&url).await.unwrap();
    let script = Script::with(db, |config| config.max_upload_bytes = 1 << 32).await;
    let (small, large) = (file(10_000), file(rows));
    println!(
        "{rows} rows, {:.1} MB; seconds, rows/s in thousands; medians of {ROUNDS} rounds",
        large.len() as f64 / 1e6
    );
    let (mut imports, mut files, mut copies, mut smalls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.execute("truncate samples, version_samples, dataset_versions cascade").await.unwrap();
        smalls.push(import(&script, small.clone()).await);
        plain.execute("truncate samples, version_samples, dataset_versions cascade").await.unwrap();
        files.push(copy_of_file(&mut plain, &large).await);
        imports.push(import(&script, large.clone()).await);
        copies.push(copy_of_rows(&mut plain).await);
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (import, file, copy, small) =
        (median(&mut imports), median(&mut files), median(&mut copies), median(&mut smalls));
    let line = |what: &str, seconds: f64| {
        let share = seconds / import;
        println!("{what:<58} {seconds:>7.2} {:>8.1}   {share:.2}", rows as f64 / seconds / 1e3);
    };
    println!("{:<58} {:>7} {:>8}   import against it", "", "s", "k rows/s");
    line("import", import);
    line("COPY of the file's bytes, one text column", file);
    line("COPY of the same rows, same tables, keys and indexes", copy);
    println!(
        "10,000 rows: {small:.3} s, {:.1} times as fast as Label Studio 1.23 ({LABEL_STUDIO_SECONDS} s)",
        LABEL_STUDIO_SECONDS / small
    );
}
