//! Suites that every run takes when it succeeds.

use super::KIND;
use crate::{StoreError, jobs};
use domain::{
    id::{ProjectId, RunId, SuiteId, UserId},
    suite::{Candidate, RunSuite},
};
use sqlx::{PgConnection, Row};

/// Queues the project's automatic suites for a run. Part of the transaction in which the run succeeds.
pub(crate) async fn queue(tx: &mut PgConnection, project: ProjectId, run: RunId) -> Result<(), StoreError> {
    let rows = sqlx::query(
        "select s.id, (select max(number) from suite_versions v where v.suite_id = s.id) as version, r.created_by \
         from suites s join runs r on r.id = $2 and r.project_id = s.project_id \
         where s.project_id = $1 and s.automatic and s.archived_at is null and jsonb_array_length(r.adapter) > 0 order by s.id",
    )
    .bind(project.0)
    .bind(run.0)
    .fetch_all(&mut *tx)
    .await?;
    for row in rows {
        let request = RunSuite {
            suite_id: SuiteId(row.try_get("id")?),
            version: row.try_get::<i32, _>("version")?.cast_unsigned(),
            candidate: Candidate::Run { run_id: run },
            again: false,
        };
        jobs::create(tx, project, KIND, &request, UserId(row.try_get("created_by")?)).await?;
    }
    Ok(())
}
