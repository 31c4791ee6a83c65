//! Results that are cut once, kept, and cut again when something has changed, against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::{
    Stale,
    evals::tests::{Place, place},
    suites::{
        results, save,
        tests::{design, many, model, record, suite},
    },
};
use domain::id::{ProjectId, SampleId, SuiteId};
use uuid::Uuid;

/// A result of 80 samples, of which the first 40 are right and of shop a, and the others of shop b.
async fn halves(place: &Place, suite: SuiteId) -> (SuiteResult, Vec<SampleId>) {
    let samples = many(place, 80).await;
    let of_shop = |rest| samples.iter().enumerate().filter(move |(i, _)| i % 2 == rest).map(|(_, sample)| *sample);
    let sorted: Vec<SampleId> = of_shop(1).chain(of_shop(0)).collect();
    let id = record(place, suite, &model(place).await, &sorted, 40).await;
    (results::get(&place.db, place.project, suite, id).await.unwrap().unwrap(), sorted)
}

/// Whether the report is there; whoever asks for it computes nothing.
async fn kept(place: &Place, result: &SuiteResult) -> Option<SliceReport> {
    let asker = Asker { project: place.project, user: place.user, again: false };
    match report_or_job(&place.db, asker, result, None).await.unwrap().unwrap() {
        Cut::Kept(report) => Some(*report),
        Cut::By(_) => None,
    }
}

async fn cut(place: &Place, result: &SuiteResult) -> SliceReport {
    let parts = read(&place.db, place.project, result).await.unwrap();
    for metric in missing(&place.db, place.project, result).await.unwrap() {
        parts.cut(&place.db, result, &metric).await.unwrap();
    }
    kept(place, result).await.unwrap()
}

