//! Evaluations and the bad cases that come from them, against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::{badcases, versions};
use domain::{
    badcase::{
        BadCaseStatus, Cause,
        view::{BadCaseEdit, BadCaseQuery},
    },
    dataset::VersionStats,
    eval::{Task, view::SliceIs},
    id::{DatasetId, ModelId, UserId},
};
use std::collections::BTreeMap;

/// A project with a run on a version of three labelled test samples.
pub(crate) struct Place {
    pub(crate) db: PgPool,
    pub(crate) user: UserId,
    pub(crate) project: ProjectId,
    pub(crate) run: RunId,
    pub(crate) version: VersionId,
    pub(crate) samples: Vec<SampleId>,
}

pub(crate) async fn place(db: PgPool) -> Place {
    let (user, model, dataset, version, run) =
        (UserId::new(), ModelId::new(), DatasetId::new(), VersionId::new(), RunId::new());
    let exec = async |sql: &'static str, ids: &[uuid::Uuid]| {
        let mut query = sqlx::query(sql);
        for id in ids {
            query = query.bind(*id);
        }
        query.execute(&db).await.unwrap();
    };
    exec("insert into users (id, email, name, password_hash) values ($1, 'ada@example.org', 'Ada', '')", &[user.0])
        .await;
    let project = crate::projects::create(&db, user, "P", "").await.unwrap();
    exec(
        "insert into models (id, project_id, name, source, card, created_by) values ($1, $2, 'Smol', '{}', '{}', $3)",
        &[model.0, project.0, user.0],
    )
    .await;
    exec(
        "insert into datasets (id, project_id, name, created_by) values ($1, $2, 'D', $3)",
        &[dataset.0, project.0, user.0],
    )
    .await;
    let stats = VersionStats {
        samples: 3,
        test: 3,
        labels: vec![("no".to_owned(), 1), ("yes".to_owned(), 2)],
        ..VersionStats::default()
    };
    sqlx::query("insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($1, $2, 1, '{}', $3, $4)")
        .bind(version.0)
        .bind(dataset.0)
        .bind(to_json(&stats).unwrap())
        .bind(user.0)
        .execute(&db)
        .await
        .unwrap();
    exec(
        "insert into runs (id, project_id, number, name, model_id, version_id, recipe, created_by) \
         values ($1, $2, 1, 'first', $3, $4, '{}', $5)",
        &[run.0, project.0, model.0, version.0, user.0],
    )
    .await;
    let mut samples = Vec::new();
    for (i, label) in ["yes", "yes", "no"].iter().enumerate() {
        let messages = serde_json::json!([{"role": "user", "content": format!("question {i}")}, {"role": "assistant", "content": label}]);
        let id: i64 = sqlx::query_scalar(
            "insert into samples (dataset_id, messages, label, content_hash, search_text) values ($1, $2, $3, $4, $5) returning id",
        )
        .bind(dataset.0)
        .bind(messages)
        .bind(*label)
        .bind([u8::try_from(i).unwrap(); 32].as_slice())
        .bind(format!("question {i} {label}"))
        .fetch_one(&db)
        .await
        .unwrap();
        sqlx::query("insert into version_samples (version_id, position, sample_id, split) values ($1, $2, $3, 2)")
            .bind(version.0)
            .bind(i32::try_from(i).unwrap())
            .bind(id)
            .execute(&db)
            .await
            .unwrap();
        samples.push(SampleId(id));
    }
    Place { db, user, project, run, version, samples }
}

