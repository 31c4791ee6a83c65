//! Filling, guidelines, and forgetting what was said.

use super::*;
use crate::annotation::{content, forget, guidelines};
use domain::{
    annotation::{distribution::Order, view::TaskEdit},
    id::SampleId,
};

#[sqlx::test(migrations = "../../migrations")]
async fn items_are_made_in_the_order_and_with_the_overlap_that_were_asked_for(db: PgPool) {
    let half = Distribution { overlap: 3, overlap_share: 0.5, order: Order::Random, ..Distribution::default() };
    let p = place(db, 400, half).await;
    let ranks: Vec<(i32, i64, i16)> =
        sqlx::query_as("select rank, sample_id, wanted from annotation_items where task_id = $1 order by rank")
            .bind(p.task.0)
            .fetch_all(&p.db)
            .await
            .unwrap();
    assert!(ranks.iter().enumerate().all(|(at, (rank, ..))| usize::try_from(*rank).unwrap() == at));
    assert!(!ranks.is_sorted_by_key(|(_, sample, _)| *sample), "the order is drawn");
    let several = ranks.iter().filter(|(.., wanted)| *wanted == 3).count();
    assert!((140..=260).contains(&several) && ranks.iter().all(|(.., wanted)| [1, 3].contains(wanted)), "{several}");
    assert_eq!(fill::fill(&p.db, p.task).await.unwrap(), 0, "filled once");
    let summary = &tasks::list(&p.db, p.project).await.unwrap()[0];
    assert!(summary.filled && summary.counts.total() == 400);
    assert_eq!((summary.version_id, summary.created_by.as_str()), (p.version, "lead"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn spans_are_counted_behind_the_instruction(db: PgPool) {
    let p = place(db, 3, Distribution::default()).await;
    p.execute(
        r#"update annotation_tasks set design = '{"questions": [{"name": "s", "title": "S", "kind": "spans", "labels": [{"value": "a"}]}]}'"#,
    )
    .await;
    let ids: Vec<i64> =
        sqlx::query_scalar("select id from annotation_items order by rank").fetch_all(&p.db).await.unwrap();
    let shown = content::of_items(&p.db, p.task, &[ItemId(ids[1])]).await.unwrap();
    assert_eq!(shown[&ItemId(ids[1])].span_text, "review 1");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_changed_rule_lists_the_judgements_it_touches(db: PgPool) {
    let p = place(db, 3, Distribution::default()).await;
    let ada = p.person("ada").await;
    let items = p.next(ada, 2).await;
    p.submit(ada, items[0].item_id, &said("yes")).await;
    p.submit(ada, items[1].item_id, &said("no")).await;
    let made = guidelines::revise(&p.db, p.project, p.task, "# yes\nPraise only.", p.lead).await.unwrap().unwrap();
    assert_eq!((made.revision, made.touched.as_slice(), made.judgements_touched), (2, &["yes".to_owned()][..], 1));
    let touched = guidelines::touched_items(&p.db, p.project, p.task, 2, 10).await.unwrap();
    assert_eq!(touched, [items[0].item_id]);
    // Said again under the new rule it is touched no more.
    p.submit(ada, items[0].item_id, &said("yes")).await;
    let history = guidelines::history(&p.db, p.project, p.task).await.unwrap();
    assert_eq!(history.iter().map(|g| (g.revision, g.judgements_touched)).collect::<Vec<_>>(), [(2, 0), (1, 0)]);
    let same = guidelines::revise(&p.db, p.project, p.task, "# yes\nPraise only.", p.lead).await.unwrap().unwrap();
    assert_eq!(same.revision, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_draft_may_be_changed_whole(db: PgPool) {
    let p = place(db, 4, Distribution::default()).await;
    let before = tasks::get(&p.db, p.project, p.task).await.unwrap().unwrap();
    let twice = Distribution { overlap: 2, ..Distribution::default() };
    let edit = TaskEdit { revision: before.revision, distribution: Some(twice), ..TaskEdit::default() };
    assert!(tasks::edit(&p.db, p.project, p.task, &edit, p.lead).await.is_err(), "it is open");
    p.execute("update annotation_tasks set status = 'draft'").await;
    // A question that asks something else has no right answer yet.
    p.execute(r#"update annotation_items set gold = '{"tone": {"kind": "choice", "value": "yes"}, "why": {"kind": "text", "text": "so"}}' where rank = 0"#).await;
    p.execute(r#"update annotation_items set gold = '{"tone": {"kind": "choice", "value": "yes"}}' where rank = 1"#)
        .await;
    let mut design = before.design.clone();
    design.questions[0].kind = serde_json::from_str(r#"{"kind": "preference"}"#).unwrap();
    let asked = TaskEdit { revision: before.revision, design: Some(design), ..TaskEdit::default() };
    assert!(tasks::edit(&p.db, p.project, p.task, &asked, p.lead).await.unwrap());
    let gold: Vec<serde_json::Value> =
        sqlx::query_scalar("select gold from annotation_items where gold is not null").fetch_all(&p.db).await.unwrap();
    assert_eq!(gold, [serde_json::json!({ "why": { "kind": "text", "text": "so" } })]);
    let edit = TaskEdit { revision: before.revision + 1, ..edit };
    assert!(tasks::edit(&p.db, p.project, p.task, &edit, p.lead).await.unwrap());
    let after = tasks::get(&p.db, p.project, p.task).await.unwrap().unwrap();
    assert!(!after.summary.filled && after.summary.counts.total() == 0 && after.revision > before.revision);
    assert_eq!(fill::fill(&p.db, p.task).await.unwrap(), 4);
    let counts = tasks::get(&p.db, p.project, p.task).await.unwrap().unwrap().summary.counts;
    assert_eq!(counts.wanted, 8);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_was_said_of_a_forgotten_sample_is_gone(db: PgPool) {
    let p = place(db, 2, Distribution::default()).await;
    let ada = p.person("ada").await;
    let items = p.next(ada, 2).await;
    let mut sent = said("yes");
    sent.judgement.comment = "secret".to_owned();
    p.submit(ada, items[0].item_id, &sent).await;
    let sample: i64 = sqlx::query_scalar("select sample_id from annotation_items where id = $1")
        .bind(items[0].item_id.0)
        .fetch_one(&p.db)
        .await
        .unwrap();
    let mut tx = p.db.begin().await.unwrap();
    forget(&mut tx, &[SampleId(sample)]).await.unwrap();
    tx.commit().await.unwrap();
    let left: String =
        sqlx::query_scalar("select answers::text || comment from judgements").fetch_one(&p.db).await.unwrap();
    assert_eq!(left, "{}");
    assert_eq!(p.status(items[0].item_id).await, ItemStatus::Excluded);
    assert_eq!(p.submit(ada, items[0].item_id, &sent).await, Submitted::Again);
    assert_eq!(p.submit(ada, items[0].item_id, &said("yes")).await, Submitted::TooLate);
}
