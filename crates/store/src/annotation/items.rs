//! The items of a task with all that was said of them, as far as the reader may see it.

use super::{blind::leads, content, head::head, loaded, people::may_review};
use crate::{
    StoreError,
    error::{json, word},
    samples::contains,
};
use domain::{
    access::Role,
    annotation::{
        ItemStatus, TaskStatus,
        view::{Item, Judged, Reviewed},
    },
    id::{ItemId, JudgementId, ProjectId, TaskId, UserId},
    page::Page,
};
use sqlx::{PgPool, Row};
use std::collections::HashMap;

/// What a reader sees of items. While a task is not closed its annotators judge blind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// Everybody's judgements, what they come to, and which items are gold.
    All,
    /// The reader's own.
    Own(UserId),
}

/// What somebody with this role sees of a task; `None` where the project has no such task.
pub async fn sees(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    user: UserId,
    role: Role,
) -> Result<Option<Sees>, StoreError> {
    let Some(head) = head(db, project, task).await? else { return Ok(None) };
    let all = leads(role) || head.status == TaskStatus::Closed || may_review(db, task, user, role).await?;
    Ok(Some(if all { Sees::All } else { Sees::Own(user) }))
}

/// Which items to list. Absent parts do not filter.
#[derive(Clone, Debug, Default)]
pub struct ItemFilter {
    pub status: Option<ItemStatus>,
    /// Judged by this person.
    pub person: Option<UserId>,
    /// Somebody's answer says this option or label.
    pub value: Option<String>,
    /// Gold items alone, or the others.
    pub gold: Option<bool>,
    /// Text that some message of the sample contains, whatever its case.
    pub search: Option<String>,
}

/// A page of items by rank; `after` is the last rank of the page before. `None` where the project has no such task.
pub async fn page(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    filter: &ItemFilter,
    sees: Sees,
    after: Option<u32>,
    limit: u32,
) -> Result<Option<Page<Item>>, StoreError> {
    if head(db, project, task).await?.is_none() {
        return Ok(None);
    }
    // Whoever sees only what they said finds nothing by what others said.
    let (all, me) = match sees {
        Sees::All => (true, None),
        Sees::Own(user) => (false, Some(user.0)),
    };
    let search = filter.search.as_deref().filter(|s| !s.trim().is_empty()).map(contains);
    let ids: Vec<i64> = sqlx::query_scalar(
        "select i.id from annotation_items i where i.task_id = $1 and i.rank > $2 \
         and ($3::text is null or $3 = case when $5 then i.status when exists (select from judgements j where j.item_id = i.id \
            and j.superseded_at is null and j.user_id = $8) then 'judged' else 'open' end) \
         and ($4::boolean is null or not $5 or (i.gold is not null) = $4) \
         and (($6::uuid is null and $7::text is null and $5) or exists (select from judgements j where j.item_id = i.id \
            and j.superseded_at is null and ($6::uuid is null or j.user_id = $6) and ($5 or j.user_id = $8) \
            and ($7::text is null or jsonb_path_exists(j.answers, '$.** ? (@ == $value)', jsonb_build_object('value', $7::text))))) \
         and ($9::text is null or exists (select from samples s where s.id = i.sample_id and s.search_text like $9)) \
         order by i.rank limit $10",
    )
    .bind(task.0)
    .bind(after.map_or(-1, |a| i32::try_from(a).unwrap_or(i32::MAX)))
    .bind(filter.status.map(ItemStatus::as_str))
    .bind(filter.gold)
    .bind(all)
    .bind(filter.person.map(|p| p.0))
    .bind(filter.value.as_deref())
    .bind(me)
    .bind(search)
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?;
    let mut items = load(db, task, &ids, sees).await?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| has_more).map(|item| item.rank.to_string());
    Ok(Some(Page { items, next_cursor }))
}

/// One item; `None` where the project or task has none such, and where the reader has not judged it and sees only their own.
pub async fn get(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    sees: Sees,
) -> Result<Option<Item>, StoreError> {
    if head(db, project, task).await?.is_none() {
        return Ok(None);
    }
    let found = load(db, task, &[item.0], sees).await?.into_iter().next();
    Ok(found.filter(|item| sees == Sees::All || !item.judgements.is_empty()))
}

