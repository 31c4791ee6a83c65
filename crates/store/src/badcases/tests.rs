//! Judging bad cases, against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::evals::tests::place;
use domain::{badcase::Cause, eval::Subject};

fn judged(revision: i32) -> BadCaseEdit {
    BadCaseEdit { revision, cause: Some(Cause::Data), note: "seen".to_owned(), ..BadCaseEdit::default() }
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

#[sqlx::test(migrations = "../../migrations")]
async fn only_waiting_corrections_become_a_version_and_only_once(db: PgPool) {
    let p = place(db).await;
    p.record(Subject::Tuned, ["no", "no", "yes"]).await;
    let all = list(&p.db, p.project, &BadCaseQuery::default()).await.unwrap().items;
    let corrected = BadCaseEdit { correction: Some(" maybe ".to_owned()), ..judged(0) };
    edit(&p.db, p.project, all[0].id, &corrected, p.user).await.unwrap();
    edit(&p.db, p.project, all[1].id, &judged(0), p.user).await.unwrap();
    let ids: Vec<_> = all.iter().map(|b| b.id).collect();
    let add =
        async |parent, ids: Vec<BadCaseId>| add_to_version(&p.db, p.project, parent, &ids, true, p.user, "fixed").await;
    assert!(add(VersionId::new(), ids.clone()).await.unwrap().is_none(), "no such parent");
    sqlx::query("update samples set rejected = 'never'").execute(&p.db).await.unwrap();
    let made = add(p.version, ids.clone()).await.unwrap().unwrap();
    let (label, answer, rejected, split): (String, String, String, i16) = sqlx::query_as(
        "select s.label, s.messages->1->>'content', s.rejected, vs.split from version_samples vs join samples s on s.id = vs.sample_id \
         where vs.version_id = $1 and s.bad_case_id = $2",
    )
    .bind(made.version_id.0)
    .bind(all[0].id.0)
    .fetch_one(&p.db)
    .await
    .unwrap();
    assert_eq!((label.as_str(), answer.as_str(), split), ("maybe", "maybe", 0));
    assert_eq!(rejected, "never", "a corrected pair stays one");
    let stats = crate::versions::get(&p.db, p.project, made.version_id).await.unwrap().unwrap().stats;
    assert_eq!(stats.pairs, stats.samples);
    let counts = counts(&p.db, p.project, &BadCaseQuery::default()).await.unwrap();
    assert_eq!((counts.added, counts.confirmed, counts.open), (1, 1, 1));
    assert!(matches!(add(made.version_id, ids).await, Err(StoreError::Stale(_))), "nothing waits any more");
}
