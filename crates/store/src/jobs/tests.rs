//! The job queue against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::evals::tests::place;
use domain::{
    dataset::{LineError, LineProblem},
    import::ImportProblem,
    job::{JobFailure, JobStatus},
    run::{Failure, FailureKind, RunFilter, RunProblem},
};

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
    let failed = Outcome::Failed { failure: JobFailure::NoFile, details: None };
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
    let seen = get(&db, job.0, job.1).await.unwrap().unwrap();
    assert_eq!((seen.status, seen.failure), (JobStatus::Failed, Some(JobFailure::Interrupted)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_failure_is_kept_as_data(db: PgPool) {
    let job = queued(&db).await;
    let owner = Uuid::new_v4();
    claim(&db, owner, &["import"]).await.unwrap().unwrap();
    let first = LineError::whole(7, LineProblem::WrongColumns { found: 2, expected: 3 });
    let failure = JobFailure::Import { problem: ImportProblem::BadLines { bad: 1, lines: 9, first: Box::new(first) } };
    let details = serde_json::json!({"report_sha256": "aa"});
    let failed = Outcome::Failed { failure: failure.clone(), details: Some(details.clone()) };
    assert!(finish(&db, job.1, owner, &failed).await.unwrap());
    let seen = get(&db, job.0, job.1).await.unwrap().unwrap();
    assert_eq!((seen.failure, seen.result), (Some(failure), Some(details)));
    assert!(seen.error.unwrap().starts_with("1 of 9 lines cannot become samples; line 7: the row has 2 fields"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reason_that_quotes_a_nul_ends_the_job(db: PgPool) {
    let job = queued(&db).await;
    let owner = Uuid::new_v4();
    claim(&db, owner, &["import"]).await.unwrap().unwrap();
    let failure = JobFailure::Internal { detail: "us\0er".to_owned() };
    let failed = Outcome::Failed { failure, details: Some(serde_json::json!({"a\0": ["\0"]})) };
    assert!(finish(&db, job.1, owner, &failed).await.unwrap());
    let seen = get(&db, job.0, job.1).await.unwrap().unwrap();
    let expected = JobFailure::Internal { detail: "us\u{fffd}er".to_owned() };
    assert_eq!((seen.status, seen.failure), (JobStatus::Failed, Some(expected)));
    assert_eq!(seen.result, Some(serde_json::json!({"a\u{fffd}": ["\u{fffd}"]})));
}

#[sqlx::test(migrations = false)]
async fn failures_written_as_plain_words_stay_readable(db: PgPool) {
    let all = sqlx::migrate!("../../migrations");
    let (before, after): (Vec<_>, Vec<_>) = all.iter().partition(|m| m.version < 5);
    for migration in before {
        sqlx::raw_sql(migration.sql.clone()).execute(&db).await.unwrap();
    }
    let job = queued(&db).await;
    sqlx::query("update jobs set status = 'failed', error = 'the disk said no'").execute(&db).await.unwrap();
    let run = "update runs set status = 'failed', failure_kind = 'crashed', failure_message = 'it broke'";
    sqlx::query(run).execute(&db).await.unwrap();
    for migration in after {
        sqlx::raw_sql(migration.sql.clone()).execute(&db).await.unwrap();
    }
    let seen = get(&db, job.0, job.1).await.unwrap().unwrap();
    assert_eq!(seen.failure, Some(JobFailure::Said { text: "the disk said no".to_owned() }));
    assert_eq!(seen.error.as_deref(), Some("the disk said no"));
    let runs = crate::runs::list(&db, job.0, &RunFilter { limit: 1, ..RunFilter::default() }).await.unwrap();
    let failure = runs.items[0].state.failure.clone().unwrap();
    assert_eq!(failure, Failure::new(FailureKind::Crashed, RunProblem::Said { text: "it broke".to_owned() }));
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
