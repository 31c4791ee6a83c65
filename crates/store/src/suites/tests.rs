//! Suites against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::{
    diffs::Asker,
    evals::tests::{Place, place},
};
use domain::{
    eval::view::Outcome,
    id::{JobId, ModelId, SampleId, SuiteResultId},
    measure::{Measurement, MetricScore},
    suite::{Baseline, Candidate, NewTarget, Standing, SuitePredictionQuery, TargetWay},
};
use results::{NewAnswer, NewResult};
use std::collections::BTreeMap;

pub(super) fn design(place: &Place) -> SuiteDesign {
    let text = format!(
        "[[evaluations]]\nkey = \"all\"\nversion_id = \"{}\"\ntask = \"classification\"\nmetrics = [\"accuracy\"]\n\
         gates = [\"accuracy >= 0.5\", \"accuracy within 0.1 of baseline\"]\n",
        place.version
    );
    SuiteDesign::from_toml(&text).unwrap()
}

pub(super) async fn suite(place: &Place) -> SuiteId {
    create(&place.db, place.project, "Release", &design(place), place.user).await.unwrap()
}

pub(super) async fn model(place: &Place) -> Candidate {
    let id: uuid::Uuid = sqlx::query_scalar("select id from models").fetch_one(&place.db).await.unwrap();
    Candidate::Model { model_id: ModelId(id) }
}

/// Samples of the same content as those of the place, so that there are enough for a test.
pub(super) async fn many(place: &Place, count: i64) -> Vec<SampleId> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "insert into samples (dataset_id, messages, label, slices, content_hash, search_text) \
         select s.dataset_id, s.messages, s.label, jsonb_build_object('shop', case when i % 2 = 0 then 'a' else 'b' end), \
         sha256(convert_to('copy ' || i, 'UTF8')), 'copy ' || i from samples s, generate_series(1, $2) i where s.id = $1 \
         returning id",
    )
    .bind(place.samples[0].0)
    .bind(count)
    .fetch_all(&place.db)
    .await
    .unwrap();
    ids.into_iter().map(SampleId).collect()
}

/// A result in which the first `right` of the samples are right.
pub(super) async fn record(
    place: &Place,
    suite: SuiteId,
    candidate: &Candidate,
    samples: &[SampleId],
    right: usize,
) -> SuiteResultId {
    let job: JobId = crate::jobs::enqueue(&place.db, place.project, KIND, &(), place.user).await.unwrap();
    let lease = crate::jobs::Lease { job, owner: uuid::Uuid::new_v4() };
    sqlx::query("update jobs set status = 'running', lease_owner = $2, attempt = attempt + 1 where id = $1")
        .bind(job.0)
        .bind(lease.owner)
        .execute(&place.db)
        .await
        .unwrap();
    let id = record_under(place, lease, suite, candidate, samples, right).await.unwrap();
    crate::jobs::release(&place.db, job, lease.owner).await.unwrap();
    id
}

