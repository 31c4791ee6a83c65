//! Taking what somebody sends: two statements that read, under a lock on the item, and one that writes.

use super::{DECIDED, judgement};
use crate::{
    StoreError,
    annotation::{
        content::show,
        setting::{COLUMNS, Setting},
    },
    error::{json, to_json},
};
use domain::{
    annotation::{
        ItemStatus, TaskStatus,
        answer::{Answer, AnswerProblem, ItemContent, Judgement},
        design::QuestionKind,
        outcome::{Counted, is_right, outcome},
        view::{Submit, Submitted},
    },
    id::{ItemId, JudgementId, ProjectId, TaskId, UserId},
};
use sqlx::{PgConnection, PgPool, Row};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Why a judgement is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such item, or it was never in this person's hands.
    #[error("there is no such item in your hands")]
    NotFound,
    #[error("the answers cannot be taken: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Answers(Vec<AnswerProblem>),
}

impl From<sqlx::Error> for SubmitError {
    fn from(e: sqlx::Error) -> Self {
        Self::Store(e.into())
    }
}

/// The item under its lock.
struct Item {
    id: ItemId,
    wanted: i16,
    free: i16,
    status: String,
    gold: Option<BTreeMap<String, Answer>>,
    drawn_for_review: bool,
    is_decided: bool,
    /// The deadline of the task or of the item's batch has passed.
    is_over: bool,
}

/// What is there of the item, read after its lock was taken.
struct There {
    /// The assignment's status; `None` where the person never had the item.
    assignment: Option<String>,
    is_again: bool,
    /// A reviewer sent it back, and it was not sent again since.
    is_redone: bool,
    /// The time for which the person holds the item is over.
    has_ended: bool,
    has_own: bool,
    /// Current judgements of others.
    others: Vec<Judgement>,
    /// Others that have the item and no judgement of it.
    holders: i64,
}

/// Takes a judgement, once for each key. It takes the place of the person's earlier one, until somebody has decided on the
/// item. One that comes after its lock has ended is taken as long as a slot is free and no deadline has passed.
pub async fn submit(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    user: UserId,
    sent: &Submit,
) -> Result<Submitted, SubmitError> {
    let mut tx = db.begin().await?;
    let Some((setting, item)) = lock(&mut tx, project, task, item).await? else { return Err(SubmitError::NotFound) };
    let there = there(&mut tx, task, item.id, user, sent.key).await?;
    let Some(assignment) = there.assignment.as_deref() else { return Err(SubmitError::NotFound) };
    if there.is_again {
        return Ok(Submitted::Again);
    }
    if matches!(setting.status, TaskStatus::Closed | TaskStatus::Draft) {
        return Ok(Submitted::Closed);
    }
    let has_slot = there.has_own || matches!(assignment, "held" | "returned" | "submitted");
    if item.is_decided || (item.gold.is_none() && !has_slot && item.free == 0) {
        return Ok(Submitted::TooLate);
    }
    // What is there already may still be changed, and what a reviewer sent back may be done again.
    let is_begun =
        there.has_own || assignment == "returned" || (assignment == "held" && (there.is_redone || !there.has_ended));
    if item.is_over && !is_begun {
        return Ok(Submitted::Overdue);
    }
    let problems = setting.design.check(&content(&mut tx, &setting, item.id).await?, &sent.judgement);
    if !problems.is_empty() {
        return Err(SubmitError::Answers(problems));
    }
    if !write(&mut tx, &setting, &item, &there, user, sent).await? {
        return Ok(Submitted::Again);
    }
    tx.commit().await?;
    Ok(Submitted::Taken)
}

async fn lock(
    tx: &mut PgConnection,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
) -> Result<Option<(Setting, Item)>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS}, i.wanted, i.free, i.status, i.gold, i.drawn_for_review, {DECIDED} as is_decided, \
         coalesce(least(t.deadline, b.deadline) <= now(), false) as is_late \
         from annotation_items i join annotation_tasks t on t.id = i.task_id \
         left join annotation_batches b on b.task_id = i.task_id and b.number = i.batch \
         where i.id = $3 and t.id = $1 and t.project_id = $2 for no key update of i"
    )))
    .bind(task.0)
    .bind(project.0)
    .bind(item.0)
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let gold: Option<serde_json::Value> = row.try_get("gold")?;
    let item = Item {
        id: item,
        wanted: row.try_get("wanted")?,
        free: row.try_get("free")?,
        status: row.try_get("status")?,
        gold: gold.map(json).transpose()?,
        drawn_for_review: row.try_get("drawn_for_review")?,
        is_decided: row.try_get("is_decided")?,
        is_over: row.try_get("is_late")?,
    };
    Ok(Some((Setting::of(&row)?, item)))
}

