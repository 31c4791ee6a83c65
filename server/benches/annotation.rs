//! How quickly annotators are given items and rid of judgements, over HTTP against the real server:
//! - judgements a second of eight annotators who work off a task of 10,000 items, each asking for items as it goes;
//! - the next item of a task of ITEMS items, one annotator at a time and eight at once, at places all over the task;
//! - the same for somebody who has judged nearly all of a task of ITEMS items of which others have judged none.
//!
//! `annotation [ITEMS] [--only submits|next] [--python PYTHON]` (1,000,000 by default); DATABASE_URL names an empty database.
//! `--only` leaves the other figures out. With PYTHON, which has Label Studio, the same eight clients send 10,000 annotations to
//! it, and the ratio is printed.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a program for measuring may panic")]
#![allow(unreachable_pub, dead_code, reason = "modules of the tests are reached by nobody else")]

#[path = "../tests/it/support/mod.rs"]
mod support;

use domain::{
    access::{Role, TokenScope},
    annotation::{
        TaskStatus,
        design::Design,
        distribution::Distribution,
        view::{NewTask, Source},
    },
    id::{DatasetId, ProjectId, TaskId, UserId, VersionId},
    sample::Split,
};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use store::{
    PgPool,
    annotation::{fill, tasks},
};
use support::TestApp;
use uuid::Uuid;

const CLIENTS: usize = 8;
/// Items of the task that is worked off.
const WORKED: u32 = 10_000;
/// Times that one annotator, and each of eight, asks for an item.
const ASKED: usize = 2000;
/// How many of those are one after the other; then the annotator goes to another place of the task.
const STRETCH: usize = 100;
/// Such places: of one annotator, then of each of eight. All lie apart, so that each has items for all who ask there.
const STRETCHES: usize = (1 + CLIENTS) * ASKED / STRETCH;
/// Items that are asked for, all in all: no task may have fewer.
const LEAST: usize = STRETCHES * STRETCH;
/// Items of a task that nobody has judged, where somebody has judged the others.
const UNJUDGED: u32 = 100;
/// What asking may take, 99 times of 100.
const LIMIT: Duration = Duration::from_millis(20);

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let after = |name: &str| args.iter().position(|a| a == name).map(|at| args.get(at + 1).map_or("", String::as_str));
    let items: u32 = args.iter().find_map(|a| a.parse().ok()).unwrap_or(1_000_000);
    let (submits, next) = match after("--only") {
        None => (true, true),
        Some("submits") => (true, false),
        Some("next") => (false, true),
        Some(other) => refuse(&format!("--only takes submits or next, not \"{other}\".")),
    };
    if next && (items as usize) < LEAST {
        refuse(&format!("ITEMS is {items}: the annotators judge {LEAST} items between them, so give {LEAST} or more."));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bench = Bench::start().await;
        if submits {
            let ours = bench.submits().await;
            if let Some(python) = after("--python") {
                compare(python, ours);
            }
        }
        if next {
            bench.next_items(items).await;
        }
    });
}

/// Says why nothing is measured, and ends.
#[expect(clippy::disallowed_methods, reason = "nothing is open yet that would stay")]
fn refuse(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(2)
}

/// Has the same clients send annotations to Label Studio; `ours` is what Lathe took a second.
fn compare(python: &str, ours: f64) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/label_studio.py");
    let run = std::process::Command::new(python)
        .args([script, "--tasks", &WORKED.to_string(), "--clients", &CLIENTS.to_string()])
        .stderr(std::process::Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "Label Studio was not measured: {text}");
    let theirs: Value = serde_json::from_str(text.lines().last().unwrap_or_default()).unwrap();
    let rate = theirs["per_second"].as_f64().unwrap();
    println!(
        "Label Studio {}, {CLIENTS} clients, {} annotations into {WORKED} tasks: {rate:.1}/s; ours is {:.0} times that",
        theirs["version"].as_str().unwrap_or("?"),
        theirs["sent"],
        ours / rate
    );
}

