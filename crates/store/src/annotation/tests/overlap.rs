//! More judgements for items of a task that is open.

use super::*;
use crate::{Stale, StoreError, annotation::adjudication};
use domain::annotation::{
    overlap::{MoreOverlap, OverlapRaised},
    view::TaskEdit,
};
use std::sync::Arc;

impl Place {
    async fn raise(&self, overlap: u32, overlap_share: f64, reopen: bool) -> Result<OverlapRaised, StoreError> {
        let revision = tasks::get(&self.db, self.project, self.task).await.unwrap().unwrap().revision;
        let more = MoreOverlap { revision, overlap, overlap_share, reopen };
        Ok(tasks::raise(&self.db, self.project, self.task, &more, self.lead).await?.unwrap())
    }

    /// Ids of the items that want so many judgements.
    async fn wanting(&self, wanted: i16) -> Vec<i64> {
        sqlx::query_scalar("select id from annotation_items where wanted = $1 order by id")
            .bind(wanted)
            .fetch_all(&self.db)
            .await
            .unwrap()
    }

    /// Judges until nothing is left.
    async fn judge_all(&self, user: UserId) {
        loop {
            let items = self.next(user, 2).await;
            if items.is_empty() {
                return;
            }
            for item in &items {
                assert_eq!(self.submit(user, item.item_id, &said("yes")).await, Submitted::Taken);
            }
        }
    }
}

fn sorted(work: &[Work]) -> Vec<i64> {
    let mut ids: Vec<i64> = work.iter().map(|w| w.item_id.0).collect();
    ids.sort_unstable();
    ids
}

