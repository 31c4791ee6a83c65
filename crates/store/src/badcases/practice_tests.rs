//! The practice around bad cases, against a real Postgres: sources, causes, merging, talk, clusters, regressions, trends.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::{clusters::NewCluster, *};
use crate::evals::tests::{Place, place};
use domain::{
    badcase::{
        Cause, Severity, Source,
        trend::{Trend, TrendBy, TrendOver, TrendQuery},
        view::{CasesEdit, NewBadCase},
    },
    eval::Subject,
};

/// All cases by their prompt: those of one evaluation are found at the same time.
async fn cases(p: &Place) -> Vec<BadCaseSummary> {
    let mut all = list(&p.db, p.project, &BadCaseQuery::default()).await.unwrap().items;
    all.sort_by(|a, b| a.prompt.cmp(&b.prompt));
    all
}

async fn ids(p: &Place) -> Vec<BadCaseId> {
    list(&p.db, p.project, &BadCaseQuery::default()).await.unwrap().items.iter().map(|c| c.id).collect()
}

async fn dataset(p: &Place) -> DatasetId {
    let id: uuid::Uuid = sqlx::query_scalar("select id from datasets").fetch_one(&p.db).await.unwrap();
    DatasetId(id)
}

fn by_hand(dataset_id: DatasetId) -> NewBadCase {
    NewBadCase {
        dataset_id,
        prompt: "Is it good?".to_owned(),
        system: String::new(),
        output: "no".to_owned(),
        expected: "yes".to_owned(),
        run_id: None,
        severity: Some(Severity::High),
        note: String::new(),
    }
}

impl Place {
    /// Another run on the same version, with an evaluation of its own.
    async fn next_run(self, number: i32) -> Self {
        let run = RunId::new();
        sqlx::query(
            "insert into runs (id, project_id, number, name, model_id, version_id, recipe, created_by) \
             select $1, project_id, $3, 'next', model_id, version_id, recipe, created_by from runs where id = $2",
        )
        .bind(run.0)
        .bind(self.run.0)
        .bind(number)
        .execute(&self.db)
        .await
        .unwrap();
        Self { run, ..self }
    }

