//! Index and queries against a real database.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::{
    build::{self, Builder, State},
    find, how_many, looks, tags,
};
use crate::{
    Stale, StoreError,
    versions::import::{Line, NewSample, NewVersion, Writer},
};
use dataprep::hash::content_hash;
use domain::{
    account::Email,
    dataset::{BadLines, FileSyntax, Mapping, Origin, Packing, SplitPlan, VersionStats},
    edit::Selection,
    explore::{Field, Found, LookedBy, Query, Sort},
    id::{ProjectId, UserId, VersionId},
    import::ImportTarget,
    sample::{Message, Sample, Speaker, Split},
    score::{Likelihood, Score, ScoreVersion},
};
use futures::TryStreamExt;
use sqlx::PgPool;

async fn project(db: &PgPool) -> (UserId, ProjectId) {
    let mut connection = db.acquire().await.unwrap();
    let email = Email::parse("ada@example.org").unwrap();
    let user = crate::users::create(&mut connection, &email, "Ada", "x", false).await.unwrap();
    (user, crate::projects::create(db, user, "p", "").await.unwrap())
}

fn sample(text: &str, label: &str, topic: &str) -> Sample {
    Sample {
        messages: vec![Message::new(Speaker::User, text), Message::new(Speaker::Assistant, label)],
        label: Some(label.to_owned()),
        rejected: None,
        slices: [("topic".to_owned(), topic.to_owned()), ("id".to_owned(), text.to_owned())].into(),
        ..Sample::default()
    }
}

/// Writes a version of these samples with their splits, and indexes it.
async fn version(db: &PgPool, user: UserId, project: ProjectId, samples: &[(Sample, Split)]) -> VersionId {
    let origin = Origin::Import {
        file_name: "x.csv".to_owned(),
        size_bytes: 1,
        sha256: "00".repeat(32),
        syntax: FileSyntax::Csv,
        encoding: "UTF-8".to_owned(),
        mapping: Mapping::TextLabel { text: "text".to_owned(), label: "label".to_owned(), instruction: None },
        bad_lines: BadLines::Stop,
        split: SplitPlan::default(),
        packing: Packing::default(),
        files: Vec::new(),
        appended: None,
    };
    let target = ImportTarget::Name("x".to_owned());
    let new = NewVersion { project, by: user, target: &target, origin: &origin, append: false };
    let mut writer = Writer::begin(db, new).await.unwrap().unwrap();
    let rows = samples.iter().enumerate().map(|(i, (sample, split))| NewSample {
        sample: sample.clone(),
        content_hash: content_hash(sample),
        split: *split,
        file: "x.csv".into(),
        line: i as u64 + 2,
    });
    let lines: Vec<Line> = rows.map(|row| Line::new(&row).unwrap()).collect();
    for batch in lines.chunks(5000) {
        writer.write(batch).await.unwrap();
    }
    writer.finish(&VersionStats::default(), &origin, None).await.unwrap().version_id
}

async fn index(db: &PgPool, version: VersionId) {
    let mut builder = Builder::begin(db, version).await.unwrap().unwrap();
    let mut rows = crate::samples::stream(db, version, None);
    while let Some(row) = rows.try_next().await.unwrap() {
        builder.add(&row).await.unwrap();
    }
    drop(rows);
    builder.finish().await.unwrap();
}

fn query(search: &str, filters: &[&str]) -> Query {
    let filters = filters.iter().map(|f| f.parse().unwrap()).collect();
    Query { search: search.to_owned(), filters, with_test: true, limit: 10, ..Query::default() }
}

fn positions(found: &Found) -> Vec<u32> {
    found.items.iter().map(|item| item.row.position).collect()
}

fn count(found: &Found, field: &str, value: &str) -> u64 {
    let facet = found.facets.iter().find(|facet| facet.field.to_string() == field);
    facet.and_then(|facet| facet.values.iter().find(|v| v.value == value)).map_or(0, |v| v.count)
}

