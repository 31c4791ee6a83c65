//! Groups, batches and deadlines: who is given what, and until when.

use super::*;
use crate::{
    Stale, StoreError,
    annotation::{batches, board},
    groups,
};
use domain::annotation::{
    batch::{BatchEdit, BatchOpening, BatchStatus, NewGroup},
    view::TaskEdit,
};
use time::{Duration, OffsetDateTime};

impl Place {
    async fn edit_batch(&self, number: u32, edit: BatchEdit) {
        assert!(batches::edit(&self.db, self.project, self.task, number, &edit, self.lead).await.unwrap());
    }

    async fn member(&self, name: &str) -> UserId {
        let user = self.person(name).await;
        sqlx::query("insert into members (project_id, user_id, role) values ($1, $2, 'annotator')")
            .bind(self.project.0)
            .bind(user.0)
            .execute(&self.db)
            .await
            .unwrap();
        user
    }

    async fn ranks(&self, user: UserId) -> Vec<i32> {
        let mut ranks = Vec::new();
        for item in self.next(user, 5).await {
            let rank: i32 = sqlx::query_scalar("select rank from annotation_items where id = $1")
                .bind(item.item_id.0)
                .fetch_one(&self.db)
                .await
                .unwrap();
            ranks.push(rank);
        }
        ranks
    }
}

fn cut(batch_size: u32, batch_opening: BatchOpening) -> Distribution {
    Distribution { batch_size, batch_opening, ..Distribution::default() }
}

