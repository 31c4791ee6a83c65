//! Candidates that a suite's others are held against.

use super::ask::{self, CompareSuite};
use crate::{StoreError, diffs::Asker, error::word};
use domain::{
    id::{ProjectId, SuiteId, UserId},
    suite::{Baseline, Candidate},
};
use sqlx::{PgPool, Row};

/// The suite's baselines, the one that gates are judged by first.
pub(super) async fn list(db: &PgPool, suite: SuiteId) -> Result<Vec<Baseline>, StoreError> {
    sqlx::query(
        "select candidate, label, is_main from suite_baselines where suite_id = $1 order by is_main desc, pinned_at, candidate",
    )
    .bind(suite.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        Ok(Baseline {
            candidate: word(row.try_get("candidate")?)?,
            label: row.try_get("label")?,
            is_main: row.try_get("is_main")?,
        })
    })
    .collect()
}

/// Pins a candidate, or changes how. The first one of a suite is its main one in any case, and a job holds the others against it.
/// False when the project has no such suite.
pub async fn pin(
    db: &PgPool,
    project: ProjectId,
    suite: SuiteId,
    baseline: &Baseline,
    by: UserId,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let known: Option<bool> = sqlx::query_scalar(
        "select not exists (select from suite_baselines b where b.suite_id = s.id and b.is_main and b.candidate <> $3) \
         from suites s where s.id = $2 and s.project_id = $1 and s.archived_at is null for update",
    )
    .bind(project.0)
    .bind(suite.0)
    .bind(baseline.candidate.to_string())
    .fetch_optional(&mut *tx)
    .await?;
    let Some(is_first) = known else { return Ok(false) };
    let is_main = baseline.is_main || is_first;
    if is_main {
        sqlx::query("update suite_baselines set is_main = false where suite_id = $1")
            .bind(suite.0)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query(
        "insert into suite_baselines (suite_id, candidate, label, is_main, pinned_by) values ($1, $2, $3, $4, $5) \
         on conflict (suite_id, candidate) do update set label = excluded.label, is_main = excluded.is_main",
    )
    .bind(suite.0)
    .bind(baseline.candidate.to_string())
    .bind(&baseline.label)
    .bind(is_main)
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    if is_main {
        let version: i32 = sqlx::query_scalar("select max(number) from suite_versions where suite_id = $1")
            .bind(suite.0)
            .fetch_one(&mut *tx)
            .await?;
        let compare = CompareSuite { suite_id: suite, version: version.cast_unsigned() };
        ask::queue_comparisons(&mut tx, Asker { project, user: by, again: true }, compare).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Takes a pin out; the one that was pinned first becomes the main one if that was. False when there is none.
pub async fn unpin(db: &PgPool, project: ProjectId, suite: SuiteId, candidate: &Candidate) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let done = sqlx::query(
        "delete from suite_baselines b using suites s where s.id = b.suite_id and s.project_id = $1 and b.suite_id = $2 \
         and b.candidate = $3",
    )
    .bind(project.0)
    .bind(suite.0)
    .bind(candidate.to_string())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "update suite_baselines set is_main = true where suite_id = $1 \
         and not exists (select from suite_baselines o where o.suite_id = $1 and o.is_main) \
         and candidate = (select candidate from suite_baselines f where f.suite_id = $1 order by pinned_at, candidate limit 1)",
    )
    .bind(suite.0)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(done.rows_affected() == 1)
}
