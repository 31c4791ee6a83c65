//! Uploads, dataset versions and their samples, against a real Postgres.

use domain::{
    account::Email,
    dataset::{BadLines, FileSyntax, Mapping, Origin, Packing, SampleRow, SplitPlan, VersionStats},
    id::{BadCaseId, ProjectId, SampleId, UploadId, UserId, VersionId},
    import::ImportTarget,
    sample::{Message, Sample, Span, Speaker, Split},
    task_file::TaskFile,
};
use futures::TryStreamExt;
use store::{
    PgPool, StoreError,
    artifacts::{self, Released},
    datasets,
    samples::{self, SampleFilter},
    uploads,
    versions::{
        self, Correction, create_from_corrections,
        import::{Line, Made, NewSample, NewVersion, Writer},
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
        packing: Packing::default(),
        files: Vec::new(),
        appended: None,
    }
}

fn sample(text: &str, label: &str) -> Sample {
    Sample {
        messages: vec![Message::new(Speaker::User, text), Message::new(Speaker::Assistant, label)],
        label: Some(label.to_owned()),
        rejected: None,
        slices: [("shop".to_owned(), "a\\b".to_owned())].into(),
        spans: vec![Span { start: 0, end: 3, label: "row".to_owned() }],
        choices: vec!["even".to_owned(), "odd\t".to_owned()],
    }
}

/// Ten samples whose text needs escaping, of which the third is a pair; the ninth is validation, the tenth test.
fn ten() -> Vec<NewSample> {
    let split = |i| match i {
        8 => Split::Validation,
        9 => Split::Test,
        _ => Split::Train,
    };
    (0..10u8)
        .map(|i| NewSample {
            sample: Sample {
                rejected: (i == 2).then(|| "Never\t\\N".to_owned()),
                ..sample(&format!("Row {i}\t100%_\\n \\.\nÄ 很好\r\n\"q\""), if i % 2 == 0 { "even" } else { "odd" })
            },
            content_hash: [i; 32],
            split: split(i),
            file: "reviews.csv".into(),
            line: u64::from(i) + 2,
        })
        .collect()
}

fn lines(samples: &[NewSample]) -> Vec<Line> {
    samples.iter().map(|s| Line::new(s).unwrap()).collect()
}

async fn import(db: &PgPool, user: UserId, project: ProjectId, target: &ImportTarget) -> Made {
    let new = NewVersion { project, by: user, target, origin: &origin(), append: false };
    let mut writer = Writer::begin(db, new).await.unwrap().unwrap();
    let rows = lines(&ten());
    writer.write(&rows[..4]).await.unwrap();
    writer.write(&rows[4..]).await.unwrap();
    let labels = vec![("even".to_owned(), 5), ("odd".to_owned(), 5)];
    let stats = VersionStats { samples: 10, train: 8, validation: 1, test: 1, labels, ..VersionStats::default() };
    writer.finish(&stats, &origin(), None).await.unwrap()
}

fn name(text: &str) -> ImportTarget {
    ImportTarget::Name(text.to_owned())
}

