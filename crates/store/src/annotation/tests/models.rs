//! Tasks about what models answered, and suggestions of models.

use super::*;
use crate::{Stale, StoreError, annotation::content, evals::tests as evals, explore::looks};
use domain::{
    annotation::{design::Design, distribution::Order},
    eval::Subject,
    id::EvalId,
};

async fn of(p: &evals::Place, source: Source, design: &str, order: Order) -> Result<TaskId, StoreError> {
    let new = NewTask {
        name: "answers".to_owned(),
        source,
        design: serde_json::from_str::<Design>(design).unwrap(),
        distribution: Distribution { order, ..Distribution::default() },
        guideline: String::new(),
        deadline: None,
        annotators: Vec::new(),
        groups: Vec::new(),
        reviewers: Vec::new(),
    };
    let task = tasks::create(&p.db, p.project, &new, p.user).await?.task_id;
    fill::fill(&p.db, task).await?;
    Ok(task)
}

async fn ids(p: &evals::Place, task: TaskId) -> Vec<ItemId> {
    let ids: Vec<i64> = sqlx::query_scalar("select id from annotation_items where task_id = $1 order by rank")
        .bind(task.0)
        .fetch_all(&p.db)
        .await
        .unwrap();
    ids.into_iter().map(ItemId).collect()
}

/// The evaluations of the base and of the tuned model.
async fn both(p: &evals::Place) -> Vec<EvalId> {
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from evals order by subject").fetch_all(&p.db).await.unwrap();
    ids.into_iter().map(EvalId).collect()
}

const COMPARE: &str =
    r#"{"show": "answers", "questions": [{"name": "better", "title": "Better?", "kind": "preference"}]}"#;

#[sqlx::test(migrations = "../../migrations")]
async fn answers_of_models_are_compared_where_they_differ_first(db: PgPool) {
    let p = evals::place(db).await;
    p.record(Subject::Base, ["yes", "no", "no"]).await;
    p.record(Subject::Tuned, ["yes", "yes", "no"]).await;
    let eval_ids = both(&p).await;
    let source = |only_wrong| Source::Evaluations { eval_ids: eval_ids.clone(), only_wrong, limit: 0 };
    let task = of(&p, source(false), COMPARE, Order::Disagreement).await.unwrap();
    let items = ids(&p, task).await;
    let shown = content::of_items(&p.db, task, &items).await.unwrap();
    assert_eq!((items.len(), &shown[&items[0]].answers), (3, &vec!["no".to_owned(), "yes".to_owned()]));
    assert_eq!(shown[&items[0]].messages.len(), 1, "the prompt");
    let wrong = of(&p, source(true), COMPARE, Order::Given).await.unwrap();
    assert_eq!(ids(&p, wrong).await.len(), 1);
    // The test split was looked at, once for each task.
    assert_eq!(looks::of_version(&p.db, p.version).await.unwrap().count, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_model_suggests_unless_it_is_hidden(db: PgPool) {
    let p = evals::place(db).await;
    p.record(Subject::Tuned, ["Yes", "maybe", "no"]).await;
    let suggestions = both(&p).await.first().copied();
    let source = Source::Version { version_id: p.version, splits: vec![Split::Test], limit: 0, suggestions };
    let design = r#"{"questions": [{"name": "tone", "title": "T", "kind": "choice", "options": [{"value": "yes"}, {"value": "no"}]}]}"#;
    let task = of(&p, source, design, Order::Given).await.unwrap();
    tasks::set_status(&p.db, p.project, task, TaskStatus::Open, p.user).await.unwrap();
    let asked = async || match work::next(&p.db, p.project, task, p.user, 3).await.unwrap() {
        Next::Work { items, .. } => items.into_iter().map(|w| w.suggestion).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let suggested = asked().await;
    let first = suggested[0].as_ref().unwrap();
    assert_eq!(
        (first.judgement.answers.get("tone"), first.confidence),
        (said("yes").judgement.answers.get("tone"), Some(0.5))
    );
    assert_eq!(
        (suggested[1].is_none(), suggested[2].is_some()),
        (true, true),
        "an output that names no option says nothing"
    );
    sqlx::query("update annotation_tasks set distribution = jsonb_set(distribution, '{hide_model}', 'true')")
        .execute(&p.db)
        .await
        .unwrap();
    assert_eq!(asked().await, [None, None, None]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_of_another_project_makes_no_task(db: PgPool) {
    let p = evals::place(db).await;
    p.record(Subject::Tuned, ["yes", "yes", "no"]).await;
    let eval = both(&p).await[0];
    let refused = async |source| of(&p, source, COMPARE, Order::Given).await;
    for eval_ids in [vec![], vec![EvalId::new()], vec![eval, eval]] {
        let made = refused(Source::Evaluations { eval_ids, only_wrong: false, limit: 0 }).await;
        assert!(matches!(made, Err(StoreError::Stale(Stale::SourceElsewhere))), "{made:?}");
    }
    let elsewhere =
        Source::Version { version_id: VersionId::new(), splits: vec![Split::Train], limit: 0, suggestions: None };
    assert!(matches!(refused(elsewhere).await, Err(StoreError::Stale(Stale::SourceElsewhere))));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_a_model_is_least_sure_of_comes_first(db: PgPool) {
    let p = evals::place(db).await;
    p.record(Subject::Tuned, ["yes", "yes", "no"]).await;
    // 0.9 of a label, e^-1 = 0.37 where no label was chosen, and nothing that is known.
    for (position, scores) in [
        (0, r#"{"label_probability": 0.9, "negative_log_likelihood": 5}"#),
        (1, r#"{"negative_log_likelihood": 1}"#),
        (2, "{}"),
    ] {
        sqlx::query("update predictions set scores = $2::jsonb where position = $1")
            .bind(position)
            .bind(scores)
            .execute(&p.db)
            .await
            .unwrap();
    }
    let source = Source::Version { version_id: p.version, splits: vec![Split::Test], limit: 0, suggestions: None };
    let design = r#"{"questions": [{"name": "why", "title": "Why?", "kind": "text"}]}"#;
    let task = of(&p, source, design, Order::Uncertainty).await.unwrap();
    let positions: Vec<i32> = sqlx::query_scalar(
        "select q.position from annotation_items i join predictions q on q.sample_id = i.sample_id where i.task_id = $1 order by i.rank",
    )
    .bind(task.0)
    .fetch_all(&p.db)
    .await
    .unwrap();
    assert_eq!(positions, [1, 0, 2]);
}
