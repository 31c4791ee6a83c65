//! How well people agree on a task.

pub(super) mod kept;

use super::{
    content,
    head::{Head, head},
    loaded,
};
use crate::StoreError;
use domain::{
    annotation::{
        agreement_view::{Agreement, GoldScore, MAX_ITEMS},
        answer::Judgement,
        design::QuestionKind,
        quality::{Table, TableItem, of_question},
        view::Person,
    },
    id::{ItemId, ProjectId, TaskId, UserId},
};
use sqlx::{PgPool, Row};
use std::{collections::HashMap, time::Instant};

/// Seed of the draw of items and of the intervals: the same judgements give the same figures.
const SEED: u64 = 42;
/// Items whose texts are read at a time.
const BATCH: usize = 5000;

/// Items that count: not gold, with judgements of several.
const SEVERAL: &str = "select j.item_id from judgements j join annotation_items i on i.id = j.item_id \
     where j.task_id = $1 and j.superseded_at is null and j.origin in ('annotator', 'import') and i.gold is null \
     group by j.item_id having count(*) > 1";

/// How well people agree on each question; `None` where the project has no such task. Of more than [`MAX_ITEMS`] items that
/// several judged, so many are drawn. It is computed when judgements have changed since the last time; what takes long is
/// not computed at each change, and then the report says so.
pub async fn agreement(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Option<Agreement>, StoreError> {
    let Some(head) = head(db, project, task).await? else { return Ok(None) };
    let mut report = match kept::find(db, task).await? {
        Some(kept) if kept.is_good_enough => Agreement { is_current: kept.is_current, ..kept.report },
        _ => computed(db, head).await?,
    };
    report.gold = gold(db, task).await?;
    Ok(Some(report))
}

/// Computes the report of a task and keeps it.
async fn computed(db: &PgPool, head: Head) -> Result<Agreement, StoreError> {
    let (task, began) = (head.id, Instant::now());
    // Before anything is read: what comes meanwhile counts as a change.
    let stamp = kept::stamp(db, task).await?;
    let items: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from ({SEVERAL}) several")))
        .bind(task.0)
        .fetch_one(db)
        .await?;
    let table = table(db, &head).await?;
    let measured = table.items.len() as u64;
    let design = head.design;
    // Seconds of work where items are many.
    let questions = tokio::task::spawn_blocking(move || {
        design.questions.iter().map(|question| of_question(question, &table, SEED)).collect::<Vec<_>>()
    });
    let questions = questions.await.map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let report = Agreement {
        items: items.cast_unsigned(),
        measured,
        questions,
        gold: Vec::new(),
        as_of: Some(stamp.at),
        is_current: true,
    };
    kept::keep(db, task, &stamp, &report, began.elapsed()).await?;
    Ok(report)
}

/// What several people said of items, at most [`MAX_ITEMS`] of them, by rank.
async fn table(db: &PgPool, head: &Head) -> Result<Table, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select i.id, i.rank, j.user_id, u.name as user_name, j.imported_from, j.answers, j.cannot_judge, j.comment, \
         to_char(date_trunc('week', min(j.created_at) over (partition by i.id) at time zone 'UTC'), 'YYYY-MM-DD') as week \
         from ({SEVERAL} order by md5($2 || ':' || j.item_id::text) limit $3) several \
         join annotation_items i on i.id = several.item_id \
         join judgements j on j.item_id = i.id and j.superseded_at is null and j.origin in ('annotator', 'import') \
         left join users u on u.id = j.user_id order by i.rank, j.created_at, j.id"
    )))
    .bind(head.id.0)
    .bind(SEED.to_string())
    .bind(MAX_ITEMS.cast_signed())
    .fetch_all(db)
    .await?;
    let mut table = Table::default();
    let mut places: HashMap<Person, usize> = HashMap::new();
    for row in &rows {
        let id = ItemId(row.try_get("id")?);
        let by = loaded::person(row)?;
        let place = *places.entry(by.clone()).or_insert_with(|| {
            table.people.push(by);
            table.people.len() - 1
        });
        let judgement: Judgement = loaded::judgement(row)?;
        match table.items.last_mut() {
            Some(item) if item.id == id => item.judgements.push((place, judgement)),
            _ => table.items.push(TableItem {
                id,
                rank: row.try_get::<i32, _>("rank")?.cast_unsigned(),
                week: row.try_get("week")?,
                span_chars: 0,
                judgements: vec![(place, judgement)],
            }),
        }
    }
    if head.design.questions.iter().any(|q| matches!(q.kind, QuestionKind::Spans { .. })) {
        measure_texts(db, head.id, &mut table.items).await?;
    }
    Ok(table)
}

/// Notes how long the texts are in which spans are marked.
async fn measure_texts(db: &PgPool, task: TaskId, items: &mut [TableItem]) -> Result<(), StoreError> {
    for batch in items.chunks_mut(BATCH) {
        let ids: Vec<ItemId> = batch.iter().map(|item| item.id).collect();
        let contents = content::of_items(db, task, &ids).await?;
        for item in batch {
            let chars = contents.get(&item.id).map_or(0, |c| c.span_text.chars().count());
            item.span_chars = u32::try_from(chars).unwrap_or(u32::MAX);
        }
    }
    Ok(())
}

async fn gold(db: &PgPool, task: TaskId) -> Result<Vec<GoldScore>, StoreError> {
    let rows = sqlx::query(
        "select p.user_id, u.name, p.gold_judged, p.gold_right from annotation_progress p join users u on u.id = p.user_id \
         where p.task_id = $1 and p.gold_judged > 0 order by u.name, u.id",
    )
    .bind(task.0)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(GoldScore {
                person: Person { id: UserId(row.try_get("user_id")?), name: row.try_get("name")? },
                judged: u64::from(row.try_get::<i32, _>("gold_judged")?.cast_unsigned()),
                right: u64::from(row.try_get::<i32, _>("gold_right")?.cast_unsigned()),
            })
        })
        .collect()
}