impl Place {
    /// Records an evaluation in which the model said `outputs`.
    pub(crate) async fn record(&self, subject: Subject, outputs: [&str; 3]) {
        let expected = ["yes", "yes", "no"];
        let predictions: Vec<Prediction> = (0u32..3)
            .map(|index| {
                let i = index as usize;
                Prediction {
                    index,
                    output: outputs[i].to_owned(),
                    expected: expected[i].to_owned(),
                    correct: outputs[i] == expected[i],
                    scores: BTreeMap::from([("label_probability".to_owned(), 0.5)]),
                }
            })
            .collect();
        let right = predictions.iter().filter(|p| p.correct).count();
        let metrics = EvalMetrics {
            task: Task::Classification,
            samples: 3,
            values: BTreeMap::from([("accuracy".to_owned(), right as f64 / 3.0)]),
            classes: Vec::new(),
            confusion: None,
        };
        let new = NewEval {
            project: self.project,
            run: self.run,
            subject,
            version: self.version,
            split: Split::Test,
            metrics: &metrics,
        };
        let mut tx = self.db.begin().await.unwrap();
        record(&mut tx, new, &self.samples, &predictions).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn positions(&self, query: PredictionQuery) -> Vec<u32> {
        predictions(&self.db, self.project, self.run, &query).await.unwrap().items.iter().map(|p| p.position).collect()
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn failing_predictions_come_first_and_can_be_filtered(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Base, ["no", "yes", "yes"]).await;
    p.record(Subject::Tuned, ["yes", "no", "no"]).await;
    let of = |outcome| PredictionQuery { outcome, ..PredictionQuery::default() };
    assert_eq!(p.positions(of(Outcome::All)).await, [1, 0, 2]);
    assert_eq!(p.positions(of(Outcome::Better)).await, [0, 2]);
    assert_eq!(p.positions(of(Outcome::Worse)).await, [1]);
    let search = PredictionQuery { search: Some("QUESTION 2".to_owned()), ..PredictionQuery::default() };
    assert_eq!(p.positions(search).await, [2]);
    let cell = PredictionQuery { label: Some("yes".to_owned()), ..PredictionQuery::default() };
    let cell = |predicted: &str| PredictionQuery { predicted: Some(predicted.to_owned()), ..cell.clone() };
    assert_eq!((p.positions(cell("yes")).await, p.positions(cell("no")).await), (vec![0], vec![1]));
    sqlx::query("update samples set slices = '{\"a:b\": \"x:y\"}' where id = $1")
        .bind(p.samples[2].0)
        .execute(&p.db)
        .await
        .unwrap();
    for (slice, expected) in [("a%3Ab:x:y", vec![2]), ("a%3Ab:x", vec![]), ("a:b", vec![])] {
        let slice: SliceIs = slice.parse().unwrap();
        assert_eq!(slice.to_string().parse::<SliceIs>(), Ok(slice.clone()));
        assert_eq!(p.positions(PredictionQuery { slice: Some(slice), ..PredictionQuery::default() }).await, expected);
    }
    // Pages follow each other without gap or repeat.
    let mut seen = Vec::new();
    let mut query = PredictionQuery { limit: Some(1), ..PredictionQuery::default() };
    loop {
        let page = predictions(&p.db, p.project, p.run, &query).await.unwrap();
        seen.extend(page.items.iter().map(|r| r.position));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [1, 0, 2]);
    // Not of another project.
    assert!(predictions(&p.db, ProjectId::new(), p.run, &PredictionQuery::default()).await.unwrap().items.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn recording_twice_replaces_until_people_have_worked_on_it(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "no", "no"]).await;
    p.record(Subject::Tuned, ["yes", "no", "no"]).await;
    let found = badcases::list(&p.db, p.project, &BadCaseQuery::default()).await.unwrap().items;
    assert_eq!(found.len(), 1);
    let edit = BadCaseEdit { cause: Some(Cause::Label), note: "typo".to_owned(), ..BadCaseEdit::default() };
    assert!(badcases::edit(&p.db, p.project, found[0].id, &edit, p.user).await.unwrap());
    p.record(Subject::Tuned, ["yes", "yes", "no"]).await;
    assert_eq!(badcases::list(&p.db, p.project, &BadCaseQuery::default()).await.unwrap().items.len(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_correction_becomes_the_next_version_with_its_lineage(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["yes", "no", "no"]).await;
    let case = badcases::list(&p.db, p.project, &BadCaseQuery::default()).await.unwrap().items.remove(0);
    let edit = BadCaseEdit { cause: Some(Cause::Label), correction: Some("no".to_owned()), ..BadCaseEdit::default() };
    badcases::edit(&p.db, p.project, case.id, &edit, p.user).await.unwrap();
    let full = badcases::get(&p.db, p.project, case.id).await.unwrap().unwrap();
    assert_eq!(
        (full.summary.status, full.labels.as_slice()),
        (BadCaseStatus::Corrected, ["no".to_owned(), "yes".to_owned()].as_slice())
    );
    let correction = versions::Correction {
        original: full.sample_id,
        sample: full.sample.with_answer("no"),
        bad_case: case.id,
        move_to_train: true,
    };
    let made = versions::create_from_corrections(&p.db, p.project, p.version, &[correction], p.user, "fixed")
        .await
        .unwrap()
        .unwrap();
    let (parent, bad_case, run): (i64, uuid::Uuid, uuid::Uuid) = sqlx::query_as(
        "select s.parent_id, s.bad_case_id, b.run_id from version_samples vs join samples s on s.id = vs.sample_id \
         join bad_cases b on b.id = s.bad_case_id where vs.version_id = $1 and vs.position = 1",
    )
    .bind(made.version_id.0)
    .fetch_one(&p.db)
    .await
    .unwrap();
    assert_eq!((parent, bad_case, run), (p.samples[1].0, case.id.0, p.run.0));
    let after = badcases::get(&p.db, p.project, case.id).await.unwrap().unwrap();
    assert_eq!((after.summary.status, after.corrected_version_number), (BadCaseStatus::Added, Some(2)));
    let late = BadCaseEdit { revision: after.revision, ..edit };
    assert!(matches!(badcases::edit(&p.db, p.project, case.id, &late, p.user).await, Err(StoreError::Stale(_))));
}
