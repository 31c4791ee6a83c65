//! Gold items and the qualification.

use super::*;
use crate::annotation::{forget, gold::set_gold, people};
use domain::id::SampleId;

async fn make_gold(p: &Place, count: i64) {
    let ids: Vec<i64> = sqlx::query_scalar("select id from annotation_items order by rank desc limit $1")
        .bind(count)
        .fetch_all(&p.db)
        .await
        .unwrap();
    for id in ids {
        let answers = said("yes").judgement.answers;
        assert!(set_gold(&p.db, p.project, p.task, ItemId(id), Some(&answers), p.lead).await.unwrap());
    }
}

fn testing() -> Distribution {
    Distribution { qualification_items: 2, qualification_pass: 0.6, ..Distribution::default() }
}

#[sqlx::test(migrations = "../../migrations")]
async fn who_passes_goes_on_to_ordinary_items(db: PgPool) {
    let p = place(db, 5, testing()).await;
    make_gold(&p, 3).await;
    let ada = p.person("ada").await;
    let test = p.next(ada, 5).await;
    assert_eq!(test.len(), 2, "as many as the qualification has");
    for item in &test {
        assert!(item.is_test);
        p.submit(ada, item.item_id, &said("yes")).await;
    }
    let items = p.next(ada, 5).await;
    assert!(items.len() == 2 && items.iter().all(|w| !w.is_test), "{items:?}");
    // A changed answer to a gold item does not count again.
    p.submit(ada, test[0].item_id, &said("no")).await;
    let counted: (i32, i32) =
        sqlx::query_as("select gold_judged, gold_right from annotation_progress").fetch_one(&p.db).await.unwrap();
    assert_eq!(counted, (2, 2));
}

#[sqlx::test(migrations = "../../migrations")]
async fn who_fails_is_given_nothing_until_a_lead_lets_them_try_again(db: PgPool) {
    let p = place(db, 5, testing()).await;
    make_gold(&p, 2).await;
    let ada = p.person("ada").await;
    let test = p.next(ada, 5).await;
    p.submit(ada, test[0].item_id, &said("yes")).await;
    p.submit(ada, test[1].item_id, &said("no")).await;
    assert_eq!(p.ask(ada, 1).await, Next::NotQualified { right: 1, of: 2 });
    assert!(people::let_try_again(&p.db, p.project, p.task, ada, p.lead).await.unwrap());
    let test = p.next(ada, 5).await;
    assert!(test.len() == 2 && test.iter().all(|w| w.is_test));
    for item in test {
        assert_eq!(p.submit(ada, item.item_id, &said("yes")).await, Submitted::Taken);
    }
    assert_eq!(p.next(ada, 5).await.len(), 3);
}

#[sqlx::test(migrations = "../../migrations")]
async fn gold_items_are_mixed_in_and_each_person_gets_one_once(db: PgPool) {
    let p = place(db, 120, Distribution { gold_share: 0.3, ..Distribution::default() }).await;
    make_gold(&p, 10).await;
    let (ada, bob) = (p.person("ada").await, p.person("bob").await);
    let gold = async |user: UserId| -> i64 {
        sqlx::query_scalar("select count(*) from judgements j join annotation_items i on i.id = j.item_id where i.gold is not null and j.user_id = $1")
            .bind(user.0)
            .fetch_one(&p.db)
            .await
            .unwrap()
    };
    for user in [ada, bob] {
        for _ in 0..40 {
            let item = p.next(user, 1).await[0].item_id;
            assert_eq!(p.submit(user, item, &said("yes")).await, Submitted::Taken);
        }
        let judged = gold(user).await;
        assert!((1..=10).contains(&judged), "{judged} of 40 were gold");
    }
    p.assert_balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_gold_item_can_become_an_ordinary_one_again(db: PgPool) {
    let p = place(db, 1, testing()).await;
    make_gold(&p, 1).await;
    let ada = p.person("ada").await;
    let item = p.next(ada, 1).await[0].item_id;
    p.submit(ada, item, &said("yes")).await;
    assert!(set_gold(&p.db, p.project, p.task, item, None, p.lead).await.unwrap());
    assert_eq!(p.status(item).await, ItemStatus::Judged);
    p.assert_balanced().await;
    let elsewhere = ProjectId::new();
    assert!(!set_gold(&p.db, elsewhere, p.task, item, None, p.lead).await.unwrap());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_decided_item_that_becomes_gold_can_be_answered(db: PgPool) {
    let p = place(db, 1, testing()).await;
    p.execute("update annotation_items set status = 'accepted', decided_at = now(), consensus = '{}'").await;
    make_gold(&p, 1).await;
    let ada = p.person("ada").await;
    let item = p.next(ada, 1).await[0].item_id;
    assert_eq!(p.submit(ada, item, &said("yes")).await, Submitted::Taken);
    assert!(p.next(ada, 1).await.is_empty(), "it is not given twice");
    assert!(set_gold(&p.db, p.project, p.task, item, None, p.lead).await.unwrap());
    assert_eq!(p.submit(ada, item, &said("no")).await, Submitted::Taken, "nobody has decided on it");
    p.assert_balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_forgotten_gold_item_is_given_to_nobody(db: PgPool) {
    let p = place(db, 2, testing()).await;
    make_gold(&p, 1).await;
    let ada = p.person("ada").await;
    let item = p.next(ada, 1).await[0].item_id;
    let sample: i64 = sqlx::query_scalar("select sample_id from annotation_items where id = $1")
        .bind(item.0)
        .fetch_one(&p.db)
        .await
        .unwrap();
    let mut tx = p.db.begin().await.unwrap();
    forget(&mut tx, &[SampleId(sample)]).await.unwrap();
    tx.commit().await.unwrap();
    let given = p.next(ada, 5).await;
    assert!(given.len() == 1 && given[0].item_id != item && !given[0].is_test, "{given:?}");
    let answers = said("yes").judgement.answers;
    assert!(!set_gold(&p.db, p.project, p.task, item, Some(&answers), p.lead).await.unwrap());
    assert!(!set_gold(&p.db, p.project, p.task, item, None, p.lead).await.unwrap());
    assert_eq!(p.status(item).await, ItemStatus::Excluded);
    let draft = &said("no").judgement;
    assert!(!work::save_draft(&p.db, p.project, p.task, item, ada, 9, draft).await.unwrap());
}
