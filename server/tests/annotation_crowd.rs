//! A hundred annotators at one task, over a network that breaks, with a server that is killed: whatever anybody was told was
//! taken is there once, every item is judged by exactly as many people as it wants, and what is counted along the way is right.
//!
//! LATHE_CROWD_PEOPLE, LATHE_CROWD_ITEMS and LATHE_CROWD_SEED change the size and what is drawn; `make soak` runs a larger one.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, dead_code, reason = "each test binary uses its own part of the support modules")]

#[path = "support/process.rs"]
mod process;
#[path = "../../trainer/tests/support/mod.rs"]
mod tiny;

use domain::{
    access::TokenScope,
    account::Email,
    annotation::{
        TaskStatus,
        distribution::Distribution,
        view::{NewTask, Source},
    },
    id::{DatasetId, ItemId, TaskId, UserId, VersionId},
    sample::Split,
};
use process::Place;
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use store::{
    PgPool,
    annotation::{fill, tasks},
};
use uuid::Uuid;

const OVERLAP: u32 = 2;
/// Longest that everything may take.
const PATIENCE: Duration = Duration::from_secs(600);

fn setting(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

/// Numbers that a seed decides: the generator of SplitMix64 (Steele, Lea and Flood 2014).
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % n
    }

    fn ms(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.below(most - least))
    }
}

/// What all annotators share.
struct Crowd {
    base: String,
    wanted: usize,
    acknowledged: AtomicUsize,
    begun: Instant,
}

/// A judgement that its sender was told is there.
struct Acknowledged {
    key: Uuid,
    item: i64,
    user: UserId,
}

struct Annotator {
    crowd: Arc<Crowd>,
    http: reqwest::Client,
    user: UserId,
    token: String,
    draws: Draws,
}

impl Annotator {
    fn post(&self, rest: &str, body: &Value) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{rest}", self.crowd.base)).bearer_auth(&self.token).json(body)
    }

    /// Whether an answer may come: sometimes the connection is dropped while it is waited for.
    fn patience(&mut self) -> Duration {
        if self.draws.below(4) == 0 { self.draws.ms(0, 12) } else { Duration::from_secs(20) }
    }

    /// Sends the same until there is an answer.
    async fn insist(&mut self, rest: &str, body: &Value) -> Value {
        loop {
            assert!(self.crowd.begun.elapsed() < PATIENCE, "the crowd does not come to an end");
            let patience = self.patience();
            let sent = self.post(rest, body).send();
            if let Ok(Ok(answer)) = tokio::time::timeout(patience, sent).await {
                let status = answer.status();
                // A server that is killed may break off in the middle of what it says, or lose its database for a moment.
                let text = answer.text().await;
                if let (true, Ok(text)) = (status.is_success(), text) {
                    return serde_json::from_str(&text).unwrap_or(Value::Null);
                }
                assert!(status.is_success() || status.is_server_error(), "{rest}: {status}");
            }
            let pause = self.draws.ms(5, 60);
            tokio::time::sleep(pause).await;
        }
    }

    /// Works until everything is judged; what this person was told is there.
    async fn work(mut self) -> Vec<Acknowledged> {
        let mut done = Vec::new();
        while self.crowd.acknowledged.load(Ordering::Relaxed) < self.crowd.wanted {
            let count = 1 + self.draws.below(3);
            let next = self.insist(&format!("/work?count={count}"), &Value::Null).await;
            let Some(items) = next["items"].as_array() else {
                assert_eq!(next["kind"], "nothing_left", "{next}");
                let pause = self.draws.ms(700, 1500);
                tokio::time::sleep(pause).await;
                continue;
            };
            for item in items {
                let id = item["item_id"].as_i64().unwrap();
                if self.draws.below(12) == 0 {
                    self.insist(&format!("/items/{id}/skip"), &Value::Null).await;
                    continue;
                }
                let tone = if self.draws.below(5) == 0 { "no" } else { "yes" };
                let key = Uuid::from_u64_pair(self.draws.below(u64::MAX), self.draws.below(u64::MAX));
                let judgement = json!({ "key": key, "answers": { "tone": { "kind": "choice", "value": tone } }, "duration_ms": 900 });
                let became = self.insist(&format!("/items/{id}/judgements"), &judgement).await;
                assert!(became["outcome"] == "taken" || became["outcome"] == "again", "{became}");
                done.push(Acknowledged { key, item: id, user: self.user });
                self.crowd.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            let pause = if self.draws.below(10) == 0 { self.draws.ms(100, 500) } else { self.draws.ms(0, 20) };
            tokio::time::sleep(pause).await;
        }
        done
    }
}