fn values(report: &SliceReport, field: &str) -> Vec<(String, u32, f64)> {
    let found = report.fields.iter().find(|found| found.field == field);
    let slices = found.map(|found| found.slices.clone()).unwrap_or_default();
    slices.iter().map(|slice| (slice.conditions[0].value.clone(), slice.support, slice.value)).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_result_is_cut_once(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let id = suite(&place).await;
    let (result, _) = halves(&place, id).await;
    let asker = Asker { project, user: place.user, again: false };
    let job = async |asker| match report_or_job(db, asker, &result, None).await.unwrap() {
        Some(Cut::By(job)) => job.id,
        other => panic!("{other:?}"),
    };
    let first = job(asker).await;
    assert_eq!(job(asker).await, first, "who looks meanwhile waits for the same job");
    sqlx::query("update jobs set status = 'failed' where kind = 'slice_result'").execute(db).await.unwrap();
    assert_eq!(job(asker).await, first, "a page says that it failed");
    assert_ne!(job(Asker { again: true, ..asker }).await, first, "and begins it again when it is asked to");

    let report = cut(&place, &result).await;
    assert_eq!((report.metric.as_str(), report.metrics.len(), report.cut, report.of), ("accuracy", 1, 80, 80));
    assert_eq!(values(&report, "slice.shop"), [("a".to_owned(), 40, 1.0), ("b".to_owned(), 40, 0.0)]);
    assert_eq!(report.worst.slices[0].conditions[0].value, "b");
    let at = "select computed_at from suite_slices";
    let before: time::OffsetDateTime = sqlx::query_scalar(at).fetch_one(db).await.unwrap();
    assert_eq!((missing(db, project, &result).await.unwrap(), cut(&place, &result).await), (Vec::new(), report));
    assert_eq!(sqlx::query_scalar::<_, time::OffsetDateTime>(at).fetch_one(db).await.unwrap(), before);
}

#[sqlx::test(migrations = "../../migrations")]
async fn another_slice_needs_no_new_answers(db: PgPool) {
    let place = place(db).await;
    let id = suite(&place).await;
    let (result, _) = halves(&place, id).await;
    cut(&place, &result).await;
    let mut next = design(&place);
    next.evaluations[0].slices = vec!["shop".to_owned(), "language".to_owned()];
    next.evaluations[0].named_slices = vec!["of a = slice.shop:a & script:latin".parse().unwrap()];
    assert_eq!(save(&place.db, place.project, id, 1, &next, place.user).await.unwrap(), Some(2));
    assert_eq!(kept(&place, &result).await, None, "what was cut by other fields is not shown");
    let report = cut(&place, &result).await;
    assert_eq!(values(&report, "named.of a"), [("in".to_owned(), 40, 1.0), ("out".to_owned(), 40, 0.0)]);
    let is_asked = |field: &str| ["slice.shop", "language", "named.of a"].contains(&field);
    assert!(report.fields.iter().all(|field| is_asked(&field.field)), "{:?}", report.fields);

    // A version that asks something else has no say in how this result is cut.
    let mut other = next.clone();
    other.evaluations[0].max_samples = Some(3);
    other.evaluations[0].named_slices.clear();
    assert_eq!(save(&place.db, place.project, id, 2, &other, place.user).await.unwrap(), Some(3));
    assert!(values(&cut(&place, &result).await, "named.of a").is_empty(), "as the version that it was made for says");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_scoring_makes_slices_by_difficulty(db: PgPool) {
    let place = place(db).await;
    let id = suite(&place).await;
    let (result, samples) = halves(&place, id).await;
    assert!(values(&cut(&place, &result).await, DIFFICULTY).is_empty());
    let scoring = Uuid::now_v7();
    sqlx::query(
        "insert into scorings (id, version_id, model_id, dimensions, scored, unscored, created_by) \
         select $1, $2, id, 0, 80, 0, $3 from models",
    )
    .bind(scoring)
    .bind(place.version.0)
    .bind(place.user.0)
    .execute(&place.db)
    .await
    .unwrap();
    sqlx::query(
        "insert into sample_scores (scoring_id, sample_id, answer_loss, all_loss) \
         select $1, s.id, s.place, 0 from unnest($2::bigint[]) with ordinality as s (id, place)",
    )
    .bind(scoring)
    .bind(samples.iter().map(|sample| sample.0).collect::<Vec<_>>())
    .execute(&place.db)
    .await
    .unwrap();
    assert_eq!(kept(&place, &result).await, None, "cut without it");
    let quarter = |n: &str, value| (n.to_owned(), 20, value);
    let found = values(&cut(&place, &result).await, DIFFICULTY);
    assert_eq!(found, [quarter("1", 1.0), quarter("2", 1.0), quarter("3", 0.0), quarter("4", 0.0)]);
}

async fn clustered(place: &Place, name: &str, samples: &[SampleId]) {
    let cluster = Uuid::now_v7();
    sqlx::query("insert into bad_case_clusters (id, project_id, name) values ($1, $2, $3)")
        .bind(cluster)
        .bind(place.project.0)
        .bind(name)
        .execute(&place.db)
        .await
        .unwrap();
    sqlx::query(
        "insert into bad_cases (id, project_id, source, sample_id, output, expected, cluster_id) \
         select gen_random_uuid(), $1, 'hand', s, 'no', 'yes', $2 from unnest($3::bigint[]) as s",
    )
    .bind(place.project.0)
    .bind(cluster)
    .bind(samples.iter().map(|sample| sample.0).collect::<Vec<_>>())
    .execute(&place.db)
    .await
    .unwrap();
}

#[sqlx::test(migrations = "../../migrations")]
async fn samples_of_a_cluster_are_a_slice(db: PgPool) {
    let place = place(db).await;
    let id = suite(&place).await;
    let (result, samples) = halves(&place, id).await;
    clustered(&place, "late parcels", &samples[50..75]).await;
    clustered(&place, "elsewhere", &place.samples).await;
    let report = cut(&place, &result).await;
    assert_eq!(values(&report, CLUSTER), [("late parcels".to_owned(), 25, 0.0)]);
    sqlx::query("update bad_case_clusters set name = 'lost parcels' where name = 'late parcels'")
        .execute(&place.db)
        .await
        .unwrap();
    assert_eq!(kept(&place, &result).await, None, "it goes by another name");
    assert_eq!(values(&cut(&place, &result).await, CLUSTER), [("lost parcels".to_owned(), 25, 0.0)]);
    sqlx::query("update bad_case_clusters set name = 'x' where name = 'elsewhere'").execute(&place.db).await.unwrap();
    assert!(kept(&place, &result).await.is_some(), "no sample of this result is in that one");
}

#[sqlx::test(migrations = "../../migrations")]
async fn nobody_fills_the_queue(db: PgPool) {
    let place = place(db).await;
    let id = suite(&place).await;
    let candidate = model(&place).await;
    let asker = Asker { project: place.project, user: place.user, again: true };
    let mut refused = 0;
    for _ in 0..10 {
        let result = record(&place, id, &candidate, &place.samples, 1).await;
        let result = results::get(&place.db, place.project, id, result).await.unwrap().unwrap();
        match report_or_job(&place.db, asker, &result, None).await {
            Ok(Some(Cut::By(_))) => {}
            Err(StoreError::Stale(Stale::CutsMany)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 2);
    let elsewhere = Asker { project: ProjectId::new(), ..asker };
    let result = record(&place, id, &candidate, &place.samples, 1).await;
    let result = results::get(&place.db, place.project, id, result).await.unwrap().unwrap();
    assert!(report_or_job(&place.db, elsewhere, &result, None).await.is_err(), "no such project");
}
