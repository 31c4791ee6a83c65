//! Erased samples are nowhere any more: not in what quoted them, not in versions made afterwards, and nothing that is at work
//! can bring them back. Against a real Postgres.

use dataprep::hash::content_hash;
use domain::{
    account::Email,
    dataset::{
        BadLines, FileSyntax, Mapping, Merge, MergeSource, Origin, Packing, Sizing, SplitPlan, TokenStats, Version,
        VersionStats,
    },
    edit::{EditAction, Selection, Within},
    explore::Query,
    forget::{Busy, TOMBSTONE},
    id::{BadCaseId, EvalId, ModelId, ProjectId, RunId, SampleId, UserId, VersionId},
    import::ImportTarget,
    run::{AuditExample, AuditFinding, AuditPiece, FindingKind, Preflight, SplitAudit, TokenUse},
    sample::{Message, Sample, Speaker, Split},
    score::{Likelihood, Score, ScoreVersion},
    split::SplitRule,
    steps::{Change, Reason},
};
use futures::TryStreamExt;
use serde_json::{Value, json};
use store::{
    PgPool,
    explore::{Editor, build::Builder},
    forget::{EraseError, erase},
    samples,
    scores::ScoresWriter,
    versions::{
        self, Correction,
        cleaned::{CleanedWriter, Fate, Passed},
        create_divided, create_from_corrections,
        import::{Line, NewSample, NewVersion, Writer},
    },
};

mod tabled;

const ANN: &str = "Ann@Example.org";

struct Place {
    db: PgPool,
    user: UserId,
    project: ProjectId,
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

impl Place {
    async fn new(db: PgPool) -> Self {
        let mut connection = db.acquire().await.unwrap();
        let email = Email::parse("ada@lathe.example").unwrap();
        let user = store::users::create(&mut connection, &email, "Ada", "x", false).await.unwrap();
        drop(connection);
        let project = store::projects::create(&db, user, "p", "").await.unwrap();
        Self { db, user, project }
    }

    /// A version of training samples. The second one is Ann's.
    async fn import(&self) -> Version {
        let texts = ["one", "write to Ann@Example.org", "three", "four"];
        let origin = origin();
        let target = ImportTarget::Name("x".to_owned());
        let new = NewVersion { project: self.project, by: self.user, target: &target, origin: &origin, append: false };
        let mut writer = Writer::begin(&self.db, new).await.unwrap().unwrap();
        let lines: Vec<Line> = (2..)
            .zip(texts)
            .map(|(line, text)| {
                let sample = sample(text, if text.contains('@') { "hers" } else { "good" });
                let content_hash = content_hash(&sample);
                let split = Split::Train;
                Line::new(&NewSample { sample, content_hash, split, file: "reviews.csv".into(), line }).unwrap()
            })
            .collect();
        writer.write(&lines).await.unwrap();
        let labels = vec![("good".to_owned(), 3), ("hers".to_owned(), 1)];
        let stats = VersionStats { samples: 4, train: 4, skipped_lines: 5, labels, ..VersionStats::default() };
        let made = writer.finish(&stats, &origin, None).await.unwrap();
        self.version(made.version_id).await
    }

    async fn version(&self, id: VersionId) -> Version {
        versions::get(&self.db, self.project, id).await.unwrap().unwrap()
    }

    async fn erase(&self, samples: u64) -> Result<Vec<VersionId>, EraseError> {
        let made = erase(&self.db, self.project, self.user, &[ANN.to_owned()], samples).await?;
        Ok(made.into_iter().map(|made| made.version_id).collect())
    }

    async fn texts(&self, version: VersionId) -> Vec<String> {
        let rows: Vec<_> = samples::stream(&self.db, version, None).try_collect().await.unwrap();
        assert!(rows.iter().enumerate().all(|(i, row)| i as u32 == row.position), "positions have no gaps");
        rows.into_iter().map(|row| row.sample.messages[0].content.clone()).collect()
    }

