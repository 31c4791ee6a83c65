//! What a task comes to, against a real Postgres: agreement, consensus, review, adjudication, files.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod kept;

use super::{
    adjudication, board, consensus, exchange,
    items::{self, ItemFilter, Sees},
    publish, quality, reviews,
};
use crate::{StoreError, error::to_json};
use domain::{
    access::Role,
    annotation::{
        ItemStatus, Verdict,
        agreement_view::Measure,
        answer::{Answer, Judgement},
        distribution::Distribution,
        exchange::{Raw, Read, label_studio},
        publish::{Becomes, Publish},
        view::{ConsensusMethod, Decide, Item, Source},
    },
    dataset::VersionStats,
    id::{DatasetId, ItemId, JudgementId, ProjectId, SampleId, TaskId, UserId, VersionId},
    sample::Split,
};
use serde_json::{Value, json};
use sqlx::PgPool;

/// A task whose items are the samples of a version, and people who may judge them.
struct Place {
    db: PgPool,
    project: ProjectId,
    version: VersionId,
    task: TaskId,
    items: Vec<ItemId>,
    people: Vec<UserId>,
}

async fn person(db: &PgPool, name: &str) -> UserId {
    let email = domain::account::Email::parse(&format!("{name}@example.org")).unwrap();
    crate::users::create(&mut db.acquire().await.unwrap(), &email, name, "x", false).await.unwrap()
}

async fn task(db: &PgPool, project: ProjectId, version: VersionId, by: UserId, questions: &Value) -> TaskId {
    let id = TaskId::new();
    let source = Source::Version { version_id: version, splits: vec![Split::Train], limit: 0, suggestions: None };
    sqlx::query(
        "insert into annotation_tasks (id, project_id, name, source, version_id, design, distribution, status, filled_at, created_by) \
         values ($1, $2, 'T', $3, $4, $5, $6, 'open', now(), $7)",
    )
    .bind(id.0)
    .bind(project.0)
    .bind(to_json(&source).unwrap())
    .bind(version.0)
    .bind(json!({ "show": "answers", "questions": questions }))
    .bind(to_json(&Distribution::default()).unwrap())
    .bind(by.0)
    .execute(db)
    .await
    .unwrap();
    sqlx::query(
        "insert into annotation_items (task_id, rank, sample_id, wanted, free) \
         select $1, position, sample_id, 3, 3 from version_samples where version_id = $2",
    )
    .bind(id.0)
    .bind(version.0)
    .execute(db)
    .await
    .unwrap();
    id
}

async fn item_ids(db: &PgPool, task: TaskId) -> Vec<ItemId> {
    let ids: Vec<i64> = sqlx::query_scalar("select id from annotation_items where task_id = $1 order by rank")
        .bind(task.0)
        .fetch_all(db)
        .await
        .unwrap();
    ids.into_iter().map(ItemId).collect()
}

async fn place(db: PgPool, texts: &[&str], people: usize, questions: Value) -> Place {
    let lead = person(&db, "lead").await;
    let project = crate::projects::create(&db, lead, "p", "").await.unwrap();
    let (dataset, version) = (DatasetId::new(), VersionId::new());
    sqlx::query("insert into datasets (id, project_id, name, created_by) values ($1, $2, 'D', $3)")
        .bind(dataset.0)
        .bind(project.0)
        .bind(lead.0)
        .execute(&db)
        .await
        .unwrap();
    sqlx::query("insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($1, $2, 1, '{}', $3, $4)")
        .bind(version.0)
        .bind(dataset.0)
        .bind(to_json(&VersionStats::default()).unwrap())
        .bind(lead.0)
        .execute(&db)
        .await
        .unwrap();
    sqlx::query(
        "with made as (insert into samples (dataset_id, messages, rejected, content_hash, search_text) \
            select $1, jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'hello'), \
                jsonb_build_object('role', 'assistant', 'content', 'hm?'), jsonb_build_object('role', 'user', 'content', text), \
                jsonb_build_object('role', 'assistant', 'content', 'yes')), 'no', sha256(convert_to(text, 'UTF8')), lower(text) \
            from unnest($3::text[]) with ordinality t (text, n) order by n returning id) \
         insert into version_samples (version_id, position, sample_id, split) \
         select $2, row_number() over (order by id) - 1, id, 0 from made",
    )
    .bind(dataset.0)
    .bind(version.0)
    .bind(texts)
    .execute(&db)
    .await
    .unwrap();
    let task = task(&db, project, version, lead, &questions).await;
    let mut found = Vec::new();
    for at in 0..people {
        found.push(person(&db, &format!("person{at}")).await);
    }
    let items = item_ids(&db, task).await;
    Place { db, project, version, task, items, people: found }
}