    async fn status(&self, id: BadCaseId) -> BadCaseStatus {
        get(&self.db, self.project, id).await.unwrap().unwrap().summary.status
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_case_by_hand_can_be_corrected_into_a_version(db: PgPool) {
    let p = place(db).await;
    let new = by_hand(dataset(&p).await);
    let id = create::create(&p.db, p.project, &new, Source::Hand, p.user).await.unwrap().unwrap();
    assert!(create::create(&p.db, ProjectId::new(), &new, Source::Hand, p.user).await.unwrap().is_none());
    let wrong_run = NewBadCase { run_id: Some(RunId::new()), ..new };
    assert!(create::create(&p.db, p.project, &wrong_run, Source::Feedback, p.user).await.is_err());
    let case = get(&p.db, p.project, id).await.unwrap().unwrap();
    assert_eq!((case.summary.source, case.summary.run_id, case.evaluated.clone()), (Source::Hand, None, None));
    assert_eq!(case.labels, ["no", "yes"], "what is expected is a label of the dataset");
    let correct = BadCaseEdit { correction: Some("yes".to_owned()), ..BadCaseEdit::default() };
    edit(&p.db, p.project, id, &correct, p.user).await.unwrap();
    let made = add_to_version(&p.db, p.project, p.version, &[id], false, p.user, "").await.unwrap().unwrap();
    let (position, split): (i32, i16) = sqlx::query_as(
        "select vs.position, vs.split from version_samples vs join samples s on s.id = vs.sample_id where vs.version_id = $1 and s.bad_case_id = $2",
    )
    .bind(made.version_id.0)
    .bind(id.0)
    .fetch_one(&p.db)
    .await
    .unwrap();
    assert_eq!((position, split), (3, 2), "behind all others, to be tested on");
}

#[sqlx::test(migrations = "../../migrations")]
async fn causes_keep_their_kind(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "no", "no"]).await;
    let add = async |kind, parent, name: &str| causes::add(&p.db, p.project, kind, parent, name, p.user).await;
    let rare = add(Cause::Data, None, "rare words").await.unwrap();
    let names = add(Cause::Label, Some(rare), "names").await.unwrap();
    let typo = add(Cause::Label, None, "typo").await.unwrap();
    assert!(matches!(add(Cause::Data, None, "Names").await, Err(StoreError::Taken(_))), "one name, whatever its case");
    let found = cases(&p).await;
    let (first, second) = (found[0].id, found[1].id);
    let choose = |revision, cause, cause_id| BadCaseEdit { revision, cause, cause_id, ..BadCaseEdit::default() };
    edit(&p.db, p.project, first, &choose(0, Some(Cause::Model), Some(names)), p.user).await.unwrap();
    let now = get(&p.db, p.project, first).await.unwrap().unwrap().summary;
    assert_eq!((now.cause, now.cause_name.as_deref()), (Some(Cause::Data), Some("names")), "it brings its kind");
    let below = BadCaseQuery { own_cause: Some(rare), ..BadCaseQuery::default() };
    assert_eq!(list(&p.db, p.project, &below).await.unwrap().items.len(), 1);
    assert!(causes::merge(&p.db, p.project, rare, names).await.is_err(), "not into itself");
    assert!(causes::merge(&p.db, p.project, names, typo).await.unwrap());
    let now = get(&p.db, p.project, first).await.unwrap().unwrap();
    assert_eq!((now.summary.cause, now.summary.cause_id), (Some(Cause::Label), Some(typo)));
    edit(&p.db, p.project, first, &choose(now.revision, Some(Cause::Data), Some(typo)), p.user).await.unwrap();
    let now = get(&p.db, p.project, first).await.unwrap().unwrap().summary;
    assert_eq!((now.cause, now.cause_id), (Some(Cause::Data), None), "another kind is meant");
    let elsewhere = choose(0, None, Some(CauseId::new()));
    assert!(matches!(
        edit(&p.db, p.project, second, &elsewhere, p.user).await,
        Err(StoreError::Stale(Stale::NotOfProject))
    ));
    assert!(causes::update(&p.db, p.project, typo, "typing error", true).await.unwrap());
    let all = causes::list(&p.db, p.project).await.unwrap();
    assert_eq!(
        all.iter().map(|c| (c.name.as_str(), c.archived)).collect::<Vec<_>>(),
        [("rare words", false), ("typing error", true)]
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn merged_causes_lie_no_deeper_than_added_ones(db: PgPool) {
    let p = place(db).await;
    let add = async |parent, name: &str| causes::add(&p.db, p.project, Cause::Data, parent, name, p.user).await;
    let mut line = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let cause = add(line.last().copied(), name).await.unwrap();
        line.push(cause);
    }
    let too_deep = |e: &StoreError| matches!(e, StoreError::Stale(Stale::TooDeep));
    assert!(add(Some(line[3]), "e").await.is_err_and(|e| too_deep(&e)));
    let other = add(None, "other").await.unwrap();
    add(Some(other), "below").await.unwrap();
    assert!(causes::merge(&p.db, p.project, other, line[3]).await.is_err_and(|e| too_deep(&e)));
    assert!(causes::merge(&p.db, p.project, other, line[2]).await.unwrap());
}

#[sqlx::test(migrations = "../../migrations")]
async fn many_are_changed_and_merged_at_once(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "no", "yes"]).await;
    let ids = ids(&p).await;
    let all = CasesEdit {
        ids: ids.clone(),
        owner_id: Some(p.user),
        severity: Some(Severity::Low),
        cause: Some(Cause::Model),
        ..CasesEdit::default()
    };
    assert_eq!(bulk::apply(&p.db, p.project, &all, p.user).await.unwrap(), 3);
    assert_eq!(
        bulk::apply(&p.db, ProjectId::new(), &CasesEdit { ids: ids.clone(), ..CasesEdit::default() }, p.user)
            .await
            .unwrap(),
        0
    );
    let stranger = CasesEdit { ids: ids.clone(), owner_id: Some(UserId::new()), ..CasesEdit::default() };
    assert!(bulk::apply(&p.db, p.project, &stranger, p.user).await.is_err());
    let merge = CasesEdit { ids: ids[..2].to_vec(), merge_into: Some(ids[2]), ..CasesEdit::default() };
    bulk::apply(&p.db, p.project, &merge, p.user).await.unwrap();
    let kept = get(&p.db, p.project, ids[2]).await.unwrap().unwrap();
    assert_eq!(kept.duplicates, ids[..2]);
    assert_eq!((kept.summary.owner_id, kept.summary.severity), (Some(p.user), Some(Severity::Low)));
    assert_eq!(regressions::list(&p.db, p.project).await.unwrap().len(), 1, "only the kept one is tested");
    let merged = get(&p.db, p.project, ids[0]).await.unwrap().unwrap();
    let late = BadCaseEdit { revision: merged.revision, ..BadCaseEdit::default() };
    assert!(matches!(edit(&p.db, p.project, ids[0], &late, p.user).await, Err(StoreError::Stale(Stale::Merged))));
    assert!(bulk::unmerge(&p.db, p.project, ids[0], p.user).await.unwrap());
    assert!(!bulk::unmerge(&p.db, p.project, ids[0], p.user).await.unwrap());
    assert_eq!(p.status(ids[0]).await, BadCaseStatus::Confirmed);
    let counts = counts(&p.db, p.project, &BadCaseQuery::default()).await.unwrap();
    assert_eq!((counts.confirmed, counts.duplicate), (2, 1));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_mention_waits_until_it_is_seen(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["yes", "no", "no"]).await;
    let case = cases(&p).await.remove(0).id;
    assert!(comments::add(&p.db, ProjectId::new(), case, p.user, "hello").await.unwrap().is_none());
    comments::add(&p.db, p.project, case, p.user, "@ada, is this irony?").await.unwrap().unwrap();
    comments::add(&p.db, p.project, case, p.user, "I think so").await.unwrap().unwrap();
    let said: Vec<_> = comments::list(&p.db, p.project, case).await.unwrap().into_iter().map(|c| c.body).collect();
    assert_eq!(said, ["@ada, is this irony?", "I think so"]);
    let seen = async || {
        let all = comments::mentions(&p.db, p.project, p.user).await.unwrap();
        all.iter().map(|m| m.seen).collect::<Vec<_>>()
    };
    assert_eq!(seen().await, [false]);
    comments::see(&p.db, p.project, case, p.user).await.unwrap();
    assert_eq!(seen().await, [true]);
    // An evaluation that is repeated does not take away what people talk about.
    p.record(Subject::Tuned, ["yes", "yes", "no"]).await;
    assert_eq!(cases(&p).await.len(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn runs_resolve_and_break_cases(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "yes", "yes"]).await;
    let found = cases(&p).await;
    let (first, second) = (found[0].id, found[1].id);
    let confirm = BadCaseEdit { cause: Some(Cause::Model), ..BadCaseEdit::default() };
    edit(&p.db, p.project, first, &confirm, p.user).await.unwrap();
    assert_eq!(regressions::history(&p.db, p.project, first).await.unwrap().len(), 1, "the evaluation that found it");
    let p = p.next_run(2).await;
    p.record(Subject::Tuned, ["yes", "yes", "yes"]).await;
    assert_eq!((p.status(first).await, p.status(second).await), (BadCaseStatus::Resolved, BadCaseStatus::Open));
    let p = p.next_run(5).await;
    p.record(Subject::Base, ["no", "no", "no"]).await;
    assert_eq!(p.status(first).await, BadCaseStatus::Resolved, "the base model breaks nothing");
    p.record(Subject::Tuned, ["no", "yes", "no"]).await;
    let broken = get(&p.db, p.project, first).await.unwrap().unwrap().summary;
    assert_eq!((broken.status, broken.resolved_in, broken.broken_in), (BadCaseStatus::Confirmed, Some(2), Some(5)));
    let all = cases(&p).await;
    let same: Vec<_> = all.iter().filter(|c| c.duplicate_of == Some(first)).collect();
    assert_eq!(same.len(), 1, "the new failure is the known one");
    let apart = same[0].id;
    assert!(bulk::unmerge(&p.db, p.project, apart, p.user).await.unwrap());
    let now = get(&p.db, p.project, apart).await.unwrap().unwrap().summary;
    assert_eq!((now.status, now.cause), (BadCaseStatus::Open, None), "nobody has judged it");
    let set = regressions::list(&p.db, p.project).await.unwrap();
    assert_eq!(set.len(), 1);
    assert_eq!(
        set[0].history.iter().map(|a| (a.run_number, a.passed)).collect::<Vec<_>>(),
        [(1, false), (2, true), (5, false)]
    );
    let alarms = regressions::alarms(&p.db, p.project).await.unwrap();
    assert_eq!(
        alarms.iter().map(|a| (a.bad_case_id, a.fixed_in, a.broken_in)).collect::<Vec<_>>(),
        [(first, Some(2), 5)]
    );
    let of_run = regressions::of_run(&p.db, p.project, p.run).await.unwrap();
    assert_eq!((of_run.passed, of_run.failed, of_run.broken), (0, 1, 1));
    let dismiss = CasesEdit { ids: vec![first], dismiss: true, ..CasesEdit::default() };
    bulk::apply(&p.db, p.project, &dismiss, p.user).await.unwrap();
    assert!(regressions::list(&p.db, p.project).await.unwrap().is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_case_that_broke_again_can_be_judged_anew(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "yes", "no"]).await;
    let case = ids(&p).await[0];
    let correct =
        |revision, text: &str| BadCaseEdit { revision, correction: Some(text.to_owned()), ..BadCaseEdit::default() };
    edit(&p.db, p.project, case, &correct(0, "yes"), p.user).await.unwrap();
    add_to_version(&p.db, p.project, p.version, &[case], false, p.user, "").await.unwrap().unwrap();
    let revision = async || get(&p.db, p.project, case).await.unwrap().unwrap().revision;
    let used = edit(&p.db, p.project, case, &correct(revision().await, "no"), p.user).await;
    assert!(matches!(used, Err(StoreError::Stale(Stale::CorrectionUsed))));
    let dismiss = CasesEdit { ids: vec![case], dismiss: true, ..CasesEdit::default() };
    bulk::apply(&p.db, p.project, &dismiss, p.user).await.unwrap();
    assert_eq!(p.status(case).await, BadCaseStatus::Added);
    sqlx::query("update bad_cases set broken_run_id = $1").bind(p.run.0).execute(&p.db).await.unwrap();
    for (text, status) in [("yes", BadCaseStatus::Added), ("no", BadCaseStatus::Corrected)] {
        edit(&p.db, p.project, case, &correct(revision().await, text), p.user).await.unwrap();
        assert_eq!(p.status(case).await, status);
    }
    sqlx::query("update bad_cases set status = 'added'").execute(&p.db).await.unwrap();
    bulk::apply(&p.db, p.project, &dismiss, p.user).await.unwrap();
    assert_eq!(p.status(case).await, BadCaseStatus::Dismissed);
}

