//! A run's event stream for those who draw it and for scripts: a long run is sent thinned out to
//! the first and point by point to the others, and nobody misses anything when a connection breaks.

use crate::run;
use crate::support::{Credential, TestApp};
use axum::{body::Body, http::StatusCode};
use domain::{
    access::TokenScope,
    event::series,
    id::{ProjectId, RunId},
    run::Point,
};
use futures::StreamExt;
use std::time::Duration;
use store::{PgPool, points::NewPoint};

/// Points of a long run.
const POINTS: u32 = 100_000;
/// Ranges per series that the browser asks for.
const BUCKETS: usize = 500;
const SERIES: [&str; 2] = [series::TRAIN_LOSS, series::GRADIENT_NORM];

/// A script that follows a run.
struct Reader {
    app: TestApp,
    project: ProjectId,
    run: RunId,
    credential: Credential,
}

impl Reader {
    async fn new(db: PgPool) -> Self {
        let app = TestApp::new(db);
        let (user, project, run) = run::with_run(&app).await;
        let credential = Credential::Script(app.token(user, TokenScope::Read, None).await);
        Self { app, project, run, credential }
    }

    /// Stores these steps of both series; each step's value is itself, but for `spike`.
    async fn write(&self, steps: std::ops::Range<u32>, spike: u32) {
        let value = |step| if step == spike { -1.0 } else { f64::from(step) };
        let point =
            |key: &str, step| NewPoint { key: key.to_owned(), step, value: value(step), elapsed_ms: u64::from(step) };
        let all: Vec<_> = steps.flat_map(|step| SERIES.map(|key| point(key, step))).collect();
        let mut connection = self.app.db.acquire().await.unwrap();
        for batch in all.chunks(5000) {
            store::points::insert(&mut connection, self.run, 1, batch).await.unwrap();
        }
    }

    /// Opens the stream, reads its first points and hangs up: the event's id and the points.
    async fn first_points(&self, query: &str, last_id: Option<&str>) -> (String, Vec<Point>) {
        let path = format!("/api/v1/projects/{}/runs/{}/events{query}", self.project, self.run);
        let mut request = self.credential.request("GET", &path);
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let answer = self.app.open(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut stream = answer.into_body().into_data_stream();
        let mut text = String::new();
        loop {
            if let Some(event) =
                text.split("\n\n").find(|e| e.starts_with("event: points") && text.contains(&format!("{e}\n\n")))
            {
                let field = |name: &str| event.lines().find_map(|l| l.strip_prefix(name)).unwrap().to_owned();
                return (field("id: "), serde_json::from_str(&field("data: ")).unwrap());
            }
            let more = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.unwrap();
            text.push_str(std::str::from_utf8(&more.unwrap().unwrap()).unwrap());
        }
    }
}

fn steps(points: &[Point], key: &str) -> Vec<u32> {
    points.iter().filter(|p| p.key == key).map(|p| p.step).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_long_run_reaches_a_picture_thinned_out_and_without_a_gap(db: PgPool) {
    let reader = Reader::new(db).await;
    let query = format!("?thin={BUCKETS}");
    reader.write(0..POINTS / 2, 31_234).await;
    let (id, first) = reader.first_points(&query, None).await;
    for key in SERIES {
        let steps = steps(&first, key);
        assert!(steps.len() <= 2 * BUCKETS + 2, "{}", steps.len());
        assert!(steps.len() >= BUCKETS && steps.is_sorted(), "{}", steps.len());
        assert_eq!((steps[0], steps[steps.len() - 1]), (0, POINTS / 2 - 1), "the ends");
        assert!(steps.contains(&31_234), "the smallest value");
    }
    // The connection breaks; meanwhile the run goes on.
    let end = POINTS / 2 + 10;
    reader.write(POINTS / 2..end, 0).await;
    let (_, second) = reader.first_points(&query, Some(&id)).await;
    for key in SERIES {
        assert_eq!(steps(&second, key), (POINTS / 2..end).collect::<Vec<_>>(), "few points come as they are");
    }
    let (id, _) = reader.first_points(&query, Some(&id)).await;
    reader.write(end..end + 7, 0).await;
    let (_, third) = reader.first_points(&query, Some(&id)).await;
    assert_eq!(steps(&third, SERIES[0]), (end..end + 7).collect::<Vec<_>>());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_script_gets_every_point(db: PgPool) {
    let reader = Reader::new(db).await;
    reader.write(0..POINTS / 20, 0).await;
    let (mut id, mut points) = reader.first_points("", None).await;
    while points.len() < SERIES.len() * POINTS as usize / 20 {
        let (next, mut more) = reader.first_points("", Some(&id)).await;
        id = next;
        points.append(&mut more);
    }
    for key in SERIES {
        assert_eq!(steps(&points, key), (0..POINTS / 20).collect::<Vec<_>>());
    }
    assert!(points.is_sorted_by_key(|p| p.seq));
}

#[sqlx::test(migrations = "../migrations")]
async fn thinning_has_bounds(db: PgPool) {
    let reader = Reader::new(db).await;
    for thin in ["0", "10001", "x"] {
        let path = format!("/api/v1/projects/{}/runs/{}/events?thin={thin}", reader.project, reader.run);
        let request = reader.credential.request("GET", &path).body(Body::empty()).unwrap();
        assert!(reader.app.send(request).await.status().is_client_error(), "{thin}");
    }
}
