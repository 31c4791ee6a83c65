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
    progress(db, id, &PhaseProgress { phase: Phase::Auditing, done: 1, total: 2 }).await.unwrap();
    let busy = state(db, project, id).await;
    assert_eq!((busy.queue, busy.phase.map(|p| p.phase)), (None, Some(Phase::Auditing)));

    assert!(super::report(db, project, id).await.unwrap().is_none());
    assert!(pass(db, id, &report(Verdict::Warning)).await.unwrap());
    let queued = state(db, project, id).await;
    assert_eq!((queued.status, queued.phase), (RunStatus::Queued, None));
    assert!(super::report(db, project, id).await.unwrap().unwrap().warns());
    let elsewhere = crate::projects::create(db, place.user, "Elsewhere", "").await.unwrap();
    assert!(super::report(db, elsewhere, id).await.unwrap().is_none());
    assert!(run(db, id).await.unwrap().is_none());
    let late = Failure::of_preflight(PreflightStep::Room, FailureKind::DiskFull, RunProblem::KilledForMemory);
    assert!(!fail(db, id, None, &late).await.unwrap(), "a late job changes nothing");
    assert_eq!(queue::claim(db, Uuid::new_v4(), "cpu").await.unwrap().unwrap().lease.run, id);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_ends_with_what_its_preflight_found(db: PgPool) {
    let place = place(db).await;
    let (id, _) = place.launch_checked().await;
    let problem = RunProblem::LossDidNotFall { steps: 8, learning_rate: 1.0, first_loss: 2.0, last_loss: 9.5 };
    let report = report(Verdict::Problem { kind: FailureKind::Preflight, problem });
    let failure = report.failure().unwrap();
    assert!(fail(&place.db, id, Some(&report), &failure).await.unwrap());
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
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_other_runs_still_need_is_known(db: PgPool) {
    let place = place(db).await;
    let db = &place.db;
    let (working, _) = place.launch_checked().await;
    let (checked, _) = place.launch_checked().await;
    let supply = |needed_bytes| domain::run::Supply { needed_bytes, free_bytes: None, reserved_bytes: 0 };
    let room = domain::run::Room { disk: supply(7 << 20), memory: supply(500 << 20) };
    pass(db, working, &Preflight { room: Some(room), ..Preflight::default() }).await.unwrap();
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
