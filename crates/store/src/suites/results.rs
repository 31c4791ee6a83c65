//! What evaluations yielded: written once by the job, read by everything else. What judges say of the answers joins it later
//! ([`super::judged`]).

use super::answers::{self, Asked};
use crate::{
    StoreError,
    error::{json, to_json, word},
    jobs, split_checks,
};
use domain::{
    id::{JobId, ProjectId, SampleId, SuiteId, SuiteResultId, UserId, VersionId},
    measure::Measurement,
    suite::{Candidate, EvaluationDesign, JudgedFigure, SampleAnswer, SampleAnswers, SuiteDesign, SuiteResult},
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use std::collections::{BTreeMap, HashSet};

/// Answers that are written in one statement.
const BATCH: usize = 1000;

/// One answer to be kept.
#[derive(Clone, Debug)]
pub struct NewAnswer {
    pub sample: SampleId,
    /// In its version.
    pub position: u32,
    pub output: String,
    pub expected: String,
    pub correct: bool,
    pub scores: BTreeMap<String, f64>,
}

/// An evaluation that is done.
pub struct NewResult<'a> {
    pub project: ProjectId,
    pub suite: SuiteId,
    /// Of the suite.
    pub version: u32,
    pub evaluation: &'a EvaluationDesign,
    pub candidate: &'a Candidate,
    /// Of the job that has made it.
    pub lease: jobs::Lease,
    pub by: UserId,
    pub measurement: &'a Measurement,
    pub answers: &'a [NewAnswer],
}

/// Keeps it; `None`, and nothing is kept, where the job is somebody else's by now.
pub async fn record(db: &PgPool, new: NewResult<'_>) -> Result<Option<SuiteResultId>, StoreError> {
    let id = SuiteResultId::new();
    let contaminated = contaminated(db, &new).await?;
    let (run, model) = match new.candidate {
        Candidate::Run { run_id } => (Some(run_id.0), None),
        Candidate::Model { model_id } => (None, Some(model_id.0)),
        Candidate::Endpoint { .. } => (None, None),
    };
    let mut tx = db.begin().await?;
    sqlx::query(
        "insert into suite_results (id, project_id, suite_id, suite_version, evaluation, identity, candidate, run_id, model_id, \
         version_id, split, measurement, contaminated, job_id, created_by) \
         values ($1, $2, $3, $4, $5, md5($6), $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(id.0)
    .bind(new.project.0)
    .bind(new.suite.0)
    .bind(i32::try_from(new.version).unwrap_or(i32::MAX))
    .bind(&new.evaluation.key)
    .bind(new.evaluation.identity())
    .bind(new.candidate.to_string())
    .bind(run)
    .bind(model)
    .bind(new.evaluation.version_id.0)
    .bind(new.evaluation.split.as_str())
    .bind(to_json(new.measurement)?)
    .bind(i32::try_from(contaminated).unwrap_or(i32::MAX))
    .bind(new.lease.job.0)
    .bind(new.by.0)
    .execute(&mut *tx)
    .await?;
    for batch in new.answers.chunks(BATCH) {
        insert(&mut tx, id, batch).await?;
    }
    let asked = Asked { suite: new.suite, evaluation: new.evaluation, candidate: new.candidate };
    answers::settle(&mut tx, asked).await?;
    // Last, since nobody renews a lease while it is held so.
    if !jobs::holds(&mut tx, new.lease).await? {
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(id))
}

async fn insert(tx: &mut PgConnection, id: SuiteResultId, batch: &[NewAnswer]) -> Result<(), StoreError> {
    let scores = batch.iter().map(|a| to_json(&a.scores)).collect::<Result<Vec<_>, _>>()?;
    // A model may write what the database cannot hold.
    let output = |a: &NewAnswer| a.output.replace('\0', "\u{fffd}");
    sqlx::query(
        "insert into suite_predictions (result_id, sample_id, position, output, expected, correct, scores) \
         select $1, * from unnest($2::bigint[], $3::int[], $4::text[], $5::text[], $6::bool[], $7::jsonb[])",
    )
    .bind(id.0)
    .bind(batch.iter().map(|a| a.sample.0).collect::<Vec<_>>())
    .bind(batch.iter().map(|a| a.position.cast_signed()).collect::<Vec<_>>())
    .bind(batch.iter().map(output).collect::<Vec<_>>())
    .bind(batch.iter().map(|a| a.expected.as_str()).collect::<Vec<_>>())
    .bind(batch.iter().map(|a| a.correct).collect::<Vec<_>>())
    .bind(scores)
    .execute(tx)
    .await?;
    Ok(())
}

/// Samples that the candidate's own training data give away, where it was trained on the version that it is asked of.
async fn contaminated(db: &PgPool, new: &NewResult<'_>) -> Result<usize, StoreError> {
    let Candidate::Run { run_id } = new.candidate else { return Ok(0) };
    let version = new.evaluation.version_id;
    let is_own: bool = sqlx::query_scalar("select exists (select from runs where id = $1 and version_id = $2)")
        .bind(run_id.0)
        .bind(version.0)
        .fetch_one(db)
        .await?;
    if !is_own {
        return Ok(0);
    }
    let seen: HashSet<SampleId> = split_checks::contaminated(db, version).await?.into_iter().collect();
    Ok(new.answers.iter().filter(|answer| seen.contains(&answer.sample)).count())
}

/// Whether the candidate has a result of what this evaluation asks; with `job`, one that this very job has made.
pub async fn exists(
    db: &PgPool,
    suite: SuiteId,
    candidate: &Candidate,
    evaluation: &EvaluationDesign,
    job: Option<JobId>,
) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "select exists (select from suite_results where suite_id = $1 and identity = md5($2) and candidate = $3 \
         and ($4::uuid is null or job_id = $4))",
    )
    .bind(suite.0)
    .bind(evaluation.identity())
    .bind(candidate.to_string())
    .bind(job.map(|job| job.0))
    .fetch_one(db)
    .await?)
}

