//! Evaluation suites: their versions, what candidates reached in them, and what follows from that.

pub mod alarms;
pub mod answers;
pub mod ask;
pub mod automatic;
pub mod baselines;
pub mod comparisons;
pub mod history;
pub mod judged;
pub mod predictions;
pub mod results;
pub mod seeds;
pub mod slices;
pub mod table;
pub mod targets;
#[cfg(test)]
mod tests;

use crate::{
    Stale, StoreError, activity, benchmarks,
    error::{json, to_json},
};
use domain::{
    id::{ProjectId, SuiteId, UserId},
    suite::{SuiteDesign, SuiteDetail, SuiteSummary},
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};

/// Kind of the job that runs a suite, which is queued when a run succeeds, too.
pub const KIND: &str = "run_suite";

/// Of a suite `s`, with its newest version `v`.
const COLUMNS: &str = "s.id, s.name, s.automatic, s.created_at, v.number as version, \
     jsonb_array_length(v.design->'evaluations') as evaluations, \
     (select count(distinct r.candidate) from suite_results r where r.suite_id = s.id) as candidates, \
     (select count(*) from suite_alarms a where a.suite_id = s.id and a.dismissed_at is null) as alarms";
const NEWEST: &str = "from suites s join lateral (select number, design from suite_versions x where x.suite_id = s.id \
     order by number desc limit 1) v on true where s.project_id = $1 and s.archived_at is null";

fn summary(row: &PgRow) -> Result<SuiteSummary, StoreError> {
    let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(SuiteSummary {
        id: SuiteId(row.try_get("id")?),
        name: row.try_get("name")?,
        version: row.try_get::<i32, _>("version")?.cast_unsigned(),
        evaluations: row.try_get::<i32, _>("evaluations")?.cast_unsigned(),
        candidates: count(row.try_get("candidates")?),
        alarms: count(row.try_get("alarms")?),
        automatic: row.try_get("automatic")?,
        created_at: row.try_get("created_at")?,
    })
}

/// The project's suites by name, at most 500.
pub async fn list(db: &PgPool, project: ProjectId) -> Result<Vec<SuiteSummary>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!("select {COLUMNS} {NEWEST} order by lower(s.name), s.id limit 500")))
        .bind(project.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(summary)
        .collect()
}

/// A version of a suite of the project, the newest where none is given.
pub async fn get(
    db: &PgPool,
    project: ProjectId,
    suite: SuiteId,
    version: Option<u32>,
) -> Result<Option<SuiteDetail>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("select {COLUMNS} {NEWEST} and s.id = $2")))
        .bind(project.0)
        .bind(suite.0)
        .fetch_optional(db)
        .await?;
    let Some(summary) = row.as_ref().map(summary).transpose()? else { return Ok(None) };
    let shown = version.unwrap_or(summary.version);
    let row = sqlx::query(
        "select v.design, u.name from suite_versions v join users u on u.id = v.created_by \
         where v.suite_id = $1 and v.number = $2",
    )
    .bind(suite.0)
    .bind(i32::try_from(shown).unwrap_or(i32::MAX))
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(SuiteDetail {
        summary,
        shown,
        design: json(row.try_get("design")?)?,
        created_by: row.try_get("name")?,
        baselines: baselines::list(db, suite).await?,
    }))
}

/// Key of an evaluation whose dataset version is not the project's.
pub async fn without_data(db: &PgPool, project: ProjectId, design: &SuiteDesign) -> Result<Option<String>, StoreError> {
    for evaluation in &design.evaluations {
        if !benchmarks::are_known(db, project, &[evaluation.version_id]).await? {
            return Ok(Some(evaluation.key.clone()));
        }
    }
    Ok(None)
}

/// Makes a suite with its first version. The design was checked. [`StoreError::Taken`] where there is one of this name.
pub async fn create(
    db: &PgPool,
    project: ProjectId,
    name: &str,
    design: &SuiteDesign,
    by: UserId,
) -> Result<SuiteId, StoreError> {
    let id = SuiteId::new();
    let mut tx = db.begin().await?;
    sqlx::query("insert into suites (id, project_id, name, created_by) values ($1, $2, $3, $4)")
        .bind(id.0)
        .bind(project.0)
        .bind(name)
        .bind(by.0)
        .execute(&mut *tx)
        .await
        .map_err(StoreError::taken("a suite of this name"))?;
    add_version(&mut tx, id, 1, design, by).await?;
    activity::record(&mut *tx, project, Some(by), "suite.created", &id.to_string(), name).await?;
    tx.commit().await?;
    Ok(id)
}

async fn add_version(
    tx: &mut PgConnection,
    suite: SuiteId,
    number: u32,
    design: &SuiteDesign,
    by: UserId,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "insert into suite_versions (suite_id, number, design, created_by) values ($1, $2, $3, $4) on conflict do nothing",
    )
    .bind(suite.0)
    .bind(i32::try_from(number).unwrap_or(i32::MAX))
    .bind(to_json(design)?)
    .bind(by.0)
    .execute(tx)
    .await?;
    if done.rows_affected() == 0 { Err(Stale::SuiteEdited.into()) } else { Ok(()) }
}

/// Makes the version after `seen`, the newest one that the person knew, and gives its number; `seen` where nothing has
/// changed. `None` when the project has no such suite, [`Stale::SuiteEdited`] when somebody else was faster.
pub async fn save(
    db: &PgPool,
    project: ProjectId,
    suite: SuiteId,
    seen: u32,
    design: &SuiteDesign,
    by: UserId,
) -> Result<Option<u32>, StoreError> {
    let Some(now) = get(db, project, suite, None).await? else { return Ok(None) };
    if now.summary.version != seen {
        return Err(Stale::SuiteEdited.into());
    }
    if now.design == *design {
        return Ok(Some(seen));
    }
    add_version(&mut *db.acquire().await?, suite, seen + 1, design, by).await?;
    Ok(Some(seen + 1))
}

/// Renames a suite, and says whether every run that succeeds takes it; false when the project has no such suite.
pub async fn set(
    db: &PgPool,
    project: ProjectId,
    suite: SuiteId,
    name: &str,
    automatic: bool,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update suites set name = $3, automatic = $4 where id = $2 and project_id = $1 and archived_at is null",
    )
    .bind(project.0)
    .bind(suite.0)
    .bind(name)
    .bind(automatic)
    .execute(db)
    .await
    .map_err(StoreError::taken("a suite of this name"))?;
    Ok(done.rows_affected() == 1)
}

/// Puts a suite away with its alarms and targets; its results stay. False when the project has no such suite.
pub async fn archive(db: &PgPool, project: ProjectId, suite: SuiteId) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let done = sqlx::query(
        "update suites set archived_at = now(), automatic = false where id = $2 and project_id = $1 and archived_at is null",
    )
    .bind(project.0)
    .bind(suite.0)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 1 {
        for statement in
            ["delete from suite_alarms where suite_id = $1", "delete from project_targets where suite_id = $1"]
        {
            sqlx::query(statement).bind(suite.0).execute(&mut *tx).await?;
        }
    }
    tx.commit().await?;
    Ok(done.rows_affected() == 1)
}