#[sqlx::test(migrations = "../../migrations")]
async fn items_are_opened_again_and_settled_ones_only_where_that_is_asked_for(db: PgPool) {
    let p = place(db, 5, Distribution::default()).await;
    let (ada, bob) = (p.person("ada").await, p.person("bob").await);
    // The first is settled, the second judged, the third in somebody's hands.
    let items: Vec<ItemId> = p.next(ada, 3).await.iter().map(|w| w.item_id).collect();
    for item in &items[..2] {
        p.submit(ada, *item, &said("yes")).await;
    }
    let no = said("no").judgement;
    assert!(adjudication::adjudicate(&p.db, p.project, p.task, items[0], &no, p.lead).await.unwrap());
    let raised = p.raise(3, 1.0, false).await.unwrap();
    assert_eq!(raised, OverlapRaised { items: 4, reopened: 1, settled: 1 });
    assert_eq!((p.status(items[0]).await, p.status(items[1]).await), (ItemStatus::Accepted, ItemStatus::Open));
    p.assert_counted().await;
    let counts = tasks::get(&p.db, p.project, p.task).await.unwrap().unwrap().summary.counts;
    assert_eq!((counts.wanted, counts.given, counts.open, counts.accepted), (13, 2, 4, 1));
    // Whoever has judged an item is not asked again; everybody else comes to it.
    let (hers, his) = (sorted(&p.next(ada, 5).await), sorted(&p.next(bob, 5).await));
    assert_eq!((hers.len(), his.len()), (3, 4));
    assert!(!hers.contains(&items[1].0) && his.contains(&items[1].0) && hers.contains(&items[2].0));
    p.submit(bob, items[1], &said("yes")).await;
    p.assert_counted().await;

    let raised = p.raise(4, 1.0, true).await.unwrap();
    assert_eq!(raised, OverlapRaised { items: 5, reopened: 1, settled: 0 });
    assert_eq!(p.status(items[0]).await, ItemStatus::Open);
    assert!(sorted(&p.next(bob, 5).await).contains(&items[0].0));
    p.assert_counted().await;
    // The lead's own judgement, by which it was settled, counts no more.
    p.assert_balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_share_is_drawn_as_it_was_at_first_and_nothing_becomes_less(db: PgPool) {
    let p = place(db, 200, Distribution { overlap: 2, overlap_share: 0.5, ..Distribution::default() }).await;
    let twice = p.wanting(2).await;
    p.raise(3, 0.25, false).await.unwrap();
    let thrice = p.wanting(3).await;
    assert!((20..=80).contains(&thrice.len()), "{}", thrice.len());
    assert!(thrice.iter().all(|id| twice.contains(id)), "those that were drawn before come first");
    assert_eq!(p.wanting(1).await.len(), 200 - twice.len(), "the others want what they wanted");
    assert!(p.raise(3, 0.5, false).await.is_ok());
    assert_eq!(p.wanting(3).await, twice);
    for (overlap, share) in [(3, 0.5), (3, 0.25), (2, 1.0)] {
        let refused = p.raise(overlap, share, false).await;
        assert!(matches!(refused, Err(StoreError::Stale(Stale::NotMore))), "{overlap} of {share}: {refused:?}");
    }
    assert_eq!(p.raise(3, 1.0, false).await.unwrap().items, 200 - twice.len() as u64);
    p.assert_counted().await;
    p.assert_balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_a_task_at_work_is_raised_and_only_as_it_was_seen(db: PgPool) {
    let p = place(db, 2, Distribution::default()).await;
    let before = tasks::get(&p.db, p.project, p.task).await.unwrap().unwrap();
    let named = TaskEdit { revision: before.revision, name: Some("moods".to_owned()), ..TaskEdit::default() };
    assert!(tasks::edit(&p.db, p.project, p.task, &named, p.lead).await.unwrap());
    let more = MoreOverlap { revision: before.revision, overlap: 2, overlap_share: 1.0, reopen: false };
    let old = tasks::raise(&p.db, p.project, p.task, &more, p.lead).await;
    assert!(matches!(old, Err(StoreError::Stale(Stale::EditedMeanwhile))), "{old:?}");
    let elsewhere = tasks::raise(&p.db, ProjectId::new(), p.task, &more, p.lead).await.unwrap();
    assert_eq!(elsewhere, None);
    assert!(tasks::set_status(&p.db, p.project, p.task, TaskStatus::Closed, p.lead).await.unwrap());
    let closed = p.raise(2, 1.0, false).await;
    assert!(matches!(closed, Err(StoreError::Stale(Stale::TaskState))), "{closed:?}");
    assert!(tasks::set_status(&p.db, p.project, p.task, TaskStatus::Open, p.lead).await.unwrap());
    assert_eq!(p.raise(2, 1.0, false).await.unwrap().items, 2);
    let told: i64 = sqlx::query_scalar("select count(*) from activity where verb = 'annotation.overlap_raised'")
        .fetch_one(&p.db)
        .await
        .unwrap();
    assert_eq!(told, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_took_long_to_raise_is_found_by_those_who_looked_meanwhile(db: PgPool) {
    let p = place(db, 3, Distribution::default()).await;
    let (ada, bob) = (p.person("ada").await, p.person("bob").await);
    // Bob has gone through all items: two were in Ada's hands.
    let hers = p.next(ada, 2).await;
    let his = p.next(bob, 5).await;
    assert_eq!((hers.len(), his.len()), (2, 1));
    for (user, work) in [(ada, &hers), (bob, &his)] {
        for item in work {
            assert_eq!(p.submit(user, item.item_id, &said("yes")).await, Submitted::Taken);
        }
    }
    assert_eq!(p.next(bob, 5).await.len(), 0);
    p.raise(2, 1.0, false).await.unwrap();
    // As if it had gone on for so long after these items got their time.
    p.execute("update annotation_items set freed_at = freed_at - interval '10 minutes'").await;
    assert_eq!(sorted(&p.next(bob, 5).await), sorted(&hers));
}

#[sqlx::test(migrations = "../../migrations")]
async fn who_locks_items_before_the_task_is_no_obstacle(db: PgPool) {
    let p = Arc::new(place(db, 2, Distribution::default()).await);
    let mut other = p.db.begin().await.unwrap();
    sqlx::query("select from annotation_items for no key update").execute(&mut *other).await.unwrap();
    let raised = tokio::spawn({
        let p = p.clone();
        async move { p.raise(2, 1.0, false).await.unwrap() }
    });
    let waits = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' \
         and query like '%for no key update) l%')";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&p.db).await.unwrap() {
        assert!(!raised.is_finished(), "it waits");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    // Postgres ends the one or the other.
    let has_both = sqlx::query("select from annotation_tasks for no key update").execute(&mut *other).await.is_ok();
    other.rollback().await.unwrap();
    let raised = raised.await.unwrap();
    assert_eq!(raised.items, 2, "the other one had both: {has_both}");
    p.assert_counted().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn raised_while_people_work_every_item_is_judged_by_as_many(db: PgPool) {
    let p = Arc::new(place(db, 60, Distribution::default()).await);
    let mut people = Vec::new();
    for i in 0..5 {
        people.push(p.person(&format!("p{i}")).await);
    }
    let at_work = people.iter().map(|user| {
        let (p, user) = (p.clone(), *user);
        tokio::spawn(async move { p.judge_all(user).await })
    });
    let mut at_work = at_work.collect::<Vec<_>>().into_iter();
    p.raise(2, 1.0, false).await.unwrap();
    at_work.next().unwrap().await.unwrap();
    p.raise(3, 1.0, false).await.unwrap();
    for person in at_work {
        person.await.unwrap();
    }
    // They may have stopped before there was more, and come again.
    for user in &people {
        p.judge_all(*user).await;
    }
    p.assert_counted().await;
    p.assert_balanced().await;
    let counts = tasks::get(&p.db, p.project, p.task).await.unwrap().unwrap().summary.counts;
    assert_eq!((counts.wanted, counts.given, counts.open), (180, 180, 0));
}
