//! What is kept of a task's results: its agreement report, and what reviewers decided; and what whoever judges blind sees.

use super::*;
use domain::annotation::review_view::Queue;

#[sqlx::test(migrations = "../../migrations")]
async fn agreement_is_computed_again_only_after_a_change(db: PgPool) {
    let p = place(db, &["a", "b"], 3, tones()).await;
    let agreement = async || quality::agreement(&p.db, p.project, p.task).await.unwrap().unwrap();
    p.say(0, 0, tone("good")).await;
    let returned = p.say(0, 1, tone("bad")).await;
    let first = agreement().await;
    assert!(first.is_current && first.as_of.is_some());
    assert_eq!(first.items, 1);
    assert_eq!(agreement().await, first);
    // Nothing that was said changes the text of the report: it is read, not computed.
    sqlx::query("update annotation_reports set report = jsonb_set(report, '{measured}', '77')")
        .execute(&p.db)
        .await
        .unwrap();
    assert_eq!(agreement().await.measured, 77);
    p.say(1, 0, tone("good")).await;
    p.say(1, 1, tone("good")).await;
    let second = agreement().await;
    assert_eq!((second.items, second.measured), (2, 2));
    assert!(second.as_of > first.as_of);
    // What goes is a change too.
    p.mark(0, "review").await;
    let back = Decide { judgement_id: returned, verdict: Verdict::Return, reason: "again".to_owned(), fixed: None };
    assert!(reviews::decide(&p.db, p.project, p.task, p.items[0], &back, p.people[2]).await.unwrap());
    assert_eq!(agreement().await.items, 1);
    // Judgements from before the report that are committed after it.
    let late = p.say(0, 2, tone("bad")).await;
    sqlx::query("update judgements set created_at = now() - interval '5 minutes' where id = $1")
        .bind(late.0)
        .execute(&p.db)
        .await
        .unwrap();
    assert_eq!(agreement().await.items, 2);
    // A gold item is nobody's agreement.
    let right = judgement(tone("good")).answers;
    assert!(
        crate::annotation::gold::set_gold(&p.db, p.project, p.task, p.items[1], Some(&right), p.people[0])
            .await
            .unwrap()
    );
    assert_eq!(agreement().await.items, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_report_that_was_begun_before_it_was_dropped_is_not_kept(db: PgPool) {
    use crate::annotation::quality::kept;
    let p = place(db, &["a"], 2, tones()).await;
    p.say(0, 0, tone("good")).await;
    p.say(0, 1, tone("good")).await;
    let report = quality::agreement(&p.db, p.project, p.task).await.unwrap().unwrap();
    let stamp = kept::stamp(&p.db, p.task).await.unwrap();
    let right = judgement(tone("good")).answers;
    assert!(
        crate::annotation::gold::set_gold(&p.db, p.project, p.task, p.items[0], Some(&right), p.people[0])
            .await
            .unwrap()
    );
    kept::keep(&p.db, p.task, &stamp, &report, std::time::Duration::ZERO).await.unwrap();
    assert_eq!(quality::agreement(&p.db, p.project, p.task).await.unwrap().unwrap().items, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_report_that_takes_long_is_shown_while_it_is_young(db: PgPool) {
    let p = place(db, &["a"], 2, tones()).await;
    let agreement = async || quality::agreement(&p.db, p.project, p.task).await.unwrap().unwrap();
    p.say(0, 0, tone("good")).await;
    assert_eq!(agreement().await.items, 0);
    sqlx::query("update annotation_reports set took_ms = 600000").execute(&p.db).await.unwrap();
    p.say(0, 1, tone("good")).await;
    let old = agreement().await;
    assert_eq!((old.items, old.is_current), (0, false));
    sqlx::query("update annotation_reports set computed_at = now() - interval '1 year'").execute(&p.db).await.unwrap();
    assert_eq!(agreement().await.items, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reviewer_goes_back_and_forth_and_sees_what_they_decided(db: PgPool) {
    let p = place(db, &["a", "b", "c", "d"], 3, tones()).await;
    p.say(1, 1, tone("good")).await;
    let mut ids = Vec::new();
    for item in 0..4 {
        ids.push(p.say(item, 0, tone("good")).await);
        p.mark(item, if item == 3 { "adjudication" } else { "review" }).await;
    }
    let reviewer = p.people[2];
    let around = async |user, queue, rank| reviews::around(&p.db, p.project, p.task, user, queue, rank).await.unwrap();
    assert_eq!(around(reviewer, Queue::Review, 1).await, (Some(p.items[0]), Some(p.items[2])));
    assert_eq!(
        around(reviewer, Queue::Review, 2).await,
        (Some(p.items[1]), None),
        "the last one waits for something else"
    );
    assert_eq!(around(reviewer, Queue::Adjudication, 0).await, (None, Some(p.items[3])));
    assert_eq!(
        around(p.people[1], Queue::Review, 0).await,
        (None, Some(p.items[2])),
        "not what they judged themselves"
    );
    let elsewhere = reviews::around(&p.db, ProjectId::new(), p.task, reviewer, Queue::Review, 1).await.unwrap();
    assert_eq!(elsewhere, (None, None));

    for (at, verdict) in [(0, Verdict::Accept), (2, Verdict::Return)] {
        let decide = Decide { judgement_id: ids[at], verdict, reason: "看一下".to_owned(), fixed: None };
        assert!(reviews::decide(&p.db, p.project, p.task, p.items[at], &decide, reviewer).await.unwrap());
    }
    assert!(
        adjudication::adjudicate(&p.db, p.project, p.task, p.items[3], &judgement(tone("bad")), reviewer)
            .await
            .unwrap()
    );
    let page = async |before, limit| {
        reviews::decided(&p.db, p.project, p.task, reviewer, before, limit).await.unwrap().unwrap()
    };
    let first = page(None, 2).await;
    let said: Vec<_> = first.items.iter().map(|d| (d.item_id, d.verdict, d.status)).collect();
    assert_eq!(
        said,
        [(p.items[3], None, ItemStatus::Accepted), (p.items[2], Some(Verdict::Return), ItemStatus::Open)],
        "newest first"
    );
    assert_eq!((first.items[1].prompt.as_str(), first.items[1].reason.as_str()), ("c", "看一下"));
    let rest = page(first.next_cursor.unwrap().parse().ok(), 2).await;
    assert_eq!(rest.items.iter().map(|d| d.item_id).collect::<Vec<_>>(), [p.items[0]]);
    assert_eq!(rest.next_cursor, None);
    assert!(reviews::decided(&p.db, ProjectId::new(), p.task, reviewer, None, 2).await.unwrap().is_none());
}

#[sqlx::test(migrations = "../../migrations")]
async fn whoever_judges_blind_counts_their_own_work(db: PgPool) {
    let p = place(db, &["a", "b"], 2, tones()).await;
    p.say(0, 0, tone("good")).await;
    p.say(0, 1, tone("bad")).await;
    p.mark(0, "adjudication").await;
    sqlx::query("insert into annotation_progress (task_id, user_id, judged) values ($1, $2, 1)")
        .bind(p.task.0)
        .bind(p.people[0].0)
        .execute(&p.db)
        .await
        .unwrap();
    let counts = async |user: UserId, role: Role| {
        let all = crate::annotation::tasks::list(&p.db, p.project).await.unwrap();
        let seen = crate::annotation::blind::as_seen(&p.db, user, role, all).await.unwrap()[0].counts;
        (seen.open, seen.judged, seen.adjudication, seen.given, seen.wanted)
    };
    assert_eq!(counts(p.people[0], Role::Annotator).await, (1, 1, 0, 1, 2));
    assert_eq!(counts(p.people[1], Role::Annotator).await, (2, 0, 0, 0, 2), "not what others did");
    assert_eq!(counts(p.people[0], Role::Manager).await.2, 1);
    let batches = crate::annotation::batches::of_task(&p.db, p.project, p.task).await.unwrap();
    let given = |sees| crate::annotation::blind::batches(batches.clone(), sees)[0].counts.given;
    assert_eq!((given(Sees::All), given(Sees::Own(p.people[0]))), (batches[0].counts.given, 0));
    let whole = board::board(&p.db, p.project, p.task).await.unwrap().unwrap();
    let blind = board::as_seen(whole.clone(), Sees::Own(p.people[0]));
    assert_eq!((blind.counts.judged, blind.counts.adjudication, blind.days.len()), (1, 0, 0));
    assert!(!whole.days.is_empty());
    sqlx::query("insert into annotation_people (task_id, user_id, part) values ($1, $2, 'reviewer')")
        .bind(p.task.0)
        .bind(p.people[1].0)
        .execute(&p.db)
        .await
        .unwrap();
    assert_eq!(counts(p.people[1], Role::Annotator).await.2, 1, "reviewers see all");
    sqlx::query("update annotation_tasks set status = 'closed'").execute(&p.db).await.unwrap();
    assert_eq!(counts(p.people[0], Role::Annotator).await.2, 1, "a closed task is open to all");
}
