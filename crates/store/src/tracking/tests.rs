//! Tracking against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::{
    TrackError, experiments,
    experiments::Search as ExperimentSearch,
    files, inputs, log,
    log::Batch,
    metrics, runs,
    runs::{NewTrackedRun, RunChange},
    search::{self, Search},
};
use domain::{
    id::{ProjectId, TrackedRunId, UserId},
    tracking::{Among, HistoryPoint, Input, MetricPoint, Pair, TrackedStatus, cursor::HistoryCursor, filter, order},
};
use sqlx::PgPool;
use std::collections::BTreeMap;

struct Place {
    db: PgPool,
    user: UserId,
    project: ProjectId,
}

impl Place {
    async fn new(db: PgPool) -> Self {
        let user = UserId::new();
        sqlx::query("insert into users (id, email, name, password_hash) values ($1, 'ada@example.org', 'Ada', '')")
            .bind(user.0)
            .execute(&db)
            .await
            .unwrap();
        let project = crate::projects::create(&db, user, "P", "").await.unwrap();
        Self { db, user, project }
    }

    async fn run(&self, name: &str, started_ms: i64) -> TrackedRunId {
        let new = NewTrackedRun {
            experiment: 0,
            name: name.to_owned(),
            user_name: "ada".to_owned(),
            started_ms: Some(started_ms),
            tags: Vec::new(),
        };
        runs::create(&self.db, self.project, self.user, new).await.unwrap().id
    }

    async fn log(&self, run: TrackedRunId, metrics: &[MetricPoint], params: &[(&str, &str)]) {
        let batch = Batch { metrics: metrics.to_vec(), params: pairs(params), tags: Vec::new() };
        log::batch(&self.db, self.project, run, &batch).await.unwrap();
    }

    async fn found(&self, filter: &str, order: &[&str]) -> Vec<String> {
        let order: Vec<String> = order.iter().map(|o| (*o).to_owned()).collect();
        let search = Search {
            experiments: vec![0],
            conditions: filter::of_runs(filter).unwrap(),
            order: order::of_runs(&order).unwrap(),
            limit: 100,
            ..Search::default()
        };
        let (found, _) = search::runs(&self.db, self.project, &search).await.unwrap();
        found.into_iter().map(|run| run.name).collect()
    }

    async fn history(&self, run: TrackedRunId, key: &str) -> Vec<(i64, i64, f64)> {
        let (points, next) = self.page(run, key, HistoryCursor::START, 10_000).await;
        assert!(next.is_none());
        points.iter().map(|p| (p.step, p.timestamp_ms, p.value)).collect()
    }

