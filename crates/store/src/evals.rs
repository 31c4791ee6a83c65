//! Evaluations: results and per-sample predictions, written once by the worker.

use crate::{
    StoreError, badcases,
    error::{json, to_json, word},
    samples::content,
    split_checks,
};
use domain::{
    eval::{
        EvalMetrics, Prediction, Subject,
        view::{
            Answer, Evaluation, Outcome, PredictionQuery, PredictionRow, RunEvaluation, SampleScores, WithoutLeaks,
            differences,
        },
    },
    id::{BadCaseId, EvalId, ProjectId, RunId, SampleId, VersionId},
    page::{Page, clamp_limit},
    sample::Split,
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};

/// What an evaluation is of.
pub struct NewEval<'a> {
    pub project: ProjectId,
    pub run: RunId,
    pub subject: Subject,
    pub version: VersionId,
    pub split: Split,
    pub metrics: &'a EvalMetrics,
}

/// Stores an evaluation with its predictions and, for the tuned model, a bad-case candidate for
/// each failure, and brings the regression set up to date. An earlier evaluation of the same (as when a crash repeats it) is replaced
/// unless people have worked on its bad cases already; then it stays. Part of the caller's
/// transaction. `samples[i]` is the sample that prediction `index == i` answers.
pub async fn record(
    tx: &mut PgConnection,
    new: NewEval<'_>,
    samples: &[SampleId],
    predictions: &[Prediction],
) -> Result<(), StoreError> {
    let touched: bool = sqlx::query_scalar(
        "select exists (select from evals e join bad_cases b on b.eval_id = e.id \
         where e.run_id = $1 and e.subject = $2 and e.split = $3 \
         and (b.revision > 0 or exists (select from bad_case_comments c where c.bad_case_id = b.id)))",
    )
    .bind(new.run.0)
    .bind(new.subject.as_str())
    .bind(new.split.as_str())
    .fetch_one(&mut *tx)
    .await?;
    if touched {
        return Ok(());
    }
    sqlx::query("delete from evals where run_id = $1 and subject = $2 and split = $3")
        .bind(new.run.0)
        .bind(new.subject.as_str())
        .bind(new.split.as_str())
        .execute(&mut *tx)
        .await?;
    let id = EvalId::new();
    sqlx::query("insert into evals (id, project_id, run_id, subject, version_id, split, metrics) values ($1, $2, $3, $4, $5, $6, $7)")
        .bind(id.0)
        .bind(new.project.0)
        .bind(new.run.0)
        .bind(new.subject.as_str())
        .bind(new.version.0)
        .bind(new.split.as_str())
        .bind(to_json(new.metrics)?)
        .execute(&mut *tx)
        .await?;
    for batch in predictions.chunks(1000) {
        insert_predictions(tx, id, samples, batch).await?;
    }
    if new.subject == Subject::Tuned {
        sqlx::query(
            "insert into bad_cases (id, project_id, run_id, eval_id, sample_id, output, expected) \
             select gen_random_uuid(), $2, $3, p.eval_id, p.sample_id, p.output, p.expected \
             from predictions p where p.eval_id = $1 and not p.correct on conflict do nothing",
        )
        .bind(id.0)
        .bind(new.project.0)
        .bind(new.run.0)
        .execute(&mut *tx)
        .await?;
        badcases::regressions::record(tx, new.project, new.run, id).await?;
    }
    Ok(())
}

async fn insert_predictions(
    tx: &mut PgConnection,
    id: EvalId,
    samples: &[SampleId],
    batch: &[Prediction],
) -> Result<(), StoreError> {
    let sample_of = |p: &Prediction| match samples.get(p.index as usize) {
        Some(sample) => Ok(sample.0),
        None => Err(StoreError::Corrupt(format!("prediction {} answers no sample of the split", p.index))),
    };
    let ids = batch.iter().map(sample_of).collect::<Result<Vec<_>, _>>()?;
    let scores = batch.iter().map(|p| to_json(&p.scores)).collect::<Result<Vec<_>, _>>()?;
    sqlx::query(
        "insert into predictions (eval_id, sample_id, position, output, expected, correct, scores) \
         select $1, * from unnest($2::bigint[], $3::int[], $4::text[], $5::text[], $6::bool[], $7::jsonb[])",
    )
    .bind(id.0)
    .bind(ids)
    .bind(batch.iter().map(|p| p.index.cast_signed()).collect::<Vec<_>>())
    .bind(batch.iter().map(|p| p.output.as_str()).collect::<Vec<_>>())
    .bind(batch.iter().map(|p| p.expected.as_str()).collect::<Vec<_>>())
    .bind(batch.iter().map(|p| p.correct).collect::<Vec<_>>())
    .bind(scores)
    .execute(tx)
    .await?;
    Ok(())
}

