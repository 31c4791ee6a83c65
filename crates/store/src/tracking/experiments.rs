//! Experiments of a project.

use super::TrackError;
use crate::{StoreError, error::json};
use domain::{
    id::ProjectId,
    tracking::{
        Among, DEFAULT_EXPERIMENT, DEFAULT_EXPERIMENT_NAME, Pair,
        filter::{Condition, ExperimentSubject},
        order::{By, ExperimentColumn},
        view::Experiment,
    },
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, QueryBuilder, Row, postgres::PgRow};
use std::collections::BTreeMap;

const COLUMNS: &str = "number, name, tags, created_at, updated_at, deleted_at is not null as is_deleted";

fn experiment(row: &PgRow) -> Result<Experiment, StoreError> {
    let tags: BTreeMap<String, String> = json(row.try_get("tags")?)?;
    Ok(Experiment {
        number: row.try_get("number")?,
        name: row.try_get("name")?,
        tags: tags.into_iter().map(|(key, value)| Pair { key, value }).collect(),
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
        is_deleted: row.try_get("is_deleted")?,
    })
}

/// Makes the default experiment where it is not there yet.
async fn ensure_default(db: &mut PgConnection, project: ProjectId) -> Result<(), StoreError> {
    sqlx::query(
        "insert into tracked_experiments (project_id, number, name) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(project.0)
    .bind(DEFAULT_EXPERIMENT)
    .bind(DEFAULT_EXPERIMENT_NAME)
    .execute(db)
    .await?;
    Ok(())
}

/// Makes an experiment; its number.
pub async fn create(
    db: &PgPool,
    project: ProjectId,
    name: &str,
    tags: &BTreeMap<String, String>,
) -> Result<i32, TrackError> {
    let mut tx = db.begin().await?;
    // Two at once would take the same number.
    sqlx::query("select from projects where id = $1 for no key update").bind(project.0).execute(&mut *tx).await?;
    ensure_default(&mut tx, project).await?;
    let made: Option<i32> = sqlx::query_scalar(
        "insert into tracked_experiments (project_id, number, name, tags) \
         select $1, max(number) + 1, $2, $3 from tracked_experiments where project_id = $1 \
         on conflict (project_id, name) do nothing returning number",
    )
    .bind(project.0)
    .bind(name)
    .bind(sqlx::types::Json(tags))
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    made.ok_or_else(|| TrackError::ExperimentTaken(name.to_owned()))
}

/// An experiment by its number, deleted or not.
pub async fn get(db: &PgPool, project: ProjectId, number: i32) -> Result<Option<Experiment>, StoreError> {
    if number == DEFAULT_EXPERIMENT {
        let mut connection = db.acquire().await?;
        ensure_default(&mut connection, project).await?;
    }
    let sql = format!("select {COLUMNS} from tracked_experiments where project_id = $1 and number = $2");
    sqlx::query(AssertSqlSafe(sql))
        .bind(project.0)
        .bind(number)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(experiment)
        .transpose()
}

/// An experiment by its name, deleted or not.
pub async fn by_name(db: &PgPool, project: ProjectId, name: &str) -> Result<Option<Experiment>, StoreError> {
    let number: Option<i32> =
        sqlx::query_scalar("select number from tracked_experiments where project_id = $1 and name = $2")
            .bind(project.0)
            .bind(name)
            .fetch_optional(db)
            .await?;
    match number {
        Some(number) => get(db, project, number).await,
        None if name == DEFAULT_EXPERIMENT_NAME => get(db, project, DEFAULT_EXPERIMENT).await,
        None => Ok(None),
    }
}

/// Which experiments a search is for.
#[derive(Debug, Default)]
pub struct Search {
    pub conditions: Vec<Condition<ExperimentSubject>>,
    pub order: Vec<By<ExperimentColumn>>,
    pub among: Among,
    pub limit: u32,
    pub offset: u32,
}

/// One page of experiments, newest first where no order is given; whether more follow.
pub async fn search(db: &PgPool, project: ProjectId, search: &Search) -> Result<(Vec<Experiment>, bool), StoreError> {
    let mut connection = db.acquire().await?;
    ensure_default(&mut connection, project).await?;
    let mut query =
        QueryBuilder::<Postgres>::new(format!("select {COLUMNS} from tracked_experiments e where project_id = "));
    query.push_bind(project.0);
    query.push(match search.among {
        Among::ActiveOnly => " and deleted_at is null",
        Among::DeletedOnly => " and deleted_at is not null",
        Among::All => "",
    });
    for condition in &search.conditions {
        query.push(" and ");
        push_condition(&mut query, condition);
    }
    query.push(" order by ");
    for by in &search.order {
        let column = match by.subject {
            ExperimentColumn::Id => "number",
            ExperimentColumn::Name => "name",
            ExperimentColumn::Created => "created_at",
            ExperimentColumn::Updated => "updated_at",
        };
        query.push(column).push(if by.descends { " desc, " } else { ", " });
    }
    query.push("created_at desc, number desc limit ").push_bind(i64::from(search.limit) + 1);
    query.push(" offset ").push_bind(i64::from(search.offset));
    let rows = query.build().fetch_all(&mut *connection).await?;
    let has_more = rows.len() > search.limit as usize;
    let shown = rows.iter().take(search.limit as usize);
    Ok((shown.map(experiment).collect::<Result<_, _>>()?, has_more))
}

fn push_condition(query: &mut QueryBuilder<Postgres>, condition: &Condition<ExperimentSubject>) {
    use domain::tracking::filter::Comparison::{IsNotNull, IsNull};
    let Condition { subject, comparison, operand } = condition;
    match subject {
        ExperimentSubject::Name => super::search::push_comparison(query, "e.name", *comparison, operand),
        ExperimentSubject::Created => {
            super::search::push_comparison(query, "extract(epoch from e.created_at) * 1000", *comparison, operand);
        }
        ExperimentSubject::Updated => {
            super::search::push_comparison(query, "extract(epoch from e.updated_at) * 1000", *comparison, operand);
        }
        ExperimentSubject::Tag(key) => {
            query.push(if *comparison == IsNull { "not " } else { "" });
            query.push("exists (select from jsonb_each_text(e.tags) x where x.key = ").push_bind(key.clone());
            if !matches!(comparison, IsNull | IsNotNull) {
                query.push(" and ");
                super::search::push_comparison(query, "x.value", *comparison, operand);
            }
            query.push(")");
        }
    }
}

/// Gives an active experiment another name.
pub async fn rename(db: &PgPool, project: ProjectId, number: i32, name: &str) -> Result<(), TrackError> {
    must_be_active(db, project, number).await?;
    let renamed = sqlx::query(
        "update tracked_experiments set name = $3, updated_at = now() where project_id = $1 and number = $2",
    )
    .bind(project.0)
    .bind(number)
    .bind(name)
    .execute(db)
    .await;
    match renamed {
        Err(sqlx::Error::Database(e)) if e.is_unique_violation() => Err(TrackError::ExperimentTaken(name.to_owned())),
        Err(e) => Err(e.into()),
        Ok(_) => Ok(()),
    }
}

/// Marks an experiment as deleted, or takes the mark away. Its runs are found as it is.
pub async fn mark(db: &PgPool, project: ProjectId, number: i32, is_deleted: bool) -> Result<(), TrackError> {
    let done = sqlx::query(
        "update tracked_experiments set deleted_at = case when $3 then coalesce(deleted_at, now()) end, updated_at = now() \
         where project_id = $1 and number = $2",
    )
    .bind(project.0)
    .bind(number)
    .bind(is_deleted)
    .execute(db)
    .await?;
    if done.rows_affected() == 0 { Err(TrackError::NoExperiment(number.to_string())) } else { Ok(()) }
}

/// Sets a tag of an active experiment; `None` takes it away.
pub async fn set_tag(
    db: &PgPool,
    project: ProjectId,
    number: i32,
    key: &str,
    value: Option<&str>,
) -> Result<(), TrackError> {
    must_be_active(db, project, number).await?;
    sqlx::query(
        "update tracked_experiments set updated_at = now(), \
         tags = case when $4::text is null then tags - $3::text else tags || jsonb_build_object($3::text, $4::text) end \
         where project_id = $1 and number = $2",
    )
    .bind(project.0)
    .bind(number)
    .bind(key)
    .bind(value)
    .execute(db)
    .await?;
    Ok(())
}

/// Refuses an experiment that is not there or deleted.
pub(super) async fn must_be_active(db: &PgPool, project: ProjectId, number: i32) -> Result<(), TrackError> {
    match get(db, project, number).await? {
        None => Err(TrackError::NoExperiment(number.to_string())),
        Some(found) if found.is_deleted => Err(TrackError::ExperimentDeleted(number)),
        Some(_) => Ok(()),
    }
}