#[sqlx::test(migrations = "../../migrations")]
async fn samples_come_back_as_they_went_in(db: PgPool) {
    let (user, project) = project(&db).await;
    let made = import(&db, user, project, &name("reviews")).await;
    let sealed = samples::page(&db, made.version_id, &SampleFilter::default(), None, 100).await.unwrap();
    assert_eq!(sealed.items.len(), 9, "the test split is sealed");
    let all = SampleFilter { with_test: true, ..SampleFilter::default() };
    let page = samples::page(&db, made.version_id, &all, None, 100).await.unwrap();
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
    let all = || SampleFilter { with_test: true, ..SampleFilter::default() };
    let label = || SampleFilter { label: Some("odd".to_owned()), ..all() };
    assert_eq!(positions(label(), None).await, (vec![1, 3, 5], Some("5".to_owned())));
    assert_eq!(positions(label(), Some(5)).await, (vec![7, 9], None));
    let search = |text: &str| SampleFilter { search: Some(text.to_owned()), ..all() };
    assert_eq!(positions(search("ROW 7"), None).await.0, [7]);
    assert_eq!(positions(search("很好"), None).await.0, [0, 1, 2]);
    assert_eq!(positions(search("100%_\\N"), Some(8)).await.0, [9]);
    assert!(positions(search("1000"), None).await.0.is_empty());
    assert_eq!(positions(search("never"), None).await.0, [2], "what was rejected is text of the sample");
    let validation = SampleFilter { split: Some(Split::Validation), ..SampleFilter::default() };
    assert_eq!(positions(validation, None).await.0, [8]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn places_count_within_a_split(db: PgPool) {
    let (user, project) = project(&db).await;
    let version = import(&db, user, project, &name("reviews")).await.version_id;
    let mut found: Vec<_> =
        samples::at_places(&db, version, Split::Train, &[7, 0, 99], None).await.unwrap().into_iter().collect();
    found.sort_by_key(|(place, _)| *place);
    assert_eq!(found.iter().map(|(place, row)| (*place, row.position)).collect::<Vec<_>>(), [(0, 0), (7, 7)]);
    let test = samples::at_places(&db, version, Split::Test, &[0], None).await.unwrap();
    assert_eq!(test.get(&0).map(|row| row.position), Some(9));
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
    let new = NewVersion { project, by: user, target: &name("reviews"), origin: &origin(), append: false };
    let mut writer = Writer::begin(&db, new).await.unwrap().unwrap();
    writer.write(&lines(&ten())).await.unwrap();
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
    let new = NewVersion { project: other, by: user, target: &target, origin: &origin(), append: false };
    assert!(Writer::begin(&db, new).await.unwrap().is_none());
    assert!(datasets::archive(&db, project, made.dataset_id).await.unwrap());
    assert!(datasets::get(&db, project, made.dataset_id).await.unwrap().is_none());
    assert!(versions::get(&db, project, made.version_id).await.unwrap().is_some());
}

/// A bad case of a run on `version` about `sample`.
async fn bad_case(db: &PgPool, user: UserId, project: ProjectId, version: VersionId, sample: SampleId) -> BadCaseId {
    let id = BadCaseId::new();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "insert into models (id, project_id, name, source, card, created_by) values ('{id}', '{project}', 'm', '{{}}', '{{}}', '{user}');
         insert into runs (id, project_id, number, name, model_id, version_id, recipe, created_by)
             select '{id}', '{project}', coalesce(max(number), 0) + 1, 'r', '{id}', '{version}', '{{}}', '{user}' from runs;
         insert into evals (id, project_id, run_id, subject, version_id, metrics) values ('{id}', '{project}', '{id}', 'tuned', '{version}', '{{}}');
         insert into bad_cases (id, project_id, run_id, eval_id, sample_id, output, expected, status, correction)
             values ('{id}', '{project}', '{id}', '{id}', {sample}, 'x', 'y', 'corrected', 'fixed');"
    )))
    .execute(db)
    .await
    .unwrap();
    id
}

