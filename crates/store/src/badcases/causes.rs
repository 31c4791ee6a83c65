//! A project's own causes of bad cases.

use crate::{Stale, StoreError, error::word};
use domain::{
    badcase::{
        Cause,
        taxonomy::{MAX_DEPTH, OwnCause, depth},
    },
    id::{CauseId, ProjectId, UserId},
};
use sqlx::{PgConnection, PgExecutor, PgPool, Row};

/// All causes of a project, the archived ones included, by name.
pub async fn list<'e>(db: impl PgExecutor<'e>, project: ProjectId) -> Result<Vec<OwnCause>, StoreError> {
    sqlx::query(
        "select c.id, c.kind, c.parent_id, c.name, c.archived_at is not null as archived, \
         (select count(*) from bad_cases b where b.cause_id = c.id and b.status <> 'dismissed') as cases \
         from causes c where c.project_id = $1 order by lower(c.name), c.id limit 2000",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        Ok(OwnCause {
            id: CauseId(row.try_get("id")?),
            kind: word(row.try_get("kind")?)?,
            parent_id: row.try_get::<Option<uuid::Uuid>, _>("parent_id")?.map(CauseId),
            name: row.try_get("name")?,
            archived: row.try_get("archived")?,
            cases: row.try_get("cases")?,
        })
    })
    .collect()
}

/// All causes; who adds or merges some meanwhile waits, so that none is lost or ends up too deep.
async fn locked(tx: &mut PgConnection, project: ProjectId) -> Result<Vec<OwnCause>, StoreError> {
    sqlx::query("select from projects where id = $1 for update").bind(project.0).execute(&mut *tx).await?;
    list(tx, project).await
}

/// Adds a cause below `parent`, whose kind it then has, or directly below `kind`. [`StoreError::Taken`] when the kind has one of
/// this name, [`Stale::NotOfProject`] without such a parent, [`Stale::TooDeep`] too far below the kind.
pub async fn add(
    db: &PgPool,
    project: ProjectId,
    kind: Cause,
    parent: Option<CauseId>,
    name: &str,
    by: UserId,
) -> Result<CauseId, StoreError> {
    let mut tx = db.begin().await?;
    let all = locked(&mut tx, project).await?;
    let kind = match parent {
        None => kind,
        Some(parent) => all.iter().find(|c| c.id == parent).ok_or(Stale::NotOfProject)?.kind,
    };
    if parent.and_then(|parent| depth(&all, parent)).is_some_and(|d| d + 1 >= MAX_DEPTH) {
        return Err(Stale::TooDeep.into());
    }
    let id = CauseId::new();
    sqlx::query(
        "insert into causes (id, project_id, kind, parent_id, name, created_by) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.0)
    .bind(project.0)
    .bind(kind.as_str())
    .bind(parent.map(|p| p.0))
    .bind(name)
    .bind(by.0)
    .execute(&mut *tx)
    .await
    .map_err(StoreError::taken("cause"))?;
    tx.commit().await?;
    Ok(id)
}

/// Gives a cause another name, and puts it away or takes it out again; false when there is no such cause.
pub async fn update(
    db: &PgPool,
    project: ProjectId,
    id: CauseId,
    name: &str,
    archived: bool,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update causes set name = $3, archived_at = case when $4 then coalesce(archived_at, now()) end \
         where id = $1 and project_id = $2",
    )
    .bind(id.0)
    .bind(project.0)
    .bind(name)
    .bind(archived)
    .execute(db)
    .await
    .map_err(StoreError::taken("cause"))?;
    Ok(done.rows_affected() == 1)
}

/// Merges one cause into another: its cases and the causes below it go over, then it is gone. False when there is no such pair;
/// [`Stale::TooDeep`] when the other lies below it, is of another kind while causes lie below it, or when those would lie too
/// far below their kind.
pub async fn merge(db: &PgPool, project: ProjectId, from: CauseId, into: CauseId) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let all = locked(&mut tx, project).await?;
    let find = |id: CauseId| all.iter().find(|c| c.id == id);
    let (Some(gone), Some(kept)) = (find(from), find(into)) else { return Ok(false) };
    if from == into || lies_below(&all, into, from) {
        return Err(Stale::TooDeep.into());
    }
    let has_children = all.iter().any(|c| c.parent_id == Some(from));
    if has_children && gone.kind != kept.kind {
        return Err(Stale::TooDeep.into());
    }
    let moved = depth(&all, into).unwrap_or_default() + height(&all, from);
    if has_children && moved >= MAX_DEPTH {
        return Err(Stale::TooDeep.into());
    }
    for statement in [
        "update bad_cases b set cause_id = k.id, cause = k.kind, revision = revision + 1, updated_at = now() from causes k \
         where b.project_id = $1 and b.cause_id = $2 and k.id = $3",
        "update causes set parent_id = $3 where project_id = $1 and parent_id = $2",
    ] {
        sqlx::query(statement).bind(project.0).bind(from.0).bind(into.0).execute(&mut *tx).await?;
    }
    sqlx::query("delete from causes where project_id = $1 and id = $2")
        .bind(project.0)
        .bind(from.0)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// How many levels of causes lie below one.
fn height(all: &[OwnCause], id: CauseId) -> usize {
    let mut level = vec![id];
    for height in 0..all.len() {
        level = all.iter().filter(|c| c.parent_id.is_some_and(|p| level.contains(&p))).map(|c| c.id).collect();
        if level.is_empty() {
            return height;
        }
    }
    all.len()
}

/// Whether a cause lies somewhere below another.
fn lies_below(all: &[OwnCause], id: CauseId, above: CauseId) -> bool {
    let parent = |id: CauseId| all.iter().find(|c| c.id == id).and_then(|c| c.parent_id);
    let mut at = parent(id);
    for _ in 0..=all.len() {
        match at {
            Some(found) if found == above => return true,
            Some(found) => at = parent(found),
            None => return false,
        }
    }
    false
}

/// What a person has chosen: the kind, and the project's own cause below it. An own cause that is newly chosen brings its kind
/// along; one that was there `before` goes where another kind is chosen.
pub(super) async fn chosen(
    tx: &mut PgConnection,
    project: ProjectId,
    kind: Option<Cause>,
    own: Option<CauseId>,
    before: Option<CauseId>,
) -> Result<(Option<Cause>, Option<CauseId>), StoreError> {
    let Some(id) = own else { return Ok((kind, None)) };
    let own_kind: Option<String> = sqlx::query_scalar("select kind from causes where id = $1 and project_id = $2")
        .bind(id.0)
        .bind(project.0)
        .fetch_optional(tx)
        .await?;
    let own_kind: Cause = word(&own_kind.ok_or(Stale::NotOfProject)?)?;
    Ok(match kind {
        Some(kind) if kind != own_kind && before == Some(id) => (Some(kind), None),
        _ => (Some(own_kind), Some(id)),
    })
}
