//! Judgements out to files and in from files.

use super::{
    content,
    head::{Head, head},
    items::{self, Sees},
    loaded,
    setting::Setting,
    work::{self, Place},
};
use crate::{
    StoreError,
    error::{json, to_json, word},
};
use domain::{
    annotation::{
        design::Design,
        exchange::{Agreed, Imported, Raw, Read, Refused, conll},
        view::{Consensus, Item},
    },
    id::{ItemId, JudgementId, ProjectId, SampleId, TaskId},
    page::Page,
};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool, Row};
use std::collections::{HashMap, HashSet};

/// Refused judgements whose reasons are told.
const EXAMPLES: usize = 20;
/// Items whose texts are read at a time.
const BATCH: i64 = 5000;
/// Judgements of a transaction: while it lasts it holds rows on which others count.
const AT_ONCE: usize = 100;

/// The questions of a task; `None` where the project has no such task.
pub async fn design(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Option<Design>, StoreError> {
    Ok(head(db, project, task).await?.map(|head| head.design))
}

/// A page of current judgements of a task that the caller has found in the project, by their ids.
pub async fn judgements(
    db: &PgPool,
    task: TaskId,
    after: Option<JudgementId>,
    limit: u32,
) -> Result<Page<Raw>, StoreError> {
    let rows = sqlx::query(
        "select j.id, j.item_id, i.sample_id, i.rank, j.user_id, u.name as user_name, j.imported_from, j.origin, j.answers, j.cannot_judge, \
         j.comment, j.duration_ms, j.guideline_revision, j.created_at from judgements j join annotation_items i on i.id = j.item_id \
         left join users u on u.id = j.user_id where j.task_id = $1 and j.superseded_at is null and ($2::uuid is null or j.id > $2) \
         order by j.id limit $3",
    )
    .bind(task.0)
    .bind(after.map(|a| a.0))
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    let items = rows.iter().map(|row| {
        Ok(Raw {
            item_id: Some(ItemId(row.try_get("item_id")?)),
            sample_id: Some(SampleId(row.try_get("sample_id")?)),
            rank: row.try_get::<i32, _>("rank")?.cast_unsigned(),
            by: loaded::person(row)?.name,
            origin: Some(word(row.try_get("origin")?)?),
            judgement: loaded::judgement(row)?,
            duration_ms: row.try_get::<Option<i32>, _>("duration_ms")?.map(i32::cast_unsigned),
            guideline_revision: row.try_get("guideline_revision")?,
            at: row.try_get("created_at")?,
        })
    });
    let items = items.collect::<Result<Vec<_>, StoreError>>()?;
    let last = rows.last().map(|row| row.try_get::<uuid::Uuid, _>("id")).transpose()?;
    let next_cursor = last.filter(|_| rows.len() == limit as usize).map(|id| id.to_string());
    Ok(Page { items, next_cursor })
}

/// A page of what items come to, by rank, of a task that the caller has found in the project.
pub async fn agreed(db: &PgPool, task: TaskId, after: Option<u32>, limit: u32) -> Result<Page<Agreed>, StoreError> {
    let rows = sqlx::query(
        "select id, sample_id, rank, status, consensus, judged from annotation_items \
         where task_id = $1 and rank > $2 and gold is null and consensus is not null order by rank limit $3",
    )
    .bind(task.0)
    .bind(after.map_or(-1, |a| i32::try_from(a).unwrap_or(i32::MAX)))
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    let items = rows.iter().map(|row| {
        let consensus: Consensus = json(row.try_get("consensus")?)?;
        Ok(Agreed {
            item_id: ItemId(row.try_get("id")?),
            sample_id: SampleId(row.try_get("sample_id")?),
            rank: row.try_get::<i32, _>("rank")?.cast_unsigned(),
            status: word(row.try_get("status")?)?,
            answers: consensus.answers,
            confidence: consensus.confidence,
            method: consensus.method,
            judgements: u32::from(row.try_get::<i16, _>("judged")?.cast_unsigned()),
        })
    });
    let items = items.collect::<Result<Vec<_>, StoreError>>()?;
    let next_cursor = items.last().filter(|_| rows.len() == limit as usize).map(|item| item.rank.to_string());
    Ok(Page { items, next_cursor })
}

/// A page of items with their sample and all current judgements, by rank; gold items are left out.
pub async fn whole(
    db: &PgPool,
    task: TaskId,
    after: Option<u32>,
    limit: u32,
) -> Result<Page<(SampleId, Item)>, StoreError> {
    let rows = sqlx::query(
        "select id, sample_id from annotation_items where task_id = $1 and rank > $2 and gold is null order by rank limit $3",
    )
    .bind(task.0)
    .bind(after.map_or(-1, |a| i32::try_from(a).unwrap_or(i32::MAX)))
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    let mut samples = HashMap::new();
    for row in &rows {
        samples.insert(row.try_get::<i64, _>("id")?, SampleId(row.try_get("sample_id")?));
    }
    let ids: Vec<i64> = samples.keys().copied().collect();
    let mut items = Vec::with_capacity(ids.len());
    for mut item in items::load(db, task, &ids, Sees::All).await? {
        item.judgements.retain(|judged| !judged.superseded);
        if let Some(sample) = samples.get(&item.id.0) {
            items.push((*sample, item));
        }
    }
    let next_cursor = items.last().filter(|_| rows.len() == limit as usize).map(|(_, item)| item.rank.to_string());
    Ok(Page { items, next_cursor })
}

/// The texts in which spans of these items are marked.
pub async fn texts(db: &PgPool, task: TaskId, items: &[ItemId]) -> Result<HashMap<ItemId, String>, StoreError> {
    let contents = content::of_items(db, task, items).await?;
    Ok(contents.into_iter().map(|(id, content)| (id, content.span_text)).collect())
}

/// The items whose text for spans has one of these words ([`conll::words`]), by rank, each with that text.
pub async fn of_words(
    db: &PgPool,
    task: TaskId,
    wanted: &HashSet<String>,
) -> Result<HashMap<String, Vec<(ItemId, String)>>, StoreError> {
    let mut found: HashMap<String, Vec<(ItemId, String)>> = HashMap::new();
    let mut after = -1;
    loop {
        let rows = sqlx::query(
            "select id, rank from annotation_items where task_id = $1 and rank > $2 order by rank limit $3",
        )
        .bind(task.0)
        .bind(after)
        .bind(BATCH)
        .fetch_all(db)
        .await?;
        let Some(last) = rows.last() else { break };
        after = last.try_get::<i32, _>("rank")?;
        let ids = rows.iter().map(|row| Ok(ItemId(row.try_get("id")?))).collect::<Result<Vec<_>, StoreError>>()?;
        let mut texts = texts(db, task, &ids).await?;
        for id in ids {
            let Some(text) = texts.remove(&id) else { continue };
            let words = conll::words(&text);
            if wanted.contains(&words) {
                found.entry(words).or_default().push((id, text));
            }
        }
    }
    Ok(found)
}

/// Takes judgements from a file. Each is checked like one that is sent; what is here already, by a person of the same name with
/// the same answers, is not taken twice, and what a file said before of an item in that name is replaced. `first` is the place of the first of them in the file, from 1.
pub async fn take(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    read: &[Read],
    first: u64,
) -> Result<Option<Imported>, StoreError> {
    let Some(head) = head(db, project, task).await? else { return Ok(None) };
    let known = find(db, task, read).await?;
    let mut imported = Imported::default();
    for ((read, known), first) in read.chunks(AT_ONCE).zip(known.chunks(AT_ONCE)).zip((first..).step_by(AT_ONCE)) {
        if !take_some(db, project, &head, read, known, first, &mut imported).await? {
            return Ok(None);
        }
    }
    Ok(Some(imported))
}

/// Takes some of them, each with its item, in a transaction of their own; false where the task is gone.
async fn take_some(
    db: &PgPool,
    project: ProjectId,
    head: &Head,
    read: &[Read],
    known: &[Option<ItemId>],
    first: u64,
    imported: &mut Imported,
) -> Result<bool, StoreError> {
    let task = head.id;
    let ids: Vec<ItemId> = known.iter().flatten().copied().collect();
    let contents = content::of_items(db, task, &ids).await?;
    let mut taken: Vec<ItemId> = Vec::new();
    let mut tx = db.begin().await?;
    let Some(setting) = Setting::find(&mut *tx, project, task).await? else { return Ok(false) };
    let locked = work::lock_all(&mut tx, task, &ids.iter().map(|id| id.0).collect::<Vec<_>>()).await?;
    let is_there = |item: &ItemId| locked.get(item).is_some_and(|place| *place != Place::Forgotten);
    for ((at, read), item) in (first..).zip(read).zip(known.iter().copied()) {
        let Some((item, content)) = item.filter(is_there).and_then(|item| Some((item, contents.get(&item)?))) else {
            imported.unknown += 1;
            continue;
        };
        let problems = head.design.check(content, &read.judgement);
        if let Some(problem) = problems.first() {
            imported.refused += 1;
            if imported.examples.len() < EXAMPLES {
                imported.examples.push(Refused { at, problem: problem.to_string() });
            }
            continue;
        }
        if put(&mut tx, &setting, item, read).await? {
            imported.taken += 1;
            taken.push(item);
        } else {
            imported.again += 1;
        }
    }
    // What a file says counts towards what an item wants.
    taken.sort_unstable();
    taken.dedup();
    for item in &taken {
        work::recount(&mut tx, *item).await?;
        if locked.get(item) == Some(&Place::Ordinary) {
            work::settle(&mut tx, &setting, *item).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

/// Puts a judgement of a file on record, in the place of what a file said before in that name; false where a person of that
/// name says the same already.
async fn put(tx: &mut PgConnection, setting: &Setting, item: ItemId, read: &Read) -> Result<bool, StoreError> {
    let id = JudgementId::new();
    let done = sqlx::query(
        "insert into judgements (id, item_id, task_id, imported_from, origin, answers, cannot_judge, comment, duration_ms, guideline_revision, submit_key) \
         select $1, $2, $3, $4, 'import', $5, $6, $7, $8, $9, $10 where not exists (select from judgements j \
            left join users u on u.id = j.user_id where j.item_id = $2 and j.superseded_at is null and $4 <> '' \
            and coalesce(u.name, j.imported_from) = $4 and j.answers = $5 and j.cannot_judge = $6 and j.comment = $7) \
         on conflict (task_id, submit_key) do nothing",
    )
    .bind(id.0)
    .bind(item.0)
    .bind(setting.id.0)
    .bind(&read.by)
    .bind(to_json(&read.judgement.answers)?)
    .bind(read.judgement.cannot_judge)
    .bind(&read.judgement.comment)
    .bind(read.duration_ms.map(|ms| i32::try_from(ms).unwrap_or(i32::MAX)))
    .bind(setting.guideline_revision)
    .bind(key(item, read)?)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    // Without a name nobody can tell whether it is the same person.
    sqlx::query(
        "update judgements set superseded_at = now() where item_id = $1 and imported_from = $2 and $2 <> '' and user_id is null \
         and origin = 'import' and superseded_at is null and id <> $3",
    )
    .bind(item.0)
    .bind(&read.by)
    .bind(id.0)
    .execute(tx)
    .await?;
    Ok(true)
}

/// The same for the same person's same answers to an item.
fn key(item: ItemId, read: &Read) -> Result<uuid::Uuid, StoreError> {
    let mut hasher = Sha256::new();
    hasher.update(item.0.to_le_bytes());
    hasher.update((read.by.len() as u64).to_le_bytes());
    hasher.update(read.by.as_bytes());
    hasher.update(to_json(&read.judgement)?.to_string().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize()[..16]);
    Ok(uuid::Uuid::from_bytes(bytes))
}

/// The item of each judgement: by its id, its sample or its text.
async fn find(db: &PgPool, task: TaskId, read: &[Read]) -> Result<Vec<Option<ItemId>>, StoreError> {
    let ids: Vec<i64> = read.iter().filter_map(|r| r.item_id).map(|id| id.0).collect();
    let samples: Vec<i64> = read.iter().filter_map(|r| r.sample_id).map(|id| id.0).collect();
    let rows = sqlx::query(
        "select id, sample_id from annotation_items where task_id = $1 and (id = any($2) or sample_id = any($3)) order by rank desc",
    )
    .bind(task.0)
    .bind(ids)
    .bind(samples)
    .fetch_all(db)
    .await?;
    let (mut by_id, mut by_sample) = (HashMap::new(), HashMap::new());
    for row in &rows {
        let id: i64 = row.try_get("id")?;
        by_id.insert(id, ItemId(id));
        by_sample.insert(row.try_get::<i64, _>("sample_id")?, ItemId(id));
    }
    let named = |r: &Read| {
        r.item_id.and_then(|id| by_id.get(&id.0)).or_else(|| r.sample_id.and_then(|id| by_sample.get(&id.0))).copied()
    };
    let mut found: Vec<Option<ItemId>> = read.iter().map(named).collect();
    // Another tool's file knows neither: then the text tells.
    let is_nameless = |r: &Read| r.item_id.is_none() && r.sample_id.is_none() && r.text.is_some();
    if read.iter().any(is_nameless) {
        let by_text = by_text(db, task).await?;
        for (found, read) in found.iter_mut().zip(read).filter(|(_, read)| is_nameless(read)) {
            *found = read.text.as_deref().and_then(|text| by_text.get(text.trim())).copied();
        }
    }
    Ok(found)
}

/// All items by the text that spans are marked in, and by their last turn.
async fn by_text(db: &PgPool, task: TaskId) -> Result<HashMap<String, ItemId>, StoreError> {
    let mut found = HashMap::new();
    let mut after = -1;
    loop {
        let rows = sqlx::query(
            "select id, rank from annotation_items where task_id = $1 and rank > $2 order by rank limit $3",
        )
        .bind(task.0)
        .bind(after)
        .bind(BATCH)
        .fetch_all(db)
        .await?;
        let Some(last) = rows.last() else { break };
        after = last.try_get::<i32, _>("rank")?;
        let ids = rows.iter().map(|row| Ok(ItemId(row.try_get("id")?))).collect::<Result<Vec<_>, StoreError>>()?;
        for (id, content) in content::of_items(db, task, &ids).await? {
            let last = content.messages.last().map(|m| m.content.clone()).unwrap_or_default();
            for text in [content.span_text, last] {
                if !text.trim().is_empty() {
                    found.entry(text.trim().to_owned()).or_insert(id);
                }
            }
        }
    }
    Ok(found)
}