#[sqlx::test(migrations = "../../migrations")]
async fn clusters_keep_the_names_that_people_gave(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "no", "yes"]).await;
    let mut items = clusters::items(&p.db, p.project, Some(dataset(&p).await)).await.unwrap();
    items.sort_by(|a, b| a.prompt.cmp(&b.prompt));
    assert_eq!((items.len(), items[0].prompt.as_str()), (3, "question 0"));
    assert_eq!(items[0].labels, Some(("yes".to_owned(), "no".to_owned())));
    let other = Some(DatasetId::new());
    assert_eq!(clusters::items(&p.db, p.project, other).await.unwrap(), []);
    let samples: Vec<SampleId> = items.iter().map(|i| i.sample).collect();
    assert_eq!(clusters::embeddings(&p.db, p.project, &samples).await.unwrap(), None);
    let cluster = |name: &str, of: &[usize]| NewCluster {
        name: name.to_owned(),
        words: vec![name.to_owned()],
        cases: of.iter().map(|i| items[*i].id).collect(),
    };
    clusters::replace(&p.db, p.project, None, &[cluster("a", &[0, 1]), cluster("b", &[2])]).await.unwrap();
    let found = clusters::list(&p.db, p.project).await.unwrap();
    assert_eq!((found[0].name.as_str(), found[0].cases, found[0].examples.len()), ("a", 2, 2));
    assert_eq!(found[0].confusions, [("yes".to_owned(), "no".to_owned(), 2)]);
    assert!(clusters::rename(&p.db, p.project, found[0].id, "Questions").await.unwrap());
    assert!(!clusters::rename(&p.db, ProjectId::new(), found[0].id, "x").await.unwrap());
    clusters::replace(&p.db, p.project, other, &[]).await.unwrap();
    let left = clusters::list(&p.db, p.project).await.unwrap();
    assert_eq!(
        left.iter().map(|c| (c.name.as_str(), c.cases)).collect::<Vec<_>>(),
        [("Questions", 2), ("b", 1)],
        "those of another dataset stay"
    );
    clusters::replace(&p.db, p.project, Some(dataset(&p).await), &[]).await.unwrap();
    assert_eq!(clusters::list(&p.db, p.project).await.unwrap().len(), 0);
    clusters::replace(&p.db, p.project, None, &[cluster("a", &[0, 1]), cluster("b", &[2])]).await.unwrap();
    let found = clusters::list(&p.db, p.project).await.unwrap();
    assert!(clusters::rename(&p.db, p.project, found[0].id, "Questions").await.unwrap());
    clusters::replace(&p.db, p.project, None, &[cluster("c", &[0, 1, 2])]).await.unwrap();
    let now = clusters::list(&p.db, p.project).await.unwrap();
    assert_eq!(
        now.iter().map(|c| (c.id, c.name.as_str(), c.cases)).collect::<Vec<_>>(),
        [(found[0].id, "Questions", 3)]
    );
    let query = BadCaseQuery { cluster: Some(found[0].id), ..BadCaseQuery::default() };
    assert_eq!(list(&p.db, p.project, &query).await.unwrap().items.len(), 3);
}