async fn rows(db: &PgPool, version: VersionId) -> Vec<SampleRow> {
    samples::stream(db, version, None).try_collect().await.unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_correction_takes_its_originals_place(db: PgPool) {
    let (user, project) = project(&db).await;
    let first = import(&db, user, project, &name("reviews")).await.version_id;
    let before = rows(&db, first).await;
    let mut corrections = Vec::new();
    for (position, move_to_train) in [(0, false), (8, false), (9, true)] {
        let original = before[position].id;
        let bad_case = bad_case(&db, user, project, first, original).await;
        corrections.push(Correction { original, sample: sample("same", "fixed"), bad_case, move_to_train });
    }
    let made = create_from_corrections(&db, project, first, &corrections, user, "why").await.unwrap().unwrap();
    let after = rows(&db, made.version_id).await;
    assert_eq!((after.len(), made.number), (10, 2));
    let splits = |rows: &[SampleRow]| [0, 8, 9].map(|i| rows[i].split);
    assert_eq!(splits(&before), [Split::Train, Split::Validation, Split::Test]);
    assert_eq!(splits(&after), [Split::Train, Split::Validation, Split::Train]);
    assert_eq!(after[1], before[1]);
    assert_eq!((after[9].parent_id, after[9].bad_case_id), (Some(before[9].id), Some(corrections[2].bad_case)));
    assert_eq!((after[9].source_line, after[9].sample.label.as_deref()), (11, Some("fixed")));
    let version = versions::get(&db, project, made.version_id).await.unwrap().unwrap();
    assert_eq!(version.origin, Origin::Corrections { corrections: 3, moved_to_train: 1 });
    assert_eq!((version.stats.train, version.stats.validation, version.stats.test), (9, 1, 0));
    assert_eq!((version.stats.samples, version.stats.exact_duplicates), (10, 2));
    assert_eq!(version.parent.map(|p| p.number), Some(1));
    // The parent has not changed, and a later correction of the same original finds its successor.
    assert_eq!(rows(&db, first).await, before);
    let later = bad_case(&db, user, project, first, before[0].id).await;
    let again = vec![Correction { sample: sample("again", "fixed"), bad_case: later, ..corrections[0].clone() }];
    let third = create_from_corrections(&db, project, made.version_id, &again, user, "").await.unwrap().unwrap();
    assert_eq!(rows(&db, third.version_id).await[0].parent_id, Some(after[0].id));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_correction_of_a_stranger_makes_nothing(db: PgPool) {
    let (user, project) = project(&db).await;
    let first = import(&db, user, project, &name("reviews")).await.version_id;
    let other = import(&db, user, project, &name("other")).await.version_id;
    let original = rows(&db, other).await[0].id;
    let bad_case = bad_case(&db, user, project, other, original).await;
    let stray = [Correction { original, sample: sample("a", "b"), bad_case, move_to_train: false }];
    assert!(matches!(create_from_corrections(&db, project, first, &stray, user, "").await, Err(StoreError::Stale(_))));
    let elsewhere = store::projects::create(&db, user, "elsewhere", "").await.unwrap();
    assert!(create_from_corrections(&db, elsewhere, first, &stray, user, "").await.unwrap().is_none());
    assert_eq!(versions::of_project(&db, project).await.unwrap().len(), 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_deleted_version_takes_its_members_along(db: PgPool) {
    let (user, project) = project(&db).await;
    let made = import(&db, user, project, &name("reviews")).await;
    sqlx::query("delete from dataset_versions where id = $1").bind(made.version_id.0).execute(&db).await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from version_samples").fetch_one(&db).await.unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn membership_refers_to_what_is_there(db: PgPool) {
    let (user, project) = project(&db).await;
    let made = import(&db, user, project, &name("reviews")).await;
    let is_refused = |result: Result<_, sqlx::Error>| {
        result.is_err_and(|e| e.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation))
    };
    let stray = "insert into version_samples (version_id, position, sample_id, split) values ($1, 100, $2, 0)";
    let sample = rows(&db, made.version_id).await[0].id;
    assert!(is_refused(sqlx::query(stray).bind(made.version_id.0).bind(-1_i64).execute(&db).await), "no such sample");
    assert!(
        is_refused(sqlx::query(stray).bind(made.dataset_id.0).bind(sample.0).execute(&db).await),
        "no such version"
    );
    assert!(is_refused(sqlx::query("update version_samples set sample_id = -1").execute(&db).await));
    assert!(is_refused(sqlx::query("delete from samples where id = $1").bind(sample.0).execute(&db).await));
    sqlx::query("delete from datasets").execute(&db).await.unwrap();
    for table in ["version_samples", "samples"] {
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&db)
            .await
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn bytes_go_when_nobody_can_need_them_and_can_come_back(db: PgPool) {
    let (user, project) = project(&db).await;
    let sha256 = "ab".repeat(32);
    let store_it = async || artifacts::record(&db, &sha256, 1).await.unwrap();
    let name_it = async |name: &str| uploads::create(&db, project, user, name, &sha256, 1).await.unwrap().id;
    let delete = async |id| uploads::delete(&db, project, id, &sha256).await.unwrap();
    store_it().await;
    let first = name_it("a").await;
    // Somebody stores the same bytes, and has not named them yet.
    store_it().await;
    assert!(matches!(delete(first).await, Released::Perhaps));
    let second = name_it("b").await;
    assert!(matches!(delete(first).await, Released::Needed));
    let Released::Free(unnamed) = delete(second).await else { panic!("nothing names them") };
    // Whoever stores them anew waits until they are gone, and they are on the list after that.
    let (stored, gone) = futures::join!(artifacts::record(&db, &sha256, 1), unnamed.gone());
    stored.unwrap();
    gone.unwrap();
    let listed: i64 = sqlx::query_scalar("select count(*) from artifacts").fetch_one(&db).await.unwrap();
    assert_eq!(listed, 1);
    assert!(matches!(delete(second).await, Released::Perhaps), "it may get a name yet");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_version_keeps_the_task_that_its_file_was_made_of(db: PgPool) {
    let (user, project) = project(&db).await;
    let sha256 = "00".repeat(32);
    artifacts::record(&db, &sha256, 10).await.unwrap();
    let before = import(&db, user, project, &name("plain")).await.version_id;
    let task: TaskFile = serde_json::from_value(serde_json::json!({
        "task": "boolq", "output": "multiple_choice", "format": "json", "data_files": {"test": ["a.jsonl"]}, "split": "test",
        "text": {"template": "q"}, "target": {"place": 1}, "target_delimiter": " ", "fewshot_delimiter": "\n\n", "metrics": []
    }))
    .unwrap();
    let from = [UploadId::new(), UploadId::new()];
    let file = uploads::Rendered { file_name: "boolq.jsonl", sha256: &sha256, size_bytes: 10, task: &task, from };
    uploads::create_rendered(&db, project, user, file).await.unwrap();
    let made = import(&db, user, project, &name("boolq")).await.version_id;
    assert_eq!(versions::task(&db, project, made).await.unwrap(), Some(task));
    assert_eq!(versions::task(&db, project, before).await.unwrap(), None);
    assert_eq!(versions::task(&db, ProjectId::new(), made).await.unwrap(), None, "of another project");
}