    async fn job(&self, kind: &str, status: &str, payload: &Value, result: Option<&Value>) -> uuid::Uuid {
        let id = uuid::Uuid::now_v7();
        sqlx::query(
            "insert into jobs (id, project_id, kind, payload, status, result, created_by) values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id)
        .bind(self.project.0)
        .bind(kind)
        .bind(payload)
        .bind(status)
        .bind(result)
        .bind(self.user.0)
        .execute(&self.db)
        .await
        .unwrap();
        id
    }

    async fn exec(&self, statement: String) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&self.db).await.unwrap();
    }

    /// A run on a version in this state, with an evaluation and a corrected bad case of a sample.
    async fn run(&self, version: VersionId, sample: SampleId, status: &str) -> (RunId, BadCaseId) {
        let (run, eval, bad_case) = (RunId::new(), EvalId::new(), BadCaseId::new());
        let Self { user, project, .. } = self;
        self.exec(format!(
            "insert into models (id, project_id, name, source, card, created_by) values ('{run}', '{project}', 'm', '{{}}', '{{}}', '{user}');
             insert into runs (id, project_id, number, name, model_id, version_id, recipe, created_by, status)
                 select '{run}', '{project}', coalesce(max(number), 0) + 1, 'r', '{run}', '{version}', '{{}}', '{user}', '{status}' from runs;
             insert into evals (id, project_id, run_id, subject, version_id, metrics) values ('{eval}', '{project}', '{run}', 'tuned', '{version}', '{{}}');
             insert into bad_cases (id, project_id, run_id, eval_id, sample_id, output, expected, status, correction)
                 values ('{bad_case}', '{project}', '{run}', '{eval}', {sample}, 'x', 'y', 'corrected', 'fixed');"
        ))
        .await;
        (run, bad_case)
    }

    /// Fails where some table holds Ann's address still.
    async fn assert_gone(&self) {
        let tables: Vec<String> =
            sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public'")
                .fetch_all(&self.db)
                .await
                .unwrap();
        for table in tables {
            let statement = format!("select count(*) from {table} t where t::text ilike '%ann@example%'");
            let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&self.db).await.unwrap();
            assert_eq!(left, 0, "{table}");
        }
    }
}

