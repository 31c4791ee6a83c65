//! The run queue against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::evals::tests::place;

/// A queue of one run, with a recipe that can be read.
async fn queued(db: &PgPool) -> RunId {
    let run = place(db.clone()).await.run;
    sqlx::query("update runs set recipe = $2 where id = $1")
        .bind(run.0)
        .bind(to_json(&Recipe::default()).unwrap())
        .execute(db)
        .await
        .unwrap();
    run
}

async fn status(db: &PgPool, run: RunId) -> RunStatus {
    let word: String =
        sqlx::query_scalar("select status from runs where id = $1").bind(run.0).fetch_one(db).await.unwrap();
    word.parse().unwrap()
}

async fn expire(db: &PgPool) {
    sqlx::query("update runs set lease_until = now() - interval '1 second' where lease_until is not null")
        .execute(db)
        .await
        .unwrap();
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_many_workers_one_gets_the_run(db: PgPool) {
    let run = queued(&db).await;
    let claims = futures::future::join_all((0..8).map(|_| claim(&db, Uuid::new_v4(), "cpu"))).await;
    let got: Vec<_> = claims.into_iter().filter_map(|c| c.unwrap()).collect();
    assert_eq!(got.len(), 1);
    assert_eq!((got[0].lease.run, got[0].lease.attempt), (run, 1));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_piece_of_events_is_stored_once(db: PgPool) {
    queued(&db).await;
    let lease = claim(&db, Uuid::new_v4(), "cpu").await.unwrap().unwrap().lease;
    let mut connection = db.acquire().await.unwrap();
    assert!(transition(&mut connection, lease, RunStatus::Running).await.unwrap());
    let news = Advance { step: Some(3), ..Advance::default() };
    assert!(advance(&mut connection, lease, (0, 100), &news).await.unwrap());
    assert!(!advance(&mut connection, lease, (0, 100), &news).await.unwrap());
    assert_eq!(events_offset(&db, lease).await.unwrap(), Some(100), "who did not hear of the commit can ask");
    let late = Lease { attempt: lease.attempt + 1, ..lease };
    assert_eq!(events_offset(&db, late).await.unwrap(), None);
    assert_eq!(held(&db, lease.owner).await.unwrap().unwrap().events_offset, 100);
    let evaluating = Advance { evaluating: true, ..Advance::default() };
    assert!(advance(&mut connection, lease, (100, 120), &evaluating).await.unwrap());
    assert_eq!(status(&db, lease.run).await, RunStatus::Evaluating);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_worker_that_was_away_too_long_changes_nothing(db: PgPool) {
    let run = queued(&db).await;
    let late = claim(&db, Uuid::new_v4(), "cpu").await.unwrap().unwrap().lease;
    expire(&db).await;
    assert_eq!(requeue_lost(&db).await.unwrap(), [run]);
    let next = claim(&db, Uuid::new_v4(), "cpu").await.unwrap().unwrap().lease;
    assert_eq!(next.attempt, 2);
    let mut connection = db.acquire().await.unwrap();
    assert_eq!(heartbeat(&db, late).await.unwrap(), Beat::Lost);
    assert!(!transition(&mut connection, late, RunStatus::Running).await.unwrap());
    assert!(!end(&db, late, &Ending::Cancelled).await.unwrap());
    assert_eq!(heartbeat(&db, next).await.unwrap(), Beat::GoOn);
}

#[sqlx::test(migrations = "../../migrations")]
async fn attempts_run_out(db: PgPool) {
    let run = queued(&db).await;
    for _ in 0..3 {
        claim(&db, Uuid::new_v4(), "cpu").await.unwrap().unwrap();
        expire(&db).await;
        requeue_lost(&db).await.unwrap();
    }
    assert_eq!(status(&db, run).await, RunStatus::Failed);
    assert!(claim(&db, Uuid::new_v4(), "cpu").await.unwrap().is_none());
}

#[sqlx::test(migrations = "../../migrations")]
async fn given_back_does_not_count_and_cancel_is_not_queued_again(db: PgPool) {
    let run = queued(&db).await;
    let lease = claim(&db, Uuid::new_v4(), "cpu").await.unwrap().unwrap().lease;
    assert!(end(&db, lease, &Ending::GivenBack).await.unwrap());
    let lease = claim(&db, Uuid::new_v4(), "cpu").await.unwrap().unwrap().lease;
    assert_eq!(lease.attempt, 1);
    sqlx::query("update runs set cancel_requested_at = now()").execute(&db).await.unwrap();
    assert_eq!(heartbeat(&db, lease).await.unwrap(), Beat::CancelRequested);
    assert!(end(&db, lease, &Ending::Again).await.unwrap());
    assert_eq!(status(&db, run).await, RunStatus::Cancelled);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_that_is_put_off_waits_its_time_and_keeps_its_attempt(db: PgPool) {
    let run = queued(&db).await;
    let lease = claim(&db, Uuid::new_v4(), "cpu").await.unwrap().unwrap().lease;
    sqlx::query("update runs set waiting_since = now() - interval '1 hour'").execute(&db).await.unwrap();
    assert!(end(&db, lease, &Ending::Later { pause: Duration::from_secs(60) }).await.unwrap());
    assert_eq!(status(&db, run).await, RunStatus::Queued);
    let is_anew =
        sqlx::query_scalar::<_, bool>("select now() - waiting_since < interval '1 minute' from runs where id = $1");
    assert!(is_anew.bind(run.0).fetch_one(&db).await.unwrap(), "it waits from now on");
    assert!(claim(&db, Uuid::new_v4(), "cpu").await.unwrap().is_none(), "not before its time");
    sqlx::query("update runs set not_before = now() - interval '1 second'").execute(&db).await.unwrap();
    assert_eq!(claim(&db, Uuid::new_v4(), "cpu").await.unwrap().unwrap().lease.attempt, 2);
}
