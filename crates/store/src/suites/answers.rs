//! What an endpoint has answered of an evaluation that is not done, kept as it comes: whoever takes the evaluation up again asks
//! only the rest.

use crate::{StoreError, jobs};
use domain::{
    id::{JobId, SampleId, SuiteId},
    suite::{Candidate, EvaluationDesign},
};
use sqlx::{PgConnection, PgPool, Row};

/// Days after which an answer without a result is not taken up any more: the model behind an endpoint's name may be another one.
const DAYS: i32 = 7;

/// Whose answers these are, and to what.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub suite: SuiteId,
    pub evaluation: &'a EvaluationDesign,
    pub candidate: &'a Candidate,
}

/// An answer as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAnswer {
    pub sample: SampleId,
    /// In its version.
    pub position: u32,
    pub reply: String,
    pub latency_ms: f64,
    pub prompt_tokens: Option<u32>,
    pub answer_tokens: Option<u32>,
    /// Its share of the time that the questions took which were asked together.
    pub elapsed_ms: f64,
}

/// The answers that were kept; with `job`, those of this very job, and all others go.
pub async fn of(db: &PgPool, asked: Asked<'_>, job: Option<JobId>) -> Result<Vec<KeptAnswer>, StoreError> {
    let mut tx = db.begin().await?;
    sqlx::query("delete from suite_answers where created_at < now() - make_interval(days => $1)")
        .bind(DAYS)
        .execute(&mut *tx)
        .await?;
    if let Some(job) = job {
        sqlx::query(
            "delete from suite_answers where suite_id = $1 and identity = md5($2) and candidate = $3 \
             and job_id is distinct from $4",
        )
        .bind(asked.suite.0)
        .bind(asked.evaluation.identity())
        .bind(asked.candidate.to_string())
        .bind(job.0)
        .execute(&mut *tx)
        .await?;
    }
    let rows = sqlx::query(
        "select sample_id, position, reply, latency_ms, prompt_tokens, answer_tokens, elapsed_ms from suite_answers \
         where suite_id = $1 and identity = md5($2) and candidate = $3 order by position",
    )
    .bind(asked.suite.0)
    .bind(asked.evaluation.identity())
    .bind(asked.candidate.to_string())
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let tokens = |count: Option<i32>| count.map(i32::cast_unsigned);
    rows.iter()
        .map(|row| {
            Ok(KeptAnswer {
                sample: SampleId(row.try_get("sample_id")?),
                position: row.try_get::<i32, _>("position")?.cast_unsigned(),
                reply: row.try_get("reply")?,
                latency_ms: row.try_get("latency_ms")?,
                prompt_tokens: tokens(row.try_get("prompt_tokens")?),
                answer_tokens: tokens(row.try_get("answer_tokens")?),
                elapsed_ms: row.try_get("elapsed_ms")?,
            })
        })
        .collect()
}

/// Keeps some more; nothing where the job is somebody else's by now.
pub async fn keep(db: &PgPool, lease: jobs::Lease, asked: Asked<'_>, answers: &[KeptAnswer]) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    if answers.is_empty() || !jobs::holds(&mut tx, lease).await? {
        return Ok(());
    }
    let tokens = |count: Option<u32>| count.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
    sqlx::query(
        "insert into suite_answers (suite_id, identity, candidate, job_id, sample_id, position, reply, latency_ms, prompt_tokens, \
         answer_tokens, elapsed_ms) select $1, md5($2), $3, $4, * from unnest($5::bigint[], $6::int[], $7::text[], \
         $8::double precision[], $9::int[], $10::int[], $11::double precision[]) on conflict do nothing",
    )
    .bind(asked.suite.0)
    .bind(asked.evaluation.identity())
    .bind(asked.candidate.to_string())
    .bind(lease.job.0)
    .bind(answers.iter().map(|a| a.sample.0).collect::<Vec<_>>())
    .bind(answers.iter().map(|a| a.position.cast_signed()).collect::<Vec<_>>())
    // A model may write what the database cannot hold.
    .bind(answers.iter().map(|a| a.reply.replace('\0', "\u{fffd}")).collect::<Vec<_>>())
    .bind(answers.iter().map(|a| a.latency_ms).collect::<Vec<_>>())
    .bind(answers.iter().map(|a| tokens(a.prompt_tokens)).collect::<Vec<_>>())
    .bind(answers.iter().map(|a| tokens(a.answer_tokens)).collect::<Vec<_>>())
    .bind(answers.iter().map(|a| a.elapsed_ms).collect::<Vec<_>>())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Lets them go, as the result has them. Part of the transaction that records it.
pub(super) async fn settle(tx: &mut PgConnection, asked: Asked<'_>) -> Result<(), StoreError> {
    sqlx::query("delete from suite_answers where suite_id = $1 and identity = md5($2) and candidate = $3")
        .bind(asked.suite.0)
        .bind(asked.evaluation.identity())
        .bind(asked.candidate.to_string())
        .execute(tx)
        .await?;
    Ok(())
}
