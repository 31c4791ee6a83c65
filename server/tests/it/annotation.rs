//! Annotation over the REST API: from a version to judged items, by several people at once, with lost connections.

use crate::script::Script;
use crate::support::{Credential, TestApp};
use axum::{body::Body, http::header};
use domain::access::{Role, TokenScope};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use store::PgPool;
use uuid::Uuid;

/// A project with a version of reviews. Two servers answer in turns: what one of them knew is no more known to the other than
/// after a restart.
struct Place {
    script: Script,
    second: TestApp,
    asked: AtomicUsize,
    version: String,
}

impl Place {
    async fn new(db: PgPool, rows: usize) -> Self {
        let second = TestApp::new(db.clone());
        let script = Script::new(db).await;
        let rows: String = (0..rows).map(|i| format!("This was film {i} and I liked it,pos\n")).collect();
        let split = json!({ "seed": 1, "train": 1, "validation": 0, "test": 0 });
        let file = format!("text,label\n{rows}").into_bytes();
        let job = script.imported("films.csv", file, json!({ "split": split })).await;
        let version = job["result"]["version_id"].as_str().unwrap_or_else(|| panic!("{job}")).to_owned();
        Self { script, second, asked: AtomicUsize::new(0), version }
    }

    async fn annotator(&self, name: &str) -> Credential {
        let app = &self.script.app;
        let owner = store::projects::members(&app.db, self.script.project).await.unwrap()[0].user_id;
        let user = app.person(name).await;
        app.join(owner, self.script.project, user, Role::Annotator).await;
        Credential::Script(app.token(user, TokenScope::Write, None).await)
    }

    /// Status and answer of a request of somebody.
    async fn ask(&self, who: &Credential, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let path = format!("/api/v1/projects/{}/annotation-tasks{path}", self.script.project);
        let request = who.request(method, &path).header(header::CONTENT_TYPE, "application/json");
        let is_odd = self.asked.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        let server = if is_odd { &self.second } else { &self.script.app };
        let answer = server.send(request.body(Body::from(body.to_string())).unwrap()).await;
        (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or(Value::Null))
    }

    async fn lead(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.ask(&self.script.credential, method, path, body).await
    }

    /// A task that is filled and open; its path.
    async fn task(&self, distribution: Value) -> String {
        let new = json!({
            "name": "tone",
            "source": { "kind": "version", "version_id": self.version, "splits": ["train"] },
            "design": { "questions": [{ "name": "tone", "title": "Tone?", "kind": "choice", "options": [{ "value": "pos" }, { "value": "neg" }] }] },
            "distribution": distribution,
            "guideline": "# pos\nPraise.",
        });
        let (status, made) = self.lead("POST", "", &new).await;
        assert_eq!(status, 201, "{made}");
        let path = format!("/{}", made["task_id"].as_str().unwrap());
        let job = self.script.finish(made["job_id"].as_str().unwrap()).await;
        assert_eq!(job["status"], "succeeded", "{job}");
        let (status, task) = self.lead("PUT", &format!("{path}/status"), &json!({ "status": "open" })).await;
        assert_eq!((status, &task["status"]), (200, &json!("open")), "{task}");
        path
    }

    async fn next(&self, who: &Credential, task: &str) -> Value {
        let (status, next) = self.ask(who, "POST", &format!("{task}/work?count=2"), &Value::Null).await;
        assert_eq!(status, 200, "{next}");
        next
    }

    async fn submit(&self, who: &Credential, task: &str, item: &Value, judgement: &Value) -> Value {
        let (status, done) = self.ask(who, "POST", &format!("{task}/items/{item}/judgements"), judgement).await;
        assert_eq!(status, 200, "{done}");
        done["outcome"].clone()
    }
}

fn said(tone: &str) -> Value {
    json!({ "key": Uuid::new_v4(), "answers": { "tone": { "kind": "choice", "value": tone } }, "duration_ms": 900 })
}

