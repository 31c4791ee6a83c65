//! Judges asked, held against people, and forgotten, against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::{calibrate, create, human, judgings, rulings, set_bar, standing};
use crate::{
    Stale, StoreError,
    annotation::{content, fill, tasks},
    evals::tests::{Place, place},
    forget,
};
use domain::{
    agreement::Interval,
    annotation::{
        answer::{Answer, Better},
        view::NewTask,
    },
    eval::Subject,
    id::{EvalId, ItemId, JudgeVersionId, JudgingId, ProjectId, TaskId},
    judge::{
        answer::{Said, understood},
        calibration::{Bar, Standing},
        identity::AskedEndpoint,
        view::{JudgingProblem, NewCalibration, NewHumanEvaluation, NewJudge, NewJudging},
    },
};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

/// The endpoint that judges are asked through, with this model behind it.
fn house(model: &str) -> [AskedEndpoint; 1] {
    [AskedEndpoint { name: "house".to_owned(), url: "http://house/v1/".to_owned(), model: model.to_owned() }]
}

async fn version(p: &Place, spec: serde_json::Value) -> JudgeVersionId {
    let mut whole = json!({ "asked": { "kind": "endpoint", "name": "house" } });
    whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    let new = NewJudge {
        name: format!("judge {}", Uuid::new_v4()),
        spec: serde_json::from_value(whole).unwrap(),
        note: String::new(),
    };
    assert_eq!(new.spec.problems(), []);
    let judge = create(&p.db, p.project, &new, p.user).await.unwrap();
    super::get(&p.db, p.project, judge, &house("m")).await.unwrap().unwrap().versions[0].id
}

fn rubric() -> serde_json::Value {
    json!({ "mode": "rubric", "repeats": 2, "criteria": [{ "name": "truth", "min": 1, "max": 5 }] })
}

/// The evaluations of the base and of the tuned model.
async fn both(p: &Place) -> [EvalId; 2] {
    p.record(Subject::Base, ["no", "no", "no"]).await;
    p.record(Subject::Tuned, ["yes", "yes", "no"]).await;
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from evals order by subject").fetch_all(&p.db).await.unwrap();
    [EvalId(ids[0]), EvalId(ids[1])]
}

async fn asked_of(p: &Place, version_id: JudgeVersionId, first: EvalId, second: Option<EvalId>) -> JudgingId {
    let new = NewJudging { version_id, first, second, samples: 0, seed: 1 };
    judgings::create(&p.db, p.project, &new, p.user).await.unwrap().judging_id
}

