//! Reports against a real Postgres: what they gather, who may take which step, and what stays when what they show is gone.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::{
    evals::tests::{Place, place},
    runs::tests::card,
};
use domain::{
    eval::Subject,
    report::{
        Block, BlockEdit, BlockKind, Status,
        digest::Digest,
        facts::{Facts, Outcomes},
        judge::Recommendation,
        risk::Risk,
        view::{Approval, SignatureState},
        week::Week,
    },
    run::RunStatus,
    statistics::verdict::Verdict,
};
use time::{Duration, OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-07-30 10:00 UTC);

/// A project with a run that has succeeded: its tuned model gets the first two of three right, the base model the second alone.
struct Told {
    p: Place,
    report: ReportId,
}

impl Told {
    async fn new(db: PgPool) -> Self {
        let p = place(db).await;
        let origin = serde_json::json!({ "kind": "corrections", "corrections": 0, "moved_to_train": 0 });
        sqlx::query("update dataset_versions set origin = $1").bind(origin).execute(&p.db).await.unwrap();
        sqlx::query("update models set card = $1").bind(to_json(&card()).unwrap()).execute(&p.db).await.unwrap();
        sqlx::query("update runs set status = 'succeeded', step = 7, device = 'cpu', started_at = $1, ended_at = $2")
            .bind(NOW - Duration::HOUR)
            .bind(NOW)
            .execute(&p.db)
            .await
            .unwrap();
        p.record(Subject::Base, ["no", "yes", "yes"]).await;
        p.record(Subject::Tuned, ["yes", "yes", "yes"]).await;
        let new = NewReport { project: p.project, by: p.user, lang: Lang::Zh, title: "T".to_owned(), runs: &[p.run] };
        let report = create(&p.db, &new).await.unwrap();
        Self { p, report }
    }

    async fn member(&self, name: &str, role: &str) -> UserId {
        let id = UserId::new();
        sqlx::query("insert into users (id, email, name, password_hash) values ($1, $2, $2, '')")
            .bind(id.0)
            .bind(name)
            .execute(&self.p.db)
            .await
            .unwrap();
        sqlx::query("insert into members (project_id, user_id, role) values ($1, $2, $3)")
            .bind(self.p.project.0)
            .bind(id.0)
            .bind(role)
            .execute(&self.p.db)
            .await
            .unwrap();
        id
    }

    async fn shown(&self, number: Option<u32>) -> domain::report::view::ReportVersion {
        version(&self.p.db, self.p.project, self.report, number, NOW).await.unwrap().unwrap()
    }

    async fn submit(&self, revision: i32) -> Result<bool, StoreError> {
        submit(&self.p.db, self.p.project, self.report, (1, revision), self.p.user, NOW).await
    }

    async fn approve(&self, seen: &str, by: UserId) -> Result<bool, StoreError> {
        approve(&self.p.db, self.p.project, self.report, (1, seen), by, NOW).await
    }

    async fn hash(&self) -> String {
        self.shown(Some(1)).await.head.content_sha256.unwrap()
    }
}

