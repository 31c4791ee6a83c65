//! Judges of a suite's results against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::{
    diffs::Asker,
    evals::tests::{Place, place},
    judges::{self, judgings, of_results},
    suites::{
        KIND, baselines, comparisons, create, get, results, save, slices, table,
        tests::{design, many, model, record, suite},
    },
};
use domain::{
    agreement::Interval,
    id::JobId,
    judge::{answer::understood, calibration, identity::AskedEndpoint, view::NewJudge},
    suite::{Baseline, Candidate, Standing},
};
use serde_json::json;

fn house(model: &str) -> [AskedEndpoint; 1] {
    [AskedEndpoint { name: "house".to_owned(), url: "http://house/v1/".to_owned(), model: model.to_owned() }]
}

/// A judge's version.
async fn judge(place: &Place, mode: &str, name: &str) -> JudgeVersionId {
    let criteria = if mode == "rubric" { json!([{ "name": "truth", "min": 1, "max": 5 }]) } else { json!([]) };
    let asked = json!({ "kind": "endpoint", "name": "house" });
    let spec = json!({ "mode": mode, "asked": asked, "criteria": criteria, "repeats": 2 });
    let new = NewJudge { name: name.to_owned(), spec: serde_json::from_value(spec).unwrap(), note: String::new() };
    let id = judges::create(&place.db, place.project, &new, place.user).await.unwrap();
    judges::get(&place.db, place.project, id, &[]).await.unwrap().unwrap().versions[0].id
}

/// Has the judge say 5 of "yes" and 1 of everything else, and keeps the figure.
async fn judged(place: &Place, result: SuiteResultId, version: JudgeVersionId, model: &str) -> usize {
    let (db, project, endpoints) = (&place.db, place.project, house(model));
    let job: JobId = crate::jobs::enqueue(db, project, KIND, &(), place.user).await.unwrap();
    let asked = of_results::ToJudge { project, result, version, endpoints: &endpoints, job, by: place.user };
    let judging = of_results::prepare(db, asked).await.unwrap();
    let (spec, _) = judgings::to_ask(db, project, judging, &endpoints).await.unwrap().unwrap();
    let open = rulings::open(db, judging, 1000).await.unwrap();
    for question in &open {
        let answer = format!("{{\"scores\": {{\"truth\": {}}}}}", if question.first == "yes" { 5 } else { 1 });
        let (prompt, read) = (question.prompt(&spec), understood(&spec, &answer));
        let answered = rulings::Answered {
            prompt: &prompt,
            answer: &answer,
            understood: read.as_ref(),
            prompt_tokens: None,
            answer_tokens: None,
            elapsed_ms: 1,
        };
        rulings::keep(db, judging, question, &answered).await.unwrap();
    }
    keep(db, project, result, "judge.truth", judging).await.unwrap();
    open.len()
}

