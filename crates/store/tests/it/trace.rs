//! What a version says about itself: how it differs from another, its data card, and its lineage, against a real Postgres.

use dataprep::hash::content_hash;
use domain::{
    account::Email,
    dataset::{BadLines, FileSyntax, Mapping, Origin, Packing, SplitPlan, Version, VersionStats},
    diff::{DiffCounts, DiffKind, DiffReason, DiffRow, VersionDiff},
    id::{BadCaseId, EvalId, ProjectId, RunId, SampleId, UserId, VersionId},
    import::ImportTarget,
    lineage::{Edge, NodeId},
    sample::{Message, Sample, Speaker, Split},
    steps::{Change, DataRecipe, Reason, Step, StepsReport},
};
use futures::TryStreamExt;
use store::{
    PgPool, Stale, StoreError, cards,
    diffs::{self, Compared, DiffQuery},
    lineage, samples,
    versions::{
        self, Correction,
        cleaned::{CleanedWriter, Fate, Passed},
        create_divided, create_from_corrections,
        import::{Line, NewSample, NewVersion, Writer},
    },
};

async fn project(db: &PgPool) -> (UserId, ProjectId) {
    let mut connection = db.acquire().await.unwrap();
    let email = Email::parse("ada@example.org").unwrap();
    let user = store::users::create(&mut connection, &email, "Ada", "x", false).await.unwrap();
    (user, store::projects::create(db, user, "p", "").await.unwrap())
}

fn sample(text: &str, label: &str) -> Sample {
    let messages = vec![Message::new(Speaker::User, text), Message::new(Speaker::Assistant, label)];
    Sample { messages, label: Some(label.to_owned()), ..Sample::default() }
}

