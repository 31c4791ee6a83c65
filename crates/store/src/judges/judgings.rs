//! Judgings: made, listed, and what they come to.

use super::{Asked, JudgingError, KIND, LISTED, Standings, asked, maybe_word, of_results, rulings};
use crate::{
    Stale, StoreError, activity,
    error::{json, word},
    evals, jobs,
    reports::sha256,
};
use domain::{
    id::{EvalId, JobId, JudgeId, JudgeVersionId, JudgingId, ProjectId, UserId},
    judge::{
        JudgeSpec, MAX_RULINGS, Mode,
        identity::{AskedEndpoint, identity},
        results::{JudgingResults, results},
        view::{JudgedEvaluation, Judging, JudgingProblem, JudgingSummary, NewJudging},
    },
    sample::Split,
    statistics::verdict::Verdict,
};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// What the job is to ask.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AskJudge {
    pub judging_id: JudgingId,
}

/// A judging that was made, with the job that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JudgingMade {
    pub judging_id: JudgingId,
    pub job_id: JobId,
}

/// Makes a judging with every answer that it wants, and queues the job that asks for them.
pub async fn create(
    db: &PgPool,
    project: ProjectId,
    new: &NewJudging,
    by: UserId,
) -> Result<JudgingMade, JudgingError> {
    let spec = super::spec(db, project, new.version_id).await?.ok_or(JudgingProblem::NoVersion)?;
    check(db, project, &spec, new).await?;
    let judging = JudgingId::new();
    let mut tx = db.begin().await?;
    sqlx::query(
        "insert into judgings (id, project_id, judge_version_id, first_eval, second_eval, seed, created_by) \
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(judging.0)
    .bind(project.0)
    .bind(new.version_id.0)
    .bind(new.first.0)
    .bind(new.second.map(|id| id.0))
    .bind(new.seed.cast_signed())
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    let (samples, wanted) = insert_rulings(&mut tx, judging, &spec, new).await?;
    if wanted == 0 {
        return Err(JudgingProblem::Nothing.into());
    }
    if wanted.cast_unsigned() > MAX_RULINGS {
        return Err(JudgingProblem::TooMany.into());
    }
    let job = jobs::create(&mut tx, project, KIND, &AskJudge { judging_id: judging }, by).await?;
    sqlx::query("update judgings set samples = $2, wanted = $3, job_id = $4 where id = $1")
        .bind(judging.0)
        .bind(i32::try_from(samples).unwrap_or(i32::MAX))
        .bind(i32::try_from(wanted).unwrap_or(i32::MAX))
        .bind(job.0)
        .execute(&mut *tx)
        .await?;
    let name: String =
        sqlx::query_scalar("select j.name from judges j join judge_versions v on v.judge_id = j.id where v.id = $1")
            .bind(new.version_id.0)
            .fetch_one(&mut *tx)
            .await?;
    activity::record(&mut *tx, project, Some(by), "judging.started", &judging.to_string(), &name).await?;
    tx.commit().await?;
    Ok(JudgingMade { judging_id: judging, job_id: job })
}

/// That the evaluations are the project's, fit the mode, and are not too many answers.
async fn check(db: &PgPool, project: ProjectId, spec: &JudgeSpec, new: &NewJudging) -> Result<(), JudgingError> {
    let ids: Vec<EvalId> = std::iter::once(new.first).chain(new.second).collect();
    let rows = sqlx::query("select version_id, split from evals where project_id = $1 and id = any($2)")
        .bind(project.0)
        .bind(ids.iter().map(|id| id.0).collect::<Vec<_>>())
        .fetch_all(db)
        .await?;
    let is_twice = new.second == Some(new.first);
    if rows.len() != ids.len() && !is_twice {
        return Err(JudgingProblem::NoEvaluation.into());
    }
    let place =
        |row: &PgRow| Ok::<(Uuid, Split), StoreError>((row.try_get("version_id")?, word(row.try_get("split")?)?));
    let places = rows.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let is_one_place = places.iter().all(|other| Some(other) == places.first());
    if (spec.mode == Mode::Pairwise) != new.second.is_some() || is_twice || !is_one_place {
        return Err(JudgingProblem::Evaluations.into());
    }
    let all: i64 = sqlx::query_scalar("select count(*) from predictions where eval_id = $1")
        .bind(new.first.0)
        .fetch_one(db)
        .await?;
    let samples = if new.samples == 0 { all.cast_unsigned() } else { u64::from(new.samples).min(all.cast_unsigned()) };
    if samples * u64::from(spec.asks_per_sample()) > MAX_RULINGS {
        return Err(JudgingProblem::TooMany.into());
    }
    Ok(())
}

/// Samples and answers that are wanted.
async fn insert_rulings(
    tx: &mut PgConnection,
    judging: JudgingId,
    spec: &JudgeSpec,
    new: &NewJudging,
) -> Result<(i64, i64), StoreError> {
    let row = sqlx::query(
        "with chosen as (select f.position, f.sample_id from predictions f join samples s on s.id = f.sample_id \
            where f.eval_id = $2 and s.forgotten_at is null \
            and ($3::uuid is null or exists (select from predictions g where g.eval_id = $3 and g.position = f.position and g.sample_id = f.sample_id)) \
            order by md5($4 || ':' || f.position::text), f.position limit $5), \
         made as (insert into rulings (judging_id, position, sample_id, repeat, swapped) \
            select $1, c.position, c.sample_id, r.repeat, o.swapped from chosen c, \
            generate_series(0, $6 - 1) as r (repeat), (values (false), (true)) as o (swapped) where $3::uuid is not null or not o.swapped \
            returning position) \
         select count(distinct position) as samples, count(*) as wanted from made",
    )
    .bind(judging.0)
    .bind(new.first.0)
    .bind(new.second.map(|id| id.0))
    .bind(new.seed.to_string())
    .bind((new.samples > 0).then(|| i64::from(new.samples)))
    .bind(spec.repeats.cast_signed())
    .fetch_one(tx)
    .await?;
    Ok((row.try_get("samples")?, row.try_get("wanted")?))
}

/// Queues another job where the last one ended before the judge had answered everything; `None` where the project has no such
/// judging, or nothing is left to ask, or a job is at it. What a suite asks of a result goes on with the suite.
pub async fn go_on(
    db: &PgPool,
    project: ProjectId,
    judging: JudgingId,
    by: UserId,
) -> Result<Option<JobId>, StoreError> {
    let mut tx = db.begin().await?;
    let waits: Option<Uuid> = sqlx::query_scalar(
        "select g.id from judgings g where g.id = $1 and g.project_id = $2 and g.answered < g.wanted \
         and g.first_result is null and not exists (select from jobs j where j.id = g.job_id and j.status in ('queued', 'running')) for update",
    )
    .bind(judging.0)
    .bind(project.0)
    .fetch_optional(&mut *tx)
    .await?;
    if waits.is_none() {
        return Ok(None);
    }
    let job = jobs::create(&mut tx, project, KIND, &AskJudge { judging_id: judging }, by).await?;
    sqlx::query("update judgings set job_id = $2 where id = $1").bind(judging.0).bind(job.0).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(Some(job))
}

/// Deletes a judging with what the judge said; false where the project has none such, or a job is still at it, or it is of a
/// suite's result, with which it goes.
/// [`Stale::Calibrated`] where the judge was held against people with it: that is kept, or a judge could be made to count again by
/// deleting where it failed.
pub async fn delete(db: &PgPool, project: ProjectId, judging: JudgingId) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "delete from judgings g where g.id = $1 and g.project_id = $2 \
         and g.first_result is null and not exists (select from judge_calibrations c where c.judging_id = g.id) \
         and not exists (select from jobs j where j.id = g.job_id and j.status in ('queued', 'running'))",
    )
    .bind(judging.0)
    .bind(project.0)
    .execute(db)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(true);
    }
    let calibrated: bool =
        sqlx::query_scalar("select exists (select from judge_calibrations where judging_id = $1 and project_id = $2)")
            .bind(judging.0)
            .bind(project.0)
            .fetch_one(db)
            .await?;
    if calibrated { Err(Stale::Calibrated.into()) } else { Ok(false) }
}