impl Place {
    /// Puts what somebody says of an item on record, as one that has all it wants.
    async fn say(&self, item: usize, person: usize, answers: Value) -> JudgementId {
        let (id, item) = (JudgementId::new(), self.items[item]);
        sqlx::query(
            "insert into judgements (id, item_id, task_id, user_id, origin, answers, duration_ms, guideline_revision, submit_key) \
             values ($1, $2, $3, $4, 'annotator', $5, 1000, 1, $1)",
        )
        .bind(id.0)
        .bind(item.0)
        .bind(self.task.0)
        .bind(self.people[person].0)
        .bind(answers)
        .execute(&self.db)
        .await
        .unwrap();
        sqlx::query(
            "insert into annotation_assignments (item_id, user_id, task_id, status, held_until) values ($1, $2, $3, 'submitted', now())",
        )
        .bind(item.0)
        .bind(self.people[person].0)
        .bind(self.task.0)
        .execute(&self.db)
        .await
        .unwrap();
        sqlx::query("update annotation_items set judged = judged + 1, free = free - 1, status = 'judged' where id = $1 and free > 0")
            .bind(item.0)
            .execute(&self.db)
            .await
            .unwrap();
        id
    }

    async fn mark(&self, item: usize, status: &str) {
        sqlx::query("update annotation_items set status = $2 where id = $1")
            .bind(self.items[item].0)
            .bind(status)
            .execute(&self.db)
            .await
            .unwrap();
    }

    async fn item(&self, item: usize) -> Item {
        items::get(&self.db, self.project, self.task, self.items[item], Sees::All).await.unwrap().unwrap()
    }
}

fn tone(value: &str) -> Value {
    json!({ "tone": { "kind": "choice", "value": value } })
}

fn tones() -> Value {
    json!([{ "name": "tone", "title": "T", "kind": "choice", "options": [{ "value": "good" }, { "value": "bad" }] }])
}

fn judgement(answers: Value) -> Judgement {
    serde_json::from_value(json!({ "answers": answers })).unwrap()
}

