//! Uploads, dataset versions and their samples, against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use domain::{
    account::Email,
    dataset::{BadLines, FileSyntax, Mapping, Origin, SplitPlan, VersionStats},
    id::{ProjectId, UserId},
    import::ImportTarget,
    sample::{Message, Sample, Speaker, Split},
};
use futures::TryStreamExt;
use store::{
    PgPool, datasets,
    samples::{self, SampleFilter},
    versions::{
        self,
        import::{Made, NewSample, NewVersion, Writer},
    },
};

async fn project(db: &PgPool) -> (UserId, ProjectId) {
    let mut connection = db.acquire().await.unwrap();
    let email = Email::parse("ada@example.org").unwrap();
    let user = store::users::create(&mut connection, &email, "Ada", "x", false).await.unwrap();
    (user, store::projects::create(db, user, "p", "").await.unwrap())
}

fn origin() -> Origin {
    Origin::Import {
        file_name: "reviews.csv".to_owned(),
        size_bytes: 10,
        sha256: "00".repeat(32),
        syntax: FileSyntax::Csv,
        encoding: "UTF-8".to_owned(),
        mapping: Mapping::TextLabel { text: "text".to_owned(), label: "label".to_owned(), instruction: None },
        bad_lines: BadLines::Stop,
        split: SplitPlan::default(),
    }
}

fn sample(text: &str, label: &str) -> Sample {
    Sample {
        messages: vec![Message::new(Speaker::User, text), Message::new(Speaker::Assistant, label)],
        label: Some(label.to_owned()),
        slices: [("shop".to_owned(), "a\\b".to_owned())].into(),
    }
}

/// Ten samples whose text needs escaping; the ninth is validation, the tenth test.
fn ten() -> Vec<NewSample> {
    let split = |i| match i {
        8 => Split::Validation,
        9 => Split::Test,
        _ => Split::Train,
    };
    (0..10u8)
        .map(|i| NewSample {
            sample: sample(&format!("Row {i}\t100%_\\n \\.\nÄ 很好\r\n\"q\""), if i % 2 == 0 { "even" } else { "odd" }),
            content_hash: [i; 32],
            split: split(i),
            line: u64::from(i) + 2,
        })
        .collect()
}

async fn import(db: &PgPool, user: UserId, project: ProjectId, target: &ImportTarget) -> Made {
    let new = NewVersion { project, by: user, target, origin: &origin(), source_file: "reviews.csv" };
    let mut writer = Writer::begin(db, new).await.unwrap().unwrap();
    let rows = ten();
    writer.write(&rows[..4]).await.unwrap();
    writer.write(&rows[4..]).await.unwrap();
    let labels = vec![("even".to_owned(), 5), ("odd".to_owned(), 5)];
    let stats = VersionStats { samples: 10, train: 8, validation: 1, test: 1, labels, ..VersionStats::default() };
    writer.finish(&stats, None).await.unwrap()
}

fn name(text: &str) -> ImportTarget {
    ImportTarget::Name(text.to_owned())
}