/// The foreign keys of items and of who has them, which are taken away and put back: to look at each of millions of rows takes
/// minutes, to look at them all at once seconds.
const KEYS_AWAY: &str = "do $$ declare k record; begin \
     create temp table keys_away on commit drop as \
        select conrelid::regclass::text as owner, conname, pg_get_constraintdef(oid) as definition from pg_constraint \
        where contype = 'f' and conrelid in ('annotation_items'::regclass, 'annotation_assignments'::regclass); \
     for k in select * from keys_away loop execute format('alter table %s drop constraint %I', k.owner, k.conname); end loop; \
     end $$";
const KEYS_BACK: &str = "do $$ declare k record; begin \
     for k in select * from keys_away loop \
        execute format('alter table %s add constraint %I %s', k.owner, k.conname, k.definition); end loop; \
     end $$";

/// The server and its people.
struct Bench {
    app: TestApp,
    client: Client,
    address: SocketAddr,
    project: ProjectId,
    lead: UserId,
    /// An `Authorization` header of each annotator.
    people: Vec<String>,
}

impl Bench {
    async fn start() -> Self {
        let url = std::env::var("DATABASE_URL").expect("DATABASE_URL names an empty database");
        let db = PgPool::connect(&url).await.unwrap();
        store::migrate(&db).await.unwrap();
        let app = TestApp::new(db);
        let lead = app.person("lead").await;
        let project = store::projects::create(&app.db, lead, "p", "").await.unwrap();
        let mut people = Vec::new();
        for i in 0..CLIENTS {
            let user = app.person(&format!("p{i}")).await;
            app.join(lead, project, user, Role::Annotator).await;
            people.push(app.token(user, TokenScope::Write, None).await);
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = server::router::router(app.state.clone()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        let client = Client::builder().tcp_nodelay(true).no_proxy().build().unwrap();
        Self { app, client, address, project, lead, people }
    }

    /// A version of so many samples, written by the database itself.
    async fn version(&self, samples: u32) -> VersionId {
        let (dataset, version, db) = (DatasetId::new(), VersionId::new(), &self.app.db);
        let stats = serde_json::to_value(domain::dataset::VersionStats::default()).unwrap();
        for statement in [
            "insert into datasets (id, project_id, name, created_by) values ($1, $2, 'made up', $3)",
            "insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($4, $1, 1, '{}', $5, $3)",
            "with made as (insert into samples (dataset_id, messages, label, content_hash, search_text) \
                select $1, jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'Review ' || n || ': the room was clean and the staff were friendly.'), \
                    jsonb_build_object('role', 'assistant', 'content', 'positive')), 'positive', sha256(n::text::bytea), '' from generate_series(1, $6) n returning id) \
             insert into version_samples (version_id, position, sample_id, split) select $4, row_number() over (order by id) - 1, id, 0 from made",
        ] {
            sqlx::query(statement)
                .bind(dataset.0)
                .bind(self.project.0)
                .bind(self.lead.0)
                .bind(version.0)
                .bind(&stats)
                .bind(samples.cast_signed())
                .execute(db)
                .await
                .unwrap();
        }
        sqlx::query("analyze samples, version_samples").execute(db).await.unwrap();
        version
    }

    /// A task without items, in draft.
    async fn draft(&self, version: VersionId, overlap: u32) -> TaskId {
        let design: Design =
            serde_json::from_value(json!({ "questions": [{ "name": "tone", "title": "Tone?", "kind": "choice",
            "options": [{ "value": "positive" }, { "value": "negative" }] }] }))
            .unwrap();
        let new = NewTask {
            name: "tone".to_owned(),
            source: Source::Version { version_id: version, splits: vec![Split::Train], limit: 0, suggestions: None },
            design,
            distribution: Distribution { overlap, ..Distribution::default() },
            guideline: String::new(),
            deadline: None,
            annotators: Vec::new(),
            groups: Vec::new(),
            reviewers: Vec::new(),
        };
        tasks::create(&self.app.db, self.project, &new, self.lead).await.unwrap().task_id
    }

    async fn open(&self, task: TaskId) {
        assert!(tasks::set_status(&self.app.db, self.project, task, TaskStatus::Open, self.lead).await.unwrap());
    }

    /// A task that is filled and open, and wants one judgement of each item.
    async fn task(&self, version: VersionId) -> TaskId {
        let task = self.draft(version, 1).await;
        let begin = Instant::now();
        let made = fill::fill(&self.app.db, task).await.unwrap();
        println!("{made} items made in {:.1} s", begin.elapsed().as_secs_f64());
        self.open(task).await;
        task
    }

    /// An open task that wants two judgements of each item, of which the first annotator has given theirs but for the last
    /// [`UNJUDGED`]: the items are written as they are then, and their counts by the same triggers as ever.
    async fn nearly_done(&self, version: VersionId, items: u32) -> TaskId {
        let task = self.draft(version, 2).await;
        let begin = Instant::now();
        let mut tx = self.app.db.begin().await.unwrap();
        sqlx::query(KEYS_AWAY).execute(&mut *tx).await.unwrap();
        for statement in [
            "insert into annotation_items (task_id, rank, sample_id, wanted, free, judged) \
                select $1, position, sample_id, 2, case when position < $3 then 1 else 2 end, case when position < $3 then 1 else 0 end \
                from version_samples where version_id = $2 order by position",
            "insert into annotation_assignments (item_id, user_id, task_id, status, held_until) \
                select i.id, u.id, i.task_id, 'submitted', now() from annotation_items i, users u \
                where i.task_id = $1 and i.rank < $3 and u.name = 'p0' order by i.id",
            "update annotation_batches b set last_rank = (select max(position) from version_samples where version_id = $2) where b.task_id = $1",
            "update annotation_tasks set filled_at = now() where id = $1",
        ] {
            sqlx::query(statement)
                .bind(task.0)
                .bind(version.0)
                .bind((items - UNJUDGED).cast_signed())
                .execute(&mut *tx)
                .await
                .unwrap();
        }
        sqlx::query(KEYS_BACK).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        sqlx::query("vacuum analyze annotation_items, annotation_assignments").execute(&self.app.db).await.unwrap();
        println!("{items} items, nearly all judged once, made in {:.1} s", begin.elapsed().as_secs_f64());
        self.open(task).await;
        let counts = tasks::get(&self.app.db, self.project, task).await.unwrap().unwrap().summary.counts;
        let (wanted, given) = (2 * u64::from(items), u64::from(items - UNJUDGED));
        assert_eq!((counts.open, counts.wanted, counts.given), (u64::from(items), wanted, given), "as counted");
        task
    }

    fn post(&self, person: &str, task: TaskId, rest: &str) -> RequestBuilder {
        let url = format!("http://{}/api/v1/projects/{}/annotation-tasks/{task}{rest}", self.address, self.project);
        self.client.post(url).header("authorization", person)
    }

    /// Items for a person, and how long that took.
    async fn next(&self, person: &str, task: TaskId, count: u32) -> (Vec<Value>, Duration) {
        let begin = Instant::now();
        let answer = self.post(person, task, &format!("/work?count={count}")).send().await.unwrap();
        let status = answer.status();
        let mut next: Value = answer.json().await.unwrap();
        let elapsed = begin.elapsed();
        assert!(status.is_success(), "{next}");
        let items = next.get_mut("items").map(Value::take);
        (items.and_then(|items| items.as_array().cloned()).unwrap_or_default(), elapsed)
    }

    async fn submit(&self, person: &str, task: TaskId, item: &Value) {
        let judgement = json!({ "key": Uuid::new_v4(), "duration_ms": 900,
            "answers": { "tone": { "kind": "choice", "value": "positive" } } });
        let path = format!("/items/{}/judgements", item["item_id"]);
        let answer = self.post(person, task, &path).json(&judgement).send().await.unwrap();
        let done: Value = answer.json().await.unwrap();
        assert_eq!(done["outcome"], "taken", "{done}");
    }

    /// The times of asking of the first annotator, who has judged nearly every item of a task that wants two judgements of each,
    /// while the second one is somewhere in it and gives items back now and then.
    async fn near_the_end(&self, task: TaskId) -> Vec<Duration> {
        let mut times = Vec::new();
        for turn in 0..ASKED {
            if turn % 10 == 0 {
                self.next(&self.people[1], task, 5).await;
                let answer = self.post(&self.people[1], task, "/give-back").send().await.unwrap();
                assert!(answer.status().is_success());
            }
            let (found, elapsed) = self.next(&self.people[0], task, 1).await;
            times.push(elapsed);
            if let Some(item) = found.first() {
                self.submit(&self.people[0], task, item).await;
            }
        }
        times
    }

    /// Judges until nothing is left.
    async fn work_off(&self, person: &str, task: TaskId) {
        loop {
            let (items, _) = self.next(person, task, 5).await;
            if items.is_empty() {
                return;
            }
            for item in &items {
                self.submit(person, task, item).await;
            }
        }
    }

    /// Asks and answers over and over, from another place of the task after each stretch; the times of asking. Each `walk` (0 to
    /// [`CLIENTS`]) has places of its own.
    async fn ask(&self, person: usize, task: TaskId, items: u32, walk: usize) -> Vec<Duration> {
        let mut times = Vec::new();
        for turn in 0..ASKED {
            if turn % STRETCH == 0 {
                // 73 has no factor in common with the number of stretches: each is walked once, and neighbours far apart in time.
                let stretch = (walk * ASKED + turn) / STRETCH * 73 % STRETCHES;
                let first = (stretch as u64 * u64::from(items) / STRETCHES as u64) as u32;
                sqlx::query("insert into annotation_sweeps (task_id, batch, user_id, from_rank, cursor_rank) select $1, 1, u.id, -1, $2 from users u where u.name = $3 \
                     on conflict (task_id, batch, user_id) do update set cursor_rank = excluded.cursor_rank, is_wrapped = false, is_swept = false")
                    .bind(task.0)
                    .bind(first.cast_signed() - 1)
                    .bind(format!("p{person}"))
                    .execute(&self.app.db)
                    .await
                    .unwrap();
            }
            let (found, elapsed) = self.next(&self.people[person], task, 1).await;
            times.push(elapsed);
            self.submit(&self.people[person], task, found.first().expect("each stretch has items for all who ask"))
                .await;
        }
        times
    }

    /// Measures how long the next item takes.
    async fn next_items(&self, items: u32) {
        let version = self.version(items).await;
        let large = self.task(version).await;
        println!("{:<44} {:>7} {:>7} {:>7}", "next item, milliseconds", "p50", "p99", "most");
        let mut alone = self.ask(0, large, items, 0).await;
        print_times("one annotator", &mut alone);
        let all = futures::future::join_all((0..CLIENTS).map(|i| self.ask(i, large, items, 1 + i))).await;
        print_times("eight at once, each judging", &mut all.concat());

        let twice = self.nearly_done(version, items).await;
        let mut done = self.near_the_end(twice).await;
        print_times("who has judged all, and others have not", &mut done);
    }

    /// Measures the judgements that the server takes a second of eight annotators.
    async fn submits(&self) -> f64 {
        let task = self.task(self.version(WORKED).await).await;
        let begin = Instant::now();
        futures::future::join_all(self.people.iter().map(|person| self.work_off(person, task))).await;
        let rate = f64::from(WORKED) / begin.elapsed().as_secs_f64();
        let found = tasks::get(&self.app.db, self.project, task).await.unwrap().unwrap();
        assert_eq!(found.summary.counts.given, u64::from(WORKED), "every item judged once");
        println!("{WORKED} judgements of {CLIENTS} clients, who ask for 5 items at a time: {rate:.0}/s");
        rate
    }
}

fn print_times(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let ms = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    let verdict = ms(99) / (LIMIT.as_secs_f64() * 1e3);
    println!("{what:<44} {:>7.2} {:>7.2} {:>7.2}   {verdict:.2} of {} ms", ms(50), ms(99), ms(100), LIMIT.as_millis());
}