#[sqlx::test(migrations = "../migrations")]
async fn a_version_is_judged_by_two_people_who_do_not_see_each_other(db: PgPool) {
    let place = Place::new(db, 3).await;
    let task = place.task(json!({ "overlap": 2 })).await;
    let (ada, bob) = (place.annotator("bea").await, place.annotator("bob").await);
    for who in [&ada, &bob] {
        loop {
            let next = place.next(who, &task).await;
            if next["kind"] == "nothing_left" {
                assert_eq!((&next["mine"]["judged"], &next["mine"]["left"]), (&json!(3), &json!(0)));
                break;
            }
            let item = &next["items"][0];
            assert_eq!(item["draft"], Value::Null, "what the other said shows nowhere: {item}");
            assert_eq!(place.submit(who, &task, &item["item_id"], &said("pos")).await, "taken");
        }
        let (_, mine) = place.ask(who, "GET", &format!("{task}/my-judgements"), &Value::Null).await;
        assert_eq!(mine.as_array().unwrap().len(), 3);
    }
    let (_, done) = place.lead("GET", &task, &Value::Null).await;
    assert_eq!((&done["counts"]["judged"], &done["counts"]["given"]), (&json!(3), &json!(6)), "{done}");
    let (_, blind) = place.ask(&ada, "GET", &task, &Value::Null).await;
    assert_eq!((&blind["counts"]["judged"], &blind["counts"]["given"]), (&json!(3), &json!(3)), "their own: {blind}");
    // Annotators make and change no tasks.
    let (status, _) = place.ask(&ada, "PUT", &format!("{task}/status"), &json!({ "status": "closed" })).await;
    assert_eq!(status, 403);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_lost_connection_and_a_lost_lock_lose_nothing(db: PgPool) {
    let place = Place::new(db, 1).await;
    let task = place.task(json!({})).await;
    let (ada, bob) = (place.annotator("bea").await, place.annotator("bob").await);
    let first = place.next(&ada, &task).await;
    let item = first["items"][0]["item_id"].clone();
    let nul = json!({ "number": 1, "judgement": { "answers": { "tone": { "kind": "choice", "value": "\0" } } } });
    assert_eq!(place.ask(&ada, "PUT", &format!("{task}/items/{item}/draft"), &nul).await.0, 422);
    let draft = json!({ "number": 1, "judgement": { "comment": "half done" } });
    let (status, _) = place.ask(&ada, "PUT", &format!("{task}/items/{item}/draft"), &draft).await;
    assert_eq!(status, 204);
    // The connection is lost, and she comes again.
    let again = place.next(&ada, &task).await;
    assert_eq!(again["items"][0]["draft"]["comment"], "half done", "{again}");
    // Her answer arrives, and is sent once more since the confirmation was lost.
    let judgement = said("pos");
    assert_eq!(place.submit(&ada, &task, &item, &judgement).await, "taken");
    assert_eq!(place.submit(&ada, &task, &item, &judgement).await, "again");
    assert_eq!(place.next(&bob, &task).await["kind"], "nothing_left");
    let (_, undone) = place.ask(&ada, "POST", &format!("{task}/undo"), &Value::Null).await;
    assert_eq!(undone["draft"]["answers"]["tone"]["value"], "pos", "{undone}");
    assert_eq!(place.submit(&ada, &task, &item, &said("neg")).await, "taken");
    let (_, mine) = place.ask(&ada, "GET", &format!("{task}/mine"), &Value::Null).await;
    assert_eq!(mine["judged"], 1, "{mine}");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_item_whose_lock_has_ended_goes_to_somebody_else(db: PgPool) {
    let place = Place::new(db, 1).await;
    let task = place.task(json!({})).await;
    let (ada, bob) = (place.annotator("bea").await, place.annotator("bob").await);
    let item = place.next(&ada, &task).await["items"][0]["item_id"].clone();
    assert_eq!(place.next(&bob, &task).await["kind"], "nothing_left");
    sqlx::query("update annotation_assignments set held_until = now() - interval '1 minute'")
        .execute(&place.script.app.db)
        .await
        .unwrap();
    assert_eq!(place.next(&bob, &task).await["items"][0]["item_id"], item);
    assert_eq!(place.submit(&ada, &task, &item, &said("pos")).await, "too_late");
    assert_eq!(place.submit(&bob, &task, &item, &said("pos")).await, "taken");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_cannot_be_used_is_refused_with_its_reason(db: PgPool) {
    let place = Place::new(db, 2).await;
    let task = place.task(json!({})).await;
    let ada = place.annotator("bea").await;
    let item = place.next(&ada, &task).await["items"][0]["item_id"].clone();
    let (status, problem) = place.ask(&ada, "POST", &format!("{task}/items/{item}/judgements"), &said("maybe")).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("answers")), "{problem}");
    let new = json!({
        "name": "x",
        "source": { "kind": "version", "version_id": Uuid::now_v7(), "splits": ["train"] },
        "design": { "questions": [{ "name": "a", "title": "A", "kind": "rating", "min": 1, "max": 5 }] },
    });
    assert_eq!(place.lead("POST", "", &new).await.0, 409, "a version that is elsewhere");
    let mut bad = new.clone();
    bad["distribution"] = json!({ "overlap": 0 });
    let (status, problem) = place.lead("POST", "", &bad).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("distribution")), "{problem}");
    let gold = json!({ "answers": { "tone": { "kind": "choice", "value": "neg" } } });
    let (status, _) = place.lead("PUT", &format!("{task}/items/{item}/gold"), &gold).await;
    assert_eq!(status, 204);
    let (_, found) = place.lead("GET", &task, &Value::Null).await;
    assert_eq!(found["counts"]["gold"], 1, "{found}");
    let (status, made) =
        place.lead("POST", &format!("{task}/guidelines"), &json!({ "text": "# pos\nMuch praise." })).await;
    assert_eq!((status, &made["touched"]), (201, &json!(["pos"])), "{made}");
}