const SUMMARY: &str = "select g.id, g.judge_version_id, v.judge_id, v.number, v.spec, n.name as judge_name, g.first_eval, g.second_eval, \
     g.first_result, g.identity, g.asked_model, \
     g.samples, g.wanted, g.answered, g.unparsable, g.job_id, j.status as job_status, g.created_at, u.name as creator \
     from judgings g join judge_versions v on v.id = g.judge_version_id join judges n on n.id = v.judge_id \
     join users u on u.id = g.created_by left join jobs j on j.id = g.job_id";

/// A project's judgings, newest first; of one judge alone where it is named.
pub async fn list(db: &PgPool, project: ProjectId, judge: Option<JudgeId>) -> Result<Vec<JudgingSummary>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "{SUMMARY} where g.project_id = $1 and ($2::uuid is null or v.judge_id = $2) order by g.created_at desc, g.id limit $3"
    )))
    .bind(project.0)
    .bind(judge.map(|id| id.0))
    .bind(LISTED)
    .fetch_all(db)
    .await?;
    summaries(db, project, &rows).await
}

async fn summaries(db: &PgPool, project: ProjectId, rows: &[PgRow]) -> Result<Vec<JudgingSummary>, StoreError> {
    let (mut ids, mut results): (Vec<Uuid>, Vec<Uuid>) = (Vec::new(), Vec::new());
    for row in rows {
        ids.extend(row.try_get::<Option<Uuid>, _>("first_eval")?);
        ids.extend(row.try_get::<Option<Uuid>, _>("second_eval")?);
        results.extend(row.try_get::<Option<Uuid>, _>("first_result")?);
    }
    let evaluation = |(id, name): (EvalId, String)| (id.0, JudgedEvaluation { id: Some(id), name, result: None });
    let mut names: Names = evals::names(db, project, &ids).await?.into_iter().map(evaluation).collect();
    names.extend(of_results::named(db, project, &results).await?);
    let standings = Standings::of_project(db, project).await?;
    rows.iter().map(|row| summary(row, &names, &standings)).collect()
}

