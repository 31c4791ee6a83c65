//! Groups: members of a project under a name, to whom work is given together.

use crate::{Stale, StoreError, activity, annotation::batches};
use domain::{
    annotation::{
        batch::{Group, NewGroup},
        view::Person,
    },
    id::{GroupId, ProjectId, TaskId, UserId},
};
use sqlx::{PgConnection, PgPool, Row};

/// A project's groups by name, each with those of its people who are still members.
pub async fn list(db: &PgPool, project: ProjectId) -> Result<Vec<Group>, StoreError> {
    let rows = sqlx::query(
        "select g.id, g.name, u.id as user_id, u.name as user_name, \
         (select count(*) from annotation_task_groups t where t.group_id = g.id) \
            + (select count(*) from annotation_batches b where b.group_id = g.id) as uses \
         from member_groups g left join (member_group_people p join users u on u.id = p.user_id) \
            on p.group_id = g.id and exists (select from members m where m.project_id = g.project_id and m.user_id = p.user_id) \
         where g.project_id = $1 order by lower(g.name), g.id, lower(u.name), u.id",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?;
    let mut groups: Vec<Group> = Vec::new();
    for row in &rows {
        let id = GroupId(row.try_get("id")?);
        if groups.last().is_none_or(|last| last.id != id) {
            let uses = row.try_get::<i64, _>("uses")?.cast_unsigned();
            groups.push(Group { id, name: row.try_get("name")?, people: Vec::new(), uses });
        }
        if let (Some(user), Some(group)) = (row.try_get::<Option<uuid::Uuid>, _>("user_id")?, groups.last_mut()) {
            group.people.push(Person { id: UserId(user), name: row.try_get("user_name")? });
        }
    }
    Ok(groups)
}

/// Makes a group. [`StoreError::Taken`] where the project has one of this name.
pub async fn create(db: &PgPool, project: ProjectId, new: &NewGroup, by: UserId) -> Result<GroupId, StoreError> {
    let id = GroupId::new();
    let mut tx = db.begin().await?;
    sqlx::query("insert into member_groups (id, project_id, name, created_by) values ($1, $2, $3, $4)")
        .bind(id.0)
        .bind(project.0)
        .bind(new.name.trim())
        .bind(by.0)
        .execute(&mut *tx)
        .await
        .map_err(StoreError::taken("a group of this name"))?;
    put(&mut tx, project, id, &new.people).await?;
    activity::record(&mut *tx, project, Some(by), "group.created", &id.to_string(), new.name.trim()).await?;
    tx.commit().await?;
    Ok(id)
}

/// Gives a group another name and other people; false when there is no such group.
pub async fn replace(
    db: &PgPool,
    project: ProjectId,
    group: GroupId,
    new: &NewGroup,
    by: UserId,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let done = sqlx::query("update member_groups set name = $3 where id = $1 and project_id = $2")
        .bind(group.0)
        .bind(project.0)
        .bind(new.name.trim())
        .execute(&mut *tx)
        .await
        .map_err(StoreError::taken("a group of this name"))?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("delete from member_group_people where group_id = $1").bind(group.0).execute(&mut *tx).await?;
    put(&mut tx, project, group, &new.people).await?;
    let tasks: Vec<uuid::Uuid> =
        sqlx::query_scalar("select distinct task_id from annotation_batches where group_id = $1")
            .bind(group.0)
            .fetch_all(&mut *tx)
            .await?;
    batches::look_again(&mut tx, &tasks.into_iter().map(TaskId).collect::<Vec<_>>()).await?;
    activity::record(&mut *tx, project, Some(by), "group.edited", &group.to_string(), new.name.trim()).await?;
    tx.commit().await?;
    Ok(true)
}

async fn put(tx: &mut PgConnection, project: ProjectId, group: GroupId, people: &[UserId]) -> Result<(), StoreError> {
    sqlx::query(
        "insert into member_group_people (group_id, user_id) \
         select $1, m.user_id from members m where m.project_id = $2 and m.user_id = any($3)",
    )
    .bind(group.0)
    .bind(project.0)
    .bind(people.iter().map(|u| u.0).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes a group; false when there is none such. [`Stale::GroupUsed`] while a task or batch is given to it: without it, that
/// would be open to everybody.
pub async fn delete(db: &PgPool, project: ProjectId, group: GroupId, by: UserId) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let name: Option<String> =
        sqlx::query_scalar("select name from member_groups where id = $1 and project_id = $2 for update")
            .bind(group.0)
            .bind(project.0)
            .fetch_optional(&mut *tx)
            .await?;
    let Some(name) = name else { return Ok(false) };
    let is_used: bool = sqlx::query_scalar(
        "select exists(select from annotation_task_groups where group_id = $1) or exists(select from annotation_batches where group_id = $1)",
    )
    .bind(group.0)
    .fetch_one(&mut *tx)
    .await?;
    if is_used {
        return Err(Stale::GroupUsed.into());
    }
    sqlx::query("delete from member_groups where id = $1").bind(group.0).execute(&mut *tx).await?;
    activity::record(&mut *tx, project, Some(by), "group.deleted", &group.to_string(), &name).await?;
    tx.commit().await?;
    Ok(true)
}
