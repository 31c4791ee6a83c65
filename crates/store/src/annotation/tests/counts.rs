//! What is kept equals what can be counted, and who is told that nothing is left has nothing left, whatever happened before.

use super::*;
use crate::annotation::{adjudication, batches::SUMS, board, forget, gold::set_gold, reviews};
use domain::{
    annotation::{
        Verdict,
        batch::BatchOpening,
        distribution::Review,
        view::{Decide, ItemCounts},
    },
    id::{JudgementId, SampleId},
};

/// Numbers that a seed decides: the generator of SplitMix64 (Steele, Lea and Flood 2014).
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % n as u64) as usize
    }
}

impl Place {
    /// The counts by counting.
    async fn counted(&self) -> ItemCounts {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "select {SUMS} from (select (gold is null and status = 'open')::int as open, (gold is null and status = 'judged')::int as judged, \
             (gold is null and status = 'review')::int as review, (gold is null and status = 'adjudication')::int as adjudication, \
             (gold is null and status = 'accepted')::int as accepted, (gold is null and status = 'excluded')::int as excluded, \
             (gold is not null)::int as gold, case when gold is null then wanted else 0 end as wanted, \
             case when gold is null then least(judged, wanted) else 0 end as given from annotation_items where task_id = $1) c"
        )))
        .bind(self.task.0)
        .fetch_one(&self.db)
        .await
        .unwrap();
        tasks::counts(&row).unwrap()
    }

    pub(super) async fn assert_counted(&self) {
        assert_eq!(board::counts(&self.db, self.task).await.unwrap(), self.counted().await);
    }

    /// Items of open batches that somebody could be given, by looking at all of them.
    async fn could_be_given(&self, user: UserId) -> i64 {
        sqlx::query_scalar(
            "select count(*) from annotation_items i join annotation_batches b on b.task_id = i.task_id and b.number = i.batch and b.status = 'open' \
             where i.task_id = $1 and i.free > 0 and i.gold is null and i.status = 'open' and not exists (select from annotation_assignments a \
                where a.item_id = i.id and a.user_id = $2 and a.status <> 'expired')",
        )
        .bind(self.task.0)
        .bind(user.0)
        .fetch_one(&self.db)
        .await
        .unwrap()
    }

    async fn any_item(&self, draws: &mut Draws) -> ItemId {
        let ids: Vec<i64> =
            sqlx::query_scalar("select id from annotation_items order by rank").fetch_all(&self.db).await.unwrap();
        ItemId(ids[draws.below(ids.len())])
    }

    /// Something that happens to a task, as a number draws it.
    async fn happens(&self, draws: &mut Draws, people: &[UserId]) {
        let user = people[draws.below(people.len())];
        let (db, project, task) = (&self.db, self.project, self.task);
        let tone = ["yes", "no"][draws.below(2)];
        match draws.below(16) {
            0..=7 => {
                for item in self.next(user, 1 + draws.below(3) as u32).await {
                    match draws.below(5) {
                        0 => assert!(work::skip(db, project, task, item.item_id, user).await.unwrap()),
                        1 => {}
                        _ => {
                            self.submit(user, item.item_id, &said(tone)).await;
                        }
                    }
                }
            }
            8 => {
                self.execute(
                    "update annotation_assignments set held_until = now() - interval '1 second' where status = 'held'",
                )
                .await;
            }
            9 => {
                work::give_back(db, project, task, user).await.unwrap();
            }
            10 => {
                work::ask_skipped_again(db, project, task, user).await.unwrap();
            }
            11 => {
                let (item, answers) = (self.any_item(draws).await, said(tone).judgement.answers);
                let answers = if draws.below(3) == 0 { Some(&answers) } else { None };
                set_gold(db, project, task, item, answers, self.lead).await.unwrap();
            }
            12 => {
                let item = self.any_item(draws).await;
                let _ = adjudication::adjudicate(db, project, task, item, &said(tone).judgement, self.lead).await;
            }
            13 => self.review(draws).await,
            14 if draws.below(8) == 0 => self.forget_one(draws).await,
            _ => {
                // What lay behind is looked at again once its time is over.
                self.execute("update annotation_items set freed_at = freed_at - interval '3 minutes'").await;
                self.execute("update annotation_progress set freed_seen = freed_seen - interval '3 minutes'").await;
            }
        }
    }

    async fn review(&self, draws: &mut Draws) {
        let waiting: Vec<(i64, Uuid)> = sqlx::query_as(
            "select i.id, j.id from annotation_items i join judgements j on j.item_id = i.id and j.superseded_at is null \
             where i.status = 'review' and j.origin = 'annotator' order by i.rank, j.id",
        )
        .fetch_all(&self.db)
        .await
        .unwrap();
        let Some((item, judgement)) = waiting.first() else { return };
        let verdict = [Verdict::Accept, Verdict::Return][draws.below(2)];
        let judgement_id = JudgementId(*judgement);
        let decide = Decide { judgement_id, verdict, reason: "look again".to_owned(), fixed: None };
        reviews::decide(&self.db, self.project, self.task, ItemId(*item), &decide, self.lead).await.unwrap();
    }

    async fn forget_one(&self, draws: &mut Draws) {
        let item = self.any_item(draws).await;
        let sample: i64 = sqlx::query_scalar("select sample_id from annotation_items where id = $1")
            .bind(item.0)
            .fetch_one(&self.db)
            .await
            .unwrap();
        let mut tx = self.db.begin().await.unwrap();
        forget(&mut tx, &[SampleId(sample)]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn after_any_history_the_counts_are_right_and_nobody_misses_an_item(db: PgPool) {
    let distribution = Distribution {
        overlap: 2,
        review: Review::All,
        batch_size: 9,
        batch_opening: BatchOpening::InOrder,
        ..Distribution::default()
    };
    let p = place(db, 40, distribution).await;
    let mut people = Vec::new();
    for name in ["ada", "bob", "eve", "joe"] {
        people.push(p.person(name).await);
    }
    let mut draws = Draws(7);
    for _ in 0..12 {
        for _ in 0..25 {
            p.happens(&mut draws, &people).await;
        }
        p.assert_counted().await;
        for user in &people {
            let could = p.could_be_given(*user).await;
            let next = p.ask(*user, 1).await;
            let none = matches!(next, Next::NothingLeft { .. });
            assert!(!none || could == 0, "{could} items are free, and none is found");
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn many_at_once_keep_the_counts(db: PgPool) {
    let p = std::sync::Arc::new(place(db, 60, Distribution { overlap: 2, ..Distribution::default() }).await);
    let mut people = Vec::new();
    for i in 0..8 {
        let (p, user) = (p.clone(), p.person(&format!("p{i}")).await);
        people.push(tokio::spawn(async move {
            loop {
                let items = p.next(user, 2).await;
                if items.is_empty() {
                    return;
                }
                for item in items {
                    assert_eq!(p.submit(user, item.item_id, &said("yes")).await, Submitted::Taken);
                }
            }
        }));
    }
    for person in people {
        person.await.unwrap();
    }
    p.assert_counted().await;
    assert_eq!(board::counts(&p.db, p.task).await.unwrap().given, 120);
}