fn evaluation(row: &PgRow) -> Result<Evaluation, StoreError> {
    Ok(Evaluation {
        id: EvalId(row.try_get("id")?),
        run_id: RunId(row.try_get("run_id")?),
        subject: word(row.try_get("subject")?)?,
        version_id: VersionId(row.try_get("version_id")?),
        split: word(row.try_get("split")?)?,
        metrics: json(row.try_get("metrics")?)?,
        created_at: row.try_get("created_at")?,
    })
}

/// The evaluations of some of the project's runs on their test splits.
pub async fn of_runs(db: &PgPool, project: ProjectId, runs: &[RunId]) -> Result<Vec<Evaluation>, StoreError> {
    let ids: Vec<_> = runs.iter().map(|r| r.0).collect();
    sqlx::query(
        "select id, run_id, subject, version_id, split, metrics, created_at from evals \
         where project_id = $1 and run_id = any($2) and split = 'test' order by run_id, subject",
    )
    .bind(project.0)
    .bind(ids)
    .fetch_all(db)
    .await?
    .iter()
    .map(evaluation)
    .collect()
}

/// Evaluations with their names: which model, which data, which split.
const NAMED: &str = "select e.id, concat(case e.subject when 'tuned' then concat('#', r.number, ' ', r.name) else m.name end, \
     ' · ', d.name, ' v', v.number, ' · ', e.split) from evals e join runs r on r.id = e.run_id join models m on m.id = r.model_id \
     join dataset_versions v on v.id = e.version_id join datasets d on d.id = v.dataset_id";

/// The project's evaluations, newest first, at most 500, each with a name: which model, which data, which split.
pub async fn of_project(db: &PgPool, project: ProjectId) -> Result<Vec<(EvalId, String)>, StoreError> {
    let rows: Vec<(uuid::Uuid, String)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{NAMED} where e.project_id = $1 order by e.created_at desc, e.id limit 500"
    )))
    .bind(project.0)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(id, name)| (EvalId(id), name)).collect())
}

/// The names of those of these evaluations that are the project's.
pub async fn names(db: &PgPool, project: ProjectId, ids: &[uuid::Uuid]) -> Result<Vec<(EvalId, String)>, StoreError> {
    let rows: Vec<(uuid::Uuid, String)> =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("{NAMED} where e.project_id = $1 and e.id = any($2)")))
            .bind(project.0)
            .bind(ids)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|(id, name)| (EvalId(id), name)).collect())
}

/// Per-sample scores of one evaluation, `correct` among them as 0 or 1.
pub async fn scores(db: &PgPool, eval: EvalId) -> Result<SampleScores, StoreError> {
    let rows = sqlx::query("select sample_id, correct, scores from predictions where eval_id = $1 order by position")
        .bind(eval.0)
        .fetch_all(db)
        .await?;
    rows.into_iter()
        .map(|r| {
            let mut scores: std::collections::BTreeMap<String, f64> = json(r.try_get("scores")?)?;
            scores.insert("correct".to_owned(), f64::from(u8::from(r.try_get::<bool, _>("correct")?)));
            Ok((SampleId(r.try_get("sample_id")?), scores))
        })
        .collect()
}