/// What answers are judged, by the id of their evaluation or result.
type Names = HashMap<Uuid, JudgedEvaluation>;

fn summary(row: &PgRow, names: &Names, standings: &Standings) -> Result<JudgingSummary, StoreError> {
    let named = |name: &str| {
        let id = row.try_get::<Option<Uuid>, _>(name)?;
        Ok::<_, StoreError>(id.map(|id| names.get(&id).cloned().unwrap_or_default()))
    };
    let first = named("first_eval")?.or(named("first_result")?);
    let identity: Option<String> = row.try_get("identity")?;
    let count = |name: &str| Ok::<_, StoreError>(u64::from(row.try_get::<i32, _>(name)?.cast_unsigned()));
    let version = JudgeVersionId(row.try_get("judge_version_id")?);
    let spec: JudgeSpec = json(row.try_get("spec")?)?;
    Ok(JudgingSummary {
        id: JudgingId(row.try_get("id")?),
        judge_id: JudgeId(row.try_get("judge_id")?),
        judge_name: row.try_get("judge_name")?,
        version_id: version,
        version_number: row.try_get::<i32, _>("number")?.cast_unsigned(),
        mode: spec.mode,
        first: first.unwrap_or_default(),
        second: named("second_eval")?,
        samples: count("samples")?,
        wanted: count("wanted")?,
        answered: count("answered")?,
        unparsable: count("unparsable")?,
        standing: standings.of(version, &spec, identity.as_deref()),
        asked_model: row.try_get("asked_model")?,
        job_id: row.try_get::<Option<Uuid>, _>("job_id")?.map(JobId),
        job_status: maybe_word(row, "job_status")?,
        created_by: row.try_get("creator")?,
        created_at: row.try_get("created_at")?,
    })
}

