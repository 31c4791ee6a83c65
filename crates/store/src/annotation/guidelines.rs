//! Guidelines with their history, and the judgements that a changed rule touches.

use super::setting::Setting;
use crate::{StoreError, activity};
use domain::{
    annotation::{guideline::touched, view::Guideline},
    id::{ItemId, ProjectId, TaskId, UserId},
};
use sqlx::{PgExecutor, PgPool, Row, postgres::PgRow};

/// Whether a judgement `j` made under an earlier revision than guideline `g` says one of the labels that `g` touched.
const IS_TOUCHED: &str = "j.superseded_at is null and j.guideline_revision < g.revision and exists (\
     select from jsonb_each(j.answers) q where q.value->>'value' = any(g.touched) \
     or exists (select from jsonb_path_query(q.value, 'lax $.values.**') x where jsonb_typeof(x) = 'string' and x #>> '{}' = any(g.touched)) \
     or exists (select from jsonb_path_query(q.value, 'lax $.spans[*].label') x where x #>> '{}' = any(g.touched)))";

fn select(condition: &str) -> String {
    format!(
        "select g.revision, g.text, g.touched, g.created_at, u.name, \
         case when cardinality(g.touched) = 0 then 0 else \
            (select count(*) from judgements j where j.task_id = g.task_id and {IS_TOUCHED}) end as judgements \
         from annotation_guidelines g join users u on u.id = g.created_by where {condition}"
    )
}

fn guideline(row: &PgRow) -> Result<Guideline, StoreError> {
    Ok(Guideline {
        revision: row.try_get("revision")?,
        text: row.try_get("text")?,
        touched: row.try_get("touched")?,
        judgements_touched: row.try_get::<i64, _>("judgements")?.cast_unsigned(),
        by: row.try_get("name")?,
        at: row.try_get("created_at")?,
    })
}

/// One revision of a task's guideline.
pub(super) async fn get<'e>(
    db: impl PgExecutor<'e>,
    task: TaskId,
    revision: i32,
) -> Result<Option<Guideline>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(select("g.task_id = $1 and g.revision = $2")))
        .bind(task.0)
        .bind(revision)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(guideline)
        .transpose()
}

/// All guidelines that a task has had, newest first.
pub async fn history(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Vec<Guideline>, StoreError> {
    let condition =
        "g.task_id = (select id from annotation_tasks where id = $1 and project_id = $2) order by g.revision desc";
    sqlx::query(sqlx::AssertSqlSafe(select(condition)))
        .bind(task.0)
        .bind(project.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(guideline)
        .collect()
}

/// Gives a task another guideline, and notes which labels that touches. The same text again changes nothing. `None` when
/// there is no such task.
pub async fn revise(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    text: &str,
    by: UserId,
) -> Result<Option<Guideline>, StoreError> {
    let mut tx = db.begin().await?;
    sqlx::query("select from annotation_tasks where id = $1 for no key update").bind(task.0).execute(&mut *tx).await?;
    let Some(setting) = Setting::find(&mut *tx, project, task).await? else { return Ok(None) };
    let Some(before) = get(&mut *tx, task, setting.guideline_revision).await? else { return Ok(None) };
    if before.text == text {
        return Ok(Some(before));
    }
    let revision = setting.guideline_revision + 1;
    sqlx::query(
        "insert into annotation_guidelines (task_id, revision, text, touched, created_by) values ($1, $2, $3, $4, $5)",
    )
    .bind(task.0)
    .bind(revision)
    .bind(text)
    .bind(touched(&before.text, text, &setting.design).into_iter().collect::<Vec<_>>())
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    sqlx::query("update annotation_tasks set guideline_revision = $2 where id = $1")
        .bind(task.0)
        .bind(revision)
        .execute(&mut *tx)
        .await?;
    activity::record(&mut *tx, project, Some(by), "guideline.revised", &task.to_string(), &revision.to_string())
        .await?;
    let made = get(&mut *tx, task, revision).await?;
    tx.commit().await?;
    Ok(made)
}

/// Items with judgements that a revision touches, in the order of the task.
pub async fn touched_items(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    revision: i32,
    limit: u32,
) -> Result<Vec<ItemId>, StoreError> {
    let ids: Vec<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "select i.id from annotation_guidelines g join annotation_tasks t on t.id = g.task_id and t.project_id = $2 \
         join annotation_items i on i.task_id = g.task_id \
         where g.task_id = $1 and g.revision = $3 and exists (select from judgements j where j.item_id = i.id and {IS_TOUCHED}) \
         order by i.rank limit $4"
    )))
    .bind(task.0)
    .bind(project.0)
    .bind(revision)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ItemId).collect())
}