async fn ids(place: &Place, version: VersionId) -> Vec<SampleId> {
    samples::stream(&place.db, version, None).map_ok(|row| row.id).try_collect().await.unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_quotes_the_text_loses_it_and_can_still_be_read(db: PgPool) {
    let place = Place::new(db).await;
    let first = place.import().await;
    let action = EditAction::Replace {
        find: "of Ann@example.org".to_owned(),
        with: "ann@example.org".to_owned(),
        regex: false,
        ignore_case: true,
        within: Within::Both,
    };
    let selection = Selection { search: "ann@example.org".to_owned(), ..Selection::default() };
    let edited = Origin::Edited { selection, action: action.clone(), selected: 1, changed: 1 };
    let mut writer =
        CleanedWriter::begin(&place.db, place.project, first.id, place.user, &edited).await.unwrap().unwrap();
    let rows: Vec<_> = samples::stream(&place.db, first.id, None).try_collect().await.unwrap();
    let passed = rows.into_iter().map(|row| {
        let reason = Reason::LabelDoubt { label: "ann@example.org".to_owned(), probability: 0.5 };
        let removed = row.position == 3;
        let changes = if removed { vec![Change { step: 1, reason }] } else { Vec::new() };
        let fate = if removed { Fate::Removed } else { Fate::Stays };
        Passed { id: row.id, position: row.position, split: row.split, fate, changes }
    });
    writer.write(&passed.collect::<Vec<_>>()).await.unwrap();
    let second = writer.finish(&edited, &VersionStats::default()).await.unwrap().version_id;
    let report = "cd".repeat(32);
    store::artifacts::record(&place.db, &report, 10).await.unwrap();
    place
        .exec(format!(
            "update dataset_versions set skipped_report_sha256 = '{report}', note = 'Ann@Example.org asked' where id = '{}'",
            first.id
        ))
        .await;
    let payload = json!({ "version_id": second, "edit": { "action": action } });
    let asked = place.job("edit_version", "succeeded", &payload, Some(&json!({ "version_id": second }))).await;

    let made = place.erase(1).await.unwrap();
    place.assert_gone().await;
    let origin = place.version(second).await.origin;
    let Origin::Edited { selection, action: EditAction::Replace { find, with, .. }, .. } = origin else {
        panic!("{origin:?}")
    };
    assert_eq!([selection.search, find, with], [TOMBSTONE; 3]);
    let changes: Value = sqlx::query_scalar("select changes from sample_changes").fetch_one(&place.db).await.unwrap();
    assert_eq!(changes[0]["reason"]["label"], TOMBSTONE);
    let payload: Value =
        sqlx::query_scalar("select payload from jobs where id = $1").bind(asked).fetch_one(&place.db).await.unwrap();
    assert_eq!((&payload["version_id"], &payload["edit"]["action"]["find"]), (&json!(second), &json!(TOMBSTONE)));
    // The old version counts what it says; the report of its lines is to be deleted.
    let first = place.version(first.id).await;
    assert_eq!((first.stats.samples, first.stats.train, first.stats.skipped_lines), (3, 3, 5));
    assert_eq!((first.stats.labels, first.skipped_report_sha256), (vec![("good".to_owned(), 3)], None));
    let deleted: Option<String> =
        sqlx::query_scalar("select payload->>'sha256' from jobs where kind = 'delete_upload'")
            .fetch_one(&place.db)
            .await
            .unwrap();
    assert_eq!(deleted, Some(report));
    assert_eq!(place.texts(made[0]).await, ["one", "three"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn nothing_is_erased_while_something_may_write_it_again(db: PgPool) {
    let place = Place::new(db).await;
    let version = place.import().await;
    let kind = async || match place.erase(1).await {
        Err(EraseError::Busy(Busy::Job { kind, .. })) => kind,
        Err(EraseError::Busy(Busy::Run { number, .. })) => format!("run {number}"),
        other => panic!("{other:?}"),
    };
    let job = place.job("apply_steps", "running", &json!({}), None).await;
    assert_eq!(kind().await, "apply_steps");
    place.exec(format!("update jobs set status = 'cancelled' where id = '{job}'")).await;
    let job = place.job("edit_version", "queued", &json!({ "find": "ann@example.ORG" }), None).await;
    assert_eq!(kind().await, "edit_version");
    place.exec(format!("update jobs set status = 'failed' where id = '{job}'")).await;
    // What waits without the text, an index and a comparison are no hindrance.
    place.job("apply_steps", "queued", &json!({ "version_id": version.id }), None).await;
    place.job("index_version", "running", &json!({ "version_id": version.id }), None).await;
    place.job("diff_versions", "running", &json!({ "from_id": version.id, "to_id": version.id }), None).await;
    let sample = ids(&place, version.id).await[0];
    let (run, _) = place.run(version.id, sample, "evaluating").await;
    assert_eq!(kind().await, "run 1");
    assert_eq!(place.texts(version.id).await.len(), 4, "all is there still");
    place.exec(format!("update runs set status = 'succeeded' where id = '{run}'")).await;
    assert_eq!(place.erase(1).await.unwrap().len(), 1);
    place.assert_gone().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_later_version_and_no_run_has_erased_samples(db: PgPool) {
    let place = Place::new(db).await;
    let (db, project, user) = (&place.db, place.project, place.user);
    let old = place.import().await.id;
    let original = ids(&place, old).await[2];
    let (before, bad_case) = place.run(old, original, "succeeded").await;
    place.erase(1).await.unwrap();
    let (after, _) = place.run(old, original, "succeeded").await;
    let seen_by = async || store::forget::seen_by(&place.db, &[before, after]).await.unwrap();
    assert_eq!(seen_by().await, [], "it is not over");
    place.exec("update runs set ended_at = now()".to_owned()).await;
    assert_eq!(seen_by().await, [before]);

    // A run is given what is left, and counts it; one from before has counted all.
    let given: Vec<_> = versions::stream_split(db, old, Split::Train).try_collect().await.unwrap();
    assert_eq!(given.len() as u64, place.version(old).await.stats.train);
    for (run, place_of_three) in [(None, 1), (Some(after), 1), (Some(before), 2)] {
        let found = samples::at_places(db, old, Split::Train, &[place_of_three], run).await.unwrap();
        assert_eq!(found[&place_of_three].sample.messages[0].content, "three", "{run:?}");
    }

    let rule = || Origin::Divided { rule: SplitRule::default(), groups: 0, left_out: 0 };
    let stats = VersionStats::default();
    let division = vec![Some(Split::Test), Some(Split::Train), Some(Split::Train)];
    let divided = create_divided(db, project, old, user, &rule(), &division, &stats).await.unwrap().unwrap();
    assert_eq!(place.texts(divided.version_id).await, ["one", "three", "four"]);

    let correction = Correction { original, sample: sample("3", "good"), bad_case, move_to_train: false };
    let corrected = create_from_corrections(db, project, old, &[correction], user, "").await.unwrap().unwrap();
    assert_eq!(place.texts(corrected.version_id).await, ["one", "3", "four"]);

    let sources = vec![MergeSource { version_id: old, weight: 1.0 }];
    let merge = Merge { name: "m".to_owned(), sources, sizing: Sizing::All, seed: 1 };
    let merged = versions::merge::create(db, project, &merge, user).await.unwrap().unwrap().version_id;
    assert_eq!(place.texts(merged).await.len(), 3);
    let Origin::Merge { left_out, .. } = place.version(merged).await.origin else { panic!("it is a merge") };
    assert_eq!(left_out, 0, "what was erased is no copy of another");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_index_built_anew_is_seen_and_edits_leave_erased_samples_alone(db: PgPool) {
    let place = Place::new(db).await;
    let version = place.import().await.id;
    let index = async || {
        let mut builder = Builder::begin(&place.db, version).await.unwrap().unwrap();
        let rows: Vec<_> = samples::stream_all(&place.db, version).try_collect().await.unwrap();
        for row in &rows {
            builder.add(row).await.unwrap();
        }
        builder.finish().await.unwrap();
    };
    let query = Query { search: "write".to_owned(), limit: 10, ..Query::default() };
    let found = async || store::explore::find(&place.db, version, &query).await.unwrap().map(|found| found.total);
    index().await;
    assert_eq!(found().await, Some(1));
    // As another server does it: nothing tells this process.
    place.exec(format!("update samples set search_text = '', messages = '[]', forgotten_at = now() where label = 'hers'; delete from version_indexes where version_id = '{version}'")).await;
    assert_eq!(found().await, None);
    index().await;
    assert_eq!(found().await, Some(0));
    let all = store::explore::select(&place.db, version, &Selection::default()).await.unwrap();
    assert_eq!(all, Some(vec![0, 2, 3]));
    let editor = Editor::new(&EditAction::Delete).unwrap();
    let preview = store::explore::preview_edit(&place.db, version, &Selection::default(), &editor).await.unwrap();
    assert_eq!(preview.map(|preview| preview.selected), Some(3));
}

#[sqlx::test(migrations = "../../migrations")]
async fn pieces_of_erased_samples_are_in_no_report_of_a_preflight(db: PgPool) {
    let place = Place::new(db).await;
    let version = place.import().await;
    let (run, _) = place.run(version.id, ids(&place, version.id).await[0], "failed").await;
    let piece = |text: &str| AuditPiece { text: text.to_owned(), usage: TokenUse::Read };
    let example = AuditExample {
        place: 1,
        is_rejected: false,
        tokens: 9,
        learnt_tokens: 1,
        pieces: vec![piece("write to Ann@"), piece("Example.org")],
        hidden_pieces: 0,
    };
    let finding = AuditFinding { kind: FindingKind::EndAdded, samples: 4, examples: vec![example.clone()] };
    let audit = SplitAudit {
        split: Split::Train,
        samples: 4,
        used: 4,
        tokens: 20,
        learnt_tokens: 4,
        max_length: 9,
        lengths: TokenStats::default(),
        findings: vec![finding],
        ordinary: vec![example],
    };
    let report = Preflight {
        checks: Vec::new(),
        audit: vec![audit],
        longest: None,
        overfit: None,
        checkpoint: None,
        pace: None,
        room: None,
        elapsed_ms: 1,
    };
    sqlx::query("insert into preflights (run_id, report) values ($1, $2)")
        .bind(run.0)
        .bind(serde_json::to_value(&report).unwrap())
        .execute(&place.db)
        .await
        .unwrap();
    place.erase(1).await.unwrap();
    let report = store::preflights::report(&place.db, place.project, run).await.unwrap().unwrap();
    let audit = &report.audit[0];
    assert_eq!((audit.findings[0].samples, audit.findings[0].examples.len(), audit.ordinary.len()), (4, 0, 0));
}

#[sqlx::test(migrations = "../../migrations")]
async fn scores_of_samples_erased_meanwhile_are_not_kept(db: PgPool) {
    let place = Place::new(db).await;
    let version = place.import().await.id;
    let all = ids(&place, version).await;
    // A model of its own stands behind a run.
    let (run, _) = place.run(version, all[0], "succeeded").await;
    let request = ScoreVersion { version_id: version, model_id: ModelId(run.0), run_id: None, embed: false };
    let mut writer = ScoresWriter::begin(&place.db, &request, place.user).await.unwrap();
    let likelihood = Likelihood::of(&[1.0]).unwrap();
    for id in all {
        let score = Score { answer: likelihood, all: likelihood, cut_tokens: 0, embedding: None };
        writer.add(id, &score).await.unwrap();
    }
    place.erase(1).await.unwrap();
    writer.finish(0).await.unwrap();
    let kept = store::scores::list(&place.db, place.project, version).await.unwrap();
    assert_eq!(kept[0].scored, 3);
}

#[sqlx::test(migrations = "../../migrations")]
async fn erased_samples_have_no_place_among_the_scores(db: PgPool) {
    let place = Place::new(db).await;
    let version = place.import().await.id;
    let all = ids(&place, version).await;
    let (run, _) = place.run(version, all[0], "succeeded").await;
    let request = ScoreVersion { version_id: version, model_id: ModelId(run.0), run_id: None, embed: false };
    let mut writer = ScoresWriter::begin(&place.db, &request, place.user).await.unwrap();
    // The last sample is the likeliest.
    for (id, loss) in all.iter().zip([4.0, 3.0, 2.0, 1.0]) {
        let likelihood = Likelihood::of(&[loss]).unwrap();
        let score = Score { answer: likelihood, all: likelihood, cut_tokens: 0, embedding: None };
        writer.add(*id, &score).await.unwrap();
    }
    let scoring = writer.finish(0).await.unwrap();
    let order = async || -> (Vec<u8>, usize) {
        let statement = "select positions, length(losses) from scoring_orders where scoring_id = $1";
        let (positions, losses): (Vec<u8>, i32) =
            sqlx::query_as(statement).bind(scoring.0).fetch_one(&place.db).await.unwrap();
        (positions.as_chunks::<4>().0.iter().map(|position| position[3]).collect(), losses as usize / 4)
    };
    assert_eq!(order().await, (vec![3, 2, 1, 0], 4));
    place.erase(1).await.unwrap();
    assert_eq!(order().await, (vec![3, 2, 0], 3));
    assert_eq!(store::scores::list(&place.db, place.project, version).await.unwrap()[0].scored, 3);
    let left: Vec<_> = store::scores::stream(&place.db, scoring, false).try_collect().await.unwrap();
    assert!(left.len() == 3 && left.iter().all(|score| score.sample != all[1]));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_an_erasure_could_not_tell_is_counted_afterwards(db: PgPool) {
    let place = Place::new(db).await;
    let old = place.import().await.id;
    let copy = "(select content_hash from samples where source_line = 2)";
    place
        .exec(format!(
            "update samples set content_hash = {copy} where source_line = 4;
             update dataset_versions set stats = stats || '{{\"exact_duplicates\": 7, \"tokens\": {{}}}}'"
        ))
        .await;
    versions::recount(&place.db, old).await.unwrap();
    assert_eq!(place.version(old).await.stats.exact_duplicates, 7, "nothing was erased of it");
    let new = place.erase(1).await.unwrap()[0];
    for version in [old, new] {
        let stats = place.version(version).await.stats;
        assert_eq!((stats.samples, stats.labels), (3, vec![("good".to_owned(), 3)]));
        for _ in 0..2 {
            versions::recount(&place.db, version).await.unwrap();
            let stats = place.version(version).await.stats;
            assert_eq!((stats.samples, stats.exact_duplicates, stats.different_labels), (3, 1, 1));
            assert_eq!((stats.labels, stats.skipped_lines), (vec![("good".to_owned(), 3)], 5));
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_annotators_wrote_of_others_loses_the_text(db: PgPool) {
    let place = Place::new(db).await;
    let version = place.import().await.id;
    let other = ids(&place, version).await[2];
    let (task, judgement, user) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7(), place.user.0);
    let answers =
        r#"{"tone": {"kind": "choice", "value": "good"}, "why": {"kind": "text", "text": "like ann@example.org"}}"#;
    place
        .exec(format!(
            "insert into annotation_tasks (id, project_id, name, source, version_id, design, distribution, created_by) \
                values ('{task}', '{}', 'T', '{{}}', '{}', '{{}}', '{{}}', '{user}');
             insert into annotation_guidelines (task_id, revision, text, created_by) \
                values ('{task}', 1, E'# good\nAs {ANN} wrote.\nPraise.', '{user}');
             insert into annotation_items (task_id, rank, sample_id, wanted, free) values ('{task}', 0, {}, 1, 0);
             insert into judgements (id, item_id, task_id, user_id, origin, answers, comment, guideline_revision, submit_key) \
                select '{judgement}', id, task_id, '{user}', 'annotator', '{answers}', 'see {ANN}', 1, '{judgement}' from annotation_items;
             insert into annotation_assignments (item_id, user_id, task_id, status, held_until, draft, reason) \
                select id, '{user}', task_id, 'submitted', now(), '{{\"comment\": \"{ANN}\"}}', 'not {ANN}' from annotation_items",
            place.project.0, version.0, other.0
        ))
        .await;
    place.erase(1).await.unwrap();
    let statement = "select j.answers, j.comment, g.text, a.draft->>'comment', a.reason, i.status from judgements j \
         join annotation_items i on i.id = j.item_id join annotation_assignments a on a.item_id = i.id \
         join annotation_guidelines g on g.task_id = j.task_id";
    let (answers, comment, guideline, draft, reason, status): (Value, String, String, String, String, String) =
        sqlx::query_as(statement).fetch_one(&place.db).await.unwrap();
    assert_eq!((&answers["tone"]["value"], &answers["why"]["text"]), (&json!("good"), &json!(TOMBSTONE)));
    assert_eq!(guideline, format!("# good\n{TOMBSTONE}\nPraise."));
    let left = [comment, draft, reason, status];
    assert_eq!(left, [TOMBSTONE, TOMBSTONE, TOMBSTONE, "open"]);
}
