//! Preflights against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::{
    jobs, queue,
    runs::{self, tests::place},
};
use domain::{
    event::Phase,
    run::{PreflightCheck, QueueReason, RunState, RunStatus, Verdict},
};

fn report(verdict: Verdict) -> Preflight {
    let check = PreflightCheck { step: PreflightStep::Overfit, verdict, elapsed_ms: 5 };
    Preflight { checks: vec![check], ..Preflight::default() }
}

/// As a server would: takes a job of a preflight.
async fn take(db: &PgPool) -> Lease {
    let owner = Uuid::new_v4();
    Lease { job: jobs::claim(db, owner, &[KIND]).await.unwrap().unwrap().id, owner }
}

async fn expire(db: &PgPool) {
    sqlx::query("update jobs set lease_until = now() - interval '1 second'").execute(db).await.unwrap();
}

async fn state(db: &PgPool, project: ProjectId, run: RunId) -> RunState {
    runs::state(db, project, run).await.unwrap().unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_waits_for_a_device_when_its_preflight_has_passed(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let (id, _) = place.launch_checked().await;
    let (second, _) = place.launch_checked().await;
    let waiting = state(db, project, id).await;
    assert_eq!((waiting.status, waiting.queue), (RunStatus::Checking, Some(QueueReason::JustQueued)));
    assert_eq!(state(db, project, second).await.queue, Some(QueueReason::RunsBefore { runs: 1 }));
    assert!(queue::claim(db, Uuid::new_v4(), "cpu").await.unwrap().is_none(), "it is not in the queue yet");

    let owner = Uuid::new_v4();
    let job = jobs::claim(db, owner, &[KIND]).await.unwrap().unwrap();
    let wanted: PreflightJob = serde_json::from_value(job.payload).unwrap();
    let found = run(db, wanted.run_id).await.unwrap().unwrap();
    assert_eq!((found.id, found.recipe), (id, Recipe::default()));
    assert!(found.memory_bytes > 0);
    let lease = Lease { job: job.id, owner };
    progress(db, lease, id, &PhaseProgress { phase: Phase::Auditing, done: 1, total: 2 }).await.unwrap();
    let busy = state(db, project, id).await;
    assert_eq!((busy.queue, busy.phase.map(|p| p.phase)), (None, Some(Phase::Auditing)));

    assert!(super::report(db, project, id).await.unwrap().is_none());
    assert!(admit(db, lease, id, &report(Verdict::Warning)).await.unwrap());
    let queued = state(db, project, id).await;
    assert_eq!((queued.status, queued.phase), (RunStatus::Queued, None));
    assert!(super::report(db, project, id).await.unwrap().unwrap().warns());
    let elsewhere = crate::projects::create(db, place.user, "Elsewhere", "").await.unwrap();
    assert!(super::report(db, elsewhere, id).await.unwrap().is_none());
    assert!(run(db, id).await.unwrap().is_none());
    let late = Failure::of_preflight(PreflightStep::Room, FailureKind::DiskFull, RunProblem::KilledForMemory);
    assert!(!fail(db, lease, id, None, &late).await.unwrap(), "a late job changes nothing");
    assert_eq!(queue::claim(db, Uuid::new_v4(), "cpu").await.unwrap().unwrap().lease.run, id);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_ends_with_what_its_preflight_found(db: PgPool) {
    let place = place(db).await;
    let (id, _) = place.launch_checked().await;
    let lease = take(&place.db).await;
    let problem = RunProblem::LossDidNotFall { steps: 8, learning_rate: 1.0, first_loss: 2.0, last_loss: 9.5 };
    let report = report(Verdict::Problem { kind: FailureKind::Preflight, problem });
    let failure = report.failure().unwrap();
    assert!(fail(&place.db, lease, id, Some(&report), &failure).await.unwrap());
    let ended = state(&place.db, place.project, id).await;
    assert_eq!((ended.status, ended.failure), (RunStatus::Failed, Some(failure)));
    assert!(ended.ended_at.is_some());
    assert_eq!(super::report(&place.db, place.project, id).await.unwrap(), Some(report));
}

#[sqlx::test(migrations = "../../migrations")]
async fn cancelling_the_run_or_the_job_ends_both(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let (id, job) = place.launch_checked().await;
    assert!(runs::request_cancel(db, project, id, place.user).await.unwrap());
    assert_eq!(state(db, project, id).await.status, RunStatus::Cancelled);
    assert!(jobs::get(db, project, job).await.unwrap().unwrap().status.is_final());

    let (id, job) = place.launch_checked().await;
    assert!(settle(db).await.unwrap().is_empty());
    assert!(jobs::request_cancel(db, project, job).await.unwrap());
    assert_eq!(settle(db).await.unwrap(), [id]);
    assert_eq!(state(db, project, id).await.status, RunStatus::Cancelled);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_that_died_leaves_no_run_behind(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let (id, job) = place.launch_checked().await;
    let owner = Uuid::new_v4();
    assert_eq!(jobs::claim(db, owner, &[KIND]).await.unwrap().unwrap().id, job);
    assert_eq!(jobs::release_held(db, owner).await.unwrap(), 1, "as after a restart");
    assert_eq!(jobs::claim(db, owner, &[KIND]).await.unwrap().unwrap().id, job, "at once, without waiting for a lease");
    let failure = JobFailure::Disk { detail: "no space".to_owned() };
    let outcome = jobs::Outcome::Failed { failure, details: None };
    assert!(jobs::finish(db, job, owner, &outcome).await.unwrap());
    assert_eq!(settle(db).await.unwrap(), [id]);
    let ended = state(db, project, id).await;
    let failure = ended.failure.unwrap();
    assert_eq!((ended.status, failure.kind), (RunStatus::Failed, FailureKind::Preflight));
    assert!(failure.message.contains("no space"), "{}", failure.message);
    let problem = RunProblem::PreflightDisk { detail: "no space".to_owned() };
    assert_eq!(failure, Failure::of_preflight(PreflightStep::SetUp, FailureKind::Crashed, problem), "kept as data");
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_other_runs_still_need_is_known(db: PgPool) {
    let place = place(db).await;
    let db = &place.db;
    let (working, _) = place.launch_checked().await;
    let (checked, _) = place.launch_checked().await;
    let supply = |needed_bytes| domain::run::Supply { needed_bytes, free_bytes: None, reserved_bytes: 0 };
    let room = domain::run::Room { disk: supply(7 << 20), memory: supply(500 << 20) };
    let lease = take(db).await;
    admit(db, lease, working, &Preflight { room: Some(room), ..Preflight::default() }).await.unwrap();
    let owner = Uuid::new_v4();
    let queued = promised(db, &[owner], checked).await.unwrap();
    assert_eq!(queued, Promised { memory_bytes: 0, disk_bytes: 7 << 20, working: vec![] });
    let lease = queue::claim(db, owner, "cpu").await.unwrap().unwrap().lease;
    assert_eq!(promised(db, &[owner], checked).await.unwrap().memory_bytes, 500 << 20);
    let point = crate::points::NewPoint { key: series::MEMORY_MIB.to_owned(), step: 1, value: 380.0, elapsed_ms: 1 };
    crate::points::insert(&mut db.acquire().await.unwrap(), working, lease.attempt, &[point]).await.unwrap();
    let now = promised(db, &[owner], checked).await.unwrap();
    assert_eq!(now, Promised { memory_bytes: 120 << 20, disk_bytes: 0, working: vec![(working, 7 << 20)] });
    assert_eq!(promised(db, &[Uuid::new_v4()], checked).await.unwrap(), Promised::default(), "another host's run");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_that_lost_its_lease_settles_no_run(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let (id, _) = place.launch_checked().await;
    let late = take(db).await;
    expire(db).await;
    assert_eq!(jobs::requeue_lost(db).await.unwrap(), 1);
    let now = take(db).await;
    assert_eq!(now.job, late.job);
    let found = Failure::of_preflight(PreflightStep::Room, FailureKind::DiskFull, RunProblem::KilledForMemory);
    assert!(!fail(db, late, id, None, &found).await.unwrap());
    assert!(!admit(db, late, id, &report(Verdict::Ok)).await.unwrap());
    progress(db, late, id, &PhaseProgress { phase: Phase::Auditing, done: 1, total: 2 }).await.unwrap();
    let untouched = state(db, project, id).await;
    assert_eq!((untouched.status, untouched.phase), (RunStatus::Checking, None));
    assert!(super::report(db, project, id).await.unwrap().is_none());
    let other = place.launch_checked().await.0;
    assert!(!admit(db, now, other, &report(Verdict::Ok)).await.unwrap(), "a job settles its own run only");
    assert!(admit(db, now, id, &report(Verdict::Ok)).await.unwrap());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_verdict_and_a_lost_lease_do_not_cross(db: PgPool) {
    let place = place(db).await;
    let db = &place.db;
    for _ in 0..10 {
        let (id, _) = place.launch_checked().await;
        let late = take(db).await;
        expire(db).await;
        let ok = report(Verdict::Ok);
        let (passed, lost) = tokio::join!(admit(db, late, id, &ok), jobs::requeue_lost(db));
        let (passed, lost) = (passed.unwrap(), lost.unwrap());
        let status = state(db, place.project, id).await.status;
        let expected = if passed { RunStatus::Queued } else { RunStatus::Checking };
        assert_eq!(status, expected, "lost {lost}");
        assert!(passed || lost == 1);
        sqlx::query("delete from jobs").execute(db).await.unwrap();
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_that_waits_for_memory_lets_others_go_first(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let (big, _) = place.launch_checked().await;
    let (small, _) = place.launch_checked().await;
    let lease = take(db).await;
    let waiting = PhaseProgress { phase: Phase::WaitingForMemory, done: 10, total: 20 };
    progress(db, lease, big, &waiting).await.unwrap();
    for run in [big, small] {
        sqlx::query("update runs set waiting_since = now() - interval '1 hour' where id = $1")
            .bind(run.0)
            .execute(db)
            .await
            .unwrap();
    }
    jobs::postpone(db, lease, std::time::Duration::from_secs(60), false).await.unwrap();
    let waits = state(db, project, big).await;
    assert_eq!((waits.phase, waits.queue), (Some(waiting), None), "it is told what it waits for");
    assert_eq!(state(db, project, small).await.queue, Some(QueueReason::NoWorker), "nobody is before it");
    let taken = take(db).await;
    let payload: serde_json::Value =
        sqlx::query_scalar("select payload from jobs where id = $1").bind(taken.job.0).fetch_one(db).await.unwrap();
    assert_eq!(payload["run_id"], serde_json::json!(small));
    assert!(jobs::claim(db, Uuid::new_v4(), &[KIND]).await.unwrap().is_none(), "not before its time");
    // A job that is put off for another reason says so, and waits from then on.
    jobs::postpone(db, taken, std::time::Duration::from_secs(60), true).await.unwrap();
    assert!(matches!(state(db, project, small).await.queue, Some(QueueReason::PutOff { seconds: 55..=60 })));
    sqlx::query("update jobs set not_before = now()").execute(db).await.unwrap();
    assert_eq!(state(db, project, small).await.queue, Some(QueueReason::RunsBefore { runs: 1 }));
    let again = jobs::claim(db, Uuid::new_v4(), &[KIND]).await.unwrap().unwrap();
    assert_eq!((again.id, again.attempt), (lease.job, 1), "waiting is no attempt");
    assert_eq!(jobs::claim(db, Uuid::new_v4(), &[KIND]).await.unwrap().unwrap().attempt, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_verdict_and_a_cancellation_do_not_block_each_other(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    for _ in 0..20 {
        let (id, _) = place.launch_checked().await;
        let lease = take(db).await;
        let ok = report(Verdict::Ok);
        let cancel = runs::request_cancel(db, project, id, place.user);
        let (admitted, cancelled) = tokio::join!(admit(db, lease, id, &ok), cancel);
        admitted.unwrap();
        assert!(cancelled.unwrap());
        assert_eq!(state(db, project, id).await.status, RunStatus::Cancelled);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_report_is_told_in_short(db: PgPool) {
    use domain::{dataset::TokenStats, run::SplitAudit};
    let place = place(db).await;
    let (id, _) = place.launch_checked().await;
    assert_eq!(summary(&place.db, id).await.unwrap(), None);
    let audit = |split, tokens, learnt_tokens| SplitAudit {
        split,
        samples: 2,
        used: 2,
        tokens,
        learnt_tokens,
        max_length: 9,
        lengths: TokenStats::default(),
        findings: Vec::new(),
        ordinary: Vec::new(),
    };
    let supply = |needed_bytes| domain::run::Supply { needed_bytes, free_bytes: None, reserved_bytes: 0 };
    let pace = domain::run::Pace { train_seconds: 7.5, test_seconds: 2.0, ..domain::run::Pace::default() };
    let whole = Preflight {
        audit: vec![audit(Split::Validation, 5, 5), audit(Split::Train, 40, 10)],
        pace: Some(pace),
        room: Some(domain::run::Room { disk: supply(1), memory: supply(1 << 30) }),
        ..report(Verdict::Warning)
    };
    let lease = take(&place.db).await;
    assert!(admit(&place.db, lease, id, &whole).await.unwrap());
    let short = summary(&place.db, id).await.unwrap().unwrap();
    let expected = PreflightSummary {
        has_failed: false,
        warns: true,
        tokens: Some([40, 10]),
        train_seconds: Some(7.5),
        peak_memory_bytes: Some(1 << 30),
    };
    assert_eq!((short, short.learnt_share()), (expected, Some(0.25)));
    let run = runs::get(&place.db, place.project, id).await.unwrap().unwrap();
    let predicted = run.predicted.unwrap();
    assert_eq!((predicted.basis, predicted.cost.seconds), (domain::run::PredictionBasis::Preflight, 9.5));
    assert_eq!((predicted.cost.memory_bytes, run.actual), (Some(1 << 30), None));
}
