//! A hundred annotators at one task, over a network that breaks, with a server that is killed: whatever anybody was told was
//! taken is there once, every item is judged by exactly as many people as it wants, and what is counted along the way is right. A
//! lead gives batches to a group, changes who is in it and sends judgements back meanwhile, and no answer says that the server failed.
//!
//! LATHE_CROWD_PEOPLE, LATHE_CROWD_ITEMS and LATHE_CROWD_SEED change the size and what is drawn; `make soak` runs a larger one.

use crate::process::Place;
use domain::{
    access::TokenScope,
    account::Email,
    annotation::{
        TaskStatus,
        answer::Answer,
        batch::NewGroup,
        distribution::{Distribution, Review},
        view::{NewTask, Source},
    },
    id::{DatasetId, GroupId, ItemId, TaskId, UserId, VersionId},
    sample::Split,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use store::{
    PgPool,
    annotation::{fill, gold, tasks},
};
use uuid::Uuid;

const OVERLAP: u32 = 2;
/// Items whose answer is known, beside those that want judgements.
const GOLD: usize = 4;
const BATCHES: usize = 5;
/// Judgements that the lead sends back at most.
const RETURNS: usize = 12;
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
    task: TaskId,
    gold: HashSet<i64>,
    /// Judgements of ordinary items; one more for each that is sent back.
    wanted: AtomicUsize,
    acknowledged: AtomicUsize,
    begun: Instant,
    /// The server is killed or starting.
    is_down: AtomicBool,
}

impl Crowd {
    /// Whether less than so many thirds of the judgements are there.
    fn is_before(&self, thirds: usize) -> bool {
        self.acknowledged.load(Ordering::SeqCst) * 3 < self.wanted.load(Ordering::SeqCst) * thirds
    }
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
    /// The address of something of the task.
    fn of_task(&self, rest: &str) -> String {
        format!("/annotation-tasks/{}{rest}", self.crowd.task)
    }

    /// Whether an answer may come: sometimes the connection is dropped while it is waited for.
    fn patience(&mut self) -> Duration {
        if self.draws.below(4) == 0 { self.draws.ms(0, 12) } else { Duration::from_secs(20) }
    }

    /// Posts the same to the task until there is an answer.
    async fn insist(&mut self, rest: &str, body: &Value) -> Value {
        let address = self.of_task(rest);
        let (status, answer) = self.ask(Method::POST, &address, body).await;
        assert!(status.is_success(), "{address}: {status}");
        answer
    }

    /// Asks the same until there is an answer: that it was done, or a conflict.
    async fn ask(&mut self, method: Method, address: &str, body: &Value) -> (StatusCode, Value) {
        loop {
            assert!(self.crowd.begun.elapsed() < PATIENCE, "the crowd does not come to an end");
            let patience = self.patience();
            let was_down = self.crowd.is_down.load(Ordering::SeqCst);
            let whole = format!("{}{address}", self.crowd.base);
            let sent = self.http.request(method.clone(), whole).bearer_auth(&self.token).json(body).send();
            if let Ok(Ok(answer)) = tokio::time::timeout(patience, sent).await {
                let status = answer.status();
                let is_down = was_down || self.crowd.is_down.load(Ordering::SeqCst);
                // A server that is killed may break off in the middle of what it says.
                let text = answer.text().await;
                assert!(!status.is_server_error() || is_down, "{address}: {status} {text:?}");
                if let (true, Ok(text)) = (status.is_success() || status == StatusCode::CONFLICT, text) {
                    return (status, serde_json::from_str(&text).unwrap_or(Value::Null));
                }
                let is_known = status.is_success() || status.is_server_error() || status == StatusCode::CONFLICT;
                assert!(is_known, "{address}: {status}");
            }
            let pause = self.draws.ms(5, 60);
            tokio::time::sleep(pause).await;
        }
    }