#[sqlx::test(migrations = "../migrations")]
async fn items_of_an_open_task_are_judged_by_more_people(db: PgPool) {
    let place = Place::new(db, 2).await;
    let task = place.task(json!({})).await;
    let (ada, bob) = (place.annotator("bea").await, place.annotator("bob").await);
    for _ in 0..2 {
        let item = place.next(&ada, &task).await["items"][0]["item_id"].clone();
        assert_eq!(place.submit(&ada, &task, &item, &said("pos")).await, "taken");
    }
    assert_eq!(place.next(&bob, &task).await["kind"], "nothing_left");
    let (_, found) = place.lead("GET", &task, &Value::Null).await;
    let path = format!("{task}/overlap");
    let more = json!({ "revision": found["revision"], "overlap": 2 });
    assert_eq!(place.ask(&ada, "POST", &path, &more).await.0, 403);
    let (status, problem) = place.lead("POST", &path, &json!({ "revision": 0, "overlap": 101 })).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("overlap")), "{problem}");
    let (status, raised) = place.lead("POST", &path, &more).await;
    assert_eq!((status, raised), (200, json!({ "items": 2, "reopened": 2, "settled": 0 })));
    assert_eq!(place.lead("POST", &path, &more).await.0, 409, "the task was changed since");
    let (_, found) = place.lead("GET", &task, &Value::Null).await;
    let counts = &found["counts"];
    assert_eq!((&counts["open"], &counts["wanted"], &counts["given"]), (&json!(2), &json!(4), &json!(2)), "{found}");
    assert_eq!(found["distribution"]["overlap"], 2, "{found}");
    let fewer = json!({ "revision": found["revision"], "overlap": 2, "overlap_share": 0.5 });
    assert_eq!(place.lead("POST", &path, &fewer).await.0, 409, "it asks for no more");
    assert_eq!(place.next(&ada, &task).await["kind"], "nothing_left", "she has judged both");
    assert_eq!(place.next(&bob, &task).await["items"].as_array().unwrap().len(), 2);
}