/// A version of short reviews, written by the database itself.
async fn version(place: &Place, lead: UserId, samples: i32) -> VersionId {
    let (dataset, version) = (DatasetId::new(), VersionId::new());
    let stats = serde_json::to_value(domain::dataset::VersionStats::default()).unwrap();
    for statement in [
        "insert into datasets (id, project_id, name, created_by) values ($1, $2, 'reviews', $3)",
        "insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($4, $1, 1, '{}', $5, $3)",
        "with made as (insert into samples (dataset_id, messages, label, content_hash, search_text) \
            select $1, jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'Review ' || n), \
                jsonb_build_object('role', 'assistant', 'content', 'yes')), 'yes', sha256(n::text::bytea), '' from generate_series(1, $6) n returning id) \
         insert into version_samples (version_id, position, sample_id, split) select $4, row_number() over (order by id) - 1, id, 0 from made",
    ] {
        sqlx::query(statement)
            .bind(dataset.0)
            .bind(place.project.0)
            .bind(lead.0)
            .bind(version.0)
            .bind(&stats)
            .bind(samples)
            .execute(&place.db)
            .await
            .unwrap();
    }
    version
}

/// An open task that wants two judgements of each item.
async fn task(place: &Place, lead: UserId, items: usize) -> TaskId {
    let version = version(place, lead, i32::try_from(items).unwrap()).await;
    let design = json!({ "questions": [{ "name": "tone", "title": "Tone?", "kind": "choice",
        "options": [{ "value": "yes" }, { "value": "no" }] }] });
    let new = NewTask {
        name: "tone".to_owned(),
        source: Source::Version { version_id: version, splits: vec![Split::Train], limit: 0, suggestions: None },
        design: serde_json::from_value(design).unwrap(),
        distribution: Distribution { overlap: OVERLAP, ..Distribution::default() },
        guideline: String::new(),
        deadline: None,
        annotators: Vec::new(),
        groups: Vec::new(),
        reviewers: Vec::new(),
    };
    let task = tasks::create(&place.db, place.project, &new, lead).await.unwrap().task_id;
    fill::fill(&place.db, task).await.unwrap();
    assert!(tasks::set_status(&place.db, place.project, task, TaskStatus::Open, lead).await.unwrap());
    task
}

/// A member who may annotate, with a token; no password is hashed.
async fn annotator(place: &Place, number: usize) -> (UserId, String) {
    let email = Email::parse(&format!("p{number}@lathe.test")).unwrap();
    let mut db = place.db.acquire().await.unwrap();
    let user = store::users::create(&mut db, &email, &format!("p{number}"), "-", false).await.unwrap();
    sqlx::query("insert into members (project_id, user_id, role) values ($1, $2, 'annotator')")
        .bind(place.project.0)
        .bind(user.0)
        .execute(&mut *db)
        .await
        .unwrap();
    drop(db);
    let new = store::tokens::NewToken { user, name: "crowd", scope: TokenScope::Write, project: None, days: 1 };
    (user, store::tokens::create(&place.db, new).await.unwrap().1)
}

