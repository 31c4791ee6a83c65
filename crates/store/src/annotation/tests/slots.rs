//! Who has which item: overlap, locks, skipping, giving back, sending twice and changing.

use super::*;
use domain::annotation::{
    distribution::{Order, Review},
    exchange::Read,
};

fn ids(items: &[Work]) -> Vec<ItemId> {
    items.iter().map(|w| w.item_id).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_item_goes_to_as_many_people_as_it_wants(db: PgPool) {
    let p = place(db, 3, Distribution { overlap: 2, ..Distribution::default() }).await;
    let (ada, bob, eve) = (p.person("ada").await, p.person("bob").await, p.person("eve").await);
    let (of_ada, of_bob) = (p.next(ada, 5).await, p.next(bob, 5).await);
    assert_eq!(ids(&of_ada), ids(&of_bob));
    assert_eq!(of_ada[0].content.messages.len(), 1, "the prompt alone: {:?}", of_ada[0].content);
    assert_eq!(p.next(eve, 5).await, []);
    let (first, second) = (of_ada[0].item_id, of_ada[1].item_id);
    assert_eq!(p.submit(ada, first, &said("yes")).await, Submitted::Taken);
    assert_eq!(p.status(first).await, ItemStatus::Open);
    assert_eq!(p.submit(bob, first, &said("yes")).await, Submitted::Taken);
    assert_eq!(p.status(first).await, ItemStatus::Judged);
    p.submit(ada, second, &said("yes")).await;
    p.submit(bob, second, &said("no")).await;
    assert_eq!(p.status(second).await, ItemStatus::Adjudication);
    p.assert_balanced().await;
    let counts = tasks::get(&p.db, p.project, p.task).await.unwrap().unwrap().summary.counts;
    assert_eq!((counts.open, counts.judged, counts.adjudication, counts.wanted, counts.given), (1, 1, 1, 6, 4));
    // Who was never given an item cannot judge it.
    let strange = work::submit(&p.db, p.project, p.task, first, eve, &said("no")).await;
    assert!(matches!(strange, Err(work::SubmitError::NotFound)), "{strange:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lock_that_ends_gives_the_item_to_others(db: PgPool) {
    let p = place(db, 1, Distribution::default()).await;
    let (ada, bob) = (p.person("ada").await, p.person("bob").await);
    let item = p.next(ada, 1).await[0].item_id;
    assert_eq!(p.next(bob, 1).await, []);
    p.execute("update annotation_assignments set held_until = now() - interval '1 second'").await;
    // Nobody else has asked for it: it is still hers, and she is given it again.
    assert_eq!(ids(&p.next(ada, 1).await), [item]);
    p.execute("update annotation_assignments set held_until = now() - interval '1 second'").await;
    assert_eq!(ids(&p.next(bob, 1).await), [item]);
    assert_eq!(p.submit(ada, item, &said("yes")).await, Submitted::TooLate);
    assert_eq!(p.next(ada, 1).await, []);
    p.assert_balanced().await;
    // He leaves: what she had entered may come after all.
    assert_eq!(work::give_back(&p.db, p.project, p.task, bob).await.unwrap(), 1);
    assert_eq!(p.submit(ada, item, &said("yes")).await, Submitted::Taken);
    assert_eq!(p.submit(bob, item, &said("yes")).await, Submitted::TooLate);
    p.assert_balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_judgement_sent_twice_is_one_and_a_changed_one_takes_its_place(db: PgPool) {
    let p = place(db, 2, Distribution { review: Review::All, ..Distribution::default() }).await;
    let ada = p.person("ada").await;
    let item = p.next(ada, 1).await[0].item_id;
    let first = said("yes");
    assert_eq!(p.submit(ada, item, &first).await, Submitted::Taken);
    assert_eq!(p.submit(ada, item, &first).await, Submitted::Again);
    let undone = work::undo(&p.db, p.project, p.task, ada).await.unwrap().unwrap();
    assert_eq!((undone.item_id, undone.draft.as_ref()), (item, Some(&first.judgement)));
    assert_eq!(p.submit(ada, item, &said("no")).await, Submitted::Taken);
    assert_eq!(p.status(item).await, ItemStatus::Review);
    let history = work::history(&p.db, p.project, p.task, ada, 10).await.unwrap();
    let said_so: Vec<bool> = history.iter().map(|j| j.superseded).collect();
    assert_eq!(said_so, [false, true]);
    let mine = work::mine(&p.db, p.project, p.task, ada).await.unwrap();
    assert_eq!((mine.judged, mine.judged_today, mine.left, mine.median_ms), (1, 1, 1, Some(1200)));
    p.assert_balanced().await;
    // Once somebody has decided nothing changes any more.
    p.execute("update annotation_items set status = 'accepted', decided_at = now() where judged > 0").await;
    assert_eq!(p.submit(ada, item, &said("yes")).await, Submitted::TooLate);
    assert_eq!(work::undo(&p.db, p.project, p.task, ada).await.unwrap(), None);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_skipped_goes_to_others_and_comes_back_when_asked_for(db: PgPool) {
    let p = place(db, 2, Distribution::default()).await;
    let (ada, bob) = (p.person("ada").await, p.person("bob").await);
    let item = p.next(ada, 1).await[0].item_id;
    let skip = async || work::skip(&p.db, p.project, p.task, item, ada).await.unwrap();
    assert!(skip().await && skip().await, "the second time changes nothing");
    assert_eq!(work::mine(&p.db, p.project, p.task, ada).await.unwrap().skipped, 1);
    let other = p.next(ada, 5).await;
    assert_eq!(other.len(), 1, "the cursor goes on");
    assert_ne!(other[0].item_id, item);
    assert_eq!(work::ask_skipped_again(&p.db, p.project, p.task, ada).await.unwrap(), 1);
    assert_eq!(p.next(ada, 5).await.len(), 2, "looked for from the beginning");
    assert!(skip().await);
    assert_eq!(ids(&p.next(bob, 5).await), [item]);
    p.assert_balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn drafts_are_kept_and_an_old_one_does_not_come_after_a_newer(db: PgPool) {
    let p = place(db, 1, Distribution::default()).await;
    let ada = p.person("ada").await;
    let item = p.next(ada, 1).await[0].item_id;
    let save = async |number, tone| {
        work::save_draft(&p.db, p.project, p.task, item, ada, number, &said(tone).judgement).await.unwrap()
    };
    assert!(save(2, "no").await && !save(1, "yes").await);
    let again = p.next(ada, 1).await;
    assert_eq!((again[0].draft.as_ref(), again[0].draft_number), (Some(&said("no").judgement), 2));
    // Leaving does not lose it.
    assert_eq!(work::give_back(&p.db, p.project, p.task, ada).await.unwrap(), 0);
    // Her lock ends while she is offline: what she entered is kept, and the item is somebody else's all the same.
    p.execute("update annotation_assignments set held_until = now() - interval '1 second'").await;
    let bob = p.person("bob").await;
    assert_eq!(p.next(bob, 1).await.len(), 1);
    assert!(save(3, "yes").await);
    assert_eq!(p.next(ada, 1).await, []);
    work::give_back(&p.db, p.project, p.task, bob).await.unwrap();
    let again = p.next(ada, 1).await;
    assert_eq!((again[0].draft_number, again[0].draft.is_some()), (3, true));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_a_reviewer_sent_back_comes_first(db: PgPool) {
    let p = place(db, 3, Distribution::default()).await;
    let ada = p.person("ada").await;
    let item = p.next(ada, 1).await[0].item_id;
    p.submit(ada, item, &said("yes")).await;
    p.execute("update judgements set superseded_at = now()").await;
    p.execute("update annotation_assignments set status = 'returned', reason = 'look again'").await;
    p.execute("update annotation_items set status = 'open', judged = 0 where judged = 1").await;
    let work = p.next(ada, 2).await;
    assert_eq!((work.len(), work[0].item_id, work[0].reason.as_deref()), (2, item, Some("look again")));
    assert_eq!(p.submit(ada, item, &said("no")).await, Submitted::Taken);
    assert_eq!(p.status(item).await, ItemStatus::Judged);
    assert_eq!(work::mine(&p.db, p.project, p.task, ada).await.unwrap().judged, 1, "done again is not counted twice");
    p.assert_balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_changed_judgement_voids_what_the_item_came_to(db: PgPool) {
    let p = place(db, 1, Distribution::default()).await;
    let ada = p.person("ada").await;
    let item = p.next(ada, 1).await[0].item_id;
    p.submit(ada, item, &said("yes")).await;
    let complete = async || {
        crate::annotation::consensus::complete(&p.db, p.project, p.task).await.unwrap().unwrap();
        let said: Option<String> =
            sqlx::query_scalar("select consensus->'answers'->'tone'->>'value' from annotation_items")
                .fetch_one(&p.db)
                .await
                .unwrap();
        said
    };
    assert_eq!(complete().await.as_deref(), Some("yes"));
    p.submit(ada, item, &said("no")).await;
    assert_eq!(complete().await.as_deref(), Some("no"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_task_gives_items_only_while_it_is_open_and_to_whom_it_names(db: PgPool) {
    let p = place(db, 2, Distribution { order: Order::Random, ..Distribution::default() }).await;
    let ada = p.person("ada").await;
    let item = p.next(ada, 1).await[0].item_id;
    let become_ = async |status| tasks::set_status(&p.db, p.project, p.task, status, p.lead).await;
    assert!(become_(TaskStatus::Paused).await.unwrap());
    assert_eq!(p.ask(ada, 1).await, Next::NotOpen { status: TaskStatus::Paused });
    assert_eq!(p.submit(ada, item, &said("yes")).await, Submitted::Taken, "what is begun may be sent");
    assert!(become_(TaskStatus::Closed).await.unwrap());
    assert_eq!(p.submit(ada, item, &said("no")).await, Submitted::Closed);
    assert!(become_(TaskStatus::Paused).await.is_err());
    assert!(become_(TaskStatus::Open).await.unwrap());
    let edit = domain::annotation::view::TaskEdit {
        revision: tasks::get(&p.db, p.project, p.task).await.unwrap().unwrap().revision,
        annotators: Some(vec![p.lead]),
        ..Default::default()
    };
    assert!(tasks::edit(&p.db, p.project, p.task, &edit, p.lead).await.unwrap());
    assert_eq!(p.ask(ada, 1).await, Next::NotAssigned);
    assert_eq!(p.next(p.lead, 5).await.len(), 1);
    assert!(tasks::edit(&p.db, p.project, p.task, &edit, p.lead).await.is_err(), "edited meanwhile");
}

#[sqlx::test(migrations = "../../migrations")]
async fn answers_that_were_not_asked_for_are_refused(db: PgPool) {
    let p = place(db, 1, Distribution::default()).await;
    let ada = p.person("ada").await;
    let item = p.next(ada, 1).await[0].item_id;
    let refused = work::submit(&p.db, p.project, p.task, item, ada, &said("maybe")).await;
    assert!(matches!(refused, Err(work::SubmitError::Answers(problems)) if problems.len() == 1));
    p.assert_balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_a_file_says_goes_to_review_and_not_to_what_is_forgotten(db: PgPool) {
    let p = place(db, 2, Distribution { review: Review::All, ..Distribution::default() }).await;
    let items: Vec<i64> =
        sqlx::query_scalar("select id from annotation_items order by rank").fetch_all(&p.db).await.unwrap();
    p.execute("update annotation_items set status = 'excluded', decided_at = now() where rank = 1").await;
    let read = |id: &i64| Read {
        item_id: Some(ItemId(*id)),
        sample_id: None,
        text: None,
        by: "Eve".to_owned(),
        judgement: said("yes").judgement,
        duration_ms: None,
    };
    let read: Vec<Read> = items.iter().map(read).collect();
    let imported = crate::annotation::exchange::take(&p.db, p.project, p.task, &read, 1).await.unwrap().unwrap();
    assert_eq!((imported.taken, imported.unknown), (1, 1));
    assert_eq!(p.status(ItemId(items[0])).await, ItemStatus::Review);
    assert_eq!(p.status(ItemId(items[1])).await, ItemStatus::Excluded);
}
