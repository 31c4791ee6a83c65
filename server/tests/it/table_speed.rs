//! How quickly the run table answers: `scripts/bench.sh table [RUNS]`. Not part of the tests: it makes 10,000 runs in one statement
//! and asks the server's router, as a script and as a browser would, over and over. Beside it stands the least that any page
//! can take: a bare select of the same 50 rows by their ids.

use crate::support::{Credential, TestApp};
use crate::table::make_runs;
use axum::{body::Body, http::StatusCode};
use domain::access::TokenScope;
use std::time::{Duration, Instant};
use store::PgPool;

/// What each page may take, 95 times of 100.
const LIMIT: Duration = Duration::from_millis(50);
/// Questions of each kind.
const ASKED: usize = 60;

fn report(kind: &str, mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let (p50, p95) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!("{kind:<32}{:>9.1}{:>9.1}  {:.2}", ms(p50), ms(p95), p95.as_secs_f64() / LIMIT.as_secs_f64());
    p95
}

#[sqlx::test(migrations = "../migrations")]
#[ignore = "a benchmark: scripts/bench.sh table"]
async fn table_speed(db: PgPool) {
    let runs: i32 = std::env::var("RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(10_000);
    let app = TestApp::new(db);
    let user = app.person("ada").await;
    let project = store::projects::create(&app.db, user, "p", "").await.unwrap();
    let script = Credential::Script(app.token(user, TokenScope::Read, None).await);
    let browser = Credential::Browser(app.session(user).await);
    make_runs(&app.db, project, user, runs).await;
    let started = Instant::now();
    store::table::refresh(&app.db, project).await.unwrap();
    println!("{runs} rows made in {:.1} s, once", started.elapsed().as_secs_f64());
    sqlx::query("vacuum analyze table_rows").execute(&app.db).await.unwrap();

    let ids: Vec<sqlx::types::Uuid> =
        sqlx::query_scalar("select run_id from table_rows order by created_at desc limit 50")
            .fetch_all(&app.db)
            .await
            .unwrap();
    println!("{:<32}{:>9}{:>9}  of the limit ({} ms, p95)", "", "p50 ms", "p95 ms", LIMIT.as_millis());
    let mut times = Vec::new();
    for _ in 0..ASKED {
        let started = Instant::now();
        sqlx::query("select * from table_rows where run_id = any($1)").bind(&ids).fetch_all(&app.db).await.unwrap();
        times.push(started.elapsed());
    }
    report("a bare select of 50 rows", times);

    let encode = app::routes::encode;
    let filter = encode("status = succeeded and eval.accuracy > 0.4 and recipe.lora.rank in (8, 16) and not tag:draft");
    let kinds = [
        ("first page", String::new()),
        ("any page", "cursor=7000".to_owned()),
        ("filter", format!("filter={filter}")),
        ("filter by a part of a name", format!("filter={}", encode("name ~ \"77\""))),
        ("sort by a number", "sort=-eval.accuracy".to_owned()),
        ("sort by a text", "sort=name&cursor=5000".to_owned()),
        ("filter and sort", format!("filter={filter}&sort=recipe.optimizer.learning_rate")),
        ("groups", "group=recipe.lora.rank&columns=eval.accuracy,gain.accuracy,duration".to_owned()),
        ("groups by two, filtered", format!("group=recipe.lora.rank,recipe.optimizer.learning_rate&filter={filter}")),
        ("completion of a name", format!("filter={}", encode("status = failed and acc"))),
        ("completion of a value", format!("filter={}", encode("name = \"run 9"))),
        ("the page (HTML)", format!("filter={filter}&sort=-eval.accuracy")),
    ];
    let mut slow = Vec::new();
    for (kind, query) in kinds {
        let api = format!("/api/v1/projects/{project}/table");
        let (who, path) = match kind {
            "the page (HTML)" => (&browser, app::routes::table(project)),
            kind if kind.starts_with("groups") => (&script, format!("{api}/groups")),
            kind if kind.starts_with("completion") => (&script, format!("{api}/complete")),
            _ => (&script, api),
        };
        let mut times = Vec::new();
        for _ in 0..ASKED {
            let request = who.request("GET", &format!("{path}?{query}")).body(Body::empty()).unwrap();
            let started = Instant::now();
            let answer = app.send(request).await;
            times.push(started.elapsed());
            assert_eq!(answer.status(), StatusCode::OK, "{query}: {:?}", answer.body());
        }
        if report(kind, times) > LIMIT {
            slow.push(kind);
        }
    }
    assert!(slow.is_empty(), "above the limit: {slow:?}");
}