    async fn page(
        &self,
        run: TrackedRunId,
        key: &str,
        after: HistoryCursor,
        limit: u32,
    ) -> (Vec<HistoryPoint>, Option<HistoryCursor>) {
        let mut seen = Vec::new();
        let keep = |points: &[HistoryPoint]| seen.extend_from_slice(points);
        let next = metrics::history(&self.db, self.project, run, key, after, limit, keep).await.unwrap();
        (seen, next)
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<Pair> {
    pairs.iter().map(|(key, value)| Pair { key: (*key).to_owned(), value: (*value).to_owned() }).collect()
}

fn at(key: &str, step: i64, value: f64) -> MetricPoint {
    MetricPoint { key: key.to_owned(), value, timestamp_ms: 1000 + step, step }
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_sent_twice_is_there_once(db: PgPool) {
    let place = Place::new(db).await;
    let run = place.run("r", 1).await;
    let batch: Vec<_> = (0..500).flat_map(|i| [at("loss", i, 1.0 / i as f64), at("nan", i, f64::NAN)]).collect();
    place.log(run, &batch, &[]).await;
    // The same again, the same in another order, and a batch that overlaps.
    place.log(run, &batch, &[]).await;
    place.log(run, &batch.iter().rev().cloned().collect::<Vec<_>>(), &[]).await;
    place.log(run, &[at("loss", 499, 1.0 / 499.0), at("loss", 500, 0.5), at("loss", 500, 0.5)], &[]).await;
    assert_eq!(place.history(run, "loss").await.len(), 501);
    assert_eq!(place.history(run, "nan").await.len(), 500);
    // Another value of the same step and time is another point.
    place.log(run, &[at("loss", 500, 0.6)], &[]).await;
    assert_eq!(place.history(run, "loss").await.len(), 502);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_newest_value_is_the_last_steps_whatever_comes_last(db: PgPool) {
    let place = Place::new(db).await;
    let run = place.run("r", 1).await;
    place.log(run, &[at("loss", 9, 0.9), at("loss", 3, 0.3)], &[]).await;
    place.log(run, &[at("loss", 5, 0.5), at("only", -1, f64::INFINITY)], &[]).await;
    let found = runs::get(&place.db, place.project, run).await.unwrap().unwrap();
    let newest: Vec<_> = found.metrics.iter().map(|m| (m.key.as_str(), m.step, m.value)).collect();
    assert_eq!(newest, [("loss", 9, 0.9), ("only", -1, f64::INFINITY)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_history_is_read_by_pages(db: PgPool) {
    let place = Place::new(db).await;
    let run = place.run("r", 1).await;
    let points: Vec<_> = (0..25).map(|i| at("m", i / 2, if i % 5 == 0 { f64::NAN } else { i as f64 })).collect();
    place.log(run, &points, &[]).await;
    let (mut after, mut seen) = (HistoryCursor::START, Vec::new());
    loop {
        let (page, next) = place.page(run, "m", after, 7).await;
        seen.extend(page);
        let Some(next) = next else { break };
        after = next.to_string().parse().unwrap();
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by_key(|p| p.step));
    let few = metrics::thinned(&place.db, place.project, run, "m", 3).await.unwrap();
    assert!(few.len() < 12 && few[0].step == 0 && few[few.len() - 1].step == 12);
    let place = Place { project: ProjectId::new(), ..place };
    assert!(place.page(run, "m", HistoryCursor::START, 7).await.0.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_long_page_is_read_in_stretches(db: PgPool) {
    let place = Place::new(db).await;
    let run = place.run("r", 1).await;
    place.log(run, &(0..10_001).map(|i| at("m", i, i as f64)).collect::<Vec<_>>(), &[]).await;
    let steps = |points: &[HistoryPoint]| points.iter().map(|p| p.step).collect::<Vec<_>>();
    // Pages that end within a stretch, with one, and with the history.
    for limit in [7_000, 10_000, 10_001, 20_000] {
        let (page, next) = place.page(run, "m", HistoryCursor::START, limit).await;
        assert_eq!(steps(&page), (0..i64::from(limit.min(10_001))).collect::<Vec<_>>(), "{limit}");
        let rest = match next {
            Some(next) => steps(&place.page(run, "m", next, 20_000).await.0),
            None => Vec::new(),
        };
        assert_eq!(rest, (i64::from(limit)..10_001).collect::<Vec<_>>(), "{limit}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn batches_of_many_metrics_at_once_keep_each_value_with_its_metric(db: PgPool) {
    let place = Place::new(db).await;
    let run = place.run("r", 1).await;
    // Names that a language's collation orders otherwise than their bytes.
    let keys = ["a", "B", "a b", "a/b", "_", "é", "准确率", "Z:1", "a-b", "ab"];
    let batch: Vec<_> =
        (0..3).flat_map(|step| (0_i32..).zip(keys).map(move |(i, key)| at(key, step, f64::from(i)))).collect();
    let half: Vec<_> = batch.iter().filter(|p| p.step < 2).cloned().collect();
    // The same values from two clients at once, one of which sends more.
    tokio::join!(place.log(run, &batch, &[]), place.log(run, &half, &[]), place.log(run, &batch, &[]));
    for (i, key) in (0_i32..).zip(keys) {
        let values: Vec<_> = place.history(run, key).await.iter().map(|p| (p.0, p.2)).collect();
        assert_eq!(values, [0, 1, 2].map(|step| (step, f64::from(i))), "{key}");
    }
    let found = runs::get(&place.db, place.project, run).await.unwrap().unwrap();
    assert!(found.metrics.is_sorted_by_key(|m| &m.key) && found.metrics.iter().all(|m| m.step == 2));
    assert_eq!(found.metrics.len(), keys.len());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_parameter_is_written_once(db: PgPool) {
    let place = Place::new(db).await;
    let run = place.run("r", 1).await;
    place.log(run, &[], &[("lr", "0.1"), ("depth", "3")]).await;
    place.log(run, &[], &[("lr", "0.1")]).await;
    let changed =
        Batch { params: pairs(&[("new", "1"), ("lr", "0.2")]), metrics: vec![at("m", 1, 1.0)], ..Batch::default() };
    let refused = log::batch(&place.db, place.project, run, &changed).await;
    assert!(matches!(refused, Err(TrackError::ParamChanged { ref old, .. }) if old == "0.1"), "{refused:?}");
    let found = runs::get(&place.db, place.project, run).await.unwrap().unwrap();
    assert_eq!(found.params, pairs(&[("depth", "3"), ("lr", "0.1")]), "nothing of a refused batch stays");
    assert!(found.metrics.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_search_finds_what_the_filter_says(db: PgPool) {
    let place = Place::new(db).await;
    for (i, name) in ["one", "two", "three"].iter().enumerate() {
        let run = place.run(name, 1000 + i as i64).await;
        let params = [("model", if i == 0 { "small" } else { "large" }), ("a b", "it's")];
        place.log(run, &[at("loss", 1, i as f64), at("acc", 1, if i == 2 { f64::NAN } else { 0.5 })], &params).await;
    }
    let cases: [(&str, &[&str]); 16] = [
        ("", &["three", "two", "one"]),
        ("metrics.loss > 0.5", &["three", "two"]),
        ("metrics.loss >= 1 AND params.model = 'large'", &["three", "two"]),
        ("metrics.loss != 1", &["three", "one"]),
        ("metrics.acc > 0", &["two", "one"]),
        ("metrics.nothing < 1", &[]),
        ("params.`a b` = 'it''s'", &["three", "two", "one"]),
        ("params.model LIKE 'sm%'", &["one"]),
        ("params.model ILIKE 'SM_LL'", &["one"]),
        ("params.model LIKE 'sm\\'", &[]),
        ("params.none IS NULL", &["three", "two", "one"]),
        ("params.none IS NOT NULL", &[]),
        ("attributes.run_name IN ('one', 'two')", &["two", "one"]),
        ("run_name NOT IN ('one', 'two')", &["three"]),
        ("start_time > 1001", &["three"]),
        ("status = 'RUNNING' AND tags.`mlflow.runName` = 'two'", &["two"]),
    ];
    for (filter, expected) in cases {
        assert_eq!(place.found(filter, &[]).await, expected, "{filter}");
    }
    assert_eq!(place.found("", &["metrics.loss DESC"]).await, ["three", "two", "one"]);
    // What has no number comes last either way.
    assert_eq!(place.found("", &["metrics.acc DESC", "run_name"]).await, ["one", "two", "three"]);
    assert_eq!(place.found("", &["params.model", "start_time"]).await, ["two", "three", "one"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn long_values_are_told_apart_by_their_ends(db: PgPool) {
    let place = Place::new(db).await;
    // At the length that the index has, below and above it.
    let lengths = [38, 39, 40].iter().flat_map(|n| ["x".repeat(*n), "字".repeat(*n)]);
    let values: Vec<String> = lengths.flat_map(|begin| [format!("{begin}a"), format!("{begin}b")]).collect();
    for value in &values {
        let run = place.run(value, 1).await;
        let batch = Batch {
            params: pairs(&[("p", value.as_str())]),
            tags: pairs(&[("t", value.as_str())]),
            ..Batch::default()
        };
        log::batch(&place.db, place.project, run, &batch).await.unwrap();
    }
    for value in &values {
        for filter in [format!("params.p = '{value}'"), format!("tags.t = '{value}'")] {
            assert_eq!(place.found(&filter, &[]).await, [value.as_str()], "{filter}");
        }
    }
    assert!(place.found(&format!("params.p = '{}'", "x".repeat(39)), &[]).await.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn several_experiments_are_searched_together(db: PgPool) {
    let place = Place::new(db).await;
    let second = experiments::create(&place.db, place.project, "second", &BTreeMap::new()).await.unwrap();
    for (name, experiment, started_ms) in [("a", 0, Some(1)), ("b", second, Some(2)), ("c", 0, Some(3)), ("d", 0, None)]
    {
        let new =
            NewTrackedRun { experiment, name: name.to_owned(), user_name: String::new(), started_ms, tags: Vec::new() };
        runs::create(&place.db, place.project, place.user, new).await.unwrap();
    }
    let names = async |experiments: &[i32]| {
        let search = Search { experiments: experiments.to_vec(), limit: 10, ..Search::default() };
        let (found, _) = search::runs(&place.db, place.project, &search).await.unwrap();
        found.into_iter().map(|r| r.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&[0]).await, ["c", "a", "d"], "what says no start comes last");
    assert_eq!(names(&[0, second]).await, ["c", "b", "a", "d"]);
    assert_eq!(names(&[9]).await, Vec::<String>::new());
    assert_eq!(names(&[]).await, Vec::<String>::new());
}

#[sqlx::test(migrations = "../../migrations")]
async fn pages_of_a_search_go_on_where_they_ended(db: PgPool) {
    let place = Place::new(db).await;
    for i in 0..5 {
        place.run(&format!("r{i}"), i).await;
    }
    let page = async |offset| {
        let search = Search { experiments: vec![0], limit: 2, offset, ..Search::default() };
        let (found, has_more) = search::runs(&place.db, place.project, &search).await.unwrap();
        (found.into_iter().map(|r| r.name).collect::<Vec<_>>(), has_more)
    };
    assert_eq!(page(0).await, (vec!["r4".to_owned(), "r3".to_owned()], true));
    assert_eq!(page(4).await, (vec!["r0".to_owned()], false));
}

#[sqlx::test(migrations = "../../migrations")]
async fn runs_are_changed_and_marked(db: PgPool) {
    let place = Place::new(db).await;
    let run = place.run("r", 1).await;
    let change =
        RunChange { status: Some(TrackedStatus::Finished), ended_ms: Some(9), name: Some("renamed".to_owned()) };
    let changed = runs::update(&place.db, place.project, run, &change).await.unwrap();
    assert_eq!(
        (changed.status, changed.ended_ms, changed.name.as_str()),
        (TrackedStatus::Finished, Some(9), "renamed")
    );
    assert_eq!(changed.tags, pairs(&[("mlflow.runName", "renamed")]));
    runs::mark(&place.db, place.project, run, true).await.unwrap();
    assert!(place.found("", &[]).await.is_empty());
    let refused = runs::must_be_active(&place.db, place.project, run).await;
    assert!(matches!(refused, Err(TrackError::RunDeleted(_))));
    runs::mark(&place.db, place.project, run, false).await.unwrap();
    assert_eq!(place.found("", &[]).await, ["renamed"]);
    log::delete_tag(&place.db, run, "mlflow.runName").await.unwrap();
    assert!(matches!(log::delete_tag(&place.db, run, "mlflow.runName").await, Err(TrackError::NoTag(_))));
    let elsewhere = ProjectId::new();
    assert!(runs::get(&place.db, elsewhere, run).await.unwrap().is_none());
    assert!(matches!(runs::mark(&place.db, elsewhere, run, true).await, Err(TrackError::NoRun(_))));
}

#[sqlx::test(migrations = "../../migrations")]
async fn experiments_are_numbered_within_their_project(db: PgPool) {
    let place = Place::new(db).await;
    let other = crate::projects::create(&place.db, place.user, "Q", "").await.unwrap();
    let tags: BTreeMap<String, String> = [("team".to_owned(), "nlp".to_owned())].into();
    for project in [place.project, other] {
        assert_eq!(experiments::create(&place.db, project, "first", &tags).await.unwrap(), 1);
    }
    let taken = experiments::create(&place.db, place.project, "first", &tags).await;
    assert!(matches!(taken, Err(TrackError::ExperimentTaken(_))));
    assert_eq!(experiments::get(&place.db, place.project, 0).await.unwrap().unwrap().name, "Default");
    experiments::set_tag(&place.db, place.project, 1, "team", Some("cv")).await.unwrap();
    experiments::rename(&place.db, place.project, 1, "second").await.unwrap();
    let found = experiments::by_name(&place.db, place.project, "second").await.unwrap().unwrap();
    assert_eq!((found.number, found.tags), (1, pairs(&[("team", "cv")])));
    let search = async |filter: &str, among| {
        let conditions = filter::of_experiments(filter).unwrap();
        let search = ExperimentSearch { conditions, among, limit: 10, ..ExperimentSearch::default() };
        let (found, _) = experiments::search(&place.db, place.project, &search).await.unwrap();
        found.into_iter().map(|e| e.number).collect::<Vec<_>>()
    };
    assert_eq!(search("tags.team = 'cv' AND name LIKE 's%' AND creation_time > 5", Among::ActiveOnly).await, [1]);
    assert_eq!(search("tags.team IS NULL", Among::ActiveOnly).await, [0]);
    experiments::mark(&place.db, place.project, 1, true).await.unwrap();
    assert_eq!(search("", Among::ActiveOnly).await, [0]);
    assert_eq!(search("", Among::DeletedOnly).await, [1]);
    let refused = experiments::rename(&place.db, place.project, 1, "third").await;
    assert!(matches!(refused, Err(TrackError::ExperimentDeleted(1))));
}

#[sqlx::test(migrations = "../../migrations")]
async fn files_lie_in_folders(db: PgPool) {
    let place = Place::new(db).await;
    let run = place.run("r", 1).await;
    let sha256 = "ab".repeat(32);
    crate::artifacts::record(&place.db, &sha256, 5).await.unwrap();
    for path in ["a.txt", "model/MLmodel", "model/data/w.bin", "model2"] {
        files::put(&place.db, run, path, &sha256, 5).await.unwrap();
    }
    let list = async |folder: &str| {
        let found = files::list(&place.db, place.project, run, folder).await.unwrap();
        found.into_iter().map(|e| (e.name, e.is_folder, e.size_bytes)).collect::<Vec<_>>()
    };
    let file = |name: &str| (name.to_owned(), false, Some(5u64));
    assert_eq!(list("").await, [file("a.txt"), ("model".to_owned(), true, None), file("model2")]);
    assert_eq!(list("model").await, [file("MLmodel"), ("data".to_owned(), true, None)]);
    assert!(list("a.txt").await.is_empty());
    assert!(files::get(&place.db, ProjectId::new(), run, "a.txt").await.unwrap().is_none());
    assert_eq!(files::remove(&place.db, run, "model").await.unwrap(), 2);
    assert_eq!(list("").await, [file("a.txt"), file("model2")]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn inputs_are_found_by_their_context(db: PgPool) {
    let place = Place::new(db).await;
    let run = place.run("r", 1).await;
    let input = Input {
        name: "reviews".to_owned(),
        digest: "d1".to_owned(),
        source_type: "local".to_owned(),
        source: "{}".to_owned(),
        schema: None,
        profile: None,
        tags: pairs(&[("mlflow.data.context", "train")]),
    };
    for _ in 0..2 {
        inputs::log(&place.db, run, std::slice::from_ref(&input)).await.unwrap();
    }
    let found = runs::get(&place.db, place.project, run).await.unwrap().unwrap();
    assert_eq!(found.inputs, [input]);
    assert_eq!(place.found("datasets.context = 'train' AND dataset.name = 'reviews'", &[]).await, ["r"]);
    assert!(place.found("datasets.context = 'eval'", &[]).await.is_empty());
}