/// A candidate's newest result of an evaluation.
#[derive(Clone, Debug)]
pub struct NewestResult {
    pub id: SuiteResultId,
    /// By metric, the figures of judges that are there.
    pub judged: BTreeMap<String, JudgedFigure>,
}

/// The newest result of what this evaluation asks.
pub async fn newest(
    db: &PgPool,
    suite: SuiteId,
    candidate: &Candidate,
    evaluation: &EvaluationDesign,
) -> Result<Option<NewestResult>, StoreError> {
    let row = sqlx::query(
        "select id, judged from suite_results where suite_id = $1 and identity = md5($2) and candidate = $3 \
         order by created_at desc limit 1",
    )
    .bind(suite.0)
    .bind(evaluation.identity())
    .bind(candidate.to_string())
    .fetch_optional(db)
    .await?;
    row.map(|row| Ok(NewestResult { id: SuiteResultId(row.try_get("id")?), judged: json(row.try_get("judged")?)? }))
        .transpose()
}

/// Of results `x`, with [`NAME`].
pub(super) const COLUMNS: &str = "x.id, x.suite_id, x.suite_version, x.evaluation, x.candidate, x.run_id, x.version_id, x.split, \
     x.measurement, x.judged, x.contaminated, x.created_at, m.card, \
     exists (select from run_forgettings f where f.run_id = x.run_id) as saw_erased";
/// What the candidate of `x` is called. An endpoint's name stands behind `endpoint:`.
pub(crate) const NAME: &str = "case when r.id is not null then concat(m.name, ' · #', r.number, ' ', r.name) when m.id is not null then m.name \
        else substr(x.candidate, 10) end as candidate_name";
pub(crate) const JOINS: &str =
    "left join runs r on r.id = x.run_id left join models m on m.id = coalesce(x.model_id, r.model_id)";

pub(super) fn result(row: &PgRow) -> Result<SuiteResult, StoreError> {
    Ok(SuiteResult {
        id: SuiteResultId(row.try_get("id")?),
        suite_id: SuiteId(row.try_get("suite_id")?),
        version: row.try_get::<i32, _>("suite_version")?.cast_unsigned(),
        evaluation: row.try_get("evaluation")?,
        candidate: word(row.try_get("candidate")?)?,
        candidate_name: row.try_get("candidate_name")?,
        version_id: VersionId(row.try_get("version_id")?),
        split: word(row.try_get("split")?)?,
        measurement: json(row.try_get("measurement")?)?,
        judged: json(row.try_get("judged")?)?,
        contaminated: row.try_get::<i32, _>("contaminated")?.cast_unsigned(),
        created_at: row.try_get("created_at")?,
    })
}

/// A result of a suite of the project.
pub async fn get(
    db: &PgPool,
    project: ProjectId,
    suite: SuiteId,
    id: SuiteResultId,
) -> Result<Option<SuiteResult>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS}, {NAME} from suite_results x {JOINS} where x.project_id = $1 and x.suite_id = $2 and x.id = $3"
    )))
    .bind(project.0)
    .bind(suite.0)
    .bind(id.0)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(result)
    .transpose()
}

/// Answers by sample.
pub(super) async fn answers(db: &PgPool, id: SuiteResultId) -> Result<SampleAnswers, StoreError> {
    sqlx::query("select sample_id, output, expected, scores from suite_predictions where result_id = $1")
        .bind(id.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| {
            let answer = SampleAnswer {
                output: row.try_get("output")?,
                expected: row.try_get("expected")?,
                scores: json(row.try_get("scores")?)?,
            };
            Ok((SampleId(row.try_get("sample_id")?), answer))
        })
        .collect()
}

/// The evaluation that a result is of, as the suite's version has it.
pub(super) async fn design(db: &PgPool, id: SuiteResultId) -> Result<Option<EvaluationDesign>, StoreError> {
    let row = sqlx::query(
        "select r.evaluation, v.design from suite_results r \
         join suite_versions v on v.suite_id = r.suite_id and v.number = r.suite_version where r.id = $1",
    )
    .bind(id.0)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (key, design): (String, SuiteDesign) = (row.try_get("evaluation")?, json(row.try_get("design")?)?);
    Ok(design.evaluation(&key).cloned())
}