fn eight() -> Vec<(Sample, Split)> {
    use Split::{Test, Train, Validation};
    vec![
        (sample("The quick brown fox", "good", "animals"), Train),
        (sample("The lazy dog runs, quick as never before in its long life", "bad", "animals"), Train),
        (sample("今天天气很好", "good", "weather"), Train),
        (sample("中国科学院在北京", "bad", "places"), Validation),
        (sample("brown and quick is the fox", "good", "animals"), Test),
        (sample("The quick brown fox", "good", "animals"), Train),
        (sample("Rain 明天 in 北京", "bad", "weather"), Train),
        (sample("A fox, quick and brown", "good", "animals"), Validation),
    ]
}

#[sqlx::test(migrations = "../../migrations")]
async fn words_phrases_and_filters_meet(db: PgPool) {
    let (user, project) = project(&db).await;
    let version = version(&db, user, project, &eight()).await;
    assert_eq!(find(&db, version, &query("", &[])).await.unwrap(), None, "not indexed yet");
    index(&db, version).await;
    assert_eq!(build::state(&db, version).await.unwrap(), State::Ready);
    let ask =
        async |search: &str, filters: &[&str]| find(&db, version, &query(search, filters)).await.unwrap().unwrap();

    assert_eq!(positions(&ask("", &[]).await), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(positions(&ask("QUICK fox", &[]).await), [0, 4, 5, 7]);
    assert_eq!(positions(&ask("\"quick brown\"", &[]).await), [0, 5]);
    assert_eq!(positions(&ask("quick -brown", &[]).await), [1]);
    assert_eq!(positions(&ask("run*", &[]).await), [1]);
    assert_eq!(positions(&ask("run", &[]).await), [] as [u32; 0]);
    assert_eq!(positions(&ask("科学院", &[]).await), [3]);
    assert_eq!(positions(&ask("北京", &[]).await), [3, 6]);
    assert_eq!(positions(&ask("quick", &["label:good", "split:validation", "split:test"]).await), [4, 7]);
    assert_eq!(positions(&ask("", &["script:mixed"]).await), [2, 3, 6], "the labels are Latin");
    assert_eq!(positions(&ask("", &["duplicate:yes"]).await), [5]);
    assert_eq!(positions(&ask("", &["label:none such"]).await), [] as [u32; 0]);

    let found = ask("fox", &["split:train"]).await;
    assert_eq!((found.total, count(&found, "label", "good")), (2, 2));
    // Another value of the same field would add to what is found, so it is counted without the filter on it.
    assert_eq!([count(&found, "split", "train"), count(&found, "split", "test")], [2, 1]);
    assert_eq!(count(&found, "slice.topic", "animals"), 2);
    assert!(found.terms == ["fox"] && found.is_exact);
    let topic = Field::Slice("topic".to_owned());
    assert_eq!(how_many(&db, version, &topic, "animals").await.unwrap(), Some(4), "one more is in the test split");
    assert_eq!(how_many(&db, version, &topic, "none such").await.unwrap(), Some(0));

    let long = Query { sort: Sort::Length, descending: true, limit: 2, ..query("", &[]) };
    let found = find(&db, version, &long).await.unwrap().unwrap();
    assert_eq!((positions(&found), found.next_offset), (vec![1, 4], Some(2)));
    let labels = Query { sort: Sort::Label, offset: 2, limit: 3, ..query("", &[]) };
    assert_eq!(positions(&find(&db, version, &labels).await.unwrap().unwrap()), [6, 0, 2]);
    let last = Query { descending: true, offset: 6, limit: 5, ..query("", &[]) };
    let found = find(&db, version, &last).await.unwrap().unwrap();
    assert_eq!((positions(&found), found.next_offset), (vec![1, 0], None));
    let beyond = Query { offset: 99, ..query("", &[]) };
    assert_eq!(positions(&find(&db, version, &beyond).await.unwrap().unwrap()), [] as [u32; 0]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_test_split_is_sealed(db: PgPool) {
    let (user, project) = project(&db).await;
    let version = version(&db, user, project, &eight()).await;
    index(&db, version).await;
    let sealed = Query { with_test: false, ..query("fox", &[]) };
    let found = find(&db, version, &sealed).await.unwrap().unwrap();
    assert_eq!((positions(&found), found.sealed, count(&found, "split", "test")), (vec![0, 5, 7], 1, 1));
    assert_eq!(count(&found, "label", "good"), 3, "what is sealed is not counted either");

    let stranger = {
        let mut connection = db.acquire().await.unwrap();
        let email = Email::parse("bob@example.org").unwrap();
        crate::users::create(&mut connection, &email, "Bob", "x", false).await.unwrap()
    };
    let look = looks::record(&db, version, user, LookedBy::Page).await.unwrap();
    assert!(looks::is_open(&db, version, user, look).await.unwrap());
    assert!(!looks::is_open(&db, version, stranger, look).await.unwrap(), "a look is of one person");
    sqlx::query("update test_looks set at = now() - interval '61 minutes'").execute(&db).await.unwrap();
    assert!(!looks::is_open(&db, version, user, look).await.unwrap());
    looks::record(&db, version, stranger, LookedBy::Download).await.unwrap();
    let all = looks::of_version(&db, version).await.unwrap();
    assert_eq!((all.count, all.people, all.latest[0].by.as_deref()), (2, 2, Some("Bob")));
}

#[sqlx::test(migrations = "../../migrations")]
async fn tags_are_found_at_once(db: PgPool) {
    let (user, project) = project(&db).await;
    let version = version(&db, user, project, &eight()).await;
    index(&db, version).await;
    let ask = async || find(&db, version, &query("", &["tag:check"])).await.unwrap().unwrap();
    assert_eq!(ask().await.total, 0);
    let row = find(&db, version, &query("科学院", &[])).await.unwrap().unwrap().items.remove(0).row;
    assert!(tags::add(&db, version, row.id, "check", user).await.unwrap());
    let found = ask().await;
    assert_eq!((positions(&found), &found.items[0].tags[..]), (vec![3], &["check".to_owned()][..]));
    assert_eq!(count(&found, "tag", "check"), 1);
    assert!(tags::remove(&db, version, row.id, "check").await.unwrap());
    assert_eq!(ask().await.total, 0);
    assert!(!tags::add(&db, VersionId::new(), row.id, "check", user).await.unwrap());
}

/// Two segments, a slice of too many values, and a worker that was overtaken.
#[sqlx::test(migrations = "../../migrations")]
async fn a_large_version_has_several_segments(db: PgPool) {
    let (user, project) = project(&db).await;
    let samples: Vec<_> = (0..70_000u32)
        .map(|i| {
            (sample(&format!("row {i} {}", if i % 35_000 == 7 { "needle" } else { "hay" }), "x", "t"), Split::Train)
        })
        .collect();
    let version = version(&db, user, project, &samples).await;
    let mut late = Builder::begin(&db, version).await.unwrap().unwrap();
    let first = crate::samples::at_positions(&db, version, &[0]).await.unwrap().remove(&0).unwrap();
    late.add(&first).await.unwrap();
    index(&db, version).await;
    assert!(late.finish().await.is_err(), "somebody else has built the index meanwhile");
    assert!(Builder::begin(&db, version).await.unwrap().is_none());
    let ask = async |search: &str| find(&db, version, &query(search, &[])).await.unwrap().unwrap();
    assert_eq!(positions(&ask("needle").await), [7, 35_007]);
    assert_eq!(positions(&ask("69999").await), [69_999]);
    let hay = ask("\"row 6* hay\" hay").await;
    assert_eq!(hay.total, 0);
    let found = ask("\"hay\"").await;
    assert_eq!((found.total, found.is_exact), (16_000, false), "a phrase of frequent words is looked for in part");
    let select = async |positions: Vec<u32>| {
        let selection = Selection { search: "\"hay\"".to_owned(), positions, ..Selection::default() };
        super::select(&db, version, &selection).await
    };
    assert!(matches!(select(Vec::new()).await, Err(StoreError::Stale(Stale::SearchTooWide))));
    let ticked = select(vec![60_000, 5, 35_007]).await.unwrap();
    assert_eq!(ticked, Some(vec![5, 60_000]), "of what is ticked, all is looked into");
    assert_eq!(ask("\"hay\"").await.total, 16_000, "and not taken for all");
    let all = ask("").await;
    assert_eq!((all.total, count(&all, "slice.topic", "t"), count(&all, "slice.id", "row 0 hay")), (70_000, 70_000, 0));
    assert_eq!(count(&all, "length", "0"), 69_999, "all but row 35007 are shorter than 16 characters");
}

#[sqlx::test(migrations = "../../migrations")]
async fn missing_indexes_are_queued_once(db: PgPool) {
    let (user, project) = project(&db).await;
    let version = version(&db, user, project, &eight()).await;
    assert_eq!(build::queue_missing(&db).await.unwrap(), 1);
    assert_eq!(build::queue_missing(&db).await.unwrap(), 0);
    let job = crate::jobs::list(&db, project, None, 10).await.unwrap().remove(0);
    assert_eq!(build::state(&db, version).await.unwrap(), State::Job(job.id));
}

#[sqlx::test(migrations = "../../migrations")]
async fn scores_filter_count_and_order(db: PgPool) {
    let place = crate::runs::tests::place(db.clone()).await;
    let (user, model_id) = (place.user, place.model);
    let version = version(&db, user, place.project, &eight()).await;
    index(&db, version).await;
    let request = ScoreVersion { version_id: version, model_id, run_id: None, embed: false };
    let ids: Vec<_> = crate::samples::stream(&db, version, None).map_ok(|row| row.id).try_collect().await.unwrap();
    let mut writer = crate::scores::ScoresWriter::begin(&db, &request, user).await.unwrap();
    // Perplexities 8, 2 and 3; the others have none.
    for (id, perplexity) in ids.iter().zip([8.0f32, 2.0, 3.0]) {
        let likelihood = Likelihood::of(&[perplexity.ln() + 0.01]).unwrap();
        let score = Score { answer: likelihood, all: likelihood, cut_tokens: 0, embedding: None };
        writer.add(*id, &score).await.unwrap();
    }
    let made = writer.finish(5).await.unwrap();
    let scoring = Some(made);
    let ask = async |query: Query| find(&db, version, &Query { scoring, ..query }).await.unwrap().unwrap();

    let field = format!("perplexity.{}", made);
    let found = ask(query("", &[format!("{field}:2").as_str()])).await;
    assert_eq!((positions(&found), count(&found, &field, "8")), (vec![1, 2], 1));
    let found = ask(query("", &[format!("{field}:2.5..").as_str()])).await;
    assert_eq!((positions(&found), count(&found, &field, "2.5..")), (vec![0, 2], 2));
    let up = Query { sort: Sort::Perplexity, limit: 5, ..query("", &[]) };
    assert_eq!(positions(&ask(up.clone()).await), [1, 2, 0, 3, 4]);
    let down = Query { descending: true, without_facets: true, ..up };
    assert_eq!(positions(&ask(down).await), [0, 2, 1, 3, 4]);
    // The same scoring finds nothing in a version that it is not of.
    let elsewhere = crate::projects::create(&db, user, "q", "").await.unwrap();
    let other = self::version(&db, user, elsewhere, &eight()).await;
    index(&db, other).await;
    let found =
        async |filters: &[&str]| find(&db, other, &Query { scoring, ..query("", filters) }).await.unwrap().unwrap();
    assert_eq!((found(&[]).await.total, found(&[format!("{field}:2").as_str()]).await.total), (8, 0));
    assert_eq!(count(&found(&[]).await, &field, "8"), 0);
}