/// A judging with what it comes to so far.
pub async fn get(db: &PgPool, project: ProjectId, judging: JudgingId) -> Result<Option<Judging>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{SUMMARY} where g.id = $1 and g.project_id = $2")))
        .bind(judging.0)
        .bind(project.0)
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let spec: JudgeSpec = json(row.try_get("spec")?)?;
    let summary = summaries(db, project, std::slice::from_ref(&row)).await?.into_iter().next();
    let Some(summary) = summary else { return Ok(None) };
    let spent = sqlx::query(
        "select coalesce(sum(prompt_tokens), 0)::bigint as prompt, coalesce(sum(answer_tokens), 0)::bigint as answer, \
         coalesce(sum(elapsed_ms), 0)::bigint as waited from rulings where judging_id = $1",
    )
    .bind(judging.0)
    .fetch_one(db)
    .await?;
    let spent = |name: &str| Ok::<_, StoreError>(spent.try_get::<i64, _>(name)?.cast_unsigned());
    let mut results = of_rulings(db, judging, &spec).await?;
    // What a judge says that nobody should believe is no verdict.
    if let Some(pairs) = results.pairwise.as_mut().filter(|_| !summary.standing.counts()) {
        pairs.verdict = Verdict::NoEvidence;
    }
    Ok(Some(Judging {
        prompt_tokens: spent("prompt")?,
        answer_tokens: spent("answer")?,
        waited_ms: spent("waited")?,
        summary,
        spec,
        results,
    }))
}

/// What the answers that are there come to.
async fn of_rulings(db: &PgPool, judging: JudgingId, spec: &JudgeSpec) -> Result<JudgingResults, StoreError> {
    let given = rulings::given(db, judging).await?;
    let fields = rulings::fields(db, judging).await?;
    let spec = spec.clone();
    // Thousands of samples are resampled thousands of times.
    let found = tokio::task::spawn_blocking(move || results(&spec, &given, &fields));
    found.await.map_err(|e| StoreError::Corrupt(e.to_string()))
}

/// What a job that asks needs to know; `None` where the judging is gone. From then on it is a judging by whoever the judge is
/// with these endpoints, or where another one has begun it, by nobody: such answers say nothing of either.
pub async fn to_ask(
    db: &PgPool,
    project: ProjectId,
    judging: JudgingId,
    endpoints: &[AskedEndpoint],
) -> Result<Option<(JudgeSpec, Progress)>, StoreError> {
    let Some(Asked { spec, .. }) = asked(db, project, judging).await? else { return Ok(None) };
    if let Some(now) = identity(&spec, endpoints) {
        sqlx::query(
            "update judgings set identity = case when answered = 0 or identity = $2 then $2 end, \
             asked_model = case when answered = 0 or identity = $2 then $3 end where id = $1 and answered < wanted",
        )
        .bind(judging.0)
        .bind(sha256(&now.text))
        .bind(now.model)
        .execute(db)
        .await?;
    }
    let row =
        sqlx::query("select seed, wanted, answered from judgings where id = $1").bind(judging.0).fetch_one(db).await?;
    let count = |name: &str| Ok::<_, StoreError>(u64::from(row.try_get::<i32, _>(name)?.cast_unsigned()));
    let progress = Progress {
        seed: row.try_get::<i64, _>("seed")?.cast_unsigned(),
        wanted: count("wanted")?,
        answered: count("answered")?,
    };
    Ok(Some((spec, progress)))
}

/// How far a judging is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub seed: u64,
    pub wanted: u64,
    pub answered: u64,
}
