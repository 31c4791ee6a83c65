//! Judging the answers of a suite's result: what a judge has said of it is asked once.

use super::{JudgingError, identified};
use crate::{StoreError, suites::results::NAME};
use domain::{
    id::{JobId, JudgeVersionId, JudgingId, ProjectId, SuiteId, SuiteResultId, UserId},
    judge::{
        JudgeSpec, MAX_RULINGS, Mode,
        identity::AskedEndpoint,
        view::{JudgedEvaluation, JudgedResult, JudgingProblem},
    },
};
use sqlx::{PgConnection, PgPool, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// Who judges what, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct ToJudge<'a> {
    pub project: ProjectId,
    pub result: SuiteResultId,
    pub version: JudgeVersionId,
    /// Of the settings.
    pub endpoints: &'a [AskedEndpoint],
    /// The job that asks.
    pub job: JobId,
    pub by: UserId,
}

/// The judging of a result by a version, made with every answer that it wants where there is none. One that another judge has
/// begun and not ended is begun anew: figures of two judges are none.
pub async fn prepare(db: &PgPool, asked: ToJudge<'_>) -> Result<JudgingId, JudgingError> {
    let spec = super::spec(db, asked.project, asked.version).await?.ok_or(JudgingProblem::NoVersion)?;
    if spec.mode != Mode::Rubric {
        return Err(JudgingProblem::Evaluations.into());
    }
    let mut tx = db.begin().await?;
    // The lock keeps two jobs from making it at the same time.
    let known: Option<Uuid> =
        sqlx::query_scalar("select id from suite_results where id = $1 and project_id = $2 for update")
            .bind(asked.result.0)
            .bind(asked.project.0)
            .fetch_optional(&mut *tx)
            .await?;
    known.ok_or(JudgingProblem::NoEvaluation)?;
    sqlx::query(
        "delete from judgings where first_result = $1 and judge_version_id = $2 and answered > 0 and answered < wanted \
         and identity is distinct from $3",
    )
    .bind(asked.result.0)
    .bind(asked.version.0)
    .bind(identified(&spec, asked.endpoints))
    .execute(&mut *tx)
    .await?;
    let there: Option<Uuid> = sqlx::query_scalar(
        "update judgings set job_id = $3 where first_result = $1 and judge_version_id = $2 returning id",
    )
    .bind(asked.result.0)
    .bind(asked.version.0)
    .bind(asked.job.0)
    .fetch_optional(&mut *tx)
    .await?;
    let judging = match there {
        Some(id) => JudgingId(id),
        None => create(&mut tx, &spec, asked).await?,
    };
    tx.commit().await?;
    Ok(judging)
}

async fn create(tx: &mut PgConnection, spec: &JudgeSpec, asked: ToJudge<'_>) -> Result<JudgingId, JudgingError> {
    let judging = JudgingId::new();
    sqlx::query(
        "insert into judgings (id, project_id, judge_version_id, first_result, seed, job_id, created_by) \
         values ($1, $2, $3, $4, 0, $5, $6)",
    )
    .bind(judging.0)
    .bind(asked.project.0)
    .bind(asked.version.0)
    .bind(asked.result.0)
    .bind(asked.job.0)
    .bind(asked.by.0)
    .execute(&mut *tx)
    .await?;
    let wanted: i32 = sqlx::query_scalar(
        "with made as (insert into rulings (judging_id, position, sample_id, repeat, swapped) \
            select $1, p.position, p.sample_id, r.repeat, false \
            from suite_predictions p join samples s on s.id = p.sample_id cross join generate_series(0, $3 - 1) as r (repeat) \
            where p.result_id = $2 and s.forgotten_at is null returning position), \
         counted as (select count(distinct position)::int as samples, count(*)::int as wanted from made) \
         update judgings g set samples = c.samples, wanted = c.wanted from counted c where g.id = $1 returning g.wanted",
    )
    .bind(judging.0)
    .bind(asked.result.0)
    .bind(spec.repeats.cast_signed())
    .fetch_one(&mut *tx)
    .await?;
    match u64::from(wanted.cast_unsigned()) {
        0 => Err(JudgingProblem::Nothing.into()),
        wanted if wanted > MAX_RULINGS => Err(JudgingProblem::TooMany.into()),
        _ => Ok(judging),
    }
}

/// What the results are called whose answers are judged: candidate, suite and evaluation.
pub(super) async fn named(
    db: &PgPool,
    project: ProjectId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, JudgedEvaluation>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select x.id, x.suite_id, x.evaluation, s.name as suite_name, {NAME} from suite_results x \
         join suites s on s.id = x.suite_id {} where x.project_id = $1 and x.id = any($2)",
        crate::suites::results::JOINS
    )))
    .bind(project.0)
    .bind(ids)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            let id: Uuid = row.try_get("id")?;
            let [candidate, suite, evaluation] =
                ["candidate_name", "suite_name", "evaluation"].map(|name| row.try_get::<String, _>(name));
            let result = JudgedResult { suite_id: SuiteId(row.try_get("suite_id")?), result_id: SuiteResultId(id) };
            let name = format!("{} · {} · {}", candidate?, suite?, evaluation?);
            Ok((id, JudgedEvaluation { id: None, name, result: Some(result) }))
        })
        .collect()
}
