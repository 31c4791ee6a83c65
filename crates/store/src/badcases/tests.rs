//! Judging bad cases, against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::evals::tests::place;
use domain::{badcase::Cause, eval::Subject};

fn judged(revision: i32) -> BadCaseEdit {
    BadCaseEdit { revision, cause: Some(Cause::Data), note: "seen".to_owned(), correction: None, dismiss: false }
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_people_do_not_overwrite_each_other(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "no", "yes"]).await;
    let all = list(&p.db, p.project, &BadCaseQuery::default()).await.unwrap().items;
    assert_eq!(all.len(), 3);
    assert!(edit(&p.db, p.project, all[0].id, &judged(0), p.user).await.unwrap());
    assert!(matches!(edit(&p.db, p.project, all[0].id, &judged(0), p.user).await, Err(StoreError::Stale(_))));
    assert!(!edit(&p.db, ProjectId::new(), all[0].id, &judged(1), p.user).await.unwrap(), "not in another project");
}

#[sqlx::test(migrations = "../../migrations")]
async fn filters_counts_and_neighbours_agree(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "no", "yes"]).await;
    let all = list(&p.db, p.project, &BadCaseQuery::default()).await.unwrap().items;
    edit(&p.db, p.project, all[1].id, &judged(0), p.user).await.unwrap();
    let open = BadCaseQuery { status: Some(BadCaseStatus::Open), ..BadCaseQuery::default() };
    let ids: Vec<_> = list(&p.db, p.project, &open).await.unwrap().items.iter().map(|b| b.id).collect();
    assert_eq!(ids, [all[0].id, all[2].id]);
    let counts = counts(&p.db, p.project, &open).await.unwrap();
    assert_eq!((counts.open, counts.confirmed, counts.total()), (2, 1, 3));
    // A neighbour skips what the filter hides.
    assert_eq!(neighbours(&p.db, p.project, all[0].id, &open).await.unwrap(), (None, Some(all[2].id)));
    assert_eq!(
        neighbours(&p.db, p.project, all[1].id, &BadCaseQuery::default()).await.unwrap(),
        (Some(all[0].id), Some(all[2].id))
    );
}