/// Both evaluations of a run and how they differ; `None` when the project has no such run.
pub async fn of_run(db: &PgPool, project: ProjectId, run: RunId) -> Result<Option<RunEvaluation>, StoreError> {
    let found: Option<(i32, String, bool)> = sqlx::query_as(
        "select number, name, exists (select from run_forgettings x where x.run_id = r.id) from runs r where id = $1 and project_id = $2",
    )
    .bind(run.0)
    .bind(project.0)
    .fetch_optional(db)
    .await?;
    let Some((run_number, run_name, saw_erased)) = found else { return Ok(None) };
    let mut evals = of_runs(db, project, &[run]).await?;
    let mut take = |subject| evals.iter().position(|e| e.subject == subject).map(|i| evals.swap_remove(i));
    let (base, tuned) = (take(Subject::Base), take(Subject::Tuned));
    let (differences, without_leaks) = match (&base, &tuned) {
        (Some(base), Some(tuned)) => {
            let (before, after) = (scores(db, base.id).await?, scores(db, tuned.id).await?);
            let (from, to) = ((&base.metrics, &before), (&tuned.metrics, &after));
            let contaminated = split_checks::contaminated(db, tuned.version_id).await?;
            (differences(from, to), WithoutLeaks::of(&contaminated, from, to))
        }
        _ => (Vec::new(), None),
    };
    Ok(Some(RunEvaluation { run_number, run_name, base, tuned, differences, without_leaks, saw_erased }))
}

fn prediction(row: &PgRow) -> Result<PredictionRow, StoreError> {
    let base_output: Option<String> = row.try_get("base_output")?;
    let base = match base_output {
        Some(output) => {
            Some(Answer { output, correct: row.try_get("base_correct")?, scores: json(row.try_get("base_scores")?)? })
        }
        None => None,
    };
    Ok(PredictionRow {
        position: row.try_get::<i32, _>("position")?.cast_unsigned(),
        sample_id: SampleId(row.try_get("sample_id")?),
        sample: content(row)?,
        expected: row.try_get("expected")?,
        base,
        tuned: Answer {
            output: row.try_get("output")?,
            correct: row.try_get("correct")?,
            scores: json(row.try_get("scores")?)?,
        },
        bad_case_id: row.try_get::<Option<uuid::Uuid>, _>("bad_case_id")?.map(BadCaseId),
    })
}

/// A page of a run's test predictions: failing ones first, then by position.
pub async fn predictions(
    db: &PgPool,
    project: ProjectId,
    run: RunId,
    query: &PredictionQuery,
) -> Result<Page<PredictionRow>, StoreError> {
    let limit = clamp_limit(query.limit);
    let after = query.cursor.as_deref().and_then(parse_cursor);
    let condition = match query.outcome {
        Outcome::All => "true",
        Outcome::Wrong => "not t.correct",
        Outcome::Right => "t.correct",
        Outcome::Better => "t.correct and not b.correct",
        Outcome::Worse => "not t.correct and b.correct",
    };
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select t.position, t.sample_id, t.expected, t.output, t.correct, t.scores, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, \
         b.output as base_output, b.correct as base_correct, b.scores as base_scores, c.id as bad_case_id \
         from evals et join predictions t on t.eval_id = et.id join samples s on s.id = t.sample_id \
         left join evals eb on eb.run_id = et.run_id and eb.subject = 'base' and eb.split = et.split \
         left join predictions b on b.eval_id = eb.id and b.position = t.position \
         left join bad_cases c on c.eval_id = et.id and c.sample_id = t.sample_id \
         where et.project_id = $1 and et.run_id = $2 and et.subject = 'tuned' and et.split = 'test' and {condition} \
         and ($3::text is null or t.expected = $3) \
         and ($4::text is null or strpos(lower(s.search_text), lower($4)) > 0 or strpos(lower(t.output), lower($4)) > 0) \
         and ($5::bool is null or (t.correct, t.position) > ($5, $6)) \
         and ($8::text is null or t.output = $8) and ($9::text is null or s.slices->>$9 = $10) \
         order by t.correct, t.position limit $7"
    )))
    .bind(project.0)
    .bind(run.0)
    .bind(&query.label)
    .bind(&query.search)
    .bind(after.map(|a| a.0))
    .bind(after.map(|a| a.1))
    .bind(i64::from(limit) + 1)
    .bind(&query.predicted)
    .bind(query.slice.as_ref().map(|slice| slice.name.as_str()))
    .bind(query.slice.as_ref().map(|slice| slice.value.as_str()))
    .fetch_all(db)
    .await?;
    let mut items = rows.iter().map(prediction).collect::<Result<Vec<_>, _>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|p| format!("{}-{}", u8::from(p.tuned.correct), p.position));
    Ok(Page { items, next_cursor })
}

fn parse_cursor(text: &str) -> Option<(bool, i32)> {
    let (correct, position) = text.split_once('-')?;
    Some((correct == "1", position.parse().ok()?))
}

#[cfg(test)]
pub(crate) mod tests;