fn is_stale<T>(result: Result<T, StoreError>, why: Stale) -> bool {
    matches!(result, Err(StoreError::Stale(stale)) if stale == why)
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_draft_shows_what_is_known_of_its_runs(db: PgPool) {
    let told = Told::new(db).await;
    let shown = told.shown(None).await;
    assert_eq!((shown.head.status, shown.lang, shown.report_number), (Status::Draft, Lang::Zh, 1));
    let [run] = shown.facts.runs.as_slice() else { panic!("{:?}", shown.facts.runs) };
    assert_eq!((run.status, run.data.test, run.seeds, run.cost.devices), (RunStatus::Succeeded, 3, 1, 1));
    let evaluation = run.evaluation.as_ref().unwrap();
    assert_eq!(evaluation.outcomes, Outcomes { both_right: 1, only_tuned: 1, only_base: 0, both_wrong: 1 });
    assert_eq!(
        (evaluation.metrics[0].metric.as_str(), evaluation.metrics[0].verdict),
        ("accuracy", Verdict::NoEvidence)
    );
    let example = &run.bad_cases.examples[0];
    assert_eq!((run.bad_cases.examples.len(), example.quote.as_ref().unwrap().prompt.as_str()), (1, "question 2"));
    assert!(shown.risks.contains(&Risk::FewSeeds { run: 1, seeds: 1 }), "{:?}", shown.risks);
    assert_eq!(shown.recommendation, Recommendation::GatherEvidence);

    let elsewhere = NewReport {
        project: ProjectId::new(),
        by: told.p.user,
        lang: Lang::En,
        title: "T".to_owned(),
        runs: &[told.p.run],
    };
    assert!(is_stale(create(&told.p.db, &elsewhere).await, Stale::NotOfProject));
    assert_eq!(get(&told.p.db, ProjectId::new(), told.report).await.unwrap(), None);
    assert!(version(&told.p.db, ProjectId::new(), told.report, None, NOW).await.unwrap().is_none());
}

/// Facts without what is new each time: quotes are salted anew.
fn without_salts(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    for example in facts.runs.iter_mut().flat_map(|run| &mut run.bad_cases.examples) {
        example.quote_sha256.clear();
        example.quote.iter_mut().for_each(|quote| quote.salt.clear());
    }
    facts
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_submitted_version_stays_whatever_is_deleted(db: PgPool) {
    let told = Told::new(db).await;
    let draft = told.shown(None).await;
    assert!(told.submit(0).await.unwrap());
    let hash = told.hash().await;
    sqlx::query("delete from bad_cases").execute(&told.p.db).await.unwrap();
    sqlx::query("delete from evals").execute(&told.p.db).await.unwrap();
    let kept = told.shown(None).await;
    // Reading numbers from text may change their last bit, here as there.
    let read_again: Facts = serde_json::from_str(&serde_json::to_string(&draft.facts).unwrap()).unwrap();
    assert_eq!(without_salts(&kept.facts), without_salts(&read_again), "times included");
    let read_again: Vec<Risk> = serde_json::from_str(&serde_json::to_string(&draft.risks).unwrap()).unwrap();
    assert_eq!((&kept.body, &kept.risks), (&draft.body, &read_again));
    assert_eq!((kept.head.status, kept.head.content_sha256), (Status::Submitted, Some(hash.clone())));
    assert!(kept.facts.runs[0].bad_cases.examples[0].quote.is_some());

    let boss = told.member("boss", "manager").await;
    assert!(told.approve(&hash, boss).await.unwrap());
    let signed = told.shown(None).await.signature.unwrap();
    assert_eq!(
        (signed.by.as_str(), signed.at, &signed.sha256, signed.state),
        ("boss", NOW, &hash, SignatureState::Matches)
    );
    sqlx::query("update report_versions set frozen = replace(frozen, '\"number\":1', '\"number\":2')")
        .execute(&told.p.db)
        .await
        .unwrap();
    assert_eq!(told.shown(None).await.signature.unwrap().state, SignatureState::Differs);
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_of_two_steps_at_once_is_told_so(db: PgPool) {
    let told = Told::new(db).await;
    let boss = told.member("boss", "manager").await;
    let mut body = told.shown(None).await.body;
    body.edit(BlockEdit::Add { behind: 0, kind: BlockKind::Text });
    body.blocks[0].text = "In short".to_owned();
    let new = Edit { version: 1, revision: 0, body: body.clone() };
    let (db, project, report, by) = (&told.p.db, told.p.project, told.report, told.p.user);
    let both = tokio::join!(edit(db, project, report, &new, by), edit(db, project, report, &new, by));
    let results = [both.0, both.1];
    assert_eq!(results.iter().filter(|r| matches!(r, Ok(Some(1)))).count(), 1, "{results:?}");
    assert!(results.into_iter().any(|r| is_stale(r, Stale::ReportState)));
    assert!(is_stale(told.submit(0).await, Stale::ReportState), "not what the person saw");

    let late = Edit { version: 1, revision: 1, body: Body { title: "Late".to_owned(), blocks: body.blocks } };
    let both = tokio::join!(told.submit(1), edit(db, project, report, &late, by));
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    if both.0.is_err() {
        assert!(told.submit(2).await.unwrap());
    }
    let hash = told.hash().await;
    assert!(is_stale(told.approve("something else", boss).await, Stale::ReportState));
    assert!(is_stale(edit(db, project, report, &late, by).await, Stale::ReportState), "it is not a draft any more");
    let back = send_back(db, project, report, (1, "too short"), boss, NOW);
    let both = tokio::join!(told.approve(&hash, boss), back);
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");

    let both = tokio::join!(next_version(db, project, report, by), next_version(db, project, report, by));
    let results = [both.0, both.1];
    assert_eq!(results.iter().filter(|r| matches!(r, Ok(Some(2)))).count(), 1, "{results:?}");
    let next = told.shown(None).await;
    assert_eq!((next.head.number, next.head.status, next.body.blocks[0].text.as_str()), (2, Status::Draft, "In short"));
    let detail = get(db, project, report).await.unwrap().unwrap();
    assert_eq!((detail.versions.len(), detail.events[0].verb), (2, Verb::Continued));
}

#[sqlx::test(migrations = "../../migrations")]
async fn nobody_approves_what_they_wrote_but_who_is_alone(db: PgPool) {
    let told = Told::new(db).await;
    assert!(told.submit(0).await.unwrap());
    let hash = told.hash().await;
    let scientist = told.member("scientist", "scientist").await;
    let may = async |who| approval(&told.p.db, told.p.project, told.report, who).await.unwrap();
    assert_eq!(may(told.p.user).await, Some(Approval::Alone), "a scientist may approve nothing");
    assert_eq!(may(scientist).await, Some(Approval::Allowed), "whether they may at all is asked elsewhere");
    let boss = told.member("boss", "manager").await;
    assert!(is_stale(told.approve(&hash, told.p.user).await, Stale::OwnReport));
    sqlx::query("delete from members where user_id = $1").bind(boss.0).execute(&told.p.db).await.unwrap();
    assert!(told.approve(&hash, told.p.user).await.unwrap());
    let detail = get(&told.p.db, told.p.project, told.report).await.unwrap().unwrap();
    assert_eq!(detail.events[0].verb, Verb::ApprovedAlone);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_forgotten_leaves_signed_reports(db: PgPool) {
    let told = Told::new(db).await;
    let (db, project, report, by) = (&told.p.db, told.p.project, told.report, told.p.user);
    assert!(told.submit(0).await.unwrap());
    assert!(told.approve(&told.hash().await, by).await.unwrap());
    // The quote is of the third sample.
    let erased = crate::forget::erase(db, project, by, &["question 2".to_owned()], 1).await;
    erased.unwrap();
    let shown = told.shown(None).await;
    assert_eq!(shown.facts.runs[0].bad_cases.examples[0].quote, None);
    assert_eq!(shown.signature.unwrap().state, SignatureState::Matches, "the text has the hash of the quote alone");

    let number = next_version(db, project, report, by).await.unwrap().unwrap();
    let mut body = told.shown(None).await.body;
    body.blocks.push(Block { key: 50, kind: BlockKind::Text, text: "question 1 is hard".to_owned() });
    let revision = edit(db, project, report, &Edit { version: number, revision: 0, body }, by).await.unwrap().unwrap();
    assert!(submit(db, project, report, (number, revision), by, NOW).await.unwrap());
    let hash = told.shown(None).await.head.content_sha256.unwrap();
    assert!(approve(db, project, report, (number, &hash), by, NOW).await.unwrap());
    crate::forget::erase(db, project, by, &["question 1".to_owned()], 1).await.unwrap();
    let shown = told.shown(None).await;
    assert!(matches!(shown.signature.unwrap().state, SignatureState::Erased { .. }));
    assert_eq!(shown.body.blocks.last().unwrap().text, domain::forget::TOMBSTONE);
    sqlx::query("update report_versions set frozen = replace(frozen, '\"number\":1', '\"number\":2')")
        .execute(db)
        .await
        .unwrap();
    let shown = told.shown(None).await;
    assert_eq!(shown.signature.unwrap().state, SignatureState::Differs, "erasing excuses nothing that came after it");
}

/// Whoever approves what was erased from signs what is left.
#[sqlx::test(migrations = "../../migrations")]
async fn what_is_forgotten_before_the_signature_is_not_signed(db: PgPool) {
    let told = Told::new(db).await;
    let (db, project, report, by) = (&told.p.db, told.p.project, told.report, told.p.user);
    let mut body = told.shown(None).await.body;
    body.blocks.push(Block { key: 50, kind: BlockKind::Text, text: "question 1 is hard".to_owned() });
    let revision = edit(db, project, report, &Edit { version: 1, revision: 0, body }, by).await.unwrap().unwrap();
    assert!(told.submit(revision).await.unwrap());
    let seen = told.hash().await;
    crate::forget::erase(db, project, by, &["question 1".to_owned()], 1).await.unwrap();
    assert!(is_stale(told.approve(&seen, by).await, Stale::ReportState), "it says something else now");
    assert!(told.approve(&told.hash().await, by).await.unwrap());
    assert_eq!(told.shown(None).await.signature.unwrap().state, SignatureState::Matches);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_week_is_told_once(db: PgPool) {
    let told = Told::new(db).await;
    let (db, project) = (&told.p.db, told.p.project);
    let week: Week = "2026-W31".parse().unwrap();
    sqlx::query("update projects set created_at = $1").bind(week.begins()).execute(db).await.unwrap();
    sqlx::query("update evals set created_at = $1").bind(NOW).execute(db).await.unwrap();
    sqlx::query("update bad_cases set created_at = $1, cause = 'data'").bind(NOW).execute(db).await.unwrap();
    assert!(told.submit(0).await.unwrap());
    let so_far = digests::get(db, project, week, NOW).await.unwrap().unwrap();
    assert!(!so_far.is_whole() && !so_far.is_quiet());
    assert_eq!((so_far.succeeded, so_far.failed, so_far.runs[0].number), (1, 0, 1));
    let best = &so_far.best[0];
    assert_eq!((best.run_number, best.metric.as_str(), best.before), (1, "accuracy", None));
    assert_eq!((so_far.bad_cases[0].cases, so_far.waiting.len()), (1, 1));
    assert_eq!(digests::get(db, project, week.previous(), NOW).await.unwrap(), None, "before the project");
    assert_eq!(digests::get(db, ProjectId::new(), week, NOW).await.unwrap(), None);
    let to_come = Week::of(week.ends());
    assert_eq!(digests::get(db, project, to_come, NOW).await.unwrap(), None);

    let after = week.ends() + Duration::HOUR;
    assert_eq!(digests::queue_due(db, NOW).await.unwrap(), 0, "no week of the project is over");
    let both = tokio::join!(digests::queue_due(db, after), digests::queue_due(db, after));
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 1);
    let later = after + Duration::days(2);
    assert_eq!(digests::queue_due(db, later).await.unwrap(), 0, "its job is there");
    sqlx::query("update jobs set status = 'failed', ended_at = now()").execute(db).await.unwrap();
    assert_eq!(digests::queue_due(db, after).await.unwrap(), 0, "not at once");
    let both = tokio::join!(digests::queue_due(db, later), digests::queue_due(db, later));
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 1);
    let digest = digests::gather(db, project, week, after).await.unwrap();
    assert!(digest.is_whole());
    digests::keep(db, project, &digest).await.unwrap();
    digests::keep(db, project, &Digest { succeeded: 99, ..digest.clone() }).await.unwrap();
    let kept = digests::list(db, project, None, 10).await.unwrap();
    assert_eq!((kept.len(), kept[0].week, kept[0].succeeded), (1, week, 1), "the first one stays");
    assert_eq!(digests::list(db, project, Some(week), 10).await.unwrap(), []);

    // The next week has the same best to be held against, and nothing new.
    let next = digests::get(db, project, to_come, after).await.unwrap().unwrap();
    assert_eq!((next.succeeded, next.best.len(), next.bad_cases.len(), next.waiting.len()), (0, 0, 0, 1));
    told.p.record(Subject::Tuned, ["yes", "no", "no"]).await;
    sqlx::query("update evals set created_at = $1 where subject = 'tuned'").bind(after).execute(db).await.unwrap();
    let next = digests::get(db, project, to_come, after).await.unwrap().unwrap();
    assert_eq!((next.best.len(), next.best[0].before), (1, None), "the evaluation was made anew");
}

/// Ids that nothing names are in no report.
#[sqlx::test(migrations = "../../migrations")]
async fn runs_that_are_gone_are_left_out(db: PgPool) {
    let told = Told::new(db).await;
    let facts = facts::gather(&told.p.db, told.p.project, &[RunId::new(), told.p.run], NOW).await.unwrap().unwrap();
    assert_eq!(facts.runs.len(), 1);
    assert_eq!(facts::gather(&told.p.db, ProjectId::new(), &[told.p.run], NOW).await.unwrap(), None);
}
