//! The regression set: samples of confirmed bad cases, and how the model of every run answered them. Cases join and leave it as
//! people judge; evaluations write its history and resolve or break cases.

use super::{prompt_of, raw};
use crate::{StoreError, error::word, samples::content};
use domain::{
    badcase::regression::{Alarm, Regression, RunAnswer, RunVerdict},
    id::{BadCaseId, EvalId, ProjectId, RunId, SampleId},
    sample::Sample,
};
use futures::{StreamExt, stream::BoxStream};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use std::collections::HashMap;

/// Cases shown at most; those that are broken come first.
const MAX_SHOWN: i64 = 1000;

/// How the samples of these cases were answered: gives `bad_case_id, eval_id, correct`. An answer to the sample
/// itself says nothing once another answer than the expected one is right.
const ANSWERS: &str = "select g.bad_case_id, p.eval_id, p.correct from regressions g join bad_cases b on b.id = g.bad_case_id \
        join predictions p on p.sample_id = g.sample_id \
        where GUARD and (b.corrected_sample_id is null or b.correction is not distinct from b.expected) \
     union all select g.bad_case_id, p.eval_id, p.correct from regressions g join bad_cases b on b.id = g.bad_case_id \
        join predictions p on p.sample_id = b.corrected_sample_id where GUARD";

/// The same question with the same answer, as somebody has imported it elsewhere.
const EQUALS: &str = "union all select g.bad_case_id, p.eval_id, p.correct from regressions g join samples o on o.id = g.sample_id \
     join samples s on s.content_hash = o.content_hash and s.id <> o.id join predictions p on p.sample_id = s.id where GUARD";

/// Has cases join the set that are faults now, with all that evaluations have said of their samples before, and others leave it.
pub(super) async fn follow(tx: &mut PgConnection, ids: &[BadCaseId]) -> Result<(), StoreError> {
    sqlx::query(
        "delete from regressions g using bad_cases b where b.id = g.bad_case_id and b.id = any($1) \
         and b.status in ('open', 'dismissed', 'duplicate')",
    )
    .bind(raw(ids))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into regressions (bad_case_id, project_id, sample_id) select id, project_id, sample_id from bad_cases \
         where id = any($1) and status in ('confirmed', 'corrected', 'added', 'resolved') on conflict do nothing",
    )
    .bind(raw(ids))
    .execute(&mut *tx)
    .await?;
    let answers = ANSWERS.replace("GUARD", "g.bad_case_id = any($1)");
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "insert into regression_results (bad_case_id, eval_id, run_id, passed) \
         select a.bad_case_id, e.id, e.run_id, bool_and(a.correct) from ({answers}) a \
         join evals e on e.id = a.eval_id and e.subject = 'tuned' group by a.bad_case_id, e.id, e.run_id on conflict do nothing"
    )))
    .bind(raw(ids))
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes what a tuned model's evaluation says of the regression set: cases that it passes are resolved, resolved ones that it
/// fails are open work again, and its new bad cases that are known already are merged into those. Part of the transaction that
/// records the evaluation.
pub(crate) async fn record(
    tx: &mut PgConnection,
    project: ProjectId,
    run: RunId,
    eval: EvalId,
) -> Result<(), StoreError> {
    let answers = format!("{ANSWERS} {EQUALS}").replace("GUARD", "p.eval_id = $1 and g.project_id = $2");
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "insert into regression_results (bad_case_id, eval_id, run_id, passed) \
         select a.bad_case_id, a.eval_id, $3, bool_and(a.correct) from ({answers}) a group by a.bad_case_id, a.eval_id \
         on conflict do nothing"
    )))
    .bind(eval.0)
    .bind(project.0)
    .bind(run.0)
    .execute(&mut *tx)
    .await?;
    for statement in [
        // A correction that waits is not resolved: it says what the data should say.
        "update bad_cases b set status = 'resolved', resolved_run_id = $3, broken_run_id = null, revision = revision + 1, \
         updated_at = now() from regression_results x where x.eval_id = $1 and x.bad_case_id = b.id and x.passed \
         and b.project_id = $2 and b.status in ('confirmed', 'added') and b.run_id is distinct from $3",
        "update bad_cases b set status = case when b.corrected_version_id is not null then 'added' \
            when b.correction is not null then 'corrected' else 'confirmed' end, \
         broken_run_id = $3, revision = revision + 1, updated_at = now() from regression_results x \
         where x.eval_id = $1 and x.bad_case_id = b.id and not x.passed and b.project_id = $2 and b.status = 'resolved'",
        "update bad_cases n set status = 'duplicate', status_before = 'open', duplicate_of = k.id, cause = k.cause, cause_id = k.cause_id \
         from regressions g join bad_cases k on k.id = g.bad_case_id \
         where n.eval_id = $1 and n.run_id = $3 and g.project_id = $2 and n.status = 'open' and k.id <> n.id \
         and n.sample_id in (g.sample_id, k.corrected_sample_id)",
    ] {
        sqlx::query(statement).bind(eval.0).bind(project.0).bind(run.0).execute(&mut *tx).await?;
    }
    Ok(())
}

fn regression(row: &PgRow, history: Vec<RunAnswer>) -> Result<Regression, StoreError> {
    Ok(Regression {
        bad_case_id: BadCaseId(row.try_get("bad_case_id")?),
        sample_id: SampleId(row.try_get("sample_id")?),
        prompt: prompt_of(&content(row)?),
        expected: row.try_get("expected")?,
        status: word(row.try_get("status")?)?,
        severity: row.try_get::<Option<&str>, _>("severity")?.map(word).transpose()?,
        since: row.try_get("since")?,
        history,
    })
}