/// As if people had been asked: κ of the judge as it was when it was asked about this result.
async fn calibrated(place: &Place, result: SuiteResultId) {
    let agreement = json!({
        "samples": 40, "kappa": Interval { value: 0.8, low: 0.7, high: 0.9 }, "same": 0.9, "people": null,
        "people_samples": 0, "weighted": true,
    });
    let task: uuid::Uuid = sqlx::query_scalar(
        "insert into annotation_tasks (id, project_id, name, source, version_id, design, distribution, created_by) \
         values (gen_random_uuid(), $1, 'truth', '{}', $3, '{}', '{}', $2) returning id",
    )
    .bind(place.project.0)
    .bind(place.user.0)
    .bind(place.version.0)
    .fetch_one(&place.db)
    .await
    .unwrap();
    sqlx::query(
        "insert into judge_calibrations (id, project_id, judge_version_id, judging_id, task_id, question, criterion, agreement, \
         created_by, identity) select gen_random_uuid(), g.project_id, g.judge_version_id, g.id, $2, 'truth', 'truth', $3, $4, \
         g.identity from judgings g where g.first_result = $1",
    )
    .bind(result.0)
    .bind(task)
    .bind(agreement)
    .bind(place.user.0)
    .execute(&place.db)
    .await
    .unwrap();
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_judge_is_a_metric_that_decides_once_it_counts(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let version = judge(&place, "rubric", "truth").await;
    let id = suite(&place).await;
    let mut with = design(&place);
    with.evaluations[0].judges = BTreeMap::from([("truth".to_owned(), version)]);
    with.evaluations[0].gates = vec!["judge.truth >= 0.5".parse().unwrap()];
    assert_eq!(unusable(db, project, Some(id), &with).await.unwrap(), None);
    assert_eq!(save(db, project, id, 1, &with, place.user).await.unwrap(), Some(2));
    let samples = many(&place, 60).await;
    let (base, run) = (model(&place).await, Candidate::Run { run_id: place.run });
    let old = record(&place, id, &base, &samples, 20).await;
    let new = record(&place, id, &run, &samples, 55).await;
    assert_eq!(judged(&place, old, version, "m").await, 120, "each answer twice");
    assert_eq!(judged(&place, new, version, "m").await, 120);
    assert_eq!(judged(&place, new, version, "m").await, 0, "nothing is asked twice");
    let pin = Baseline { candidate: base.clone(), label: "first".to_owned(), is_main: true };
    baselines::pin(db, project, id, &pin, place.user).await.unwrap();

    let seen = async || {
        let detail = get(db, project, id, None).await.unwrap().unwrap();
        for pair in table::uncompared(db, project, &detail).await.unwrap() {
            comparisons::make(db, pair).await.unwrap();
        }
        let mut table = table::of_suite(db, project, &detail).await.unwrap();
        table::correct(&mut table);
        let row = table.rows.into_iter().find(|row| row.candidate == run).unwrap();
        let cell = row.cells[0].clone().unwrap();
        let is_tested = row.adjusted_p_values.contains_key("all/judge.truth");
        (cell.gates[0].clone(), is_tested, cell)
    };
    let (gate, is_tested, cell) = seen().await;
    let score = &cell.scores["judge.truth"];
    assert!((score.value - 55.0 / 60.0).abs() < 1e-12 && score.interval.is_some_and(|i| i.low > 0.5), "{score:?}");
    assert!(cell.difference("judge.truth").is_some_and(|d| d.to - d.from > 0.5), "pairs of samples: {cell:?}");
    assert_eq!(
        (cell.judged["judge.truth"].within, cell.judged["judge.truth"].model.as_deref()),
        (Some(0.0), Some("m"))
    );
    let not_yet = Some(calibration::Standing::NotCalibrated);
    assert_eq!((gate.standing, gate.judge, is_tested), (Standing::Inconclusive, not_yet, false));
    let found = results::get(db, project, id, new).await.unwrap().unwrap();
    assert!(slices::metrics(&found).contains(&"judge.truth".to_owned()));
    let parts = slices::read(db, project, &found).await.unwrap();
    parts.cut(db, &found, "judge.truth").await.unwrap();
    let asker = Asker { project, user: place.user, again: false };
    let report = slices::report_or_job(db, asker, &found, Some("judge.truth")).await.unwrap().unwrap();
    assert!(matches!(report, slices::Cut::Kept(report) if report.metric == "judge.truth"));

    calibrated(&place, new).await;
    assert_eq!(seen().await.0.standing, Standing::Inconclusive, "frozen until it is weighed again");
    let newest = results::newest(db, id, &run, &with.evaluations[0]).await.unwrap().unwrap();
    weigh_again(db, project, &newest, "judge.truth").await.unwrap();
    let (gate, is_tested, cell) = seen().await;
    assert_eq!((gate.standing, gate.judge, is_tested), (Standing::Met, None, true));
    assert_eq!(cell.judged["judge.truth"].kappa.map(|kappa| kappa.low), Some(0.7));

    // Answered again while another model is behind the judge's endpoint: that is another judge.
    let again = record(&place, id, &run, &samples, 58).await;
    judged(&place, again, version, "m2").await;
    let (gate, _, cell) = seen().await;
    assert_eq!((gate.standing, gate.judge), (Standing::Inconclusive, Some(calibration::Standing::Changed)));
    assert_eq!(cell.difference("judge.truth"), None, "scores of two judges are not compared");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_name_means_one_judge_in_a_suite(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let (first, second) = (judge(&place, "rubric", "a").await, judge(&place, "rubric", "b").await);
    let pairwise = judge(&place, "pairwise", "c").await;
    let with = |version: JudgeVersionId| {
        let mut with = design(&place);
        with.evaluations[0].judges = BTreeMap::from([("truth".to_owned(), version)]);
        with
    };
    let id = create(db, project, "Judged", &with(first), place.user).await.unwrap();
    let problem = async |suite, version| unusable(db, project, suite, &with(version)).await.unwrap();
    let name = || "truth".to_owned();
    assert_eq!(problem(Some(id), first).await, None);
    assert_eq!(problem(None, second).await, None);
    assert_eq!(problem(Some(id), second).await, Some(UnusableJudge::Named { name: name() }));
    assert_eq!(problem(None, pairwise).await, Some(UnusableJudge::Compares { name: name() }));
    assert_eq!(problem(None, JudgeVersionId::new()).await, Some(UnusableJudge::Unknown { name: name() }));
}