async fn count(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_hundred_people_lose_nothing_when_connections_break_and_the_server_is_killed(db: PgPool) {
    let (people, items) = (setting("LATHE_CROWD_PEOPLE", 100), setting("LATHE_CROWD_ITEMS", 200));
    let mut draws = Draws(setting("LATHE_CROWD_SEED", 1) as u64);
    let place = Place::new(db).await;
    let lead = store::projects::members(&place.db, place.project).await.unwrap()[0].user_id;
    let task = task(&place, lead, items).await;
    let mut server = place.start("web", &[]);
    let crowd = Arc::new(Crowd {
        base: format!("http://{}/api/v1/projects/{}/annotation-tasks/{task}", place.address, place.project),
        wanted: items * OVERLAP as usize,
        acknowledged: AtomicUsize::new(0),
        begun: Instant::now(),
    });
    let mut working = Vec::new();
    for number in 0..people {
        let (user, token) = annotator(&place, number).await;
        let draws = Draws(draws.below(u64::MAX));
        let annotator = Annotator { crowd: crowd.clone(), http: place.http.clone(), user, token, draws };
        working.push(tokio::spawn(annotator.work()));
    }
    place.ready().await;
    // Killed after a third of the judgements, and after two thirds.
    for part in [1, 2] {
        while crowd.acknowledged.load(Ordering::Relaxed) < crowd.wanted * part / 3 {
            assert!(crowd.begun.elapsed() < PATIENCE, "the crowd does not get on");
            assert!(working.iter().any(|person| !person.is_finished()), "everybody has stopped");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server.kill();
        server = place.start("web", &[]);
        place.ready().await;
    }
    let mut acknowledged = Vec::new();
    for person in working {
        acknowledged.extend(person.await.unwrap());
    }
    assert_all_there(&place, &acknowledged, crowd.wanted).await;
    assert_counted(&place, task, items).await;
}

/// What was acknowledged is there, nothing else is, and each item has two people's judgements.
async fn assert_all_there(place: &Place, acknowledged: &[Acknowledged], wanted: usize) {
    let there: Vec<(Uuid, i64, Uuid)> =
        sqlx::query_as("select submit_key, item_id, user_id from judgements where superseded_at is null")
            .fetch_all(&place.db)
            .await
            .unwrap();
    let there: HashSet<_> = there.into_iter().map(|(key, item, user)| (key, ItemId(item), UserId(user))).collect();
    let told: HashSet<_> = acknowledged.iter().map(|a| (a.key, ItemId(a.item), a.user)).collect();
    assert_eq!(told.len(), acknowledged.len(), "nobody is told twice");
    assert_eq!(told.difference(&there).count(), 0, "what was acknowledged is there");
    assert_eq!((there.len(), told.len()), (wanted, wanted), "and nothing besides");
    let odd = "select count(*) from annotation_items i where 2 <> (select count(distinct j.user_id) from judgements j where j.item_id = i.id and j.superseded_at is null)";
    assert_eq!(count(&place.db, odd).await, 0, "every item is judged by two people");
    assert_eq!(count(&place.db, "select count(*) from judgements").await, wanted as i64, "none is double or replaced");
    let books = "select count(*) from annotation_items where free <> 0 or judged <> wanted";
    assert_eq!(count(&place.db, books).await, 0, "the books of every item are closed");
}

/// The kept counts equal what can be counted, and agreement is measured on all items.
async fn assert_counted(place: &Place, task: TaskId, items: usize) {
    let found = place.get(&format!("/annotation-tasks/{task}")).await;
    let counts = &found["counts"];
    for status in ["open", "judged", "review", "adjudication", "accepted", "excluded"] {
        let counted: i64 =
            sqlx::query_scalar("select count(*) from annotation_items where status = $1 and gold is null")
                .bind(status)
                .fetch_one(&place.db)
                .await
                .unwrap();
        assert_eq!(counts[status], counted, "{status}: {counts}");
    }
    assert_eq!((&counts["given"], &counts["wanted"]), (&json!(items * 2), &json!(items * 2)));
    let agreement = place.get(&format!("/annotation-tasks/{task}/agreement")).await;
    assert_eq!(agreement["items"], items, "{agreement}");
    let alpha = agreement["questions"][0]["value"].as_f64();
    assert!(alpha.is_some_and(|alpha| (-1.0..1.0).contains(&alpha)), "{agreement}");
}
