//! Who works on a task, and who reviews it.

use super::setting::Setting;
use crate::{Stale, StoreError, activity};
use domain::{
    access::{Action, Role, permits},
    annotation::{batch::NamedGroup, view::Person},
    id::{GroupId, ProjectId, TaskId, UserId},
};
use sqlx::{PgConnection, PgExecutor, PgPool, Row};
use std::collections::BTreeSet;

/// What somebody does in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Annotator,
    Reviewer,
}

impl Part {
    fn as_str(self) -> &'static str {
        match self {
            Self::Annotator => "annotator",
            Self::Reviewer => "reviewer",
        }
    }
}

/// The people of a part, by name.
pub async fn of_task<'e>(db: impl PgExecutor<'e>, task: TaskId, part: Part) -> Result<Vec<Person>, StoreError> {
    sqlx::query(
        "select u.id, u.name from annotation_people p join users u on u.id = p.user_id \
         where p.task_id = $1 and p.part = $2 order by lower(u.name), u.id",
    )
    .bind(task.0)
    .bind(part.as_str())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| Ok(Person { id: UserId(row.try_get("id")?), name: row.try_get("name")? }))
    .collect()
}

/// Puts these people in the place of those who were there; who is not a member of the project is left out.
pub(super) async fn replace(
    tx: &mut PgConnection,
    project: ProjectId,
    task: TaskId,
    part: Part,
    users: &[UserId],
) -> Result<(), StoreError> {
    sqlx::query("delete from annotation_people where task_id = $1 and part = $2")
        .bind(task.0)
        .bind(part.as_str())
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "insert into annotation_people (task_id, user_id, part) \
         select $1, m.user_id, $2 from members m where m.project_id = $3 and m.user_id = any($4)",
    )
    .bind(task.0)
    .bind(part.as_str())
    .bind(project.0)
    .bind(users.iter().map(|u| u.0).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts these groups in the place of those that a task was given to. [`Stale::NotOfProject`] where one is another project's: a
/// task that is left with none is open to everybody.
pub(super) async fn replace_groups(
    tx: &mut PgConnection,
    project: ProjectId,
    task: TaskId,
    groups: &[GroupId],
) -> Result<(), StoreError> {
    sqlx::query("delete from annotation_task_groups where task_id = $1").bind(task.0).execute(&mut *tx).await?;
    let wanted: BTreeSet<uuid::Uuid> = groups.iter().map(|g| g.0).collect();
    let count = wanted.len() as u64;
    let done = sqlx::query(
        "insert into annotation_task_groups (task_id, group_id) \
         select $1, g.id from member_groups g where g.project_id = $2 and g.id = any($3)",
    )
    .bind(task.0)
    .bind(project.0)
    .bind(wanted.into_iter().collect::<Vec<_>>())
    .execute(tx)
    .await?;
    if done.rows_affected() == count { Ok(()) } else { Err(Stale::NotOfProject.into()) }
}

/// The groups that work on a task, by name.
pub async fn groups<'e>(db: impl PgExecutor<'e>, task: TaskId) -> Result<Vec<NamedGroup>, StoreError> {
    sqlx::query(
        "select g.id, g.name from annotation_task_groups t join member_groups g on g.id = t.group_id \
         where t.task_id = $1 order by lower(g.name), g.id",
    )
    .bind(task.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| Ok(NamedGroup { id: GroupId(row.try_get("id")?), name: row.try_get("name")? }))
    .collect()
}

/// Whether somebody ($3) works on a task `t`: it names them or a group of theirs, or nobody at all.
pub(super) const IS_ASSIGNED: &str = "((not exists (select from annotation_people p where p.task_id = t.id and p.part = 'annotator') \
     and not exists (select from annotation_task_groups g where g.task_id = t.id)) \
     or exists (select from annotation_people p where p.task_id = t.id and p.part = 'annotator' and p.user_id = $3) \
     or exists (select from annotation_task_groups g join member_group_people m on m.group_id = g.group_id \
        where g.task_id = t.id and m.user_id = $3))";

/// Whether somebody with this role may review and adjudicate: the task's reviewers, or where it has none, whoever may edit
/// datasets.
pub async fn may_review(db: &PgPool, task: TaskId, user: UserId, role: Role) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "select count(*) as reviewers, count(*) filter (where user_id = $2) as mine from annotation_people \
         where task_id = $1 and part = 'reviewer'",
    )
    .bind(task.0)
    .bind(user.0)
    .fetch_one(db)
    .await?;
    let (reviewers, mine): (i64, i64) = (row.try_get("reviewers")?, row.try_get("mine")?);
    Ok(mine > 0 || (reviewers == 0 && permits(Some(role), None, Action::EditDatasets)))
}

/// Lets somebody try the qualification again, from its beginning; false when there is no such task.
pub async fn let_try_again(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    user: UserId,
    by: UserId,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if Setting::find(&mut *tx, project, task).await?.is_none() {
        return Ok(false);
    }
    // The items first: who is sending a judgement of one has it, and needs their progress last; who looks for work has that.
    sqlx::query(
        "select from annotation_items i where i.task_id = $1 and i.gold is not null \
         and exists (select from annotation_assignments a where a.item_id = i.id and a.user_id = $2) \
         order by i.id for no key update of i",
    )
    .bind(task.0)
    .bind(user.0)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "update annotation_progress set failed_at = null, qualified_at = null, gold_judged = 0, gold_right = 0 \
         where task_id = $1 and user_id = $2",
    )
    .bind(task.0)
    .bind(user.0)
    .execute(&mut *tx)
    .await?;
    // What they said of gold items stays on record, but they are asked again.
    sqlx::query(
        "update annotation_assignments a set status = 'expired', draft = null from annotation_items i \
         where i.id = a.item_id and i.gold is not null and a.task_id = $1 and a.user_id = $2",
    )
    .bind(task.0)
    .bind(user.0)
    .execute(&mut *tx)
    .await?;
    let name: Option<String> =
        sqlx::query_scalar("select name from users where id = $1").bind(user.0).fetch_optional(&mut *tx).await?;
    let name = name.unwrap_or_default();
    activity::record(&mut *tx, project, Some(by), "annotation.retried", &task.to_string(), &name).await?;
    tx.commit().await?;
    Ok(true)
}
