//! Tasks: made, listed, changed, opened and closed.

pub use super::people::may_review;

mod create;
mod edit;
mod raise;

pub use create::create;
pub(crate) use create::{insert, placed};
pub use edit::{edit, set_status};
pub use raise::raise;

use super::{
    batches::SUMS,
    fill, guidelines,
    people::{self, Part},
};
use crate::{
    StoreError,
    error::{json, word},
};
use domain::{
    annotation::{
        design::Design,
        view::{ItemCounts, Task, TaskSummary},
    },
    id::{DatasetId, JobId, ProjectId, TaskId, VersionId},
};
use sqlx::{PgPool, Row, postgres::PgRow};

/// Tasks that are listed, the newest.
const LISTED: i64 = 500;

/// Counts are kept with the batches and summed here: a list costs the same for any number of items.
fn select(rest: &str) -> String {
    format!(
        "select t.id, t.name, t.status, t.version_id, t.filled_at is not null as filled, t.deadline, t.created_at, \
         t.source, t.design, t.distribution, t.guideline_revision, t.revision, \
         d.id as dataset_id, d.name as dataset_name, v.number, u.name as creator, c.*, \
         t.status in ('open', 'paused') and ((coalesce(t.deadline <= now(), false) and c.given < c.wanted) \
            or exists (select from annotation_batches b where b.task_id = t.id and b.status <> 'closed' and b.deadline <= now() \
                and (select sum(n.given) < sum(n.wanted) from annotation_counts n where n.task_id = t.id and n.batch = b.number))) as overdue \
         from annotation_tasks t join dataset_versions v on v.id = t.version_id join datasets d on d.id = v.dataset_id \
         join users u on u.id = t.created_by, \
         lateral (select {SUMS} from annotation_counts c where c.task_id = t.id) c {rest}"
    )
}

fn summary(row: &PgRow) -> Result<TaskSummary, StoreError> {
    Ok(TaskSummary {
        id: TaskId(row.try_get("id")?),
        name: row.try_get("name")?,
        status: word(row.try_get("status")?)?,
        dataset_id: DatasetId(row.try_get("dataset_id")?),
        dataset_name: row.try_get("dataset_name")?,
        version_id: VersionId(row.try_get("version_id")?),
        version_number: row.try_get::<i32, _>("number")?.cast_unsigned(),
        counts: counts(row)?,
        filled: row.try_get("filled")?,
        deadline: row.try_get("deadline")?,
        overdue: row.try_get("overdue")?,
        created_at: row.try_get("created_at")?,
        created_by: row.try_get("creator")?,
    })
}

/// How many items are how far, of a row with [`SUMS`].
pub(super) fn counts(row: &PgRow) -> Result<ItemCounts, StoreError> {
    let count = |name: &str| Ok::<_, StoreError>(row.try_get::<i64, _>(name)?.cast_unsigned());
    Ok(ItemCounts {
        open: count("open")?,
        judged: count("judged")?,
        review: count("review")?,
        adjudication: count("adjudication")?,
        accepted: count("accepted")?,
        excluded: count("excluded")?,
        gold: count("gold")?,
        wanted: count("wanted")?,
        given: count("given")?,
    })
}

/// A project's tasks, newest first.
pub async fn list(db: &PgPool, project: ProjectId) -> Result<Vec<TaskSummary>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(select("where t.project_id = $1 order by t.created_at desc, t.id limit $2")))
        .bind(project.0)
        .bind(LISTED)
        .fetch_all(db)
        .await?
        .iter()
        .map(summary)
        .collect()
}

/// A task whole.
pub async fn get(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Option<Task>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(select("where t.id = $1 and t.project_id = $2")))
        .bind(task.0)
        .bind(project.0)
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let revision = row.try_get("guideline_revision")?;
    let guideline = guidelines::get(db, task, revision).await?;
    Ok(Some(Task {
        summary: summary(&row)?,
        source: json(row.try_get("source")?)?,
        design: json(row.try_get("design")?)?,
        distribution: json(row.try_get("distribution")?)?,
        guideline: guideline.ok_or_else(|| StoreError::Corrupt("a task without its guideline".to_owned()))?,
        annotators: people::of_task(db, task, Part::Annotator).await?,
        groups: people::groups(db, task).await?,
        reviewers: people::of_task(db, task, Part::Reviewer).await?,
        revision: row.try_get("revision")?,
    }))
}

/// What a task asks of people who work on it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub name: String,
    pub design: Design,
    /// The newest guideline, as Markdown.
    pub guideline: String,
}

/// What a task asks. Unlike [`get`] it counts no judgements: it costs the same for any number of them.
pub async fn asked(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Option<Asked>, StoreError> {
    let row = sqlx::query(
        "select t.name, t.design, g.text from annotation_tasks t \
         join annotation_guidelines g on g.task_id = t.id and g.revision = t.guideline_revision \
         where t.id = $1 and t.project_id = $2",
    )
    .bind(task.0)
    .bind(project.0)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Asked {
        name: row.try_get("name")?,
        design: json(row.try_get("design")?)?,
        guideline: row.try_get("text")?,
    }))
}

/// The job that makes a task's items, the latest where it failed before.
pub async fn filling(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Option<JobId>, StoreError> {
    let id: Option<uuid::Uuid> = sqlx::query_scalar(
        "select id from jobs where project_id = $1 and kind = $2 and payload->>'task_id' = $3 order by created_at desc limit 1",
    )
    .bind(project.0)
    .bind(fill::KIND)
    .bind(task.to_string())
    .fetch_optional(db)
    .await?;
    Ok(id.map(JobId))
}

/// Whether the project has such a task.
pub async fn exists(db: &PgPool, project: ProjectId, task: TaskId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("select exists(select from annotation_tasks where id = $1 and project_id = $2)")
        .bind(task.0)
        .bind(project.0)
        .fetch_one(db)
        .await?)
}
