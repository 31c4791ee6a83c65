//! Adjudication: items on which people differ, and what somebody decides.

use super::{
    content,
    head::head,
    items::{self, Sees},
};
use crate::{Stale, StoreError, error::to_json};
use domain::{
    annotation::{
        Origin,
        answer::{AnswerProblem, Judgement},
        view::{Consensus, ConsensusMethod, Item},
    },
    id::{ItemId, JudgementId, ProjectId, TaskId, UserId},
};
use sqlx::{PgConnection, PgPool};

/// Items that are given at a time.
const SHOWN: i64 = 20;

/// Items that wait for an adjudicator, by rank, behind a rank. `None` where the project has no such task.
pub async fn waiting(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    after: Option<u32>,
) -> Result<Option<Vec<Item>>, StoreError> {
    if head(db, project, task).await?.is_none() {
        return Ok(None);
    }
    let ids: Vec<i64> = sqlx::query_scalar(
        "select id from annotation_items where task_id = $1 and status = 'adjudication' and rank > $2 order by rank limit $3",
    )
    .bind(task.0)
    .bind(after.map_or(-1, |a| i32::try_from(a).unwrap_or(i32::MAX)))
    .bind(SHOWN)
    .fetch_all(db)
    .await?;
    Ok(Some(items::load(db, task, &ids, Sees::All).await?))
}

/// What is wrong with a judgement of an item; `None` where the project or task has no such item.
pub async fn problems(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    judgement: &Judgement,
) -> Result<Option<Vec<AnswerProblem>>, StoreError> {
    let Some(head) = head(db, project, task).await? else { return Ok(None) };
    let content = content::of_items(db, task, &[item]).await?;
    Ok(content.get(&item).map(|content| head.design.check(content, judgement)))
}

/// Decides an item on which people differ, with answers that the caller has checked; where it cannot be judged it is
/// excluded. What was decided so may be decided anew. False where there is no such item; [`StoreError::Stale`] where it
/// still wants judgements or a reviewer.
pub async fn adjudicate(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    judgement: &Judgement,
    by: UserId,
) -> Result<bool, StoreError> {
    let Some(head) = head(db, project, task).await? else { return Ok(false) };
    let mut tx = db.begin().await?;
    let Some(status) = lock(&mut tx, task, item).await? else { return Ok(false) };
    if matches!(status.as_str(), "open" | "review") {
        return Err(Stale::ItemDecided.into());
    }
    let decided = Decided { task, item, by, guideline_revision: head.guideline_revision };
    decided.say(&mut tx, judgement, Origin::Adjudication).await?;
    decided.settle(&mut tx, judgement).await?;
    tx.commit().await?;
    Ok(true)
}

/// Locks an item that is not gold; its status.
pub(super) async fn lock(tx: &mut PgConnection, task: TaskId, item: ItemId) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "select status from annotation_items where id = $1 and task_id = $2 and gold is null for update",
    )
    .bind(item.0)
    .bind(task.0)
    .fetch_optional(tx)
    .await?)
}

/// A decision on an item.
pub(super) struct Decided {
    pub(super) task: TaskId,
    pub(super) item: ItemId,
    pub(super) by: UserId,
    pub(super) guideline_revision: i32,
}

impl Decided {
    /// Puts the decider's own judgement on record, in the place of an earlier one of its kind.
    pub(super) async fn say(
        &self,
        tx: &mut PgConnection,
        judgement: &Judgement,
        origin: Origin,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "update judgements set superseded_at = now() where item_id = $1 and origin = $2 and superseded_at is null",
        )
        .bind(self.item.0)
        .bind(origin.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "insert into judgements (id, item_id, task_id, user_id, origin, answers, cannot_judge, comment, guideline_revision, submit_key) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(JudgementId::new().0)
        .bind(self.item.0)
        .bind(self.task.0)
        .bind(self.by.0)
        .bind(origin.as_str())
        .bind(to_json(&judgement.answers)?)
        .bind(judgement.cannot_judge)
        .bind(&judgement.comment)
        .bind(self.guideline_revision)
        .bind(uuid::Uuid::now_v7())
        .execute(tx)
        .await?;
        Ok(())
    }

    /// Makes a judgement what the item comes to.
    pub(super) async fn settle(&self, tx: &mut PgConnection, judgement: &Judgement) -> Result<(), StoreError> {
        let confidence = judgement.answers.keys().map(|name| (name.clone(), 1.0)).collect();
        let consensus = Consensus { answers: judgement.answers.clone(), confidence, method: ConsensusMethod::Expert };
        let status = if judgement.cannot_judge { "excluded" } else { "accepted" };
        sqlx::query(
            "update annotation_items set status = $2, consensus = $3, decided_by = $4, decided_at = now() where id = $1",
        )
        .bind(self.item.0)
        .bind(status)
        .bind(to_json(&consensus)?)
        .bind(self.by.0)
        .execute(tx)
        .await?;
        Ok(())
    }
}