fn origin() -> Origin {
    Origin::Import {
        file_name: "reviews.csv".to_owned(),
        size_bytes: 10,
        sha256: "ab".repeat(32),
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

/// A version of texts that are their own labels; those with `?` are of the test split.
async fn import(db: &PgPool, user: UserId, project: ProjectId, target: &ImportTarget, texts: &[&str]) -> Version {
    let origin = origin();
    let new = NewVersion { project, by: user, target, origin: &origin, append: false };
    let mut writer = Writer::begin(db, new).await.unwrap().unwrap();
    let lines: Vec<Line> = texts
        .iter()
        .enumerate()
        .map(|(i, text)| {
            let sample = sample(text, "good");
            let content_hash = content_hash(&sample);
            let split = if text.contains('?') { Split::Test } else { Split::Train };
            Line::new(&NewSample { sample, content_hash, split, file: "reviews.csv".into(), line: i as u64 + 2 })
                .unwrap()
        })
        .collect();
    writer.write(&lines).await.unwrap();
    let labels = vec![("good".to_owned(), texts.len() as u64)];
    let test = texts.iter().filter(|text| text.contains('?')).count() as u64;
    let samples = texts.len() as u64;
    let stats = VersionStats { samples, train: samples - test, test, labels, ..VersionStats::default() };
    let made = writer.finish(&stats, &origin, None).await.unwrap();
    version(db, project, made.version_id).await
}

async fn version(db: &PgPool, project: ProjectId, id: VersionId) -> Version {
    versions::get(db, project, id).await.unwrap().unwrap()
}

fn named(name: &str) -> ImportTarget {
    ImportTarget::Name(name.to_owned())
}

async fn ids(db: &PgPool, version: VersionId) -> Vec<SampleId> {
    samples::stream(db, version, None).map_ok(|row| row.id).try_collect().await.unwrap()
}

/// The next version: the second sample rewritten, the third removed for being short, the others as they are.
async fn cleaned(db: &PgPool, user: UserId, project: ProjectId, parent: &Version) -> Version {
    let recipe = DataRecipe { steps: vec![Step::of_kind("width").unwrap(), Step::of_kind("length").unwrap()] };
    let origin = Origin::Cleaned { recipe, report: StepsReport::default() };
    let mut writer = CleanedWriter::begin(db, project, parent.id, user, &origin).await.unwrap().unwrap();
    let rows: Vec<_> = samples::stream(db, parent.id, None).try_collect().await.unwrap();
    let passed = rows.into_iter().map(|row| {
        let (fate, changes) = match row.position {
            1 => (Fate::Rewritten(sample("a fine film", "good")), vec![Change { step: 1, reason: Reason::Rewritten }]),
            2 => (Fate::Removed, vec![Change { step: 2, reason: Reason::TooShort { length: 2 } }]),
            _ => (Fate::Stays, Vec::new()),
        };
        Passed { id: row.id, position: row.position, split: row.split, fate, changes }
    });
    writer.write(&passed.collect::<Vec<_>>()).await.unwrap();
    let made = writer.finish(&origin, &VersionStats::default()).await.unwrap();
    version(db, project, made.version_id).await
}

async fn compare(db: &PgPool, from: &Version, to: &Version, kind: DiffKind, with_test: bool) -> VersionDiff {
    let query = DiffQuery { kind: Some(kind), with_test, after: None, limit: 50 };
    diffs::page(db, from, to, query).await.unwrap()
}

fn texts(rows: &[DiffRow]) -> Vec<(Option<String>, Option<String>)> {
    let text = |row: &Option<domain::dataset::SampleRow>| row.as_ref().map(|r| r.sample.messages[0].content.clone());
    rows.iter().map(|row| (text(&row.before), text(&row.after))).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_cleaned_version_differs_by_what_was_done(db: PgPool) {
    let (user, project) = project(&db).await;
    let first = import(&db, user, project, &named("x"), &["one", "a good film", "ok", "is it?"]).await;
    let second = cleaned(&db, user, project, &first).await;
    let diff = compare(&db, &first, &second, DiffKind::Changed, false).await;
    assert_eq!(diff.counts, DiffCounts { removed: 1, changed: 1, ..DiffCounts::default() });
    assert_eq!(texts(&diff.rows.items), [(Some("a good film".to_owned()), Some("a fine film".to_owned()))]);
    let row = &diff.rows.items[0];
    let words: Vec<_> = row.texts[0].pieces.iter().map(|piece| piece.text.as_str()).collect();
    assert_eq!(words, ["a ", "good", "fine", " film"]);
    let step = |step, kind: &str, reason| DiffReason::Step { version: 2, step, kind: kind.to_owned(), reason };
    assert_eq!(row.reasons, [step(1, "width", Reason::Rewritten)]);
    let removed = compare(&db, &first, &second, DiffKind::Removed, false).await.rows.items;
    assert_eq!(removed[0].reasons, [step(2, "length", Reason::TooShort { length: 2 })]);
    // The other way round, what was removed is added, and the reasons are the same.
    let back = compare(&db, &second, &first, DiffKind::Added, false).await;
    assert_eq!(back.counts, DiffCounts { added: 1, changed: 1, ..DiffCounts::default() });
    assert_eq!(texts(&back.rows.items), [(None, Some("ok".to_owned()))]);
    let same = compare(&db, &first, &first, DiffKind::Changed, true).await;
    assert_eq!((same.counts.total(), same.sealed), (0, 0));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_file_sent_again_differs_by_its_texts_alone(db: PgPool) {
    let (user, project) = project(&db).await;
    let first = import(&db, user, project, &named("x"), &["a", "a", "b", "c", "sealed?"]).await;
    let again = ImportTarget::DatasetId(first.dataset_id);
    let second = import(&db, user, project, &again, &["d", "c", "a", "e", "new?"]).await;
    let diff = compare(&db, &first, &second, DiffKind::Added, false).await;
    assert_eq!(diff.counts, DiffCounts { added: 2, removed: 2, ..DiffCounts::default() });
    assert_eq!(diff.sealed, 2, "of the test split one was added and one removed");
    assert_eq!(texts(&diff.rows.items), [(None, Some("d".to_owned())), (None, Some("e".to_owned()))]);
    // Of the two copies one is left.
    let removed = compare(&db, &first, &second, DiffKind::Removed, true).await;
    assert_eq!(removed.counts, DiffCounts { added: 3, removed: 3, ..DiffCounts::default() });
    assert_eq!(removed.sealed, 0);
    let gone: Vec<_> = texts(&removed.rows.items).into_iter().filter_map(|(before, _)| before).collect();
    assert_eq!(gone, ["a", "b", "sealed?"]);
    // Pages follow the cursor.
    let query = DiffQuery { kind: Some(DiffKind::Removed), with_test: false, after: None, limit: 1 };
    let page = diffs::page(&db, &first, &second, query).await.unwrap().rows;
    let after = page.next_cursor.unwrap().parse().ok();
    let rest = diffs::page(&db, &first, &second, DiffQuery { after, ..query }).await.unwrap().rows;
    assert_eq!((texts(&rest.items)[0].0.as_deref(), rest.next_cursor), (Some("b"), None));
}

#[sqlx::test(migrations = "../../migrations")]
async fn moved_samples_and_versions_from_one_parent(db: PgPool) {
    let (user, project) = project(&db).await;
    let first = import(&db, user, project, &named("x"), &["one", "a good film", "ok", "four"]).await;
    let rule = domain::split::SplitRule::default();
    let divided = Origin::Divided { rule, groups: 0, left_out: 0 };
    let division = [Some(Split::Validation), Some(Split::Train), Some(Split::Train), Some(Split::Train)];
    let stats = VersionStats::default();
    let made = create_divided(&db, project, first.id, user, &divided, &division, &stats).await.unwrap().unwrap();
    let moved = version(&db, project, made.version_id).await;
    let diff = compare(&db, &first, &moved, DiffKind::Moved, false).await;
    assert_eq!(diff.counts, DiffCounts { moved: 1, ..DiffCounts::default() });
    assert_eq!(diff.rows.items[0].reasons, [DiffReason::Divided { version: 2 }]);
    // Two versions that were both made from the first: the rewritten sample is found by what it goes back to.
    let cleaned = cleaned(&db, user, project, &first).await;
    let diff = compare(&db, &moved, &cleaned, DiffKind::Changed, false).await;
    assert_eq!(diff.counts, DiffCounts { changed: 1, removed: 1, moved: 1, ..DiffCounts::default() });
    assert_eq!(diff.rows.items[0].reasons, [], "neither was made from the other");
}

/// A run on a version with an evaluation and a corrected bad case about a sample.
struct Story {
    run: RunId,
    eval: EvalId,
    bad_case: BadCaseId,
}

async fn story(db: &PgPool, user: UserId, project: ProjectId, version: VersionId, sample: SampleId) -> Story {
    let story = Story { run: RunId::new(), eval: EvalId::new(), bad_case: BadCaseId::new() };
    let Story { run, eval, bad_case } = &story;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "insert into models (id, project_id, name, source, card, created_by) values ('{run}', '{project}', 'm', '{{}}', '{{}}', '{user}');
         insert into runs (id, project_id, number, name, model_id, version_id, recipe, created_by)
             select '{run}', '{project}', coalesce(max(number), 0) + 1, 'r', '{run}', '{version}', '{{}}', '{user}' from runs;
         insert into evals (id, project_id, run_id, subject, version_id, metrics) values ('{eval}', '{project}', '{run}', 'tuned', '{version}', '{{}}');
         insert into bad_cases (id, project_id, run_id, eval_id, sample_id, output, expected, status, correction)
             values ('{bad_case}', '{project}', '{run}', '{eval}', {sample}, 'x', 'y', 'corrected', 'fixed');"
    )))
    .execute(db)
    .await
    .unwrap();
    story
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_correction_closes_the_circle(db: PgPool) {
    let (user, project) = project(&db).await;
    let first = import(&db, user, project, &named("x"), &["one", "two", "three?"]).await;
    let original = ids(&db, first.id).await[1];
    let Story { run, eval, bad_case } = story(&db, user, project, first.id, original).await;
    let idle = story(&db, user, project, first.id, original).await.run;
    let correction = Correction { original, sample: sample("two", "bad"), bad_case, move_to_train: false };
    let made = create_from_corrections(&db, project, first.id, &[correction], user, "").await.unwrap().unwrap();
    let second = version(&db, project, made.version_id).await;
    let corrected = ids(&db, second.id).await[1];
    let diff = compare(&db, &first, &second, DiffKind::Changed, false).await;
    assert_eq!(diff.rows.items[0].reasons, [DiffReason::Correction { bad_case }]);

    let of = async |item: NodeId| lineage::of(&db, project, &item).await.unwrap().unwrap();
    let graph = of(NodeId::Version(second.id)).await;
    let chain = [
        NodeId::File("ab".repeat(32)),
        NodeId::Version(first.id),
        NodeId::Run(run),
        NodeId::Evaluation(eval),
        NodeId::BadCase(bad_case),
        NodeId::Sample(corrected),
        NodeId::Version(second.id),
    ];
    for (generation, pair) in chain.windows(2).enumerate() {
        assert!(graph.edges.contains(&Edge { from: pair[0].clone(), to: pair[1].clone() }), "{pair:?}");
        let node = graph.nodes.iter().find(|node| node.id == pair[0]).unwrap();
        assert_eq!((node.generation, node.on_path), (generation as u32, true), "{pair:?}");
    }
    let beside = graph.nodes.iter().find(|node| node.id == NodeId::Run(idle)).unwrap();
    assert!(!beside.on_path, "another run of the first version has nothing to do with the second");
    assert!(!graph.is_cut);
    // From the original sample one comes to the same version, by the bad case and by being corrected.
    let graph = of(NodeId::Sample(original)).await;
    for from in [NodeId::BadCase(bad_case), NodeId::Sample(original)] {
        assert!(graph.edges.contains(&Edge { from, to: NodeId::Sample(corrected) }));
    }
    assert!(graph.nodes.iter().any(|node| node.id == NodeId::Version(second.id) && node.on_path));
    let elsewhere = store::projects::create(&db, user, "elsewhere", "").await.unwrap();
    for item in chain {
        assert!(lineage::of(&db, elsewhere, &item).await.unwrap().is_none(), "{item}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_large_graph_is_cut_and_says_so(db: PgPool) {
    let (user, project) = project(&db).await;
    let first = import(&db, user, project, &named("x"), &["one"]).await;
    let sample = ids(&db, first.id).await[0];
    for _ in 0..30 {
        story(&db, user, project, first.id, sample).await;
    }
    let graph = lineage::of(&db, project, &NodeId::Version(first.id)).await.unwrap().unwrap();
    let runs = graph.nodes.iter().filter(|node| matches!(node.id, NodeId::Run(_))).count();
    assert_eq!((runs, graph.is_cut), (domain::lineage::MAX_FAN, true));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_card_says_what_is_on_record(db: PgPool) {
    let (user, project) = project(&db).await;
    let first = import(&db, user, project, &named("x"), &["one", "two", "three?"]).await;
    let second = cleaned(&db, user, project, &first).await;
    let run = story(&db, user, project, second.id, ids(&db, second.id).await[0]).await.run;
    store::datasets::update(&db, project, first.dataset_id, "x", "What people say.", Some("CC0-1.0")).await.unwrap();
    store::datasets::update(&db, project, first.dataset_id, "x", "What people say.", None).await.unwrap();
    store::explore::looks::record(&db, second.id, user, domain::explore::LookedBy::Page).await.unwrap();
    let card = cards::get(&db, project, &second).await.unwrap();
    assert_eq!((card.description.as_str(), card.license.as_str()), ("What people say.", "CC0-1.0"));
    assert_eq!(card.steps.iter().map(|step| step.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((card.sources.len(), card.sources[0].file_name.as_str()), (1, "reviews.csv"));
    assert_eq!((card.runs.len(), card.runs[0].id, card.runs_total), (1, run, 1));
    assert_eq!((card.leaks, card.test_looks, card.test_lookers), (None, 1, 1));
    assert!(card.scripts.is_empty(), "there is no index yet");
}

#[sqlx::test(migrations = "../../migrations")]
async fn large_versions_are_compared_by_one_job_and_once(db: PgPool) {
    let (user, project) = project(&db).await;
    let first = import(&db, user, project, &named("x"), &["one", "a good film", "ok"]).await;
    let mut second = cleaned(&db, user, project, &first).await;
    second.stats.samples = 20_001;
    let ask = async |again: bool| {
        let query = DiffQuery { kind: None, with_test: false, after: None, limit: 10 };
        let asker = diffs::Asker { project, user, again };
        diffs::page_or_job(&db, asker, &first, &second, query).await.unwrap()
    };
    let job = async |again: bool| match ask(again).await {
        Compared::By(job) => job.id,
        Compared::Made(diff) => panic!("{diff:?}"),
    };
    let begun = job(false).await;
    assert_eq!((job(false).await, job(true).await), (begun, begun), "it is under way");
    let query = DiffQuery { kind: None, with_test: false, after: None, limit: 10 };
    let other = async |user: UserId| {
        let asker = diffs::Asker { project, user, again: false };
        // The other way round, which is another comparison.
        diffs::page_or_job(&db, asker, &second, &first, query).await
    };
    let refused = other(user).await;
    assert!(matches!(refused, Err(StoreError::Stale(Stale::ComparesAlready))), "one at a time: {refused:?}");
    let email = Email::parse("bob@example.org").unwrap();
    let bob = store::users::create(&mut db.acquire().await.unwrap(), &email, "Bob", "x", false).await.unwrap();
    assert!(matches!(other(bob).await, Ok(Compared::By(_))), "others have one of their own");
    store::jobs::request_cancel(&db, project, begun).await.unwrap();
    assert_eq!(job(false).await, begun, "it was cancelled, and nobody wants it again");
    assert_ne!(job(true).await, begun);
    diffs::make(&db, diffs::DiffVersions { from_id: first.id, to_id: second.id }).await.unwrap();
    let Compared::Made(diff) = ask(false).await else { panic!("it is kept") };
    assert_eq!((diff.counts.changed, diff.counts.removed), (1, 1));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_comparison_overtaken_by_an_erasure_is_made_anew(db: PgPool) {
    let (user, project) = project(&db).await;
    let first = import(&db, user, project, &named("x"), &["one", "a good film", "ok"]).await;
    let second = cleaned(&db, user, project, &first).await;
    // Somebody erases, and has not ended when the comparison has.
    let mut erasure = db.begin().await.unwrap();
    sqlx::query("select id from projects where id = $1 for update")
        .bind(project.0)
        .execute(&mut *erasure)
        .await
        .unwrap();
    let comparison = tokio::spawn({
        let (db, versions) = (db.clone(), diffs::DiffVersions { from_id: first.id, to_id: second.id });
        async move { diffs::make(&db, versions).await.unwrap() }
    });
    let waits = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' \
         and query like '%for key share of p%')";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&db).await.unwrap() {
        assert!(!comparison.is_finished(), "it waits");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    // As if what tells the rewritten text from the first one were erased.
    for statement in [
        "update samples set content_hash = 'x' where messages->0->>'content' in ('a good film', 'a fine film') and $1::uuid is not null",
        "insert into forgettings (id, project_id, samples, files) values (gen_random_uuid(), $1, 1, '{}')",
    ] {
        sqlx::query(statement).bind(project.0).execute(&mut *erasure).await.unwrap();
    }
    erasure.commit().await.unwrap();
    let counts = comparison.await.unwrap();
    assert_eq!((counts.changed, counts.removed), (0, 1), "what it found before is not kept");
}