async fn there(
    tx: &mut PgConnection,
    task: TaskId,
    item: ItemId,
    user: UserId,
    key: Uuid,
) -> Result<There, StoreError> {
    let rows = sqlx::query(
        "select a.status as assignment, a.reason is not null as is_redone, coalesce(a.held_until < now(), true) as has_ended, exists(select from judgements where task_id = $2 and submit_key = $4) as is_again, \
         (select count(*) from annotation_assignments h where h.item_id = $1 and h.user_id <> $3 and h.status in ('held', 'returned') \
            and not exists (select from judgements o where o.item_id = $1 and o.user_id = h.user_id and o.superseded_at is null \
                and o.origin in ('annotator', 'import'))) as holders, \
         j.user_id, j.answers, j.cannot_judge, j.comment \
         from (select 1) one left join annotation_assignments a on a.item_id = $1 and a.user_id = $3 \
         left join judgements j on j.item_id = $1 and j.superseded_at is null and j.origin in ('annotator', 'import')",
    )
    .bind(item.0)
    .bind(task.0)
    .bind(user.0)
    .bind(key)
    .fetch_all(tx)
    .await?;
    let mut there = There {
        assignment: None,
        is_again: false,
        is_redone: false,
        has_ended: true,
        has_own: false,
        others: Vec::new(),
        holders: 0,
    };
    for row in &rows {
        there.assignment = row.try_get("assignment")?;
        there.is_again = row.try_get("is_again")?;
        there.is_redone = row.try_get("is_redone")?;
        there.has_ended = row.try_get("has_ended")?;
        there.holders = row.try_get("holders")?;
        if row.try_get::<Option<Uuid>, _>("user_id")? == Some(user.0) {
            there.has_own = true;
        } else if row.try_get::<Option<bool>, _>("cannot_judge")?.is_some() {
            there.others.push(judgement(row)?);
        }
    }
    Ok(there)
}

/// What the item shows, read where an answer can be checked against nothing else.
async fn content(tx: &mut PgConnection, setting: &Setting, item: ItemId) -> Result<ItemContent, StoreError> {
    let needs = |kind: &QuestionKind| {
        matches!(kind, QuestionKind::Spans { .. } | QuestionKind::Ranking | QuestionKind::Turns { .. })
    };
    if !setting.design.questions.iter().any(|q| needs(&q.kind)) {
        return Ok(ItemContent::default());
    }
    let shown = show(tx, setting, &[item]).await?.remove(&item);
    Ok(shown.unwrap_or_default().content)
}