/// Answers so many questions; `answer` is asked for what the judge says.
async fn answer(p: &Place, judging: JudgingId, count: u32, says: impl Fn(&rulings::Question) -> String) -> usize {
    let spec = judgings::to_ask(&p.db, p.project, judging, &house("m")).await.unwrap().unwrap().0;
    let open = rulings::open(&p.db, judging, count).await.unwrap();
    for question in &open {
        let (prompt, answer) = (question.prompt(&spec), says(question));
        let read = understood(&spec, &answer);
        let answered = rulings::Answered {
            prompt: &prompt,
            answer: &answer,
            understood: read.as_ref(),
            prompt_tokens: Some(10),
            answer_tokens: None,
            elapsed_ms: 5,
        };
        assert!(rulings::keep(&p.db, judging, question, &answered).await.unwrap());
        assert!(!rulings::keep(&p.db, judging, question, &answered).await.unwrap(), "once");
    }
    open.len()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_comparison_is_asked_in_both_orders_and_goes_on_where_it_was(db: PgPool) {
    let p = place(db).await;
    let [base, tuned] = both(&p).await;
    let version = version(&p, json!({ "mode": "pairwise" })).await;
    let judging = asked_of(&p, version, tuned, Some(base)).await;
    // The judge names whoever said yes, and of equals what stands first.
    let says = |q: &rulings::Question| {
        let (first, second) = (q.first.as_str(), q.second.as_deref().unwrap());
        let shown = if q.swapped { [second, first] } else { [first, second] };
        let letter = if shown[1] == "yes" { "B" } else { "A" };
        format!("{{\"reason\": \"because\", \"verdict\": \"{letter}\"}}")
    };
    assert_eq!(answer(&p, judging, 4, says).await, 4);
    // Killed here, another job asks what is left and no more; not while the first is at it.
    assert_eq!(judgings::go_on(&p.db, p.project, judging, p.user).await.unwrap(), None);
    sqlx::query("update jobs set status = 'failed'").execute(&p.db).await.unwrap();
    assert!(judgings::go_on(&p.db, p.project, judging, p.user).await.unwrap().is_some());
    assert_eq!(answer(&p, judging, 100, says).await, 2);

    let found = judgings::get(&p.db, p.project, judging).await.unwrap().unwrap();
    let pairs = found.results.pairwise.unwrap();
    assert_eq!((pairs.wins, pairs.ties, pairs.consistent, pairs.inconsistent), (2, 1, 2, 1));
    assert_eq!((found.summary.wanted, found.summary.answered, found.prompt_tokens), (6, 6, 60));
    assert_eq!(found.summary.standing, Standing::NotCalibrated);
    let opened = rulings::opened(&p.db, p.project, judging, 0).await.unwrap();
    assert_eq!(opened.len(), 2);
    assert!(opened.iter().all(|o| o.is_as_sent && o.row.reason == "because" && o.prompt.contains("question 0")));
    let query = rulings::RulingQuery { limit: Some(5), ..rulings::RulingQuery::default() };
    let page = rulings::page(&p.db, p.project, judging, &query).await.unwrap().unwrap();
    assert_eq!((page.items.len(), page.next_cursor.as_deref()), (5, Some("2-0-0")));

    let refused = async |first, second| {
        let new = NewJudging { version_id: version, first, second, samples: 0, seed: 1 };
        judgings::create(&p.db, p.project, &new, p.user).await.unwrap_err().to_string()
    };
    assert_eq!(refused(tuned, None).await, JudgingProblem::Evaluations.to_string());
    assert_eq!(refused(tuned, Some(tuned)).await, JudgingProblem::Evaluations.to_string());
    assert_eq!(refused(tuned, Some(EvalId::new())).await, JudgingProblem::NoEvaluation.to_string());
}

/// A task that is filled, with what one person said of each of its items.
async fn labelled(p: &Place, new: serde_json::Value, said: &[Answer]) -> TaskId {
    let new: NewTask = serde_json::from_value(new).unwrap();
    let task = tasks::create(&p.db, p.project, &new, p.user).await.unwrap().task_id;
    fill::fill(&p.db, task).await.unwrap();
    say(p, task, &new.design.questions[0].name, said).await;
    task
}

async fn say(p: &Place, task: TaskId, question: &str, said: &[Answer]) {
    for (item, answer) in items(p, task).await.into_iter().zip(said) {
        sqlx::query(
            "insert into judgements (id, item_id, task_id, user_id, origin, answers, guideline_revision, submit_key) \
             values (gen_random_uuid(), $1, $2, $3, 'annotator', $4, 1, gen_random_uuid())",
        )
        .bind(item.0)
        .bind(task.0)
        .bind(p.user.0)
        .bind(json!({ question: answer }))
        .execute(&p.db)
        .await
        .unwrap();
    }
}

async fn items(p: &Place, task: TaskId) -> Vec<ItemId> {
    let ids: Vec<i64> = sqlx::query_scalar("select id from annotation_items where task_id = $1 order by rank")
        .bind(task.0)
        .fetch_all(&p.db)
        .await
        .unwrap();
    ids.into_iter().map(ItemId).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_judge_counts_only_once_it_agrees_with_people(db: PgPool) {
    let p = place(db).await;
    let [_, tuned] = both(&p).await;
    let version = version(&p, rubric()).await;
    let judging = asked_of(&p, version, tuned, None).await;
    let score = |q: &rulings::Question| if q.first == "yes" { 5 } else { 1 };
    answer(&p, judging, 100, |q| format!("{{\"scores\": {{\"truth\": {}}}}}", score(q))).await;
    let task = |max: i32| {
        json!({
            "name": "truth", "source": { "kind": "evaluations", "eval_ids": [tuned] },
            "design": { "show": "conversation", "questions": [{ "name": "true", "title": "True?", "kind": "rating", "min": 1, "max": max }] },
        })
    };
    let said = [5, 5, 1].map(|value| Answer::Rating { value });
    let (good, other) = (labelled(&p, task(5), &said).await, labelled(&p, task(4), &[]).await);
    let against = async |task_id, criterion: &str| {
        let new = NewCalibration { task_id, question: "true".to_owned(), criterion: criterion.to_owned() };
        calibrate(&p.db, p.project, judging, &new, p.user).await.map_err(|e| e.to_string())
    };
    assert_eq!(against(other, "truth").await.unwrap_err(), JudgingProblem::Question.to_string(), "another scale");
    assert_eq!(against(good, "tone").await.unwrap_err(), JudgingProblem::Criterion.to_string());
    let found = against(good, "truth").await.unwrap();
    assert_eq!((found.samples, found.kappa.map(|k| k.value), found.people), (3, Some(1.0), None));

    let now = async || standing(&p.db, p.project, version, &house("m")).await.unwrap().unwrap();
    assert_eq!(now().await, Standing::TooFew);
    // As if there were many labels.
    let many = json!({ "samples": 40, "kappa": Interval { value: 0.7, low: 0.55, high: 0.8 } });
    sqlx::query("update judge_calibrations set agreement = agreement || $1").bind(many).execute(&p.db).await.unwrap();
    assert_eq!(now().await, Standing::BelowBar);
    set_bar(&p.db, p.project, &Bar { kappa: 0.55, by_lower_bound: true }, p.user).await.unwrap();
    assert_eq!(now().await, Standing::Counts);
    assert_eq!(super::list(&p.db, p.project, &house("m")).await.unwrap()[0].standing, Standing::Counts);
    let other = house("m2");
    let changed = standing(&p.db, p.project, version, &other).await.unwrap();
    assert_eq!(changed, Some(Standing::Changed), "the model behind the endpoint is another one");
    assert_eq!(
        standing(&p.db, p.project, version, &[]).await.unwrap(),
        Some(Standing::Changed),
        "the endpoint is gone"
    );
    let judge = super::list(&p.db, p.project, &other).await.unwrap()[0].id;
    let shown = super::get(&p.db, p.project, judge, &other).await.unwrap().unwrap().versions.remove(0);
    let held = &shown.calibrations[0];
    assert_eq!((held.standing, held.asked_model.as_deref()), (Standing::Changed, Some("m")));
    assert_eq!(shown.model.as_deref(), Some("m2"));
    let said = judgings::get(&p.db, p.project, judging).await.unwrap().unwrap().summary;
    assert_eq!(said.standing, Standing::Counts, "what the old model has said is as good as it was");
    // The newest calibration counts, not the best one.
    against(good, "truth").await.unwrap();
    assert_eq!(now().await, Standing::TooFew);
    sqlx::query("update jobs set status = 'succeeded'").execute(&p.db).await.unwrap();
    let kept = judgings::delete(&p.db, p.project, judging).await;
    assert!(matches!(kept, Err(StoreError::Stale(Stale::Calibrated))), "{kept:?}");
    assert!(!judgings::delete(&p.db, ProjectId::new(), judging).await.unwrap());
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_people_prefer_is_turned_the_way_the_judge_was_asked(db: PgPool) {
    let p = place(db).await;
    let [base, tuned] = both(&p).await;
    let version = version(&p, json!({ "mode": "pairwise" })).await;
    let judging = asked_of(&p, version, tuned, Some(base)).await;
    answer(&p, judging, 100, |q| format!("{{\"verdict\": \"{}\"}}", if q.swapped { "B" } else { "A" })).await;
    // The task shows the base model's answers first; people prefer the second ones twice.
    let task = json!({
        "name": "better", "source": { "kind": "evaluations", "eval_ids": [base, tuned] },
        "design": { "show": "answers", "questions": [{ "name": "better", "title": "Better?", "kind": "preference", "tie": true }] },
    });
    let said = [Better::Second, Better::Second, Better::First].map(|value| Answer::Preference { value });
    let task_id = labelled(&p, task, &said).await;
    let new = NewCalibration { task_id, question: "better".to_owned(), criterion: String::new() };
    let found = calibrate(&p.db, p.project, judging, &new, p.user).await.unwrap();
    assert!((found.same - 2.0 / 3.0).abs() < 1e-12, "{found:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn answers_of_two_judges_are_those_of_neither(db: PgPool) {
    let p = place(db).await;
    let [_, tuned] = both(&p).await;
    let judging = asked_of(&p, version(&p, rubric()).await, tuned, None).await;
    let model = async || {
        let found = judgings::get(&p.db, p.project, judging).await.unwrap().unwrap();
        (found.summary.asked_model, found.summary.answered)
    };
    judgings::to_ask(&p.db, p.project, judging, &house("m0")).await.unwrap();
    answer(&p, judging, 2, |_| "{\"scores\": {\"truth\": 3}}".to_owned()).await;
    assert_eq!(model().await, (Some("m".to_owned()), 2), "who has answered nothing was not asked");
    judgings::to_ask(&p.db, p.project, judging, &house("m2")).await.unwrap();
    assert_eq!(model().await, (None, 2));
}

/// A third model's answers, of another run.
async fn third(p: &Place, like: EvalId) -> EvalId {
    let (run, eval) = (Uuid::now_v7(), EvalId::new());
    for (statement, first, second) in [
        (
            "insert into runs (id, project_id, number, name, model_id, version_id, recipe, created_by) \
          select $1, project_id, 2, 'second', model_id, version_id, recipe, created_by from runs where id = $2",
            run,
            p.run.0,
        ),
        (
            "insert into evals (id, project_id, run_id, subject, version_id, split, metrics) \
          select $1, project_id, (select id from runs where number = 2), 'tuned', version_id, split, metrics from evals where id = $2",
            eval.0,
            like.0,
        ),
        (
            "insert into predictions (eval_id, sample_id, position, output, expected, correct, scores) \
          select $1, sample_id, position, 'maybe', expected, false, scores from predictions where eval_id = $2",
            eval.0,
            like.0,
        ),
    ] {
        sqlx::query(statement).bind(first).bind(second).execute(&p.db).await.unwrap();
    }
    eval
}

#[sqlx::test(migrations = "../../migrations")]
async fn people_compare_pairs_that_join_all_models(db: PgPool) {
    let p = place(db).await;
    let [base, tuned] = both(&p).await;
    let eval_ids = vec![base, tuned, third(&p, tuned).await];
    let new = NewHumanEvaluation {
        name: "which".to_owned(),
        eval_ids: eval_ids.clone(),
        question: String::new(),
        samples: 0,
        pairs_per_sample: 2,
        overlap: 1,
        seed: 3,
    };
    let (id, made) = human::create(&p.db, p.project, &new, p.user).await.unwrap();
    assert_eq!(fill::fill(&p.db, made.task_id).await.unwrap(), 6);
    let all = items(&p, made.task_id).await;
    let shown = content::of_items(&p.db, made.task_id, &all).await.unwrap();
    assert!(all.iter().all(|item| shown[item].answers.len() == 2), "{shown:?}");
    let pairs: Vec<(i64, Vec<i16>)> =
        sqlx::query_as("select sample_id, pair from annotation_items order by rank").fetch_all(&p.db).await.unwrap();
    let mut distinct = pairs.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 6, "no sample has a pair twice");
    let mut seen: Vec<&Vec<i16>> = pairs.iter().map(|(_, pair)| pair).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 3, "all three pairs are compared");

    let get = async |is_blind| human::get(&p.db, p.project, id, is_blind).await.unwrap().unwrap();
    assert_eq!(get(false).await.ranking, None, "nothing was said");
    // People prefer the tuned model wherever it is shown.
    let said: Vec<Answer> = pairs
        .iter()
        .map(|(_, pair)| Answer::Preference {
            value: match pair.iter().position(|place| *place == 1) {
                Some(0) => Better::First,
                Some(_) => Better::Second,
                None => Better::Tie,
            },
        })
        .collect();
    say(&p, made.task_id, "better", &said).await;
    let found = get(false).await;
    let ranking = found.ranking.unwrap();
    assert_eq!((ranking.models[0].eval_id, ranking.items, ranking.penalised), (tuned, 6, true));
    assert!(found.evaluations[1].name.starts_with("#1 first"), "{:?}", found.evaluations);
    assert_eq!(get(true).await.ranking, None, "whoever judges still sees no names");
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_a_judge_said_of_erased_samples_is_gone(db: PgPool) {
    let p = place(db).await;
    let [_, tuned] = both(&p).await;
    let version = version(&p, rubric()).await;
    let judging = asked_of(&p, version, tuned, None).await;
    let says = |q: &rulings::Question| match q.position {
        0 => "no idea".to_owned(),
        _ => r#"{"reason": "like question 0 before", "scores": {"truth": 3}}"#.to_owned(),
    };
    answer(&p, judging, 100, says).await;
    let unclear = judgings::get(&p.db, p.project, judging).await.unwrap().unwrap();
    assert_eq!((unclear.results.unparsable, unclear.summary.unparsable), (2, 2));
    sqlx::query("update jobs set status = 'succeeded'").execute(&p.db).await.unwrap();
    sqlx::query("update runs set status = 'succeeded'").execute(&p.db).await.unwrap();
    forget::erase(&p.db, p.project, p.user, &["question 0".to_owned()], 1).await.unwrap();
    let found = judgings::get(&p.db, p.project, judging).await.unwrap().unwrap();
    let s = &found.summary;
    assert_eq!((s.samples, s.wanted, s.answered, s.unparsable), (2, 4, 4, 0));
    let page = rulings::page(&p.db, p.project, judging, &rulings::RulingQuery::default()).await.unwrap().unwrap();
    assert!(page.items.iter().all(|r| r.reason.is_empty() && !r.answer.contains("question")), "{page:?}");
    assert!(matches!(page.items[0].said, Some(Said::Scores { .. })), "what was said of others counts still");
}