/// The same by a job under a lease.
async fn record_under(
    place: &Place,
    lease: crate::jobs::Lease,
    suite: SuiteId,
    candidate: &Candidate,
    samples: &[SampleId],
    right: usize,
) -> Option<SuiteResultId> {
    let answers: Vec<NewAnswer> = samples
        .iter()
        .enumerate()
        .map(|(i, sample)| NewAnswer {
            sample: *sample,
            position: u32::try_from(i).unwrap(),
            output: if i < right { "yes" } else { "no\0" }.to_owned(),
            expected: "yes".to_owned(),
            correct: i < right,
            scores: BTreeMap::from([("accuracy".to_owned(), f64::from(u8::from(i < right)))]),
        })
        .collect();
    let value = right as f64 / samples.len() as f64;
    let score = MetricScore { value, interval: None, signature: "average:samples".to_owned() };
    let measurement = Measurement {
        samples: samples.len() as u64,
        scores: BTreeMap::from([("accuracy".to_owned(), score)]),
        ..Measurement::default()
    };
    let design = design(place);
    let new = NewResult {
        project: place.project,
        suite,
        version: 1,
        evaluation: &design.evaluations[0],
        candidate,
        lease,
        by: place.user,
        measurement: &measurement,
        answers: &answers,
    };
    results::record(&place.db, new).await.unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_edit_makes_the_next_version(db: PgPool) {
    let place = place(db).await;
    let id = suite(&place).await;
    let (db, project, user) = (&place.db, place.project, place.user);
    let first = design(&place);
    assert_eq!(save(db, project, id, 1, &first, user).await.unwrap(), Some(1), "nothing has changed");
    let mut second = first.clone();
    second.evaluations[0].gates.clear();
    assert_eq!(save(db, project, id, 1, &second, user).await.unwrap(), Some(2));
    let late = save(db, project, id, 1, &first, user).await;
    assert!(matches!(late, Err(StoreError::Stale(Stale::SuiteEdited))), "{late:?}");
    assert_eq!(get(db, project, id, Some(1)).await.unwrap().unwrap().design, first, "a version stays as it was");
    let newest = get(db, project, id, None).await.unwrap().unwrap();
    assert_eq!((newest.shown, newest.design), (2, second));
    let twice = create(db, project, "release", &first, user).await;
    assert!(matches!(twice, Err(StoreError::Taken(_))), "{twice:?}");
    assert_eq!(get(db, ProjectId::new(), id, None).await.unwrap(), None);
    let mut elsewhere = first;
    elsewhere.evaluations[0].version_id = domain::id::VersionId::new();
    assert_eq!(without_data(db, project, &elsewhere).await.unwrap().as_deref(), Some("all"));
    assert!(archive(db, project, id).await.unwrap() && list(db, project).await.unwrap().is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_worse_candidate_misses_its_gate_and_raises_an_alarm(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let id = suite(&place).await;
    let samples = many(&place, 60).await;
    let (base, run) = (model(&place).await, Candidate::Run { run_id: place.run });
    record(&place, id, &base, &samples, 55).await;
    let result = record(&place, id, &run, &samples, 20).await;
    let detail = get(db, project, id, None).await.unwrap().unwrap();
    let table = table::of_suite(db, project, &detail).await.unwrap();
    assert_eq!(table.rows.len(), 2);
    let gate = |table: &domain::suite::SuiteTable, candidate: &Candidate, place: usize| {
        let row = table.rows.iter().find(|row| row.candidate == *candidate).unwrap();
        row.cells[0].as_ref().unwrap().gates[place].standing
    };
    assert_eq!((gate(&table, &run, 0), gate(&table, &run, 1)), (Standing::Missed, Standing::Inconclusive));

    let pin =
        |candidate: &Candidate, is_main| Baseline { candidate: candidate.clone(), label: "first".to_owned(), is_main };
    assert!(baselines::pin(db, project, id, &pin(&base, false), place.user).await.unwrap());
    assert!(!baselines::pin(db, ProjectId::new(), id, &pin(&base, false), place.user).await.unwrap());
    let detail = get(db, project, id, None).await.unwrap().unwrap();
    assert!(detail.baselines[0].is_main, "the first one is");
    let table = table::of_suite(db, project, &detail).await.unwrap();
    assert_eq!((table.pending, gate(&table, &run, 1)), (1, Standing::Inconclusive), "who looks computes nothing");
    assert!(table.rows[1].cells[0].as_ref().unwrap().differences.is_empty());
    let asker = Asker { project, user: place.user, again: false };
    let compare = ask::CompareSuite { suite_id: id, version: 1 };
    let job = ask::comparisons(db, asker, compare).await.unwrap();
    let queued: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from jobs where kind = 'compare_suite'").fetch_all(db).await.unwrap();
    assert_eq!(queued, [job.id.0], "who pins asks for it, and who looks waits for the same job");
    for pair in table::uncompared(db, project, &detail).await.unwrap() {
        comparisons::make(db, pair).await.unwrap();
    }
    let mut table = table::of_suite(db, project, &detail).await.unwrap();
    assert_eq!(table.pending, 0);
    table::correct(&mut table);
    assert!(table.rows[0].is_baseline && table.rows[0].candidate == base);
    assert_eq!((gate(&table, &run, 1), gate(&table, &base, 1)), (Standing::Missed, Standing::Met));
    assert!(table.rows[1].adjusted_p_values["all/accuracy"] < 1e-6);

    assert_eq!(alarms::raise(db, project, &detail, &run).await.unwrap(), 1);
    assert_eq!(alarms::raise(db, project, &detail, &run).await.unwrap(), 1, "again is not twice");
    // Thousands of candidates come later: both sides of the comparison are still read.
    sqlx::query(
        "insert into suite_results (id, project_id, suite_id, suite_version, evaluation, identity, candidate, version_id, split, \
         measurement, contaminated, job_id, created_by, created_at) \
         select gen_random_uuid(), project_id, suite_id, suite_version, evaluation, identity, 'endpoint:crowd ' || n, version_id, \
         split, measurement, contaminated, job_id, created_by, created_at + interval '1 minute' \
         from suite_results, generate_series(1, 5001) as n where id = $1",
    )
    .bind(result.0)
    .execute(db)
    .await
    .unwrap();
    assert_eq!(alarms::raise(db, project, &detail, &run).await.unwrap(), 1, "whoever came last");
    sqlx::query("delete from suite_results where candidate like 'endpoint:crowd%'").execute(db).await.unwrap();
    let open = alarms::open(db, project, None).await.unwrap();
    assert_eq!((open.len(), open[0].result_id, open[0].baseline_name.as_str()), (1, result, "Smol"));
    assert!(open[0].candidate_name.contains("#1 first"), "{}", open[0].candidate_name);
    assert!(alarms::dismiss(db, project, id, open[0].id, place.user).await.unwrap());
    alarms::raise(db, project, &detail, &run).await.unwrap();
    assert!(alarms::open(db, project, Some(id)).await.unwrap().is_empty(), "what was dismissed stays so");

    // Answered again, and better: only the latest result counts, the history has both.
    record(&place, id, &run, &samples, 58).await;
    let table = table::of_suite(db, project, &detail).await.unwrap();
    assert_eq!(gate(&table, &run, 0), Standing::Met);
    assert_eq!(history::of_suite(db, project, &detail).await.unwrap().len(), 3);
    let bake_off = table::bake_off(db, project, &detail).await.unwrap();
    assert_eq!(bake_off.rows.len(), 1, "a run is no base model");
    assert!(baselines::unpin(db, project, id, &base).await.unwrap());
}

#[sqlx::test(migrations = "../../migrations")]
async fn targets_are_judged_by_the_run_that_came_last(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let id = suite(&place).await;
    let new = |limit| NewTarget {
        suite_id: id,
        evaluation: "all".to_owned(),
        metric: "accuracy".to_owned(),
        way: TargetWay::AtLeast,
        limit,
    };
    targets::set(db, project, &new(0.9), place.user).await.unwrap().unwrap();
    let standing = async || targets::standings(db, project, None).await.unwrap().remove(0);
    assert_eq!(standing().await.standing, Standing::Inconclusive, "nothing was evaluated");
    record(&place, id, &Candidate::Run { run_id: place.run }, &place.samples, 2).await;
    record(&place, id, &model(&place).await, &place.samples, 3).await;
    let found = standing().await;
    assert_eq!((found.standing, found.candidate), (Standing::Missed, Some(Candidate::Run { run_id: place.run })));
    targets::set(db, project, &new(0.5), place.user).await.unwrap().unwrap();
    let found = standing().await;
    assert_eq!(found.standing, Standing::Met, "the same target was moved");
    assert!(targets::set(db, ProjectId::new(), &new(0.5), place.user).await.unwrap().is_none());
    assert!(!targets::remove(db, ProjectId::new(), found.target.id).await.unwrap());
    assert!(targets::remove(db, project, found.target.id).await.unwrap());
}

#[sqlx::test(migrations = "../../migrations")]
async fn answers_are_paged(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let id = suite(&place).await;
    let samples = many(&place, 80).await;
    let candidate = model(&place).await;
    // Even ones are of shop a and come first here.
    let (mut sorted, mut odd) = (Vec::new(), Vec::new());
    for (i, sample) in samples.iter().enumerate() {
        if i % 2 == 1 { sorted.push(*sample) } else { odd.push(*sample) }
    }
    sorted.extend(odd);
    let result = record(&place, id, &candidate, &sorted, 40).await;
    let query = SuitePredictionQuery { outcome: Outcome::Wrong, limit: Some(30), ..SuitePredictionQuery::default() };
    let page = predictions::page(db, project, result, &query).await.unwrap();
    assert_eq!((page.items.len(), page.items[0].position, page.items[0].output.as_str()), (30, 40, "no\u{fffd}"));
    let query = SuitePredictionQuery { cursor: page.next_cursor, ..query };
    assert_eq!(predictions::page(db, project, result, &query).await.unwrap().items.len(), 10);
    let slice = Some(("shop".to_owned(), "b".to_owned()));
    let query = SuitePredictionQuery { slice, limit: Some(500), ..SuitePredictionQuery::default() };
    assert_eq!(predictions::page(db, project, result, &query).await.unwrap().items.len(), 40);
    assert!(predictions::page(db, ProjectId::new(), result, &query).await.unwrap().items.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_goes_on_behind_what_it_has_done(db: PgPool) {
    let place = place(db).await;
    let (db, id) = (&place.db, suite(&place).await);
    let (candidate, design) = (model(&place).await, design(&place));
    let exists = async |job| results::exists(db, id, &candidate, &design.evaluations[0], job).await.unwrap();
    assert!(!exists(None).await);
    record(&place, id, &candidate, &place.samples, 1).await;
    assert!(exists(None).await && !exists(Some(JobId::new())).await, "another job answers again if it is to");
    let job: uuid::Uuid = sqlx::query_scalar("select job_id from suite_results").fetch_one(db).await.unwrap();
    assert!(exists(Some(JobId(job))).await);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_forgotten_is_forgotten_here_too(db: PgPool) {
    let place = place(db).await;
    let (db, project) = (&place.db, place.project);
    let id = suite(&place).await;
    sqlx::query("update jobs set status = 'succeeded'").execute(db).await.unwrap();
    let result = record(&place, id, &model(&place).await, &place.samples, 3).await;
    sqlx::query("update jobs set status = 'succeeded'").execute(db).await.unwrap();
    sqlx::query("update runs set status = 'succeeded'").execute(db).await.unwrap();
    let found = results::get(db, project, id, result).await.unwrap().unwrap();
    slices::read(db, project, &found).await.unwrap().cut(db, &found, "accuracy").await.unwrap();
    assert!(slices::missing(db, project, &found).await.unwrap().is_empty());
    let mut named = design(&place);
    named.evaluations[0].named_slices = vec!["of one = slice.said:question 1".parse().unwrap()];
    save(db, project, id, 1, &named, place.user).await.unwrap();
    sqlx::query(
        "insert into suite_answers (suite_id, identity, candidate, sample_id, position, reply, latency_ms, elapsed_ms) \
         select $1, '', 'endpoint:house', id, place, case place when 3 then 'You ask Question 1.' else 'yes' end, 1, 1 \
         from unnest($2::bigint[]) with ordinality as a (id, place)",
    )
    .bind(id.0)
    .bind(place.samples.iter().map(|sample| sample.0).collect::<Vec<_>>())
    .execute(db)
    .await
    .unwrap();
    let texts = ["question 1".to_owned()];
    assert_eq!(crate::forget::find(db, project, &texts).await.unwrap().predictions, 1);
    crate::forget::erase(db, project, place.user, &texts, 1).await.unwrap();
    let all = SuitePredictionQuery::default();
    let page = predictions::page(db, project, result, &all).await.unwrap();
    let erased: Vec<_> = page.items.iter().map(|p| p.output == domain::forget::TOMBSTONE).collect();
    assert_eq!(erased, [false, true, false]);
    let kept: i64 = sqlx::query_scalar("select count(*) from suite_slices").fetch_one(db).await.unwrap();
    assert_eq!(kept, 0, "labels and fields of samples stand in it");
    let replies: Vec<String> = sqlx::query_scalar("select reply from suite_answers").fetch_all(db).await.unwrap();
    assert_eq!(replies, ["yes"], "neither the answer to it nor the one that says it");
    let newest = get(db, project, id, None).await.unwrap().unwrap();
    let slice = &newest.design.evaluations[0].named_slices[0];
    assert_eq!((slice.name.as_str(), slice.filter[0].value.as_str()), ("of one", domain::forget::TOMBSTONE));
}

#[sqlx::test(migrations = "../../migrations")]
async fn answers_are_kept_until_the_result_has_them(db: PgPool) {
    let place = place(db).await;
    let (db, id) = (&place.db, suite(&place).await);
    let (candidate, design) = (Candidate::Endpoint { name: "house".to_owned() }, design(&place));
    let asked = answers::Asked { suite: id, evaluation: &design.evaluations[0], candidate: &candidate };
    let owner = uuid::Uuid::new_v4();
    crate::jobs::enqueue(db, place.project, KIND, &0, place.user).await.unwrap();
    let job = crate::jobs::claim(db, owner, &[KIND]).await.unwrap().unwrap().id;
    let answer = |position: u32| answers::KeptAnswer {
        sample: place.samples[position as usize],
        position,
        reply: "yes".to_owned(),
        latency_ms: 2.5,
        prompt_tokens: Some(7),
        answer_tokens: None,
        elapsed_ms: 3.0,
    };
    let keep = async |owner, position| {
        let lease = crate::jobs::Lease { job, owner };
        answers::keep(db, lease, asked, &[answer(position)]).await.unwrap();
    };
    keep(owner, 1).await;
    keep(owner, 0).await;
    keep(owner, 1).await;
    keep(uuid::Uuid::new_v4(), 2).await;
    assert_eq!(
        answers::of(db, asked, None).await.unwrap(),
        [answer(0), answer(1)],
        "each once, and none of whoever lost the job"
    );
    assert_eq!(answers::of(db, asked, Some(job)).await.unwrap().len(), 2);
    let lost = crate::jobs::Lease { job, owner: uuid::Uuid::new_v4() };
    assert_eq!(record_under(&place, lost, id, &candidate, &place.samples, 1).await, None);
    assert!(results::newest(db, id, &candidate, asked.evaluation).await.unwrap().is_none());
    assert_eq!(answers::of(db, asked, None).await.unwrap().len(), 2, "nothing is of whoever lost the job");
    record(&place, id, &candidate, &place.samples, 1).await;
    assert!(answers::of(db, asked, None).await.unwrap().is_empty());
    keep(owner, 0).await;
    assert!(answers::of(db, asked, Some(JobId::new())).await.unwrap().is_empty(), "to be answered again by itself");
    keep(owner, 0).await;
    sqlx::query("update suite_answers set created_at = now() - interval '8 days'").execute(db).await.unwrap();
    assert!(answers::of(db, asked, None).await.unwrap().is_empty(), "too old");
}

#[sqlx::test(migrations = "../../migrations")]
async fn runs_of_several_seeds_are_one_candidate(db: PgPool) {
    let place = place(db).await;
    let (db, project, id) = (&place.db, place.project, suite(&place).await);
    let samples = many(&place, 80).await;
    let second = domain::id::RunId::new();
    sqlx::query(
        "insert into runs (id, project_id, number, name, model_id, version_id, recipe, created_by) \
         select $1, project_id, 2, 'again', model_id, version_id, '{\"seed\": 7}', created_by from runs where id = $2",
    )
    .bind(second.0)
    .bind(place.run.0)
    .execute(db)
    .await
    .unwrap();
    for (run_id, right) in [(place.run, 60), (second, 70)] {
        record(&place, id, &Candidate::Run { run_id }, &samples, right).await;
    }
    let detail = get(db, project, id, None).await.unwrap().unwrap();
    let table = seeds::of_suite(db, project, &detail, &[], None).await.unwrap().unwrap();
    assert_eq!((table.groups.len(), table.runs.len(), table.pending), (1, 2, 1));
    assert_eq!(table.groups[0].cells, [None], "who looks computes nothing");
    let asker = Asker { project, user: place.user, again: false };
    let wanted = ask::SeedGroups::of(&detail, &table);
    assert_eq!((wanted.version, wanted.runs.len(), wanted.against), (1, 0, None));
    let job = ask::seeds(db, asker, &wanted).await.unwrap();
    assert_eq!(ask::seeds(db, asker, &wanted).await.unwrap().id, job.id, "who looks meanwhile waits for the same job");
    let table = with_seeds(&place, &detail, &[]).await;
    assert_eq!(table.pending, 0);
    let group = &table.groups[0];
    assert_eq!(group.runs.iter().map(|run| run.seed).collect::<Vec<_>>(), [42, 7]);
    let cell = group.cells[0].as_ref().unwrap();
    assert_eq!((cell.seeds, cell.samples, cell.differences.len(), group.is_reference), (2, 80, 0, true));
    let score = &cell.scores[0];
    assert!((score.mean - 0.8125).abs() < 1e-12 && (score.deviation - 0.125 / 2f64.sqrt()).abs() < 1e-12, "{score:?}");
    sqlx::query("update suite_seed_figures set figures = jsonb_set(figures, '{samples}', '79')")
        .execute(db)
        .await
        .unwrap();
    let again = seeds::of_suite(db, project, &detail, &[], None).await.unwrap().unwrap();
    assert_eq!(again.groups[0].cells[0].as_ref().unwrap().samples, 79, "figures are kept, not computed again");

    let chosen = [second, place.run];
    let table = seeds::of_suite(db, project, &detail, &chosen, Some(second)).await.unwrap().unwrap();
    assert_eq!((table.pending, table.groups[0].cells[0].is_some(), &table.groups[1].cells[0]), (1, true, &None));
    let wanted = ask::SeedGroups::of(&detail, &table);
    assert_eq!((wanted.runs, wanted.against), (vec![place.run, second], None), "the same in whatever order");
    let by_hand = with_seeds(&place, &detail, &chosen).await;
    let hand = &by_hand.groups[1];
    let difference = &hand.cells[0].as_ref().unwrap().differences[0];
    assert!(hand.by_hand && difference.from == difference.to && difference.p_value > Some(0.99), "{difference:?}");
    let alone = seeds::of_suite(db, project, &detail, &[second], None).await.unwrap();
    assert_eq!(alone, Err(domain::suite::NoSeedGroup::Count));
    let elsewhere = seeds::of_suite(db, ProjectId::new(), &detail, &[], None).await.unwrap().unwrap();
    assert!(elsewhere.groups.is_empty() && elsewhere.runs.is_empty());
}

/// The groups once what is missing of them was computed.
async fn with_seeds(place: &Place, suite: &SuiteDetail, runs: &[domain::id::RunId]) -> domain::suite::SeedTable {
    for wanted in seeds::missing(&place.db, place.project, suite, runs, None).await.unwrap() {
        seeds::make(&place.db, &wanted).await.unwrap();
    }
    seeds::of_suite(&place.db, place.project, suite, runs, None).await.unwrap().unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn nobody_fills_the_queue_with_groups_over_seeds(db: PgPool) {
    let place = place(db).await;
    let suite_id = suite(&place).await;
    let asker = Asker { project: place.project, user: place.user, again: true };
    let mut refused = 0;
    for _ in 0..10 {
        let runs = vec![place.run, domain::id::RunId::new()];
        let wanted = ask::SeedGroups { suite_id, version: 1, runs, against: None };
        match ask::seeds(&place.db, asker, &wanted).await {
            Ok(_) => {}
            Err(StoreError::Stale(Stale::SeedsMany)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_comparison_without_a_judges_later_figure_is_not_kept(db: PgPool) {
    let place = place(db).await;
    let (db, id) = (&place.db, suite(&place).await);
    let samples = many(&place, 20).await;
    let old = record(&place, id, &model(&place).await, &samples, 10).await;
    let new = record(&place, id, &Candidate::Run { run_id: place.run }, &samples, 15).await;
    let before = comparisons::judged(db, (old, new)).await.unwrap();
    sqlx::query("update suite_results set judged = '{\"judge.truth\": {}}' where id = $1")
        .bind(new.0)
        .execute(db)
        .await
        .unwrap();
    let kept =
        async || sqlx::query_scalar::<_, i64>("select count(*) from suite_comparisons").fetch_one(db).await.unwrap();
    comparisons::keep(db, (old, new), before, &[]).await.unwrap();
    assert_eq!((before, kept().await), ((0, 0), 0));
    comparisons::make(db, (old, new)).await.unwrap();
    assert_eq!((comparisons::judged(db, (old, new)).await.unwrap(), kept().await), ((0, 1), 1));
}
