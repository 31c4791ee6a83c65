//! Runs whose input cannot be had for a while: put off, not failed. With a real `server work` and a scripted trainer.

use crate::scripted::Place;
use domain::run::{FailureKind, QueueReason, RunProblem, RunStatus};
use store::PgPool;

/// The database does not tell which files a model has, as when a query is cut off.
async fn break_it(place: &Place) {
    sqlx::query("alter table model_files rename to hidden").execute(&place.db).await.unwrap();
}

async fn mend_it(place: &Place) {
    sqlx::query("alter table hidden rename to model_files").execute(&place.db).await.unwrap();
    // As if the pause were over.
    sqlx::query("update runs set not_before = null").execute(&place.db).await.unwrap();
    sqlx::query("update jobs set not_before = null").execute(&place.db).await.unwrap();
    for channel in [store::queue::CHANNEL, store::jobs::CHANNEL] {
        let ring = sqlx::query("select pg_notify($1, $2)").bind(channel).bind(place.run.to_string());
        ring.execute(&place.db).await.unwrap();
    }
}

async fn said(place: &Place, words: &str) -> bool {
    let logs = store::runs::logs_since(&place.db, place.run, 0, 100).await.unwrap();
    logs.iter().any(|l| l.message.contains(words))
}

#[sqlx::test(migrations = "../migrations")]
async fn a_run_waits_for_its_input(db: PgPool) {
    let place = Place::new(db, "started 0; point 1 2.0; finish").await;
    break_it(&place).await;
    let _worker = place.work();
    let is_put_off = |r: Option<QueueReason>| matches!(r, Some(QueueReason::PutOff { seconds: 1..=15 }));
    let waits = place.until("it is put off", |run| is_put_off(run.summary.state.queue)).await;
    assert_eq!((waits.summary.state.status, waits.summary.state.attempt), (RunStatus::Queued, 1));
    assert!(said(&place, "trying again in 15 s").await);
    mend_it(&place).await;
    assert_eq!(place.until_status(RunStatus::Succeeded).await.summary.state.attempt, 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_run_whose_input_never_comes_fails_in_the_end(db: PgPool) {
    let place = Place::new(db, "started 0; finish").await;
    sqlx::query("update runs set max_attempts = 1").execute(&place.db).await.unwrap();
    break_it(&place).await;
    let _worker = place.work();
    let failure = place.until_status(RunStatus::Failed).await.summary.state.failure.unwrap();
    assert!(matches!(failure.problem, RunProblem::NotPrepared { .. }), "{failure:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_gone_is_not_waited_for(db: PgPool) {
    let place = Place::new(db, "started 0; finish").await;
    std::fs::remove_dir_all(place.folder.path().join("artifacts/ab")).unwrap();
    let _worker = place.work();
    let state = place.until_status(RunStatus::Failed).await.summary.state;
    assert_eq!((state.attempt, state.failure.map(|f| f.kind)), (1, Some(FailureKind::InvalidInput)));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_preflight_waits_for_its_input_too(db: PgPool) {
    let script = r#"
if [ "$verb" = preflight ]; then
    mkdir -p "$out"; echo '{"checks":[],"audit":[],"elapsed_ms":1}' >"$out/preflight.json"; exit 0
fi
started 0; point 1 2.0; finish"#;
    let place = Place::new(db, script).await;
    place.check_first().await;
    break_it(&place).await;
    let _worker = place.work();
    let waits = |r: Option<QueueReason>| matches!(r, Some(QueueReason::PutOff { .. }));
    let state = place.until("it is put off", |run| waits(run.summary.state.queue)).await.summary.state;
    assert_eq!(state.status, RunStatus::Checking);
    assert!(said(&place, "preflight: failed to read the run's data").await);
    mend_it(&place).await;
    place.until_status(RunStatus::Succeeded).await;
}