#[sqlx::test(migrations = "../../migrations")]
async fn samples_come_back_as_they_went_in(db: PgPool) {
    let (user, project) = project(&db).await;
    let made = import(&db, user, project, &name("reviews")).await;
    let page = samples::page(&db, made.version_id, &SampleFilter::default(), None, 100).await.unwrap();
    assert_eq!(page.next_cursor, None);
    assert_eq!(
        page.items.iter().map(|r| r.sample.clone()).collect::<Vec<_>>(),
        ten().into_iter().map(|n| n.sample).collect::<Vec<_>>()
    );
    assert_eq!(page.items.iter().map(|r| r.source_line).collect::<Vec<_>>(), (2..12).collect::<Vec<_>>());
    let test: Vec<_> = versions::stream_split(&db, made.version_id, Split::Test).try_collect().await.unwrap();
    assert_eq!(test.iter().map(|(position, ..)| *position).collect::<Vec<_>>(), [9]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn pages_filter_and_follow_the_cursor(db: PgPool) {
    let (user, project) = project(&db).await;
    let version = import(&db, user, project, &name("reviews")).await.version_id;
    let positions = async |filter: SampleFilter, after| {
        let page = samples::page(&db, version, &filter, after, 3).await.unwrap();
        (page.items.iter().map(|r| r.position).collect::<Vec<_>>(), page.next_cursor)
    };
    let label = || SampleFilter { label: Some("odd".to_owned()), ..SampleFilter::default() };
    assert_eq!(positions(label(), None).await, (vec![1, 3, 5], Some("5".to_owned())));
    assert_eq!(positions(label(), Some(5)).await, (vec![7, 9], None));
    let search = |text: &str| SampleFilter { search: Some(text.to_owned()), ..SampleFilter::default() };
    assert_eq!(positions(search("ROW 7"), None).await.0, [7]);
    assert_eq!(positions(search("很好"), None).await.0, [0, 1, 2]);
    assert_eq!(positions(search("100%_\\N"), Some(8)).await.0, [9]);
    assert!(positions(search("1000"), None).await.0.is_empty());
    let validation = SampleFilter { split: Some(Split::Validation), ..SampleFilter::default() };
    assert_eq!(positions(validation, None).await.0, [8]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn versions_are_numbered_and_datasets_listed(db: PgPool) {
    let (user, project) = project(&db).await;
    let first = import(&db, user, project, &name("reviews")).await;
    let second = import(&db, user, project, &ImportTarget::DatasetId(first.dataset_id)).await;
    assert_eq!((first.number, second.number), (1, 2));
    import(&db, user, project, &name("Other")).await;
    let page = datasets::list(&db, project, "", None, 1).await.unwrap();
    assert_eq!(page.items[0].name, "Other");
    let rest = datasets::list(&db, project, "REV", page.next_cursor.unwrap().parse().ok(), 5).await.unwrap();
    assert_eq!((rest.items[0].versions, rest.items[0].samples, rest.items[0].labels), (2, 10, 2));
    let newest = versions::by_number(&db, project, first.dataset_id, None).await.unwrap().unwrap();
    assert_eq!((newest.id, newest.origin), (second.version_id, origin()));
    assert_eq!(store::activity::latest(&db, project, 10).await.unwrap()[0].object_name, "Other v1");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unfinished_version_leaves_nothing(db: PgPool) {
    let (user, project) = project(&db).await;
    let new = NewVersion { project, by: user, target: &name("reviews"), origin: &origin(), source_file: "reviews.csv" };
    let mut writer = Writer::begin(&db, new).await.unwrap().unwrap();
    writer.write(&ten()).await.unwrap();
    drop(writer);
    assert!(datasets::list(&db, project, "", None, 5).await.unwrap().items.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn other_projects_see_nothing(db: PgPool) {
    let (user, project) = project(&db).await;
    let made = import(&db, user, project, &name("reviews")).await;
    let other = store::projects::create(&db, user, "other", "").await.unwrap();
    assert!(datasets::get(&db, other, made.dataset_id).await.unwrap().is_none());
    assert!(versions::get(&db, other, made.version_id).await.unwrap().is_none());
    assert!(versions::of_dataset(&db, other, made.dataset_id).await.unwrap().is_empty());
    assert!(!datasets::archive(&db, other, made.dataset_id).await.unwrap());
    let target = ImportTarget::DatasetId(made.dataset_id);
    let new = NewVersion { project: other, by: user, target: &target, origin: &origin(), source_file: "x" };
    assert!(Writer::begin(&db, new).await.unwrap().is_none());
    assert!(datasets::archive(&db, project, made.dataset_id).await.unwrap());
    assert!(datasets::get(&db, project, made.dataset_id).await.unwrap().is_none());
    assert!(versions::get(&db, project, made.version_id).await.unwrap().is_some());
}
