//! The job queue against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::evals::tests::place;
use domain::job::JobStatus;

/// A queue of one job.
async fn queued(db: &PgPool) -> (ProjectId, JobId) {
    let place = place(db.clone()).await;
    let mut connection = db.acquire().await.unwrap();
    let id = create(&mut connection, place.project, "import", &serde_json::json!({"n": 1}), place.user).await.unwrap();
    (place.project, id)
}

async fn status(db: &PgPool, (project, id): (ProjectId, JobId)) -> JobStatus {
    get(db, project, id).await.unwrap().unwrap().status
}

async fn expire(db: &PgPool) {
    sqlx::query("update jobs set lease_until = now() - interval '1 second'").execute(db).await.unwrap();
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_worker_gets_a_job_and_ends_it(db: PgPool) {
    let job = queued(&db).await;
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    assert!(claim(&db, one, &["register"]).await.unwrap().is_none());
    let claimed = claim(&db, one, &["import"]).await.unwrap().unwrap();
    assert_eq!((claimed.id, &claimed.payload["n"]), (job.1, &serde_json::json!(1)));
    assert!(claim(&db, other, &["import"]).await.unwrap().is_none());
    assert_eq!(heartbeat(&db, job.1, other).await.unwrap(), Beat::Lost);
    let failed = Outcome::Failed { error: "no".to_owned(), details: None };
    assert!(!finish(&db, job.1, other, &failed).await.unwrap());
    assert!(finish(&db, job.1, one, &Outcome::Succeeded(serde_json::json!({"made": 2}))).await.unwrap());
    let seen = get(&db, job.0, job.1).await.unwrap().unwrap();
    assert_eq!((seen.status, seen.result), (JobStatus::Succeeded, Some(serde_json::json!({"made": 2}))));
    assert!(get(&db, ProjectId::new(), job.1).await.unwrap().is_none());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_that_takes_its_workers_down_fails_in_the_end(db: PgPool) {
    let job = queued(&db).await;
    for _ in 0..MAX_ATTEMPTS {
        assert!(claim(&db, Uuid::new_v4(), &["import"]).await.unwrap().is_some());
        expire(&db).await;
        assert_eq!(requeue_lost(&db).await.unwrap(), 1);
    }
    assert_eq!(status(&db, job).await, JobStatus::Failed);
}

#[sqlx::test(migrations = "../../migrations")]
async fn cancelling_works_before_and_during(db: PgPool) {
    let job = queued(&db).await;
    let owner = Uuid::new_v4();
    claim(&db, owner, &["import"]).await.unwrap().unwrap();
    release(&db, job.1, owner).await.unwrap();
    claim(&db, owner, &["import"]).await.unwrap().unwrap();
    assert!(request_cancel(&db, job.0, job.1).await.unwrap());
    assert_eq!(heartbeat(&db, job.1, owner).await.unwrap(), Beat::CancelRequested);
    assert!(finish(&db, job.1, owner, &Outcome::Cancelled).await.unwrap());
    assert!(!request_cancel(&db, job.0, job.1).await.unwrap());
    sqlx::query("update jobs set status = 'queued'").execute(&db).await.unwrap();
    assert!(request_cancel(&db, job.0, job.1).await.unwrap());
    assert_eq!(status(&db, job).await, JobStatus::Cancelled);
}
