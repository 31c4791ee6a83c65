//! Many people at once.

use super::*;
use std::collections::HashSet;

/// Judges whatever it is given until there is nothing; what it was given. Every seventh item it skips.
async fn work_off(p: &Place, user: UserId, skips: bool) -> Vec<ItemId> {
    let mut seen = Vec::new();
    loop {
        let items = p.next(user, 3).await;
        if items.is_empty() {
            return seen;
        }
        for item in items {
            if skips && item.item_id.0 % 7 == 0 {
                assert!(work::skip(&p.db, p.project, p.task, item.item_id, user).await.unwrap());
                continue;
            }
            let sent = said("yes");
            assert_eq!(p.submit(user, item.item_id, &sent).await, Submitted::Taken);
            // As after a lost connection.
            assert_eq!(p.submit(user, item.item_id, &sent).await, Submitted::Again);
            seen.push(item.item_id);
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn nobody_does_the_same_item_twice(db: PgPool) {
    let p = std::sync::Arc::new(place(db, 120, Distribution::default()).await);
    let mut people = Vec::new();
    for i in 0..8 {
        let (p, user) = (p.clone(), p.person(&format!("p{i}")).await);
        people.push(tokio::spawn(async move { work_off(&p, user, i == 0).await }));
    }
    let mut seen = Vec::new();
    for person in people {
        seen.extend(person.await.unwrap());
    }
    // What one skipped at the very end, when nobody looked any more, is still there for others.
    let late = p.person("late").await;
    seen.extend(work_off(&p, late, false).await);
    assert_eq!(seen.len(), 120);
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 120);
    p.assert_balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_windows_of_one_person_hold_the_same_items(db: PgPool) {
    let p = std::sync::Arc::new(place(db, 10, Distribution::default()).await);
    let ada = p.person("ada").await;
    let ask = || {
        let p = p.clone();
        tokio::spawn(async move { p.next(ada, 2).await })
    };
    let (one, other) = (ask(), ask());
    let items: HashSet<ItemId> =
        one.await.unwrap().into_iter().chain(other.await.unwrap()).map(|w| w.item_id).collect();
    assert_eq!(items.len(), 2);
    p.assert_balanced().await;
}