    /// Works until everything is judged; what this person was told is there.
    async fn work(mut self) -> Vec<Acknowledged> {
        let mut done = Vec::new();
        while self.crowd.is_before(3) {
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
                if !self.crowd.gold.contains(&id) {
                    self.crowd.acknowledged.fetch_add(1, Ordering::SeqCst);
                }
            }
            let pause = if self.draws.below(10) == 0 { self.draws.ms(100, 500) } else { self.draws.ms(0, 20) };
            tokio::time::sleep(pause).await;
        }
        done
    }

    /// Gives batches to the group and to all, changes who is in it, and sends judgements back, until two thirds are judged: what is
    /// left then comes to an end by itself. How many were sent back.
    async fn lead(mut self, group: GroupId, people: Vec<UserId>) -> usize {
        let mut returned = 0;
        while self.crowd.is_before(2) {
            let number = 1 + self.draws.below(BATCHES as u64);
            let batch = self.of_task(&format!("/batches/{number}"));
            match self.draws.below(4) {
                0 => drop(self.ask(Method::PATCH, &batch, &json!({ "group_id": group })).await),
                1 => drop(self.ask(Method::PATCH, &batch, &json!({ "clear_group": true, "name": "again" })).await),
                2 => {
                    let from = self.draws.below(people.len() as u64) as usize;
                    let some: Vec<&UserId> = people.iter().cycle().skip(from).take(people.len().div_ceil(2)).collect();
                    let body = json!({ "name": "night", "people": some });
                    drop(self.ask(Method::PUT, &format!("/groups/{group}"), &body).await);
                }
                _ if returned < RETURNS => returned += usize::from(self.send_back().await),
                _ => {}
            }
            let pause = self.draws.ms(5, 40);
            tokio::time::sleep(pause).await;
        }
        for number in 1..=BATCHES {
            let batch = self.of_task(&format!("/batches/{number}"));
            self.ask(Method::PATCH, &batch, &json!({ "clear_group": true })).await;
        }
        returned
    }

    /// Sends a judgement of the first item that waits for review back; false where none does.
    async fn send_back(&mut self) -> bool {
        let queue = self.of_task("/review");
        let (_, waiting) = self.ask(Method::GET, &queue, &Value::Null).await;
        let Some(item) = waiting.as_array().and_then(|all| all.first()) else { return false };
        let judgements = item["judgements"].as_array().unwrap();
        let Some(judgement) = judgements.iter().find(|j| j["superseded"] == false) else { return false };
        // Asked again, since an answer may have come late.
        if !self.crowd.is_before(2) {
            return false;
        }
        // Before it is there: nobody leaves while it is to be judged again.
        self.crowd.wanted.fetch_add(1, Ordering::SeqCst);
        let address = self.of_task(&format!("/items/{}/review", item["id"]));
        let body = json!({ "judgement_id": judgement["id"], "verdict": "return", "reason": "Look again." });
        // A conflict: an earlier try has done it, and its answer was lost. Nobody else decides anything here.
        self.ask(Method::POST, &address, &body).await;
        true
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

/// An open task in batches that wants two judgements of each item, with its gold items, which come besides.
async fn task(place: &Place, lead: UserId, items: usize) -> (TaskId, HashSet<i64>) {
    let version = version(place, lead, i32::try_from(items + GOLD).unwrap()).await;
    let design = json!({ "questions": [{ "name": "tone", "title": "Tone?", "kind": "choice",
        "options": [{ "value": "yes" }, { "value": "no" }] }] });
    let new = NewTask {
        name: "tone".to_owned(),
        source: Source::Version { version_id: version, splits: vec![Split::Train], limit: 0, suggestions: None },
        design: serde_json::from_value(design).unwrap(),
        distribution: Distribution {
            overlap: OVERLAP,
            batch_size: u32::try_from((items + GOLD).div_ceil(BATCHES)).unwrap(),
            gold_share: 0.1,
            review: Review::All,
            ..Distribution::default()
        },
        guideline: String::new(),
        deadline: None,
        annotators: Vec::new(),
        groups: Vec::new(),
        reviewers: Vec::new(),
    };
    let task = tasks::create(&place.db, place.project, &new, lead).await.unwrap().task_id;
    fill::fill(&place.db, task).await.unwrap();
    let gold: Vec<i64> =
        sqlx::query_scalar("select id from annotation_items where task_id = $1 order by md5(id::text) limit $2")
            .bind(task.0)
            .bind(GOLD as i64)
            .fetch_all(&place.db)
            .await
            .unwrap();
    let right = [("tone".to_owned(), Answer::Choice { value: "yes".to_owned() })].into();
    for item in &gold {
        let done = gold::set_gold(&place.db, place.project, task, ItemId(*item), Some(&right), lead).await;
        assert!(done.unwrap());
    }
    assert!(tasks::set_status(&place.db, place.project, task, TaskStatus::Open, lead).await.unwrap());
    (task, gold.into_iter().collect())
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
    let (task, gold) = task(&place, lead, items).await;
    let mut server = place.start("web", &[]);
    let crowd = Arc::new(Crowd {
        base: format!("http://{}/api/v1/projects/{}", place.address, place.project),
        task,
        gold,
        wanted: AtomicUsize::new(items * OVERLAP as usize),
        acknowledged: AtomicUsize::new(0),
        begun: Instant::now(),
        is_down: AtomicBool::new(true),
    });
    let (mut working, mut members) = (Vec::new(), Vec::new());
    for number in 0..people {
        let (user, token) = annotator(&place, number).await;
        members.push(user);
        let draws = Draws(draws.below(u64::MAX));
        let annotator = Annotator { crowd: crowd.clone(), http: place.http.clone(), user, token, draws };
        working.push(tokio::spawn(annotator.work()));
    }
    let new = NewGroup { name: "night".to_owned(), people: members.clone() };
    let group = store::groups::create(&place.db, place.project, &new, lead).await.unwrap();
    place.ready().await;
    crowd.is_down.store(false, Ordering::SeqCst);
    let (http, token) = (place.http.clone(), place.token.clone());
    let leading = Annotator { crowd: crowd.clone(), http, user: lead, token, draws: Draws(draws.below(u64::MAX)) };
    let leading = tokio::spawn(leading.lead(group, members));
    // Killed after a third of the judgements, and after two thirds.
    for part in [1, 2] {
        while crowd.is_before(part) {
            assert!(crowd.begun.elapsed() < PATIENCE, "the crowd does not get on");
            assert!(working.iter().any(|person| !person.is_finished()), "everybody has stopped");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        crowd.is_down.store(true, Ordering::SeqCst);
        server.kill();
        server = place.start("web", &[]);
        place.ready().await;
        crowd.is_down.store(false, Ordering::SeqCst);
    }
    let mut acknowledged = Vec::new();
    for person in working {
        acknowledged.extend(person.await.unwrap());
    }
    let returned = leading.await.unwrap();
    assert!(returned > 0, "nothing was sent back");
    assert_all_there(&place, &acknowledged, items * OVERLAP as usize, returned).await;
    assert_counted(&place, task, items).await;
}

/// What was acknowledged is there, nothing else is, and each item has two people's judgements.
async fn assert_all_there(place: &Place, acknowledged: &[Acknowledged], wanted: usize, returned: usize) {
    let there: Vec<(Uuid, i64, Uuid)> =
        sqlx::query_as("select submit_key, item_id, user_id from judgements").fetch_all(&place.db).await.unwrap();
    assert_eq!(there.len(), acknowledged.len(), "none is double");
    let there: HashSet<_> = there.into_iter().map(|(key, item, user)| (key, ItemId(item), UserId(user))).collect();
    let told: HashSet<_> = acknowledged.iter().map(|a| (a.key, ItemId(a.item), a.user)).collect();
    assert_eq!(told.len(), acknowledged.len(), "nobody is told twice");
    assert_eq!(told.difference(&there).count(), 0, "what was acknowledged is there");
    assert_eq!(there.len(), told.len(), "and nothing besides");
    let odd = "select count(*) from annotation_items i where i.gold is null and 2 <> (select count(distinct j.user_id) from judgements j where j.item_id = i.id and j.superseded_at is null)";
    assert_eq!(count(&place.db, odd).await, 0, "every item is judged by two people");
    let current = "select count(*) from judgements j join annotation_items i on i.id = j.item_id where i.gold is null and j.superseded_at is null";
    assert_eq!(count(&place.db, current).await, wanted as i64);
    let replaced = "select count(*) from judgements where superseded_at is not null";
    assert_eq!(count(&place.db, replaced).await, returned as i64, "only what was sent back is replaced");
    let books = "select count(*) from annotation_items where gold is null and (free <> 0 or judged <> wanted)";
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
