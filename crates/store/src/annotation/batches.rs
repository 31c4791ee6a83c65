//! Batches of a task's items: listed with how far they are, opened, named, given to a group.

use super::{tasks::counts, work::HAS_AHEAD};
use crate::{Stale, StoreError, activity, error::word};
use domain::{
    annotation::batch::{Batch, BatchEdit, NamedGroup},
    id::{GroupId, ProjectId, TaskId, UserId},
};
use sqlx::{PgConnection, PgPool, Row};

/// Whether a person ($2) is given items of a batch `b` now.
pub(super) const GIVEN: &str = "(b.status = 'open' and coalesce(b.deadline > now(), true) and (b.group_id is null \
     or exists (select from member_group_people m where m.group_id = b.group_id and m.user_id = $2)))";

/// Sums of [`counts`], of rows `c` of `annotation_counts`.
pub(super) const SUMS: &str = "coalesce(sum(c.open), 0)::bigint as open, coalesce(sum(c.judged), 0)::bigint as judged, \
     coalesce(sum(c.review), 0)::bigint as review, coalesce(sum(c.adjudication), 0)::bigint as adjudication, \
     coalesce(sum(c.accepted), 0)::bigint as accepted, coalesce(sum(c.excluded), 0)::bigint as excluded, \
     coalesce(sum(c.gold), 0)::bigint as gold, coalesce(sum(c.wanted), 0)::bigint as wanted, coalesce(sum(c.given), 0)::bigint as given";

/// The batches of a task in their order; none where the project has no such task.
pub async fn of_task(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Vec<Batch>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select b.number, b.name, b.status, b.deadline, b.group_id, g.name as group_name, \
         t.status <> 'closed' and b.status <> 'closed' and coalesce(b.deadline <= now(), false) as is_late, n.* \
         from annotation_batches b join annotation_tasks t on t.id = b.task_id and t.project_id = $2 \
         left join member_groups g on g.id = b.group_id, \
         lateral (select {SUMS} from annotation_counts c where c.task_id = b.task_id and c.batch = b.number) n \
         where b.task_id = $1 order by b.number"
    )))
    .bind(task.0)
    .bind(project.0)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            let counts = counts(row)?;
            let group = row.try_get::<Option<uuid::Uuid>, _>("group_id")?.map(GroupId);
            let group_name: Option<String> = row.try_get("group_name")?;
            Ok(Batch {
                number: row.try_get::<i32, _>("number")?.cast_unsigned(),
                name: row.try_get("name")?,
                status: word(row.try_get("status")?)?,
                group: group.zip(group_name).map(|(id, name)| NamedGroup { id, name }),
                deadline: row.try_get("deadline")?,
                overdue: row.try_get::<bool, _>("is_late")? && counts.given < counts.wanted,
                counts,
            })
        })
        .collect()
}

/// Changes what the edit names of a batch; false when there is none such. [`Stale::NotOfProject`] where the group is another
/// project's.
pub async fn edit(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    number: u32,
    edit: &BatchEdit,
    by: UserId,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    // First, since whoever edits a task locks it before its batches.
    look_again(&mut tx, &[task]).await?;
    if let Some(group) = edit.group_id {
        let is_ours: bool =
            sqlx::query_scalar("select exists(select from member_groups where id = $1 and project_id = $2)")
                .bind(group.0)
                .bind(project.0)
                .fetch_one(&mut *tx)
                .await?;
        if !is_ours {
            return Err(Stale::NotOfProject.into());
        }
    }
    let name: Option<String> = sqlx::query_scalar(
        "update annotation_batches b set name = coalesce($4, b.name), status = coalesce($5, b.status), \
         group_id = case when $7 then null else coalesce($6, b.group_id) end, \
         deadline = case when $9 then null else coalesce($8, b.deadline) end \
         from annotation_tasks t where t.id = b.task_id and t.id = $1 and t.project_id = $2 and b.number = $3 returning t.name",
    )
    .bind(task.0)
    .bind(project.0)
    .bind(i32::try_from(number).unwrap_or(i32::MAX))
    .bind(edit.name.as_deref().map(str::trim))
    .bind(edit.status.map(domain::annotation::batch::BatchStatus::as_str))
    .bind(edit.group_id.map(|g| g.0))
    .bind(edit.clear_group)
    .bind(edit.deadline)
    .bind(edit.clear_deadline)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(name) = name else { return Ok(false) };
    activity::record(&mut *tx, project, Some(by), "annotation.batch_edited", &task.to_string(), &name).await?;
    tx.commit().await?;
    Ok(true)
}

/// Has everybody in these tasks look at all that was freed once more: batches may be theirs now that were not, and what was freed
/// of them meanwhile they have passed over. It counts on the tasks and leaves everybody's progress alone: whoever looks for work
/// holds the lock on theirs while they wait for an item.
pub(crate) async fn look_again(tx: &mut PgConnection, tasks: &[TaskId]) -> Result<(), StoreError> {
    sqlx::query(
        "update annotation_tasks t set look_again = t.look_again + 1 from (select id from annotation_tasks \
            where id = any($1) order by id for no key update) l where t.id = l.id",
    )
    .bind(tasks.iter().map(|t| t.0).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Opens the next waiting batch that would be a person's, where nothing of the open ones is left for that person: what others
/// have still to judge, or the person has skipped, keeps nobody waiting. Somebody else may have opened it meanwhile.
pub(super) async fn open_next(db: &PgPool, task: TaskId, user: UserId) -> Result<(), StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "update annotation_batches w set status = 'open' where w.task_id = $1 and w.status = 'waiting' \
         and w.number = (select min(b.number) from annotation_batches b where b.task_id = $1 and {waiting}) \
         and not exists (select from annotation_batches b \
            left join annotation_sweeps s on s.task_id = b.task_id and s.batch = b.number and s.user_id = $2 \
            where b.task_id = $1 and {GIVEN} and not coalesce(s.is_swept, false) and {HAS_AHEAD})",
        waiting = GIVEN.replace("'open'", "'waiting'"),
    )))
    .bind(task.0)
    .bind(user.0)
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a batch of a task waits to be opened.
pub(super) async fn any_waits(db: &mut PgConnection, task: TaskId) -> Result<bool, StoreError> {
    let statement = "select exists(select from annotation_batches where task_id = $1 and status = 'waiting')";
    Ok(sqlx::query_scalar(statement).bind(task.0).fetch_one(db).await?)
}