/// The project's regression set, broken cases first, then those that joined last; 1,000 at most.
pub async fn list(db: &PgPool, project: ProjectId) -> Result<Vec<Regression>, StoreError> {
    let rows = sqlx::query(
        "select g.bad_case_id, g.sample_id, g.since, b.expected, b.status, b.severity, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices \
         from regressions g join bad_cases b on b.id = g.bad_case_id join samples s on s.id = g.sample_id \
         where g.project_id = $1 order by b.broken_run_id is null, g.since desc, g.bad_case_id limit $2",
    )
    .bind(project.0)
    .bind(MAX_SHOWN)
    .fetch_all(db)
    .await?;
    let ids: Vec<uuid::Uuid> = rows.iter().map(|row| row.try_get("bad_case_id")).collect::<Result<_, sqlx::Error>>()?;
    let mut histories = histories(db, &ids).await?;
    rows.iter().zip(&ids).map(|(row, id)| regression(row, histories.remove(id).unwrap_or_default())).collect()
}

/// How the runs have answered the sample of one bad case, oldest first; empty where it is not in the set.
pub async fn history(db: &PgPool, project: ProjectId, case: BadCaseId) -> Result<Vec<RunAnswer>, StoreError> {
    let is_there: bool =
        sqlx::query_scalar("select exists (select from regressions where bad_case_id = $1 and project_id = $2)")
            .bind(case.0)
            .bind(project.0)
            .fetch_one(db)
            .await?;
    if !is_there {
        return Ok(Vec::new());
    }
    Ok(histories(db, &[case.0]).await?.remove(&case.0).unwrap_or_default())
}

async fn histories(db: &PgPool, ids: &[uuid::Uuid]) -> Result<HashMap<uuid::Uuid, Vec<RunAnswer>>, StoreError> {
    let rows = sqlx::query(
        "select x.bad_case_id, x.run_id, r.number, bool_and(x.passed) as passed from regression_results x \
         join evals e on e.id = x.eval_id join runs r on r.id = x.run_id where x.bad_case_id = any($1) \
         group by x.bad_case_id, x.run_id, r.number order by min(e.created_at), r.number",
    )
    .bind(ids)
    .fetch_all(db)
    .await?;
    let mut found: HashMap<uuid::Uuid, Vec<RunAnswer>> = HashMap::new();
    for row in &rows {
        found.entry(row.try_get("bad_case_id")?).or_default().push(RunAnswer {
            run_id: RunId(row.try_get("run_id")?),
            run_number: row.try_get("number")?,
            passed: row.try_get("passed")?,
        });
    }
    Ok(found)
}

/// What broke again and nobody has mended since, latest first, 20 at most.
pub async fn alarms(db: &PgPool, project: ProjectId) -> Result<Vec<Alarm>, StoreError> {
    sqlx::query(
        "select b.id, rr.number as fixed_in, rb.number as broken_in, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices \
         from bad_cases b join samples s on s.id = b.sample_id join runs rb on rb.id = b.broken_run_id \
         left join runs rr on rr.id = b.resolved_run_id \
         where b.project_id = $1 and b.status in ('confirmed', 'corrected', 'added') order by b.updated_at desc, b.id limit 20",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        Ok(Alarm {
            bad_case_id: BadCaseId(row.try_get("id")?),
            prompt: prompt_of(&content(row)?),
            fixed_in: row.try_get("fixed_in")?,
            broken_in: row.try_get("broken_in")?,
        })
    })
    .collect()
}

/// What a run says of the regression set.
pub async fn of_run(db: &PgPool, project: ProjectId, run: RunId) -> Result<RunVerdict, StoreError> {
    let row = sqlx::query(
        "select count(*) filter (where passed) as passed, count(*) filter (where not passed) as failed, \
         count(*) filter (where not passed and broken_run_id = $2) as broken from \
         (select b.id, b.broken_run_id, bool_and(x.passed) as passed from regression_results x join bad_cases b on b.id = x.bad_case_id \
            where b.project_id = $1 and x.run_id = $2 and b.run_id is distinct from $2 group by b.id, b.broken_run_id) y",
    )
    .bind(project.0)
    .bind(run.0)
    .fetch_one(db)
    .await?;
    Ok(RunVerdict { passed: row.try_get("passed")?, failed: row.try_get("failed")?, broken: row.try_get("broken")? })
}

/// Every sample of the set, with the right answer as it is known now; memory does not grow with their number. The samples of bad
/// cases that were corrected come corrected.
pub fn samples(db: &PgPool, project: ProjectId) -> BoxStream<'_, Result<(BadCaseId, Sample), StoreError>> {
    sqlx::query(
        "select g.bad_case_id, b.correction, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices from regressions g \
         join bad_cases b on b.id = g.bad_case_id join samples s on s.id = coalesce(b.corrected_sample_id, g.sample_id) \
         where g.project_id = $1 order by g.since, g.bad_case_id",
    )
    .bind(project.0)
    .fetch(db)
    .map(|row| {
        let row = row?;
        let sample = content(&row)?;
        let corrected = row.try_get::<Option<&str>, _>("correction")?.map(|answer| sample.with_answer(answer));
        Ok((BadCaseId(row.try_get("bad_case_id")?), corrected.unwrap_or(sample)))
    })
    .boxed()
}