/// Krippendorff 2011, section E: α = 0.743.
#[sqlx::test(migrations = "../../migrations")]
async fn a_published_figure_comes_out_of_the_tables(db: PgPool) {
    const OBSERVERS: [[u32; 12]; 4] = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ];
    let options: Vec<Value> = (1..=5).map(|v| json!({ "value": v.to_string() })).collect();
    let texts: Vec<String> = (0..12).map(|i| format!("unit {i}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let questions = json!([{ "name": "tone", "title": "T", "kind": "choice", "options": options }]);
    let p = place(db, &texts, 4, questions).await;
    for (who, said) in OBSERVERS.iter().enumerate() {
        for (unit, value) in said.iter().enumerate().filter(|(_, value)| **value > 0) {
            p.say(unit, who, tone(&value.to_string())).await;
        }
    }
    let found = quality::agreement(&p.db, p.project, p.task).await.unwrap().unwrap();
    assert_eq!((found.items, found.measured), (11, 11));
    let question = &found.questions[0];
    assert!((question.value.unwrap() - 0.743).abs() < 1e-3, "{question:?}");
    assert_eq!((question.pairs.len(), question.people.len()), (6, 4));
    assert_eq!(question.weeks.iter().map(|week| week.items).sum::<u64>(), 11);
    assert_eq!(question.lowest[0].item_id, p.items[5]);
    let board = board::board(&p.db, p.project, p.task).await.unwrap().unwrap();
    assert_eq!((board.people.len(), board.people[0].judged), (4, 11));
    assert_eq!(board.days.iter().map(|day| day.judged).sum::<u64>(), 41);
    let elsewhere = ProjectId::new();
    assert!(quality::agreement(&p.db, elsewhere, p.task).await.unwrap().is_none());
    assert!(board::board(&p.db, elsewhere, p.task).await.unwrap().is_none());
}

fn every_kind() -> Value {
    json!([
        { "name": "tone", "title": "T", "kind": "choice", "options": [{ "value": "good" }, { "value": "bad" }] },
        { "name": "topics", "title": "T", "kind": "choices", "options": [{ "value": "a" }, { "value": "b" }] },
        { "name": "who", "title": "T", "kind": "spans", "labels": [{ "value": "PER" }] },
        { "name": "why", "title": "T", "kind": "text" },
        { "name": "stars", "title": "T", "kind": "rating", "min": 1, "max": 5 },
        { "name": "better", "title": "T", "kind": "preference" },
        { "name": "order", "title": "T", "kind": "ranking" },
        { "name": "turns", "title": "T", "kind": "turns", "options": [{ "value": "ok" }, { "value": "odd" }], "required": false },
    ])
}

fn of_every_kind(tone: &str, end: u32, stars: i32) -> Value {
    json!({
        "tone": { "kind": "choice", "value": tone },
        "topics": { "kind": "choices", "values": ["a"] },
        "who": { "kind": "spans", "spans": [{ "start": 0, "end": end, "label": "PER" }] },
        "why": { "kind": "text", "text": "so" },
        "stars": { "kind": "rating", "value": stars },
        "better": { "kind": "preference", "value": "first" },
        "order": { "kind": "ranking", "order": [0, 1] },
        "turns": { "kind": "turns", "values": { "1": "ok" } },
    })
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_kind_is_measured_and_decided(db: PgPool) {
    let p = place(db, &["王小明😀 came", "Ann came"], 3, every_kind()).await;
    for (who, tone) in ["good", "good", "bad"].into_iter().enumerate() {
        p.say(0, who, of_every_kind(tone, 3, 4)).await;
    }
    for who in 0..2 {
        p.say(1, who, of_every_kind(["good", "bad"][who], 3, 2 + who as i32)).await;
    }
    let found = quality::agreement(&p.db, p.project, p.task).await.unwrap().unwrap();
    let measures: Vec<Measure> = found.questions.iter().map(|q| q.measure).collect();
    use Measure::{AlphaNominal, AlphaOrdinal, AlphaSets, AlphaUnits, KendallW, Similarity};
    assert_eq!(
        measures,
        [AlphaNominal, AlphaSets, AlphaUnits, Similarity, AlphaOrdinal, AlphaNominal, KendallW, AlphaNominal]
    );
    assert!(found.questions.iter().all(|q| q.items == 2 && q.alike.is_some()));
    assert_eq!(found.questions[2].value, Some(1.0), "all mark the same");
    assert_eq!(found.questions[2].pairs[0].f1_exact, Some(1.0));

    let computed = consensus::compute(&p.db, p.project, p.task, ConsensusMethod::Majority).await.unwrap().unwrap();
    assert_eq!((computed.decided, computed.undecided, computed.kept), (1, 1, 0));
    let first = p.item(0).await;
    let agreed = first.consensus.unwrap();
    assert_eq!((first.status, agreed.answers.len()), (ItemStatus::Judged, 8));
    assert!((agreed.confidence["tone"] - 2.0 / 3.0).abs() < 1e-9);
    let second = p.item(1).await;
    assert_eq!((second.status, second.consensus), (ItemStatus::Adjudication, None));

    // Somebody decides, and that stays.
    let waiting = adjudication::waiting(&p.db, p.project, p.task, None).await.unwrap().unwrap();
    assert_eq!(waiting.iter().map(|item| item.id).collect::<Vec<_>>(), [p.items[1]]);
    let said = judgement(of_every_kind("bad", 3, 3));
    let problems = adjudication::problems(&p.db, p.project, p.task, p.items[1], &said).await.unwrap().unwrap();
    assert_eq!(problems, []);
    let bad = judgement(tone("neutral"));
    assert!(!adjudication::problems(&p.db, p.project, p.task, p.items[1], &bad).await.unwrap().unwrap().is_empty());
    assert!(adjudication::adjudicate(&p.db, p.project, p.task, p.items[1], &said, p.people[2]).await.unwrap());
    let again = consensus::compute(&p.db, p.project, p.task, ConsensusMethod::DawidSkene).await.unwrap().unwrap();
    assert_eq!((again.decided, again.kept), (1, 1));
    let decided = p.item(1).await;
    assert_eq!((decided.status, decided.consensus.unwrap().method), (ItemStatus::Accepted, ConsensusMethod::Expert));

    // What goes into a version.
    let publish = Publish {
        questions: [("tone".to_owned(), Becomes::Label)].into(),
        min_confidence: 0.0,
        only_judged: false,
        with_slices: true,
    };
    let source = publish::source(&p.db, p.project, p.task).await.unwrap().unwrap();
    assert_eq!(source.version, p.version);
    let samples: Vec<i64> =
        sqlx::query_scalar("select sample_id from version_samples order by position").fetch_all(&p.db).await.unwrap();
    let ids: Vec<SampleId> = samples.into_iter().map(SampleId).collect();
    let labels = publish::labels(&p.db, p.task, &source.design, &publish, &ids).await.unwrap();
    assert_eq!((labels.len(), labels[&ids[0]].annotators), (2, 3));
    assert!((labels[&ids[0]].agreement.unwrap() - 1.0 / 3.0).abs() < 1e-9, "one pair of three agrees");
}

/// Two careful people against three who say the same wrong thing of some items: the model believes the careful ones.
#[sqlx::test(migrations = "../../migrations")]
async fn the_model_beats_the_majority(db: PgPool) {
    let texts: Vec<String> = (0..60).map(|i| format!("text {i}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let p = place(db, &texts, 5, tones()).await;
    let truth = |i: usize| i % 2;
    let careless = |i: usize, who: usize| if i.is_multiple_of(7) { 1 - truth(i) } else { (i / (who + 2)) % 2 };
    for i in 0..60 {
        for who in 0..5 {
            let said = if who < 2 { truth(i) } else { careless(i, who - 2) };
            p.say(i, who, tone(["good", "bad"][said])).await;
        }
    }
    let mut right = Vec::new();
    for method in [ConsensusMethod::Majority, ConsensusMethod::DawidSkene] {
        consensus::compute(&p.db, p.project, p.task, method).await.unwrap().unwrap();
        let agreed = exchange::agreed(&p.db, p.task, None, 100).await.unwrap().items;
        let is_right = |at: usize, answer: &Answer| matches!(answer, Answer::Choice { value } if value == ["good", "bad"][truth(at)]);
        right.push(agreed.iter().filter(|a| is_right(a.rank as usize, &a.answers["tone"])).count());
    }
    assert!(right[0] < right[1] && right[1] >= 57, "{right:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reviewer_accepts_fixes_and_gives_back(db: PgPool) {
    let p = place(db, &["a", "b", "c"], 2, tones()).await;
    let mut ids = Vec::new();
    for item in 0..3 {
        ids.push(p.say(item, 0, tone("good")).await);
        p.mark(item, "review").await;
    }
    let reviewer = p.people[1];
    let queue = |user| reviews::queue(&p.db, p.project, p.task, user, None);
    assert_eq!(queue(reviewer).await.unwrap().unwrap().len(), 3);
    assert!(queue(p.people[0]).await.unwrap().unwrap().is_empty(), "nobody reviews their own");
    let own = Decide { judgement_id: ids[0], verdict: Verdict::Accept, reason: String::new(), fixed: None };
    assert!(!reviews::decide(&p.db, p.project, p.task, p.items[0], &own, p.people[0]).await.unwrap());
    sqlx::query("delete from members").execute(&p.db).await.unwrap();
    assert_eq!(queue(p.people[0]).await.unwrap().unwrap().len(), 3, "but where nobody else can");
    assert!(reviews::may_review(&p.db, p.project, p.task, reviewer, Role::Scientist).await.unwrap());
    assert!(!reviews::may_review(&p.db, p.project, p.task, reviewer, Role::Annotator).await.unwrap());
    let decide = async |at: usize, verdict: Verdict, fixed: Option<Judgement>| {
        let decide = Decide { judgement_id: ids[at], verdict, reason: "look again".to_owned(), fixed };
        reviews::decide(&p.db, p.project, p.task, p.items[at], &decide, reviewer).await
    };
    assert!(decide(0, Verdict::Accept, None).await.unwrap());
    assert!(decide(1, Verdict::Fix, Some(judgement(tone("bad")))).await.unwrap());
    assert!(decide(2, Verdict::Return, None).await.unwrap());
    assert!(matches!(decide(0, Verdict::Accept, None).await, Err(StoreError::Stale(_))), "it is decided");
    let (accepted, fixed, returned) = (p.item(0).await, p.item(1).await, p.item(2).await);
    assert_eq!(accepted.consensus.unwrap().answers, judgement(tone("good")).answers);
    assert_eq!(fixed.consensus.unwrap().answers, judgement(tone("bad")).answers);
    assert_eq!(fixed.judgements.len(), 2);
    assert_eq!((returned.status, returned.reviews.len()), (ItemStatus::Open, 1));
    assert!(returned.judgements[0].superseded);
    let left: String =
        sqlx::query_scalar("select status || ' ' || reason from annotation_assignments where item_id = $1")
            .bind(p.items[2].0)
            .fetch_one(&p.db)
            .await
            .unwrap();
    assert_eq!(left, "returned look again");
    let draft: Value = sqlx::query_scalar("select draft->'answers' from annotation_assignments where item_id = $1")
        .bind(p.items[2].0)
        .fetch_one(&p.db)
        .await
        .unwrap();
    assert_eq!(draft, tone("good"), "they begin with what they said");
}

#[sqlx::test(migrations = "../../migrations")]
async fn annotators_see_their_own_until_the_task_is_closed(db: PgPool) {
    let p = place(db, &["Alpha", "Beta"], 2, tones()).await;
    p.say(0, 0, tone("good")).await;
    p.say(0, 1, tone("bad")).await;
    p.say(1, 1, tone("bad")).await;
    let sees = async |person: usize, role| {
        items::sees(&p.db, p.project, p.task, p.people[person], role).await.unwrap().unwrap()
    };
    assert_eq!(sees(0, Role::Manager).await, Sees::All);
    let own = sees(0, Role::Annotator).await;
    assert_eq!(own, Sees::Own(p.people[0]));
    let page = async |filter: ItemFilter, sees| {
        items::page(&p.db, p.project, p.task, &filter, sees, None, 10).await.unwrap().unwrap().items
    };
    let mine = page(ItemFilter::default(), own).await;
    assert_eq!((mine.len(), mine[0].judgements.len()), (1, 1));
    let whole = board::board(&p.db, p.project, p.task).await.unwrap().unwrap();
    let at_work = |sees| board::as_seen(whole.clone(), sees).people.iter().map(|x| x.person.id).collect::<Vec<_>>();
    assert_eq!((at_work(own), at_work(Sees::All).len() > 1), (vec![p.people[0]], true), "the others' rows are theirs");
    sqlx::query("update annotation_items set status = 'adjudication'").execute(&p.db).await.unwrap();
    let at = |status| ItemFilter { status: Some(status), ..ItemFilter::default() };
    assert_eq!(page(at(ItemStatus::Judged), own).await[0].status, ItemStatus::Judged, "not that others differ");
    assert!(page(at(ItemStatus::Adjudication), own).await.is_empty());
    assert_eq!(page(at(ItemStatus::Adjudication), Sees::All).await.len(), 2);
    assert!(page(ItemFilter { value: Some("bad".to_owned()), ..ItemFilter::default() }, own).await.is_empty());
    assert!(items::get(&p.db, p.project, p.task, p.items[1], own).await.unwrap().is_none());
    assert_eq!(page(ItemFilter { value: Some("good".to_owned()), ..ItemFilter::default() }, Sees::All).await.len(), 1);
    assert_eq!(
        page(ItemFilter { search: Some("BETA".to_owned()), ..ItemFilter::default() }, Sees::All).await[0].rank,
        1
    );
    assert_eq!(page(ItemFilter { person: Some(p.people[1]), ..ItemFilter::default() }, Sees::All).await.len(), 2);
    sqlx::query("update annotation_tasks set status = 'closed'").execute(&p.db).await.unwrap();
    assert_eq!(sees(0, Role::Annotator).await, Sees::All);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_written_to_files_is_read_again_once(db: PgPool) {
    let p = place(db, &["王小明😀 came", "Ann came"], 2, every_kind()).await;
    p.say(0, 0, of_every_kind("good", 3, 4)).await;
    p.say(1, 1, of_every_kind("bad", 3, 1)).await;
    let head = exchange::design(&p.db, p.project, p.task).await.unwrap().unwrap();
    let lines = exchange::judgements(&p.db, p.task, None, 10).await.unwrap().items;
    let whole = exchange::whole(&p.db, p.task, None, 10).await.unwrap().items;
    let own: Vec<Read> = lines.iter().cloned().map(Read::from).collect();
    let imported = exchange::take(&p.db, p.project, p.task, &own, 1).await.unwrap().unwrap();
    assert_eq!((imported.taken, imported.again), (0, 2), "people here said so themselves");
    let written: Vec<Value> = whole
        .iter()
        .map(|(sample, item)| label_studio::task(item.id, *sample, &item.content, &item.judgements))
        .collect();
    // Into another task on the same samples, which knows neither items nor people of this one.
    let other = task(&p.db, p.project, p.version, p.people[0], &every_kind()).await;
    let read: Vec<Read> = written.iter().flat_map(|task| label_studio::read(&head, task)).collect();
    let read: Vec<Read> = read.into_iter().map(|r| Read { item_id: None, ..r }).collect();
    let imported = exchange::take(&p.db, p.project, other, &read, 1).await.unwrap().unwrap();
    assert_eq!((imported.taken, imported.again, imported.unknown, imported.refused), (2, 0, 0, 0), "{imported:?}");
    let text: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    let again: Vec<Read> = text.iter().map(|line| serde_json::from_str::<Raw>(line).unwrap().into()).collect();
    let again: Vec<Read> = again.into_iter().map(|r: Read| Read { item_id: None, ..r }).collect();
    let imported = exchange::take(&p.db, p.project, other, &again, 1).await.unwrap().unwrap();
    assert_eq!((imported.taken, imported.again), (0, 2), "the same people said the same");
    let theirs = exchange::judgements(&p.db, other, None, 10).await.unwrap().items;
    let answers = |lines: &[Raw]| {
        let mut said: Vec<(u32, String, Judgement)> =
            lines.iter().map(|l| (l.rank, l.by.clone(), l.judgement.clone())).collect();
        said.sort_by_key(|(rank, ..)| *rank);
        said
    };
    assert_eq!(answers(&theirs), answers(&lines));
    // By the text alone; what is not asked is refused, what no item has is unknown.
    let by_text = |text: &str, answers: Value| Read {
        item_id: None,
        sample_id: None,
        text: Some(text.to_owned()),
        by: "Eve".to_owned(),
        judgement: judgement(answers),
        duration_ms: None,
    };
    let more = [
        by_text("Ann came", of_every_kind("good", 3, 5)),
        by_text("Ann came", of_every_kind("good", 30, 5)),
        by_text("nowhere", of_every_kind("good", 3, 5)),
    ];
    let imported = exchange::take(&p.db, p.project, other, &more, 10).await.unwrap().unwrap();
    assert_eq!((imported.taken, imported.unknown, imported.refused), (1, 1, 1), "{imported:?}");
    assert_eq!(imported.examples[0].at, 11);
    // A later file says something else in the same name.
    let changed = [by_text("Ann came", of_every_kind("bad", 3, 5))];
    assert_eq!(exchange::take(&p.db, p.project, other, &changed, 1).await.unwrap().unwrap().taken, 1);
    let of_eve: i64 =
        sqlx::query_scalar("select count(*) from judgements where imported_from = 'Eve' and superseded_at is null")
            .fetch_one(&p.db)
            .await
            .unwrap();
    assert_eq!(of_eve, 1);
}