/// Writes the judgement, what becomes of the item, and how far the person is; false when another with this key came first.
async fn write(
    tx: &mut PgConnection,
    setting: &Setting,
    item: &Item,
    there: &There,
    user: UserId,
    sent: &Submit,
) -> Result<bool, SubmitError> {
    // What is changed, or done again for a reviewer, is not counted twice.
    let is_new = there.assignment.as_deref() != Some("submitted") && !there.is_redone;
    if there.has_own {
        sqlx::query(
            "update judgements set superseded_at = now() where item_id = $1 and user_id = $2 and superseded_at is null \
             and origin in ('annotator', 'import')",
        )
        .bind(item.id.0)
        .bind(user.0)
        .execute(&mut *tx)
        .await?;
    }
    let judged = there.others.len() + 1;
    let free = i64::from(item.wanted) - judged as i64 - there.holders;
    let status = match &item.gold {
        // Everybody may be asked it.
        Some(_) => item.status.as_str(),
        None => status(setting, item, there, sent).as_str(),
    };
    let right = item.gold.as_ref().filter(|_| is_new).map(|gold| is_right(gold, &sent.judgement));
    let (wanted, pass) = (setting.distribution.qualification_items, setting.distribution.qualification_pass);
    let new: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "with new as (insert into judgements (id, item_id, task_id, user_id, origin, answers, cannot_judge, comment, duration_ms, guideline_revision, submit_key) \
            values ($1, $2, $3, $4, 'annotator', $5, $6, $7, $8, $9, $10) on conflict (task_id, submit_key) do nothing returning item_id), \
         assigned as (update annotation_assignments a set status = 'submitted', draft = null, reason = null from new \
            where a.item_id = new.item_id and a.user_id = $4), \
         item as (update annotation_items i set judged = $11, free = $12, status = $13, consensus = null, \
            freed_at = case when $12 > i.free then clock_timestamp() else i.freed_at end from new where i.id = new.item_id), \
         progress as (update annotation_progress p set judged = p.judged + $14, \
            today = case when p.day = (now() at time zone 'UTC')::date then p.today else 0 end + $14, day = (now() at time zone 'UTC')::date, \
            gold_judged = p.gold_judged + ($15::boolean is not null)::int, gold_right = p.gold_right + coalesce($15::boolean, false)::int, \
            qualified_at = case when {TEST_ENDS} and {PASSES} then now() else p.qualified_at end, \
            failed_at = case when {TEST_ENDS} and not {PASSES} then now() else p.failed_at end \
            from new where p.task_id = $3 and p.user_id = $4) \
         select count(*) from new"
    )))
    .bind(JudgementId::new().0)
    .bind(item.id.0)
    .bind(setting.id.0)
    .bind(user.0)
    .bind(to_json(&sent.judgement.answers)?)
    .bind(sent.judgement.cannot_judge)
    .bind(&sent.judgement.comment)
    .bind(sent.duration_ms.map(|ms| i32::try_from(ms).unwrap_or(i32::MAX)))
    .bind(setting.guideline_revision)
    .bind(sent.key)
    .bind(i16::try_from(judged).unwrap_or(i16::MAX))
    .bind(i16::try_from(free.max(0)).unwrap_or(i16::MAX))
    .bind(status)
    .bind(i32::from(is_new))
    .bind(right)
    .bind(i64::from(wanted))
    .bind(pass)
    .fetch_one(tx)
    .await?;
    Ok(new == 1)
}

/// Whether this judgement ($15: whether it is right, null for what is no gold item) is the last of the person's qualification
/// `p` ($16 items, or as many as there are).
const TEST_ENDS: &str = "(p.qualified_at is null and p.failed_at is null and $15::boolean is not null and p.gold_judged + 1 >= \
     least($16, (select count(*) from annotation_items g where g.task_id = $3 and g.gold is not null and g.status <> 'excluded')))";
/// Whether enough ($17) are right then.
const PASSES: &str = "(p.gold_right + coalesce($15::boolean, false)::int >= $17 * (p.gold_judged + 1))";

/// How far the item is with this judgement.
fn status(setting: &Setting, item: &Item, there: &There, sent: &Submit) -> ItemStatus {
    let judgements: Vec<&Judgement> = there.others.iter().chain([&sent.judgement]).collect();
    let wanted = u32::from(item.wanted.cast_unsigned());
    let counted = Counted { wanted, review: setting.distribution.review, drawn: item.drawn_for_review };
    outcome(&setting.design, counted, &judgements)
}

/// Decides anew how far an ordinary item is, on which nobody has decided; what it came to before is void. The caller has locked
/// it.
pub(in crate::annotation) async fn settle(
    tx: &mut PgConnection,
    setting: &Setting,
    item: ItemId,
) -> Result<(), StoreError> {
    let row = sqlx::query("select wanted, drawn_for_review from annotation_items where id = $1")
        .bind(item.0)
        .fetch_one(&mut *tx)
        .await?;
    let counted = Counted {
        wanted: u32::from(row.try_get::<i16, _>("wanted")?.cast_unsigned()),
        review: setting.distribution.review,
        drawn: row.try_get("drawn_for_review")?,
    };
    let judgements = sqlx::query(
        "select answers, cannot_judge, comment from judgements where item_id = $1 and superseded_at is null \
         and origin in ('annotator', 'import')",
    )
    .bind(item.0)
    .fetch_all(&mut *tx)
    .await?
    .iter()
    .map(judgement)
    .collect::<Result<Vec<_>, _>>()?;
    let status = outcome(&setting.design, counted, &judgements.iter().collect::<Vec<_>>());
    sqlx::query(
        "update annotation_items set consensus = null, status = $2, \
         freed_at = case when $2 = 'open' and status <> 'open' then clock_timestamp() else freed_at end where id = $1",
    )
    .bind(item.0)
    .bind(status.as_str())
    .execute(tx)
    .await?;
    Ok(())
}
