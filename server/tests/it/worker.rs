//! Workers as processes: the real `server work` with a scripted trainer, killed and started again.
//! What a run measured and how it ended must not depend on who died meanwhile.

use crate::scripted::Place;
use domain::{id::UserId, run::RunStatus};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_run_becomes_curves_an_evaluation_a_bad_case_and_an_adapter(db: PgPool) {
    let place = Place::new(
        db,
        r#"
started 0
point 1 2.0; point 2 1.5
say 'not json'
say '{"event":"preview","step":2,"index":0,"prompt":"p","expected":"e","output":"o"}'
echo '{"index":0,"output":"wrong","expected":"answer","correct":false,"scores":{"rouge_l":0.5}}' >"$out/tuned.jsonl"
say '{"event":"evaluated","subject":"tuned","metrics":{"task":"generation","samples":1,"values":{"rouge_l":0.5}},"file":"tuned.jsonl"}'
finish
"#,
    )
    .await;
    let _worker = place.work();
    let run = place.until_status(RunStatus::Succeeded).await;
    assert_eq!(place.steps().await, [(1, 1), (1, 2)]);
    assert_eq!(run.result, Some(serde_json::json!({"steps": 4})));
    assert_eq!(run.adapter.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["adapter_model.safetensors"]);
    assert!(run.has_evaluation);
    assert_eq!(store::runs::previews(&place.db, place.run, -1).await.unwrap().len(), 1);
    let query = domain::badcase::view::BadCaseQuery::default();
    assert_eq!(store::badcases::list(&place.db, place.project, &query).await.unwrap().items.len(), 1);
    let logs = store::runs::logs_since(&place.db, place.run, 0, 100).await.unwrap();
    assert!(logs.iter().any(|l| l.message.contains("could not be read")), "{logs:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_killed_trainer_goes_on_in_a_second_attempt(db: PgPool) {
    let place = Place::new(
        db,
        r#"
if [ -z "$resume" ]; then
    started 0; point 1 2.0
    mkdir -p "$out/checkpoints"
    kill -KILL $$
fi
started 1; point 2 1.0; finish
"#,
    )
    .await;
    let _worker = place.work();
    let run = place.until_status(RunStatus::Succeeded).await;
    assert_eq!((run.summary.state.attempt, place.steps().await), (2, vec![(1, 1), (2, 2)]));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_trainer_that_always_crashes_fails_with_its_last_words(db: PgPool) {
    let place = Place::new(db, "echo 'the gears jammed' >&2; exit 3").await;
    let _worker = place.work();
    let failure = place.until_status(RunStatus::Failed).await.summary.state.failure.unwrap();
    assert_eq!(failure.kind, domain::run::FailureKind::Crashed);
    assert!(failure.message.contains("code 3") && failure.message.contains("the gears jammed"), "{}", failure.message);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_failure_with_a_reason_is_not_tried_again(db: PgPool) {
    let place =
        Place::new(db, r#"say '{"event":"failed","kind":"not_a_number","message":"the loss is NaN"}'; exit 1"#).await;
    let _worker = place.work();
    let state = place.until_status(RunStatus::Failed).await.summary.state;
    assert_eq!((state.attempt, state.failure.unwrap().kind), (1, domain::run::FailureKind::NotANumber));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_run_that_went_back_keeps_nothing_of_what_it_gave_up(db: PgPool) {
    let place = Place::new(
        db,
        r#"
started 0; point 1 2.0; point 2 1.5; point 3 9.0
sleep 2
point 4 99.0; say '{"event":"rewound","step":1}'; point 2 1.4
finish
"#,
    )
    .await;
    let _worker = place.work();
    let run = place.until_status(RunStatus::Succeeded).await;
    assert_eq!((run.summary.state.step, place.steps().await), (2, vec![(1, 1), (1, 2)]));
}

/// Too little memory for more than one sample at once; the step is the number of samples.
const NARROW: &str = r#"
samples=${samples:-4}
started 0; point "$samples" 1.0
mkdir -p "$out/checkpoints"
[ "$samples" -eq 1 ] || { say '{"event":"failed","kind":"out_of_memory","message":"no memory"}'; exit 1; }
finish
"#;

#[sqlx::test(migrations = "../migrations")]
async fn lack_of_memory_halves_the_micro_batch_if_the_recipe_allows_it(db: PgPool) {
    let place = Place::new(db, NARROW).await;
    sqlx::query("update runs set recipe = jsonb_set(recipe, '{recovery,halve_micro_batch}', 'true'), max_attempts = 1")
        .execute(&place.db)
        .await
        .unwrap();
    let _worker = place.work();
    let run = place.until_status(RunStatus::Succeeded).await;
    assert_eq!((run.summary.state.attempt, place.steps().await), (3, vec![(1, 4), (2, 2), (3, 1)]));
}

#[sqlx::test(migrations = "../migrations")]
async fn lack_of_memory_ends_a_run_whose_recipe_allows_nothing(db: PgPool) {
    let place = Place::new(db, NARROW).await;
    let _worker = place.work();
    let state = place.until_status(RunStatus::Failed).await.summary.state;
    assert_eq!((state.attempt, state.failure.unwrap().kind), (1, domain::run::FailureKind::OutOfMemory));
}

/// Steps 1 and 2, then it waits for the file `hold` to go.
const HELD_UP: &str = r#"
hold=$out/../../../hold
started 0; point 1 2.0; point 2 1.5
while [ -e "$hold" ]; do sleep 0.1; done
point 3 1.0; finish
"#;

#[sqlx::test(migrations = "../migrations")]
async fn a_trainer_outlives_its_killed_worker_and_is_taken_up_again(db: PgPool) {
    let place = Place::new(db, HELD_UP).await;
    let hold = place.folder.path().join("hold");
    std::fs::write(&hold, "").unwrap();
    let mut first = place.work();
    place.until("two steps are stored", |run| run.summary.state.step == 2).await;
    // The trainer goes on alone.
    first.kill();
    let _second = place.work();
    tokio::time::sleep(Duration::from_secs(1)).await;
    std::fs::remove_file(&hold).unwrap();
    let run = place.until_status(RunStatus::Succeeded).await;
    assert_eq!((run.summary.state.attempt, place.steps().await), (1, vec![(1, 1), (1, 2), (1, 3)]));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_trainer_finished_while_nobody_listened_is_read_later(db: PgPool) {
    let place = Place::new(db, HELD_UP).await;
    let hold = place.folder.path().join("hold");
    std::fs::write(&hold, "").unwrap();
    let mut first = place.work();
    place.until("two steps are stored", |run| run.summary.state.step == 2).await;
    first.kill();
    drop(first);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let _second = place.work();
    let run = place.until_status(RunStatus::Succeeded).await;
    assert_eq!((run.summary.state.attempt, place.steps().await), (1, vec![(1, 1), (1, 2), (1, 3)]));
}

#[sqlx::test(migrations = "../migrations")]
async fn no_point_is_lost_or_double_when_the_database_breaks_off(db: PgPool) {
    let script = "started 0; i=0; while [ $i -lt 40 ]; do i=$((i+1)); point $i 1.0; sleep 0.05; done; finish";
    let place = Place::new(db, script).await;
    let _worker = place.work();
    for step in [5, 15, 25] {
        place.until("steps are stored", |run| run.summary.state.step >= step).await;
        // Every connection of the worker breaks, as when Postgres is killed and comes back.
        sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
            .execute(&place.db)
            .await
            .unwrap();
    }
    let run = place.until_status(RunStatus::Succeeded).await;
    assert_eq!(run.summary.state.attempt, 1);
    assert_eq!(place.steps().await, (1..=40).map(|step| (1, step)).collect::<Vec<_>>());
}

/// Waits for SIGTERM, then ends as the trainer does.
const PATIENT: &str = r#"
mkdir -p "$out/checkpoints"
trap 'exit 130' TERM
if [ -n "$resume" ]; then started 1; point 2 1.0; finish; exit; fi
started 0; point 1 2.0
while :; do sleep 0.1; done
"#;

#[sqlx::test(migrations = "../migrations")]
async fn cancelling_ends_the_trainer_at_once(db: PgPool) {
    let place = Place::new(db, PATIENT).await;
    let _worker = place.work();
    place.until("a step is stored", |run| run.summary.state.step == 1).await;
    let user: uuid::Uuid = sqlx::query_scalar("select id from users").fetch_one(&place.db).await.unwrap();
    let asked = Instant::now();
    assert!(store::runs::request_cancel(&place.db, place.project, place.run, UserId(user)).await.unwrap());
    place.until_status(RunStatus::Cancelled).await;
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stopped_worker_gives_its_run_back_and_goes_on_later(db: PgPool) {
    let place = Place::new(db, PATIENT).await;
    let mut first = place.work();
    place.until("a step is stored", |run| run.summary.state.step == 1).await;
    first.terminate();
    assert_eq!(place.detail().await.summary.state.status, RunStatus::Queued);
    let _second = place.work();
    let run = place.until_status(RunStatus::Succeeded).await;
    assert_eq!((run.summary.state.attempt, place.steps().await), (1, vec![(1, 1), (1, 2)]));
}

/// Tried out, it waits for the file `hold` to go and reports that all is well; as a run it ends at once.
const CHECKED: &str = r#"
if [ "$verb" = preflight ]; then
    mkdir -p "$out"
    hold=$out/../../../hold
    echo "$$" >>"$out/../../../starts"
    say '{"event":"phase","phase":"rehearsing","done":2,"total":6,"elapsed_ms":1}'
    while [ -e "$hold" ]; do sleep 0.1; done
    echo '{"checks":[],"audit":[],"longest":null,"overfit":null,"checkpoint":null,"room":null,"elapsed_ms":9}' >"$out/preflight.json"
    exit
fi
started 0; point 1 2.0; finish
"#;

#[sqlx::test(migrations = "../migrations")]
async fn a_preflight_outlives_its_killed_worker_and_is_taken_up_again(db: PgPool) {
    let place = Place::new(db, CHECKED).await;
    place.check_first().await;
    let hold = place.folder.path().join("hold");
    std::fs::write(&hold, "").unwrap();
    let mut first = place.work();
    place.until("it is tried out", |run| run.summary.state.phase.is_some_and(|p| p.done == 2)).await;
    first.kill();
    let _second = place.work();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(place.detail().await.summary.state.status, RunStatus::Checking);
    std::fs::remove_file(&hold).unwrap();
    place.until_status(RunStatus::Succeeded).await;
    assert_eq!(place.steps().await, [(1, 1)]);
    let starts = std::fs::read_to_string(place.folder.path().join("starts")).unwrap();
    assert_eq!(starts.lines().count(), 1, "tried out once");
    assert!(store::preflights::report(&place.db, place.project, place.run).await.unwrap().is_some());
}

#[sqlx::test(migrations = "../migrations")]
async fn cancelling_ends_a_preflight_at_once(db: PgPool) {
    let place = Place::new(db, CHECKED).await;
    place.check_first().await;
    std::fs::write(place.folder.path().join("hold"), "").unwrap();
    let _worker = place.work();
    place.until("it is tried out", |run| run.summary.state.phase.is_some_and(|p| p.done == 2)).await;
    let user: uuid::Uuid = sqlx::query_scalar("select id from users").fetch_one(&place.db).await.unwrap();
    assert!(store::runs::request_cancel(&place.db, place.project, place.run, UserId(user)).await.unwrap());
    assert_eq!(place.detail().await.summary.state.status, RunStatus::Cancelled);
    let pid = std::fs::read_to_string(place.folder.path().join("starts")).unwrap();
    let process = PathBuf::from(format!("/proc/{}", pid.trim()));
    let deadline = Instant::now() + Duration::from_secs(5);
    while process.exists() {
        assert!(Instant::now() < deadline, "the trainer goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_preflight_that_runs_out_of_memory_says_so(db: PgPool) {
    let script = r#"mkdir -p "$out"; say '{"event":"failed","kind":"out_of_memory","message":"no memory"}'; exit 1"#;
    let place = Place::new(db, script).await;
    place.check_first().await;
    let _worker = place.work();
    let failure = place.until_status(RunStatus::Failed).await.summary.state.failure.unwrap();
    assert_eq!(failure.kind, domain::run::FailureKind::Preflight);
    assert_eq!(failure.advice_kind(), domain::run::FailureKind::OutOfMemory);
}