#[sqlx::test(migrations = "../../migrations")]
async fn batches_open_in_order_as_soon_as_nothing_is_left_to_hand_out(db: PgPool) {
    let p = place(db, 5, cut(2, BatchOpening::InOrder)).await;
    let ada = p.person("ada").await;
    assert_eq!(p.ranks(ada).await, [0, 1]);
    let status = async || {
        let all = batches::of_task(&p.db, p.project, p.task).await.unwrap();
        all.iter().map(|b| (b.status, b.counts.wanted, b.counts.given)).collect::<Vec<_>>()
    };
    use BatchStatus::{Open, Waiting};
    assert_eq!(status().await, [(Open, 2, 0), (Waiting, 2, 0), (Waiting, 1, 0)]);
    for item in p.next(ada, 5).await {
        p.submit(ada, item.item_id, &said("yes")).await;
    }
    assert_eq!(p.ranks(ada).await, [2, 3]);
    assert_eq!(status().await, [(Open, 2, 2), (Open, 2, 0), (Waiting, 1, 0)]);
    let bob = p.person("bob").await;
    assert_eq!(p.ranks(bob).await, [4], "she has the others");
    assert!(batches::of_task(&p.db, ProjectId::new(), p.task).await.unwrap().is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_next_batch_opens_for_whoever_has_nothing_left_whatever_others_have(db: PgPool) {
    let p = place(db, 8, Distribution { overlap: 2, ..cut(2, BatchOpening::InOrder) }).await;
    let ada = p.person("ada").await;
    // She alone is at work: each item still wants somebody else's judgement.
    for item in p.next(ada, 2).await {
        p.submit(ada, item.item_id, &said("yes")).await;
    }
    assert_eq!(p.ranks(ada).await, [2, 3]);
    for item in p.next(ada, 2).await {
        assert!(work::skip(&p.db, p.project, p.task, item.item_id, ada).await.unwrap());
    }
    assert_eq!(p.ranks(ada).await, [4, 5], "what she has skipped keeps no batch waiting");
    for item in p.next(ada, 2).await {
        p.submit(ada, item.item_id, &said("yes")).await;
    }
    let new = NewGroup { name: "night".to_owned(), people: Vec::new() };
    let night = groups::create(&p.db, p.project, &new, p.lead).await.unwrap();
    p.edit_batch(4, BatchEdit { group_id: Some(night), ..BatchEdit::default() }).await;
    let Next::NothingLeft { more_later, .. } = p.ask(ada, 5).await else { panic!("she is given the group's") };
    assert!(more_later, "it waits for its group");
    p.edit_batch(4, BatchEdit { clear_group: true, ..BatchEdit::default() }).await;
    assert_eq!(p.ranks(ada).await, [6, 7]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_batch_past_its_deadline_keeps_no_later_one_waiting(db: PgPool) {
    let p = place(db, 4, cut(2, BatchOpening::InOrder)).await;
    let ada = p.person("ada").await;
    let passed = OffsetDateTime::now_utc() - Duration::minutes(1);
    p.edit_batch(1, BatchEdit { deadline: Some(passed), ..BatchEdit::default() }).await;
    assert_eq!(p.ranks(ada).await, [2, 3]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn batches_that_wait_are_opened_when_all_are_to_be_and_other_projects_groups_are_refused(db: PgPool) {
    let p = place(db, 4, cut(2, BatchOpening::ByLead)).await;
    let edit = async |edit: TaskEdit| {
        let revision = tasks::get(&p.db, p.project, p.task).await.unwrap().unwrap().revision;
        tasks::edit(&p.db, p.project, p.task, &TaskEdit { revision, ..edit }, p.lead).await
    };
    let statuses = async || {
        let all = batches::of_task(&p.db, p.project, p.task).await.unwrap();
        all.iter().map(|b| b.status).collect::<Vec<_>>()
    };
    assert_eq!(statuses().await, [BatchStatus::Open, BatchStatus::Waiting]);
    let distribution = Some(cut(2, BatchOpening::All));
    assert!(edit(TaskEdit { distribution, ..TaskEdit::default() }).await.unwrap());
    assert_eq!(statuses().await, [BatchStatus::Open, BatchStatus::Open]);
    let elsewhere = crate::projects::create(&p.db, p.lead, "Q", "").await.unwrap();
    let new = NewGroup { name: "theirs".to_owned(), people: Vec::new() };
    let theirs = groups::create(&p.db, elsewhere, &new, p.lead).await.unwrap();
    let refused = edit(TaskEdit { groups: Some(vec![theirs]), ..TaskEdit::default() }).await;
    assert!(matches!(refused, Err(StoreError::Stale(Stale::NotOfProject))), "{refused:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn editing_a_batch_waits_for_nobody_who_looks_for_work(db: PgPool) {
    let p = place(db, 4, cut(2, BatchOpening::All)).await;
    let ada = p.person("ada").await;
    p.next(ada, 1).await;
    // As while she waits for an item that somebody else is sending.
    let mut waits = p.db.begin().await.unwrap();
    sqlx::query("select from annotation_progress for update").execute(&mut *waits).await.unwrap();
    let edit = BatchEdit { name: Some("first".to_owned()), ..BatchEdit::default() };
    let done = tokio::time::timeout(std::time::Duration::from_secs(20), p.edit_batch(1, edit)).await;
    assert!(done.is_ok(), "it waits for her progress");
    waits.rollback().await.unwrap();
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_was_sent_back_to_somebody_who_has_left_goes_to_others(db: PgPool) {
    let p = place(db, 2, Distribution::default()).await;
    let (ada, bob) = (p.member("ada").await, p.member("bob").await);
    let items = p.next(ada, 2).await;
    p.submit(ada, items[0].item_id, &said("yes")).await;
    p.execute("update judgements set superseded_at = now()").await;
    p.execute(
        "update annotation_assignments set status = 'returned', reason = 'look again' where status = 'submitted'",
    )
    .await;
    p.execute("update annotation_items set status = 'open', judged = 0").await;
    assert_eq!(p.next(bob, 5).await, []);
    assert!(crate::projects::set_role(&p.db, p.project, p.lead, ada, None).await.unwrap());
    assert_eq!(p.next(bob, 5).await.len(), 2);
    p.assert_balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_batch_is_given_to_a_group_and_opened_by_hand(db: PgPool) {
    let p = place(db, 4, cut(2, BatchOpening::ByLead)).await;
    let (ada, bob) = (p.member("ada").await, p.member("bob").await);
    let new = NewGroup { name: "Night".to_owned(), people: vec![bob, UserId::new()] };
    let night = groups::create(&p.db, p.project, &new, p.lead).await.unwrap();
    assert!(matches!(groups::create(&p.db, p.project, &new, p.lead).await, Err(StoreError::Taken(_))));
    p.edit_batch(1, BatchEdit { group_id: Some(night), ..BatchEdit::default() }).await;
    assert_eq!(p.ranks(ada).await, [0_i32; 0], "the first is the group's, the second waits");
    assert_eq!(p.ranks(bob).await, [0, 1]);
    work::give_back(&p.db, p.project, p.task, bob).await.unwrap();
    assert_eq!(p.ranks(ada).await, [0_i32; 0], "what is freed of it is still the group's");
    p.edit_batch(2, BatchEdit { status: Some(BatchStatus::Open), ..BatchEdit::default() }).await;
    assert_eq!(p.ranks(ada).await, [2, 3]);
    for item in p.next(ada, 5).await {
        p.submit(ada, item.item_id, &said("yes")).await;
    }
    assert_eq!(p.ranks(ada).await, [0_i32; 0]);
    // She joins the group.
    let both = NewGroup { name: "night".to_owned(), people: vec![ada, bob] };
    assert!(groups::replace(&p.db, p.project, night, &both, p.lead).await.unwrap());
    assert_eq!(p.ranks(ada).await, [0, 1]);
    let refused = groups::delete(&p.db, p.project, night, p.lead).await;
    assert!(matches!(refused, Err(StoreError::Stale(Stale::GroupUsed))), "{refused:?}");
    p.edit_batch(1, BatchEdit { clear_group: true, ..BatchEdit::default() }).await;
    assert!(groups::delete(&p.db, p.project, night, p.lead).await.unwrap());
    assert_eq!(groups::list(&p.db, p.project).await.unwrap(), []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_task_is_given_to_people_and_groups(db: PgPool) {
    let p = place(db, 3, Distribution::default()).await;
    let (ada, bob, eve) = (p.member("ada").await, p.member("bob").await, p.member("eve").await);
    let new = NewGroup { name: "day".to_owned(), people: vec![bob] };
    let day = groups::create(&p.db, p.project, &new, p.lead).await.unwrap();
    let revision = tasks::get(&p.db, p.project, p.task).await.unwrap().unwrap().revision;
    let edit = TaskEdit { revision, annotators: Some(vec![ada]), groups: Some(vec![day]), ..TaskEdit::default() };
    assert!(tasks::edit(&p.db, p.project, p.task, &edit, p.lead).await.unwrap());
    assert_eq!((p.next(ada, 1).await.len(), p.next(bob, 1).await.len()), (1, 1));
    assert_eq!(p.ask(eve, 1).await, Next::NotAssigned);
    let listed = groups::list(&p.db, p.project).await.unwrap();
    assert_eq!((listed[0].people[0].id, listed[0].uses), (bob, 1));
}

#[sqlx::test(migrations = "../../migrations")]
async fn after_the_deadline_nothing_new_is_given_and_what_is_held_may_be_sent(db: PgPool) {
    let p = place(db, 4, Distribution::default()).await;
    let (ada, bob) = (p.person("ada").await, p.person("bob").await);
    let held = p.next(ada, 2).await;
    let set = async |at: OffsetDateTime| {
        let revision = tasks::get(&p.db, p.project, p.task).await.unwrap().unwrap().revision;
        let edit = TaskEdit { revision, deadline: Some(at), ..TaskEdit::default() };
        assert!(tasks::edit(&p.db, p.project, p.task, &edit, p.lead).await.unwrap());
    };
    set(OffsetDateTime::now_utc() + Duration::days(2)).await;
    let due = work::mine(&p.db, p.project, p.task, bob).await.unwrap().due.unwrap();
    assert!(due.missing == 4 && !due.has_passed() && due.pace().is_some(), "{due:?}");
    set(OffsetDateTime::now_utc() - Duration::seconds(1)).await;
    let Next::DeadlinePassed { mine } = p.ask(bob, 1).await else { panic!("he is given something") };
    assert!(mine.due.is_some_and(|due| due.has_passed()));
    let again = p.next(ada, 2).await;
    assert_eq!(
        again.iter().map(|w| (w.item_id, w.held_until)).collect::<Vec<_>>(),
        held.iter().map(|w| (w.item_id, w.held_until)).collect::<Vec<_>>(),
        "no lock is renewed"
    );
    assert!(work::save_draft(&p.db, p.project, p.task, held[1].item_id, ada, 1, &said("no").judgement).await.unwrap());
    assert_eq!(p.next(ada, 2).await[1].held_until, held[1].held_until);
    assert_eq!(p.submit(ada, held[0].item_id, &said("yes")).await, Submitted::Taken);
    p.execute("update annotation_assignments set held_until = now() - interval '1 second' where status = 'held'").await;
    assert_eq!(p.submit(ada, held[1].item_id, &said("yes")).await, Submitted::Overdue);
    assert!(matches!(p.ask(ada, 1).await, Next::DeadlinePassed { .. }));
    let listed = tasks::list(&p.db, p.project).await.unwrap();
    assert!(listed[0].overdue);
    // The lead gives them more time.
    set(OffsetDateTime::now_utc() + Duration::days(1)).await;
    assert!(!tasks::list(&p.db, p.project).await.unwrap()[0].overdue);
    assert_eq!(p.submit(ada, held[1].item_id, &said("yes")).await, Submitted::Taken);
    assert_eq!(p.next(bob, 5).await.len(), 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_batch_has_a_deadline_of_its_own(db: PgPool) {
    let p = place(db, 4, cut(2, BatchOpening::All)).await;
    let ada = p.person("ada").await;
    let passed = OffsetDateTime::now_utc() - Duration::minutes(1);
    p.edit_batch(1, BatchEdit { deadline: Some(passed), ..BatchEdit::default() }).await;
    assert_eq!(p.ranks(ada).await, [2, 3]);
    let all = batches::of_task(&p.db, p.project, p.task).await.unwrap();
    assert_eq!(all.iter().map(|b| b.overdue).collect::<Vec<_>>(), [true, false]);
    assert!(tasks::list(&p.db, p.project).await.unwrap()[0].overdue);
    for item in p.next(ada, 5).await {
        p.submit(ada, item.item_id, &said("yes")).await;
    }
    assert_eq!(p.ranks(ada).await, [0_i32; 0]);
    p.edit_batch(1, BatchEdit { clear_deadline: true, ..BatchEdit::default() }).await;
    assert_eq!(p.ranks(ada).await, [0, 1]);
    assert_eq!(board::counts(&p.db, p.task).await.unwrap().given, 2);
}
