//! Candidates that are worse than their suite's baseline.

use super::table;
use crate::{
    StoreError,
    error::{json, to_json},
};
use domain::{
    id::{ProjectId, SuiteAlarmId, SuiteId, SuiteResultId, UserId},
    suite::{Candidate, SuiteAlarm, SuiteDetail},
};
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// Holds a candidate against the baseline and keeps what raises an alarm, in place of what it had raised before; how many. What
/// somebody has dismissed is not raised again by the same results.
pub async fn raise(
    db: &PgPool,
    project: ProjectId,
    suite: &SuiteDetail,
    candidate: &Candidate,
) -> Result<usize, StoreError> {
    let table = table::with_candidate(db, project, suite, Some(candidate)).await?;
    let baseline = table.rows.iter().find(|row| row.is_baseline);
    let row = table.rows.iter().find(|row| row.candidate == *candidate && !row.is_baseline);
    let (Some(baseline), Some(row)) = (baseline, row) else { return Ok(0) };
    let raised = domain::suite::alarms(&table::differences(&table, row));
    let result = |cells: &[Option<domain::suite::Cell>], key: &str| {
        let column = table.evaluations.iter().position(|evaluation| evaluation.key == key)?;
        Some(cells[column].as_ref()?.result_id)
    };
    let mut tx = db.begin().await?;
    sqlx::query(
        "delete from suite_alarms a using suite_results r where r.id = a.result_id and a.project_id = $1 and a.suite_id = $2 \
         and r.candidate = $3 and a.dismissed_at is null",
    )
    .bind(project.0)
    .bind(suite.summary.id.0)
    .bind(candidate.to_string())
    .execute(&mut *tx)
    .await?;
    for alarm in &raised {
        let (old, new) = (result(&baseline.cells, &alarm.evaluation), result(&row.cells, &alarm.evaluation));
        let (Some(old), Some(new)) = (old, new) else { continue };
        sqlx::query(
            "insert into suite_alarms (id, project_id, suite_id, result_id, baseline_id, evaluation, difference, adjusted_p_value) \
             select $1, $2, $3, $4, $5, $6, $7, $8 where not exists (select from suite_alarms where result_id = $4 \
             and baseline_id = $5 and evaluation = $6 and difference->>'metric' = $9 and dismissed_at is not null)",
        )
        .bind(SuiteAlarmId::new().0)
        .bind(project.0)
        .bind(suite.summary.id.0)
        .bind(new.0)
        .bind(old.0)
        .bind(&alarm.evaluation)
        .bind(to_json(&alarm.difference)?)
        .bind(alarm.adjusted_p_value)
        .bind(&alarm.difference.metric)
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(raised.len())
}

/// Alarms that nobody has dismissed, newest first, at most 50; of one suite, or of all.
pub async fn open(db: &PgPool, project: ProjectId, suite: Option<SuiteId>) -> Result<Vec<SuiteAlarm>, StoreError> {
    const NAME: &str = "(select case when r.id is not null then concat(m.name, ' · #', r.number, ' ', r.name) \
         when m.id is not null then m.name else substr(x.candidate, 10) end from suite_results x \
         left join runs r on r.id = x.run_id left join models m on m.id = coalesce(x.model_id, r.model_id) where x.id = ";
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "select a.id, a.suite_id, s.name as suite_name, a.evaluation, a.result_id, a.difference, a.adjusted_p_value, a.created_at, \
         {NAME} a.result_id) as candidate_name, {NAME} a.baseline_id) as baseline_name \
         from suite_alarms a join suites s on s.id = a.suite_id where a.project_id = $1 and a.dismissed_at is null \
         and ($2::uuid is null or a.suite_id = $2) order by a.created_at desc, a.id limit 50"
    )))
    .bind(project.0)
    .bind(suite.map(|suite| suite.0))
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        Ok(SuiteAlarm {
            id: SuiteAlarmId(row.try_get::<Uuid, _>("id")?),
            suite_id: SuiteId(row.try_get("suite_id")?),
            suite_name: row.try_get("suite_name")?,
            evaluation: row.try_get("evaluation")?,
            candidate_name: row.try_get("candidate_name")?,
            baseline_name: row.try_get("baseline_name")?,
            result_id: SuiteResultId(row.try_get("result_id")?),
            difference: json(row.try_get("difference")?)?,
            adjusted_p_value: row.try_get("adjusted_p_value")?,
            created_at: row.try_get("created_at")?,
        })
    })
    .collect()
}

/// Puts an alarm away; false when the project has no such open alarm.
pub async fn dismiss(
    db: &PgPool,
    project: ProjectId,
    suite: SuiteId,
    alarm: SuiteAlarmId,
    by: UserId,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update suite_alarms set dismissed_at = now(), dismissed_by = $4 \
         where project_id = $1 and suite_id = $2 and id = $3 and dismissed_at is null",
    )
    .bind(project.0)
    .bind(suite.0)
    .bind(alarm.0)
    .bind(by.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