#[sqlx::test(migrations = "../../migrations")]
async fn trends_count_by_run_and_month(db: PgPool) {
    let p = place(db).await;
    sqlx::query("update samples set slices = jsonb_build_object('city', 'Ulm') where label = 'yes'")
        .execute(&p.db)
        .await
        .unwrap();
    p.record(Subject::Tuned, ["no", "no", "yes"]).await;
    let id = cases(&p).await[0].id;
    let confirm = BadCaseEdit { cause: Some(Cause::Model), ..BadCaseEdit::default() };
    edit(&p.db, p.project, id, &confirm, p.user).await.unwrap();
    create::create(&p.db, p.project, &by_hand(dataset(&p).await), Source::Hand, p.user).await.unwrap();
    let p = p.next_run(2).await;
    p.record(Subject::Tuned, ["no", "yes", "no"]).await;
    let of = async |by, over, slice: Option<&str>| {
        let query = TrendQuery { by, over, slice: slice.map(str::to_owned), ..TrendQuery::default() };
        Trend::of(&trends::count(&p.db, p.project, &query).await.unwrap())
    };
    let causes = of(TrendBy::Cause, TrendOver::Run, None).await;
    assert_eq!(causes.columns, ["#1", "#2", ""]);
    let rows: Vec<_> = causes.rows.iter().map(|r| (r.value.as_str(), r.cases.as_slice())).collect();
    assert_eq!(
        rows,
        [("", [2, 0, 1].as_slice()), ("model", [1, 1, 0].as_slice())],
        "the second run failed the known case"
    );
    let cities = of(TrendBy::Slice, TrendOver::Month, Some("city")).await;
    assert_eq!((cities.columns.len(), cities.rows[0].value.as_str(), cities.rows[0].total()), (1, "Ulm", 3));
    assert_eq!(trends::slices(&p.db, p.project).await.unwrap(), ["city"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn evidence_tells_what_training_has(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "yes", "no"]).await;
    let id = cases(&p).await[0].id;
    assert!(evidence::gather(&p.db, ProjectId::new(), id).await.unwrap().is_none());
    let before = evidence::gather(&p.db, p.project, id).await.unwrap().unwrap();
    assert_eq!((before.is_indexed, before.version_number, before.probability), (false, 1, Some(0.5)));
    // The other two become training rows; the index is made as the job makes it.
    sqlx::query("update version_samples set split = 0 where position > 0").execute(&p.db).await.unwrap();
    let mut builder = crate::explore::build::Builder::begin(&p.db, p.version).await.unwrap().unwrap();
    let rows: Vec<_> =
        futures::TryStreamExt::try_collect::<Vec<_>>(crate::samples::stream(&p.db, p.version, None)).await.unwrap();
    for row in &rows {
        builder.add(row).await.unwrap();
    }
    builder.finish().await.unwrap();
    let after = evidence::gather(&p.db, p.project, id).await.unwrap().unwrap();
    assert!(after.is_indexed);
    assert_eq!(after.label, Some(("yes".to_owned(), 1)));
    let near: Vec<_> = after.nearest.iter().map(|n| (n.answer.as_str(), n.agrees)).collect();
    assert_eq!(near, [("yes", true), ("no", false)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_list_can_be_sorted_and_paged(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "no", "yes"]).await;
    let ids = ids(&p).await;
    let worst = CasesEdit { ids: vec![ids[1]], severity: Some(Severity::Critical), ..CasesEdit::default() };
    bulk::apply(&p.db, p.project, &worst, p.user).await.unwrap();
    for (sort, wanted) in
        [(BadCaseSort::Severity, [ids[1], ids[0], ids[2]]), (BadCaseSort::Newest, [ids[2], ids[1], ids[0]])]
    {
        let mut query = BadCaseQuery { sort, limit: Some(1), ..BadCaseQuery::default() };
        let mut seen = Vec::new();
        loop {
            let page = list(&p.db, p.project, &query).await.unwrap();
            seen.extend(page.items.iter().map(|c| c.id));
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, wanted, "{sort:?}");
        query.limit = None;
        let around = neighbours(&p.db, p.project, wanted[1], &query).await.unwrap();
        assert_eq!(around, (Some(wanted[0]), Some(wanted[2])), "{sort:?}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn embeddings_tell_which_training_rows_are_near(db: PgPool) {
    use domain::{
        badcase::{
            evidence::Finding,
            nearest::{Nearest, cosine},
        },
        score::{Likelihood, Score, ScoreVersion},
    };
    use futures::TryStreamExt;
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "yes", "no"]).await;
    let id = cases(&p).await[0].id;
    let embedded = async || evidence::gather(&p.db, p.project, id).await.unwrap().unwrap();
    assert!(!embedded().await.can_embed);
    assert_eq!(
        evidence::embedded::sought(&p.db, p.project, &[id]).await.unwrap(),
        [],
        "nobody has embedded the version"
    );
    sqlx::query("update version_samples set split = 0 where position > 0").execute(&p.db).await.unwrap();
    let model: uuid::Uuid = sqlx::query_scalar("select model_id from runs").fetch_one(&p.db).await.unwrap();
    let request =
        ScoreVersion { version_id: p.version, model_id: domain::id::ModelId(model), run_id: None, embed: true };
    let mut writer = crate::scores::ScoresWriter::begin(&p.db, &request, p.user).await.unwrap();
    for (sample, embedding) in p.samples.iter().zip([[1.0, 0.0], [0.0, 1.0], [1.0, 0.2]]) {
        let likelihood = Likelihood::of(&[1.0]).unwrap();
        let score = Score { answer: likelihood, all: likelihood, cut_tokens: 0, embedding: Some(embedding.to_vec()) };
        writer.add(*sample, &score).await.unwrap();
    }
    writer.finish(0).await.unwrap();
    assert_eq!(evidence::embedded::sought(&p.db, ProjectId::new(), &[id]).await.unwrap(), []);
    let sought = evidence::embedded::sought(&p.db, p.project, &[id]).await.unwrap();
    let [one] = sought.as_slice() else { panic!("{sought:?}") };
    assert_eq!((one.sample, one.run, one.embedding.as_deref()), (p.samples[0], None, Some([1.0, 0.0].as_slice())));
    let rows: Vec<_> = evidence::embedded::of_training(&p.db, one.scoring, one.version).try_collect().await.unwrap();
    assert_eq!(rows.len(), 2, "training rows alone");
    let mut found = Nearest::new(evidence::embedded::KEPT);
    for (sample, embedding) in &rows {
        found.add(*sample, cosine(one.embedding.as_deref().unwrap(), embedding).unwrap());
    }
    evidence::embedded::keep(&p.db, p.project, one, &found).await.unwrap();
    let evidence = embedded().await;
    assert!(evidence.can_embed);
    let kept = evidence.embedded.as_ref().unwrap();
    let near: Vec<_> = kept.nearest.iter().map(|n| (n.sample_id, n.agrees)).collect();
    assert_eq!(near, [(p.samples[2], false), (p.samples[1], true)]);
    assert!(kept.nearest[0].similarity > 0.9 && kept.mean.unwrap() < kept.nearest[0].similarity);
    assert!(!evidence.findings().iter().any(|f| matches!(f, Finding::Outvoted { .. })), "two are too few");
    // Another scoring by the same model takes the place of the first, and what was found goes with it.
    crate::scores::ScoresWriter::begin(&p.db, &request, p.user).await.unwrap().finish(3).await.unwrap();
    let after = embedded().await;
    assert_eq!((after.embedded, after.can_embed), (None, false));
}
