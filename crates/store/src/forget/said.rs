//! What people wrote in annotation tasks that quotes the texts that are looked for: written answers, comments, drafts, reasons
//! and guidelines lose it. Chosen options and marked spans say nothing of a text by themselves and stay.

use super::texts::Texts;
use crate::{
    StoreError,
    error::{json, to_json},
};
use domain::{
    annotation::{
        answer::{Answer, Judgement},
        view::Consensus,
    },
    forget::TOMBSTONE,
    id::ProjectId,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

type Answers = BTreeMap<String, Answer>;

/// A column of JSON: rows of the project `$1` that match one of `$2`, as a key and the value, and the value of a key set anew.
struct Column {
    select: &'static str,
    update: &'static str,
}

const ANSWERS: Column = Column {
    select: "select j.id::text, j.answers from judgements j join annotation_tasks t on t.id = j.task_id \
             where t.project_id = $1 and lower(j.answers::text) like any($2)",
    update: "update judgements set answers = $2 where id = $1::uuid",
};
const GOLD: Column = Column {
    select: "select i.id::text, i.gold from annotation_items i join annotation_tasks t on t.id = i.task_id \
             where t.project_id = $1 and lower(i.gold::text) like any($2)",
    update: "update annotation_items set gold = $2 where id = $1::bigint",
};
const CONSENSUS: Column = Column {
    select: "select i.id::text, i.consensus from annotation_items i join annotation_tasks t on t.id = i.task_id \
             where t.project_id = $1 and lower(i.consensus::text) like any($2)",
    update: "update annotation_items set consensus = $2 where id = $1::bigint",
};
const DRAFT: Column = Column {
    select: "select a.item_id::text || ':' || a.user_id::text, a.draft from annotation_assignments a \
             join annotation_tasks t on t.id = a.task_id where t.project_id = $1 and lower(a.draft::text) like any($2)",
    update: "update annotation_assignments set draft = $2 where item_id = split_part($1, ':', 1)::bigint \
             and user_id = split_part($1, ':', 2)::uuid",
};

/// Takes the texts out of all annotation tasks of a project.
pub(super) async fn erase(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    lock(tx, project, texts).await?;
    plain(tx, project, texts).await?;
    guidelines(tx, project, texts).await?;
    let clean = |answers: &mut Answers| clean(answers, texts);
    column::<Answers>(tx, project, texts, &ANSWERS, clean).await?;
    column::<Answers>(tx, project, texts, &GOLD, clean).await?;
    column::<Consensus>(tx, project, texts, &CONSENSUS, |consensus| clean(&mut consensus.answers)).await?;
    let clean_draft = |draft: &mut Judgement| {
        clean(&mut draft.answers);
        if texts.are_in_text(&draft.comment) {
            TOMBSTONE.clone_into(&mut draft.comment);
        }
    };
    column::<Judgement>(tx, project, texts, &DRAFT, clean_draft).await
}

/// Locks the items that change, those of the erased samples among them, in the order in which all who need several lock them.
async fn lock(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    sqlx::query(
        "select from annotation_items i join annotation_tasks t on t.id = i.task_id where t.project_id = $1 \
         and (i.sample_id in (select sample_id from forgetting) \
            or lower(i.gold::text) like any($2) or lower(i.consensus::text) like any($2) \
            or exists (select from judgements j where j.item_id = i.id and lower(j.answers::text) like any($2)) \
            or exists (select from annotation_assignments a where a.item_id = i.id and lower(a.draft::text) like any($2))) \
         order by i.id for no key update of i",
    )
    .bind(project.0)
    .bind(texts.json_patterns())
    .execute(tx)
    .await?;
    Ok(())
}

/// Columns of plain text. An instruction that all samples begin with goes as a whole: a text in it is in all of them.
async fn plain(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let patterns = texts.patterns();
    for statement in [
        "update judgements x set comment = $3 from annotation_tasks t \
         where t.id = x.task_id and t.project_id = $1 and lower(x.comment) like any($2)",
        "update annotation_assignments x set reason = $3 from annotation_tasks t \
         where t.id = x.task_id and t.project_id = $1 and lower(x.reason) like any($2)",
        "update annotation_reviews x set reason = $3 from annotation_tasks t \
         where t.id = x.task_id and t.project_id = $1 and lower(x.reason) like any($2)",
        "update annotation_tasks set lead = '' where project_id = $1 and lower(lead) like any($2) and $3::text is not null",
    ] {
        sqlx::query(statement).bind(project.0).bind(&patterns).bind(TOMBSTONE).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Guidelines lose the lines that hold a text, and all of them where it spans several lines.
async fn guidelines(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let rows: Vec<(Uuid, i32, String)> = sqlx::query_as(
        "select g.task_id, g.revision, g.text from annotation_guidelines g join annotation_tasks t on t.id = g.task_id \
         where t.project_id = $1 and lower(g.text) like any($2)",
    )
    .bind(project.0)
    .bind(texts.patterns())
    .fetch_all(&mut *tx)
    .await?;
    for (task, revision, text) in rows {
        let lines = text.lines().map(|line| if texts.are_in_text(line) { TOMBSTONE } else { line });
        let left = lines.collect::<Vec<_>>().join("\n");
        let left = if texts.are_in_text(&left) { TOMBSTONE.to_owned() } else { left };
        sqlx::query("update annotation_guidelines set text = $3 where task_id = $1 and revision = $2")
            .bind(task)
            .bind(revision)
            .bind(left)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Takes the texts out of written answers.
fn clean(answers: &mut Answers, texts: &Texts) {
    for answer in answers.values_mut() {
        if let Answer::Text { text } = answer
            && texts.are_in_text(text)
        {
            TOMBSTONE.clone_into(text);
        }
    }
}

/// Changes the values of a column that hold one of the texts.
async fn column<T: Serialize + DeserializeOwned>(
    tx: &mut PgConnection,
    project: ProjectId,
    texts: &Texts,
    column: &Column,
    change: impl Fn(&mut T),
) -> Result<(), StoreError> {
    let rows: Vec<(String, Value)> =
        sqlx::query_as(column.select).bind(project.0).bind(texts.json_patterns()).fetch_all(&mut *tx).await?;
    for (key, value) in rows {
        let mut value: T = json(value)?;
        change(&mut value);
        sqlx::query(column.update).bind(key).bind(to_json(&value)?).execute(&mut *tx).await?;
    }
    Ok(())
}