/// Items of a task by their ids, by rank.
pub(super) async fn load(db: &PgPool, task: TaskId, ids: &[i64], sees: Sees) -> Result<Vec<Item>, StoreError> {
    let rows = sqlx::query(
        "select id, rank, status, wanted, gold, consensus from annotation_items where task_id = $1 and id = any($2) order by rank",
    )
    .bind(task.0)
    .bind(ids)
    .fetch_all(db)
    .await?;
    let wanted: Vec<ItemId> = ids.iter().copied().map(ItemId).collect();
    let mut contents = content::of_items(db, task, &wanted).await?;
    let mut judged = judged(db, task, ids, sees).await?;
    let mut reviews = reviews(db, task, ids, sees).await?;
    let sees_all = sees == Sees::All;
    rows.iter()
        .map(|row| {
            let id = ItemId(row.try_get("id")?);
            let gold: Option<serde_json::Value> = row.try_get("gold")?;
            let consensus: Option<serde_json::Value> = row.try_get("consensus")?;
            let judgements = judged.remove(&id).unwrap_or_default();
            // What an item is waiting for would tell that it is gold, or that others differ.
            let status: ItemStatus = match sees {
                Sees::All => word(row.try_get("status")?)?,
                Sees::Own(_) if judgements.iter().any(|j| !j.superseded) => ItemStatus::Judged,
                Sees::Own(_) => ItemStatus::Open,
            };
            Ok(Item {
                id,
                rank: row.try_get::<i32, _>("rank")?.cast_unsigned(),
                status,
                content: contents.remove(&id).unwrap_or_default(),
                wanted: u32::from(row.try_get::<i16, _>("wanted")?.cast_unsigned()),
                is_gold: sees_all && gold.is_some(),
                gold: gold.filter(|_| sees_all).map(json).transpose()?,
                consensus: consensus.filter(|_| sees_all).map(json).transpose()?,
                judgements,
                reviews: reviews.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

/// All judgements by item, superseded ones too, oldest first.
async fn judged(
    db: &PgPool,
    task: TaskId,
    ids: &[i64],
    sees: Sees,
) -> Result<HashMap<ItemId, Vec<Judged>>, StoreError> {
    let only = if let Sees::Own(user) = sees { Some(user.0) } else { None };
    let rows = sqlx::query(
        "select j.id, j.item_id, j.user_id, u.name as user_name, j.imported_from, j.origin, j.answers, j.cannot_judge, \
         j.comment, j.duration_ms, j.guideline_revision, j.created_at, j.superseded_at is not null as superseded \
         from judgements j left join users u on u.id = j.user_id \
         where j.task_id = $1 and j.item_id = any($2) and ($3::uuid is null or j.user_id = $3) order by j.created_at, j.id",
    )
    .bind(task.0)
    .bind(ids)
    .bind(only)
    .fetch_all(db)
    .await?;
    let mut found: HashMap<ItemId, Vec<Judged>> = HashMap::new();
    for row in &rows {
        let item_id = ItemId(row.try_get("item_id")?);
        found.entry(item_id).or_default().push(Judged {
            id: JudgementId(row.try_get("id")?),
            item_id,
            by: Some(loaded::person(row)?),
            origin: word(row.try_get("origin")?)?,
            judgement: loaded::judgement(row)?,
            duration_ms: row.try_get::<Option<i32>, _>("duration_ms")?.map(i32::cast_unsigned),
            guideline_revision: row.try_get("guideline_revision")?,
            at: row.try_get("created_at")?,
            superseded: row.try_get("superseded")?,
        });
    }
    Ok(found)
}

/// What reviewers said, oldest first; of others' judgements only to whoever sees those.
async fn reviews(
    db: &PgPool,
    task: TaskId,
    ids: &[i64],
    sees: Sees,
) -> Result<HashMap<ItemId, Vec<Reviewed>>, StoreError> {
    let only = if let Sees::Own(user) = sees { Some(user.0) } else { None };
    let rows = sqlx::query(
        "select r.item_id, r.judgement_id, u.name, r.verdict, r.reason, r.created_at from annotation_reviews r \
         join users u on u.id = r.user_id join judgements j on j.id = r.judgement_id \
         where r.task_id = $1 and r.item_id = any($2) and ($3::uuid is null or j.user_id = $3) order by r.created_at, r.id",
    )
    .bind(task.0)
    .bind(ids)
    .bind(only)
    .fetch_all(db)
    .await?;
    let mut found: HashMap<ItemId, Vec<Reviewed>> = HashMap::new();
    for row in &rows {
        found.entry(ItemId(row.try_get("item_id")?)).or_default().push(Reviewed {
            judgement_id: JudgementId(row.try_get("judgement_id")?),
            by: row.try_get("name")?,
            verdict: word(row.try_get("verdict")?)?,
            reason: row.try_get("reason")?,
            at: row.try_get("created_at")?,
        });
    }
    Ok(found)
}