/// Many people, of whom some vanish in the middle of things: whatever they were told was taken is there, once.
#[sqlx::test(migrations = "../migrations")]
async fn nothing_is_lost_or_doubled_by_people_who_come_and_go(db: PgPool) {
    let place = std::sync::Arc::new(Place::new(db, 60).await);
    let task = place.task(json!({ "overlap": 2 })).await;
    let mut people = Vec::new();
    for i in 0..10u32 {
        let (place, task) = (place.clone(), task.clone());
        let who = place.annotator(&format!("p{i}")).await;
        people.push(tokio::spawn(async move {
            let mut taken = 0u32;
            for turn in 0.. {
                let next = place.next(&who, &task).await;
                let Some(items) = next["items"].as_array() else { return taken };
                let judgement = said("pos");
                let item = &items[0]["item_id"];
                if (turn + i) % 3 == 0 {
                    // The request is sent, and nobody waits for its answer.
                    let path = format!("{task}/items/{item}/judgements");
                    let sent = place.ask(&who, "POST", &path, &judgement);
                    let _ = tokio::time::timeout(std::time::Duration::from_millis(2), sent).await;
                }
                let outcome = place.submit(&who, &task, item, &judgement).await;
                assert!(outcome == "taken" || outcome == "again", "{outcome}");
                taken += 1;
            }
            taken
        }));
    }
    let mut taken = 0;
    for person in people {
        taken += person.await.unwrap();
    }
    assert_eq!(taken, 120);
    let (_, done) = place.lead("GET", &task, &Value::Null).await;
    assert_eq!((&done["counts"]["given"], &done["counts"]["judged"]), (&json!(120), &json!(60)), "{done}");
    let counts: (i64, i64) = sqlx::query_as(
        "select count(*), count(distinct (item_id, user_id)) from judgements where superseded_at is null",
    )
    .fetch_one(&place.script.app.db)
    .await
    .unwrap();
    assert_eq!(counts, (120, 120));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_batch_goes_to_a_group_until_its_deadline(db: PgPool) {
    let place = Place::new(db, 3).await;
    let (ada, bob) = (place.annotator("bea").await, place.annotator("bob").await);
    let members = store::projects::members(&place.script.app.db, place.script.project).await.unwrap();
    let bob_id = members.iter().find(|m| m.name == "bob").unwrap().user_id;
    let call = async |method: &str, path: &str, body: Value| {
        let (status, text) = place.script.call(method, path, body.to_string().into_bytes()).await;
        (status.as_u16(), serde_json::from_str::<Value>(&text).unwrap_or(Value::Null))
    };
    let (status, group) = call("POST", "/groups", json!({ "name": "night", "people": [bob_id] })).await;
    assert_eq!((status, &group["people"][0]["name"]), (201, &json!("bob")), "{group}");
    assert_eq!(call("POST", "/groups", json!({ "name": "Night" })).await.0, 409);
    assert_eq!(call("POST", "/groups", json!({ "name": " " })).await.0, 422);
    let task = place.task(json!({ "batch_size": 2, "batch_opening": "all" })).await;
    let (status, first) =
        place.lead("PATCH", &format!("{task}/batches/1"), &json!({ "name": "pilot", "group_id": group["id"] })).await;
    assert_eq!(
        (status, &first["group"]["name"], &first["counts"]["wanted"]),
        (200, &json!("night"), &json!(2)),
        "{first}"
    );
    assert_eq!(place.lead("PATCH", &format!("{task}/batches/9"), &json!({})).await.0, 404);
    assert_eq!(place.next(&ada, &task).await["items"].as_array().unwrap().len(), 1, "the second batch alone");
    assert_eq!(place.next(&bob, &task).await["items"].as_array().unwrap().len(), 2);
    let path = format!("/groups/{}", group["id"].as_str().unwrap());
    assert_eq!(call("DELETE", &path, Value::Null).await.0, 409, "a batch is given to it");
    // The deadline passes while nothing was sent.
    let (_, found) = place.lead("GET", &task, &Value::Null).await;
    let edit = json!({ "revision": found["revision"], "deadline": "2020-01-01T00:00:00Z" });
    let (status, found) = place.lead("PATCH", &task, &edit).await;
    assert_eq!((status, &found["overdue"]), (200, &json!(true)), "{found}");
    let next = place.next(&bob, &task).await;
    assert_eq!(next["mine"]["due"]["missing"], 3, "{next}");
    let item = next["items"][0]["item_id"].clone();
    assert_eq!(place.submit(&bob, &task, &item, &said("pos")).await, "taken", "what he holds he may send");
    place.ask(&bob, "POST", &format!("{task}/give-back"), &Value::Null).await;
    assert_eq!(place.next(&bob, &task).await["kind"], "deadline_passed");
    let (_, all) = place.lead("GET", &format!("{task}/batches"), &Value::Null).await;
    assert_eq!(
        (&all[0]["name"], &all[0]["counts"]["given"], &all[1]["counts"]["given"]),
        (&json!("pilot"), &json!(1), &json!(0)),
        "{all}"
    );
}
